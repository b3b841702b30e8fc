"""What a generated package holds, read from its source: which method runs which operation, and which class is which
GraphQL type."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
from graphql import GraphQLSchema, get_named_type, is_composite_type

from typedpipes_codegen.errors import SchemaError

_FRAGMENT = re.compile(r"\s*fragment (\w+) on (\w+)")
_Assigned = ast.Assign | ast.AnnAssign


@attrs.frozen
class Operation:
    """An operation as its package knows it."""

    name: str
    """Dotted method name (``deals.list``), or the name of a GraphQL operation (``Card``)."""
    roots: tuple[str, ...] = ()
    """GraphQL: root fields."""


@attrs.frozen
class Generated:
    """Facts of one package."""

    methods: Mapping[tuple[str, str], Operation]
    """(full class name, method) to the operation that the method runs."""
    types: Mapping[str, frozenset[str]]
    """GraphQL: full class name to the types whose values it holds."""


def read_generated(package: str, schema: GraphQLSchema | None) -> Generated:
    """Read the installed package of that import name; ``schema`` is the GraphQL schema it was made from, if any.

    Raises `SchemaError` when it is not installed.
    """
    folder = _folder(package)
    if schema is None:
        return Generated(dict(_rest_methods(package, folder)), {})
    modules = _graphql_modules(package, folder)
    operations = {name: item for name, item in _graphql_operations(modules, f"{package}.operations.").items() if item}
    methods = dict(_graphql_methods(package, modules, operations))
    return Generated(methods, _Types(schema, modules).walk(package))


def _folder(package: str) -> Path:
    try:
        found = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        found = None
    if found is None or not found.submodule_search_locations:
        raise SchemaError(f"there is no package {package!r} to look for uses of", remedy=f"install it for {sys.prefix}")
    return Path(found.submodule_search_locations[0])


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _rest_methods(package: str, folder: Path) -> Iterator[tuple[tuple[str, str], Operation]]:
    for path in sorted(folder.glob("*.py")):
        tree = _parse(path)
        constants = {
            node.target.id: Operation(name)
            for node in tree.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            if (name := _keyword(node.value, "name"))
        }
        seen: dict[tuple[str, str], Operation] = {}
        for node in tree.body:
            for item in node.body if isinstance(node, ast.ClassDef) else ():
                assert isinstance(node, ast.ClassDef)
                for name, operation in _class_item(item, constants, seen):
                    seen[node.name, name] = operation
        for (cls, name), operation in seen.items():
            yield (f"{package}.{path.stem}.{cls}", name), operation


def _class_item(
    item: ast.stmt, constants: Mapping[str, Operation], seen: Mapping[tuple[str, str], Operation]
) -> Iterator[tuple[str, Operation]]:
    """A method that names an operation, or a raw one made from such a method (``raw_method(Deals.list)``)."""
    names = {node.id for node in ast.walk(item) if isinstance(node, ast.Name)}
    places = [
        (node.value.id, node.attr)
        for node in ast.walk(item)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    found = [constants[name] for name in sorted(names & constants.keys())]
    found += [seen[place] for place in places if place in seen]
    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from ((item.name, operation) for operation in found[:1])
    elif isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
        yield from ((item.targets[0].id, operation) for operation in found[:1])


def _keyword(value: ast.expr | None, name: str) -> str | None:
    """The string passed as ``name`` in a call."""
    for keyword in value.keywords if isinstance(value, ast.Call) else ():
        if keyword.arg == name and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str):
            return keyword.value.value
    return None


def _graphql_modules(package: str, folder: Path) -> dict[str, ast.Module]:
    return {
        ".".join((package, *path.relative_to(folder).with_suffix("").parts)): _parse(path)
        for path in sorted(folder.rglob("*.py"))
    }


def _graphql_operations(modules: Mapping[str, ast.Module], prefix: str) -> dict[str, Operation | None]:
    return {name: _declared(tree) for name, tree in modules.items() if name.startswith(prefix)}


def _declared(tree: ast.Module) -> Operation | None:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "OPERATION":
            name = _keyword(node.value, "name")
            assert isinstance(node.value, ast.Call)
            roots = [keyword.value for keyword in node.value.keywords if keyword.arg == "roots"]
            return Operation(name or "", ast.literal_eval(roots[0]) if roots else ())
    return None


def _graphql_methods(
    package: str, modules: Mapping[str, ast.Module], operations: Mapping[str, Operation]
) -> Iterator[tuple[tuple[str, str], Operation]]:
    for module in (f"{package}.client", f"{package}.async_client"):
        for cls in modules[module].body if module in modules else ():
            for item in cls.body if isinstance(cls, ast.ClassDef) else ():
                for node in ast.walk(item):
                    source = f"{package}.{node.module}" if isinstance(node, ast.ImportFrom) else ""
                    if source in operations and isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                        assert isinstance(cls, ast.ClassDef)
                        yield (f"{module}.{cls.name}", item.name), operations[source]


class _Types:
    """Follows the annotations of result classes from the roots and fragments, whose types are known."""

    def __init__(self, schema: GraphQLSchema, modules: Mapping[str, ast.Module]) -> None:
        self._schema = schema
        self._classes: dict[str, tuple[str, ast.ClassDef]] = {}
        self._found: dict[str, set[str]] = {}
        self._modules = modules
        for module, tree in modules.items():
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    self._classes[f"{module}.{node.name}"] = (module, node)
        self._imports = {module: _imported(module, tree) for module, tree in modules.items()}

    def walk(self, package: str) -> dict[str, frozenset[str]]:
        for module, tree in self._modules.items():
            for name, kind in _fragments(tree):
                self._mark(f"{module}.{name}", kind)
            operation = _declared(tree) if module.startswith(f"{package}.operations.") else None
            if operation:
                for root in (self._schema.query_type, self._schema.mutation_type):
                    if root and operation.roots and set(operation.roots) <= root.fields.keys():
                        self._mark_result(module, tree, root.name)
        return {name: frozenset(kinds) for name, kinds in self._found.items()}

    def _mark_result(self, module: str, tree: ast.Module, kind: str) -> None:
        for node in tree.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
                for keyword in node.value.keywords:
                    if keyword.arg == "result" and isinstance(keyword.value, ast.Name):
                        self._mark(self._full(module, keyword.value.id), kind)

    def _mark(self, name: str, kind: str) -> None:
        place = self._classes.get(name)
        if place is None or kind in self._found.setdefault(name, set()):
            return
        module, node = place
        own = _concrete(node)
        if own is not None and own != kind and own in self._schema.type_map:
            self._mark(name, own)
            return
        self._found[name].add(kind)
        for base in node.bases:
            if isinstance(base, ast.Name):
                self._mark(self._full(module, base.id), kind)
        fields = getattr(self._schema.type_map.get(kind), "fields", {})
        by_name = {normal(field): item for field, item in fields.items()}
        for item in node.body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                wire = _keyword(item.value, "validation_alias") or item.target.id
                field = by_name.get(normal(wire))
                if field is not None and is_composite_type(get_named_type(field.type)):
                    for inner in ast.walk(item.annotation):
                        if isinstance(inner, ast.Name):
                            self._mark(self._full(module, inner.id), get_named_type(field.type).name)

    def _full(self, module: str, name: str) -> str:
        return self._imports[module].get(name, f"{module}.{name}")


def _imported(module: str, tree: ast.Module) -> dict[str, str]:
    """Names imported from modules of the same package, with the class each stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = ".".join(module.split(".")[: -node.level])
            for alias in node.names:
                names[alias.asname or alias.name] = ".".join(filter(None, (base, node.module, alias.name)))
    return names


def _fragments(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (match := _FRAGMENT.match(node.value)):
            yield match[1], match[2]


def _concrete(node: ast.ClassDef) -> str | None:
    """The type that a class of a union is for: its ``typename__: Literal["PublicCard"]``."""
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name) and item.target.id == "typename__":
            names = [inner.value for inner in ast.walk(item.annotation) if isinstance(inner, ast.Constant)]
            return str(names[0]) if len(names) == 1 else None
    return None


def normal(name: str) -> str:
    """A name without case and separators: the same for a wire name and the Python name made of it."""
    return re.sub(r"[^0-9a-z]", "", name.lower())
