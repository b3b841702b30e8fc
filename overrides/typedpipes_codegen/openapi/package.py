"""The files of one package."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

from typedpipes_codegen.openapi.layout import LOOSE, SEAM, SHARED, Layout
from typedpipes_codegen.openapi.naming import clear
from typedpipes_codegen.openapi.resource_text import ResourceText
from typedpipes_codegen.openapi.source import comment, docstring, identifiers, import_from, literal
from typedpipes_codegen.openapi.type_text import component_lines
from typedpipes_codegen.output.formatting import run_ruff

_TYPING: Final = ("Any", "ClassVar", "Final", "Literal", "TypeAlias", "Unpack", "overload")
_QUIET: Final = (
    "# Raw twins name the deprecated methods, and warn when called.",
    '# mypy: disable-error-code="deprecated"',
)
_ABC: Final = ("Mapping", "Sequence")


class Facade(Protocol):
    """A module with ready client classes (`typedpipes_codegen.own.facade`)."""

    @property
    def names(self) -> tuple[str, ...]:
        """The classes it defines."""
        ...

    def lines(self) -> list[str]:
        """Its unformatted source, without the header."""
        ...


class Package:
    """Collects the modules of a package and writes them."""

    def __init__(
        self, layout: Layout, *, api: str, header: str, options_type: str, facade: Facade | None = None
    ) -> None:
        self._layout = layout
        self._api = api
        self._header = header
        self._options = options_type
        self._facade = facade
        self._names: dict[str, list[str]] = {}
        self._files: dict[str, list[str]] = {}

    def files(self) -> dict[str, str]:
        """Name and unformatted text of each file."""
        self._module(SHARED, f"Models of {self._layout.package} that more than one resource uses.")
        for resource in self._layout.resources:
            self._module(resource, f"``{resource}`` of {self._layout.package}: operations, models and enums.")
        self._module(LOOSE, f"Models of {self._layout.package} that no operation refers to.")
        if self._facade is not None:
            self._names["_facade"] = list(self._facade.names)
            self._files["_facade"] = self._facade.lines()
        self._files["__init__"] = self._init()
        texts = {
            f"{name}.py": "\n".join([*comment(self._header), "", *lines, ""]) for name, lines in self._files.items()
        }
        return {**texts, "py.typed": ""}

    def _module(self, module: str, about: str) -> None:
        lines, names = component_lines(self._layout, module)
        if module == SHARED:
            lines, names = [*self._page_options(), *lines], [*self._option_types(), *names]
        if module not in (SHARED, LOOSE):
            text = ResourceText(self._layout, module, api=self._api, options_type=self._options)
            more, defined = text.lines()
            lines, names = [*lines, *more], [*names, *defined]
        if not names:
            return
        self._names[module] = names
        deprecated = any(
            operation.deprecated for operation in self._layout.api.operations if operation.resource[0] == module
        )
        head = [*_QUIET] if deprecated else []
        head += [*docstring(about), "", "from __future__ import annotations", "", *self._imports(module, lines, names)]
        self._files[module] = [*head, *lines, "", f"__all__ = [{', '.join(literal(name) for name in sorted(names))}]"]

    def _option_types(self) -> list[str]:
        styles = {operation.paging.style for operation in self._layout.api.operations if operation.paging is not None}
        return [
            name for name, needed in (("OffsetCallOptions", "offset" in styles), ("PagedCallOptions", styles)) if needed
        ]

    def _page_options(self) -> list[str]:
        lines: list[str] = []
        for name in reversed(self._option_types()):
            if name == "OffsetCallOptions":
                bases, about = "PagedCallOptions, OffsetPageOptions", "The same, where pages can be fetched ahead."
            else:
                bases, about = f"{self._options}, PageOptions", "Options of the methods that walk all pages."
            lines += ["", "", f"class {name}({bases}, total=False):", *docstring(about, "    ")]
        return lines

    def _imports(self, module: str, lines: list[str], names: list[str]) -> Iterable[str]:
        used = identifiers(lines)
        if "builtins" in used:
            yield "import builtins"
        for source, known in (("collections.abc", _ABC), ("typing", _TYPING)):
            found = [name for name in known if name in used]
            if found:
                yield import_from(source, found)
        yield ""
        if seam := (used & SEAM) - set(names):
            yield import_from("typedpipes.runtime", seam)
        for other in (SHARED,) if module != LOOSE else self._names:
            found = [name for name in self._names.get(other, ()) if name in used and name not in names]
            if found and other != module:
                yield import_from(f"{self._layout.package}.{other}", found)

    def _client(self) -> list[str]:
        """The classes of the client: one attribute per resource, imported when first used."""
        body: list[str] = []
        for prefix in ("", "Async"):
            name = prefix + self._layout.root
            body += ["", "", f"class {name}:", *docstring(f"Every resource of {self._layout.package}.", "    ")]
            body += ["", f"    def __init__(self, caller: {prefix}Caller) -> None:", "        self._caller = caller"]
            for resource in self._layout.resources:
                kind = prefix + self._layout.resource((resource,))
                module = f"{self._layout.package}.{resource}"
                body += ["", "    @cached_property", f"    def {clear(resource)}(self) -> {kind}:"]
                body += [f"        from {module} import {kind}", "", f"        return {kind}(self._caller)"]
        return body

    def _init(self) -> list[str]:
        places = {name: module for module, names in self._names.items() for name in names}
        lines = [
            *docstring(f"Generated client of {self._api}. Names are imported from their modules when first used."),
            "",
            "from __future__ import annotations",
            "",
            "from functools import cached_property",
            "from typing import TYPE_CHECKING",
            "",
            "if TYPE_CHECKING:",
        ]
        own = [f"Async{self._layout.root}", self._layout.root]
        for module in sorted(self._names):
            lines.append("    " + import_from(f"{self._layout.package}.{module}", self._names[module], reexport=True))
        pairs = ", ".join(f"{literal(name)}: {literal(places[name])}" for name in sorted(places))
        exported = literal_list(sorted([*own, *places]))
        lines.append("    from typedpipes.runtime import AsyncCaller, Caller")
        return [*lines, "", f"_MODULES = {{{pairs}}}", "", f"__all__ = {exported}", *self._client(), _LAZY]

    def write(self, folder: Path) -> None:
        """Write every file, formatted by the ruff of this interpreter's environment."""
        for name, text in self.files().items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
        run_ruff("format", folder=folder)


_LAZY: Final = """

def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
"""


def literal_list(names: Iterable[str]) -> str:
    return f"[{', '.join(literal(name) for name in names)}]"
