"""The settings of each vendor, declared once: keywords of its clients, environment variables, keys of a profile.

The types are those of the keywords; the words of a `Literal`, a `Secret` and an ``int`` say what a variable may hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, TypeAlias, TypedDict, get_args, get_origin, get_type_hints

import msgspec

from typedpipes._core.arguments import check_address
from typedpipes._core.redaction import Secret, secret
from typedpipes.errors import ConfigurationError

PAGE: Final = "docs/configuration.md"
"""Page that describes every setting; a vendor's section is ``#pipefy`` and so on."""
SHARED: Final = ""
"""In place of a vendor: a setting of all of them."""


class About(msgspec.Struct, frozen=True):
    """What is known of a setting besides its name and its type."""

    text: str
    address: bool = False
    """It decides where credentials are sent."""
    argument_only: bool = False
    """It is no setting of a machine: only code gives it."""
    also: tuple[str, ...] = ()
    """The names of the same variable in the vendor's own clients."""


PipefyPlan: TypeAlias = Literal["starter", "business", "enterprise", "unlimited"]
PipedrivePlan: TypeAlias = Literal["lite", "growth", "premium", "ultimate"]
Environment: TypeAlias = Literal["development", "production"]
Figures: TypeAlias = Literal["documented", "published-2026"]


class PipefyAccount(TypedDict, total=False):
    """The settings of a Pipefy client: keywords, environment variables, keys of a profile."""

    client_id: Annotated[
        str | None, About("service account; not beside a token", also=("PIPEFY_SERVICE_ACCOUNT_CLIENT_ID",))
    ]
    client_secret: Annotated[str | Secret | None, About("its secret", also=("PIPEFY_SERVICE_ACCOUNT_CLIENT_SECRET",))]
    token: Annotated[str | Secret | None, About("personal access token")]
    base_url: Annotated[str | None, About("another address of the API, such as a sandbox's", address=True)]
    token_url: Annotated[str | None, About("another address of the token endpoint", address=True)]
    plan: Annotated[PipefyPlan | None, About("your plan: brings the monthly budget")]
    allowance: Annotated[int | None, About("calls a month by contract")]
    organization_id: Annotated[str | int | None, About("whose monthly calls are counted; default of `--organization`")]
    journal: Annotated[
        str | os.PathLike[str] | None,
        About("file that notes exports, so that a restart continues them", argument_only=True),
    ]


class PipedreamAccount(TypedDict, total=False):
    """The settings of a Pipedream client: keywords, environment variables, keys of a profile."""

    client_id: Annotated[str | None, About("OAuth client, for Connect and REST")]
    client_secret: Annotated[str | Secret | None, About("its secret")]
    api_key: Annotated[str | Secret | None, About("user API key, for operations of REST that need a user")]
    access_token: Annotated[str | Secret | None, About("of an OAuth client, made elsewhere; lives an hour")]
    connect_token: Annotated[str | Secret | None, About("of one end user, lives for hours", argument_only=True)]
    org_id: Annotated[str | None, About("workspace, for REST")]
    project_id: Annotated[str | None, About("project, for Connect")]
    environment: Annotated[
        Environment | None,
        About("of Connect; the vendor assumes `production`", also=("PIPEDREAM_PROJECT_ENVIRONMENT",)),
    ]
    figures: Annotated[Figures | None, About("which published limits are kept ([Limits](guide/limits.md))")]
    base_url: Annotated[str | None, About("another address of the API, such as a sandbox's", address=True)]
    workflow_domain: Annotated[
        str | None, About("where workflows listen and their tokens may go; default `m.pipedream.net`", address=True)
    ]
    workflows_url: Annotated[str | None, About("one address for all workflows: a sandbox's", address=True)]


