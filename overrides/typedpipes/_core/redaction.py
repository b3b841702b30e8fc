"""Secrets: a wrapper that does not show them, and a filter that takes them out of text.

A `Redactor` knows the secrets of one client by value, and by shape those it has never seen (tokens in answers, bearer
headers, URL passwords).
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import hmac
import json
import logging
import re
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final, NoReturn, TypeVar
from urllib.parse import quote, quote_plus

T = TypeVar("T")

SHORTEST: Final = 6
"""Known secrets shorter than this are not searched for: they would mask ordinary text."""
_PART: Final = 4
"""Characters of a secret that was cut off from which on it is masked."""
LONGEST: Final = 65_536
"""Characters, or bytes, looked at where only a beginning will be shown."""

_TOKENS: Final = ("access", "refresh", "id", "api", "auth", "bearer", "connect", "session", "csrf", "oauth")
_SECRETS: Final = ("client", "signing", "consumer", "shared", "webhook")
_PREFIXED: Final = (
    *(f"{kind}{dash}token" for kind in _TOKENS for dash in ("", "[_-]")),
    *(f"{kind}{dash}secret" for kind in _SECRETS for dash in ("", "[_-]")),
    *("signingkey", "signing[_-]key", "apikey", "api[_-]key", "password"),
)
"""Ends of names that tell a secret, whatever stands before them: ``my_access_token``."""
_WHOLE: Final = (
    *("token", "secret", "x-api-token", "passwd", "privatekey", "private[_-]key", "proxy-authorization"),
    *("authorization", "set-cookie", "cookie", "code_verifier", "connect_link_url"),
)
"""Names that tell a secret only as whole words: ``broken=`` and ``tokens=`` do not."""
_SIGNED: Final = (
    r"(?:x-(?:amz|goog|oss)-(?:signature|credential|security-token)|signature|sig|awsaccesskeyid|"
    r"googleaccessid|key-pair-id|policy)"
)
"""Query parameters that make a signed URL work: S3, Google Cloud Storage, Azure (``sig``), CloudFront."""


def _name(edge: str, after: str) -> str:
    """A pattern for the name of a secret that begins at ``edge`` and is followed by ``after``, linear in its text.

    ``[a-z0-9_-]*name`` would be tried anew behind each ``-`` of a long word, and walk back over all of it each time.
    Instead a word is taken whole, once (``++`` gives nothing back), and its end looked at from behind.
    """
    ends = "|".join([*(f"(?<={name})" for name in _PREFIXED), *(f"(?<={edge}{name})" for name in _WHOLE)])
    return rf"[a-z0-9_-]++(?={after})(?:{ends})"


@functools.cache
def _shapes() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns and replacements, compiled when the first text is redacted. Each takes time linear in the text."""
    quoted, header, plain = _name("""["']""", r"""\\?["']"""), _name("""["']""", """["'],"""), _name(r"\b", r"\s*+[=:]")
    return (
        # "name": "value", also cut off before the closing quote
        (
            re.compile(rf"""((?:\\?["']){quoted}\\?["']\s*[:=]\s*\\?["'])((?:[^"'\\]++|\\.)++)""", re.I),
            rf"\g<1>{MASK}",
        ),
        # (b"name", b"value"): headers as httpcore logs them
        (re.compile(rf"""(b["']{header}["'],\s*b["'])((?:[^"'\\]++|\\.)++)""", re.I), rf"\g<1>{MASK}"),
        # name=value of forms and queries, name: value of headers
        (
            re.compile(
                rf"((?<![a-z0-9_-]){plain}\s*+[=:]\s*+)(?:(?:bearer|basic)\s++)?([^\s&;,\"'<>{{}}\[\]]++)", re.I
            ),
            rf"\g<1>{MASK}",
        ),
        # parameters of signed URLs, also where & is escaped as in JSON (\u0026) or HTML, or = is quoted
        (
            re.compile(rf"((?:[?&;]|%26|%3F|\\u0026){_SIGNED}(?:=|%3D|\\u003d))([^\s&;\"'<>\\]+)", re.I),
            rf"\g<1>{MASK}",
        ),
        (re.compile(r"\b(bearer|basic)(\s+)[a-z0-9._~+/=-]{4,}", re.I), rf"\g<1>\g<2>{MASK}"),
        (re.compile(r"\bctok_[A-Za-z0-9_-]+"), MASK),
        (re.compile(r"\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,2}"), MASK),
        (re.compile(r"(://)[^/\s:@]+(?::[^/\s@]*)?@"), rf"\g<1>{MASK}@"),
    )


Repr = Callable[[T], str]


def while_whole(method: Repr[T]) -> Repr[T]:
    """A ``__repr__`` that can also show an object whose ``__init__`` raised: tracebacks with locals do."""

    @functools.wraps(method)
    def shown(self: T) -> str:
        try:
            return method(self)
        except AttributeError:
            return f"<{type(self).__name__}, not complete>"

    return shown


class Secret:
    """A string that is not shown: not by ``repr``, ``str``, formatting or pickling. `reveal` gives it out."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The secret itself. Use it in the expression that needs it; do not keep it in a variable."""
        return self.__value

    def fingerprint(self, purpose: str = "") -> str:
        """A stable one-way name for the secret, 16 hexadecimal digits."""
        return hmac.new(self.__value.encode("utf-8", "surrogatepass"), purpose.encode(), hashlib.sha256).hexdigest()[
            :16
        ]

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self.__value.encode("utf-8", "surrogatepass"), other.__value.encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return hash(self.__value)

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled; pass credentials to the other process through its settings")


