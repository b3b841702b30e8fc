"""Options that every client of this package takes, the policies they make, and settings beside a configuration."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, TypedDict, cast

from typedpipes._core.arguments import check_options, parameters
from typedpipes._core.decoding import DriftLog
from typedpipes._core.forks import renew_in_children
from typedpipes._core.setting_checks import check_address
from typedpipes.errors import ConfigurationError
from typedpipes.events import OnEvent, Reporter

if TYPE_CHECKING:
    from typedpipes._core.redaction import Secret
    from typedpipes._core.tokens import TokenStore
    from typedpipes.configuration.settings import Env, Values
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes.limits.policy import Policy

TokenCache: TypeAlias = "Literal['memory', 'file', 'keyring'] | TokenStore"


class HttpClient(Protocol):
    """What `httpx.Client` is to a type checker, which need not read httpx for it."""

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        ...

    @property
    def build_request(self) -> Callable[..., object]:
        """Makes a request."""
        ...

    @property
    def send(self) -> Callable[..., object]:
        """Sends it."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


class AsyncHttpClient(Protocol):
    """What `httpx.AsyncClient` is to a type checker."""

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        ...

    @property
    def build_request(self) -> Callable[..., object]:
        """Makes a request."""
        ...

    @property
    def send(self) -> Callable[..., Awaitable[object]]:
        """Sends it."""
        ...

    async def aclose(self) -> None:
        """Close the connections."""
        ...


class SharedOptions(TypedDict, total=False):
    """Options of every client, synchronous or not."""

    timeout: float
    """Seconds one wire request may take to connect, to send, and between two pieces of the answer. Default 60."""
    deadline: float | None
    """Seconds a whole call may take, waits and retries included. Default 600; None: no bound."""
    retries: int
    """Repetitions of a failed attempt at most. Default 3."""
    max_wait: float | None
    """Seconds to wait at most for a slot of a limit, or because the server said so. Default: up to the deadline."""
    max_body: int
    """Bytes of an answer that are read at most, without its compression. Default 64 MiB. Neither downloads to files nor
    answers read in pieces are meant."""
    limits: str | None
    """Where requests are counted: ``memory://``, ``sqlite:///PATH``, ``redis://HOST`` …; ``off`` counts nothing.

    Default: what the configuration names (``TYPEDPIPES_LIMITS``, ``limits`` of a profile), else memory, or a file in
    your state directory when a plan brings a monthly or daily budget.
    """
    policy: Policy
    """Your own table of limits instead of the vendor's (`typedpipes.limits.Policy`)."""
    unreachable: Literal["fail", "local"]
    """When the store cannot be reached: ``fail`` with `LimitStoreError` (default), or grant ``local``ly a tenth of each
    allowance, which is exact for up to ten processes."""
    strict: bool
    """Raise `ResponseMismatch` for the first departure of an answer from its schema. Default: keep and report it."""
    on_event: OnEvent
    """Called with each event: request, retry, wait, refresh, drift, poll, budget."""
    account: str
    """A name of yours for whose account this is: requests are counted under it. Default: what tells accounts apart by
    itself, the API token, the client id, or with Pipedrive's OAuth the refresh token. Give it where that changes while
    the account stays, so that its counts continue."""
    token_cache: TokenCache
    """Where access tokens are kept: ``memory`` (default), ``file`` (shared by processes), ``keyring``, or a store."""


class ClientOptions(SharedOptions, total=False):
    """Options of the synchronous clients."""

    http_client: HttpClient
    """An `httpx.Client` to use instead of ours: for proxies, certificates, tests. It is not closed."""


class AsyncClientOptions(SharedOptions, total=False):
    """Options of the asynchronous clients."""

    http_client: AsyncHttpClient
    """An `httpx.AsyncClient` to use instead of ours. It is not closed."""


_CLIENT_OPTIONS: Final = frozenset(ClientOptions.__annotations__)


def check_client(client: type, options: Mapping[str, object]) -> None:
    """Raise TypeError for an option that a client's constructor does not know."""
    if not _CLIENT_OPTIONS.issuperset(options):
        check_options(client.__name__, options, _CLIENT_OPTIONS, parameters(client))


def check_factory(client: type, factory: Callable[..., object], options: Mapping[str, object]) -> None:
    """Raise TypeError for an option that neither ``from_env`` nor the constructor it calls knows."""
    if not _CLIENT_OPTIONS.issuperset(options):
        known = _CLIENT_OPTIONS | parameters(client)
        check_options(f"{client.__name__}.from_env", options, known, factory)


