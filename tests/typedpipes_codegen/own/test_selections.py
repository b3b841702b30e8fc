"""Packages from a user's own SDL select too, over real HTTP, sync and async."""

from __future__ import annotations

import asyncio
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.typedpipes_codegen.own.bookshop_server import EXAMPLES, KEY, bookshop
from tests.typedpipes_codegen.own.packages import made
from typedpipes.errors import ConfigurationError, GraphQLError


def test_an_own_package_queries_mutates_and_walks_pages(tmp_path: Path) -> None:
    schema = (EXAMPLES / "bookshop.graphql").read_text(encoding="utf-8")
    toml = (EXAMPLES / "bookshop-graphql.toml").read_text(encoding="utf-8")
    with made(tmp_path, "graph", schema, toml, ".graphql") as package, bookshop(books=7) as shop:
        fields: Any = importlib.import_module("graph.select")
        Author, Book, Books = fields.Author, fields.Book, fields.BookConnection
        chosen = fields.Query.books(genre="HISTORY").fields(Books.nodes.fields(Book.title, Book.genre))
        path = (fields.Query.books, Books.nodes)

        async def read() -> list[str]:
            async with package.AsyncBookshopGraph(token=KEY, base_url=f"{shop.url}/graphql") as client:
                row = await client.query(fields.Query.book(id=2).fields(Book.id))
                assert row.at(fields.Query.book, Book.id) == "2"
                return [book[Book.title] async for book in client.iter_query(chosen, *path, page_size=1)]

        with package.BookshopGraph(token=KEY, base_url=f"{shop.url}/graphql") as client:
            row = client.query(
                fields.Query.book(id="2").fields(Book.title, Book.genre, Book.author.fields(Author.name))
            )
            book = row[fields.Query.book]
            assert (book[Book.title], book.at(Book.author, Author.name)) == ("Book 2", "A. Uthor")
            assert book[Book.genre].is_known
            found = [book[Book.title] for book in client.iter_query(chosen, *path, page_size=1)]
            assert found == asyncio.run(read())
            assert len(found) >= 1
            new = {"title": "New", "genre": "HISTORY"}
            added = client.mutate(fields.Mutation.add_book(input=new).fields(Book.id, Book.title))
            assert added.at(fields.Mutation.add_book, Book.title) == "New"
            with pytest.raises(GraphQLError, match=r"graph\.Book"):
                client.query(fields.Query.book(id="none").fields(Book.id))
            with pytest.raises(ConfigurationError, match="no field of Book"):
                client.query(fields.Query.book(id=1).fields(Author.name))
        sent = [json.loads(one.body)["operationName"] for one in shop.requests]
        assert sent[0] == "Book"
        assert sent[-2:] == ["AddBook", "Book"]
