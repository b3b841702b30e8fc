"""What the sessions install is locked: every requirement of pyproject.toml, by version and hash, without an address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
ENTRY = re.compile(
    r"^([a-z0-9-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE
)


def pins(path: Path) -> dict[str, set[str]]:
    """The locked versions of each distribution; more than one where Pythons or platforms differ."""
    found: dict[str, set[str]] = {}
    for name, version, _ in ENTRY.findall(path.read_text(encoding="utf-8")):
        found.setdefault(name, set()).add(version)
    return found


def requirements() -> list[Requirement]:
    """Every requirement of the metadata, the groups and the build."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()]
    groups += [project["project"]["dependencies"], project["build-system"]["requires"]]
    return [Requirement(text) for group in groups for text in group if isinstance(text, str)]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_line_of_a_lock_is_a_version_with_hashes_and_none_an_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert re.sub(r"^ *#.*\n", "", ENTRY.sub("", text), flags=re.MULTILINE) == ""


def test_every_requirement_is_locked_at_a_version_it_allows() -> None:
    locked = pins(ROOT / "locks" / "sessions.txt")
    wanted = requirements()
    assert len(wanted) > 40
    wrong = [
        f"{each}: {versions or 'missing'}"
        for each in wanted
        if not (versions := locked.get(canonicalize_name(each.name), set()))
        or not all(each.specifier.contains(version, prereleases=True) for version in versions)
    ]
    assert wrong == [], "run nox -s lock"


def test_what_runs_the_sessions_is_locked_at_the_same_versions() -> None:
    both, own = pins(ROOT / "locks" / "sessions.txt"), pins(ROOT / "locks" / "nox.txt")
    assert {"nox", "uv"} <= own.keys()
    assert {name: both.get(name) for name in own} == own
