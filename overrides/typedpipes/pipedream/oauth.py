"""Pipedream's OAuth client: tokens that work for an hour, can be revoked, and also invoke workflows."""

from __future__ import annotations

from typing import Final

from typedpipes._core.addresses import is_loopback, is_usual_port, plain_host
from typedpipes._core.auth import AuthContext
from typedpipes._core.auth.grant import ClientCredentials, encoded
from typedpipes._core.auth.token_credential import TokenCredential
from typedpipes._core.auth.token_request import TOKEN_DEADLINE, post
from typedpipes._core.flow import Flow, call
from typedpipes._core.http import library
from typedpipes._core.redaction import Secret
from typedpipes._core.tokens import TokenStore

TRIGGER_DOMAINS: Final = {"m.pipedream.net": "m.d.pipedream.net"}
"""By the domain where workflows listen: that of the triggers' addresses which the vendor's answers show."""


def is_workflow_host(host: str, domain: str) -> bool:
    """Whether ``host`` is ``domain`` or below it; the vendor's own domain includes that of its trigger addresses."""
    return any(host == known or host.endswith(f".{known}") for known in (domain, TRIGGER_DOMAINS.get(domain, domain)))


class PipedreamOAuth(TokenCredential):
    """An OAuth client of a Pipedream workspace.

    ``base_url`` includes the version (``https://api.pipedream.com/v1``): tokens come from ``/oauth/token`` below it.
    The token may also go, over https, to ``workflow_domain`` and the hosts below it: that is where workflows listen.
    A client that itself talks to this machine may send it anywhere on this machine (a sandbox has many ports).
    """

    def __init__(
        self,
        client_id: str,
        client_secret: Secret,
        *,
        base_url: str,
        workflow_domain: str,
        scope: str | None = None,
        store: TokenStore | None = None,
    ) -> None:
        grant = ClientCredentials(f"{base_url}/oauth/token", client_id, client_secret, scope=scope)
        super().__init__("oauth", grant, identity=f"pipedream:{client_id}", origins=[base_url], store=store)
        self._revoke_url = f"{base_url}/oauth/revoke"
        self._client_id = client_id
        self._client_secret = client_secret
        self._workflow_domain = workflow_domain.lower().strip(".")
        self._loopback = is_loopback(library.URL(base_url).host)

    def permits(self, origin: str) -> bool:
        """The API's origin, and https hosts of the workflow domain on the usual port."""
        if super().permits(origin):
            return True
        url = library.URL(origin)
        if self._loopback and is_loopback(url.host):
            return True
        usual = url.scheme == "https" and is_usual_port(url.scheme, url.port)
        return usual and is_workflow_host(plain_host(url.host), self._workflow_domain)

    def revoke(self, context: AuthContext) -> Flow[None]:
        """Make the current token invalid and forget it; the next call asks for a new one."""
        held = self._held or (yield from self._stored())
        if held is None:
            return
        request = encoded(
            self._revoke_url,
            {"client_id": self._client_id},
            {"token": held.access, "client_secret": self._client_secret},
            "json",
        )
        until = context.clock.monotonic() + TOKEN_DEADLINE
        outcome = yield from post(request, context, until=until, what="the revocation of the oauth token")
        if not isinstance(outcome, bytes):
            raise outcome
        self.forget()
        yield from call(lambda: self.store.delete(self.key), blocking=self.store.blocking)


__all__ = ["PipedreamOAuth", "is_workflow_host"]