def token_store(options: SharedOptions) -> TokenStore | None:
    """The token store of a client; None: in memory."""
    cache = options.get("token_cache", "memory")
    if cache == "memory":
        return None
    if cache == "file":
        from typedpipes._core.auth.token_stores import FileTokenStore

        return FileTokenStore()
    if cache == "keyring":
        from typedpipes._core.auth.token_stores import KeyringTokenStore

        return KeyringTokenStore()
    if isinstance(cache, str):
        raise ConfigurationError(
            f"token_cache is 'memory', 'file', 'keyring' or a store, not {cache!r}", setting="token_cache"
        )
    return cache


def drift_log(options: SharedOptions) -> DriftLog:
    """Drift goes to the caller's function and to the log, each place once."""
    return DriftLog(Reporter(options.get("on_event")))


class LimiterOptions(TypedDict, total=False):
    """What a vendor's facade knows about its limits."""

    plan: str | None
    seats: int | None
    allowance: int | None
    auth: str
    figures: str


def limiter_for(
    vendor: Literal["pipefy", "pipedream", "pipedrive"],
    options: SharedOptions,
    identity: Mapping[str, str],
    facts: LimiterOptions,
    store: str | None = None,
    *,
    address: str,
    plan_given: bool = True,
) -> StoreLimiter | None:
    """The limiter of a client; None if ``limits="off"``. ``store``: where to count if the options do not say.

    ``address``: the origin of the server if it is not the vendor's, else empty.

    ``plan_given``: the plan is an argument, which ``off`` contradicts; one of the configuration yields to it.
    """
    where = options.get("limits") or store
    if where == "off":
        if facts.get("plan") is not None and plan_given:
            raise ConfigurationError(
                "plan= brings a budget to keep, but limits is 'off'; give one or the other", setting="limits"
            )
        return None

    def build() -> StoreLimiter:
        from typedpipes.limits import build_limiter

        return build_limiter(
            vendor,
            identity=identity,
            address=address,
            store_url=where,
            policy=options.get("policy"),
            unreachable=options.get("unreachable", "fail"),
            on_event=options.get("on_event"),
            **facts,
        )

    settled = options.get("policy") or any(facts.get(name) for name in ("plan", "seats", "allowance", "figures"))
    if where in (None, "memory://") and not settled:
        return cast("StoreLimiter", LaterLimiter(build))
    return build()


class LaterLimiter:
    """A limiter made when the first request is: with these settings nothing can be wrong with it, and importing what
    counts requests takes a tenth of a client's start.
    """

    def __init__(self, build: Callable[[], StoreLimiter]) -> None:
        self._build = build
        self.forked()
        renew_in_children(self)

    def forked(self) -> None:
        """See `typedpipes._core.forks`."""
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> object:
        with self._lock:
            made = self.__dict__.get("_made")
            if made is None:
                made = self.__dict__["_made"] = self._build()
                self.acquire = made.acquire
        return getattr(made, name)


class ArgumentsOnly:
    """In place of `typedpipes.configuration.settings.Values` when nobody gave a configuration: nothing is there."""

    __slots__ = ()

    def text(self, name: str) -> None:
        """A setting."""

    def secret(self, name: str) -> None:
        """A setting that is a secret."""

    def choice(self, name: str) -> None:
        """A setting that is one of a few words."""

    def count(self, name: str) -> None:
        """A setting that is a whole number."""

    def address(self, setting: str, argument: str | None, name: str) -> str | None:
        """The address that the argument ``setting`` is."""
        return check_address(setting, argument)


def given_by(env: Env | None) -> Values | ArgumentsOnly:
    """What the configuration says."""
    if env is None:
        return ArgumentsOnly()
    from typedpipes.configuration.settings import Values

    return Values(env)


def store_named(given: Values | ArgumentsOnly, vendor: str) -> str | None:
    """Where limits are counted: the vendor's own setting, else the one for all."""
    return given.text(f"{vendor}_LIMITS") or given.text("TYPEDPIPES_LIMITS")


def check_one(vendor: str, token: str, given: object, client: object) -> None:
    """Raises `ConfigurationError` if arguments name both a token and an OAuth client: one would be dropped."""
    if given is not None and client is not None:
        raise ConfigurationError(
            f"{vendor} is given both {token}= and an OAuth client (client_id=, client_secret=); keep one", setting=token
        )


def check_pair(vendor: str, client_id: str | None, client_secret: Secret | None, env: Env | None) -> None:
    """Raises `ConfigurationError` if one half of an id and its secret is missing."""
    if (client_id is None) != (client_secret is None):
        from typedpipes.configuration.settings import unpaired

        raise unpaired(vendor, client_id, env)


__all__ = [
    "ArgumentsOnly",
    "AsyncClientOptions",
    "AsyncHttpClient",
    "ClientOptions",
    "HttpClient",
    "LimiterOptions",
    "SharedOptions",
    "TokenCache",
    "check_client",
    "check_factory",
    "check_one",
    "check_pair",
    "drift_log",
    "given_by",
    "limiter_for",
    "store_named",
    "token_store",
]
