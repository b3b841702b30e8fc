"""Pipedrive's OAuth: authorization code, rotating refresh tokens, and the address of the account's API.

The token operations are on a server of their own and are the only requests that carry the client's secret.
"""

from __future__ import annotations

import secrets as secrets_module
from collections.abc import Iterable
from urllib.parse import parse_qs, urlencode, urlsplit

from typedpipes._core.addresses import is_loopback, plain_host
from typedpipes._core.auth import AuthContext
from typedpipes._core.auth.grant import RotatingRefresh
from typedpipes._core.auth.token_credential import TokenCredential
from typedpipes._core.auth.token_request import TOKEN_DEADLINE, answer, post
from typedpipes._core.flow import Flow, call
from typedpipes._core.http import library
from typedpipes._core.redaction import Secret
from typedpipes._core.tokens import Token, TokenStore
from typedpipes.errors import AuthenticationError, ConfigurationError, ResponseMismatch


class PipedriveOAuth(TokenCredential):
    """An app's access to one Pipedrive account.

    Start with ``refresh_token``, or with `authorize_url` and `exchange`. In a shared store, the accounts of one app are
    told apart by that refresh token, however often it rotated since; those that start with `exchange` by ``account``.
    Calls go to the ``api_domain`` the token answer names unless ``base_url`` is given.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: Secret,
        *,
        refresh_token: Secret | None = None,
        redirect_uri: str | None = None,
        oauth_url: str,
        base_url: str | None = None,
        default_url: str = "https://api.pipedrive.com",
        account: str = "",
        store: TokenStore | None = None,
    ) -> None:
        self._oauth_url = oauth_url.rstrip("/")
        self._redirect_uri = redirect_uri
        self._moves = base_url is None
        self._client_id = client_id
        grant = RotatingRefresh(f"{self._oauth_url}/oauth/token", client_id, client_secret, refresh_token)
        whose = grant.name or account
        super().__init__(
            "oauth2",
            grant,
            identity=f"pipedrive:{client_id}:{whose}",
            origins=[base_url or default_url],
            store=store,
            key=f"pipedrive-{_hashed(f'{self._oauth_url} {client_id} {whose}')}",
        )
        self._rotating = grant

    def authorize_url(self, *, state: str, scopes: Iterable[str] = (), redirect_uri: str | None = None) -> str:
        """Where to send the user's browser. ``state`` is `new_state()`, kept in the session until `code_from`."""
        query = {
            "client_id": self._client_id,
            "redirect_uri": self._redirect(redirect_uri),
            "state": state,
            "response_type": "code",
        }
        joined = " ".join(scopes)
        if joined:
            query["scope"] = joined
        return f"{self._oauth_url}/oauth/authorize?{urlencode(query)}"

    def exchange(self, code: Secret, context: AuthContext, *, redirect_uri: str | None = None) -> Flow[Token]:
        """Trade the code for tokens, which the store keeps. Raises `AuthenticationError` if it is refused."""
        context.redactor.add(code)
        fields = {"grant_type": "authorization_code", "redirect_uri": self._redirect(redirect_uri)}
        request = self._rotating.authorized(fields, {"code": code})
        token = self._rotating.token((yield from self._asked(request, context)), None, context.clock)
        yield from self.adopt(token)
        return token

    def revoke(self, context: AuthContext) -> Flow[None]:
        """End the app's access: the refresh token, and with it the access token, is revoked and forgotten."""
        current = self._held or (yield from self._stored())
        refresh = self._rotating.refresh_token(current)
        if refresh is None:
            return
        request = self._rotating.authorized(
            {"token_type_hint": "refresh_token"}, {"token": refresh}, f"{self._oauth_url}/oauth/revoke"
        )
        yield from self._asked(request, context, empty=True)
        self.forget()
        yield from call(lambda: self.store.delete(self.key), blocking=self.store.blocking)

    def token(self, context: AuthContext) -> Flow[Token]:
        """A token that is good now."""
        if self._rotating.refresh_token(self._held) is None and (yield from self._stored()) is None:
            raise ConfigurationError(
                "Pipedrive is not authorized yet: pass refresh_token=, set PIPEDRIVE_REFRESH_TOKEN, or exchange a "
                "code first",
                setting="PIPEDRIVE_REFRESH_TOKEN",
            )
        return (yield from super().token(context))

    def api_domain(self) -> str | None:
        """The account's API address as the token answer gave it, once it was found trustworthy."""
        held = self._held
        if not self._moves or held is None or held.api_domain is None:
            return None
        self._require_trusted(held.api_domain)
        return held.api_domain

    def _require_trusted(self, domain: str) -> None:
        target, home = urlsplit(domain), urlsplit(self._oauth_url)
        host, home_host = plain_host(target.hostname or ""), plain_host(home.hostname or "")
        vendor = ".".join(home_host.split(".")[-2:])
        known = host == vendor or host.endswith(f".{vendor}")
        if target.scheme == "https" and known and not is_loopback(home_host):
            return
        if is_loopback(home_host) and is_loopback(host):
            return
        raise ConfigurationError(
            f"the token answer names {host or 'no host'} as the account's API, which is not below {vendor}; "
            "nothing was sent there",
            setting="base_url",
        )

    def _asked(self, request: library.Request, context: AuthContext, *, empty: bool = False) -> Flow[dict[str, object]]:
        outcome = yield from post(
            request, context, until=context.clock.monotonic() + TOKEN_DEADLINE, what="Pipedrive OAuth"
        )
        if not isinstance(outcome, bytes):
            raise outcome
        return {} if empty else answer(outcome, "Pipedrive OAuth")

    def _redirect(self, given: str | None) -> str:
        redirect = given or self._redirect_uri
        if not redirect:
            raise ConfigurationError(
                "Pipedrive OAuth needs redirect_uri= or PIPEDRIVE_REDIRECT_URI", setting="PIPEDRIVE_REDIRECT_URI"
            )
        return redirect


def new_state() -> str:
    """An unguessable value that ties the user's return to the user's departure."""
    return secrets_module.token_urlsafe(32)


def code_from(callback_url: str, *, state: str) -> Secret:
    """The code in the URL the user came back to. Raises `AuthenticationError` if it is not the answer to ``state``."""
    query = parse_qs(urlsplit(callback_url).query)
    if not secrets_module.compare_digest(query.get("state", [""])[0].encode(), state.encode()):
        raise AuthenticationError(
            "the callback's state is not the one sent: the request did not start in this session", status=400
        )
    error = query.get("error", [""])[0]
    if error:
        raise AuthenticationError(f"the user did not authorize the app: {error[:100]}", status=403, code=error[:100])
    code = query.get("code", [""])[0]
    if not code:
        raise ResponseMismatch("the callback has no code", path="$.code")
    return Secret(code)


def _hashed(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:32]


__all__ = ["PipedriveOAuth", "code_from", "new_state"]
