"""Version advice from a report and the Python surface, and the entry that goes into the changelog."""

from __future__ import annotations

from pathlib import Path

import pytest

from typedpipes_codegen.diff.change import Change, Rating, Report
from typedpipes_codegen.diff.release import Advice, Level, advise, changelog_entry, write_changelog
from typedpipes_codegen.diff.surface import SurfaceChange
from typedpipes_codegen.errors import SchemaError


def change(rating: Rating, kind: str = "response-property-removed") -> Change:
    return Change(
        rating=rating,
        kind=kind,
        operation="GET /deals",
        place=f"/paths/~1deals/get/{kind}",
        direction="response",
        message=f"{kind} happened.",
    )


def report(*changes: Change) -> Report:
    return Report.of("pipedrive_v2", "openapi", changes)


RENAMED = SurfaceChange("typedpipes_api.pipedrive_v2.deals.Deal", "public object was removed", breaking=True)
NEW = SurfaceChange("typedpipes_api.pipedrive_v2.deals.Offer", "new", breaking=False)


@pytest.mark.parametrize(
    ("changes", "surface", "level"),
    [
        ([], [], "none"),
        ([change("safe", "token-cost-lowered")], [], "patch"),
        ([change("safe", "operation-added")], [], "minor"),
        ([change("dangerous", "response-enum-value-added")], [], "minor"),
        ([], [NEW], "minor"),
        ([change("breaking")], [], "major"),
        ([change("safe", "operation-added")], [RENAMED, NEW], "major"),
    ],
)
def test_the_advice_follows_the_worst_of_schema_and_python(
    changes: list[Change], surface: list[SurfaceChange], level: Level
) -> None:
    assert advise(report(*changes), surface).level == level


@pytest.mark.parametrize(
    ("current", "level", "following"),
    [
        ("1.4.2", "major", "2.0.0"),
        ("1.4.2", "minor", "1.5.0"),
        ("1.4.2", "patch", "1.4.3"),
        ("1.4.2", "none", "1.4.2"),
        ("0.4.2", "major", "0.5.0"),
        ("0.4.2", "minor", "0.4.3"),
    ],
)
def test_the_next_version_follows_semantic_versioning(current: str, level: Level, following: str) -> None:
    assert Advice(level, ()).next_version(current) == following


def test_a_version_of_another_form_is_refused() -> None:
    with pytest.raises(SchemaError, match="no version"):
        Advice("major", ()).next_version("2026.11")


def test_the_entry_names_what_breaks_and_the_python_names() -> None:
    entry = changelog_entry(report(change("breaking"), change("safe", "operation-added")), [RENAMED, NEW])
    assert "Version advice: major" in entry
    assert "`GET /deals`: response-property-removed happened." in entry
    assert "`typedpipes_api.pipedrive_v2.deals.Deal`: public object was removed" in entry
    assert "Offer" not in entry


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# Changelog\n", "# Changelog\n\n## Unreleased\n\nENTRY\n"),
        ("# Changelog\n\n## 1.0.0\n\nOld.\n", "# Changelog\n\n## Unreleased\n\nENTRY\n\n## 1.0.0\n\nOld.\n"),
        (
            "# Changelog\n\n## 1.1.0 (unreleased)\n\nNew.\n\n## 1.0.0\n\nOld.\n",
            "# Changelog\n\n## 1.1.0 (unreleased)\n\nNew.\n\nENTRY\n\n## 1.0.0\n\nOld.\n",
        ),
    ],
)
def test_the_entry_ends_the_unreleased_section_and_nothing_else_moves(before: str, after: str, tmp_path: Path) -> None:
    file = tmp_path / "CHANGELOG.md"
    file.write_text(before)
    assert write_changelog(file, "ENTRY\n")
    assert file.read_text() == after
    assert not write_changelog(file, "ENTRY\n"), "the same entry is not written twice"
    assert file.read_text() == after


def test_a_missing_changelog_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no changelog"):
        write_changelog(tmp_path / "CHANGELOG.md", "ENTRY\n")
