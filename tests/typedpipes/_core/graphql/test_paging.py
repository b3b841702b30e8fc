"""``iter_`` methods of generated clients: which operations get one, and how they walk."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typedpipes_codegen.graphql.packages import Canned, async_client, imported, render_to, sync_client, write
from typedpipes.errors import ConfigurationError, ResponseMismatch, TransportError
from typedpipes_codegen.errors import SchemaError

SCHEMA = """
type Query {
  books(first: Int, after: String, last: Int, before: String, genre: String): BookConnection
  shelf(id: ID!): Shelf
}
type Shelf { id: ID! books(first: Int, after: String): BookConnection }
type BookConnection { edges: [BookEdge] nodes: [Book] pageInfo: PageInfo! }
type BookEdge { cursor: String node: Book }
type Book { id: ID! shelf: Shelf }
type PageInfo { hasNextPage: Boolean! endCursor: String }
"""
DOCUMENTS = {
    "fragments": "fragment Page on BookConnection { nodes { id } pageInfo { ...Info } }\n"
    "fragment Info on PageInfo { hasNextPage endCursor }",
    "Books": "query Books($genre: String, $first: Int, $after: String, $last: Int, $before: String) "
    "{ books(genre: $genre, first: $first, after: $after, last: $last, before: $before) { ...Page } }",
    "ShelfBooks": "query ShelfBooks($id: ID!, $size: Int = 7, $cursor: String) { place: shelf(id: $id) { id "
    "found: books(first: $size, after: $cursor) { edges { book: node { id } } "
    "about: pageInfo { more: hasNextPage last: endCursor } } } }",
    "Unsized": "query Unsized($after: String) { books(after: $after) { nodes { id } pageInfo { ...Info } } }",
    "Blind": "query Blind($after: String) { books(after: $after) { nodes { id } } }",
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    write(tmp_path_factory.getbasetemp() / "paging", SCHEMA, **DOCUMENTS)
    folder = tmp_path_factory.getbasetemp() / "paging"
    with imported(folder, tmp_path_factory.mktemp("rendered"), complete=False) as module:
        yield module


class Shelves(Canned):
    """Answers pages of numbered books; ``pages`` are their sizes, ``fail_at`` the request that gets no answer."""

    def __init__(self, pages: list[int], *, fail_at: int | None = None) -> None:
        super().__init__(None)
        self.pages = pages
        self.fail_at = fail_at
        self.requests = 0

    @property
    def data(self) -> object:
        self.requests += 1
        if self.requests == self.fail_at:
            raise TransportError("broken", sent=True)
        operation, variables, _ = self.asked[-1]
        at = int(str(variables.get("after") or variables.get("cursor") or 0))
        ids = [{"id": f"{at}.{number}"} for number in range(self.pages[at])]
        more = at + 1 < len(self.pages)
        if operation.name == "ShelfBooks":
            edges = [{"book": book} for book in ids]
            about = {"more": more, "last": str(at + 1)}
            return {"place": {"id": "1", "found": {"edges": edges, "about": about}}}
        return {"books": {"nodes": ids, "pageInfo": {"hasNextPage": more, "endCursor": str(at + 1)}}}

    @data.setter
    def data(self, value: object) -> None:
        pass

    def everything(self) -> list[str]:
        return [f"{page}.{number}" for page, size in enumerate(self.pages) for number in range(size)]


def answered(data: Mapping[str, Any]) -> Canned:
    return Canned(data)


def test_operations_that_cannot_be_walked_get_no_iter_method(package: ModuleType) -> None:
    walks = sorted(name for name in vars(package.Client) if name.startswith("iter_"))
    assert walks == ["iter_books", "iter_shelf_books", "iter_unsized"]


@given(pages=st.lists(st.integers(0, 3), min_size=1, max_size=6), limit=st.none() | st.integers(0, 12))
def test_every_item_comes_once_with_one_request_per_page(
    package: ModuleType, pages: list[int], limit: int | None
) -> None:
    options: dict[str, Any] = {} if limit is None else {"max_items": limit}
    for method, arguments in (("iter_books", {}), ("iter_shelf_books", {"id": "1"})):
        shelves = Shelves(pages)
        found = getattr(sync_client(package, shelves), method)(**arguments, **options)
        assert shelves.requests == 0
        assert [book.id for book in found] == shelves.everything()[:limit]
        assert shelves.requests <= len(pages)
        assert limit is not None or shelves.requests == len(pages)

        async def walk(method: str = method, arguments: dict[str, Any] = arguments) -> list[str]:
            client = async_client(package, Shelves(pages))
            return [book.id async for book in getattr(client, method)(**arguments, **options)]

        assert asyncio.run(walk()) == shelves.everything()[:limit]


@given(data=st.data(), pages=st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_a_failure_in_the_middle_keeps_what_was_read_and_says_where_to_resume(
    package: ModuleType, data: st.DataObject, pages: list[int]
) -> None:
    shelves = Shelves(pages, fail_at=data.draw(st.integers(1, len(pages))))
    client = sync_client(package, shelves)
    books = client.iter_books()
    read: list[str] = []
    with pytest.raises(TransportError) as caught:
        read.extend(book.id for book in books)
    if books.cursor is None:
        assert read == []
        return
    assert f"resume={books.cursor!r}" in " ".join(caught.value.__notes__)
    rest = [book.id for book in client.iter_books(resume=books.cursor)]
    assert read + rest == shelves.everything()


def test_a_hundred_thousand_items_pass_through_flat_memory_with_one_request_a_page(package: ModuleType) -> None:
    shelves = Shelves([50] * 2000)
    count, early = 0, 0
    for _ in sync_client(package, shelves).iter_books():
        count += 1
        if count == 1000:
            shelves.asked.clear()
            tracemalloc.start()
        elif count % 5000 == 0:
            del shelves.asked[:-1]
            early = early or tracemalloc.get_traced_memory()[0]
    growth = tracemalloc.get_traced_memory()[0] - early
    tracemalloc.stop()
    assert (count, shelves.requests) == (100_000, 2000)
    assert growth < 20 << 20


def test_the_page_window_is_no_argument_and_before_is_never_sent(package: ModuleType) -> None:
    shelves = Shelves([2, 1])
    client = sync_client(package, shelves)
    list(client.iter_books(genre="novel", page_size=2, timeout=3.0))
    assert [variables for _, variables, _ in shelves.asked] == [
        {"genre": "novel", "first": 2},
        {"genre": "novel", "first": 2, "after": "1"},
    ]
    assert shelves.asked[0][2] == {"timeout": 3.0}
    with pytest.raises(TypeError, match="before"):
        list(client.iter_books(before="x"))


def test_the_variables_of_the_document_are_the_ones_filled(package: ModuleType) -> None:
    shelves = Shelves([1, 1])
    list(sync_client(package, shelves).iter_shelf_books(id="1", page_size=3))
    assert shelves.asked[1][1] == {"id": "1", "size": 3, "cursor": "1"}


@pytest.mark.parametrize(
    ("info", "nodes", "path"),
    [
        ({"hasNextPage": True, "endCursor": None}, [], "$.books.pageInfo.endCursor"),
        ({"hasNextPage": None, "endCursor": "2"}, [], "$.books.pageInfo.hasNextPage"),
        ({"hasNextPage": True, "endCursor": "same"}, [{"id": "1"}], "$.books.pageInfo.endCursor"),
    ],
)
def test_an_answer_that_does_not_tell_how_to_go_on_raises(
    package: ModuleType, info: dict[str, object], nodes: list[object], path: str
) -> None:
    client = sync_client(package, answered({"books": {"nodes": nodes, "pageInfo": info}}))
    with pytest.raises(ResponseMismatch) as caught:
        list(client.iter_books())
    assert caught.value.path == path


def test_has_next_page_alone_decides_even_against_a_cursor(package: ModuleType) -> None:
    data = {"books": {"nodes": [{"id": "1"}, None], "pageInfo": {"hasNextPage": False, "endCursor": "9"}}}
    canned = answered(data)
    books = sync_client(package, canned).iter_books()
    assert [book.id for book in books] == ["1"]
    assert books.cursor is None
    assert len(canned.asked) == 1


def test_a_connection_that_is_not_there_is_no_empty_listing(package: ModuleType) -> None:
    with pytest.raises(ResponseMismatch, match=r"\$\.place\.found: the answer holds no such connection"):
        list(sync_client(package, answered({"place": None})).iter_shelf_books(id="1"))


def test_a_page_size_nobody_could_be_told_is_refused(package: ModuleType) -> None:
    client = sync_client(package, Shelves([1]))
    with pytest.raises(ConfigurationError, match=r"add \$first: Int"):
        client.iter_unsized(page_size=3)
    assert [book.id for book in client.iter_unsized()] == ["0.0"]


def test_an_operation_named_like_the_walk_of_another_is_refused(tmp_path: Any) -> None:
    document = (
        "query Books($after: String) { books(after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }\n"
        "query IterBooks { shelf(id: 1) { id } }"
    )
    write(tmp_path / "in", SCHEMA, Q=document)
    with pytest.raises(SchemaError, match="operation IterBooks would make the method 'iter_books'"):
        render_to(tmp_path / "out", tmp_path / "in", complete=False)
