"""Credentials: which requests carry them, and how tokens are obtained, stored and renewed.

Here: what every kind of credential is, those that do not change, and the choice among the credentials of a client (the
operation says which kinds it takes). Tokens that expire are in `token_credential` and the vendors' modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NoReturn, TypeAlias

from typedpipes._core.addresses import PORTS
from typedpipes._core.flow import Clock, Flow, SystemClock
from typedpipes._core.http import library
from typedpipes._core.http.bodies import origin
from typedpipes._core.redaction import Redactor, Secret, secret, while_whole
from typedpipes.errors import AuthenticationError, ConfigurationError
from typedpipes.events import Reporter

REFUSAL_MEMORY: Final = 60.0
"""Seconds for which a credential that was refused is not sent again."""


class AuthContext:
    """What a credential may use while it signs: time, the call's deadline, who hears of events."""

    __slots__ = ("clock", "redactor", "report", "until")

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        until: float | None = None,
        report: Reporter | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.until: float | None = until
        self.report: Reporter = report or Reporter()
        self.redactor: Redactor = redactor or Redactor()


class Credential:
    """One kind of credential, pinned to origins.

    Attributes:
        kind: the name the schemas' security requirements use, for example ``api_token``.
        identity: a stable name of whom it stands for, safe to show; limits count by it.
        origins: ``scheme://host:port`` it may be sent to.
    """

    header = "authorization"

    def __init__(self, kind: str, *, identity: str, origins: Iterable[str]) -> None:
        self.kind = kind
        self.identity = identity
        self.origins: frozenset[str] = frozenset(pinned(url) for url in origins)

    def permits(self, origin: str) -> bool:
        """Whether the credential may be sent to ``origin``."""
        return origin in self.origins

    def sign(self, request: library.Request, context: AuthContext) -> Flow[Secret]:
        """Put the credential on ``request``; the result names what was put, for `rejected`."""
        raise NotImplementedError

    def unsign(self, request: library.Request) -> None:
        """Take the credential off a request that was sent: it is not needed there any more."""
        request.headers.pop(self.header, None)

    def rejected(self, used: Secret, context: AuthContext) -> Flow[bool]:
        """The server answered 401 to ``used``. True if signing again will use another token."""
        raise NotImplementedError

    def accepted(self, used: Secret) -> None:
        """The server accepted ``used``."""

    def secrets(self) -> Iterable[Secret]:
        """What must not be shown."""
        return ()

    def api_domain(self) -> str | None:
        """Base address of the API that the credential's token named, if requests are to go there."""
        return None

    @while_whole
    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.kind} for {', '.join(sorted(self.origins))}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled; build them in the other process from its settings")


class Remembered:
    """A refusal, for `REFUSAL_MEMORY` seconds: it spares requests that would be refused again."""

    __slots__ = ("_error", "_until")

    def __init__(self) -> None:
        self._error: AuthenticationError | None = None
        self._until = 0.0

    def note(self, error: AuthenticationError, clock: Clock) -> None:
        """The credential was refused just now."""
        self._error, self._until = error, clock.monotonic() + REFUSAL_MEMORY

    def forget(self) -> None:
        """Let the credential be sent again."""
        self._error = None

    def check(self, clock: Clock) -> None:
        """Raise `AuthenticationError` if the credential was refused a short while ago."""
        error = self._error
        if error is None:
            return
        left = self._until - clock.monotonic()
        if left <= 0:
            self._error = None
            return
        raise AuthenticationError(
            f"{error}; it was not sent again, and will be in {left:.0f} s: change the setting and make a new client",
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            body=error.body,
            attempts=0,
        )


class StaticCredential(Credential):
    """A token that does not change: personal access token, API key, API token, Connect token, HTTP Basic.

    A token that was refused with 401 before it was ever accepted is not sent again for a minute (`forget` undoes that).
    """

    def __init__(
        self,
        kind: str,
        token: str | Secret,
        *,
        origins: Iterable[str],
        header: str = "authorization",
        scheme: str = "Bearer ",
        identity: str | None = None,
        setting: str | None = None,
    ) -> None:
        token = checked(secret(token), setting or kind)
        super().__init__(kind, identity=identity or f"{kind}:{token.fingerprint('identity')}", origins=origins)
        self._token = token
        self.header = header
        self._scheme = scheme
        self._accepted = False
        self._refusal = Remembered()

    def sign(self, request: library.Request, context: AuthContext) -> Flow[Secret]:
        """Set the header."""
        self._refusal.check(context.clock)
        request.headers[self.header] = self._scheme + self._token.reveal()
        yield from ()
        return self._token

    def rejected(self, used: Secret, context: AuthContext) -> Flow[bool]:
        """There is no other token to try."""
        if not self._accepted:
            told = f"the {self.kind.replace('_', ' ')} was refused with 401"
            self._refusal.note(AuthenticationError(told, status=401, attempts=0), context.clock)
        yield from ()
        return False

    def accepted(self, used: Secret) -> None:
        """The token is good: a later 401 does not condemn it."""
        self._accepted = True

    def forget(self) -> None:
        """Let a refused token be tried again."""
        self._refusal.forget()

    def secrets(self) -> Iterable[Secret]:
        """The token."""
        return (self._token,)


