"""Where tokens are kept between calls, and between processes."""

from __future__ import annotations

import threading
from typing import Protocol

from typedpipes.auth.token import Token


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

    def __repr__(self) -> str:
        return f"<MemoryTokenStore of {len(self._tokens)}>"


__all__ = ["MemoryTokenStore", "TokenStore"]
