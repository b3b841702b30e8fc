"""Every setting there is: its profile key, its environment variable, what it takes."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

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


__all__ = ["BY_PATH", "BY_VARIABLE", "PAGE", "SETTINGS", "SHARED", "VENDORS", "Setting", "elsewhere", "page"]