class PipedriveAccount(TypedDict, total=False):
    """The settings of a Pipedrive client: keywords, environment variables, keys of a profile."""

    api_token: Annotated[str | Secret | None, About("API token; not beside an OAuth app")]
    client_id: Annotated[str | None, About("OAuth app")]
    client_secret: Annotated[str | Secret | None, About("its secret")]
    refresh_token: Annotated[str | Secret | None, About("of the account that authorized the app")]
    redirect_uri: Annotated[str | None, About("of the app, for `authorize_url` and `exchange`")]
    company_domain: Annotated[str | None, About("`acme` of acme.pipedrive.com: requests are faster")]
    base_url: Annotated[str | None, About("another address of the API, such as a sandbox's", address=True)]
    oauth_url: Annotated[str | None, About("another address of OAuth", address=True)]
    plan: Annotated[PipedrivePlan | None, About("your plan: the burst limit and the daily budget")]
    seats: Annotated[int | None, About("seats of the company: the daily budget")]


ACCOUNTS: Final = {"pipefy": PipefyAccount, "pipedream": PipedreamAccount, "pipedrive": PipedriveAccount}
"""The one table of each vendor's settings."""


class Setting(msgspec.Struct, frozen=True):
    """One setting. ``kind``: text, id (text or a whole number), count (a whole number from 1)."""

    vendor: str
    key: str
    about: str
    kind: Literal["text", "id", "count"] = "text"
    choices: tuple[str, ...] = ()
    secret: bool = False
    address: bool = False
    also: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"{self.vendor or 'typedpipes'}_{self.key}".upper()

    @property
    def path(self) -> str:
        """Its key in a profile."""
        return f"{self.vendor}.{self.key}" if self.vendor else self.key


def _of(vendor: str) -> Iterator[Setting]:
    for key, hint in get_type_hints(ACCOUNTS[vendor], include_extras=True).items():
        kinds, about = set(get_args(hint.__origin__)), hint.__metadata__[0]
        if about.argument_only:
            continue
        choices = next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())
        yield Setting(
            vendor,
            key,
            about.text,
            kind="text" if int not in kinds else "id" if str in kinds else "count",
            choices=choices,
            secret=Secret in kinds,
            address=about.address,
            also=about.also,
        )
    # A store's URL may hold a password.
    yield Setting(vendor, "limits", f"as `TYPEDPIPES_LIMITS`, for {vendor.capitalize()} alone", secret=True)


SETTINGS: Final = (
    Setting(
        SHARED,
        "limits",
        "where requests are counted: `sqlite:///PATH`, `redis://HOST`, `memory://`, `off`",
        secret=True,
    ),
    *(setting for vendor in ACCOUNTS for setting in _of(vendor)),
)
VENDORS: Final = tuple(ACCOUNTS)
BY_PATH: Final = {setting.path: setting for setting in SETTINGS}
BY_VARIABLE: Final = {setting.variable: setting for setting in SETTINGS}


def own_names(values: Mapping[str, str]) -> Mapping[str, str]:
    """``values`` with variables of the vendors' clients under our names; two values for one setting stay."""
    found: dict[str, str] = {}
    for setting in SETTINGS:
        for name in setting.also:
            if not values.get(name, "").strip():
                continue
            found = found or dict(values)
            if found.get(setting.variable, "").strip() in ("", found[name].strip()):
                found[setting.variable] = found.pop(name)
    return found or values


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
        return self._read(name) or None

    def secret(self, name: str) -> Secret | None:
        """A setting that is a secret."""
        return secret(self._read(name))

    def _read(self, name: str) -> str:
        """The value of a variable, or of its name in the vendor's clients. Two values raise `ConfigurationError`."""
        names = (name, *BY_VARIABLE[name].also)
        found = {each: value for each in names if (value := (self._env.get(each) or "").strip())}
        if len(set(found.values())) > 1:
            raise ConfigurationError(f"{' and '.join(found)} have different values; keep one of them", setting=name)
        return next(iter(found.values()), "")

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

    def address(self, name: str) -> str | None:
        """A setting that is an address."""
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
    "ACCOUNTS",
    "BY_PATH",
    "BY_VARIABLE",
    "PAGE",
    "SETTINGS",
    "SHARED",
    "VENDORS",
    "Env",
    "Environment",
    "Figures",
    "PipedreamAccount",
    "PipedriveAccount",
    "PipedrivePlan",
    "PipefyAccount",
    "PipefyPlan",
    "Setting",
    "Values",
    "elsewhere",
    "in_profile",
    "missing",
    "own_names",
    "page",
    "unpaired",
]
