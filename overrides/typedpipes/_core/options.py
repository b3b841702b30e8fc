"""Options of every client, and what they configure: token store, drift log, limiter.

`Given` reads the settings of one vendor from arguments and configuration."""

from __future__ import annotations

import os
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, TypedDict, cast

from typedpipes._core.arguments import check_address, check_count, check_options, parameters, shown
from typedpipes._core.decoding import DriftLog
from typedpipes._core.forks import renew_in_children
from typedpipes._core.redaction import Secret, StoreURL, secret
from typedpipes.errors import ConfigurationError
from typedpipes.events import OnEvent, Reporter

if TYPE_CHECKING:
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
    http_library: Literal["httpx", "httpx2"]
    """The HTTP library of the client's own connections. Default: that of the process, ``TYPEDPIPES_HTTP`` or httpx."""
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
    """A `Client` of httpx or httpx2 to use instead of ours: for proxies, certificates, tests. It is not closed."""


class AsyncClientOptions(SharedOptions, total=False):
    """Options of the asynchronous clients."""

    http_client: AsyncHttpClient
    """An `AsyncClient` of httpx or httpx2 to use instead of ours. It is not closed."""


_CLIENT_OPTIONS: Final = frozenset(ClientOptions.__annotations__)


def check_client(
    client: type, options: Mapping[str, object], settings: Iterable[str] = (), *, factory: str | None = None
) -> None:
    """Raise TypeError for an option that is neither one of every client nor one of ``settings``.

    ``factory``: the class method whose options these are; default: the constructor.
    """
    known = _CLIENT_OPTIONS.union(settings)
    if not known.issuperset(options):
        maker = client if factory is None else getattr(client, factory)
        name = client.__name__ if factory is None else f"{client.__name__}.{factory}"
        check_options(name, options, known, parameters(maker))


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
) -> StoreLimiter | None:
    """The limiter of a client; None if ``limits="off"``. ``store``: where to count if the options do not say.

    ``address``: the origin of the server if it is not the vendor's, else empty.

    A plan among the arguments contradicts ``off``; one of the configuration yields to it.
    """
    given = options.get("limits")
    where = StoreURL(given) if given else store
    if where == "off":
        arguments: Mapping[str, object] = options
        if arguments.get("plan") is not None:
            raise ConfigurationError(
                "plan= sets a budget to count, but limits='off' counts nothing; give one or the other", setting="limits"
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


def _is_secret(key: str, value: object) -> bool:
    return isinstance(value, str) and bool(value) and key.endswith(("secret", "token", "api_key"))


class Given:
    """The settings of one vendor as given: the argument of that name, else what the configuration ``env`` says.

    Empty text counts as not given, as in an environment. Raises `ConfigurationError` that names the argument, or the
    variable, for a value of another kind.
    """

    __slots__ = ("_arguments", "_env", "_vendor", "env")

    def __init__(self, vendor: str, arguments: Mapping[str, object], env: Env | None) -> None:
        self._vendor = vendor.upper()
        if isinstance(arguments, dict):  # the constructor's own: no frame of ours is to hold a secret as text
            arguments |= {key: Secret(value) for key, value in arguments.items() if _is_secret(key, value)}
        self._arguments = arguments
        self.env: Env | None = env
        self._env: Values | None = None
        if env is not None:
            from typedpipes.configuration.settings import Values

            self._env = Values(env)

    def credentials(self, *others: str) -> Given:
        """Where credentials are read from: if one of them is an argument, the configuration's are hidden.

        Raises `ConfigurationError` for one half of an OAuth client without the other.
        """
        who = self.arguments_only() if self.any_argument("client_id", "client_secret", *others) else self
        client_id = who.text("client_id")
        if (client_id is None) != (who.secret("client_secret") is None):
            from typedpipes.configuration.settings import unpaired

            raise unpaired(self._vendor, client_id, self.env)
        return who

    def both(self, token: str) -> ConfigurationError:
        """The error for a token beside an OAuth client."""
        vendor = self._vendor
        return ConfigurationError(
            f"{vendor.capitalize()} is given both a token ({token}= or {self._variable(token)}) and an OAuth client "
            f"(client_id= and client_secret=, or {vendor}_CLIENT_ID and {vendor}_CLIENT_SECRET); keep one",
            setting=token if self.any_argument(token) else self._variable(token),
        )

    def any_argument(self, *keys: str) -> bool:
        """Whether one of these is given as an argument: then the configuration's are not looked at."""
        return any(self._arguments.get(key) not in (None, "") for key in keys)

    def arguments_only(self) -> Given:
        """The same without the configuration."""
        return Given(self._vendor, self._arguments, None)

    def text(self, key: str) -> str | None:
        """A text."""
        value = self._arguments.get(key)
        if value is not None and not isinstance(value, str):
            raise ConfigurationError(f"{key} is text, not {shown(value)}", setting=key)
        return value or (None if self._env is None else self._env.text(self._variable(key)))

    def identifier(self, key: str) -> str | None:
        """A text, or a whole number as text."""
        value = self._arguments.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(key)

    def secret(self, key: str) -> Secret | None:
        """A secret."""
        value = self._arguments.get(key)
        if value is not None and not isinstance(value, (str, Secret)):
            raise ConfigurationError(f"{key} is text, not a value of type {type(value).__name__}", setting=key)
        return secret(value) or (None if self._env is None else self._env.secret(self._variable(key)))

    def choice(self, key: str) -> str | None:
        """One of a few words. Of an argument, whoever uses it says which."""
        if self.any_argument(key) or self._env is None:
            return self.text(key)
        return self._env.choice(self._variable(key))

    def count(self, key: str) -> int | None:
        """A whole number from 1."""
        value = check_count(key, self._arguments.get(key))
        return value if value is not None or self._env is None else self._env.count(self._variable(key))

    def address(self, key: str) -> str | None:
        """A base address in its plain form."""
        if self._arguments.get(key) is not None:
            return check_address(key, self._arguments[key])
        return None if self._env is None else self._env.address(self._variable(key))

    def path(self, key: str) -> str | os.PathLike[str] | None:
        """A path, which only an argument gives."""
        value = self._arguments.get(key)
        if value is not None and not isinstance(value, (str, os.PathLike)):
            raise ConfigurationError(f"{key} is a path, not {shown(value)}", setting=key)
        return value or None

    def store(self) -> str | None:
        """Where the configuration says that requests are counted: the vendor's own setting, else the one for all."""
        env = self._env
        found = None if env is None else env.text(f"{self._vendor}_LIMITS") or env.text("TYPEDPIPES_LIMITS")
        return None if found is None else StoreURL(found)

    def _variable(self, key: str) -> str:
        return f"{self._vendor}_{key.upper()}"


def one_credential(given: Given, token: str) -> tuple[str | None, Secret | None, Secret | None]:
    """An OAuth client's id and secret, or the credential that stands for itself, named ``token``.

    Arguments hide the credentials of the configuration. Raises `ConfigurationError` for both kinds, wherever they are
    from: one would be dropped.
    """
    who = given.credentials(token)
    client_id, client_secret, single = who.text("client_id"), who.secret("client_secret"), who.secret(token)
    if single is not None and (client_id or client_secret) is not None:
        raise given.both(token)
    return client_id, client_secret, single


__all__ = [
    "AsyncClientOptions",
    "AsyncHttpClient",
    "ClientOptions",
    "Given",
    "HttpClient",
    "LimiterOptions",
    "SharedOptions",
    "TokenCache",
    "check_client",
    "drift_log",
    "limiter_for",
    "one_credential",
    "token_store",
]
