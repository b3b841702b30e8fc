"""Generated clients, imported and called."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from graphql import OperationDefinitionNode, parse, validate

from tests.typedpipes_codegen.graphql.packages import LIBRARY, SCHEMAS, Canned, async_client, imported, sync_client
from typedpipes_codegen.graphql.documents import read_documents
from typedpipes_codegen.graphql.names import method_name
from typedpipes_codegen.graphql.sdl import read_schema

BOOK = {"id": "1", "name": "Emma", "pages": 3, "genre": "novel", "author": {"id": "a", "name": "Jane"}}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    with imported(LIBRARY, tmp_path_factory.mktemp("library")) as package:
        yield package


@pytest.fixture(scope="module", params=["live", "documented"])
def pipefy(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, ModuleType]]:
    folder = SCHEMAS / str(request.param)
    with imported(folder, tmp_path_factory.mktemp("pipefy")) as package:
        yield folder, package


def methods(client: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(value)
        for name, value in vars(client).items()
        if not name.startswith("_") and callable(value)
    }


def single(found: Iterable[str]) -> list[str]:
    """The methods that send one request."""
    return [name for name in found if not name.startswith("iter_")]


def test_sync_and_async_methods_are_the_operations_of_the_documents(pipefy: tuple[Path, ModuleType]) -> None:
    folder, package = pipefy
    documents = read_documents(read_schema(folder / "schema.graphql"), folder / "operations")
    names = [operation.name.value for operation in documents.operations if operation.name]
    sync, asynchronous = methods(package.Client), methods(package.AsyncClient)
    assert sync.keys() == asynchronous.keys()
    for name, signature in sync.items():
        assert signature.parameters == asynchronous[name].parameters
        walks = name.startswith("iter_")
        assert inspect.iscoroutinefunction(vars(package.AsyncClient)[name]) is not walks
        expected = f"Async{signature.return_annotation}" if walks else signature.return_annotation
        assert asynchronous[name].return_annotation == expected
    assert sorted(single(sync)) == sorted(map(method_name, names))


def test_every_operation_module_holds_a_valid_document_and_buildable_models(pipefy: tuple[Path, ModuleType]) -> None:
    folder, package = pipefy
    schema = read_schema(folder / "schema.graphql")
    operations = importlib.import_module(f"{package.__name__}.operations")
    found = 0
    for module in pkgutil.iter_modules(operations.__path__):
        operation = importlib.import_module(f"{operations.__name__}.{module.name}").OPERATION
        document = parse(operation.document)
        assert validate(schema, document) == []
        first = document.definitions[0]
        assert isinstance(first, OperationDefinitionNode)
        assert first.name is not None
        assert (first.name.value, first.operation.value) == (operation.name, operation.kind)
        operation.result.model_rebuild()
        found += 1
    assert found == len(single(methods(package.Client)))


def test_every_public_name_can_be_imported(pipefy: tuple[Path, ModuleType]) -> None:
    _, package = pipefy
    assert package.__all__
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match="Nonsense"):
        package.Nonsense  # noqa: B018 - the access is the test


def test_a_call_sends_only_what_was_given_and_returns_what_the_root_field_holds(library: ModuleType) -> None:
    canned = Canned({"books": {"nodes": [BOOK], "pageInfo": {"hasNextPage": False, "endCursor": None}}})
    page = sync_client(library, canned).books(filter={"genre": "novel"}, after=None, timeout=3.0)
    operation, variables, options = canned.asked[0]
    assert (operation.name, operation.kind, operation.safety) == ("Books", "query", "safe")
    assert operation.connection is not None
    assert (operation.connection.path, operation.connection.field) == (("books",), "Query.books")
    assert variables == {"filter": {"genre": "novel"}, "after": None}
    assert options == {"timeout": 3.0}
    assert (page.nodes[0].name, page.nodes[0].author.name, page.page_info.has_next_page) == ("Emma", "Jane", False)
    assert isinstance(page.nodes[0], library.Book)
    assert page.nodes[0].genre is library.Genre.novel


def test_the_async_client_returns_the_same(library: ModuleType) -> None:
    canned = Canned({"count": 4})
    assert asyncio.run(async_client(library, canned).count()) == 4
    assert sync_client(library, canned).count() == 4
    assert canned.asked[0] == canned.asked[1]


def test_an_operation_with_several_roots_returns_all_of_them(library: ModuleType) -> None:
    result = sync_client(library, Canned({"count": 4, "items": []})).overview()
    assert isinstance(result, library.OverviewResult)
    assert (result.count, result.items) == (4, [])


def test_input_models_and_dictionaries_send_the_same(library: ModuleType) -> None:
    canned = Canned({"addBook": {"book": BOOK}})
    client = sync_client(library, canned)
    nested = library.Filter(and_=[library.Filter(genre="poetry")])
    payload = client.add_book(
        input=library.AddBookInput(author_id_2=7, name="Emma", details={"a": (1,)}, filters=[nested])
    )
    client.add_book(
        input={"authorId": 7, "name": "Emma", "details": {"a": [1]}, "filters": [{"and": [{"genre": "poetry"}]}]}
    )
    assert canned.asked[0][1] == canned.asked[1][1]
    assert canned.asked[0][0].safety == "unsafe"
    assert payload.book.name == "Emma"


def test_colliding_names_are_numbered_and_keep_their_wire_names(library: ModuleType) -> None:
    assert library.AddBookInput(author_id="1", author_id_2="2", name="x").to_wire() == {
        "authorId": "2",
        "author_id": "1",
        "name": "x",
    }
    author = {
        "id": "1",
        "name": "Jane",
        "createdAt": "new",
        "created_at": "old",
        "from": "Bath",
        "copy": "c",
        "pin": "hush-hush",
        "extra": {"a": [1]},
        "books": None,
    }
    found = sync_client(library, Canned({"author": author})).author(id="1")
    assert (found.created_at, found.created_at_2, found.from_, found.copy_) == ("old", "new", "Bath", "c")
    assert found.extra == {"a": [1]}


def test_a_field_marked_secret_is_kept_out_of_reprs(library: ModuleType) -> None:
    data = {
        "id": "1",
        "name": "J",
        "pin": "hush-hush",
        "createdAt": None,
        "created_at": None,
        "from": None,
        "copy": None,
    }
    author = sync_client(library, Canned({"author": {**data, "extra": None, "books": None}})).author(id="1")
    assert author.pin == "hush-hush"
    assert "hush-hush" not in repr(author)
    assert "hush-hush" not in repr(library.AddBookInput(author_id_2="1", name="x", pin="hush-hush"))


def test_members_of_a_union_are_told_apart(library: ModuleType) -> None:
    disc = {"__typename": "Disc", "id": "2", "tracks": ["a"]}
    found = sync_client(library, Canned({"holdings": [{"__typename": "Book", **BOOK}, disc, None]})).holdings()
    assert [type(item).__name__ for item in found] == ["HoldingsBook", "HoldingsDisc", "NoneType"]
    assert isinstance(found[0], library.Book)


def test_a_deprecated_root_field_warns_with_the_reason(library: ModuleType) -> None:
    client = sync_client(library, Canned({"oldBooks": []}))
    with pytest.warns(DeprecationWarning, match="use books"):
        client.old_books()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sync_client(library, Canned({"count": 1})).count() == 1


def test_arguments_are_keyword_only_and_typos_fail(library: ModuleType) -> None:
    client = sync_client(library, Canned({"count": 1}))
    with pytest.raises(TypeError):
        client.author("1")
    assert [parameter.kind.name for parameter in methods(library.Client)["author"].parameters.values()] == [
        "POSITIONAL_OR_KEYWORD",
        "KEYWORD_ONLY",
        "KEYWORD_ONLY",
        "KEYWORD_ONLY",
        "VAR_KEYWORD",
    ]


def test_docstrings_state_kind_root_field_and_the_schemas_fact(library: ModuleType) -> None:
    assert inspect.getdoc(library.Client.author) == "Query `author`.\n\nFinds one author."
    assert inspect.getdoc(library.Client.add_book) == "Mutation `addBook`."


def test_enum_members_whose_names_python_needs_get_an_underscore(library: ModuleType) -> None:
    assert (library.Genre.title_, library.Genre.None_) == ("title", "None")
    assert library.Genre("title") is library.Genre.title_
