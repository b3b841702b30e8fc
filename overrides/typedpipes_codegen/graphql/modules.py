"""Which module each fragment's classes go to: one per file of fragments."""

from __future__ import annotations

import re
from pathlib import Path

from typedpipes_codegen.graphql.documents import Documents
from typedpipes_codegen.graphql.names import safe_name, snake_case


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
