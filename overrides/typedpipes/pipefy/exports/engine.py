"""The one engine of two-step jobs: its flows create, poll and wait for any `JobDeclaration`.

Policy: no wait is without a deadline; the server's waits are obeyed; another form of the API is tried only when the
server refused a document before executing it, and the form that worked is remembered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from typedpipes._core.flow import Call, Clock, Flow, SystemClock, call, hold, sleep, tell
from typedpipes._core.graphql.outcome import nothing_executed
from typedpipes.errors import (
    APIError,
    ConfigurationError,
    ExportAmbiguous,
    ExportFailed,
    ExportTimeout,
    GraphQLError,
    GraphQLValidationError,
    JournalBusy,
    ResponseMismatch,
    TypedPipesError,
)
from typedpipes.events import OnEvent, Poll, SchemaDrift
from typedpipes.pipefy.exports.answers import (
    WAY_OUT,
    blamed,
    created_job,
    failure,
    find_job,
    first_refusal,
    is_finished,
    is_passing,
    overdue,
    status_text,
)
from typedpipes.pipefy.exports.forms import FormMemory
from typedpipes.pipefy.exports.jobs import (
    CreateForm,
    FormStore,
    GraphQLPort,
    JobDeclaration,
    JobState,
    PollForm,
    WaitProgress,
    parse_token,
)
from typedpipes.pipefy.exports.journal import Entry, Journal
from typedpipes.pipefy.exports.schedule import PollSchedule

LAST_BREATH: Final = 1.0
"""Seconds a poll gets at least, even at the very end of a wait."""
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
        self.clock: Clock | SystemClock = clock or SystemClock()
        self.schedule: PollSchedule = schedule or PollSchedule()
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

    def poll(self, state: JobState, *, deadline: float | None = None) -> Flow[bool]:
        """Poll once and update ``state``; returns whether there is a link. Failed requests are raised."""
        declaration = state.declaration
        forms = yield from self._forms.ordered(declaration, "poll", declaration.polls)
        refusal: GraphQLValidationError | None = None
        answered = False
        for form in forms:
            variables = {name: state.id if name == "id" else state.arguments[name] for name in form.variables}
            try:
                data = yield from self._port.execute(
                    form.document, form.operation, variables, safe=True, deadline=deadline
                )
            except GraphQLValidationError as error:
                refusal = first_refusal(refusal, error, form.name)
                continue
            answered = True
            linked = self._take(state, data, form)
            if state.shown and state.outcome == "finished" and not linked and form.link is not None:
                continue  # a server may know the field and leave it empty; the next form asks for the other one
            self._forms.remember(declaration, "poll", form.name)
            yield from self._forms.save(declaration)
            return linked
        if refusal is not None and not answered:
            raise refusal
        return False

    def _take(self, state: JobState, data: object, form: PollForm) -> bool:
        """Bring ``state`` up to date; whether the answer holds a link."""
        declaration = state.declaration
        job = find_job(data, form, state, declaration)
        state.polled = True
        state.shown = job is not None
        if job is None:
            return False
        status = status_text(job.get(declaration.status))
        if not status:
            raise ResponseMismatch(
                f"$.data.{'.'.join(form.path)}.{declaration.status}: no status in the answer ({form.operation})",
                operation=form.operation,
                path=f"$.data.{'.'.join(form.path)}.{declaration.status}",
            )
        state.status = status
        links = declaration.links
        state.details = {
            name: value
            for name, value in job.items()
            if name not in links and name not in (declaration.id, declaration.status)
        }
        found = [link.strip() for name in links if isinstance(link := job.get(name), str) and link.strip()]
        if found:
            state.link, state.link_seen = found[0], self.clock.wall()
        return bool(found)

    def wait(
        self, state: JobState, *, timeout: float, on_progress: Callable[[WaitProgress], object] | None = None
    ) -> Flow[None]:
        """Poll until the job is finished, ``timeout`` seconds at most.

        Raises `ExportFailed` if the server says that it failed, and `ExportTimeout` at the deadline; its token resumes.
        A poll that fails temporarily, cannot be read, does not show the job, shows an unknown status, or a
        finished job whose link is late, is one more poll; a refusal is raised with the token as a note.
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
        polls = 0
        while True:
            yield from sleep(max(0.0, min(delay, end - clock.monotonic())))
            problem: TypedPipesError | None = None
            polls += 1
            try:
                yield from self.poll(state, deadline=max(LAST_BREATH, end - clock.monotonic()))
            except TypedPipesError as error:
                if not is_passing(error):
                    error.add_note(f"The {state.declaration.what} continues; resume it with {state.token()}")
                    raise
                problem = error
            now = clock.monotonic()
            pending = problem is not None or not (state.outcome == "failed" or is_finished(state))
            asked = problem.retry_after if isinstance(problem, APIError) else None
            delay = self.schedule.next_poll(age + now - began, calls=state.create_calls, retry_after=asked)
            next_poll = min(delay, max(0.0, end - now)) if pending else 0.0
            progress = WaitProgress(state.status, now - began, polls, next_poll, problem)
            self._tell(state, progress)
            if on_progress is not None:
                yield from tell(on_progress, progress)
            if not pending and is_finished(state):
                return
            if now >= end or (asked or 0.0) > end - now:
                raise overdue(state, timeout, asked, problem) from problem

    def _tell(self, state: JobState, progress: WaitProgress) -> None:
        if self._report is not None:
            self._tell_oddity(state, progress, self._report)
            self._report(
                Poll(
                    operation=state.declaration.kind,
                    job=state.id,
                    status=progress.status,
                    elapsed=progress.elapsed,
                    next_in=progress.next_poll or None,
                )
            )

    def _tell_oddity(self, state: JobState, progress: WaitProgress, report: OnEvent) -> None:
        """Once per job: what is waited out although no schema foresees it."""
        declaration = state.declaration
        if progress.problem is not None:
            oddity = ("$.data", "a readable answer", type(progress.problem).__name__)
            if not isinstance(progress.problem, ResponseMismatch):
                return
        elif not state.shown:
            oddity = ("$.data", f"the {declaration.what}", "null")
        elif state.outcome == "unknown":
            oddity = (f"$.{declaration.status}", "a known status", "an unknown value")
        elif state.outcome == "finished" and not is_finished(state):
            oddity = ("$", "the link of a finished job", "no link")
        else:
            return
        if oddity not in state.told:
            state.told.add(oddity)
            report(SchemaDrift(f"pipefy.{declaration.kind}", *oddity))

    def fresh_link(self, state: JobState, *, until: float) -> Flow[str]:
        """Ask for a finished job's link again, repeating after temporary failures and while the link is late.

        ``until`` is a time of the monotonic clock. Raises `ExportTimeout` for a job that is not finished, and where no
        link came in time.
        """
        clock = self.clock
        began = clock.monotonic()
        failures = 0
        while True:
            problem: TypedPipesError | None = None
            try:
                linked = yield from self.poll(state, deadline=max(LAST_BREATH, until - clock.monotonic()))
            except TypedPipesError as error:
                problem, failures = error, failures + 1
                if not is_passing(error) or failures == LINK_TRIES:
                    raise
                asked = error.retry_after if isinstance(error, APIError) else None
                pause = max(2.0 ** (failures - 1), asked or 0.0)
            else:
                if is_finished(state) and linked and state.link is not None:
                    return state.link
                if state.shown and state.outcome != "finished":
                    raise ExportTimeout(
                        f"{state.declaration.what} {state.id} is still {state.status!r}: wait() for it first",
                        export_id=state.id,
                        token=state.token(),
                    )
                pause = self.schedule.next_poll(clock.monotonic() - began)
            if clock.monotonic() + pause > until:
                raise problem or overdue(state, clock.monotonic() - began, None, None)
            yield from sleep(pause)


