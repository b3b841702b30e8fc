"""The policy of Pipefy exports as flows: what the synchronous and asynchronous handles have in common."""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import attrs

from typedpipes._core.files.download import DownloadOptions, download
from typedpipes._core.files.host import FileHost
from typedpipes._core.files.links import FileLink, LinkPolicy, LinkSource
from typedpipes._core.files.part_file import check_target
from typedpipes._core.files.transfer import Transfer
from typedpipes._core.flow import Clock, Flow, SystemClock, call
from typedpipes.errors import ConfigurationError, ExportFailed, TypedPipesError
from typedpipes.events import OnEvent
from typedpipes.pipefy.exports.engine import JobEngine
from typedpipes.pipefy.exports.jobs import FormStore, GraphQLPort, JobState, WaitProgress, parse_token
from typedpipes.pipefy.exports.journal import Journal
from typedpipes.pipefy.exports.kinds import AUTOMATION_JOBS, DECLARATIONS
from typedpipes.pipefy.exports.requests import JobRequest, month_of
from typedpipes.pipefy.exports.schedule import PollSchedule
from typedpipes.rows import file_format

FRESH_MARGIN: Final = 60.0
"""Seconds a link must still live to be handed out without asking for a new one."""
LINK_TIMEOUT: Final = 60.0


@attrs.frozen(kw_only=True)
class ExportSettings:
    """What the exports of one client have in common.

    Attributes:
        monthly_calls: the plan's monthly call budget if it is known; it decides how often is asked.
        loopback: the API client itself talks to this machine, so its file links may too.
        journal: path of the journal that makes a restart continue instead of creating again; None: no journal.
        forms: remembers beyond the process which form of the API the server understands; default: the journal.
        account: stable, non-secret name of server and account, for the journal and the memory of forms.
        report: receives a `typedpipes.events.Poll` per poll.
        read_timeout: seconds the file host may be silent.
        verify: your own SSL context for the file host.
    """

    monthly_calls: int | None = None
    loopback: bool = False
    journal: str | os.PathLike[str] | None = None
    forms: FormStore | None = None
    account: str = ""
    report: OnEvent | None = None
    clock: Clock = attrs.field(factory=SystemClock)
    read_timeout: float = 30.0
    verify: ssl.SSLContext | None = None


def file_host(settings: ExportSettings) -> FileHost:
    """A new credential-free client for files."""
    return FileHost(LinkPolicy(loopback=settings.loopback), timeout=settings.read_timeout, verify=settings.verify)


def _warn_of_format(path: Path) -> None:
    """A name that promises another format than the vendor sent. The file is as it was sent."""
    promised = {".csv": "csv", ".xlsx": "xlsx"}.get(path.suffix.lower())
    if promised is None:
        return
    with suppress(OSError):
        found = file_format(path)
        if found != promised:
            warnings.warn(
                f"{path.name} holds {found.upper()}, as the server sent it; give it the suffix .{found}, or read it "
                "with open_rows, which looks at the content",
                stacklevel=2,
            )


class ExportFlows:
    """Flows of the exports; they do no I/O themselves."""

    def __init__(self, port: GraphQLPort, settings: ExportSettings) -> None:
        self.settings = settings
        self.engine: JobEngine = JobEngine(
            port,
            clock=settings.clock,
            schedule=PollSchedule(settings.monthly_calls),
            journal=Journal(settings.journal) if settings.journal is not None else None,
            forms=settings.forms,
            account=settings.account,
            report=settings.report,
        )

    def start(self, request: JobRequest, *, forget: bool = False) -> Flow[JobState]:
        """Create a job, or continue the journal's; ``forget`` drops what the journal says about it first."""
        # The month belongs to the key: what last_month means depends on it.
        key = f"{request.key}|{month_of(self.settings.clock.wall())}"
        if forget:
            yield from self.engine.forget(request.declaration, key)
        return (yield from self.engine.start(request.declaration, request.arguments, keep=request.keep, key=key))

    def resume(self, token_or_id: str) -> JobState:
        """The job of a token, or of a bare automation jobs export id. Sends nothing."""
        return parse_token(token_or_id, DECLARATIONS, AUTOMATION_JOBS.kind)

    def wait(
        self, state: JobState, timeout: float, on_progress: Callable[[WaitProgress], object] | None = None
    ) -> Flow[None]:
        """Wait for the job; one that failed is dropped from the journal, so that the next call creates a new one."""
        try:
            yield from self.engine.wait(state, timeout=timeout, on_progress=on_progress)
        except ExportFailed:
            yield from self._conclude(state)
            raise

    def link(self, state: JobState, *, fresh: bool = False, until: float | None = None) -> Flow[FileLink]:
        """The link to the file: the one we have while it is good for another minute, else a new one."""
        if not any(form.link for form in state.declaration.polls):
            raise ConfigurationError(f"{state.declaration.what}: the API gives no file to fetch for this kind of job")
        clock = self.settings.clock
        if state.link is not None and not fresh:
            known = FileLink.seen(state.link, state.link_seen)
            if known.expires_at.timestamp() - FRESH_MARGIN > clock.wall():
                return known
        url = yield from self.engine.fresh_link(state, until=until or clock.monotonic() + LINK_TIMEOUT)
        return FileLink.seen(url, state.link_seen)

    def source(self, state: JobState, until: float) -> LinkSource:
        """The job as a `LinkSource`."""
        return partial(self.link, state, until=until)

    def host(self) -> FileHost:
        """A new credential-free client."""
        return file_host(self.settings)

    def download(self, state: JobState, to: str | os.PathLike[str], options: DownloadOptions) -> Flow[Path]:
        """Fetch the job's file to ``to``; the journal's entry is then done."""
        clock = self.settings.clock
        path = yield from download(
            self.source(state, clock.monotonic() + options.timeout),
            to,
            host=self.host(),
            identity=f"{self.settings.account}|{state.declaration.kind}|{state.id}",
            clock=clock,
            options=options,
        )
        yield from self._conclude(state)
        yield from call(partial(_warn_of_format, path), blocking=True)
        return path

    def open(self, state: JobState, host: FileHost, options: DownloadOptions) -> Flow[Transfer]:
        """A transfer of the job's file, connected; the caller closes ``host``."""
        clock = self.settings.clock
        until = clock.monotonic() + options.timeout
        transfer = Transfer(
            host,
            self.source(state, until),
            clock=clock,
            until=until,
            max_bytes=options.max_bytes,
            restartable=False,
        )
        yield from transfer.open()
        return transfer

    def fetch(
        self,
        request: JobRequest,
        to: str | os.PathLike[str],
        *,
        timeout: float,
        on_progress: Callable[[WaitProgress], object] | None,
        options: DownloadOptions,
        forget: bool = False,
    ) -> Flow[Path]:
        """Create, wait and download in one call; refuses a place that cannot be written before anything is sent."""
        yield from call(partial(check_target, Path(to), overwrite=options.overwrite), blocking=True)
        state = yield from self.start(request, forget=forget)
        yield from self.wait(state, timeout, on_progress)
        return (yield from self.download(state, to, options))

    def _conclude(self, state: JobState) -> Flow[None]:
        journal = self.engine.journal
        if journal is not None:
            with suppress(TypedPipesError):  # the result is there; at worst the next call finds this job again
                yield from call(partial(journal.done, state.id), blocking=True)


__all__ = ["FRESH_MARGIN", "LINK_TIMEOUT", "ExportFlows", "ExportSettings", "file_host"]
