"""Base classes of generated GraphQL clients.

Generated methods call `_run` with an operation and its variables. A client for a vendor overrides it and sends
(`typedpipes._core.graphql.calls`); everything else is here: pages, and selections of the caller's own. Nothing here
imports pydantic: that happens when the first answer is decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, Unpack, overload

from typedpipes._core.graphql import GraphQLOperation, R
from typedpipes._core.rest import CallOptions, PagedCallOptions
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.graphql.select.fields import Field, Selection
    from typedpipes._core.graphql.select.rows import Row
    from typedpipes._core.paging import AsyncPages, Pages

    A = TypeVar("A")
    B = TypeVar("B")
    C = TypeVar("C")
    D = TypeVar("D")
    E = TypeVar("E")
    _Step: TypeAlias = Field[A, Row[B] | Sequence[Row[B] | None] | None]

Q = TypeVar("Q")
M = TypeVar("M")


_UNBOUND = "a generated client sends nothing by itself; use Pipefy(...).bind(Client)"


class GraphQLClient:
    """Base of generated synchronous clients. A client for a vendor overrides `_run`; others send through one: `bind`.

    Made directly, a generated client has no wire: its methods raise NotImplementedError.
    """

    _connected: GraphQLClient | None = None

    def _page_limit(self, field: str) -> int | None:
        """Largest page of the connection at a schema coordinate such as ``Phase.cards``, None if it is not known."""
        return None if self._connected is None else self._connected._page_limit(field)

    def _depth_limit(self) -> int | None:
        """How many levels of fields a request may have, None if it is not known."""
        return None if self._connected is None else self._connected._depth_limit()

    def _run(self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: CallOptions) -> R:
        """Perform one operation and return its decoded ``data``."""
        if self._connected is None:
            raise NotImplementedError(_UNBOUND)
        return self._connected._run(operation, variables, options)

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

    _connected: AsyncGraphQLClient | None = None

    def _page_limit(self, field: str) -> int | None:
        """Largest page of the connection at a schema coordinate such as ``Phase.cards``, None if it is not known."""
        return None if self._connected is None else self._connected._page_limit(field)

    def _depth_limit(self) -> int | None:
        """How many levels of fields a request may have, None if it is not known."""
        return None if self._connected is None else self._connected._depth_limit()

    async def _run(self, operation: GraphQLOperation[R], variables: Mapping[str, object], options: CallOptions) -> R:
        """Perform one operation and return its decoded ``data``."""
        if self._connected is None:
            raise NotImplementedError(_UNBOUND)
        return await self._connected._run(operation, variables, options)

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


def bind(client: object, connected: GraphQLClient | AsyncGraphQLClient) -> Any:
    """A generated ``client`` that sends through ``connected``: with its connections, credentials and policies.

    Raises `ConfigurationError` unless ``client`` is the generated client class of the same kind, sync or async.
    """
    import inspect

    base = GraphQLClient if isinstance(connected, GraphQLClient) else AsyncGraphQLClient
    if not inspect.isclass(client) or not issubclass(client, base) or isinstance(connected, client):
        wanted = "Client" if base is GraphQLClient else "AsyncClient"
        raise ConfigurationError(f"bind takes the {wanted} of a generated package, not {client!r}", setting="client")
    made: Any = client()
    made._connected = connected
    return made


class SelectingClient(GraphQLClient, Generic[Q, M]):
    """A generated synchronous client: ``Q`` and ``M`` are its package's root types."""

    def query(
        self,
        *selections: Selection[Q, object],
        operation_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Row[Q]:
        """Ask for fields of your own choice: ``query(Query.card(id="1").fields(Card.title))``.

        The fields are those of the package's module ``select``; several are one request. The answer is read with the
        same fields: ``row[Query.card]``. ``operation_name`` is what the server calls the request in its statistics;
        default: after the fields at the top. May be sent again after a failure, as every query.

        Raises `ConfigurationError` before anything is sent for what cannot be one request, and what generated queries
        raise.
        """
        from typedpipes._core.graphql.select.operation import selection_of

        operation, variables = selection_of("query", selections, operation_name, self._page_limit, self._depth_limit())
        return self._run(operation, variables, options)

    @overload
    def iter_query(
        self,
        selection: Selection[Q, object],
        one: _Step[Q, A],
        two: _Step[A, B],
        /,
        *,
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> Pages[Row[B]]: ...
    @overload
    def iter_query(
        self,
        selection: Selection[Q, object],
        one: _Step[Q, A],
        two: _Step[A, B],
        three: _Step[B, C],
        /,
        *,
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> Pages[Row[C]]: ...
    @overload
    def iter_query(
        self,
        selection: Selection[Q, object],
        one: _Step[Q, A],
        two: _Step[A, B],
        three: _Step[B, C],
        four: _Step[C, D],
        /,
        *,
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> Pages[Row[D]]: ...
    @overload
    def iter_query(
        self,
        selection: Selection[Q, object],
        one: _Step[Q, A],
        two: _Step[A, B],
        three: _Step[B, C],
        four: _Step[C, D],
        five: _Step[D, E],
        /,
        *,
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> Pages[Row[E]]: ...
    def iter_query(
        self,
        selection: Selection[Q, object],
        /,
        *path: Field[Any, Any],
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> Pages[Any]:
        """Every object at the end of a path through a connection, page by page.

        ``iter_query(Query.cards(pipe_id="301").fields(...), Query.cards, CardConnection.edges, CardEdge.node)``: the
        path is read as by ``Row.each`` and must lead through what is selected. Page size, cursor and ``pageInfo`` are
        looked after; the largest page is asked for unless the selection or ``page_size`` says otherwise.
        """
        from typedpipes._core.graphql.select.operation import paged_selection_of

        return self._pages(
            *paged_selection_of(selection, path, operation_name, self._page_limit, self._depth_limit(), options)
        )

    def mutate(
        self,
        *selections: Selection[M, object],
        operation_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Row[M]:
        """Change something and ask for fields of your own choice of the result; otherwise as `query`.

        Several are performed in the order given. Never sent again once the server may have seen it. Raises
        `PartialFailure` if a selected part of the answer reports failure.
        """
        from typedpipes._core.graphql.select.operation import selection_of

        operation, variables = selection_of(
            "mutation", selections, operation_name, self._page_limit, self._depth_limit()
        )
        return self._run(operation, variables, options)


class AsyncSelectingClient(AsyncGraphQLClient, Generic[Q, M]):
    """A generated asynchronous client; the twin of `SelectingClient`."""

    async def query(
        self,
        *selections: Selection[Q, object],
        operation_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Row[Q]:
        """Ask for fields of your own choice; see `SelectingClient.query`."""
        from typedpipes._core.graphql.select.operation import selection_of

        operation, variables = selection_of("query", selections, operation_name, self._page_limit, self._depth_limit())
        return await self._run(operation, variables, options)

    @overload
    def iter_query(
        self,
        selection: Selection[Q, object],
        one: _Step[Q, A],
        two: _Step[A, B],
        /,
        *,
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> AsyncPages[Row[B]]: ...
    @overload
    def iter_query(
        self,
        selection: Selection[Q, object],
        one: _Step[Q, A],
        two: _Step[A, B],
        three: _Step[B, C],
        /,
        *,
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> AsyncPages[Row[C]]: ...
    @overload
    def iter_query(
        self,
        selection: Selection[Q, object],
        one: _Step[Q, A],
        two: _Step[A, B],
        three: _Step[B, C],
        four: _Step[C, D],
        /,
        *,
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> AsyncPages[Row[D]]: ...
    @overload
    def iter_query(
        self,
        selection: Selection[Q, object],
        one: _Step[Q, A],
        two: _Step[A, B],
        three: _Step[B, C],
        four: _Step[C, D],
        five: _Step[D, E],
        /,
        *,
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> AsyncPages[Row[E]]: ...
    def iter_query(
        self,
        selection: Selection[Q, object],
        /,
        *path: Field[Any, Any],
        operation_name: str | None = None,
        **options: Unpack[PagedCallOptions],
    ) -> AsyncPages[Any]:
        """Every object at the end of a path through a connection; see `SelectingClient.iter_query`."""
        from typedpipes._core.graphql.select.operation import paged_selection_of

        return self._pages(
            *paged_selection_of(selection, path, operation_name, self._page_limit, self._depth_limit(), options)
        )

    async def mutate(
        self,
        *selections: Selection[M, object],
        operation_name: str | None = None,
        **options: Unpack[CallOptions],
    ) -> Row[M]:
        """Change something and ask for fields of your own choice of the result; see `SelectingClient.mutate`."""
        from typedpipes._core.graphql.select.operation import selection_of

        operation, variables = selection_of(
            "mutation", selections, operation_name, self._page_limit, self._depth_limit()
        )
        return await self._run(operation, variables, options)


__all__ = ["AsyncGraphQLClient", "AsyncSelectingClient", "GraphQLClient", "SelectingClient", "bind"]
