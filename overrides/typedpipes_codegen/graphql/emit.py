"""Writing modules: source text from syntax trees, imports from the names used, one formatting run for the package."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

from typedpipes_codegen.output.formatting import run_ruff

RUFF_RULES = "F401,I,UP006,UP007,UP037,UP045"

SUPPORT = {
    "ClassVar": "typing",
    "Final": "typing",
    "Annotated": "typing",
    "Literal": "typing",
    "NotRequired": "typing",
    "Optional": "typing",
    "Required": "typing",
    "TYPE_CHECKING": "typing",
    "TypeAlias": "typing",
    "TypedDict": "typing",
    "Union": "typing",
    "Unpack": "typing",
    "deprecated": "typing_extensions",
    "Sequence": "collections.abc",
    "Field": "pydantic",
    "AsyncSelectingClient": "typedpipes.graphql_runtime",
    "AsyncPages": "typedpipes.graphql_runtime",
    "CallOptions": "typedpipes.graphql_runtime",
    "Connection": "typedpipes.graphql_runtime",
    "GraphQLOperation": "typedpipes.graphql_runtime",
    "InputModel": "typedpipes.graphql_runtime",
    "JsonInput": "typedpipes.graphql_runtime",
    "JsonValue": "typedpipes.graphql_runtime",
    "OpenEnum": "typedpipes.graphql_runtime",
    "PagedCallOptions": "typedpipes.graphql_runtime",
    "Pages": "typedpipes.graphql_runtime",
    "ResultModel": "typedpipes.graphql_runtime",
    "SelectingClient": "typedpipes.graphql_runtime",
    "member": "typedpipes.graphql_runtime",
    "UNSET": "typedpipes.graphql_runtime",
    "Unset": "typedpipes.graphql_runtime",
}
"""Where the names come from that generated code may use."""


def imports(names: Iterable[str], own: Mapping[str, str], here: str) -> str:
    """The import lines for ``names``; ``own`` maps names of the package to their module, ``here`` is the importer.

    Modules are dotted paths below the package, so the number of dots follows from where the importer stands.
    """
    wanted: dict[str, set[str]] = {}
    for name in names:
        if name in own:
            if own[name] != here:
                wanted.setdefault("." * (here.count(".") + 1) + own[name], set()).add(name)
        elif name in SUPPORT:
            wanted.setdefault(SUPPORT[name], set()).add(name)
    return "".join(f"from {module} import {', '.join(sorted(found))}\n" for module, found in sorted(wanted.items()))


def source(nodes: Iterable[ast.stmt]) -> str:
    """Source text of statements, a blank line between them."""
    return "\n\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in nodes) + "\n"


def models_source(classes: Iterable[ast.ClassDef], *, serialized: bool) -> str:
    """Source text of pydantic classes; ``serialized`` ones are written by wire name too.

    Type checkers take ``alias`` for the name of the constructor's argument, so it becomes ``validation_alias``: the
    argument is the attribute's name.
    """
    return source(_Aliases(serialized).visit(node) for node in classes)


class _Aliases(ast.NodeTransformer):
    def __init__(self, serialized: bool) -> None:
        self._names = ("validation_alias", "serialization_alias") if serialized else ("validation_alias",)

    def visit_Call(self, node: ast.Call) -> ast.Call:
        keywords: list[ast.keyword] = []
        for keyword in node.keywords:
            names = self._names if keyword.arg == "alias" else (keyword.arg,)
            keywords += [ast.keyword(name, keyword.value) for name in names]
        node.keywords = keywords
        return node


def text_literal(text: str) -> str:
    """A Python literal for ``text``: triple-quoted where nothing in it could end or escape the quotes."""
    safe = '"""' not in text and "\\" not in text and not text.endswith('"')
    if safe and all(line.isprintable() for line in text.split("\n")):
        return f'"""{text}"""'
    return repr(text)


def write_package(directory: Path, header: str, modules: Mapping[str, str], stubs: Mapping[str, str]) -> None:
    """Write ``modules`` and ``stubs`` (dotted path below the package -> source) and format them all at once."""
    comment = "".join(f"# {line}\n" for line in header.splitlines())
    files = [(f"{path.replace('.', '/')}.py", text) for path, text in modules.items()]
    files += [(f"{path.replace('.', '/')}.pyi", text) for path, text in stubs.items()]
    for name, text in files:
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{comment}{text}", encoding="utf-8", newline="\n")
    (directory / "py.typed").write_text("", encoding="utf-8")
    run_ruff("check", "--fix", "--select", RUFF_RULES, "--ignore-noqa", folder=directory)
    run_ruff("format", folder=directory)


# The package's ``__init__``: every public name, imported when it is first used.


def init_source(modules: Mapping[str, str]) -> str:
    """Source of ``__init__`` for ``modules``, which maps each public name to its dotted module."""
    by_module: dict[str, list[str]] = {}
    for name, module in modules.items():
        by_module.setdefault(module, []).append(name)
    typed = "".join(
        f"    from .{module} import {', '.join(f'{name} as {name}' for name in sorted(names))}\n"
        for module, names in sorted(by_module.items())
    )
    table = "".join(f"    {name!r}: {'.' + module!r},\n" for name, module in sorted(modules.items()))
    return (
        '"""Typed operations. Modules are imported when a name of theirs is first used."""\n\n'
        "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\n"
        f"if TYPE_CHECKING:\n{typed}\n_MODULES = {{\n{table}}}\n\n{_LAZY}"
    )


_LAZY = """
if not TYPE_CHECKING:
    __all__ = sorted(_MODULES)

    def __getattr__(name):
        from importlib import import_module

        module = _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(module, __name__), name)
        globals()[name] = value
        return value

    def __dir__():
        return __all__
"""
