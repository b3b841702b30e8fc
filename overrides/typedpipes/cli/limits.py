"""``typedpipes limits``: how the limits stand."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from typedpipes.cli.clients import Limits, open_client
from typedpipes.cli.failures import CommandError, ExitCode, UsageError
from typedpipes.cli.operations import VENDORS, Vendor
from typedpipes.cli.session import Debug, EnvFile, Json, emit, say, session
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes.limits.snapshot import LimitStatus, Snapshot
    from typedpipes.model import JSON

WIDE: Final = 160
"""Columns of a table that no terminal bounds."""


def limits(
    context: typer.Context,
    vendor: Annotated[Vendor | None, typer.Argument(metavar="[VENDOR]", help="pipefy, pipedream or pipedrive.")] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="Your plan; it brings monthly or daily figures.")] = None,
    seats: Annotated[int | None, typer.Option("--seats", min=1, help="Seats of your Pipedrive company.")] = None,
    allowance: Annotated[
        int | None, typer.Option("--allowance", min=1, metavar="CALLS", help="Pipefy calls per month by contract.")
    ] = None,
    store: Limits = None,
    json: Json = False,
    env_file: EnvFile = None,
    debug: Debug = False,
) -> None:
    """Show how the limits of a vendor stand, or of every vendor with credentials in the settings. Sends nothing."""
    if vendor is None and (plan or seats or allowance):
        raise UsageError("--plan, --seats and --allowance belong to one vendor", "name it: typedpipes limits pipefy …")
    run = session(context)
    settings = run.environment()
    taken: dict[Vendor, Snapshot | None] = {}
    missing: ConfigurationError | None = None
    for each in (vendor,) if vendor is not None else VENDORS:
        try:
            with open_client(each, settings, store, plan=plan, seats=seats, allowance=allowance) as client:
                taken[each] = client.limits.snapshot() if client.limits is not None else None
        except ConfigurationError as error:
            if vendor is not None:
                raise
            missing = error
    if missing is not None and not taken:
        raise CommandError(
            "no vendor has credentials in the settings",
            "set those of one (`typedpipes auth check` names them), or give --env-file FILE",
            ExitCode.CONFIGURATION,
        ) from missing
    if run.json:
        emit({name: None if snapshot is None else _record(snapshot) for name, snapshot in taken.items()})
    else:
        _show(taken)


def _record(snapshot: Snapshot) -> JSON:
    return {
        "store": snapshot.store,
        "taken_at": _iso(snapshot.taken_at),
        "limits": [
            {
                "name": row.name,
                "scope": row.scope,
                "unit": row.unit,
                "allowance": row.allowance,
                "used": row.used,
                "remaining": row.remaining,
                "in_flight": row.in_flight,
                "waiting": row.waiting,
                "window_seconds": row.window,
                "free_at": _iso(row.free_at),
                "blocked_until": _iso(row.blocked_until),
                "resets_at": _iso(row.resets_at),
                "source": row.source,
            }
            for row in snapshot.limits
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _show(taken: Mapping[Vendor, Snapshot | None]) -> None:
    tty = sys.stdout.isatty()
    console = Console(width=None if tty else WIDE, highlight=False, emoji=False, markup=False)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("limit", "used", "of", "per", "counted for", "now"):
        table.add_column(heading, overflow="fold", justify="right" if heading in ("used", "of") else "left")
    for name, snapshot in taken.items():
        if snapshot is None:
            say(f"{name}: limits are off")
            continue
        for row in snapshot.limits:
            table.add_row(*_cells(row))
    if table.row_count:
        console.print(table)
    stores = sorted({snapshot.store for snapshot in taken.values() if snapshot is not None})
    for store in stores:
        say(f"counted in {store}")


def _cells(row: LimitStatus) -> tuple[str, ...]:
    allowance = "not known" if row.allowance is None else f"{row.allowance:,}"
    used = "-" if row.used is None else f"{row.used:,}"
    per = f"{row.window:g} s" if row.window is not None else row.name.rpartition("_per_")[2] or "period"
    return row.name, used, allowance, per, row.scope.replace("_", " "), _now(row)


def _now(row: LimitStatus) -> str:
    if row.blocked_until is not None:
        return f"blocked until {row.blocked_until:%H:%M:%S} UTC"
    if row.allowance is None:
        return "give --plan to count it" if row.window is None else "pauses the server asks for are kept"
    if row.resets_at is not None:
        return f"{row.remaining:,} left until {row.resets_at:%Y-%m-%d %H:%M} UTC"
    if row.remaining:
        return f"{row.remaining:,} free"
    return f"free at {row.free_at:%H:%M:%S} UTC" if row.free_at is not None else "free"


__all__ = ["limits"]
