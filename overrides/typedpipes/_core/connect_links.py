"""Connect Link: the address at which an external user connects an account."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlencode

from typedpipes._core.values import text_of
from typedpipes.errors import ConfigurationError


class HasConnectLink(Protocol):
    """What `connect_link` needs of the answer to ``connect.tokens.create``."""

    connect_link_url: str | None


class ConnectTokenLinks:
    """Gives a created Connect token its `link`."""

    __slots__ = ()

    connect_link_url: str | None

    def link(self, *, app: str, oauth_app_id: str | None = None) -> str:
        """The address at which the token's user connects an account of ``app`` (see `connect_link`)."""
        return connect_link(self, app=app, oauth_app_id=oauth_app_id)


def connect_link(token: HasConnectLink, *, app: str, oauth_app_id: str | None = None) -> str:
    """The address to send the external user to, to connect an account of ``app`` (a name slug such as ``slack``).

    ``oauth_app_id`` uses an OAuth client of your own. The address contains the token: whoever has it can connect
    accounts as that user, so give it to nobody else and keep it out of logs. Raises `ConfigurationError` if ``app`` is
    empty, or if the server gave the token without an address.
    """
    if not app:
        raise ConfigurationError("app is the name slug of the app to connect, for example 'slack'", setting="app")
    fields = {"app": text_of(app, "app")}
    if oauth_app_id is not None:
        # The browser SDK's name for it.
        fields["oauthAppId"] = text_of(oauth_app_id, "oauth_app_id")
    url = token.connect_link_url
    if url is None:
        raise ConfigurationError(
            "the server gave the token without connect_link_url; give the token to the vendor's browser SDK instead",
            setting="connect_link_url",
        )
    return f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"


__all__ = ["ConnectTokenLinks", "HasConnectLink", "connect_link"]
