"""Credentials of declared APIs: keys in the query or a cookie, several at once, none at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from typedpipes._core.auth import AuthContext, Credential, StaticCredential
from typedpipes._core.auth.grant import ClientCredentials, encoded
from typedpipes._core.flow import Flow
from typedpipes._core.http import library
from typedpipes._core.redaction import Secret, basic
from typedpipes._core.tokens import Token

NOTHING: Final = Secret("")


class QueryKeyCredential(StaticCredential):
    """An API key in a query parameter. It is part of the URL while the request is on the wire, and of no message."""

    def __init__(self, kind: str, token: Secret, *, origins: Iterable[str], name: str, setting: str) -> None:
        super().__init__(kind, token, origins=origins, setting=setting)
        self._name = quote(name, safe="").encode()

    def sign(self, request: library.Request, context: AuthContext) -> Flow[Secret]:
        """Put the key at the end of the query; the rest of it stays as it was encoded."""
        used = yield from super().sign(request, context)
        request.headers.pop(self.header, None)
        pair = self._name + b"=" + quote(used.reveal(), safe="").encode()
        request.url = request.url.copy_with(query=b"&".join([*self._others(request), pair]))
        return used

    def unsign(self, request: library.Request) -> None:
        """Take the key out of the URL."""
        request.url = request.url.copy_with(query=b"&".join(self._others(request)) or None)

    def secrets(self) -> Iterable[Secret]:
        """The key, plain and as it stands in a URL."""
        return (self._token, Secret(quote(self._token.reveal(), safe="")))

    def _others(self, request: library.Request) -> list[bytes]:
        pairs = request.url.query.split(b"&")
        return [pair for pair in pairs if pair and pair.partition(b"=")[0] != self._name]


class CookieKeyCredential(StaticCredential):
    """An API key in a cookie, beside the cookies that the operation itself sends."""

    def __init__(self, kind: str, token: Secret, *, origins: Iterable[str], name: str, setting: str) -> None:
        super().__init__(kind, token, origins=origins, header="cookie", scheme=f"{name}=", setting=setting)

    def sign(self, request: library.Request, context: AuthContext) -> Flow[Secret]:
        """Add the cookie."""
        others = self._others(request)
        used = yield from super().sign(request, context)
        request.headers["cookie"] = "; ".join([*others, request.headers["cookie"]])
        return used

    def unsign(self, request: library.Request) -> None:
        """Take the cookie off, and leave the others."""
        others = self._others(request)
        request.headers.pop("cookie", None)
        if others:
            request.headers["cookie"] = "; ".join(others)

    def _others(self, request: library.Request) -> list[str]:
        cookies = request.headers.get("cookie", "").split("; ")
        return [cookie for cookie in cookies if cookie and not cookie.startswith(self._scheme)]


class JoinedCredential(Credential):
    """Several credentials on one request, where an API wants them together (an application's key and a user's)."""

    def __init__(self, kind: str, parts: Sequence[Credential]) -> None:
        super().__init__(kind, identity="+".join(part.identity for part in parts), origins=())
        self._parts = tuple(parts)
        self.origins: frozenset[str] = frozenset.intersection(*(part.origins for part in parts))

    def sign(self, request: library.Request, context: AuthContext) -> Flow[Secret]:
        """Put every part on the request."""
        used = []
        for part in self._parts:
            used.append((yield from part.sign(request, context)))
        return Secret("\n".join(secret.reveal() for secret in used))

    def unsign(self, request: library.Request) -> None:
        """Take every part off."""
        for part in self._parts:
            part.unsign(request)

    def rejected(self, used: Secret, context: AuthContext) -> Flow[bool]:
        """True if a part can be replaced: the answer does not say which of them was refused."""
        again = False
        for part, secret in zip(self._parts, used.reveal().split("\n"), strict=True):
            again = (yield from part.rejected(Secret(secret), context)) or again
        return again

    def accepted(self, used: Secret) -> None:
        """The server accepted all of them."""
        for part, secret in zip(self._parts, used.reveal().split("\n"), strict=True):
            part.accepted(Secret(secret))

    def secrets(self) -> Iterable[Secret]:
        """What must not be shown."""
        return [secret for part in self._parts for secret in part.secrets()]


class NoCredential(Credential):
    """No credential, for operations whose credential is optional when none is configured."""

    def __init__(self, kind: str, *, origins: Iterable[str]) -> None:
        super().__init__(kind, identity=kind, origins=origins)

    def permits(self, origin: str) -> bool:
        """Nothing is sent, so it may go anywhere."""
        return True

    def sign(self, request: library.Request, context: AuthContext) -> Flow[Secret]:
        """Leave the request as it is."""
        yield from ()
        return NOTHING

    def rejected(self, used: Secret, context: AuthContext) -> Flow[bool]:
        """There is nothing else to try."""
        yield from ()
        return False


class BasicClientCredentials(ClientCredentials):
    """OAuth2 client credentials with the client authenticated by HTTP Basic (RFC 6749 section 2.3.1)."""

    def request(self, current: Token | None) -> library.Request:
        """The token request: a form."""
        fields = {"grant_type": "client_credentials", **({"scope": self._scope} if self._scope else {})}
        request = encoded(self.url, fields, {}, "form")
        request.headers["authorization"] = "Basic " + self._signed().reveal()
        return request

    def secrets(self) -> tuple[Secret, ...]:
        """The client's secret, alone and as it is sent."""
        return (self._secret, self._signed())

    def retry_differently(self, status: int, code: str | None) -> bool:
        """There is one way only."""
        return False

    def _signed(self) -> Secret:
        # The RFC wants both form-encoded before they are joined.
        return basic(quote(self.client_id, safe=""), Secret(quote(self._secret.reveal(), safe="")))


__all__ = ["BasicClientCredentials", "CookieKeyCredential", "JoinedCredential", "NoCredential", "QueryKeyCredential"]
