"""Checks keyword arguments: an unknown one is refused, never ignored. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

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


__all__ = ["check_options", "parameters"]
