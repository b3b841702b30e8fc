"""The graph of all imports between our own modules: top-level, lazy and type-only ones alike."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

Graph: TypeAlias = Mapping[str, frozenset[str]]


def modules(root: Path) -> dict[str, Path]:
    """Every module below a source root by its dotted name."""
    found = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(path: Path) -> Iterator[str]:
    """The absolute names that a file imports, wherever in it; ``from a import b`` gives ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def import_graph(*roots: Path) -> dict[str, frozenset[str]]:
    """Each module and the modules it imports, among those below the roots."""
    known = {name: path for root in roots for name, path in modules(root).items()}

    def nearest(name: str) -> str | None:
        while name and name not in known:
            name = name.rpartition(".")[0]
        return name or None

    return {
        name: frozenset(found for each in imports_of(path) if (found := nearest(each)) is not None and found != name)
        for name, path in known.items()
    }


def circles(graph: Graph) -> list[list[str]]:
    """The strongly connected components with more than one module, each sorted."""
    order: list[str] = []
    seen: set[str] = set()

    def walk(start: str, edges: Graph, out: list[str]) -> None:
        stack: list[tuple[str, Iterator[str]]] = [(start, iter(sorted(edges[start])))]
        seen.add(start)
        while stack:
            node, rest = stack[-1]
            following = next((each for each in rest if each not in seen), None)
            if following is None:
                out.append(node)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(sorted(edges[following]))))

    for node in sorted(graph):
        if node not in seen:
            walk(node, graph, order)
    back: dict[str, set[str]] = {name: set() for name in graph}
    for name, targets in graph.items():
        for target in targets:
            back[target].add(name)
    reversed_graph = {name: frozenset(sources) for name, sources in back.items()}
    seen.clear()
    found: list[list[str]] = []
    for node in reversed(order):
        if node not in seen:
            component: list[str] = []
            walk(node, reversed_graph, component)
            found.append(sorted(component))
    return sorted(component for component in found if len(component) > 1)
