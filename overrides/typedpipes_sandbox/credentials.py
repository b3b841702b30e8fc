"""Tokens that the sandbox issues; they expire by its clock."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from typedpipes_sandbox.clock import SandboxClock


@dataclass(slots=True)
class Credential:
    """A token and what it allows. ``expires_at`` None never expires."""

    token: str
    kind: str
    identity: str
    expires_at: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class TokenStore:
    """Issues tokens and tells whether one is good. Values come from ``world``, the sandbox's name, and their order."""

    def __init__(self, clock: SandboxClock, world: str, issuer: str) -> None:
        self._clock = clock
        self._world = world
        self._issuer = issuer
        self._issued = 0
        self._tokens: dict[str, Credential] = {}

    def value(self, prefix: str = "") -> str:
        """A fresh random-looking value."""
        self._issued += 1
        digest = hashlib.sha256(f"{self._world}:{self._issuer}:{self._issued}:{prefix}".encode()).digest()
        return prefix + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def jwt(self, subject: str, life: float) -> str:
        """A token shaped like a JWT; the signature is not one."""
        head = _segment({"alg": "none", "typ": "JWT"})
        now = int(self._clock.now())
        claims = {"iss": self._issuer, "sub": subject, "iat": now, "exp": now + int(life), "jti": self.value()[:16]}
        return f"{head}.{_segment(claims)}.{self.value()[:24]}"

    def add(self, token: str, kind: str, identity: str, life: float | None = None, **facts: Any) -> Credential:
        """Register a token; ``life`` in seconds, None for one that never expires."""
        expires_at = None if life is None else self._clock.now() + life
        credential = Credential(token, kind, identity, expires_at, facts)
        self._tokens[token] = credential
        return credential

    def find(self, token: str) -> Credential | None:
        """The live credential, or None when unknown, expired or revoked."""
        credential = self._tokens.get(token)
        if credential is None:
            return None
        if credential.expires_at is not None and self._clock.now() >= credential.expires_at:
            del self._tokens[token]
            return None
        return credential

    def revoke(self, token: str) -> bool:
        """Forget a token; False when it was not known."""
        return self._tokens.pop(token, None) is not None

    def expire_all(self, kind: str | None = None) -> int:
        """Let every token that can expire do so now; returns how many."""
        doomed = [
            token
            for token, credential in self._tokens.items()
            if credential.expires_at is not None and (kind is None or credential.kind == kind)
        ]
        for token in doomed:
            del self._tokens[token]
        return len(doomed)

    def __len__(self) -> int:
        return len(self._tokens)


def _segment(claims: dict[str, Any]) -> str:
    raw = json.dumps(claims, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
