"""``DEPENDENCIES.md``: every distribution that typedpipes or one of its extras installs, and its licence.

``nox -s packaging -- --write`` writes it from the metadata of what the lock names.
"""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs

from tests.packaging.environments import ROOT, Environment, build, sources, with_extra

TARGET: Final = ROOT / "DEPENDENCIES.md"
EXTRAS: Final = tuple(
    sorted(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"])
)
PERMISSIVE: Final = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0", "Python-2.0", "Unlicense"}
)
SPELLED: Final[Mapping[str, str]] = {
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache Software License 2.0": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""Licences as older metadata spells them, by their SPDX names."""
EXCEPTIONS: Final[Mapping[str, str]] = {
    "certifi": "MPL-2.0 covers its own files only (a list of certificates); it is used unchanged, as httpx does",
    "pathspec": "MPL-2.0 covers its own files only; it is used unchanged",
}
"""What is not permissive and yet accepted, and why."""

READ: Final = """
import importlib.metadata as m, json, re
found = []
for d in m.distributions():
    name = re.sub(r'[-_.]+', '-', d.metadata['Name']).lower()
    trove = [c.rpartition(' :: ')[2] for c in d.metadata.get_all('Classifier') or [] if c.startswith('License :: OSI')]
    needs = [re.sub(r'[-_.]+', '-', re.match(r'[A-Za-z0-9._-]+', r).group()).lower() for r in d.requires or []]
    found.append({'name': name, 'expression': d.metadata.get('License-Expression'), 'trove': trove,
                  'text': (d.metadata.get('License') or '').strip().splitlines()[:1], 'needs': needs})
print(json.dumps(found))
"""


@attrs.frozen
class Licence:
    """A distribution, its SPDX licence expression, and what of ours installs it."""

    name: str
    expression: str
    wanted_by: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether we may depend on it."""
        return permissive(self.expression) or self.name in EXCEPTIONS


def permissive(expression: str) -> bool:
    """Whether an SPDX expression leaves only permissive duties: one choice of each OR, all parts of each AND."""
    choices = re.sub(r"[()]", "", expression).split(" OR ")
    return any(all(part in PERMISSIVE for part in choice.split(" AND ")) for choice in choices)


def collect(install: Callable[[str], Environment]) -> list[Licence]:
    """The licences of the core and of each extra, each in the environment that ``install`` gives."""
    found: dict[str, str] = {}
    wanted: dict[str, list[str]] = {}
    for extra in ("core", *EXTRAS):
        for row in json.loads(install(extra).run("-c", READ).stdout):
            if row["name"] == "typedpipes":
                continue
            found[row["name"]] = _expression(row["name"], row["expression"], row["trove"], row["text"])
            wanted.setdefault(row["name"], []).append(extra)
    return [Licence(name, found[name], _shortest(wanted[name])) for name in sorted(found)]


def _shortest(wanted: list[str]) -> tuple[str, ...]:
    return ("core",) if "core" in wanted else tuple(wanted)


def _expression(name: str, expression: str | None, trove: Iterable[str], text: Iterable[str]) -> str:
    if expression:
        return expression
    told = [*text, *trove]
    for each in told:
        if each in SPELLED or each in PERMISSIVE:
            return SPELLED.get(each, each)
    raise LookupError(f"{name} states no licence that is known: {told}")


def page(licences: Sequence[Licence]) -> str:
    """The file."""
    rows = [f"| {each.name} | {each.expression} | {', '.join(each.wanted_by)} |" for each in licences]
    names = {each.name for each in licences}
    reasons = [f"- {name}: {reason}." for name, reason in sorted(EXCEPTIONS.items()) if name in names]
    return "\n".join(
        [
            "# Dependencies",
            "",
            "What `pip install typedpipes` (core) or one of its extras installs, transitively, on Linux with",
            "Python 3.11, and the licence its metadata states. Written by `nox -s packaging -- --write`;",
            "`nox -s packaging` fails when this file is out of date or a licence is not permissive.",
            "",
            "| distribution | licence | installed by |",
            "|---|---|---|",
            *rows,
            "",
            "Not permissive in the narrow sense, and accepted:",
            "",
            *reasons,
            "",
        ]
    )


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build("wheel", sources(folder / "source"), folder / "wheel")
        made = folder / "environments"
        TARGET.write_text(page(collect(lambda extra: with_extra(wheel, extra, made))), encoding="utf-8")


if __name__ == "__main__":
    main()
