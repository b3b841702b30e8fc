"""The Python surface of a generated package before and after, compared by griffe: names that code may rely on.

A schema change can be safe on the wire and still rename a class, a method or an argument. ``names.lock`` and the
overlays keep that from happening; this sees it when it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from typedpipes_codegen.errors import SchemaError

if TYPE_CHECKING:
    import griffe


@attrs.frozen(order=True)
class SurfaceChange:
    """One public name whose meaning changed."""

    path: str
    """``typedpipes_api.pipedrive_v2.deals.Deal.title``; for an argument the method and ``(name)``."""
    what: str
    """What happened, in griffe's words: ``public object was removed``, ``parameter is now required``, ..."""
    breaking: bool
    """False for a name that is new, and for an attribute whose type only became narrower."""

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def compare_surfaces(old: Path, new: Path, package: str) -> tuple[SurfaceChange, ...]:
    """What changed between two source trees that both hold ``package`` (import name, dotted), sorted.

    ``old`` and ``new`` are the folders that the package's first name lies in. Names that begin with an underscore are
    not surface. Nothing is imported or executed. Raises `SchemaError` for a missing griffe or package.
    """
    try:
        import griffe
    except ModuleNotFoundError:
        raise SchemaError(
            "comparing surfaces needs griffe, which is not installed",
            remedy='python -m pip install ".[codegen]"',
        ) from None
    before, after = _load(old, package), _load(new, package)
    changes = {
        SurfaceChange(_place(item), item.kind.value.lower(), breaking=True)
        for item in griffe.find_breaking_changes(before, after)
    }
    earlier, later = dict(_members(before)), dict(_members(after))
    changes |= {SurfaceChange(path, "new", breaking=False) for path in later.keys() - earlier.keys()}
    for path in earlier.keys() & later.keys():
        changes |= set(_details(path, earlier[path], later[path]))
    return tuple(sorted(changes))


def _load(folder: Path, package: str) -> griffe.Object | griffe.Alias:
    import griffe

    try:
        return griffe.load(package, search_paths=[folder], allow_inspection=False, resolve_aliases=False)
    except ImportError:
        raise SchemaError(f"there is no package {package!r} here", file=folder, remedy="generate it first") from None


def _place(change: griffe.Breakage) -> str:
    """Where a breakage lies, its argument included."""
    import griffe

    argument = change.old_value if isinstance(change.old_value, griffe.Parameter) else change.new_value
    return f"{change.obj.path}({argument.name})" if isinstance(argument, griffe.Parameter) else change.obj.path


def _members(root: griffe.Object | griffe.Alias) -> Iterator[tuple[str, griffe.Object]]:
    """Every public class, function and attribute below ``root``; imported names belong where they are defined."""
    import griffe

    for member in root.members.values():
        if isinstance(member, griffe.Object) and (member.is_public or member.is_module):
            if not member.is_module:
                yield member.path, member
            yield from _members(member)


def _details(path: str, old: griffe.Object, new: griffe.Object) -> Iterator[SurfaceChange]:
    """What griffe does not compare: the types of attributes, and the arguments of overloads."""
    import griffe

    if isinstance(old, griffe.Attribute) and isinstance(new, griffe.Attribute):
        was, now = _members_of_union(old), _members_of_union(new)
        if was != now:
            what = f"attribute type was {old.annotation}, is {new.annotation}"
            yield SurfaceChange(path, what, breaking=not now < was)
    elif isinstance(old, griffe.Function) and isinstance(new, griffe.Function) and old.overloads and new.overloads:
        for name in sorted(_arguments(old) - _arguments(new)):
            yield SurfaceChange(f"{path}({name})", "parameter was removed", breaking=True)


def _members_of_union(attribute: griffe.Attribute) -> set[str]:
    """``str | None`` as its parts: a type that only lost some (it is never None any more) breaks no reader."""
    return set(str(attribute.annotation).split(" | "))


def _arguments(function: griffe.Function) -> set[str]:
    return {parameter.name for overload in function.overloads or () for parameter in overload.parameters}
