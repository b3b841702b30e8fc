"""Access tokens with their age, measured so that a jump of the wall clock does not matter, and where they are kept
between calls, and between processes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol, TypeAlias

import msgspec

from typedpipes._core.flow import Clock, timeline
from typedpipes._core.forks import renew_in_children
from typedpipes._core.redaction import Secret, secret, while_whole

Freshness: TypeAlias = Literal["fresh", "stale", "expired"]

LEEWAY: Final = 60.0
"""Seconds before expiry at which a token is renewed early; a tenth of its life if that is shorter."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An access token, and what came with it.

    Attributes:
        access: the token.
        life: seconds it was given, counted from `monotonic` and `wall`; None: not said, good until refused.
        wall: when it was obtained, on the wall clock.
        monotonic: the same on the monotonic clock that `timeline` names.
        refresh: the refresh token to use next (Pipedrive; rotates).
        api_domain: where the API of this account lives (Pipedrive).
        grant: names the credential setting it descends from: another setting makes it void.
        pending: a refresh with ``refresh`` was begun; if its answer was lost, the refresh token may be used up.
    """

    access: Secret
    life: float | None
    wall: float
    monotonic: float
    timeline: str
    refresh: Secret | None = None
    api_domain: str | None = None
    grant: str = ""
    pending: bool = False

    def remaining(self, clock: Clock) -> float | None:
        """Seconds of life left; None if unknown."""
        if self.life is None:
            return None
        comparable = self.timeline == timeline(clock)
        age = clock.monotonic() - self.monotonic if comparable else clock.wall() - self.wall
        return self.life - max(0.0, age)

    def freshness(self, clock: Clock) -> Freshness:
        """Whether it is good, good but due for renewal, or no longer good."""
        left = self.remaining(clock)
        if left is None or self.life is None:
            return "fresh"
        if left <= 0:
            return "expired"
        return "stale" if left <= min(LEEWAY, self.life / 10) else "fresh"

    def to_json(self) -> dict[str, Any]:
        """For stores: holds the secrets in clear."""
        return {
            "version": 1,
            "access": self.access.reveal(),
            "refresh": None if self.refresh is None else self.refresh.reveal(),
            "life": self.life,
            "wall": self.wall,
            "monotonic": self.monotonic,
            "timeline": self.timeline,
            "api_domain": self.api_domain,
            "grant": self.grant,
            "pending": self.pending,
        }

    @classmethod
    def from_json(cls, content: object) -> Token | None:
        """The inverse of `to_json`; None for anything it did not make (a damaged or newer entry counts as absent)."""
        if not isinstance(content, Mapping) or content.get("version") != 1:
            return None
        access, life = content.get("access"), content.get("life")
        refresh, domain = content.get("refresh"), content.get("api_domain")
        if not isinstance(access, str) or not isinstance(life, (int, float, type(None))):
            return None
        try:
            return cls(
                access=Secret(access),
                life=life,
                wall=float(content["wall"]),
                monotonic=float(content["monotonic"]),
                timeline=str(content["timeline"]),
                refresh=secret(refresh) if isinstance(refresh, str) else None,
                api_domain=domain if isinstance(domain, str) else None,
                grant=str(content.get("grant", "")),
                pending=content.get("pending") is True,
            )
        except (KeyError, TypeError, ValueError):
            return None


class TokenStore(Protocol):
    """Keeps tokens by key. Small, so that a service with many tenants can bring its own (a database, Redis).

    Methods are synchronous; with ``blocking`` they run in a worker thread for async clients. They may raise OSError.
    """

    @property
    def blocking(self) -> bool:
        """Whether the methods do I/O."""
        ...

    def load(self, key: str) -> Token | None:
        """The token last saved under ``key``."""
        ...

    def save(self, key: str, token: Token) -> None:
        """Replace the token under ``key``, atomically."""
        ...

    def delete(self, key: str) -> None:
        """Forget the token under ``key``."""
        ...

    def lease(self, key: str, owner: str, seconds: float) -> bool:
        """Try to become the one who renews ``key``, for at most ``seconds``; false if somebody else is."""
        ...

    def release(self, key: str, owner: str) -> None:
        """End ``owner``'s lease; harmless if it has none."""
        ...


class MemoryTokenStore:
    """Tokens of this process. Credentials that share one share their tokens."""

    blocking = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}
        self._owners: dict[str, str] = {}
        renew_in_children(self)

    def forked(self) -> None:
        """Nobody of this process is renewing a token; the tokens stay good."""
        self._lock = threading.Lock()
        self._owners.clear()

    def load(self, key: str) -> Token | None:
        """The token last saved under ``key``."""
        return self._tokens.get(key)

    def save(self, key: str, token: Token) -> None:
        """Replace the token under ``key``."""
        self._tokens[key] = token

    def delete(self, key: str) -> None:
        """Forget the token under ``key``."""
        self._tokens.pop(key, None)

    def lease(self, key: str, owner: str, seconds: float) -> bool:
        """Try to become the one who renews ``key``. Owners of this process always release, so no time is kept."""
        with self._lock:
            return self._owners.setdefault(key, owner) == owner

    def release(self, key: str, owner: str) -> None:
        """End ``owner``'s lease."""
        with self._lock:
            if self._owners.get(key) == owner:
                del self._owners[key]

    @while_whole
    def __repr__(self) -> str:
        return f"<MemoryTokenStore of {len(self._tokens)}>"


__all__ = ["LEEWAY", "Freshness", "MemoryTokenStore", "Token", "TokenStore"]
