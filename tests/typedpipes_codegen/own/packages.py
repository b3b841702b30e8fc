"""Making and importing own packages in a test's folder."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from typedpipes_codegen.own import OwnPackage, write_own


@contextmanager
def importable(folder: Path, name: str) -> Iterator[ModuleType]:
    """A package that lies in ``folder``; forgotten afterwards."""
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for module in [module for module in sys.modules if module.partition(".")[0] == name]:
            del sys.modules[module]


@contextmanager
def made(folder: Path, name: str, schema: str, toml: str, suffix: str = ".yaml") -> Iterator[ModuleType]:
    """The package of a schema and a TOML given as text."""
    (folder / f"{name}{suffix}").write_text(schema, encoding="utf-8")
    (folder / f"{name}.toml").write_text(toml, encoding="utf-8")
    write_own(OwnPackage(schema=folder / f"{name}{suffix}", output=folder / name, config=folder / f"{name}.toml"))
    with importable(folder, name) as package:
        yield package
