"""A package from a schema and its operation documents."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLSchema, OperationDefinitionNode, print_ast

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.annotations import input_type, times_of
from typedpipes_codegen.graphql.checks import check_names
from typedpipes_codegen.graphql.connections import find_connection, item_type, response_name
from typedpipes_codegen.graphql.documents import Documents, check_complete, read_documents
from typedpipes_codegen.graphql.emit import imports, init_source, models_source, source, text_literal, write_package
from typedpipes_codegen.graphql.models import (
    ModelIndex,
    ModelModule,
    fragment_modules,
    names_in,
    ordered,
    with_forward_references,
)
from typedpipes_codegen.graphql.names import method_name, pascal_case
from typedpipes_codegen.graphql.operation_facts import (
    deprecation,
    operation_name,
    plain_names,
    result_class,
    root_fields,
    summary,
)
from typedpipes_codegen.graphql.passes import ASYNC, SYNC, Generator, Pass
from typedpipes_codegen.graphql.plugin import Method, has_default
from typedpipes_codegen.graphql.sdl import read_schema
from typedpipes_codegen.graphql.selections import MODULE as SELECT
from typedpipes_codegen.graphql.selections import Roots, Selections

FUTURE = "from __future__ import annotations\n\n"


def render(
    schema: Path | GraphQLSchema,
    operations_dir: Path,
    output_dir: Path,
    *,
    package: str,
    header: str,
    complete: bool = True,
    facade: Facade | None = None,
) -> None:
    """Write the typed package for ``schema`` and the documents under ``operations_dir`` into ``output_dir``.

    ``schema`` is a file or what was read from one; ``output_dir`` must be empty. ``complete`` demands an operation for
    every root field of the schema; leave it off for a user's own documents. ``facade`` is a module with ready client
    classes to add. Raises `SchemaError`, with everything wrong in it, before any file is written.
    """
    documents = read_documents(read_schema(schema) if isinstance(schema, Path) else schema, operations_dir)
    if complete:
        check_complete(documents, operations_dir)
    check_names(documents, operations_dir, package)
    try:
        rendered = _Package(documents, facade)
        modules = rendered.modules()
    except SchemaError as error:
        raise error.in_file(operations_dir) from None
    if output_dir.exists() and any(output_dir.iterdir()):
        raise SchemaError(f"{output_dir.name} is not empty", remedy="give an empty output directory")
    write_package(output_dir, header, modules, rendered.stubs)


class Facade(Protocol):
    """A module with ready client classes (`typedpipes_codegen.own.facade`)."""

    @property
    def names(self) -> tuple[str, ...]:
        """The classes it defines."""
        ...

    def lines(self) -> list[str]:
        """Its unformatted source, without the header."""
        ...


class _Package:
    """Collects the source of every module of one package."""

    def __init__(self, documents: Documents, facade: Facade | None = None) -> None:
        self.documents = documents
        self.facade = facade
        self.generator = Generator(documents)
        self.index = ModelIndex()
        self.paths = dict(fragment_modules(documents))
        self.own: dict[str, str] = {}
        """Every generated class -> its module."""
        self.wrappers: set[str] = set()
        """Result classes no method returns, because it returns what their one field holds."""
        self.stubs: dict[str, str] = {}
        """What type checkers see in place of a module."""
        self.roots = Roots(None, None)

    def modules(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path, text in (("enums", self._enums()), ("inputs", self._inputs()), ("input_dicts", self._input_dicts())):
            if path in self.own.values():
                found[path] = text
        selections = Selections(self.documents.schema, dict(self.own))
        self.roots = selections.roots()
        found[SELECT], self.stubs[SELECT] = selections.table(), selections.stub()
        models = self._models()
        results = self._results()
        self.index.check_fields()
        for module, names in models:
            found[module.path] = self._model_source(module, names)
        methods: dict[str, Method] = {}
        for operation, module in results:
            found[module.path] = self._operation_source(operation, module)
            methods[pascal_case(operation_name(operation))] = self._method(operation, module)
        found["client"] = self._client(SYNC, methods)
        found["async_client"] = self._client(ASYNC, methods)
        if models:
            found["models.__init__"] = '"""Models shared by several operations."""\n'
        found["operations.__init__"] = '"""One module per operation: its document and what only it returns."""\n'
        if self.facade is not None:
            self._claim(self.facade.names, "_facade")
            found["_facade"] = "\n".join([*self.facade.lines(), ""])
        found["__init__"] = init_source({name: path for name, path in self.own.items() if name not in self.wrappers})
        return found

    def _claim(self, names: Iterable[str], module: str) -> None:
        for name in names:
            if name in self.own:
                raise SchemaError(
                    f"two classes would be called {name}: one in {self.own[name]}, one in {module}",
                    remedy="rename the fragment or operation",
                )
            self.own[name] = module

    def _enums(self) -> str:
        classes = self.generator.enums()
        self._claim((node.name for node in classes), "enums")
        parts = [source(classes)]
        for type_ in self.documents.schema.type_map.values():
            if isinstance(type_, GraphQLEnumType) and not type_.name.startswith("__"):
                name = f"{pascal_case(type_.name)}Literal"
                self._claim([name], "enums")
                parts.append(f"{name}: TypeAlias = Literal[{', '.join(repr(value) for value in type_.values)}]\n")
        names = ("ClassVar", "Literal", "OpenEnum", "TypeAlias", "member")
        return FUTURE + imports(names, {}, "enums") + "\n" + "\n".join(parts)

    def _inputs(self) -> str:
        classes = self.generator.inputs()
        self._claim((node.name for node in classes), "inputs")
        names = {name for node in classes for name in names_in(node)}
        return (
            imports(names, self.own, "inputs")
            + "\n"
            + models_source(with_forward_references(classes), serialized=False)
        )

    def _input_dicts(self) -> str:
        """The dictionary form of every input: wire names, nothing to import at run time."""
        parts: list[str] = []
        for type_ in self._input_types():
            name = f"{pascal_case(type_.name)}Dict"
            self._claim([name], "input_dicts")
            entries = []
            for key, field in type_.fields.items():
                annotation = input_type(field.type, "dict")
                optional = annotation.endswith("| None") or has_default(field)
                entries.append((key, f"NotRequired[{annotation}]" if optional else annotation))
            if all(key.isidentifier() and not keyword.iskeyword(key) for key, _ in entries):
                body = "\n".join(f"    {key}: {annotation}" for key, annotation in entries) or "    pass"
                parts.append(f"class {name}(TypedDict):\n{body}\n")
            else:
                body = ", ".join(f"{key!r}: {annotation!r}" for key, annotation in entries)
                parts.append(f"{name} = TypedDict({name!r}, {{{body}}})\n")
        names = {"NotRequired", "Sequence", "TypedDict", "JsonInput"} | {
            name for name, module in self.own.items() if module == "enums"
        }
        return FUTURE + imports(names, self.own, "input_dicts") + "\n" + "\n\n".join(parts)

    def _input_types(self) -> list[GraphQLInputObjectType]:
        types = self.documents.schema.type_map.values()
        found = [type_ for type_ in types if isinstance(type_, GraphQLInputObjectType)]
        return sorted(found, key=lambda type_: type_.name)

    def _models(self) -> list[tuple[ModelModule, list[str]]]:
        """One module per file of fragments, each with the names of its fragments."""
        modules: list[tuple[ModelModule, list[str]]] = []
        by_path: dict[str, tuple[ModelModule, list[str]]] = {}
        for name, path in self.paths.items():
            if path not in by_path:
                by_path[path] = (ModelModule(path), [])
                modules.append(by_path[path])
            classes = self.index.add(path, self.generator.results(self.documents.fragments[name]), {}).classes
            self._claim((node.name for node in classes), path)
            by_path[path][0].classes += classes
            by_path[path][1].append(name)
        return modules

    def _results(self) -> list[tuple[OperationDefinitionNode, ModelModule]]:
        found = []
        for operation in self.documents.operations:
            path = f"operations.{method_name(operation_name(operation))}"
            classes = self.generator.results(operation)
            module = self.index.add(path, classes, plain_names(operation, classes))
            self._claim(module.names, path)
            found.append((operation, module))
        return found

    def _model_source(self, module: ModelModule, fragments: list[str]) -> str:
        texts = "".join(
            f"    {name!r}: {text_literal(print_ast(self.documents.fragments[name]))},\n" for name in sorted(fragments)
        )
        classes = ordered(module.classes)
        names = {name for node in classes for name in names_in(node)}
        body = models_source(classes, serialized=True) if classes else ""
        return f"{imports(names, self.own, module.path)}\n{body}\n\nFRAGMENTS = {{\n{texts}}}\n"

    def _operation_source(self, operation: OperationDefinitionNode, module: ModelModule) -> str:
        classes = ordered(module.classes)
        names = {name for node in classes for name in names_in(node)} | {"GraphQLOperation", "Final"}
        used = [(self.paths[name], name) for name in self.documents.spread(operation)]
        lines = "".join(
            f"from ..{path} import FRAGMENTS as {self._constant(path)}\n" for path in sorted({path for path, _ in used})
        )
        text = text_literal(print_ast(operation))
        if used:
            parts = "".join(f"        {self._constant(path)}[{name!r}],\n" for path, name in used)
            text = f'"\\n\\n".join((\n        {text},\n{parts}    ))'
        roots = [response_name(field) for field in root_fields(operation)]
        connection = find_connection(self.documents, operation)
        if connection is not None:
            names.add("Connection")
        times = times_of(self.documents.schema, operation)
        extra = f"    times={times!r},\n" if times else ""
        return (
            f"{imports(names, self.own, module.path)}{lines}\n{models_source(classes, serialized=True)}\n\n"
            f"OPERATION: Final = GraphQLOperation(\n"
            f"    name={operation_name(operation)!r},\n    kind={operation.operation.value!r},\n"
            f"    roots={tuple(roots)!r},\n"
            f"    document={text},\n    result={result_class(operation)},\n"
            f"    connection={None if connection is None else connection.source()},\n{extra})\n"
        )

    def _constant(self, path: str) -> str:
        """What a module of fragments is called where an operation uses them: not as a class is."""
        name = path.rpartition(".")[2].upper()
        return f"{name}_FRAGMENTS" if name in self.own else name

    def _method(self, operation: OperationDefinitionNode, module: ModelModule) -> Method:
        result = result_class(operation)
        node = next(item for item in module.classes if item.name == result)
        targets = [item.target for item in node.body if isinstance(item, ast.AnnAssign)]
        attributes = [target.id for target in targets if isinstance(target, ast.Name)]
        single = attributes[0] if len(attributes) == 1 else None
        if single:
            self.wrappers.add(result)
        connection = find_connection(self.documents, operation)
        return Method(
            module=method_name(operation_name(operation)),
            returns=self.index.annotation(result, single) if single else result,
            attribute=single,
            summary=summary(self.documents.schema, operation),
            deprecated=deprecation(self.documents.schema, operation),
            connection=connection,
            items=None if connection is None else item_type(self.index, result, connection),
        )

    def _base(self, flavour: Pass) -> tuple[str, str]:
        """What type checkers are told that a client derives from, and what it does; its root types are not imported."""
        base = "AsyncSelectingClient" if flavour.asynchronous else "SelectingClient"
        roots = [
            f"from .{SELECT} import {root} as _{kind}\n" if root else f"from typing import Never as _{kind}\n"
            for kind, root in (("Query", self.roots.query), ("Mutation", self.roots.mutation))
        ]
        return "".join([*roots, f"\n_Base: TypeAlias = {base}[_Query, _Mutation]\n"]), f"_Base = {base}\n"

    def _client(self, flavour: Pass, methods: dict[str, Method]) -> str:
        node = self.generator.client(flavour, methods)
        for method in node.body:
            if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.returns is not None:
                method.returns = ast.parse(ast.unparse(method.returns), mode="eval").body
        here = "async_client" if flavour.asynchronous else "client"
        node.bases = [ast.Name("_Base")]
        names = names_in(node) | {"AsyncSelectingClient" if flavour.asynchronous else "SelectingClient", "TypeAlias"}
        evaluated = {"AsyncSelectingClient", "SelectingClient", "UNSET", "deprecated"}
        typed = names - evaluated
        node.body.insert(0, ast.Expr(ast.Constant("A method per operation; each returns what its root field holds.")))
        lines = imports({*(names & evaluated), "TYPE_CHECKING"}, {}, here)
        typed_base, plain_base = self._base(flavour)
        checking = "".join(f"    {line}\n" for line in (imports(typed, self.own, here) + typed_base).splitlines())
        guard = f"\nif TYPE_CHECKING:\n{checking}else:\n    {plain_base}\n"
        self._claim([flavour.class_name], here)
        return FUTURE + lines + guard + source([node])