# The first step of a two-step job: the create, which is never sent twice where it may have been executed.
#
# Another form of the API is tried only when the server refused a document before executing it.

JOURNAL_WAIT: Final = 90.0
"""Seconds to wait for another process that is creating with the same journal (Pipefy runs a request up to 33 s)."""


class JobCreation:
    """Creates jobs through ``port``, each at most once per entry of the ``journal``."""

    def __init__(self, port: GraphQLPort, *, clock: Clock, journal: Journal | None, forms: FormMemory) -> None:
        self._port = port
        self._clock = clock
        self._journal = journal
        self._forms = forms

    def start(
        self, declaration: JobDeclaration, arguments: Mapping[str, object], *, keep: Sequence[str] = (), key: str = ""
    ) -> Flow[JobState]:
        """Create the job, or find it in the journal under ``key``.

        ``keep`` names arguments that polling needs again. Raises `ExportAmbiguous` if the server may have created a
        job whose id is unknown, now or in an earlier process with the same journal; anything else raised means
        that nothing was created.
        """
        journal = self._journal
        if journal is None:
            state = yield from self._create_once(declaration, arguments, keep)
            yield from self._forms.save(declaration)
            return state
        key = self._forms.slot(declaration, key)
        lock = journal.lock()
        yield from hold(Call(lock.release))
        yield from self._enter(journal, lock.try_acquire)
        entry = yield from call(lambda: journal.find(key), blocking=True)
        if entry is not None:
            lock.release()
            return self._continue(declaration, journal, entry)
        yield from call(lambda: journal.intend(key), blocking=True)
        try:
            state = yield from self._create_once(declaration, arguments, keep)
        except TypedPipesError as error:
            if not isinstance(error, ExportAmbiguous):
                yield from call(lambda: journal.refused(key), blocking=True)
            raise
        try:
            yield from call(lambda: journal.created(key, state.id, state.token()), blocking=True)
        except ConfigurationError as error:
            error.add_note(f"The {declaration.what} was created all the same; resume it with {state.token()}")
            raise
        lock.release()  # the caller may go on in the same flow
        yield from self._forms.save(declaration)
        return state

    def forget(self, declaration: JobDeclaration, key: str) -> Flow[None]:
        """Drop what the journal says about ``key``, so that the next `start` creates."""
        journal = self._journal
        if journal is not None:
            yield from call(lambda: journal.forget(self._forms.slot(declaration, key)), blocking=True)

    def _enter(self, journal: Journal, try_acquire: Callable[[], bool]) -> Flow[None]:
        end = self._clock.monotonic() + JOURNAL_WAIT
        while True:
            try:
                if (yield from call(try_acquire, blocking=True)):
                    return
            except OSError as error:
                raise journal.unusable(error) from error
            if self._clock.monotonic() >= end:
                raise JournalBusy(
                    f"another process has been creating a job with {journal.path} for {JOURNAL_WAIT:g} s. "
                    "Nothing was sent; let that process end, then call again."
                )
            yield from sleep(0.1)

    def _continue(self, declaration: JobDeclaration, journal: Journal, entry: Entry) -> JobState:
        if entry.token is not None:
            return parse_token(entry.token, {declaration.kind: declaration}, declaration.kind)
        raise ExportAmbiguous(
            f"{journal.path} shows that creating this {declaration.what} was begun at {entry.at:%Y-%m-%d %H:%M:%S} UTC "
            f"and not concluded: the process ended, or no answer came. The server may have created it or not, and "
            f"which of the two is unknown, so nothing was sent now. {WAY_OUT}"
        )

    def _create_once(
        self, declaration: JobDeclaration, arguments: Mapping[str, object], keep: Sequence[str]
    ) -> Flow[JobState]:
        try:
            return (yield from self._create(declaration, arguments, keep))
        except TypedPipesError as error:
            if nothing_executed(error) or isinstance(error, ExportFailed):
                raise
            raise ExportAmbiguous(
                f"The request for this {declaration.what} was sent and no usable answer came ({error}). The server "
                f"may have created it or not; it was not sent again. {WAY_OUT}"
            ) from error

    def _create(
        self, declaration: JobDeclaration, arguments: Mapping[str, object], keep: Sequence[str]
    ) -> Flow[JobState]:
        forms = yield from self._forms.ordered(declaration, "create", declaration.creates)
        refusal: GraphQLValidationError | None = None
        calls = 0
        while forms:
            form, calls = forms.pop(0), calls + 1
            variables = {"input": dict(arguments)} if form.wrap else dict(arguments)
            try:
                data: object = yield from self._port.execute(form.document, form.operation, variables, safe=False)
            except GraphQLValidationError as error:
                refusal = first_refusal(refusal, error, form.name)
                forms = self._learn(declaration, form, error, forms)
                continue
            except GraphQLError as error:
                try:
                    identity, job = created_job(error.data, declaration, form)
                except ResponseMismatch:
                    raise error from None
                if not identity:
                    raise
            else:
                identity, job = created_job(data, declaration, form)
            self._forms.remember(declaration, "create", form.name)
            status = status_text(job.get(declaration.status))
            state = JobState(
                declaration=declaration,
                id=identity,
                status=status or "created",
                created_at=self._clock.wall(),
                arguments={name: str(arguments[name]) for name in keep},
                create_calls=calls,
            )
            if state.outcome == "failed":
                raise failure(state)
            return state
        assert refusal is not None
        raise refusal

    def _learn(
        self, declaration: JobDeclaration, form: CreateForm, error: GraphQLValidationError, left: list[CreateForm]
    ) -> list[CreateForm]:
        """What a refusal tells: the forms still worth a request, and the field of the link."""
        if form.probe is None:
            return left
        unknown, nothing_else = blamed(error, form.probe)
        if unknown:
            other = next((poll.name for poll in declaration.polls if poll.link != form.probe), None)
            if other is not None:
                self._forms.remember(declaration, "poll", other)
        if nothing_else:
            return sorted(left, key=lambda following: following.name != form.unprobed)
        return [following for following in left if following.name != form.unprobed]


__all__ = ["JOURNAL_WAIT", "LAST_BREATH", "LINK_TRIES", "JobCreation", "JobEngine"]
