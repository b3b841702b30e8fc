"""What we use of ariadne-codegen, pinned: an upgrade that changes any of it must be looked at."""

from __future__ import annotations

import ast
import inspect
from importlib.metadata import version
from pathlib import Path

import pytest
from ariadne_codegen.client_generators.arguments import ArgumentsGenerator
from ariadne_codegen.client_generators.client import ClientGenerator
from ariadne_codegen.client_generators.enums import EnumsGenerator
from ariadne_codegen.client_generators.input_types import InputTypesGenerator
from ariadne_codegen.client_generators.result_types import ResultTypesGenerator
from ariadne_codegen.plugins.base import Plugin
from ariadne_codegen.utils import process_name, str_to_pascal_case, str_to_snake_case

from tests.typedpipes_codegen.graphql.packages import LIBRARY, SCHEMAS
from typedpipes._core.rest import CallOptions
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_api.pipefy.client import Client
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.documents import read_documents
from typedpipes_codegen.graphql.names import CLIENT_NAMES, OPTION_NAMES, pascal_case, safe_name, snake_case
from typedpipes_codegen.graphql.passes import Generator
from typedpipes_codegen.graphql.sdl import read_schema


def test_the_versions_the_bytes_depend_on_are_the_pinned_ones() -> None:
    assert version("ariadne-codegen") == "0.19.0"
    assert version("graphql-core") == "3.2.14"
    assert version("ruff") == "0.15.22"


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (EnumsGenerator, ["schema", "plugin_manager"]),
        (InputTypesGenerator, ["schema", "upload_import", "custom_scalars", "plugin_manager", "defer_model_build"]),
        (ResultTypesGenerator, ["schema", "operation_definition", "enums_module_name", "fragments_module_name"]),
        (ResultTypesGenerator, ["fragments_definitions", "base_model_import", "custom_scalars", "plugin_manager"]),
        (ArgumentsGenerator, ["schema", "custom_scalars", "plugin_manager"]),
        (ClientGenerator, ["base_client_import", "arguments_generator", "name", "base_client", "upload_import"]),
        (ClientGenerator.add_method, ["definition", "name", "return_type", "return_type_module", "operation_str"]),
        (Plugin.generate_enum, ["class_def", "enum_type"]),
        (Plugin.generate_input_class, ["class_def", "input_type"]),
        (Plugin.generate_input_field, ["field_implementation", "input_field", "field_name"]),
        (Plugin.generate_result_field, ["field_implementation", "operation_definition", "field"]),
        (Plugin.generate_arguments, ["arguments", "variable_definitions"]),
        (Plugin.generate_client_method, ["method_def", "operation_definition"]),
        (Plugin.process_name, ["name", "node"]),
    ],
)
def test_the_entry_points_take_what_we_pass(function: object, parameters: list[str]) -> None:
    assert callable(function)
    assert set(parameters) <= set(inspect.signature(function).parameters)


def test_our_name_rules_are_ariadnes() -> None:
    schema = read_schema(SCHEMAS / "live" / "schema.graphql")
    names = {name for name in schema.type_map if not name.startswith("__")}
    for type_ in schema.type_map.values():
        names |= set(getattr(type_, "fields", {}))
    assert len(names) > 1000
    for name in names:
        assert snake_case(name) == str_to_snake_case(name)
        assert pascal_case(name) == str_to_pascal_case(name)
        assert safe_name(snake_case(name)) == process_name(name, convert_to_snake_case=True)


def test_the_names_kept_free_are_those_of_the_hand_written_clients() -> None:
    assert {*CallOptions.__annotations__, "self", "options"} == OPTION_NAMES
    own = {name for client in (Pipefy, AsyncPipefy) for name in vars(client) if not name.startswith("_")}
    assert own - vars(Client).keys() <= CLIENT_NAMES


def test_raw_classes_have_the_shape_our_passes_read() -> None:
    documents = read_documents(read_schema(LIBRARY / "schema.graphql"), LIBRARY / "operations")
    generator = Generator(documents)
    operations = {operation.name.value: operation for operation in documents.operations if operation.name}
    books = generator.results(operations["Books"])
    assert [node.name for node in books] == ["BooksResult", "BooksResultBooks", *[node.name for node in books[2:]]]
    assert ast.unparse(books[0]) == 'class BooksResult(BaseModel):\n    books: Optional["BooksResultBooks"]'
    node = next(item for item in books if item.name == "BooksResultBooksNodes")
    assert ast.unparse(node) == "class BooksResultBooksNodes(Book):\n    pass"
    holdings = generator.results(operations["Holdings"])
    assert 'Literal["Disc"]' in ast.unparse(holdings[-1])


def test_what_ariadne_raises_or_warns_becomes_a_schema_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import warnings

    from ariadne_codegen.exceptions import ParsingError

    documents = read_documents(read_schema(LIBRARY / "schema.graphql"), LIBRARY / "operations")

    def fails(*_: object, **__: object) -> None:
        raise ParsingError("no such thing")

    monkeypatch.setattr("typedpipes_codegen.graphql.passes.EnumsGenerator", fails)
    with pytest.raises(SchemaError, match="ariadne-codegen: no such thing"):
        Generator(documents).enums()

    def warns(*_: object, **__: object) -> None:
        warnings.warn("dropped something", UserWarning, stacklevel=2)

    monkeypatch.setattr("typedpipes_codegen.graphql.passes.EnumsGenerator", warns)
    with pytest.raises(SchemaError, match="dropped something"):
        Generator(documents).enums()
