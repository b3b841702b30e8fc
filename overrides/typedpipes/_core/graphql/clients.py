"""Bases of generated clients: what they offer besides their own operations, namely selections of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, Unpack, overload

from typedpipes._core.graphql import AsyncGraphQLClient, GraphQLClient
from typedpipes._core.rest import CallOptions, PagedCallOptions

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


__all__ = ["AsyncSelectingClient", "SelectingClient"]
