"""Credentials whose token is fetched, kept, renewed early and shared: OAuth client credentials and refresh tokens."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import math
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from msgspec.structs import replace

from typedpipes._core.auth import AuthContext, Credential, Remembered
from typedpipes._core.auth.flight import Flight, Flights
from typedpipes._core.auth.grant import Grant
from typedpipes._core.auth.token_request import TOKEN_DEADLINE, TRIES, fetch, is_refusal
from typedpipes._core.flow import Call, Flow, Hold, Sleep, call
from typedpipes._core.forks import renew_in_children
from typedpipes._core.http import library
from typedpipes._core.redaction import Secret
from typedpipes._core.tokens import MemoryTokenStore, Token, TokenStore
from typedpipes.errors import (
    AuthenticationError,
    ConfigurationError,
    DeadlineExceeded,
    TransportError,
    TypedPipesError,
)
from typedpipes.events import Refresh, logger

T = TypeVar("T")

LEASE: Final = TOKEN_DEADLINE + 15.0
"""Seconds a process may take to renew a token; after that it is taken for dead."""

EARLY_PAUSE: Final = 10.0
"""Seconds before an early renewal that failed is tried again."""

REPLACEMENT_PAUSE: Final = 30.0
"""Seconds for which a token that came in place of a rejected one is not replaced unless it was accepted."""


class TokenCredential(Credential):
    """A bearer token obtained from ``grant``, kept in ``store``.

    What the store holds of another grant counts as nothing: one tenant's token is never another's.
    One request renews it however many threads, tasks and processes (with a shared store) need it. It is renewed when a
    tenth of its life, at most a minute, is left, while the others go on with the old one.
    """

    def __init__(
        self,
        kind: str,
        grant: Grant,
        *,
        identity: str,
        origins: Iterable[str],
        store: TokenStore | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(kind, identity=identity, origins=origins)
        self.grant = grant
        self.store: TokenStore = store if store is not None else MemoryTokenStore()
        self.key: str = key or f"{kind}-{hashlib.sha256(f'{identity} {grant.name}'.encode()).hexdigest()[:32]}"
        self._refused: Secret | None = None
        self.forked()
        renew_in_children(self)

    def forked(self) -> None:
        """Begin without a token and without a request for one under way; the store has what is good."""
        self._held: Token | None = None
        self._flights = Flights()
        self._refusal = Remembered()
        self._proven = False
        self._told = False
        self._early_after = -math.inf
        self._replace_after = -math.inf

    def sign(self, request: library.Request, context: AuthContext) -> Flow[Secret]:
        """Set the header, after obtaining a token if need be."""
        token = yield from self.token(context)
        request.headers["authorization"] = "Bearer " + token.access.reveal()
        return token.access

    def token(self, context: AuthContext) -> Flow[Token]:
        """A token that is good now. Raises `AuthenticationError` if the credential is refused."""
        held = self._held
        if held is not None:
            freshness = held.freshness(context.clock)
            if freshness == "fresh" or (freshness == "stale" and context.clock.monotonic() < self._early_after):
                return held
        return (yield from self._renew(context, None))

    def rejected(self, used: Secret, context: AuthContext) -> Flow[bool]:
        """Get another token than ``used``, unless somebody already has.

        A token that replaced a rejected one and is rejected itself is not replaced again for a while: then it is not
        the token that is wrong.
        """
        held = self._held
        if held is not None and held.access != used:
            return True
        if not self._proven and context.clock.monotonic() < self._replace_after:
            return False
        yield from self._renew(context, used)
        self._replace_after = context.clock.monotonic() + REPLACEMENT_PAUSE
        return True

    def accepted(self, used: Secret) -> None:
        """Tokens of this credential work: a later 401 means that this one ended."""
        self._proven = True

    def _from_store(self, work: Callable[[], T], otherwise: T) -> Flow[T]:
        """What ``work`` gives on the store; ``otherwise`` where the store fails and can be done without.

        A token that anybody can ask for again is only cached there: a full disk stops no call, and is told once. One
        that rotates is nowhere else, so the failure is raised before it is spent. A store that was set up wrongly, or
        that others can write, is a `ConfigurationError` for both.
        """
        try:
            return (yield from call(work, blocking=self.store.blocking))
        except Exception as error:  # of a keyring or a store of the caller's, whatever it raises
            if isinstance(error, TypedPipesError) and (self.grant.rotates or not _is_full(error)):
                raise
            if self.grant.rotates:
                raise ConfigurationError(
                    f"the store of the {self.kind} token failed ({type(error).__name__}); nothing was sent. Make it "
                    "work again, or give another one (token_cache=)",
                    setting="token_cache",
                ) from error
            if not self._told:
                self._told = True
                what = error if isinstance(error, TypedPipesError) else type(error).__name__
                logger.warning("the %s token is kept in memory only: its store failed (%s)", self.kind, what)
            return otherwise

    def forget(self) -> None:
        """Drop what is held in memory, a refusal included: the next call asks store and endpoint again."""
        self._held = None
        self._refusal.forget()

    def adopt(self, token: Token) -> Flow[None]:
        """Hold and keep a token that was obtained in another way (authorization code)."""
        self._refusal.forget()
        yield from self._keep(token, AuthContext())

    def secrets(self) -> Iterable[Secret]:
        """The settings' secrets, the current token and refresh token."""
        held = self._held
        current = () if held is None else (held.access, held.refresh)
        return [*self.grant.secrets(), *(part for part in current if part is not None)]

    def _good(self, token: Token | None, rejected: Secret | None, context: AuthContext, *, stale: bool) -> bool:
        if token is None or token.access == rejected:
            return False
        freshness = token.freshness(context.clock)
        return freshness == "fresh" or (stale and freshness == "stale")

    def _renew(self, context: AuthContext, rejected: Secret | None) -> Flow[Token]:
        mine = Flight()
        yield Hold(Call(mine.abandon))  # before boarding: there is no moment at which an interruption could strand it
        while True:
            flight = self._flights.board(mine)
            held = self._held
            if flight is mine:
                break
            if held is not None and self._good(held, rejected, context, stale=True):
                return held  # somebody is renewing it early
            landed = yield from flight.wait(context, self.kind)
            if landed is not None and self._good(landed, rejected, context, stale=True):
                return landed
        try:
            if held is not None and self._good(held, rejected, context, stale=False):
                token = held  # renewed between the caller's look and ours
            else:
                token = yield from self._obtain(context, rejected)
        except Exception as error:
            if held is not None and self._good(held, rejected, context, stale=True):
                self._early_after = context.clock.monotonic() + EARLY_PAUSE
                flight.land(held)
                return held  # early renewal failed; the old token is still good
            if not _out_of_patience(error, context):  # ours is over, not that of those who wait: another will ask
                flight.fail(error)
            flight.abandon()
            raise
        flight.land(token)
        return token

    def _obtain(self, context: AuthContext, rejected: Secret | None) -> Flow[Token]:
        """As the only one of this process: take the token from the store, or renew it as the only process."""
        import uuid

        owner = uuid.uuid4().hex

        def give_up() -> None:
            with contextlib.suppress(Exception):  # then it lapses
                self.store.release(self.key, owner)

        release = Call(give_up, blocking=self.store.blocking)
        yield Hold(release)
        try:
            stored = yield from self._lease(owner, context, rejected)
            if stored is not None and self._good(stored, rejected, context, stale=False):
                self._hold(stored, context)
                token = stored
            else:
                token = yield from self._fetch(stored, context, rejected)
        except Exception:
            yield release  # now, not when the flow ends that this may be a small part of
            raise
        yield release
        return token

    def _lease(self, owner: str, context: AuthContext, rejected: Secret | None) -> Flow[Token | None]:
        """Wait until the store has a good token or the lease is ours; the result is what the store holds."""
        store, pause = self.store, 0.02
        give_up = context.clock.monotonic() + LEASE + 5.0
        until = give_up if context.until is None else min(context.until, give_up)
        while True:
            stored = yield from self._stored()
            if self._good(stored, rejected, context, stale=False):
                return stored
            if (yield from self._from_store(lambda: store.lease(self.key, owner, LEASE), True)):
                return (yield from self._stored())
            if context.clock.monotonic() >= until:
                raise DeadlineExceeded(
                    f"no {self.kind} token in time: another process holds the lease on renewing it", sent=False
                )
            yield Sleep(pause)
            pause = min(pause * 1.5, 0.2)

    def _stored(self) -> Flow[Token | None]:
        """What the store holds for this grant."""
        stored = yield from self._from_store(lambda: self.store.load(self.key), None)
        return stored if stored is not None and stored.grant == self.grant.name else None

    def _fetch(self, stored: Token | None, context: AuthContext, rejected: Secret | None) -> Flow[Token]:
        if self.grant.rotates and stored is not None and stored.refresh != self._refused:
            self._refusal.forget()  # somebody authorized again
        self._refusal.check(context.clock)
        base = stored if stored is not None else self._held
        if self.grant.rotates and stored is not None and not stored.pending:
            yield from call(
                lambda: self.store.save(self.key, replace(stored, pending=True)), blocking=self.store.blocking
            )
        early = base is not None and rejected is None and base.freshness(context.clock) == "stale"
        try:
            token = yield from fetch(self.grant, base, context, what=self._what(), most=1 if early else TRIES)
        except AuthenticationError as error:
            explained = self._explained(error, base)
            if is_refusal(error):
                self._refusal.note(explained, context.clock)
                self._refused = None if base is None else base.refresh
            raise explained from error.__cause__
        except TransportError as error:
            if error.sent is False and self.grant.rotates and stored is not None:
                yield from call(lambda: self.store.save(self.key, stored), blocking=self.store.blocking)
            raise
        reason = "rejected" if rejected is not None else "first" if base is None else "expired"
        if early:
            reason = "early"
        yield from self._keep(token, context)
        context.report(Refresh(kind=self.kind, expires_in=token.life, reason=reason))
        return token

    def _keep(self, token: Token, context: AuthContext) -> Flow[None]:
        self._hold(token, context)
        try:
            yield from call(lambda: self.store.save(self.key, token), blocking=self.store.blocking)
        except Exception as error:  # of whatever store; it was obtained, and is good in this process
            if self.grant.rotates or not self._told:
                self._told = True
                what = error if isinstance(error, (TypedPipesError, OSError)) else type(error).__name__
                logger.error("the new %s token could not be kept in %r: %s", self.kind, self.store, what)

    def _hold(self, token: Token, context: AuthContext) -> None:
        context.redactor.add(token.access)
        context.redactor.add(token.refresh)
        self._held = token
        self._proven = False
        self._refusal.forget()

    def _what(self) -> str:
        return f"the {self.kind.replace('_', ' ')} token"

    def _explained(self, error: AuthenticationError, base: Token | None) -> AuthenticationError:
        if not (self.grant.rotates and base is not None and base.pending):
            return error
        return AuthenticationError(
            f"{error}; an earlier renewal was cut off after its request was sent, so the refresh token it would have "
            "brought is lost: authorize the app again",
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            body=error.body,
            attempts=error.attempts,
        )


def _is_full(error: TypedPipesError) -> bool:
    """Whether a store failed because its disk is full."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in (errno.ENOSPC, errno.EDQUOT)


def _out_of_patience(error: Exception, context: AuthContext) -> bool:
    return (
        isinstance(error, TransportError)
        and context.until is not None
        and context.until <= context.clock.monotonic() + 0.05
    )


__all__ = ["TokenCredential"]
