"""Which headers a caller may set, and what their names and values may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from typedpipes._core.http import TOKEN_HEADERS
from typedpipes._core.values import text_of
from typedpipes.errors import ConfigurationError

_REFUSED_HEADERS: Final = TOKEN_HEADERS | {"content-length", "content-type", "host", "transfer-encoding"}
"""Headers that follow from the credentials, the address and the body."""

_NAME: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile(r"(?:[^\s\x00-\x1f\x7f](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\s\x00-\x1f\x7f])?)?")
"""What HTTP takes as name and value of a header (RFC 9110, 5.5). Values that are not ASCII are refused elsewhere."""


def add_headers(
    headers: dict[str, str],
    given: Mapping[str, str],
    setting: str,
    *,
    tokens: Iterable[str] = (),
    allowed: str | None = None,
) -> None:
    """Put the headers that a caller gave as ``setting`` into ``headers``, names in lower case.

    Raises `ConfigurationError` for those that only we set, and for those that the call sets by itself. ``tokens``:
    headers of the client's own credentials; ``allowed``: one that this call leaves to the caller.
    """
    ours = _REFUSED_HEADERS.union(tokens, (name.lower() for name in headers)) - {allowed}
    for name, value in given.items():
        lower = name.strip().lower()
        if lower in ours:
            raise ConfigurationError(
                f"{setting} may not set {name}: the client sets it, from its credentials and the call's own arguments",
                setting=setting,
            )
        text = text_of(value, name)
        if not _NAME.fullmatch(lower):
            raise ConfigurationError(f"{setting}: {name[:100]!r} is no name of a header", setting=setting)
        if not _VALUE.fullmatch(text):
            raise ConfigurationError(
                f"{setting}: the value of {name} begins or ends with a space, or holds a control character",
                setting=setting,
            )
        headers[lower] = text


__all__ = ["add_headers"]
