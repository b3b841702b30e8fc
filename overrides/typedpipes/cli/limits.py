"""``typedpipes limits``: how the limits stand, and counting from zero again."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from typer.core import TyperGroup

from typedpipes.cli.clients import Limits, open_client
from typedpipes.cli.failures import EXIT_CODES, CommandError, ExitCode, UsageError
from typedpipes.cli.operations import VENDORS, Vendor
from typedpipes.cli.session import Config, Debug, EnvFile, Json, Profile, emit, say, session
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.decoding.model import JSON
    from typedpipes.limits.snapshot import LimitStatus, Snapshot

WIDE: Final = 160
"""Columns of a table that no terminal bounds."""
FULL: Final = 110
"""Columns that the whole table needs."""
NARROW: Final = 76
"""Below this even three columns would break words."""


class _ShowByDefault(TyperGroup):
    """``limits [VENDOR]`` is ``limits show [VENDOR]``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``show`` in front of what names no command."""
        if args[:1] not in ([name] for name in (*self.commands, "--help")):
            args = ["show", *args]
        return super().parse_args(ctx, args)


limits: Final = typer.Typer(
    cls=_ShowByDefault,
    rich_markup_mode=None,
    epilog=EXIT_CODES,
    help="Show how the limits stand (`limits [VENDOR]`), or reset them.",
)


@limits.command(epilog=EXIT_CODES)
def show(
    context: typer.Context,
    vendor: Annotated[Vendor | None, typer.Argument(metavar="[VENDOR]", help="pipefy, pipedream or pipedrive.")] = None,
    plan: Annotated[str | None, typer.Option("--plan", help="Your plan; it brings monthly or daily figures.")] = None,
    seats: Annotated[int | None, typer.Option("--seats", min=1, help="Seats of your Pipedrive company.")] = None,
    allowance: Annotated[
        int | None, typer.Option("--allowance", min=1, metavar="CALLS", help="Pipefy calls per month by contract.")
    ] = None,
    external_user: Annotated[
        str | None, typer.Option("--external-user", metavar="ID", help="Connect: what this end user has used.")
    ] = None,
    store: Limits = None,
    json: Json = False,
    env_file: EnvFile = None,
    config: Config = None,
    profile: Profile = None,
    debug: Debug = False,
) -> None:
    """Show how the limits of a vendor stand, or of every vendor with credentials in the settings. Sends nothing."""
    if vendor is None and (plan or seats or allowance):
        raise UsageError("--plan, --seats and --allowance belong to one vendor", "name it: typedpipes limits pipefy …")
    if external_user is not None and vendor != "pipedream":
        raise UsageError("--external-user is of Pipedream", "name it: typedpipes limits pipedream …")
    run = session(context)
    settings = run.environment()
    scope = {"external_user": external_user} if external_user is not None else {}
    taken: dict[Vendor, Snapshot] = {}
    missing: ConfigurationError | None = None
    for each in (vendor,) if vendor is not None else VENDORS:
        try:
            with open_client(each, settings, store, plan=plan, seats=seats, allowance=allowance) as client:
                taken[each] = client.limits.snapshot(**scope)
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
        emit({name: None if snapshot.store == "off" else _record(snapshot) for name, snapshot in taken.items()})
    else:
        _show(taken)


@limits.command(epilog=EXIT_CODES)
def reset(
    context: typer.Context,
    vendor: Annotated[Vendor, typer.Argument(metavar="VENDOR", help="pipefy, pipedream or pipedrive.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    store: Limits = None,
    json: Json = False,
    env_file: EnvFile = None,
    config: Config = None,
    profile: Profile = None,
    debug: Debug = False,
) -> None:
    """Forget what was counted for the credentials in the settings, after asking. The vendor forgets nothing."""
    run = session(context)
    with open_client(vendor, run.environment(), store) as client:
        snapshot = client.limits.snapshot()
        counted = [row for row in snapshot.limits if row.used or row.blocked_until is not None]
        say(f"{vendor}: counted in {snapshot.store}")
        for row in counted:
            say(f"  {row.name}: {_used(row)}" + (", blocked" if row.blocked_until is not None else ""))
        if not counted:
            say("  nothing was counted")
        elif not yes:
            say("The vendor has counted these calls, too: what is sent from now on may be refused.")
            if not sys.stdin.isatty():
                raise UsageError("reset asks before it forgets, and there is no terminal to answer on", "give --yes")
            typer.confirm("Forget these counts?", abort=True, err=True)
        if counted:
            client.limits.reset()
            say("forgotten")
    if run.json:
        emit({"store": snapshot.store, "forgotten": [{"name": row.name, "used": row.used} for row in counted]})


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


def _show(taken: Mapping[Vendor, Snapshot]) -> None:
    tty = sys.stdout.isatty()
    console = Console(width=None if tty else WIDE, highlight=False, emoji=False, markup=False)
    rows: list[LimitStatus] = []
    for name, snapshot in taken.items():
        if snapshot.store == "off":
            say(f"{name}: limits are off")
        else:
            rows += snapshot.limits
    if rows:
        console.print(_table(rows, console.width), soft_wrap=False)
    for store in sorted({snapshot.store for snapshot in taken.values()} - {"off"}):
        say(f"counted in {store}")


def _table(rows: Sequence[LimitStatus], width: int) -> Table | str:
    """The rows as wide as the terminal allows: six columns, three, or three lines each."""
    if width < NARROW:
        return "\n".join(f"{row.name}\n  {_used(row)}\n  {_now(row)}" for row in rows)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    headings = ("limit", "used", "of", "per", "counted for", "now") if width >= FULL else ("limit", "used", "now")
    for heading in headings:
        side: JustifyMethod = "right" if heading in ("used", "of") and width >= FULL else "left"
        table.add_column(heading, overflow="fold", justify=side, no_wrap=heading != "now")
    for row in rows:
        table.add_row(*(_cells(row) if width >= FULL else (row.name, _used(row), _now(row))))
    return table


def _cells(row: LimitStatus) -> tuple[str, ...]:
    used, allowance, per = _figures(row)
    return row.name, used, allowance, per, row.scope.replace("_", " "), _now(row)


def _used(row: LimitStatus) -> str:
    used, allowance, per = _figures(row)
    return f"{used} per {per}" if row.allowance is None else f"{used} of {allowance} per {per}"


def _figures(row: LimitStatus) -> tuple[str, str, str]:
    allowance = "not known" if row.allowance is None else f"{row.allowance:,}"
    used = "-" if row.used is None else f"{row.used:,}"
    return (
        used,
        allowance,
        f"{row.window:g} s" if row.window is not None else row.name.rpartition("_per_")[2] or "period",
    )


def _now(row: LimitStatus) -> str:
    if row.blocked_until is not None:
        return f"blocked until {row.blocked_until:%H:%M:%S} UTC"
    if row.allowance is None:
        return "give --plan to count it" if row.window is None else "pauses asked for are kept"
    if row.used is None:
        return f"counted for each {row.scope.replace('_', ' ')}"
    if row.resets_at is not None:
        return f"{row.remaining:,} left until {row.resets_at:%Y-%m-%d %H:%M} UTC"
    if row.remaining:
        return f"{row.remaining:,} free"
    return f"free at {row.free_at:%H:%M:%S} UTC" if row.free_at is not None else "free"


__all__ = ["limits"]
