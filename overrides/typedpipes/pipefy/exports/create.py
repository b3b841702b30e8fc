"""The first step of a two-step job: the create, which is never sent twice where it may have been executed.

Another form of the API is tried only when the server refused a document before executing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from typedpipes._core.flow import Call, Clock, Flow, call, hold, sleep
from typedpipes._core.graphql.outcome import nothing_executed
from typedpipes.errors import (
    ConfigurationError,
    ExportAmbiguous,
    ExportFailed,
    GraphQLError,
    GraphQLValidationError,
    JournalBusy,
    ResponseMismatch,
    TypedPipesError,
)
from typedpipes.pipefy.exports.answers import (
    WAY_OUT,
    blamed,
    created_job,
    failure,
    first_refusal,
    status_text,
)
from typedpipes.pipefy.exports.forms import FormMemory
from typedpipes.pipefy.exports.jobs import CreateForm, GraphQLPort, JobDeclaration, JobState, parse_token
from typedpipes.pipefy.exports.journal import Entry, Journal

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
        job nobody knows the id of, now or in an earlier process with the same journal; anything else raised means
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
            f"nobody can know which, so nothing was sent now. {WAY_OUT}"
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
