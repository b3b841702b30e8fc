"""Result classes: ariadne-codegen's classes made few, plainly named and free of forward references.

A class that only repeats a fragment is replaced by the fragment's class; the classes of an operation are named after
the operation and what they hold; every class stands after what it refers to, so annotations are real types when the
module is imported and pydantic has nothing to resolve later.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.documents import Documents
from typedpipes_codegen.graphql.names import number_repeated, safe_name, snake_case, wire_name


@dataclass
class ModelModule:
    """The classes of one generated module, in an order in which each can be defined."""

    path: str
    """Dotted, below the package: ``models.cards`` or ``operations.card``."""
    classes: list[ast.ClassDef] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [node.name for node in self.classes]


class ModelIndex:
    """Every result class of the package by name, and where it is."""

    def __init__(self) -> None:
        self.module_of: dict[str, str] = {}
        self._classes: dict[str, ast.ClassDef] = {}
        self._aliases: dict[str, str] = {}
        self._resolved: dict[str, dict[str, tuple[str, str]]] = {}

    def add(self, path: str, classes: Iterable[ast.ClassDef], rename: Mapping[str, str]) -> ModelModule:
        """Take over the classes of one fragment or operation. Raises `SchemaError` if a name is taken already."""
        module = ModelModule(path)
        kept: list[ast.ClassDef] = []
        for node in classes:
            if (target := self._repeats(node)) is not None:
                self._aliases[node.name] = target
            else:
                kept.append(node)
        names = {**self._aliases, **{node.name: rename.get(node.name, node.name) for node in kept}}
        rewrite = _Rewrite(names)
        for node in kept:
            node.name = names[node.name]
            rewrite.visit(node)
            if node.name in self.module_of:
                raise SchemaError(
                    f"two result classes would be called {node.name}: one for {self.module_of[node.name]}, "
                    f"one for {path}",
                    remedy="rename the fragment or operation, or alias the field the class is named after",
                )
            self.module_of[node.name] = path
            self._classes[node.name] = node
        module.classes = kept
        return module

    def _repeats(self, node: ast.ClassDef) -> str | None:
        """The one class ``node`` derives from, if it adds nothing to it."""
        if len(node.bases) != 1 or not isinstance(node.body[0], ast.Pass):
            return None
        base = node.bases[0]
        name = self._aliases.get(base.id, base.id) if isinstance(base, ast.Name) else ""
        return name if name in self._classes else None

    def check_fields(self) -> None:
        """Number repeated attribute names; raise `SchemaError` where one field is selected in two different ways."""
        for name in self._classes:
            self._fields(name)

    def _fields(self, name: str) -> dict[str, tuple[str, str]]:
        """Attribute -> (wire name, annotation), inherited ones included."""
        if name in self._resolved:
            return self._resolved[name]
        node = self._classes[name]
        inherited: dict[str, tuple[str, str]] = {}
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in self._classes:
                for attribute, entry in self._fields(base.id).items():
                    self._agree(name, attribute, inherited.setdefault(attribute, entry), entry)
        fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
        body: list[ast.AnnAssign] = []
        for statement in fields:
            assert isinstance(statement.target, ast.Name)
            known = inherited.get(statement.target.id)
            if known is not None and known[0] == wire_name(statement):
                self._agree(name, statement.target.id, known, (known[0], ast.unparse(statement.annotation)))
            else:
                body.append(statement)
        number_repeated(body, set(inherited))
        node.body = [*body] or [ast.Pass()]
        own = {
            statement.target.id: (wire_name(statement), ast.unparse(statement.annotation))
            for statement in body
            if isinstance(statement.target, ast.Name)
        }
        self._resolved[name] = {**inherited, **own}
        return self._resolved[name]

    def _agree(self, name: str, attribute: str, one: tuple[str, str], other: tuple[str, str]) -> None:
        if one != other:
            raise SchemaError(
                f"{name}.{attribute} is selected in two ways, as {one[1]} ({one[0]}) and as {other[1]} ({other[0]})",
                remedy="select that field in one place: in one fragment, or beside the fragments, not in both",
            )

    def attribute(self, name: str, wire: str) -> str:
        """The Python name of the field that is ``wire`` in the answer."""
        return next(attribute for attribute, entry in self._fields(name).items() if entry[0] == wire)

    def annotation(self, name: str, attribute: str) -> str:
        """The type of one field of a class, without what only pydantic reads."""
        tree = ast.parse(self._fields(name)[attribute][1], mode="eval")
        return ast.unparse(_Plain().visit(tree))


def ordered(classes: Iterable[ast.ClassDef]) -> list[ast.ClassDef]:
    """``classes`` so that each stands after those it refers to, otherwise by name."""
    waiting = {node.name: node for node in sorted(classes, key=lambda node: node.name)}
    result: list[ast.ClassDef] = []
    placed: set[str] = set()

    def place(node: ast.ClassDef) -> None:
        if node.name in placed:
            return
        placed.add(node.name)
        for name in sorted(names_in(node)):
            if name in waiting:
                place(waiting[name])
        result.append(node)

    for node in waiting.values():
        place(node)
    return result


def with_forward_references(classes: Iterable[ast.ClassDef]) -> list[ast.ClassDef]:
    """``classes`` in order, with quotes where types refer to each other in circles (inputs may, results cannot)."""
    result = ordered(classes)
    own = {node.name for node in result}
    defined: set[str] = set()
    for node in result:
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign) and (names_in(statement.annotation) & own) - defined:
                statement.annotation = ast.Constant(ast.unparse(statement.annotation))
        defined.add(node.name)
    return result


def names_in(node: ast.AST) -> set[str]:
    """Every name ``node`` refers to."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


