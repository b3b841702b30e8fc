"""GraphQL operations as data. Nothing here imports pydantic: that happens when the first answer is decoded."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeAlias, TypeVar, cast

from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.model import JSON
from typedpipes._core.redaction import while_whole
from typedpipes._core.rest import Safety
from typedpipes._core.values import json_bytes, wire_of
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.graphql.results import InputModel

    JsonInput: TypeAlias = "None | bool | int | float | str | Sequence[JsonInput] | Mapping[str, JsonInput]"
    """A JSON value as callers give it: any sequence and mapping will do."""
else:
    JsonInput = Any  # a recursive alias is nothing pydantic could check


R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")


class Connection:
    """How the pages of an operation are walked; paths are response names, as the answer has them.

    Attributes:
        path: from ``data`` to the connection.
        field: its schema coordinate, such as ``Phase.cards``: what a vendor's page limits are known by.
        after: variable that takes the cursor.
        first: variable that takes the page size, None if the document has none.
        items: from the connection to the items: ``nodes``, or ``edges`` and ``node``.
        more: from the connection to whether there is another page.
        next: from the connection to the cursor it starts at.
    """

    __slots__ = ("after", "field", "first", "items", "more", "next", "path")

    def __init__(
        self,
        *,
        path: tuple[str, ...],
        field: str,
        after: str,
        first: str | None,
        items: tuple[str, ...],
        more: tuple[str, ...],
        next: tuple[str, ...],
    ) -> None:
        self.path: tuple[str, ...] = path
        self.field: str = field
        self.after: str = after
        self.first: str | None = first
        self.items: tuple[str, ...] = items
        self.more: tuple[str, ...] = more
        self.next: tuple[str, ...] = next


class GraphQLOperation(Generic[R_co]):
    """Facts about one operation document, stamped by the generation step.

    Attributes:
        name: the operation's name in ``document``; sent as ``operationName``.
        kind: ``query`` or ``mutation``.
        roots: response names of the root fields, in the document's order.
        document: the operation and every fragment it uses.
        result: class of the answer's ``data``.
        connection: the connection its pages are walked by, None if there is none.
        times: path of a variable's part -> ``date`` or ``date-time``, where the schema says so.
    """

    __slots__ = ("_required", "connection", "document", "kind", "name", "result", "roots", "times")

    def __init__(
        self,
        *,
        name: str,
        kind: Literal["query", "mutation"],
        roots: tuple[str, ...],
        document: str,
        result: type[R_co],
        connection: Connection | None = None,
        times: Mapping[str, str] | None = None,
    ) -> None:
        self.name: str = name
        self.kind = kind
        self.roots: tuple[str, ...] = roots
        self.document: str = document
        self.result: type[R_co] = result
        self.connection: Connection | None = connection
        self.times: Mapping[str, str] | dict[str, str] = times or {}
        self._required: tuple[tuple[str, bool], ...] | None = None

    def check(self, variables: Mapping[str, JSON]) -> None:
        """Raise `ConfigurationError` for a required variable that is null, and for a required id that is empty."""
        if self._required is None:
            head = self.document.partition("{")[0]
            self._required = tuple((name, kind.strip("[!]") == "ID") for name, kind in _REQUIRED.findall(head))
        for name, is_id in self._required:
            value = variables.get(name)
            if value is None or (is_id and not all(_is_id(each) for each in _listed(value))):
                told = "is required" if value is None else "is an id, which is not empty"
                raise ConfigurationError(f"{self.name}: {name} {told}; nothing was sent", setting=name)

    @property
    def safety(self) -> Safety:
        """A query may be sent again; a mutation that was sent may not."""
        return "safe" if self.kind == "query" else "unsafe"

    def decode(self, data: object, decoding: Decoding) -> R_co:
        """The result that an answer's ``data`` holds.

        Tolerant unless ``decoding`` is strict: a value that does not fit is kept as received and reported, a missing
        one raises `ResponseMismatch` when it is read. Strict decoding raises it at the first departure.
        """
        from typedpipes._core.graphql.results import decode_result

        result: Any = self.result  # a `ResultModel`; selections decode by themselves
        return cast("R_co", decode_result(result, data, decoding))

    def decode_body(self, body: bytes, decoding: Decoding) -> R_co | None:
        """The result that the bytes of a whole answer hold, in one pass.

        None means: parse it, look at its errors, and use `decode` on its ``data``.
        """
        from typedpipes._core.graphql.results import decode_body

        result: Any = self.result
        return cast("R_co | None", decode_body(result, body, decoding))

    @while_whole
    def __repr__(self) -> str:
        return f"<GraphQLOperation {self.kind} {self.name}>"


_REQUIRED: Final = re.compile(r"\$(\w+): (\[\w+!?\]|\w+)!(?! =)")
"""A variable that may not be left out, and its type, in the head of a document as the generation step writes it."""


def _listed(value: JSON) -> Sequence[JSON]:
    return value if isinstance(value, list) else [value]


def _is_id(value: JSON) -> bool:
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def encode_variables(variables: Mapping[str, object], times: Mapping[str, str] | None = None) -> dict[str, JSON]:
    """The JSON form of an operation's variables; what is UNSET is left out, an explicit None is sent as null.

    ``times`` are those of the operation. Raises `ConfigurationError` for a value that has no JSON form, with its path.
    """
    if not isinstance(variables, Mapping):
        raise ConfigurationError(
            f"variables is a mapping of names to values, not {type(variables).__name__}", setting="variables"
        )
    if times:
        from typedpipes._core.rest.times import timed

        for path, form in times.items():
            variables = cast("Mapping[str, object]", timed(variables, path, form))
    return cast("dict[str, JSON]", wire_of(variables, "variables"))


def operation_variables(operation: GraphQLOperation[Any], variables: Mapping[str, object]) -> dict[str, JSON]:
    """As `encode_variables`. A key in the filter of a query that its input type does not have is refused, too.

    A server that drops it would answer with more than was asked for. Mutations are left to the server, which refuses.
    """
    wire = encode_variables(variables, operation.times)
    for name, value in wire.items() if operation.kind == "query" else ():
        entries = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]
        model = _input_model(operation, name) if entries else None
        if model is not None:
            for entry in entries:
                check_input(model, entry, f"{operation.name}: {name}")
    return wire


def _input_model(operation: GraphQLOperation[Any], variable: str) -> type[InputModel] | None:
    """The generated class of a variable's type; None if that is no input object."""
    declared = re.search(rf"\${variable}: *\[*(\w+)", operation.document)
    package, operations, _ = operation.result.__module__.partition(".operations.")
    if declared is None or not operations:
        return None
    try:
        inputs = importlib.import_module(f"{package}.inputs")
    except ModuleNotFoundError:
        return None
    name = "".join(part[:1].upper() + part[1:] for part in declared[1].split("_"))
    return cast("type[InputModel] | None", getattr(inputs, name, None))


def check_input(model: type[InputModel], wire: dict[str, JSON], where: str) -> None:
    """Raise `ConfigurationError` naming the field for an input object that the server would refuse."""
    from pydantic import ValidationError

    content = json_bytes(wire, where)
    try:
        model.model_validate_json(content)
    except ValidationError as error:
        for found in error.errors(include_input=False, include_url=False):
            if found["type"] == "list_type":  # the server takes a single value for a list of one
                continue
            place = ".".join(map(str, found["loc"]))
            raise ConfigurationError(f"{where}: {place}: {found['msg']}", setting=place) from None


__all__ = [
    "Connection",
    "GraphQLOperation",
    "JsonInput",
    "check_input",
    "encode_variables",
    "operation_variables",
]
