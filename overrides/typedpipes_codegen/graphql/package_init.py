"""The package's ``__init__``: every public name, imported when it is first used."""

from __future__ import annotations

from collections.abc import Mapping


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
