"""Clients of the command line: settings of the session, and limits counted beyond the process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from typedpipes.cli.operations import Vendor
from typedpipes.cli.session import state_file

if TYPE_CHECKING:
    from typedpipes.pipedream import Pipedream
    from typedpipes.pipedrive import Pipedrive
    from typedpipes.pipefy import Pipefy

    Client: TypeAlias = Pipefy | Pipedream | Pipedrive

Limits = Annotated[
    str | None,
    typer.Option(
        "--limits",
        metavar="STORE",
        help="Where requests are counted: sqlite:///PATH, redis://HOST, memory:// or off. "
        "Default: TYPEDPIPES_LIMITS or the profile, else a file in your state directory, shared by all your commands.",
    ),
]


def store_url(given: str | None, vendor: Vendor, settings: Mapping[str, str]) -> str | None:
    """The store of limits: the option, else the settings' (None), else a file.

    Each command is a process of its own, so that memory would forget at once.
    """
    if given or settings.get(f"{vendor.upper()}_LIMITS", "").strip() or settings.get("TYPEDPIPES_LIMITS", "").strip():
        return given
    return f"sqlite:///{state_file('limits.db', '--limits STORE or --limits off')}"


def open_client(
    vendor: Vendor,
    settings: Mapping[str, str],
    limits: str | None,
    *,
    plan: str | None = None,
    seats: int | None = None,
    allowance: int | None = None,
) -> Client:
    """A vendor's client. Raises `ConfigurationError`."""
    store = store_url(limits, vendor, settings)
    if vendor == "pipefy":
        from typedpipes.pipefy import Pipefy

        # mypy: the plan is checked at run time, with a message that names the known ones
        return Pipefy(env=settings, limits=store, plan=plan, allowance=allowance)  # type: ignore[arg-type]
    if vendor == "pipedream":
        from typedpipes.pipedream import Pipedream

        return Pipedream(env=settings, limits=store)
    from typedpipes.pipedrive import Pipedrive

    return Pipedrive(env=settings, limits=store, plan=plan, seats=seats)  # type: ignore[arg-type]  # see above


__all__ = ["Limits", "open_client", "store_url"]
