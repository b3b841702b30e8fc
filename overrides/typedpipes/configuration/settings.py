"""The table of settings: profile key, environment variable and allowed values; reads and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from typedpipes._core.redaction import Secret, secret
from typedpipes._core.setting_checks import check_address
from typedpipes.errors import ConfigurationError

PAGE: Final = "docs/configuration.md"
"""Page that describes every setting; a vendor's section is ``#pipefy`` and so on."""
SHARED: Final = ""
"""In place of a vendor: a setting of all of them."""


class Setting(msgspec.Struct, frozen=True):
    """One setting. ``kind``: text, id (text or a whole number), count (a whole number from 1)."""

    vendor: str
    key: str
    kind: Literal["text", "id", "count"] = "text"
    choices: tuple[str, ...] = ()
    secret: bool = False
    address: bool = False
    """It decides where credentials are sent."""

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"{self.vendor or 'typedpipes'}_{self.key}".upper()

    @property
    def path(self) -> str:
        """Its key in a profile."""
        return f"{self.vendor}.{self.key}" if self.vendor else self.key


SETTINGS: Final = (
    # A store's URL may hold a password.
    Setting(SHARED, "limits", secret=True),
    Setting("pipefy", "client_id"),
    Setting("pipefy", "client_secret", secret=True),
    Setting("pipefy", "token", secret=True),
    Setting("pipefy", "base_url", address=True),
    Setting("pipefy", "token_url", address=True),
    Setting("pipefy", "plan", choices=("starter", "business", "enterprise", "unlimited")),
    Setting("pipefy", "allowance", "count"),
    Setting("pipefy", "organization_id", "id"),
    Setting("pipefy", "limits", secret=True),
    Setting("pipedream", "client_id"),
    Setting("pipedream", "client_secret", secret=True),
    Setting("pipedream", "api_key", secret=True),
    Setting("pipedream", "org_id"),
    Setting("pipedream", "project_id"),
    Setting("pipedream", "environment", choices=("development", "production")),
    Setting("pipedream", "figures", choices=("documented", "published-2026")),
    Setting("pipedream", "base_url", address=True),
    Setting("pipedream", "workflow_domain", address=True),
    Setting("pipedream", "workflows_url", address=True),
    Setting("pipedream", "limits", secret=True),
    Setting("pipedrive", "api_token", secret=True),
    Setting("pipedrive", "client_id"),
    Setting("pipedrive", "client_secret", secret=True),
    Setting("pipedrive", "refresh_token", secret=True),
    Setting("pipedrive", "redirect_uri"),
    Setting("pipedrive", "company_domain"),
    Setting("pipedrive", "base_url", address=True),
    Setting("pipedrive", "oauth_url", address=True),
    Setting("pipedrive", "plan", choices=("lite", "growth", "premium", "ultimate")),
    Setting("pipedrive", "seats", "count"),
    Setting("pipedrive", "limits", secret=True),
)
VENDORS: Final = ("pipefy", "pipedream", "pipedrive")
BY_PATH: Final = {setting.path: setting for setting in SETTINGS}
BY_VARIABLE: Final = {setting.variable: setting for setting in SETTINGS}


def page(vendor: str) -> str:
    """The page about a vendor's settings."""
    return f"{PAGE}#{vendor}"


def elsewhere(key: str) -> str:
    """Where else a missing setting can be given, for a message; empty if it is no setting."""
    known = next((setting for setting in SETTINGS if setting.key == key), None)
    return f", or set {known.variable}, or {known.path} in a profile ({page(known.vendor)})" if known else ""


Env: TypeAlias = Mapping[str, str]


class Values:
    """Settings read from a configuration, by variable; None is what is not there or blank."""

    __slots__ = ("_env",)

    def __init__(self, env: Env) -> None:
        self._env = env

    def text(self, name: str) -> str | None:
        """A setting."""
        return (self._env.get(name) or "").strip() or None

    def secret(self, name: str) -> Secret | None:
        """A setting that is a secret."""
        return secret((self._env.get(name) or "").strip())

    def choice(self, name: str) -> str | None:
        """A setting that is one of a few words. Raises `ConfigurationError` for others."""
        value, known = self.text(name), BY_VARIABLE[name].choices
        if value is not None and value.lower() not in known:
            raise ConfigurationError(f"{name} is one of {', '.join(known)}, not {value[:40]!r}", setting=name)
        return value

    def count(self, name: str) -> int | None:
        """A setting that is a whole number from 1. Raises `ConfigurationError` for others."""
        value = self.text(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and 0 < len(value) < 12 and int(value) > 0):
            raise ConfigurationError(f"{name} is a whole number from 1, not {value[:40]!r}", setting=name)
        return int(value)

    def address(self, setting: str, argument: str | None, name: str) -> str | None:
        """The address that the argument ``setting`` is, else the variable ``name``. Raises `ConfigurationError`."""
        if argument is not None:
            return check_address(setting, argument)
        return check_address(name, self.text(name))


def in_profile(vendor: str, *keys: str, instead: str | None = None) -> str:
    """How a profile sets ``keys``, for a message."""
    secrets = {setting.key for setting in SETTINGS if setting.vendor == vendor and setting.secret}
    words = " and ".join(f"{vendor}.{key}{'_env' if key in secrets else ''}" for key in keys)
    first = f"{vendor}.{instead}_env, or " if instead is not None else ""
    return f"; in a profile {first}{words}; see {page(vendor)}"


def missing(vendor: str, told: str, env: Env | None, setting: str) -> ConfigurationError:
    """The error for a vendor without credentials: what it needs, why it is not there, where else it can be given."""
    notes = getattr(env, "notes", {})
    note = next((notes[each.variable] for each in SETTINGS if each.vendor == vendor and each.variable in notes), None)
    token = {"pipefy": "token", "pipedream": "api_key", "pipedrive": "api_token"}[vendor]
    reason = f" ({note})" if note is not None else ""
    return ConfigurationError(
        f"{told}{reason}{in_profile(vendor, 'client_id', 'client_secret', instead=token)}", setting=setting
    )


def unpaired(vendor: str, client_id: str | None, env: Env | None) -> ConfigurationError:
    """The error for one half of an id and its secret without the other."""
    absent = f"{vendor}_CLIENT_ID" if client_id is None else f"{vendor}_CLIENT_SECRET"
    present = "client_secret" if client_id is None else "client_id"
    note = getattr(env, "notes", {}).get(absent)
    reason = f" ({note})" if note is not None else ""
    where = in_profile(vendor.lower(), "client_id" if client_id is None else "client_secret")
    return ConfigurationError(f"{present} is set, but {absent} is not{reason}; both are needed{where}", setting=absent)


__all__ = [
    "BY_PATH",
    "BY_VARIABLE",
    "PAGE",
    "SETTINGS",
    "SHARED",
    "VENDORS",
    "Env",
    "Setting",
    "Values",
    "elsewhere",
    "in_profile",
    "missing",
    "page",
    "unpaired",
]
