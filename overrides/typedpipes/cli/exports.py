"""``typedpipes export automation-jobs``: create, wait, download; after Ctrl-C it prints the command that resumes."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import attrs
import typer

from typedpipes.cli.clients import Limits, store_url
from typedpipes.cli.failures import EXIT_CODES, CommandError, ExitCode, UsageError, explain
from typedpipes.cli.file_formats import Format, settled, wanted_format
from typedpipes.cli.progress import Display, display, size
from typedpipes.cli.session import (
    Config,
    Debug,
    EnvFile,
    Json,
    Profile,
    Session,
    emit,
    emit_text,
    say,
    session,
    state_file,
)
from typedpipes.cli.streams import STDOUT, output_stream
from typedpipes.configuration.settings import PipefyPlan
from typedpipes.errors import ConfigurationError, DownloadError, ExportAmbiguous, ExportFailed, TypedPipesError
from typedpipes.pipefy.exports.requests import Period, organization_number

if TYPE_CHECKING:
    from typedpipes.pipefy import ExportJob, Pipefy

exports: Final = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, epilog=EXIT_CODES, help="Exports that are never created twice."
)

ORGANIZATION: Final = "PIPEFY_ORGANIZATION_ID"


@attrs.frozen(kw_only=True)
class Order:
    """What was asked for."""

    organization: str | None
    period: Period | None
    output: Path
    resume: str | None
    timeout: float
    journal: Path | None
    forget: bool
    format: Format
    options: tuple[str, ...]
    """Options that a resuming command repeats."""

    def command(self, session: Session, token: str | None) -> str:
        """The command that continues: with the export's token, or the same one again while there is none."""
        words = ["export", "automation-jobs"]
        if token is not None:
            words += ["--resume", token]
        else:
            words += ["--organization", self.organization or "", "--period", self.period or ""]
        return session.command(*words, "--output", str(self.output), *self.options)


@exports.command("automation-jobs", epilog=EXIT_CODES)
def automation_jobs(
    context: typer.Context,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="File to write; an existing one is replaced. - is stdout."),
    ],
    organization: Annotated[
        str | None,
        typer.Option("--organization", metavar="ID_OR_URL", envvar=ORGANIZATION, help="Number or URL of it."),
    ] = None,
    period: Annotated[Period | None, typer.Option("--period", help="Period of the jobs.")] = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="TOKEN", help="Continue this export: its token or its id.")
    ] = None,
    timeout: Annotated[
        float,
        typer.Option("--timeout", min=1, metavar="SECONDS", help="Limit for the wait and for the download, each."),
    ] = 3600,
    plan: Annotated[
        PipefyPlan | None, typer.Option("--plan", help="Your plan: its calls per month are not exceeded.")
    ] = None,
    allowance: Annotated[
        int | None, typer.Option("--allowance", min=1, metavar="CALLS", help="Calls per month by contract.")
    ] = None,
    limits: Limits = None,
    journal: Annotated[
        str | None,
        typer.Option(
            "--journal", metavar="PATH|none", help="File that records exports. Default: in your state directory."
        ),
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Drop what the journal says about this export and create a new one.")
    ] = False,
    format: Annotated[
        Format | None,
        typer.Option("--format", help="Convert the file to it. Default: what the name's suffix says, else as-is."),
    ] = None,
    json: Json = False,
    env_file: EnvFile = None,
    config: Config = None,
    profile: Profile = None,
    debug: Debug = False,
) -> None:
    """Export an organization's automation jobs to a file.

    Creates the export, waits for it and downloads it. Run again after any failure it continues the same export:
    the journal knows it. Ctrl-C prints the command that resumes. The file's path goes to stdout, unless the file does.
    A pipe is written to once the whole file was fetched.

    Pipefy may send CSV or XLSX. The file becomes what its name says; if it cannot be converted, it is kept under the
    suffix of what it is, and the exit code is 1.
    """
    from typedpipes._core.files.part_file import check_target
    from typedpipes.pipefy import Pipefy

    run = session(context)
    settings = run.environment()
    order = Order(
        organization=_organization(organization or settings.get(ORGANIZATION), resume),
        period=period,
        output=output,
        resume=resume,
        timeout=timeout,
        journal=_journal(journal),
        forget=forget,
        format=(format or "as-is") if str(output) in STDOUT else wanted_format(format, output),
        options=_repeated(
            context, format=format, plan=plan, allowance=allowance, limits=limits, journal=journal, timeout=timeout
        ),
    )
    if period is None and resume is None:
        raise UsageError("--period is missing", "give --period last_month, or --resume TOKEN of an earlier run")
    if run.json and str(output) in STDOUT:
        raise UsageError("--json and the file would both go to stdout", "give the path of a file as --output")
    with output_stream(output) as stream:
        if stream is None:
            try:
                check_target(output, overwrite=True)
            except DownloadError as error:
                raise UsageError(
                    str(error), "give the path of a file in a folder you may write to as --output"
                ) from error
        with Pipefy(
            env=settings,
            plan=plan,
            allowance=allowance,
            journal=order.journal,
            limits=store_url(limits, "pipefy", settings),
        ) as pipefy:
            _Run(run, order, pipefy, display(quiet=run.json), stream).go()