class _Rewrite(ast.NodeTransformer):
    """Unquote forward references (ariadne-codegen quotes inside `ast.Name`), and apply the new names."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        name = node.id.strip('"')
        if name == "BaseModel":
            return ast.Name("ResultModel")
        return ast.Name(self._names.get(name, name))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "Literal":
            elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            values = [ast.Constant(part.id.strip('"')) for part in elements if isinstance(part, ast.Name)]
            node.slice = ast.Tuple(list(values)) if len(values) > 1 else values[0]
            return node
        self.generic_visit(node)
        return node


class _Plain(ast.NodeTransformer):
    """``Annotated[X, ...]`` -> ``X``."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id == "Annotated" and isinstance(node.slice, ast.Tuple):
            return node.slice.elts[0]
        return node


# Which module each fragment's classes go to: one per file of fragments.


def fragment_modules(documents: Documents) -> list[tuple[str, str]]:
    """(fragment, module) pairs, each fragment after those it spreads.

    Files that use each other's fragments share a module, named after the first of them: modules cannot import in
    circles.
    """
    module = {name: _module_name(documents.files[name]) for name in documents.fragments}
    uses = {name: set(documents.spread(documents.fragments[name])) for name in documents.fragments}
    merged = _without_circles({path: set() for path in module.values()}, module, uses)
    order = sorted(documents.fragments, key=lambda name: (len(uses[name]), name))
    return [(name, f"models.{merged[module[name]]}") for name in order]


def _without_circles(reach: dict[str, set[str]], module: dict[str, str], uses: dict[str, set[str]]) -> dict[str, str]:
    for name, used in uses.items():
        reach[module[name]] |= {module[other] for other in used}
    changed = True
    while changed:
        changed = False
        for seen in reach.values():
            wider = seen.union(*(reach[path] for path in seen))
            if wider - seen:
                seen |= wider
                changed = True
    return {
        path: min(other for other in reach if other == path or (other in reach[path] and path in reach[other]))
        for path in reach
    }


def _module_name(file: Path) -> str:
    words = snake_case(re.sub(r"[^A-Za-z0-9]+", "_", file.stem))
    name = words if words[:1].isalpha() else f"fragments_{words}".rstrip("_")
    return safe_name(name)
