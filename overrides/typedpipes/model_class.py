"""How generated model classes are made: as `msgspec.Struct` types, which msgspec fills from JSON in C.

They are attrs classes to everybody else: `attrs.has`, `fields`, `asdict` and `evolve` work, because the attributes
attrs describes a class with are made when first asked for. (`attrs.define` itself takes 0.27 ms a class, and importing
one module of Pipedrive makes 200 of them; this takes 0.05 ms.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # To type checkers models are what their decorator says, attrs classes.
    class Struct: ...

    class StructMeta(type): ...
else:
    from msgspec import Struct, StructMeta


class _Attributes:
    """``__attrs_attrs__``, made by attrs itself on first use."""

    def __get__(self, instance: object, owner: ModelClass) -> tuple[Any, ...]:
        import attrs

        field: Any = attrs.field  # typed for classes only; annotations are strings here, as in any attrs class
        fields = {
            name: field(default=owner._defaults_.get(name, attrs.NOTHING), type=owner._hints_[name])
            for name in owner._fields_
        }
        made = attrs.make_class(owner.__name__, fields, kw_only=True, eq=False, repr=False)
        attributes: tuple[Any, ...] = attrs.fields(made)
        owner.__attrs_attrs__ = attributes
        return attributes


_ATTRIBUTES: Final = _Attributes()


class ModelClass(StructMeta):
    """Makes each annotated name of a class body a field, and its value a default."""

    _fields_: tuple[str, ...]
    """Attribute names in the order of the schema."""
    _defaults_: dict[str, object]
    """Defaults of the attributes that need not be given."""
    _hints_: dict[str, str]
    """Annotations as written; names in them are those of the class's module."""
    _native_: bool
    """Whether msgspec takes the wire names: it refuses quotes, backslashes and control characters."""
    __attrs_attrs__: tuple[Any, ...]

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> ModelClass:
        parents = [base for base in bases if isinstance(base, ModelClass)]
        if not parents:
            # A struct's fields are JSON's; what `Model` itself remembers lies in slots beside them.
            slots = {key: namespace.pop(key) for key in ("__slots__", "__annotations__")}
            return _make(cls, name, (type("Slots", (), {"__slots__": slots["__slots__"]}), Struct), namespace)
        if namespace.get("__attrs_attrs__", _ATTRIBUTES) is not _ATTRIBUTES:
            raise TypeError(f"{name}: decorate models with typedpipes.runtime.define, not with attrs.define")
        annotations = namespace.get("__annotations__", {})
        hints = {key: hint for key, hint in annotations.items() if not hint.startswith("ClassVar")}
        defaults = {key: namespace[key] for key in hints if key in namespace}
        for base in parents:
            hints = {**base._hints_, **hints}
            defaults = {**base._defaults_, **defaults}
        namespace["_fields_"] = tuple(hints)
        namespace["_hints_"] = hints
        namespace["_defaults_"] = defaults
        namespace["__attrs_attrs__"] = _ATTRIBUTES
        wire = namespace.get("_wire_")
        namespace["_native_"] = plain = wire is None or all(map(_plain, wire.values()))
        return _make(cls, name, bases, namespace, wire if plain else None)

    if not TYPE_CHECKING:  # a type checker would lose the constructor's parameters

        def __call__(cls, /, *misplaced, **values):
            try:
                return StructMeta.__call__(cls, *misplaced, **values)
            except TypeError:
                raise TypeError(_complaint(cls, misplaced, values)) from None


def _make(
    cls: type[ModelClass],
    name: str,
    bases: tuple[type, ...],
    namespace: dict[str, Any],
    rename: Mapping[str, str] | None = None,
) -> ModelClass:
    make: Any = StructMeta.__new__
    made: ModelClass = make(cls, name, bases, namespace, kw_only=True, eq=False, rename=rename or None)
    return made


def _plain(name: str) -> bool:
    return '"' not in name and "\\" not in name and not any(char < " " for char in name)


def _complaint(cls: Any, misplaced: tuple[object, ...], values: Mapping[str, object]) -> str:
    """What is wrong with the arguments, in the words a function would use."""
    if misplaced:
        return f"{cls.__name__}() takes keyword arguments only"
    if unknown := ", ".join(repr(key) for key in values if key not in cls._fields_):
        return f"{cls.__name__}() has no argument {unknown}"
    lacking = [name for name in cls._fields_ if name not in values and name not in cls._defaults_]
    return f"{cls.__name__}() lacks the required argument {lacking[0]!r}"


__all__ = ["ModelClass"]
