"""How access tokens are obtained: the requests to token endpoints and the reading of their answers. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlencode

from msgspec.structs import replace

from typedpipes._core.arguments import check_text
from typedpipes._core.flow import Clock, timeline
from typedpipes._core.http import library
from typedpipes._core.http.bodies import QuietRequest
from typedpipes._core.redaction import Secret, basic, secret
from typedpipes._core.tokens import Token
from typedpipes.errors import ResponseMismatch

_BASE_HEADERS: Final = {"accept": "application/json", "accept-encoding": "gzip, deflate"}
Encoding = Literal["json", "form"]


class Grant(Protocol):
    """A way to obtain tokens."""

    name: str
    """Names the setting, without its secrets: another setting, another name."""
    rotates: bool
    """Each token request uses up a refresh token and answers with the next."""

    def request(self, current: Token | None) -> library.Request:
        """The token request. ``current`` is the last token known, which may carry the refresh token to use."""
        ...

    def token(self, content: Mapping[str, Any], current: Token | None, clock: Clock) -> Token:
        """The token in a successful answer. Raises `ResponseMismatch` if there is none."""
        ...

    def secrets(self) -> tuple[Secret, ...]:
        """The settings that must not be shown."""
        ...

    def retry_differently(self, status: int, code: str | None) -> bool:
        """Whether a refusal may be due to how the request was written; if so, `request` now writes it differently."""
        ...


class ClientCredentials:
    """OAuth2 client credentials: Pipefy service accounts, Pipedream OAuth clients.

    Neither vendor promises one body encoding, so the other one is tried if the first is refused as unreadable.
    """

    rotates = False

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: Secret,
        *,
        encoding: Encoding = "json",
        scope: str | None = None,
    ) -> None:
        self.url = url
        self.client_id = check_text("client_id", client_id)
        self._secret = client_secret
        check_text("client_secret", client_secret.reveal())
        self._encoding: Encoding = encoding
        self._tried: set[Encoding] = {encoding}
        self._scope = scope
        self.name: str = client_secret.fingerprint(f"{url} {client_id} {scope}")

    def request(self, current: Token | None) -> library.Request:
        """The token request."""
        fields = {"grant_type": "client_credentials", "client_id": self.client_id}
        if self._scope:
            fields["scope"] = self._scope
        return encoded(self.url, fields, {"client_secret": self._secret}, self._encoding)

    def token(self, content: Mapping[str, Any], current: Token | None, clock: Clock) -> Token:
        """The token in a successful answer."""
        return read_token(content, clock, self.name)

    def secrets(self) -> tuple[Secret, ...]:
        """The client's secret."""
        return (self._secret,)

    def retry_differently(self, status: int, code: str | None) -> bool:
        """Switch between JSON and form, once."""
        if status != 415 and not (status in {400, 422} and code in {None, "invalid_request", "unsupported_grant_type"}):
            return False
        other: Encoding = "form" if self._encoding == "json" else "json"
        if other in self._tried:
            return False
        self._tried.add(other)
        self._encoding = other
        return True


class RotatingRefresh:
    """OAuth2 refresh tokens that are replaced on every use, client authenticated by HTTP Basic: Pipedrive."""

    rotates = True

    def __init__(self, url: str, client_id: str, client_secret: Secret, refresh: Secret | None) -> None:
        self.url = url
        self.client_id = check_text("client_id", client_id)
        self._secret = client_secret
        check_text("client_secret", client_secret.reveal())
        check_text("refresh_token", "" if refresh is None else refresh.reveal())
        self._first = refresh
        # Named for the refresh token of the settings, which stays there while the tokens that came of it rotate.
        self.name = refresh.fingerprint(f"{url} {client_id}") if refresh else ""

    def refresh_token(self, current: Token | None) -> Secret | None:
        """The refresh token to use: the last one received, else that of the settings."""
        return self._first if current is None or current.refresh is None else current.refresh

    def request(self, current: Token | None) -> library.Request:
        """The refresh request."""
        refresh = self.refresh_token(current)
        if refresh is None:
            raise ResponseMismatch("no refresh token")  # the credential checks before
        return self.authorized({"grant_type": "refresh_token"}, {"refresh_token": refresh})

    def authorized(
        self, fields: Mapping[str, str], secrets: Mapping[str, Secret], url: str | None = None
    ) -> library.Request:
        """A form request that the client signs."""
        request = encoded(url or self.url, fields, secrets, "form")
        request.headers["authorization"] = "Basic " + basic(self.client_id, self._secret).reveal()
        return request

    def token(self, content: Mapping[str, Any], current: Token | None, clock: Clock) -> Token:
        """The token in a successful answer; the old refresh token stays if there is no new one."""
        token = read_token(content, clock, self.name)
        if token.refresh is not None:
            return token
        return replace(token, refresh=self.refresh_token(current))

    def secrets(self) -> tuple[Secret, ...]:
        """The client's secret, alone and as it is sent, and the refresh token of the settings."""
        signed = basic(self.client_id, self._secret)
        return (self._secret, signed) if self._first is None else (self._secret, signed, self._first)

    def retry_differently(self, status: int, code: str | None) -> bool:
        """There is one way only."""
        return False


def encoded(url: str, fields: Mapping[str, str], secrets: Mapping[str, Secret], encoding: Encoding) -> library.Request:
    """A POST with fields and secrets in its body."""
    if encoding == "json":
        return QuietRequest(
            "POST",
            url,
            headers={**_BASE_HEADERS, "content-type": "application/json"},
            content=json.dumps({**fields, **{name: value.reveal() for name, value in secrets.items()}}),
        )
    return QuietRequest(
        "POST",
        url,
        headers={**_BASE_HEADERS, "content-type": "application/x-www-form-urlencoded"},
        content=urlencode({**fields, **{name: value.reveal() for name, value in secrets.items()}}),
    )


def read_token(content: Mapping[str, Any], clock: Clock, grant: str) -> Token:
    """The token in an answer of a token endpoint (RFC 6749 section 5.1)."""
    access = content.get("access_token")
    if not isinstance(access, str) or not access:
        raise ResponseMismatch("the token endpoint's answer has no access_token", path="$.access_token")
    refresh, domain = content.get("refresh_token"), content.get("api_domain")
    for name, value in (("access_token", access), ("refresh_token", refresh)):
        if isinstance(value, str) and not (value.isascii() and value.isprintable()):
            raise ResponseMismatch(f"the token endpoint's {name} holds characters that no token has", path=f"$.{name}")
    return Token(
        access=Secret(access),
        life=_life(content.get("expires_in")),
        wall=clock.wall(),
        monotonic=clock.monotonic(),
        timeline=timeline(clock),
        refresh=secret(refresh) if isinstance(refresh, str) else None,
        api_domain=domain if isinstance(domain, str) else None,
        grant=grant,
    )


def _life(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 < seconds < 1e10 else None


__all__ = ["ClientCredentials", "Encoding", "Grant", "RotatingRefresh", "encoded", "read_token"]
