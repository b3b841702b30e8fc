"""Checks what callers give: the names of keyword arguments, and the values of arguments and settings.

An unknown name is refused, never ignored. A check of a value returns it, or raises `ConfigurationError` naming it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from typedpipes._core.addresses import plain_address
from typedpipes.errors import ConfigurationError

_ELSEWHERE: Final = {
    "cert": "http_client=httpx.Client(verify=...) brings certificates of your own",
    "headers": "extra_headers= of a call adds headers",
    "proxies": "http_client=httpx.Client(proxy=...) or HTTPS_PROXY names a proxy",
    "proxy": "http_client=httpx.Client(proxy=...) or HTTPS_PROXY names a proxy",
    "transport": "http_client=httpx.Client(transport=...) brings a transport of your own",
    "verify": "http_client=httpx.Client(verify=...) brings certificates of your own",
}
"""Where what other libraries take as an option is given here."""


def check_options(
    name: str,
    options: Mapping[str, object],
    known: frozenset[str],
    own: Callable[..., object] | Iterable[str] = (),
) -> None:
    """Raise TypeError, with what was probably meant, for an option that is not in ``known``.

    ``own`` are the arguments that the callable takes besides: the callable, or their names.
    """
    for key in options:
        if key not in known:
            raise TypeError(f"{name}: unexpected argument {key!r}; {_advice(key, known, own)}")


def parameters(function: Callable[..., object]) -> frozenset[str]:
    """The names of the arguments that a callable takes."""
    import inspect

    given = inspect.signature(function).parameters.values()
    return frozenset(one.name for one in given if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)) - {"self"}


def _advice(key: str, known: frozenset[str], own: Callable[..., object] | Iterable[str]) -> str:
    from difflib import get_close_matches

    names = known | (parameters(own) if callable(own) else frozenset(own))
    close = get_close_matches(key, sorted(names), 1, 0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return _ELSEWHERE.get(key) or f"it takes {', '.join(sorted(names)) or 'none'}"


def check_seconds(setting: str, value: object, least: float = 0.001) -> float | None:
    """A number of seconds from ``least``; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        raise ConfigurationError(f"{setting} is a number of seconds, not {shown(value)}", setting=setting)
    if value < least:
        raise ConfigurationError(f"{setting} must be at least {least}, not {value}", setting=setting)
    return value


def check_count(setting: str, value: object, least: int = 1) -> int | None:
    """A whole number from ``least``; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigurationError(f"{setting} is a whole number, not {shown(value)}", setting=setting)
    if value < least:
        raise ConfigurationError(f"{setting} must be at least {least}, not {value}", setting=setting)
    return value


def check_flag(setting: str, value: object) -> bool:
    """True or False: a text such as ``"no"`` would count as true."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{setting} is True or False, not {shown(value)}", setting=setting)
    return value


def check_plain(setting: str, callback: object) -> None:
    """Raise `ConfigurationError` for an ``async`` function where nothing could await it."""
    if callback is None:
        return
    import inspect

    if any(inspect.iscoroutinefunction(each) for each in (callback, getattr(callback, "__call__", None))):  # noqa: B004
        raise ConfigurationError(
            f"{setting} is an async function, which is not awaited here; give a plain one", setting=setting
        )


def check_name(setting: str, value: object) -> str | None:
    """Text that is not empty; None stays None."""
    if value is not None and not (isinstance(value, str) and value.strip()):
        raise ConfigurationError(f"{setting} is a name, not {shown(value)}", setting=setting)
    return value if value is None else check_text(setting, value)


def check_text(setting: str, value: str) -> str:
    """Text that can be sent. Never shows it: it may be a secret."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"{setting} contains a lone surrogate (half a character) and cannot be sent; correct it", setting=setting
        ) from None
    return value


def check_path(setting: str, value: str | os.PathLike[str]) -> Path:
    """The path of a file: one that the system can take, and that names more than a root."""
    path = Path(value)
    try:
        sound = b"\0" not in os.fsencode(path) and bool(path.name)
    except ValueError:  # half a character (a lone surrogate)
        sound = False
    if not sound:
        raise ConfigurationError(f"{setting}: {os.fspath(value)!a} is no path of a file", setting=setting)
    return path


def check_address(setting: str, value: object) -> str | None:
    """A base address in its plain form (`typedpipes._core.addresses.plain_address`); None stays None.

    It has a scheme, a host and perhaps a port and a path. What would be dropped from the requests' addresses (a query,
    a fragment), end up in another place (a port beyond 65535) or show a secret (a password) is refused.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise ConfigurationError(f"{setting} is an address, not {shown(value)}", setting=setting)
    fault = _fault(value)
    if fault is not None:
        raise ConfigurationError(
            f"{setting} {fault}; it is an address such as https://api.example.com/v1", setting=setting
        )
    return plain_address(value)


def _fault(text: str) -> str | None:
    if not text.isprintable() or " " in text:
        return "holds a space, a line break or another character that no address has"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "has an invalid host or port (1 to 65535)"
    if parts.scheme not in ("http", "https"):
        return "does not begin with https:// (http:// is for this machine only)"
    if not parts.hostname or port == 0:
        return "names no host" if not parts.hostname else "has an invalid port (1 to 65535)"
    if "@" in parts.netloc:
        return "carries a user or a password"
    if "?" in text or "#" in text:
        return "has a query or a fragment, which requests would lose"
    return None


def shown(value: object) -> str:
    """A wrong value without what may be a secret in it."""
    plain = isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= 12)
    return f"{value!r} of type {type(value).__name__}" if plain else f"a value of type {type(value).__name__}"


__all__ = [
    "check_address",
    "check_count",
    "check_flag",
    "check_name",
    "check_options",
    "check_path",
    "check_plain",
    "check_seconds",
    "check_text",
    "parameters",
    "shown",
]
