"""``typedpipes auth check``: which credentials are set, where they may go, and whether they work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import attrs
import typer

from typedpipes.cli.answers import wire_form
from typedpipes.cli.clients import open_client
from typedpipes.cli.failures import EXIT_CODES, CommandError, ExitCode, Failure, explain, one_line
from typedpipes.cli.operations import APIS, VENDORS, Vendor, accepted, find
from typedpipes.cli.session import Config, Debug, EnvFile, Json, Profile, emit, emit_text, session
from typedpipes.configuration import Configuration
from typedpipes.errors import ConfigurationError, TypedPipesError

if TYPE_CHECKING:
    from typedpipes._core.auth import Credentials

auth: Final = typer.Typer(no_args_is_help=True, rich_markup_mode=None, epilog=EXIT_CODES, help="Credentials.")

_HARMLESS: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "service_account": ("pipefy.me", {}),
    "personal_token": ("pipefy.me", {}),
    "oauth": ("pipedream.connect.apps.list", {"limit": 1}),
    "api_key": ("pipedream.rest.users.me", {}),
    "api_token": ("pipedrive.v1.users.me", {}),
    "oauth2": ("pipedrive.v1.users.me", {}),
}
"""By kind of credential: a call that changes nothing and any such credential may make."""


_SETTING: Final = {
    "service_account": "{}_CLIENT_ID",
    "personal_token": "{}_TOKEN",
    "oauth": "{}_CLIENT_ID",
    "api_key": "{}_API_KEY",
    "api_token": "{}_API_TOKEN",
    "oauth2": "{}_CLIENT_ID",
    "basic": "{}_CLIENT_ID",
}
"""By kind of credential: the setting that brings it."""


@attrs.frozen(kw_only=True)
class Check:
    """What was found out about one credential. ``failure`` None: it works, or was not tried."""

    vendor: Vendor
    kind: str
    origins: tuple[str, ...]
    call: str | None
    source: str
    """Where it is configured."""
    may: Mapping[str, tuple[int, int]]
    """By API: operations that take this kind of credential, and operations in all."""
    who: str = ""
    failure: Failure | None = None


@auth.command("check", epilog=EXIT_CODES)
def check(
    context: typer.Context,
    vendor: Annotated[Vendor | None, typer.Argument(metavar="[VENDOR]", help="pipefy, pipedream or pipedrive.")] = None,
    json: Json = False,
    env_file: EnvFile = None,
    config: Config = None,
    profile: Profile = None,
    debug: Debug = False,
) -> int:
    """Try each configured credential with one harmless call; the secret itself is never shown.

    Tells its kind, where it is configured, the addresses it may be sent to, as whom the vendor knows it, and which
    operations take it. What the vendor allows this account beyond that, only the operation itself can tell.
    """
    run = session(context)
    settings = run.environment()
    found: list[Check] = []
    absent: dict[str, ConfigurationError] = {}
    for each in (vendor,) if vendor is not None else VENDORS:
        try:
            found += _checks(each, settings)
        except ConfigurationError as error:
            if vendor is not None:
                raise
            absent[each] = error
    if not found:
        raise CommandError(
            "no vendor has credentials in the settings",
            "; ".join(str(error) for error in absent.values()),
            ExitCode.CONFIGURATION,
        )
    if run.json:
        emit(
            {"credentials": [_record(each) for each in found], "not_configured": {n: str(e) for n, e in absent.items()}}
        )
    else:
        for checked in found:
            _show(checked)
        for name, missing in absent.items():
            emit_text(f"{name:10} not configured: {one_line(str(missing))}")
    return max((checked.failure.code for checked in found if checked.failure is not None), default=ExitCode.OK)


def _credentials(vendor: Vendor, env: Mapping[str, str]) -> Credentials:
    from typedpipes.pipedream.settings import PipedreamSettings
    from typedpipes.pipedrive.settings import PipedriveSettings
    from typedpipes.pipefy.settings import PipefySettings

    if vendor == "pipefy":
        return PipefySettings.resolve(env=env).credentials()
    if vendor == "pipedream":
        return PipedreamSettings.resolve(env=env).credentials()
    return PipedriveSettings.resolve(env=env).credentials()


def _checks(vendor: Vendor, settings: Configuration) -> Iterator[Check]:
    for credential in _credentials(vendor, settings):
        harmless = _HARMLESS.get(credential.kind)
        name, arguments = harmless if harmless is not None else (None, {})
        checked = Check(
            vendor=vendor,
            kind=credential.kind,
            origins=tuple(sorted(credential.origins)),
            call=name,
            source=settings.origin(_SETTING[credential.kind].format(vendor.upper())) or "?",
            may=_may(vendor, credential.kind),
        )
        yield attrs.evolve(checked, **_try(vendor, settings, name, arguments)) if name is not None else checked


def _may(vendor: Vendor, kind: str) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for api in APIS:
        if api.vendor == vendor:
            kinds = accepted(api)
            found[api.name] = (sum(not each or kind in each for each in kinds), len(kinds))
    return found


def _try(vendor: Vendor, settings: Mapping[str, str], name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    operation = find(name)
    assert operation is not None
    try:
        with open_client(vendor, settings, None) as client:
            answer = operation.bound_to(client)(**arguments, retries=1, deadline=60)
    except TypedPipesError as error:
        return {"failure": explain(error)}
    return {"who": _who(wire_form(answer))}


def _who(answer: object) -> str:
    """The account an answer describes, in words."""
    if isinstance(answer, dict) and isinstance(answer.get("data"), dict):
        answer = answer["data"]
    if not isinstance(answer, dict):
        return ""
    name = answer.get("name") or answer.get("username")
    words = [str(each) for each in (name, answer.get("email"), answer.get("company_name")) if each]
    return ", ".join(dict.fromkeys(words))


def _record(checked: Check) -> dict[str, Any]:
    failure = checked.failure
    return {
        "vendor": checked.vendor,
        "kind": checked.kind,
        "origins": list(checked.origins),
        "source": checked.source,
        "may_call": {api: {"operations": own, "of": total} for api, (own, total) in checked.may.items()},
        "call": checked.call,
        "works": None if checked.call is None else failure is None,
        "who": checked.who or None,
        "error": None if failure is None else {"type": failure.kind, "message": failure.what, "todo": failure.todo},
    }


def _show(checked: Check) -> None:
    kind = checked.kind.replace("_", " ")
    start = f"{checked.vendor:10} {kind:16} for {', '.join(checked.origins)}"
    may = ", ".join(f"{own} of {total} {api}" for api, (own, total) in checked.may.items() if own)
    if checked.call is None:
        emit_text(f"{start}: not tried (only logs in)")
    elif checked.failure is None:
        emit_text(f"{start}: works ({checked.call}{': ' + one_line(checked.who) if checked.who else ''})")
    else:
        emit_text(f"{start}: {checked.failure.what}\n{'':10} do: {checked.failure.todo}")
    emit_text(f"{'':10} from {checked.source}; may call {may or 'nothing by itself'}")


__all__ = ["auth"]
