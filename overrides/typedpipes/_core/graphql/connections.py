"""Walking a GraphQL connection: from one decoded answer to what `typedpipes._core.paging.Walk` looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from typedpipes._core.arguments import check_options
from typedpipes._core.graphql.results import ResultModel, wire_name
from typedpipes._core.paging import Walk
from typedpipes._core.rest import CallOptions, OffsetPageOptions, PagedCallOptions, PageOptions, Paging
from typedpipes.errors import ConfigurationError, ResponseMismatch

if TYPE_CHECKING:
    from typedpipes._core.graphql import GraphQLOperation

R = TypeVar("R")

_PAGE_OPTIONS: Final = frozenset(OffsetPageOptions.__annotations__)  # prefetch: refused with its reason
_OPTIONS: Final = frozenset(PagedCallOptions.__annotations__) | _PAGE_OPTIONS
_NEXT: Final = ("pageInfo", "endCursor")


class Listing(Generic[R]):
    """All pages of one operation: its `Walk`, the variables of each request, and the reading of each answer.

    The largest page is asked for unless the caller says otherwise: calls are what Pipefy counts. The server's
    ``hasNextPage`` alone decides whether there is another page. Raises `ConfigurationError` for page options that
    cannot be kept.
    """

    def __init__(
        self,
        operation: GraphQLOperation[R],
        variables: Mapping[str, object],
        options: PagedCallOptions,
        limit_of: Callable[[str], int | None],
    ) -> None:
        connection = operation.connection
        if connection is None:
            raise ConfigurationError(f"{operation.name} walks no connection; call it directly")
        check_options(f"iter over {operation.name}", options, _OPTIONS, variables)
        if "page_size" in options and connection.first is None:
            raise ConfigurationError(
                f"{operation.name}: its document has no variable for the page size; add $first: Int",
                setting="page_size",
            )
        self.options = cast("CallOptions", {key: value for key, value in options.items() if key not in _PAGE_OPTIONS})
        self._operation = operation
        self._connection = connection
        self._variables = variables
        largest = limit_of(connection.field)
        paging = Paging(
            "cursor",
            limit=connection.first,
            cursor=connection.after,
            items=".".join((*connection.path, "items")),
            next=".".join((*connection.path, *_NEXT)),
            max_size=largest,
        )
        page: PageOptions = {}
        if connection.first is not None and largest is not None:
            page["page_size"] = largest
        page.update(cast("PageOptions", {key: value for key, value in options.items() if key in _PAGE_OPTIONS}))
        self.walk = Walk(operation.name, paging, page)

    def turned(self, query: Mapping[str, object]) -> dict[str, object]:
        """The variables of the next request. ``before`` and ``last`` never go along."""
        return {**self._variables, **query}

    def page(self, result: R) -> object:
        """What the walk looks at: the items, and the next cursor if the server says that there is another page.

        Raises `ResponseMismatch` if the answer does not tell.
        """
        connection = self._connection
        found = _only(result, connection.path)
        if found is None:
            raise self._mismatch((), "the answer holds no such connection; is what it belongs to visible to you?")
        more, following = _only(found, connection.more), _only(found, connection.next)
        if not isinstance(more, bool):
            raise self._mismatch(connection.more, "the answer does not say whether there is another page")
        if more and not (isinstance(following, str) and following):
            raise self._mismatch(connection.next, "there is another page, but no cursor to it")
        if not isinstance(_step(found, connection.items[0]), list):
            raise self._mismatch(connection.items[:1], "the answer holds no list of what the connection leads to")
        items = [item for item in _all(found, connection.items) if item is not None]
        page: dict[str, object] = {"items": items, _NEXT[0]: {_NEXT[1]: following if more else None}}
        for name in reversed(connection.path):
            page = {name: page}
        return page

    def _mismatch(self, below: tuple[str, ...], what: str) -> ResponseMismatch:
        path = ".".join(("$", *self._connection.path, *below))
        return ResponseMismatch(f"{self._operation.name}: {path}: {what}", operation=self._operation.name, path=path)


def _all(value: object, path: tuple[str, ...]) -> Iterator[object]:
    """Every value at ``path``; lists on the way are entered, the last step included."""
    if isinstance(value, list):
        for item in value:
            yield from _all(item, path)
    elif path:
        yield from _all(_step(value, path[0]), path[1:])
    else:
        yield value


def _only(value: object, path: tuple[str, ...]) -> object:
    for name in path:
        value = _step(value, name)
    return value


def _step(value: object, name: str) -> object:
    """A field by its name in the answer; None where there is nothing."""
    if isinstance(value, Mapping):
        return value.get(name)
    if not isinstance(value, ResultModel):
        row = getattr(value, "_get", None)  # a row of a selection
        return cast("object", row(name)) if callable(row) else None
    for attribute, field in type(value).model_fields.items():
        if wire_name(attribute, field) == name:
            return cast("Any", value.__dict__.get(attribute))
    return None


__all__ = ["Listing"]
