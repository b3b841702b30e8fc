"""Writing Python source from untrusted text: nothing of a document may become code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

WIDTH: Final = 110
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_IDENTIFIER: Final = re.compile(r"\b[A-Za-z_][A-Za-z0-9_]*\b")


def literal(value: object) -> str:
    """A value as a Python literal: strings, numbers, booleans, None, and tuples and dicts of these."""
    if isinstance(value, tuple):
        return f"({', '.join(literal(item) for item in value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    if value is None or isinstance(value, str | int | float | bool):
        return ascii(value) if isinstance(value, str) else repr(value)
    raise TypeError(type(value).__name__)


def docstring(text: str, indent: str = "") -> list[str]:
    """A docstring of one paragraph, or nothing. Backslashes and quotes cannot end it."""
    plain = " ".join(_CONTROL.sub(" ", text).split())
    if not plain:
        return []
    safe = plain.replace("\\", "\\\\").replace('"', '\\"')
    lines = _wrap(safe, WIDTH - len(indent))
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}" for line in lines[1:]), f'{indent}"""']


def paragraphs(parts: Sequence[str], indent: str) -> list[str]:
    """A docstring of several paragraphs."""
    texts = [" ".join(_CONTROL.sub(" ", part).split()) for part in parts]
    safe = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts if text]
    if len(safe) < 2:
        return docstring(texts[0] if texts else "", indent)
    lines: list[str] = []
    for text in safe:
        lines += ["", *(f"{indent}{line}" for line in _wrap(text, WIDTH - len(indent)))]
    return [f'{indent}"""{lines[1].strip()}', *lines[2:], f'{indent}"""']


def _wrap(text: str, width: int) -> list[str]:
    """Break at spaces only: an escape must not be torn apart."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def identifiers(lines: Iterable[str]) -> set[str]:
    """Every word of a piece of source that could be a name."""
    return set(_IDENTIFIER.findall("\n".join(lines)))


def comment(header: str) -> list[str]:
    """The header as comment lines."""
    return [f"# {line}".rstrip() for line in _CONTROL.sub("\n", header).split("\n")]


def import_from(module: str, names: Iterable[str], *, reexport: bool = False) -> str:
    """One import statement; ruff breaks it into lines."""
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    return f"from {module} import ({', '.join(f'{name} as {name}' if reexport else name for name in ordered)})"
