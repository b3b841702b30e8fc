"""attrs classes without attrs' cost at import: `define`, `frozen`, `field` and `evolve` as attrs has them.

``attrs.frozen`` takes half a millisecond a class, and importing attrs itself ten; a client that is constructed passes
twenty such classes (measured: a quarter of the whole start). Here a class gets its slots at once, its constructor when
the first instance is made, and the attributes attrs describes it with when somebody asks: `attrs.has`, `fields`,
`asdict` and `evolve` work. Supported is what this package uses: ``kw_only``, ``eq``, ``repr``, defaults, ``factory``,
``__attrs_post_init__``, inheritance, ``super()`` in methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attrs import define as define
    from attrs import evolve as evolve
    from attrs import field as field
    from attrs import frozen as frozen
else:
    from operator import attrgetter

    _NOTHING = object()

    class _Factory:
        __slots__ = ("make",)

        def __init__(self, make):
            self.make = make

    class _Attributes:
        """``__attrs_attrs__``, made by attrs itself on first use."""

        def __get__(self, instance, owner):
            import attrs

            fields = {}
            for name, hint in owner._record_.items():
                default = owner._defaults_.get(name, attrs.NOTHING)
                if type(default) is _Factory:
                    default = attrs.Factory(default.make)
                fields[name] = attrs.field(default=default, type=hint)
            made = attrs.make_class(owner.__name__, fields, kw_only=owner._keywords_)
            owner.__attrs_attrs__ = attrs.fields(made)
            return owner.__attrs_attrs__

    _ATTRIBUTES = _Attributes()

    def field(*, factory):
        """A default made anew for each instance."""
        return _Factory(factory)

    def evolve(record, /, **changes):
        """As `attrs.evolve`."""
        return type(record)(**{**record.__getstate__(), **changes})

    def frozen(cls=None, /, *, kw_only=False):
        """As `attrs.frozen`."""
        return _decorated(cls, kw_only=kw_only, fixed=True, eq=True, repr=True)

    def define(cls=None, /, *, kw_only=False, eq=True, repr=True):
        """As `attrs.define`."""
        return _decorated(cls, kw_only=kw_only, fixed=False, eq=eq, repr=repr)

    def _decorated(cls, **options):
        return _make(cls, **options) if cls is not None else lambda given: _make(given, **options)

    def _make(cls, *, kw_only, fixed, eq, repr):
        own = {name: hint for name, hint in cls.__dict__.get("__annotations__", {}).items() if "ClassVar" not in hint}
        space = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
        defaults = {name: space.pop(name) for name in own if name in space}
        space["_defaults_"] = {**getattr(cls, "_defaults_", {}), **defaults}
        space["_record_"] = hints = {**getattr(cls, "_record_", {}), **own}
        space["_keywords_"] = kw_only
        space["__slots__"] = tuple(own) if len(hints) > len(own) else (*own, "__weakref__")
        space["__attrs_attrs__"] = _ATTRIBUTES
        space["__getstate__"] = _getstate
        space["__setstate__"] = _setstate
        if not kw_only:
            space["__match_args__"] = tuple(hints)
        if eq:
            space["_values_"] = _values(hints)
            space["__eq__"] = _eq
            space["__hash__"] = _hash if fixed else None
        if repr and "__repr__" not in space:
            space["__repr__"] = _repr
        if fixed:
            space["__setattr__"] = _refuse
            space["__delattr__"] = _refuse

        def __init__(self, *args, **values):
            made.__init__ = _constructor(made, fixed)
            made.__init__(self, *args, **values)

        space["__init__"] = __init__
        made = type(cls)(cls.__name__, cls.__bases__, space)
        for value in cls.__dict__.values():
            for cell in getattr(value, "__closure__", None) or ():
                if cell.cell_contents is cls:  # what super() without arguments looks at
                    cell.cell_contents = made
        return made

    def _constructor(cls, fixed):
        scope = {"_set": object.__setattr__, "_NOTHING": _NOTHING}
        signature, body = [], []
        for name in cls._record_:
            default = cls._defaults_.get(name, _NOTHING)
            value = name
            if type(default) is _Factory:
                scope[f"_make_{name}"] = default.make
                default, value = _NOTHING, f"_make_{name}() if {name} is _NOTHING else {name}"
                signature.append(f"{name}=_NOTHING")
            elif default is _NOTHING:
                signature.append(name)
            else:
                scope[f"_default_{name}"] = default
                signature.append(f"{name}=_default_{name}")
            body.append(f" _set(self, {name!r}, {value})" if fixed else f" self.{name} = {value}")
        if hasattr(cls, "__attrs_post_init__"):
            body.append(" self.__attrs_post_init__()")
        star = "*, " if cls._keywords_ and signature else ""
        text = f"def __init__(self, {star}{', '.join(signature)}):\n" + ("\n".join(body) or " pass")
        exec(text, scope)  # names of our own classes, not data
        made = scope["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        return made

    def _values(hints):
        if len(hints) > 1:
            return property(attrgetter(*hints))
        return property(lambda self: tuple(getattr(self, name) for name in hints))

    def _eq(self, other):
        return self._values_ == other._values_ if other.__class__ is self.__class__ else NotImplemented

    def _hash(self):
        return hash((self.__class__, self._values_))

    def _repr(self):
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._record_)
        return f"{type(self).__name__}({shown})"

    def _refuse(self, name, value=None):
        from attrs.exceptions import FrozenInstanceError

        raise FrozenInstanceError

    def _getstate(self):
        return {name: getattr(self, name) for name in self._record_}

    def _setstate(self, state):
        for name, value in state.items():
            object.__setattr__(self, name, value)


__all__ = ["define", "evolve", "field", "frozen"]
