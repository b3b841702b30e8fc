"""GraphQL operations as data, and what generated GraphQL clients derive from.

Generated methods call `_run` with an operation and its variables. A client for a vendor supplies `_execute`, which
sends the document under the policies and returns the answer's ``data``; everything else is here. Nothing here imports
pydantic: that happens when the first answer is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.model import JSON
from typedpipes._core.rest import CallOptions, PagedCallOptions, Safety
from typedpipes._core.values import wire_of
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.paging import AsyncPages, Pages

    JsonInput: TypeAlias = "None | bool | int | float | str | Sequence[JsonInput] | Mapping[str, JsonInput]"
    """A JSON value as callers give it: any sequence and mapping will do."""
else:
    JsonInput = Any  # a recursive alias is nothing pydantic could check

_UNBOUND = "a generated client sends nothing by itself; use Pipefy(...).bind(Client)"

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
        self.path = path
        self.field = field
        self.after = after
        self.first = first
        self.items = items
        self.more = more
        self.next = next


class GraphQLOperation(Generic[R_co]):
    """Facts about one operation document, stamped by the generation step.

    Attributes:
        name: the operation's name in ``document``; sent as ``operationName``.
        kind: ``query`` or ``mutation``.
        roots: response names of the root fields, in the document's order.
        document: the operation and every fragment it uses.
        result: class of the answer's ``data``.
        connection: the connection its pages are walked by, None if there is none.
    """

    __slots__ = ("connection", "document", "kind", "name", "result", "roots")

    def __init__(
        self,
        *,
        name: str,
        kind: Literal["query", "mutation"],
        roots: tuple[str, ...],
        document: str,
        result: type[R_co],
        connection: Connection | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.roots = roots
        self.document = document
        self.result = result
        self.connection = connection

    @property
    def safety(self) -> Safety:
        """A query may be sent again; a mutation that was sent may not."""
        return "safe" if self.kind == "query" else "unsafe"

    def decode(self, data: object, decoding: Decoding) -> R_co:
        """See `decode`."""
        from typedpipes._core.graphql.results import decode_result

        result: Any = self.result  # a `ResultModel`; selections decode by themselves
        return cast("R_co", decode_result(result, data, decoding))

    def decode_body(self, body: bytes, decoding: Decoding) -> R_co | None:
        """See `decode_body`."""
        from typedpipes._core.graphql.results import decode_body

        result: Any = self.result
        return cast("R_co | None", decode_body(result, body, decoding))

    def __repr__(self) -> str:
        return f"<GraphQLOperation {self.kind} {self.name}>"


class GraphQLClient:
    """Base of generated synchronous clients. A client for a vendor overrides what is needed, or lends itself: `bind`.

    Made directly, a generated client has no wire: its methods raise NotImplementedError.
    """

    _lender: GraphQLClient | None = None

    def _execute(self, operation: GraphQLOperation[object], variables: dict[str, JSON], options: CallOptions) -> object:
        """Send the operation and return the answer's ``data``; failures are raised as typed errors."""
        raise NotImplementedError(_UNBOUND)

    def _decoding(self, operation: GraphQLOperation[object]) -> Decoding:
        """How this client decodes: strictness, and who hears of drift."""
        return Decoding(operation.name)

    def _page_limit(self, field: str) -> int | None:
        """Largest page of the connection at a schema coordinate such as ``Phase.cards``, None if it is not known."""
        return None if self._lender is None else self._lender._page_limit(field)

    def _depth_limit(self) -> int | None:
        """How many levels of fields a request may have, None if it is not known."""
        return None if self._lender is None else self._lender._depth_limit()

    def _run(self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: CallOptions) -> R:
        """Perform one operation and return its decoded ``data``."""
        if self._lender is not None:
            return self._lender._run(operation, variables, options)
        data = self._execute(operation, encode_variables(variables), options)
        return decode(operation, data, self._decoding(operation))

    def _pages(
        self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: PagedCallOptions
    ) -> Pages[Any]:
        """Walk every page of the operation's connection."""
        from typedpipes._core.graphql.connections import Listing
        from typedpipes._core.paging import Pages

        listing = Listing(operation, variables, options, self._page_limit)
        return Pages(
            listing.walk, lambda query: listing.page(self._run(operation, listing.turned(query), listing.options))
        )


