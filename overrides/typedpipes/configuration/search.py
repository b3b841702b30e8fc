"""Finding the profile file, ``typedpipes.toml``. Every `from_env` looks, so that this imports next to nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from typedpipes.configuration.settings import PAGE
from typedpipes.errors import ConfigurationError

FILE: Final = "typedpipes.toml"


def find(config: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> tuple[Path, bool] | None:
    """The profile file, and whether the user named it: ``config``, ``TYPEDPIPES_CONFIG``, ``typedpipes.toml`` in the
    working directory, the one in the user's configuration directory. The first one counts; they are not mixed.
    """
    named = config if config is not None else environ.get("TYPEDPIPES_CONFIG", "").strip()
    if named:
        return Path(named), True
    if os.path.isfile(FILE):  # noqa: PTH113  # not worth making a Path: it is asked at every start
        return Path(FILE), False
    own = user_file()
    # Not `Path.is_file`: before Python 3.14 it raises where the folder may not be looked into.
    return (own, True) if own is not None and os.path.isfile(own) else None  # noqa: PTH113


def user_file() -> Path | None:
    """The file in the user's configuration directory, whether it is there or not. None: the user has no home."""
    from typedpipes.configuration.folders import user_folder

    folder = user_folder("config")
    return None if folder is None else folder / FILE


def missing_file(name: str) -> ConfigurationError:
    """The error for a profile that was asked for where there is no file."""
    own = user_file()
    other = "this user has no home" if own is None else f"no {own}"
    return ConfigurationError(
        f"profile {name!r} was asked for, but there is no {FILE} in the working directory and {other}; "
        f"name a file with --config or TYPEDPIPES_CONFIG ({PAGE})",
        setting="profile",
    )


__all__ = ["FILE", "find", "missing_file", "user_file"]
