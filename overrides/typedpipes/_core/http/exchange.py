"""One call, from permit to answer: slot, signature, wire, retries, 401 replay, redirects. Written once, as a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from typedpipes._core.auth import AuthContext, Credential
from typedpipes._core.flow import Flow, Send, Sleep
from typedpipes._core.http import TOKEN_HEADERS, Stamp, library
from typedpipes._core.http.bodies import (
    ERROR_BODY_LIMIT,
    WIRE_ERRORS,
    Body,
    PermitStream,
    header_dict,
    is_hopeless,
    origin,
    require_https,
    steady,
)
from typedpipes._core.http.inflate import Refused, Undecodable, inflated, inflated_leniently
from typedpipes._core.http.network import Until, timeouts
from typedpipes._core.http.permits import Permit
from typedpipes._core.http.retry import Failure, backoff, check_call_limits, is_replayable
from typedpipes._core.redaction import Secret
from typedpipes.errors import (
    APIError,
    ConfigurationError,
    RateLimited,
    ResponseMismatch,
    TransportError,
    TypedPipesError,
)
from typedpipes.events import Request, Retry

if TYPE_CHECKING:
    from typedpipes._core.http.policies import Policies
    from typedpipes.limits.policy import Lease

Outcome: TypeAlias = "library.Response | tuple[Failure, TypedPipesError] | Literal['again']"


class Exchange:
    """One call. `run` is its flow; the result is a successful response, unread if ``stream``; else see `content`."""

    __slots__ = (
        "_again",
        "_attempts",
        "_content",
        "_context",
        "_cost",
        "_credential",
        "_headers",
        "_hops",
        "_lease",
        "_max_wait",
        "_on_wire",
        "_permit",
        "_policies",
        "_previous",
        "_repeatable",
        "_request",
        "_retries",
        "_stamp",
        "_stream",
        "_timeout",
        "_until",
        "_used",
    )

    def __init__(self, policies: Policies, request: library.Request, stamp: Stamp, *, stream: bool) -> None:
        check_call_limits(stamp.timeout, stamp.deadline, stamp.retries, stamp.max_wait)
        retry = policies.retry
        deadline = retry.deadline if stamp.deadline is None else stamp.deadline
        self._policies = policies
        self._request = request
        self._stamp = stamp
        self._stream = stream
        self._repeatable = steady(request)
        self._until = None if deadline is None else policies.clock.monotonic() + deadline
        self._timeout = retry.timeout if stamp.timeout is None else stamp.timeout
        self._retries = retry.retries if stamp.retries is None else stamp.retries
        self._max_wait = retry.max_wait if stamp.max_wait is None else stamp.max_wait
        self._context = AuthContext(
            policies.clock, until=self._until, report=policies.report, redactor=policies.redactor
        )
        self._permit = Permit(policies.permits)
        self._lease: Lease | None = None
        self._credential: Credential | None = None
        self._used: Secret | None = None
        self._headers: dict[str, str] = {}
        self._content = b""
        self._previous: TypedPipesError | None = None
        self._attempts = 0
        self._cost = 0
        self._hops = 0
        self._again = False
        self._on_wire = False

    @property
    def headers(self) -> dict[str, str]:
        """The answer's headers, names in lower case."""
        return self._headers

    @property
    def content(self) -> bytes:
        """The answer's body, without its content encoding."""
        return self._content

    def run(self) -> Flow[library.Response]:
        """Perform the call. Raises the errors of `typedpipes.errors`."""
        self._prepare()
        try:
            yield from self._permit.obtain(self._patience(), self._stamp.name)
            return (yield from self._try())
        except TypedPipesError as error:
            if self._stamp.safety == "unsafe" and not self._on_wire:
                error.may_have_executed = False  # not sent, or sent again only because nothing had been executed
            raise
        finally:
            self._permit.end_of_flow()
            if self._lease is not None:
                self._lease.end_of_flow()

    def _try(self) -> Flow[library.Response]:
        tries = 0
        while True:
            outcome = yield from self._attempt()
            if outcome == "again":
                yield from self._off_wire()
                continue
            tries += 1
            if isinstance(outcome, library.Response):
                self._policies.budget.success(self._cost)
                return outcome
            failure, error = outcome
            delay = self._delay(failure, error, tries)
            yield from self._off_wire()
            yield Sleep(delay)

    def _off_wire(self) -> Flow[None]:
        if self._stamp.on_wire is not None:
            yield from self._stamp.on_wire(False)

    def _prepare(self) -> None:
        request, stamp = self._request, self._stamp
        require_https(request.url)
        own = stamp.credentials is None and any(name in request.headers for name in TOKEN_HEADERS)
        if not own and stamp.credentials != ():
            self._credential = self._policies.credentials.choose(stamp.credentials, origin(request.url), stamp.name)
        stamp.check_key()
        if stamp.idempotency_header is not None and stamp.idempotency_key is not None:
            request.headers[stamp.idempotency_header] = stamp.idempotency_key

    def _patience(self) -> float:
        return self._timeout if self._until is None else max(0.0, min(self._timeout, self._left()))

    def _left(self) -> float:
        return float("inf") if self._until is None else self._until - self._policies.clock.monotonic()

    def _attempt(self) -> Flow[Outcome]:
        self._on_wire = False
        self._require_open()
        self._lease = lease = yield from self._slot()
        request = self._request
        if lease is not None:
            lease.sent = False  # signing may take long, fail, or be interrupted
        if self._credential is not None:
            self._used = yield from self._credential.sign(request, self._context)
            self._move_to_api_domain(request)
        patience = self._patience()
        if patience <= 0:
            from typedpipes._core.http.failures import too_late

            raise too_late(self._stamp, self._attempts) from self._previous
        self._require_open()
        if lease is not None and lease.outlived():
            self._unsign()
            yield from lease.unsent()
            return "again"
        request.extensions["timeout"] = timeouts(self._timeout, self._left())
        if self._stamp.on_wire is not None:
            yield from self._stamp.on_wire(True)
        self._attempts += 1
        self._on_wire = True
        started = self._policies.clock.monotonic()
        if lease is not None:
            lease.sent = True
        try:
            response: library.Response = yield Send(request)
        except WIRE_ERRORS as cause:
            self._unsign()
            from typedpipes._core.http.failures import failure_of

            failure = failure_of(cause)
            self._tell(started, None, type(cause).__name__)
            if lease is not None:
                yield from lease.unsent() if failure.phase == "unsent" else lease.abandoned()
            return failure, self._transport_error(cause, failure)
        self._unsign()
        # The library looks again when it reads the body. Who reads a stream takes what time it likes.
        request.extensions["timeout"]["read"] = (
            self._patience() if self._stream else Until.of(self._timeout, self._left())
        )
        self._headers = headers = header_dict(response)
        status = response.status_code
        if lease is not None:
            yield from lease.settle(status, headers)
        self._tell(started, status, None)
        if 200 <= status < 300 or (self._stamp.relays and (status != 401 or self._credential is None or self._again)):
            return (yield from self._success(response))
        return (yield from self._failed(response))

    def _require_open(self) -> None:
        if self._policies.closed():
            raise ConfigurationError(
                f"{self._stamp.name} was not sent: the client is closed; "
                "make a new one, or close it only after the last call"
            )

    def _slot(self) -> Flow[Lease | None]:
        limiter = self._policies.limiter
        if limiter is None:
            return None
        from typedpipes.limits.policy import Claim  # nothing about limits is loaded before the first request

        stamp, credential = self._stamp, self._credential
        scope = dict(stamp.scope or {})
        if credential is not None:
            scope.setdefault("user", credential.identity)
        claim = Claim(
            stamp.api,
            stamp.operation,
            buckets=stamp.buckets,
            token_cost=stamp.token_cost,
            scope=scope,
            again=self._attempts > 0,
        )
        try:
            return (yield from limiter.acquire(claim, until=self._until, max_wait=self._max_wait))
        except TypedPipesError as error:
            if self._previous is not None and error.__cause__ is None:
                raise error from self._previous
            raise

    def _success(self, response: library.Response) -> Flow[Outcome]:
        if self._credential is not None and self._used is not None and response.status_code < 300:
            self._credential.accepted(self._used)
        if self._stream:
            stream = response.stream
            if isinstance(stream, (library.SyncByteStream, library.AsyncByteStream)):
                self._permit.kept = True
                response.stream = PermitStream(stream, self._permit.release)
            return response
        most = self._policies.retry.max_body
        try:
            raw, cut = yield from Body(response, self._policies.clock, until=self._until, limit=most).read()
            if cut:
                raise Refused(f"has more than the {most} bytes allowed; max_body raises the limit")
            self._content = inflated(self._headers, raw, most)
        except Refused as refused:
            raise ResponseMismatch(f"{self._stamp.name}: the answer {refused}", operation=self._stamp.name) from None
        except (library.RequestError, OSError, Undecodable) as cause:
            failure = Failure("body", response.status_code, timeout=isinstance(cause, library.TimeoutException))
            return failure, self._transport_error(cause, failure)
        return response

    def _failed(self, response: library.Response) -> Flow[Outcome]:
        clock = self._policies.clock
        raw, cut = yield from Body(response, clock, until=self._until, limit=ERROR_BODY_LIMIT).read_leniently()
        body = inflated_leniently(self._headers, raw, ERROR_BODY_LIMIT)
        policies, status = self._policies, response.status_code
        credential, used = self._credential, self._used
        from typedpipes._core.http.failures import classify

        error: APIError = classify(
            status,
            self._headers,
            body,
            operation=self._stamp.name,
            wall=policies.clock.wall(),
            redactor=policies.redactor,
            attempts=self._attempts,
            cut=cut,
        )
        if self._stamp.read_failure is not None:
            error = self._stamp.read_failure(error, body)
        error.__cause__ = self._previous
        if status == 401 and credential is not None and used is not None and not self._again:
            self._on_wire = False  # whatever becomes of the new token, this was refused
            if not self._repeatable:
                raise error
            if (yield from credential.rejected(used, self._context)):
                self._again = True
                return "again"
        if 300 <= status < 400:
            self._follow(status, error)
            return "again"
        if credential is not None and used is not None and status not in {401, 403}:
            credential.accepted(used)
        return Failure("answered", status, wait=error.retry_after), error

    def _follow(self, status: int, error: APIError) -> None:
        from typedpipes._core.http.redirects import MAX_REDIRECTS, redirected

        self._hops += 1
        following = redirected(self._request, status, self._headers.get("location"), self._stamp)
        if following is None or self._hops > MAX_REDIRECTS:
            why = "too many redirects" if following is not None else "a redirect that is not followed"
            target = self._policies.redactor.text(self._headers.get("location", "").partition("?")[0], 200)
            error.args = (f"{self._stamp.name}: {why} ({status} to {target or 'nowhere'}); correct base_url",)
            raise error
        require_https(following.url)
        if origin(following.url) != origin(self._request.url):
            self._credential = None
        self._used = None
        self._request = following

    def _delay(self, failure: Failure, error: TypedPipesError, tries: int) -> float:
        """Seconds to wait before the next attempt; raises ``error`` if there shall be none."""
        policies, stamp = self._policies, self._stamp
        hopeless = (
            error.__cause__ is not None and isinstance(error.__cause__, Exception) and is_hopeless(error.__cause__)
        )
        keyed = stamp.idempotency_key is not None
        if (
            error.may_have_executed
            or hopeless
            or tries > self._retries
            or not is_replayable(failure, stamp.safety, keyed=keyed)
        ):
            raise error
        if not self._repeatable and failure.phase != "unsent":
            raise error
        delay = backoff(policies.retry, tries, policies.random) if failure.wait is None else failure.wait
        bound = self._left()
        if failure.wait is not None and self._max_wait is not None:
            bound = min(bound, self._max_wait)
        if delay >= bound:
            self._note_resume(error, delay)
            raise error
        cost = policies.budget.draw(failure)
        if cost is None:
            raise error
        self._cost = cost
        self._previous = error
        if policies.report.wants(Retry):
            reason = type(error).__name__ if failure.status is None else f"status {failure.status}"
            policies.report(
                Retry(
                    api=stamp.api,
                    operation=stamp.operation,
                    attempt=self._attempts,
                    delay=delay,
                    reason=reason,
                    status=failure.status,
                )
            )
        return delay

    def _note_resume(self, error: TypedPipesError, delay: float) -> None:
        if isinstance(error, RateLimited) and error.resume_at is None:
            error.retry_after = delay
            from typedpipes._core.http.retry_after import resume_at

            error.resume_at = resume_at(delay, wall=self._policies.clock.wall())

    def _transport_error(self, cause: Exception, failure: Failure) -> TransportError:
        from typedpipes._core.http.failures import transport_error

        return transport_error(
            cause,
            failure,
            stamp=self._stamp,
            host=self._request.url.host,
            attempts=self._attempts,
            late=failure.timeout and self._left() <= 1e-6,  # event loops wake up a little early
            previous=self._previous,
            redactor=self._policies.redactor,
        )

    def _unsign(self) -> None:
        if self._credential is not None:
            self._credential.unsign(self._request)

    def _move_to_api_domain(self, request: library.Request) -> None:
        """Pipedrive's token answer says where the account's API is."""
        base = self._credential.api_domain() if self._credential is not None else None
        if base is not None and origin(base) != origin(request.url):
            target = library.URL(base)
            request.url = request.url.copy_with(scheme=target.scheme, host=target.host, port=target.port)
            request.headers["host"] = request.url.netloc.decode("ascii")

    def _tell(self, started: float, status: int | None, error: str | None) -> None:
        report = self._policies.report
        if report.wants(Request):
            report(
                self._policies.request_event(
                    self._request, self._stamp, self._attempts, started, status, error, self._headers
                )
            )


__all__ = ["Exchange"]
