"""Finds and loads the checked-in schemas: package data first, else the ``schemas`` folder of a checkout."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from typedpipes_sandbox.schema.overlay import apply_overlay

#: a folder to read instead, for people who try the sandbox on schemas of their own
FOLDER_VARIABLE = "TYPEDPIPES_SANDBOX_SCHEMAS"

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SchemaMissing(LookupError):
    """A schema document is in neither place the sandbox looks in."""


def folders() -> list[Path]:
    """Where documents are looked for, in this order."""
    package = Path(__file__).resolve().parents[1]
    chosen = os.environ.get(FOLDER_VARIABLE)
    places = [package / "_schemas", package.parent.parent / "schemas"]
    return [Path(chosen), *places] if chosen else places


def read_document(name: str) -> str:
    """The text of one document such as ``pipedrive/v2.yaml``, plain or gzipped. Raises :class:`SchemaMissing`."""
    for folder in folders():
        plain = folder / name
        if plain.is_file():
            return plain.read_text(encoding="utf-8")
        packed = folder / f"{name}.gz"
        if packed.is_file():
            return gzip.decompress(packed.read_bytes()).decode()
    looked = ", ".join(str(folder) for folder in folders())
    raise SchemaMissing(f"schema {name} not found in {looked}; set {FOLDER_VARIABLE} to the folder that holds it")


def _optional(name: str) -> str | None:
    try:
        return read_document(name)
    except SchemaMissing:
        return None


_LOADING = threading.RLock()
_LOADED: dict[str, dict[str, Any]] = {}


def load_openapi(name: str) -> dict[str, Any]:
    """The effective OpenAPI document (canonical form plus overlay), e.g. ``pipedrive/v2``. Shared: do not change it.

    The overlay of ``pipedrive/v2`` is ``pipedrive/overlay-v2.yaml``; there need not be one. Reading YAML takes half a
    second for the largest document, so the result is kept as JSON in the user's cache folder, named by content.
    """
    with _LOADING:
        if name not in _LOADED:
            _LOADED[name] = _effective(name)
        return _LOADED[name]


def _effective(name: str) -> dict[str, Any]:
    folder, _, stem = name.rpartition("/")
    text = read_document(f"{name}.yaml")
    overlay = _optional(f"{folder}/overlay-{stem}.yaml")
    source = Path(__file__).with_name("overlay.py").read_text(encoding="utf-8")
    digest = hashlib.sha256("\0".join((text, overlay or "", source)).encode()).hexdigest()[:24]
    kept = cache_folder() / f"{name.replace('/', '-')}-{digest}.json"
    with contextlib.suppress(OSError, ValueError):
        document: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return document
    document = yaml.load(text, Loader)
    if overlay is not None:
        apply_overlay(document, yaml.load(overlay, Loader))
    _keep(kept, document)
    return document


def cache_folder() -> Path:
    """Where parsed documents are kept: ``typedpipes-sandbox`` in the user's cache folder."""
    chosen = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    try:
        return (Path(chosen) if chosen else Path.home() / ".cache") / "typedpipes-sandbox"
    except RuntimeError:  # a user without a home: nothing can be written below this, and nothing is kept
        return Path(os.devnull) / "typedpipes-sandbox"


def _keep(path: Path, document: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, TypeError):  # only a cache: never a reason to fail
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as target:
            target.write(text)
        Path(target.name).replace(path)


@cache
def load_sdl(form: str) -> str:
    """Pipefy's SDL in one form, ``live`` or ``documented``."""
    return read_document(f"pipefy/{form}/schema.graphql")
