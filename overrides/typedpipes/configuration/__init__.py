"""Where settings come from: environment variables, a ``.env`` file if asked for, a profile; in this order.

An argument in code, or an option of the command line, goes before all of them. The result reads like an environment::

    settings = configuration(profile="staging")          # what `Pipefy.from_env(profile="staging")` uses
    settings["PIPEFY_PLAN"], settings.origin("PIPEFY_PLAN")
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

from typedpipes._core.redaction import while_whole
from typedpipes.configuration.profile import find, missing_file
from typedpipes.configuration.settings import BY_VARIABLE, own_names

ENVIRONMENT: Final = "environment"


class Configuration(Mapping[str, str]):
    """Settings under the names of their environment variables, and where each one is from."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._origins: dict[str, str] = {}
        self.notes: dict[str, str] = {}
        """By variable: why a setting that was meant to be there is not."""

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @while_whole
    def __repr__(self) -> str:
        return f"<Configuration of {len(self)} settings>"  # values may be secrets

    def origin(self, name: str) -> str | None:
        """Where a setting is from: ``environment``, a file, or a profile of a file. None: it is not set."""
        return self._origins.get(name)

    def lay_under(self, layer: Mapping[str, str], origin: str) -> None:
        """Add what is not set yet, except what the settings above make meaningless or dangerous."""
        layer = own_names(layer)
        hidden = _hidden(self._values, layer)
        for name, value in layer.items():
            known = name in BY_VARIABLE
            if name in self._values or name in hidden or (known and not value.strip()):
                continue
            self._values[name] = value
            self._origins[name] = origin


def configuration(
    *,
    profile: str | None = None,
    config: str | os.PathLike[str] | None = None,
    env_file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Configuration:
    """The settings.

    ``profile``: name of one in the profile file; default ``TYPEDPIPES_PROFILE``, else the file's default profile.
    ``config``: the profile file; default ``TYPEDPIPES_CONFIG``, else ``typedpipes.toml`` in the working directory, else
    the one in the user's configuration directory. ``env_file``: a file of ``NAME=value`` lines. ``environ``: instead of
    the process's environment variables.

    Raises `ProfileError` with file, line and key, `ConfigurationError` for a file or profile that is not there.
    """
    settings = Configuration()
    settings.lay_under(os.environ if environ is None else environ, ENVIRONMENT)
    if env_file is not None:
        from typedpipes.configuration.env_file import read_env_file

        settings.lay_under(read_env_file(env_file), os.fspath(env_file))
    wanted = profile or settings.get("TYPEDPIPES_PROFILE", "").strip() or None
    found = find(config, settings)
    if found is None:
        if wanted is not None:
            raise missing_file(wanted)
        return settings
    from typedpipes.configuration.profile import read_profile

    path, named = found
    read = read_profile(path, wanted, named=named)
    layer = {_variable(key): value for key, value in read.values.items()}
    origin = f"profile {read.name} in {path}"
    for key, variable in read.references.items():
        held = settings.get(variable, "").strip()
        if held:
            layer[_variable(key)] = held
        else:
            settings.notes[_variable(key)] = f"{path} names the variable {variable} for {key}, which is not set"
    settings.lay_under(layer, origin)
    return settings


def _variable(path: str) -> str:
    vendor, _, key = path.rpartition(".")
    return f"{vendor or 'typedpipes'}_{key}".upper()


def _hidden(upper: Mapping[str, str], lower: Mapping[str, str]) -> set[str]:
    """Names in ``lower`` that ``upper`` rules out without setting them."""
    given = {name for name in BY_VARIABLE if upper.get(name, "").strip()}
    hidden: set[str] = set()
    for vendor in ("PIPEFY", "PIPEDREAM", "PIPEDRIVE"):
        account = {f"{vendor}_CLIENT_ID", f"{vendor}_CLIENT_SECRET", f"{vendor}_REFRESH_TOKEN"}
        token = {"PIPEFY": "PIPEFY_TOKEN", "PIPEDRIVE": "PIPEDRIVE_API_TOKEN"}.get(vendor, "PIPEDREAM_ACCESS_TOKEN")
        if token in given and not account & given:
            hidden |= account  # one credential is used, and the one above wins
        if account & given:
            hidden.add(token)  # both at once are refused
        own, other = upper.get(f"{vendor}_CLIENT_ID", "").strip(), lower.get(f"{vendor}_CLIENT_ID", "").strip()
        if own and other and own != other:
            hidden |= account  # a secret belongs to its id
    # A secret meant for one server must not be sent to another: addresses belong together.
    if "PIPEFY_BASE_URL" in given:
        hidden.add("PIPEFY_TOKEN_URL")
    if "PIPEDREAM_BASE_URL" in given:
        hidden |= {"PIPEDREAM_WORKFLOW_DOMAIN", "PIPEDREAM_WORKFLOWS_URL"}
    if given & {"PIPEDRIVE_BASE_URL", "PIPEDRIVE_COMPANY_DOMAIN"}:
        hidden |= {"PIPEDRIVE_BASE_URL", "PIPEDRIVE_OAUTH_URL"}
    if "TYPEDPIPES_LIMITS" in given:
        hidden |= {f"{vendor}_LIMITS" for vendor in ("PIPEFY", "PIPEDREAM", "PIPEDRIVE")}
    return hidden


__all__ = ["ENVIRONMENT", "Configuration", "configuration"]
