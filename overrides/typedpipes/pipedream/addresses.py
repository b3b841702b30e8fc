"""Addresses of workflows, and which of them may receive a token."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from typedpipes._core.addresses import is_loopback, is_usual_port, plain_host
from typedpipes._core.http import library
from typedpipes.errors import ConfigurationError
from typedpipes.pipedream.oauth import is_workflow_host
from typedpipes.pipedream.settings import PipedreamSettings

ENDPOINT: Final = re.compile(r"e[no][a-z0-9-]+")
"""Endpoint ids, as a whole."""


class Address(msgspec.Struct, frozen=True):
    """Where one invocation goes. ``trusted``: a workflow's host, which may be shown a token."""

    url: str
    host: str
    trusted: bool


class Addresses:
    """Turns endpoint ids, hosts and URLs into addresses."""

    def __init__(self, settings: PipedreamSettings) -> None:
        self._domain = settings.workflow_domain.lower().strip(".")
        self._base = settings.workflows_url
        self._loopback = is_loopback(library.URL(settings.base_url).host)
        if "." not in self._domain:
            raise ConfigurationError(
                f"workflow_domain is a domain such as m.pipedream.net, not {settings.workflow_domain!r}",
                setting="workflow_domain",
            )

    def find(self, endpoint: str) -> Address:
        """The address of an endpoint id (``enabc123``), a bare host or a URL.

        http trigger addresses of the workflow domain become https. Raises `ConfigurationError` for what is no address
        of this kind, for other http addresses, and for one that carries a password.
        """
        if ENDPOINT.fullmatch(endpoint):
            if self._base is not None:
                return self._checked(f"{self._base.rstrip('/')}/{endpoint}", "workflows_url")
            return self._checked(f"https://{endpoint}.{self._domain}", "endpoint")
        return self._checked(endpoint if "://" in endpoint else f"https://{endpoint}", "endpoint")

    def _checked(self, text: str, setting: str) -> Address:
        try:
            url = library.URL(text)
        except (library.InvalidURL, ValueError):
            url = library.URL("")
        host = plain_host(url.host)
        local = is_loopback(host)
        if url.scheme not in ("http", "https") or not (local or "." in host) or text != text.strip():
            raise ConfigurationError(
                f"{setting}: give an endpoint id such as 'enabc123', or the address of the workflow's HTTP trigger",
                setting=setting,
            )
        if url.userinfo:
            raise ConfigurationError(f"{setting}: the address of {host} carries a user or password", setting=setting)
        if local:
            return Address(str(url.copy_with(fragment=None)), host, self._loopback)
        ours = is_workflow_host(host, self._domain) and is_usual_port(url.scheme, url.port)
        if url.scheme == "http":
            if not ours:
                raise ConfigurationError(
                    f"{setting}: http://{host} is not of the workflow domain {self._domain}, and only https is used "
                    "elsewhere",
                    setting=setting,
                )
            url = url.copy_with(scheme="https", port=None)
        return Address(str(url.copy_with(host=host, fragment=None)), host, ours)

    def refuse(self, address: Address) -> ConfigurationError:
        """The error for a token that would leave the workflow domain."""
        return ConfigurationError(
            f"{address.host} is not a workflow's host ({self._domain} and below, https, the usual port), so no token "
            "is sent there; for a domain of your own give workflow_domain= to the client",
            setting="workflow_domain",
        )


__all__ = ["Address", "Addresses"]
