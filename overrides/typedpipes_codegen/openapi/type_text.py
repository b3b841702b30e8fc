"""Python types as source: models, enums, aliases, and the annotation of a value."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.layout import Layout, Mode
from typedpipes_codegen.openapi.naming import enum_member
from typedpipes_codegen.openapi.source import docstring, literal


def component_lines(layout: Layout, module: str) -> tuple[list[str], list[str]]:
    """The source of every component of one module, and the names it defines. Aliases stand behind the classes."""
    types = TypeText(layout)
    lines: list[str] = []
    names: list[str] = []
    aliases: list[ir.Alias] = []
    for key, component in layout.api.components.items():
        if layout.module(key) != module:
            continue
        if isinstance(component, ir.Enum):
            found = _enum(layout, component)
            names += [layout.name(key, "response")] + ([layout.literal(key)] if component.is_text else [])
            lines += found
        elif isinstance(component, ir.Model):
            for mode in layout.modes(key):
                lines += _model(layout, types, component, mode)
                names.append(layout.name(key, mode))
            selector = layout.selector(key)
            if selector is not None:
                lines += ["", f"{selector}: TypeAlias = {_choice(tuple(field.wire for field in component.fields))}"]
                names.append(selector)
        else:
            aliases.append(component)
    for alias in _ordered(aliases):
        for mode in layout.modes(alias.key):
            lines += ["", f"{layout.name(alias.key, mode)}: TypeAlias = {types.text(alias.type, mode)}"]
            lines += docstring(alias.description)
            names.append(layout.name(alias.key, mode))
    return lines, names


def _ordered(aliases: list[ir.Alias]) -> list[ir.Alias]:
    """Aliases after those they are made of."""
    known = {alias.key: alias for alias in aliases}
    graph = {key: {name for name in ir.references(alias.type) if name in known} for key, alias in known.items()}
    try:
        return [known[key] for key in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise SchemaError(
            f"{' and '.join(error.args[1])} refer to each other only",
            pointer="/components/schemas",
            remedy="put an object in between",
        ) from None


def _choice(values: tuple[object, ...]) -> str:
    return f"Literal[{', '.join(literal(value) for value in values)}]"


def _enum(layout: Layout, enum: ir.Enum) -> list[str]:
    name = layout.name(enum.key, "response")
    if not enum.is_text:
        return ["", f"{name}: TypeAlias = {_choice(enum.values)}", *docstring(enum.description)]
    lines = ["", "", f"class {name}(OpenEnum):", *docstring(enum.description, "    ")]
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for value in enum.values:
        plain = member = enum_member(str(value))
        while member in taken:
            numbers[plain] = numbers.get(plain, 1) + 1
            member = f"{plain}_{numbers[plain]}"
        taken.add(member)
        lines.append(f"    {member}: ClassVar[{name}] = member({literal(value)})")
    return [*lines, "", "", f"{layout.literal(enum.key)}: TypeAlias = {_choice(enum.values)}"]


def _model(layout: Layout, types: TypeText, model: ir.Model, mode: Mode) -> list[str]:
    base = "OpenModel" if model.is_open and mode == "response" else "Model"
    lines = [
        "",
        "",
        f"class {layout.name(model.key, mode)}({f'{model.mixin}, ' if model.mixin else ''}{base}):",
        *docstring(model.description, "    "),
    ]
    fields = [field for field in model.fields if field.is_in(mode)]
    renamed = {field.name: field.wire for field in fields if field.name != field.wire}
    if renamed:
        lines.append(f"    _wire_ = {literal(renamed)}")
    secrets = [field.name for field in fields if field.secret]
    if secrets:
        lines.append(f"    _secret_ = frozenset({literal(tuple(secrets))})")
    for field in fields:
        lines.append(f"    {field.name}: {_annotation(types, field, mode)}")
        lines += docstring(field.description, "    ")
    return lines if len(lines) > 3 else [*lines, "    pass"]


def _annotation(types: TypeText, field: ir.Field, mode: Mode) -> str:
    if field.required:
        return types.text(field.type, mode)
    if mode == "request":
        return f"{types.text(field.type, mode)} | Unset = UNSET"
    return f"{types.optional(field.type, mode)} = None"


# Types as annotations.

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
