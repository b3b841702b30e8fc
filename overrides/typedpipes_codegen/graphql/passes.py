"""The one place that calls ariadne-codegen: its generators, driven over one parsed and checked schema.

Enums, inputs and results are made once and shared; the client class is made in two passes, synchronous and
asynchronous. `tests/typedpipes_codegen/graphql/test_adapter.py` pins what is used of ariadne-codegen 0.19.0.
"""

from __future__ import annotations

import ast
import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ariadne_codegen.client_generators.arguments import ArgumentsGenerator
from ariadne_codegen.client_generators.client import ClientGenerator
from ariadne_codegen.client_generators.constants import BASE_MODEL_IMPORT
from ariadne_codegen.client_generators.enums import EnumsGenerator
from ariadne_codegen.client_generators.input_types import InputTypesGenerator
from ariadne_codegen.client_generators.result_types import ResultTypesGenerator
from ariadne_codegen.client_generators.scalars import ScalarData
from ariadne_codegen.codegen import generate_import_from
from ariadne_codegen.exceptions import CodeGenException
from ariadne_codegen.plugins.manager import PluginManager
from graphql import FragmentDefinitionNode, GraphQLScalarType, NameNode, OperationDefinitionNode
from graphql.type import specified_scalar_types

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.annotations import result_scalar
from typedpipes_codegen.graphql.documents import Documents
from typedpipes_codegen.graphql.names import RESULT_SUFFIX, method_name, pascal_case
from typedpipes_codegen.graphql.plugin import Method, TypedPipesPlugin


@dataclass(frozen=True)
class Pass:
    """One flavour of the client."""

    class_name: str
    base: str
    asynchronous: bool


SYNC = Pass("Client", "GraphQLClient", False)
ASYNC = Pass("AsyncClient", "AsyncGraphQLClient", True)


class Generator:
    """ariadne-codegen's generators with our plugin, for one set of documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._schema = documents.schema
        self._manager = PluginManager(
            schema=documents.schema, config_dict={"documents": documents}, plugins_types=[TypedPipesPlugin]
        )
        plugin = self._manager.plugins[0]
        assert isinstance(plugin, TypedPipesPlugin)
        self._plugin = plugin
        self._scalars = {
            name: ScalarData(type_=result_scalar(name), graphql_name=name)
            for name, type_ in documents.schema.type_map.items()
            if isinstance(type_, GraphQLScalarType) and name not in specified_scalar_types
        }

    def enums(self) -> list[ast.ClassDef]:
        """One open enum per enum of the schema."""
        with _errors_of_ariadne():
            return _classes(EnumsGenerator(self._schema, self._manager).generate())

    def inputs(self) -> list[ast.ClassDef]:
        """One model per input type of the schema."""
        with _errors_of_ariadne():
            generator = InputTypesGenerator(
                self._schema,
                upload_import=None,
                custom_scalars=self._scalars,
                plugin_manager=self._manager,
                defer_model_build=True,
            )
            return _classes(generator.generate())

    def results(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> list[ast.ClassDef]:
        """The classes of one operation (the first is ``<Name>Result``) or fragment; none for one on a union."""
        definition = _as_result(node) if isinstance(node, OperationDefinitionNode) else node
        with _errors_of_ariadne():
            generator = ResultTypesGenerator(
                self._schema,
                definition,
                "enums",
                "fragments",
                self._documents.fragments,
                base_model_import=BASE_MODEL_IMPORT,
                custom_scalars=self._scalars,
                plugin_manager=self._manager,
                defer_model_build=True,
            )
            return generator.get_classes()

    def client(self, flavour: Pass, methods: dict[str, Method]) -> ast.ClassDef:
        """The client class with a method per operation; ``methods`` is keyed by operation name."""
        self._plugin.methods = {f"{name}{RESULT_SUFFIX}": method for name, method in methods.items()}
        with _errors_of_ariadne():
            generator = ClientGenerator(
                base_client_import=generate_import_from([flavour.base], "typedpipes.graphql_runtime"),
                arguments_generator=ArgumentsGenerator(
                    self._schema, custom_scalars=self._scalars, plugin_manager=self._manager
                ),
                name=flavour.class_name,
                base_client=flavour.base,
                upload_import=None,
                custom_scalars=self._scalars,
                plugin_manager=self._manager,
            )
            for operation in self._documents.operations:
                definition = _as_result(operation)
                assert operation.name is not None
                assert definition.name is not None
                generator.add_method(
                    definition,
                    name=method_name(operation.name.value),
                    return_type=definition.name.value,
                    return_type_module=f"operations.{method_name(operation.name.value)}",
                    operation_str="",
                    async_=flavour.asynchronous,
                )
            made = _classes(generator.generate())[0]
        made.body += self._iter_methods(methods, flavour)
        return made

    def _iter_methods(self, methods: dict[str, Method], flavour: Pass) -> list[ast.stmt]:
        """One more method for each operation that walks a connection."""
        found: list[ast.stmt] = []
        for operation in self._documents.operations:
            assert operation.name is not None
            method = methods[pascal_case(operation.name.value)]
            if method.connection is not None:
                found.append(self._plugin.iter_method(operation, method, asynchronous=flavour.asynchronous))
        return found


def _as_result(operation: OperationDefinitionNode) -> OperationDefinitionNode:
    """The operation under the name of its result class; the selections are the same objects."""
    assert operation.name is not None
    twin = copy.copy(operation)
    twin.name = NameNode(value=f"{pascal_case(operation.name.value)}{RESULT_SUFFIX}")
    return twin


def _classes(module: ast.Module) -> list[ast.ClassDef]:
    return [node for node in module.body if isinstance(node, ast.ClassDef)]


@contextmanager
def _errors_of_ariadne() -> Iterator[None]:
    """Turn what ariadne-codegen raises into `SchemaError`, and any warning but a deprecation notice into a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            yield
        except (CodeGenException, Warning) as error:
            raise SchemaError(f"ariadne-codegen: {error}", remedy="correct the operation or type it names") from None
