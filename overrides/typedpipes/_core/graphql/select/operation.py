"""A selection as an operation: sent and retried like any other, its answer decoded to a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

from typedpipes._core.decoding import Decoding, Node
from typedpipes._core.decoding.json_body import parse_json
from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql import Connection, GraphQLOperation
from typedpipes._core.graphql.select.document import PAGED, Kind, Written, write
from typedpipes._core.graphql.select.fields import Field, Selected, Selection
from typedpipes._core.graphql.select.rows import Row, Shape
from typedpipes._core.graphql.select.values import check_value
from typedpipes._core.rest import PagedCallOptions
from typedpipes._core.values import wire_of
from typedpipes.errors import ConfigurationError, ResponseMismatch

T = TypeVar("T")

_MORE: Final = ("pageInfo", "hasNextPage")
_NEXT: Final = ("pageInfo", "endCursor")


class SelectionOperation(GraphQLOperation[Row[Any]]):
    """An operation whose answer is read by the shape of what was selected."""

    __slots__ = ("shape",)

    def __init__(self, kind: Kind, written: Written, connection: Connection | None = None) -> None:
        shape = written.shape
        roots = tuple(entry.response for entry in shape.entries.values())
        super().__init__(
            name=written.name, kind=kind, roots=roots, document=written.document, result=Row, connection=connection
        )
        self.shape: Shape = shape

    def decode(self, data: object, decoding: Decoding) -> Row[Any]:
        """Build the row of ``data``; see `typedpipes._core.graphql.decode`."""
        made = self.shape.build(data, decoding, Node(None, None))
        return made if isinstance(made, Row) else cast("Row[Any]", self.shape.build({}, decoding, Node(None, None)))

    def decode_body(self, body: bytes, decoding: Decoding) -> Row[Any] | None:
        """Build the row from the bytes of an answer without errors; None if it is anything else."""
        try:
            answer = parse_json(body, decoding)
        except ResponseMismatch:
            return None
        if not isinstance(answer, dict) or answer.get("errors") is not None or not isinstance(answer.get("data"), dict):
            return None
        return self.decode(answer["data"], decoding)


def selection_of(
    kind: Kind,
    selections: Sequence[Selection[T, object]],
    name: str | None,
    page_limit: Callable[[str], int | None],
    deepest: int | None,
) -> tuple[GraphQLOperation[Row[T]], dict[str, JSON]]:
    """The operation that selects fields of a root type, and its variables. Raises what `write` raises."""
    written = write(kind, selections, name, page_limit=page_limit, deepest=deepest)
    return SelectionOperation(kind, written), written.variables


def paged_selection_of(
    selection: Selection[T, object],
    path: Sequence[Field[Any, Any]],
    name: str | None,
    page_limit: Callable[[str], int | None],
    deepest: int | None,
    options: PagedCallOptions,
) -> tuple[GraphQLOperation[Row[T]], dict[str, JSON], PagedCallOptions]:
    """The query whose one connection on ``path`` is walked, its variables, and the options with its page size.

    Raises what `write` raises, and `ConfigurationError` for a path that leads over no connection.
    """
    before = _to_connection(path)
    size = before[-1]._facts.arguments.get("first")
    selected, given = _turned(selection, before)
    written = write("query", [selected], name, page_limit=page_limit, deepest=deepest)
    keys = tuple(field.key for field in before)
    after = written.names[*keys, "after"]
    first = written.names[*keys, "first"] if size is not None else None
    connection = Connection(
        path=keys,
        field=before[-1]._facts.coordinate,
        after=after,
        first=first,
        items=tuple(field.key for field in path[len(before) :]),
        more=_MORE,
        next=_NEXT,
    )
    if given is not None and "page_size" not in options:
        options = {**options, "page_size": given}
    variables = {name: value for name, value in written.variables.items() if name not in (after, first)}
    return SelectionOperation("query", written, connection), variables, options


def _to_connection(path: Sequence[Field[Any, Any]]) -> Sequence[Field[Any, Any]]:
    """The part of a path up to the connection on it."""
    for number, field in enumerate(path, 1):
        facts = field._facts
        schema = facts.owner.schema
        if facts.named in schema.classes and schema.facts(facts.named).is_connection and "after" in facts.arguments:
            return path[:number]
    names = ", ".join(field._facts.python_name for field in path)
    raise ConfigurationError(
        f"no field of the path {names} comes in pages; give one with an argument 'after'", setting="path"
    )


def _turned(field: Field[Any, Any], path: Sequence[Field[Any, Any]]) -> tuple[Selected[Any, Any, Any], int | None]:
    """A selection that asks for a page of the connection at the end of ``path``, and the page size that was chosen."""
    if field.key != path[0].key or not isinstance(field, Selected):
        raise ConfigurationError(
            f"{path[0]!r} is not selected; the path must lead through the selection", setting="path"
        )
    made = field._twin(Selected)
    if len(path) > 1:
        chosen: list[Selection[Any, object]] = []
        sizes: list[int | None] = []
        for one in field._selections:
            if one.key == path[1].key:
                turned, size = _turned(one, path[1:])
                sizes.append(size)
                one = turned
            chosen.append(one)
        if not sizes:
            raise ConfigurationError(
                f"{path[1]!r} is not selected; the path must lead through the selection", setting="path"
            )
        made._selections = tuple(chosen)
        return made, sizes[0]
    return _page(made)


def _page(field: Selected[Any, Any, Any]) -> tuple[Selected[Any, Any, Any], int | None]:
    """A connection with the arguments and the fields that walking over it needs."""
    facts = field._facts
    arguments = dict(field._arguments)
    for name in ("after", "before", "last"):
        if name in arguments:
            raise ConfigurationError(
                f"{facts.python_name}: {name} is not for a walk over all pages; start with resume=", setting=name
            )
    size = arguments.get("first")
    if size is not None:
        _, type_ = facts.arguments["first"]
        check_value(facts.owner.schema, type_, wire_of(size, "first"), f"{facts.python_name}: first", "first")
    field._arguments = {**arguments, "after": PAGED, **({"first": PAGED} if "first" in facts.arguments else {})}
    info: Any = getattr(facts.owner.schema.facts(facts.named).holder, "page_info")  # noqa: B009  # made at run time
    kind: Any = facts.owner.schema.facts(info._facts.named).holder
    field._selections = (*field._selections, info.fields(kind.has_next_page, kind.end_cursor))
    return field, size if isinstance(size, int) else None


__all__ = ["SelectionOperation", "paged_selection_of", "selection_of"]
