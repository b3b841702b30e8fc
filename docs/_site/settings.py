"""Tables of settings, from the one that the clients, the environment and profiles share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_type_hints

from typedpipes.configuration.settings import ACCOUNTS, BY_PATH


def table(vendor: str) -> str:
    """The settings of a vendor as Markdown: keyword and key of a profile, variable, meaning."""
    return "\n".join(["| keyword, profile key | variable | meaning |", "|---|---|---|", *_rows(vendor)])


def _rows(vendor: str) -> Iterator[str]:
    for key, hint in get_type_hints(ACCOUNTS[vendor], include_extras=True).items():
        setting = BY_PATH.get(f"{vendor}.{key}")
        variable = "only in code" if setting is None else f"`{setting.variable}`"
        words = "" if setting is None else ", ".join(f"`{choice}`" for choice in setting.choices)
        about = get_args(hint)[1].text
        yield f"| `{key}` | {variable} | {about}{'; one of ' + words if words else ''} |"
    limits = BY_PATH[f"{vendor}.limits"]
    yield f"| `limits` | `{limits.variable}` | {limits.about} |"


__all__ = ["table"]
