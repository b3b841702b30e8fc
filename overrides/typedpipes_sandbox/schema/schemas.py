"""Finds the documents the sandbox answers by: JSON and SDL, written by the generation step beside the clients."""

from __future__ import annotations

import json
import os
import threading
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

#: a folder to read first, for people who try the sandbox on schemas of their own
FOLDER_VARIABLE = "TYPEDPIPES_SANDBOX_SCHEMAS"
#: document -> where it lies in a folder of generated packages
FILES = {
    "pipedream/connect": "connect/openapi.json",
    "pipedream/rest": "pipedream/openapi.json",
    "pipedrive/v1": "pipedrive_v1/openapi.json",
    "pipedrive/v2": "pipedrive_v2/openapi.json",
    "pipefy/documented": "pipefy_documented/schema.graphql",
    "pipefy/live": "pipefy/schema.graphql",
}


class SchemaMissing(LookupError):
    """A document is in neither place the sandbox looks in."""


def read_document(name: str) -> str:
    """The text of one file such as ``pipedrive_v2/openapi.json``. Raises :class:`SchemaMissing`.

    It is read from the folder that ``TYPEDPIPES_SANDBOX_SCHEMAS`` names, else from the installed packages.
    """
    chosen = os.environ.get(FOLDER_VARIABLE)
    places: list[Traversable] = [Path(chosen)] if chosen else []
    for place in [*places, files("typedpipes_api")]:
        file = place.joinpath(name)
        if file.is_file():
            return file.read_text(encoding="utf-8")
    looked = f"{chosen} and the installed packages" if chosen else "the installed packages"
    raise SchemaMissing(f"{name} not found in {looked}; set {FOLDER_VARIABLE} to the folder that holds it")


_LOADING = threading.RLock()
_LOADED: dict[str, dict[str, Any]] = {}


def load_openapi(name: str) -> dict[str, Any]:
    """The effective OpenAPI document (canonical form plus overlay), e.g. ``pipedrive/v2``. Shared: do not change it."""
    with _LOADING:
        if name not in _LOADED:
            _LOADED[name] = json.loads(read_document(FILES[name]))
        return _LOADED[name]


@cache
def load_sdl(form: str) -> str:
    """Pipefy's SDL in one form, ``live`` or ``documented``."""
    return read_document(FILES[f"pipefy/{form}"])