class AsyncGraphQLClient:
    """Base of generated asynchronous clients; the twin of `GraphQLClient`."""

    _lender: AsyncGraphQLClient | None = None

    async def _execute(
        self, operation: GraphQLOperation[object], variables: dict[str, JSON], options: CallOptions
    ) -> object:
        """Send the operation and return the answer's ``data``; failures are raised as typed errors."""
        raise NotImplementedError(_UNBOUND)

    def _decoding(self, operation: GraphQLOperation[object]) -> Decoding:
        """How this client decodes: strictness, and who hears of drift."""
        return Decoding(operation.name)

    def _page_limit(self, field: str) -> int | None:
        """Largest page of the connection at a schema coordinate such as ``Phase.cards``, None if it is not known."""
        return None if self._lender is None else self._lender._page_limit(field)

    def _depth_limit(self) -> int | None:
        """How many levels of fields a request may have, None if it is not known."""
        return None if self._lender is None else self._lender._depth_limit()

    async def _run(self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: CallOptions) -> R:
        """Perform one operation and return its decoded ``data``."""
        if self._lender is not None:
            return await self._lender._run(operation, variables, options)
        data = await self._execute(operation, encode_variables(variables), options)
        return decode(operation, data, self._decoding(operation))

    def _pages(
        self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: PagedCallOptions
    ) -> AsyncPages[Any]:
        """Walk every page of the operation's connection."""
        from typedpipes._core.graphql.connections import Listing
        from typedpipes._core.paging import AsyncPages

        listing = Listing(operation, variables, options, self._page_limit)

        async def fetch(query: dict[str, object]) -> object:
            return listing.page(await self._run(operation, listing.turned(query), listing.options))

        return AsyncPages(listing.walk, fetch)


def bind(client: object, lender: GraphQLClient | AsyncGraphQLClient) -> Any:
    """An instance of a generated ``client`` whose operations ``lender`` performs, with its wire and policies.

    Raises `ConfigurationError` if ``client`` is no generated client of the lender's colour.
    """
    import inspect

    base = GraphQLClient if isinstance(lender, GraphQLClient) else AsyncGraphQLClient
    if not inspect.isclass(client) or not issubclass(client, base) or isinstance(lender, client):
        wanted = "Client" if base is GraphQLClient else "AsyncClient"
        raise ConfigurationError(f"bind takes the {wanted} of a generated package, not {client!r}", setting="client")
    made: Any = client()
    made._lender = lender
    return made


def decode(operation: GraphQLOperation[R], data: object, decoding: Decoding) -> R:
    """Turn an answer's ``data`` into the operation's result.

    Tolerant unless ``decoding`` is strict: a value that does not fit is kept as received and reported, a missing one
    raises `ResponseMismatch` when it is read. Strict decoding raises `ResponseMismatch` at the first departure.
    """
    return operation.decode(data, decoding)


def decode_body(operation: GraphQLOperation[R], body: bytes, decoding: Decoding) -> R | None:
    """Turn the bytes of a whole answer into the operation's result in one pass.

    None means: parse it, look at its errors, and use `decode` on its ``data``.
    """
    return operation.decode_body(body, decoding)


def encode_variables(variables: Mapping[str, object]) -> dict[str, JSON]:
    """The JSON form of an operation's variables; what is UNSET is left out, an explicit None is sent as null.

    Raises `ConfigurationError` for a value that has no JSON form, with its path.
    """
    return cast("dict[str, JSON]", wire_of(variables, "variables"))


__all__ = [
    "AsyncGraphQLClient",
    "Connection",
    "GraphQLClient",
    "GraphQLOperation",
    "JsonInput",
    "bind",
    "decode",
    "decode_body",
    "encode_variables",
]