def _organization(given: str | None, resume: str | None) -> str | None:
    if given is None and resume is None:
        raise UsageError("--organization is missing", f"give --organization ID_OR_URL or set {ORGANIZATION}")
    try:
        return organization_number(given) if given is not None else None
    except ConfigurationError as error:
        raise UsageError(str(error), "give --organization as the address bar of Pipefy shows it") from error


def _journal(given: str | None) -> Path | None:
    if given == "none":
        return None
    return Path(given) if given else state_file("exports.journal", "--journal PATH or --journal none")


def _repeated(context: typer.Context, **given: object) -> tuple[str, ...]:
    words: list[str] = []
    for name, value in given.items():
        source = context.get_parameter_source(name)
        if value is not None and source is not None and source.name == "COMMANDLINE":
            words += [f"--{name}", f"{value:g}" if isinstance(value, float) else str(value)]
    return tuple(words)


class _Run:
    """One run of an order."""

    def __init__(self, session: Session, order: Order, pipefy: Pipefy, shown: Display, stream: BinaryIO | None) -> None:
        self._session = session
        self._order = order
        self._pipefy = pipefy
        self._shown = shown
        self._stream = stream
        self._job: ExportJob | None = None

    def go(self) -> None:
        """All of it. Raises `CommandError` with the resuming command for what can be resumed."""
        if self._order.resume is not None:
            self._job = self._resumed(self._order.resume)
        try:
            with self._shown:
                count = self._fetch()
        except KeyboardInterrupt as error:
            raise self._stopped("the export continues at the vendor", ExitCode.INTERRUPTED) from error
        except (ExportFailed, ExportAmbiguous):
            raise
        except TypedPipesError as error:
            if self._job is None or isinstance(error, ConfigurationError):
                raise
            failure = explain(error)
            raise self._stopped(failure.what, failure.code) from error
        except OSError as error:
            raise self._stopped(
                f"{self._order.output} cannot be written: {error.strerror or error}", ExitCode.FAILURE
            ) from error
        self._report(count)

    def _fetch(self) -> int:
        """All of it; the number of bytes."""
        order, shown = self._order, self._shown
        if self._job is None:
            shown.step("asking for the export")
        job = self._job or self._start()
        shown.note(f"export {job.id}" + (f": {order.organization}, {order.period}" if order.period else ""))
        shown.step("waiting for the export")
        job.wait(order.timeout, on_progress=shown.waiting)
        shown.step(f"downloading {order.output.name}")
        if self._stream is None:
            path = self._download(job, order.output)
            return path.stat().st_size
        with tempfile.TemporaryDirectory() as folder:
            path = self._download(job, Path(folder) / "export")
            with path.open("rb") as whole:
                shutil.copyfileobj(whole, self._stream)
            self._stream.flush()
            return path.stat().st_size

    def _download(self, job: ExportJob, path: Path) -> Path:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the format, which is settled here
            job.download(path, progress=self._shown.downloading, timeout=self._order.timeout)
        settled(path, self._order.format)
        return path

    def _resumed(self, token: str) -> ExportJob:
        try:
            return self._pipefy.exports.resume(token)
        except ConfigurationError as error:
            raise UsageError(str(error), "give --resume the whole token that was printed, in quotes") from error

    def _start(self) -> ExportJob:
        order = self._order
        assert order.organization is not None
        assert order.period is not None
        with deferred_interrupt("waiting for the vendor's answer first; press Ctrl-C again to stop at once"):
            self._job = self._pipefy.exports.automation_jobs(
                organization_id=order.organization, period=order.period, forget=order.forget
            )
        return self._job

    def _report(self, count: int) -> None:
        job, path = self._job, self._order.output
        assert job is not None
        if self._session.json:
            emit(
                {"export_id": job.id, "status": str(job.status), "file": str(path), "bytes": count, "token": job.token}
            )
            return
        say(f"saved {size(count)}")
        if str(path) not in STDOUT:
            emit_text(str(path))

    def _stopped(self, what: str, code: ExitCode) -> CommandError:
        job, order = self._job, self._order
        token = job.token if job is not None else order.resume
        command = order.command(self._session, token)
        if token is None and order.journal is None:
            what = "it is unknown whether the vendor created an export, and there is no journal"
            return CommandError(what, f"look in Pipefy before you run it again: {command}", code)
        return CommandError(what, command, code, resume=token)


@contextmanager
def deferred_interrupt(told: str) -> Iterator[None]:
    """Let the first Ctrl-C wait until the block is done; the second one does not wait.

    A create that is cut off between request and answer leaves an export whose id is unknown.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        say(told)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


__all__ = ["deferred_interrupt", "exports"]
