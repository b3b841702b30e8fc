"""Shared by the four clients of a declared API: settings, policies, the reading of calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from typedpipes._core.addresses import origin
from typedpipes._core.arguments import check_address
from typedpipes._core.graphql.calls import GraphQLCalls
from typedpipes._core.http.policies import ClientCore
from typedpipes._core.options import SharedOptions, token_store
from typedpipes._core.rest.caller import Rest
from typedpipes.declared.credentials import Given, declared_credentials
from typedpipes.declared.declaration import Declaration
from typedpipes.errors import ConfigurationError
from typedpipes.limits import policy_limiter

if TYPE_CHECKING:
    from typedpipes._core.redaction import Redactor
    from typedpipes.limits.limiter import StoreLimiter


class Core(ClientCore):
    """One declared API with its settings."""

    def __init__(
        self,
        declaration: Declaration,
        given: Given,
        options: SharedOptions,
        *,
        base_url: str | None,
        servers: Mapping[str, str] | None,
        env: Mapping[str, str] | None,
    ) -> None:
        self.declaration = declaration
        named = (env.get(declaration.base_url_env) or "").strip() if env is not None else ""
        self.address: str = (
            check_address("base_url", base_url)
            or check_address(declaration.base_url_env, named or None)
            or declaration.base_url
        ).rstrip("/")
        self.servers: dict[str, str] = self._moved(servers or {})
        addresses = (self.address, *(self.servers.get(url, url) for url in declaration.servers))
        credentials = declared_credentials(
            declaration, given, env, base_url=self.address, origins=addresses, store=token_store(options)
        )
        super().__init__(credentials, options)
        self.limiter: StoreLimiter | None = self._limiter(options)

    def _moved(self, given: Mapping[str, str]) -> dict[str, str]:
        """Where the operations' own servers are now: as given, or moved along with the base URL of their origin."""
        for url in given:
            if url not in self.declaration.servers:
                known = ", ".join(self.declaration.servers) or "none"
                raise ConfigurationError(f"no operation names the server {url}; known: {known}", setting="servers")
        home, new = origin(self.declaration.base_url), urlsplit(self.address)
        moved = {}
        for url in self.declaration.servers:
            if origin(url) == home:
                moved[url] = urlsplit(url)._replace(scheme=new.scheme, netloc=new.netloc).geturl()
        return {url: address.rstrip("/") for url, address in {**moved, **given}.items()}

    def _limiter(self, options: SharedOptions) -> StoreLimiter | None:
        if options.get("limits") == "off":
            return None
        first = next(iter(self.credentials), None)  # whose figures a snapshot shows
        return policy_limiter(
            options.get("policy") or self.declaration.policy,
            identity={"api": self.address, "user": "" if first is None else first.identity},
            store_url=options.get("limits"),
            unreachable=options.get("unreachable", "fail"),
            on_event=options.get("on_event"),
        )

    def rest(self) -> Rest:
        """The encoder and reader of REST calls."""
        return Rest(
            base_url=self.address,
            strict=self.strict,
            drift=self.drift,
            servers=self.servers,
            tokens=self.token_headers,
        )

    def calls(self, redactor: Redactor) -> GraphQLCalls:
        """The encoder and reader of GraphQL calls."""
        kinds = tuple(scheme.kind for scheme in self.declaration.schemes)
        return GraphQLCalls(
            base_url=self.address,
            redactor=redactor,
            strict=self.strict,
            drift=self.drift,
            api=self.declaration.api,
            kinds=kinds,
            tokens=self.token_headers,
        )


__all__ = ["Core"]