class StoreURL(str):
    """The address of a store, whose password its ``repr`` leaves out: it stands in settings and in frames."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(without_credentials(self))


def without_credentials(url: str) -> str:
    """An address without user, password, query and fragment, even if it is none."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0].partition('#')[0]}"


def secret(value: str | Secret | None) -> Secret | None:
    """Wrap a setting; empty means absent."""
    if value is None or isinstance(value, Secret):
        return value or None
    return Secret(value) if value else None


class Redactor:
    """Takes secrets out of text. One per client; safe to share between threads."""

    __slots__ = ("_forms", "_known", "_lock")

    _CAPACITY: Final = 256

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[str, ...]] = {}
        self._forms: tuple[str, ...] = ()

    def add(self, value: Secret | None) -> None:
        """Know a secret: it and its quoted and escaped forms are masked from now on. The oldest of 256 is forgotten."""
        if value is None or len(value.reveal()) < SHORTEST or value.reveal() in self._known:
            return
        with self._lock:
            self._known[value.reveal()] = _forms(value)
            while len(self._known) > self._CAPACITY:
                del self._known[next(iter(self._known))]
            every = {form for forms in self._known.values() for form in forms}
            self._forms = tuple(sorted(every, key=len, reverse=True))

    def forked(self) -> None:
        """This process is a forked child: a thread of the parent may have held the lock."""
        self._lock = threading.Lock()

    def text(self, text: str, limit: int | None = None, *, cut: bool = False) -> str:
        """``text`` without secrets, at most ``limit`` characters. Total: any string is accepted.

        ``cut`` tells that the text was already cut off somewhere, so that it may end in part of a secret. With a
        ``limit``, of a long text only the beginning is looked at.
        """
        if limit is not None and len(text) > LONGEST:
            text, cut = text[:LONGEST], True
        forms = self._forms
        for form in forms:
            if form in text:
                text = text.replace(form, MASK)
        if cut:
            text = _without_partial_tail(text, forms)
        for pattern, replacement in _shapes():
            text = pattern.sub(replacement, text)
        if any(form in text for form in forms):  # a mask put next to its surroundings spelt one
            return MASK
        return text if limit is None or len(text) <= limit else text[:limit] + "…"

    def path(self, path: str) -> str:
        """The same for the path of a URL, where secrets stand as they are; cheap, for every request."""
        if any(form in path for form in self._forms) or "ctok_" in path:
            return self.text(path)
        return path

    def value(self, value: object, depth: int = 20) -> object:
        """The same for all texts in a parsed JSON value; what nests more than ``depth`` levels deep is masked."""
        if isinstance(value, str):
            return self.text(value)
        if depth == 0 and isinstance(value, (dict, list)):
            return MASK
        if isinstance(value, dict):
            return {self.text(str(key)): self._member(str(key), each, depth - 1) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each, depth - 1) for each in value]
        return value

    def _member(self, name: str, value: object, depth: int) -> object:
        tells = isinstance(value, str) and self.text(f'"{name}": "…"') != f'"{name}": "…"'  # that it is a secret
        return MASK if tells else self.value(value, depth)

    def data(self, data: bytes, limit: int | None = None, *, cut: bool = False) -> str:
        """The same for bytes, which need not be valid UTF-8."""
        if limit is not None and len(data) > LONGEST:
            data, cut = data[:LONGEST], True
        return self.text(data.decode("utf-8", "replace"), limit, cut=cut)


def _forms(value: Secret) -> tuple[str, ...]:
    plain = value.reveal()
    safe = plain.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    encoded = base64.b64encode(safe.encode()).decode().rstrip("=")
    forms = {plain, safe, quote(safe, safe=""), quote(safe), quote_plus(safe), json.dumps(plain)[1:-1], encoded}
    return tuple(form for form in forms if len(form) >= SHORTEST)


def _without_partial_tail(text: str, forms: tuple[str, ...]) -> str:
    for form in forms:
        at = text.find(form[:_PART], max(0, len(text) - len(form) + 1))
        while at >= 0:
            if form.startswith(text[at:]):
                return text[:at] + MASK
            at = text.find(form[:_PART], at + 1)
    return text


def basic(client_id: str, client_secret: Secret) -> Secret:
    """The value of HTTP Basic for a client (RFC 7617), without the scheme."""
    pair = f"{client_id}:{client_secret.reveal()}".encode("utf-8", "surrogatepass")
    return Secret(binascii.b2a_base64(pair, newline=False).decode("ascii"))


_SHAPES_ONLY: Final = Redactor()

SENDING: Final[ContextVar[Redactor]] = ContextVar("SENDING", default=_SHAPES_ONLY)
"""The redactor of the client that sends in this thread or task: what is logged meanwhile is about its request."""


class RedactingFilter(logging.Filter):
    """Masks secrets in what other libraries log about our requests: httpx writes every URL at INFO, httpcore the
    headers of answers at DEBUG. A record costs the same however many clients there are.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's message if it holds something secret; never drops a record."""
        try:
            message = record.getMessage()
        except Exception:  # the arguments do not fit the message: reported by whoever formats it, and fails no call
            return True
        clean = SENDING.get().text(message)
        if clean != message:
            record.msg, record.args = clean, None
        return True


__all__ = [
    "MASK",
    "SENDING",
    "RedactingFilter",
    "Redactor",
    "Secret",
    "StoreURL",
    "basic",
    "secret",
    "while_whole",
    "without_credentials",
]


MASK: Final = "**********"
