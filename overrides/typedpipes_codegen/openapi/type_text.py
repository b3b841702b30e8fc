"""Types as annotations."""

from __future__ import annotations

from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.layout import Layout, Mode

_BUILTIN = frozenset(("str", "int", "float", "bool", "bytes"))


class TypeText:
    """Writes types; inside a class, ``hidden`` names the builtins that its methods hide."""

    def __init__(self, layout: Layout, hidden: frozenset[str] = frozenset()) -> None:
        self._layout = layout
        self._hidden = hidden

    def _builtin(self, name: str) -> str:
        return f"builtins.{name}" if name in self._hidden else name

    def text(self, type_: ir.Type, mode: Mode, *, inside: bool = True) -> str:
        """``type_`` as a request may give it or an answer has it. ``inside``: within a model, where bytes are text."""
        if isinstance(type_, ir.Union):
            parts = dict.fromkeys(self.text(option, mode, inside=inside) for option in type_.options)
            return " | ".join(parts)
        if isinstance(type_, ir.Const):
            return f"Literal[{type_.value!r}]"
        if isinstance(type_, ir.ListOf):
            item = self.text(type_.item, mode, inside=inside)
            return f"Sequence[{item}]" if mode == "request" else f"{self._builtin('list')}[{item}]"
        if isinstance(type_, ir.DictOf):
            value = self.text(type_.value, mode, inside=inside)
            key = self._builtin("str")
            return f"Mapping[{key}, {value}]" if mode == "request" else f"{self._builtin('dict')}[{key}, {value}]"
        if isinstance(type_, ir.Ref):
            return self._named(type_.key, mode)
        if type_.name == "bytes":
            return "FileContent" if mode == "request" else self._builtin("str" if inside else "bytes")
        return self._builtin(type_.name) if type_.name in _BUILTIN else type_.name

    def _named(self, key: str, mode: Mode) -> str:
        component = self._layout.api.components[key]
        name = self._layout.name(key, mode)
        if isinstance(component, ir.Enum):
            if not component.is_text:
                return name if mode == "request" else self._builtin("int")
            return f"{name} | {self._layout.literal(key)}" if mode == "request" else name
        return name

    def optional(self, type_: ir.Type, mode: Mode, *, inside: bool = True) -> str:
        """The type with None, once."""
        text = self.text(type_, mode, inside=inside)
        return text if ir.nullable(type_) else f"{text} | None"