def _decoded(response: library.Response) -> list[tuple[str, str]]:
    return [(name, value) for name, value in response.headers.multi_items() if name != "content-encoding"]


def checked(token: Secret | None, setting: str) -> Secret:
    """A token as it can stand in a header: without surrounding whitespace; control characters are refused."""
    clean = Secret("" if token is None else token.reveal().strip())
    if not clean:
        raise ConfigurationError(f"{setting} is empty", setting=setting)
    if not clean.reveal().isascii() or not clean.reveal().isprintable() or " " in clean.reveal():
        raise ConfigurationError(
            f"{setting} holds a space, a line break or another character that cannot stand in a header", setting=setting
        )
    return clean


def pinned(url: str) -> str:
    """The origin of a base URL. Raises `ConfigurationError` if it has none."""
    parsed = library.URL(url)
    if parsed.scheme not in PORTS or not parsed.host:
        raise ConfigurationError(f"{parsed.scheme or 'no scheme'}://{parsed.host} is no http address")
    return origin(parsed)


def require_origin(credential: Credential, url: library.URL, operation: str = "") -> None:
    """Refuse to let a credential leave its origins."""
    if not credential.permits(origin(url)):
        raise ConfigurationError(
            f"{operation + ': ' if operation else ''}{origin(url)} is not where the "
            f"{credential.kind.replace('_', ' ')} belongs ({', '.join(sorted(credential.origins))}); it was not sent",
            setting="base_url",
        )


Hints: TypeAlias = Mapping[str, str] | Callable[[], Mapping[str, str]]


class Credentials:
    """At most one credential of each kind.

    ``hints`` says, for a kind that is missing, which setting would provide it; or makes that when it is needed.
    """

    __slots__ = ("_by_kind", "_hints")

    def __init__(self, *credentials: Credential, hints: Hints | None = None) -> None:
        self._by_kind: dict[str, Credential] = {}
        for credential in credentials:
            if credential.kind in self._by_kind:
                raise ConfigurationError(f"two credentials of kind {credential.kind}", setting=credential.kind)
            self._by_kind[credential.kind] = credential
        self._hints: Hints = hints or {}

    def get(self, kind: str) -> Credential | None:
        """The credential of a kind."""
        return self._by_kind.get(kind)

    def choose(self, kinds: tuple[str, ...] | None, origin: str, operation: str) -> Credential | None:
        """The credential for an operation that takes ``kinds``, in their order; None if it takes none.

        ``kinds`` None: any that may go to ``origin``. Raises `ConfigurationError`, before anything is sent, if none is
        configured or the origin is not the one it belongs to.
        """
        if kinds is None:
            return next((item for item in self._by_kind.values() if item.permits(origin)), None)
        if not kinds:
            return None
        for kind in kinds:
            credential = self._by_kind.get(kind)
            if credential is not None:
                if credential.permits(origin):
                    return credential
                raise ConfigurationError(
                    f"{operation}: {origin} is not where the {kind.replace('_', ' ')} belongs "
                    f"({', '.join(sorted(credential.origins))}); it was not sent",
                    setting="base_url",
                )
        hints = self._hints() if callable(self._hints) else self._hints
        wanted = " or ".join(hints.get(kind, kind.replace("_", " ")) for kind in kinds)
        raise ConfigurationError(f"{operation} needs {wanted}; nothing was sent", setting=hints.get(kinds[0], kinds[0]))

    def __iter__(self) -> Iterator[Credential]:
        return iter(self._by_kind.values())

    def __len__(self) -> int:
        return len(self._by_kind)

    @while_whole
    def __repr__(self) -> str:
        return f"<Credentials {', '.join(self._by_kind)}>"


__all__ = [
    "AuthContext",
    "Credential",
    "Credentials",
    "Remembered",
    "StaticCredential",
    "checked",
    "pinned",
    "require_origin",
]
