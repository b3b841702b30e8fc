"""What a change of schemas means for the version, and its entry in the changelog."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

import attrs

from typedpipes_codegen.diff.change import Report
from typedpipes_codegen.diff.surface import SurfaceChange
from typedpipes_codegen.documents import write_atomically
from typedpipes_codegen.errors import SchemaError

Level: TypeAlias = Literal["major", "minor", "patch", "none"]

_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)\Z")
_UNRELEASED: Final = re.compile(r"^## .*unreleased.*$", re.IGNORECASE | re.MULTILINE)
_RELEASE: Final = re.compile(r"^## ", re.MULTILINE)


@attrs.frozen
class Advice:
    """How far the version should move, and why."""

    level: Level
    reasons: tuple[str, ...]
    """One short sentence per kind of evidence."""

    def next_version(self, current: str) -> str:
        """The version after ``current`` (``X.Y.Z``). Before 1.0.0 a breaking change moves Y and any other Z.

        Raises `SchemaError` for another form of version.
        """
        match = _VERSION.match(current)
        if match is None:
            raise SchemaError(f"{current!r} is no version", remedy="give three numbers: 1.2.3")
        major, minor, patch = (int(part) for part in match.groups())
        level = self.level
        if major == 0 and level in ("major", "minor"):
            level = "minor" if level == "major" else "patch"
        steps = {
            "major": (major + 1, 0, 0),
            "minor": (major, minor + 1, 0),
            "patch": (major, minor, patch + 1),
            "none": (major, minor, patch),
        }
        return ".".join(map(str, steps[level]))


def advise(report: Report, surface: Sequence[SurfaceChange] = ()) -> Advice:
    """Major if anything breaks on the wire or in Python, minor if something is new or may matter, else patch."""
    counts = report.counts
    broken = sum(change.breaking for change in surface)
    new = len(surface) - broken
    reasons = [
        f"{count} {what}"
        for count, what in (
            (counts["breaking"], "breaking changes of the schema"),
            (broken, "Python names that changed or went"),
            (counts["dangerous"], "dangerous changes of the schema"),
            (counts["safe"], "safe changes of the schema"),
            (new, "new Python names"),
        )
        if count
    ]
    level: Level = "none"
    if counts["breaking"] or broken:
        level = "major"
    elif counts["dangerous"] or new or any(change.kind.endswith("-added") for change in report.changes):
        level = "minor"
    elif reasons:
        level = "patch"
    return Advice(level, tuple(reasons))


def changelog_entry(report: Report, surface: Sequence[SurfaceChange] = ()) -> str:
    """The entry, Markdown: what breaks in full, the rest by operation; ends with a line break."""
    advice = advise(report, surface)
    lines = [
        f"### Schema of {report.api}",
        "",
        f"Version advice: {advice.level} ({'; '.join(advice.reasons) or 'no'}).",
    ]
    for rating, title in (("breaking", "Breaking"), ("dangerous", "Check"), ("safe", "Also")):
        found = [
            (group, [change.message for change in changes if change.rating == rating])
            for group, changes in report.by_operation().items()
        ]
        rows = [f"- `{group or 'everywhere'}`: {_joined(messages)}" for group, messages in found if messages]
        lines += ["", f"{title}:", "", *rows] if rows else []
    broken = [f"- `{change.path}`: {change.what}" for change in surface if change.breaking]
    lines += ["", "Python names:", "", *broken] if broken else []
    return "\n".join(lines) + "\n"


def _joined(messages: Sequence[str], most: int = 3) -> str:
    """The first few messages, and how many there are besides."""
    rest = len(messages) - most
    return " ".join(messages[:most]) + (f" And {rest} more." if rest > 0 else "")


def write_changelog(file: Path, entry: str) -> bool:
    """Put ``entry`` at the end of the unreleased section of ``file``, atomically; False if it stands there already.

    The section is the first second-level heading that says "unreleased"; without one it is made on top. Raises
    `SchemaError` if there is no such file.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SchemaError(
            "there is no changelog", file=file, remedy="create it with a heading, or name another"
        ) from None
    if entry.strip() in text:
        return False
    heading = _UNRELEASED.search(text)
    if heading is None:
        first = _RELEASE.search(text)
        start = first.start() if first else len(text)
        text = f"{text[:start].rstrip()}\n\n## Unreleased\n\n{text[start:]}"
        heading = _UNRELEASED.search(text)
        assert heading is not None
    following = _RELEASE.search(text, heading.end())
    end = following.start() if following else len(text)
    rest = f"\n{text[end:]}" if following else ""
    write_atomically(file, f"{text[:end].rstrip()}\n\n{entry}{rest}")
    return True
