"""The one engine of two-step jobs: its flows create, poll and wait for any `JobDeclaration`.

Policy: no wait is without a deadline; the server's waits are obeyed; another form of the API is tried only when the
server refused a document before executing it, and the form that worked is remembered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from typedpipes._core.flow import Clock, Flow, SystemClock, sleep
from typedpipes.errors import (
    APIError,
    ConfigurationError,
    ExportFailed,
    ExportTimeout,
    GraphQLValidationError,
    ResponseMismatch,
    TypedPipesError,
)
from typedpipes.events import OnEvent, Poll
from typedpipes.pipefy.exports.answers import find_job, first_refusal, is_finished, is_passing, overdue, status_text
from typedpipes.pipefy.exports.create import JobCreation
from typedpipes.pipefy.exports.forms import FormMemory
from typedpipes.pipefy.exports.jobs import FormStore, GraphQLPort, JobDeclaration, JobState, PollForm, WaitProgress
from typedpipes.pipefy.exports.journal import Journal
from typedpipes.pipefy.exports.schedule import PollSchedule

LAST_BREATH: Final = 1.0
"""Seconds a poll gets at least, even at the very end of a wait."""
GARBLED_LIMIT: Final = 3
"""Unreadable answers in a row that end a wait."""
LINK_TRIES: Final = 4


class JobEngine:
    """Runs jobs through ``port``.

    ``account`` distinguishes servers and accounts in the journal and in the memory of forms; it must not be a secret.
    ``forms`` remembers forms beyond the process (default: the journal, if there is one). ``report`` receives a
    `typedpipes.events.Poll` after each poll of a wait.
    """

    def __init__(
        self,
        port: GraphQLPort,
        *,
        clock: Clock | None = None,
        schedule: PollSchedule | None = None,
        journal: Journal | None = None,
        forms: FormStore | None = None,
        account: str = "",
        report: OnEvent | None = None,
    ) -> None:
        self._port = port
        self.clock = clock or SystemClock()
        self.schedule = schedule or PollSchedule()
        self.journal = journal
        self._report = report
        self._forms = FormMemory(forms if forms is not None else journal, account)
        self._creation = JobCreation(port, clock=self.clock, journal=journal, forms=self._forms)

    def start(
        self, declaration: JobDeclaration, arguments: Mapping[str, object], *, keep: Sequence[str] = (), key: str = ""
    ) -> Flow[JobState]:
        """See `JobCreation.start`."""
        return self._creation.start(declaration, arguments, keep=keep, key=key)

    def forget(self, declaration: JobDeclaration, key: str) -> Flow[None]:
        """See `JobCreation.forget`."""
        return self._creation.forget(declaration, key)

    def poll(self, state: JobState, *, deadline: float | None = None) -> Flow[None]:
        """Ask once how the job is and bring ``state`` up to date. Failures of the request are raised."""
        declaration = state.declaration
        forms = yield from self._forms.ordered(declaration, "poll", declaration.polls)
        refusal: GraphQLValidationError | None = None
        for form in forms:
            variables = {name: state.id if name == "id" else state.arguments[name] for name in form.variables}
            try:
                data = yield from self._port.execute(
                    form.document, form.operation, variables, safe=True, deadline=deadline
                )
            except GraphQLValidationError as error:
                refusal = first_refusal(refusal, error, form.name)
                continue
            self._take(state, data, form)
            if state.outcome == "finished" and state.link is None and form.link is not None:
                continue  # a server may know the field and leave it empty; the next form asks for the other one
            self._forms.remember(declaration, "poll", form.name)
            yield from self._forms.save(declaration)
            return
        if refusal is not None and not state.polled:
            raise refusal

    def _take(self, state: JobState, data: object, form: PollForm) -> None:
        declaration = state.declaration
        job = find_job(data, form, state, declaration)
        state.polled = True
        if job is None:
            return
        status = status_text(job.get(declaration.status))
        if not status:
            raise ResponseMismatch(
                f"$.data.{'.'.join(form.path)}.{declaration.status}: no status in the answer ({form.operation})",
                operation=form.operation,
                path=f"$.data.{'.'.join(form.path)}.{declaration.status}",
            )
        state.status = status
        links = {other.link for other in declaration.polls if other.link}
        state.details = {
            name: value
            for name, value in job.items()
            if name not in links and name not in (declaration.id, declaration.status)
        }
        for name in links:
            link = job.get(name)
            if isinstance(link, str) and link.strip():
                state.link, state.link_seen = link.strip(), self.clock.wall()

    def wait(
        self, state: JobState, *, timeout: float, on_progress: Callable[[WaitProgress], None] | None = None
    ) -> Flow[None]:
        """Poll until the job is finished, ``timeout`` seconds at most.

        Raises `ExportFailed` for a failed or unknown status and `ExportTimeout` at the deadline; its token resumes.
        A poll that fails for a passing reason is one more poll; any other failure is raised with the token as a note.
        """
        if not (math.isfinite(timeout) and timeout >= 0):
            raise ConfigurationError(f"timeout must be a finite number of seconds, not {timeout!r}", setting="timeout")
        if is_finished(state) or not state.declaration.polls:
            return
        clock = self.clock
        began = clock.monotonic()
        end = began + timeout
        age = max(0.0, clock.wall() - state.created_at) if state.created_at is not None else 0.0
        # A job from another process is asked after at once: it may long be done.
        fresh = age < 1.0 and not state.polled and state.created_at is not None
        delay = self.schedule.next_poll(age, calls=state.create_calls) if fresh else 0.0
        polls = garbled = 0
        while True:
            yield from sleep(max(0.0, min(delay, end - clock.monotonic())))
            problem: TypedPipesError | None = None
            polls += 1
            try:
                yield from self.poll(state, deadline=max(LAST_BREATH, end - clock.monotonic()))
                garbled = 0
            except TypedPipesError as error:
                garbled = garbled + 1 if isinstance(error, ResponseMismatch) else 0
                if not is_passing(error) or garbled >= GARBLED_LIMIT:
                    if not isinstance(error, ExportFailed):
                        error.add_note(f"The {state.declaration.what} goes on; resume it with {state.token()}")
                    raise
                problem = error
            now = clock.monotonic()
            pending = problem is not None or state.outcome == "pending"
            asked = problem.retry_after if isinstance(problem, APIError) else None
            delay = self.schedule.next_poll(age + now - began, calls=state.create_calls, retry_after=asked)
            next_poll = min(delay, max(0.0, end - now)) if pending else 0.0
            self._tell(state, WaitProgress(state.status, now - began, polls, next_poll, problem), on_progress)
            if not pending and is_finished(state):
                return
            if now >= end or (asked or 0.0) > end - now:
                raise overdue(state, timeout, asked, problem) from problem

    def _tell(
        self, state: JobState, progress: WaitProgress, on_progress: Callable[[WaitProgress], None] | None
    ) -> None:
        if self._report is not None:
            self._report(
                Poll(
                    operation=state.declaration.kind,
                    job=state.id,
                    status=progress.status,
                    elapsed=progress.elapsed,
                    next_in=progress.next_poll or None,
                )
            )
        if on_progress is not None:
            on_progress(progress)

    def fresh_link(self, state: JobState, *, until: float) -> Flow[str]:
        """Ask for the job's link again, riding out passing failures; ``until`` is a time of the monotonic clock."""
        for attempt in range(1, LINK_TRIES + 1):
            try:
                yield from self.poll(state, deadline=max(LAST_BREATH, until - self.clock.monotonic()))
                break
            except TypedPipesError as error:
                asked = error.retry_after if isinstance(error, APIError) else None
                pause = max(2.0 ** (attempt - 1), asked or 0.0)
                if not is_passing(error) or attempt == LINK_TRIES or self.clock.monotonic() + pause > until:
                    raise
                yield from sleep(pause)
        if not is_finished(state):
            raise ExportTimeout(
                f"{state.declaration.what} {state.id} is still {state.status!r}: wait() for it first",
                export_id=state.id,
                token=state.token(),
            )
        if state.link is None:
            raise ExportFailed(
                f"{state.declaration.what} {state.id} is {state.status!r} and the server gives no link to its file",
                export_id=state.id,
                status=state.status,
            )
        return state.link
