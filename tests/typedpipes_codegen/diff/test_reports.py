"""The three forms of a report: all changes in each, and nothing of a schema can be markup or steer a terminal."""

from __future__ import annotations

import json
import re
from typing import Any

import attrs

from typedpipes_codegen.diff import RATINGS, Change, Report
from typedpipes_codegen.diff.release import advise
from typedpipes_codegen.diff.reports import LONGEST, as_markdown, as_text
from typedpipes_codegen.diff.verdict import Verdict, rendered


def removed(name: str, operation: str = "GET /books") -> Change:
    return Change(
        rating="breaking",
        kind="response-property-removed",
        operation=operation,
        place=f"/components/schemas/Book/properties/{name}",
        path=f"response 200: data[].{name}",
        direction="response",
        message=f"`data[].{name}` of Book is gone: stop reading it.",
        method="books.list",
        component="Book",
        model="Book",
        field=name,
    )


def added(name: str, operation: str = "GET /books") -> Change:
    return attrs.evolve(
        removed(name, operation),
        rating="safe",
        kind="response-property-added",
        message=f"`data[].{name}` of Book is new.",
    )


def report(*changes: Change) -> Report:
    return Report.of("shop", "openapi", changes)


def test_a_report_groups_by_operation_and_puts_the_worst_first() -> None:
    one = report(added("b"), removed("a"), added("c", "GET /alone"), removed("a"))

    assert list(one.by_operation()) == ["GET /books", "GET /alone"]
    assert [change.rating for change in one.by_operation()["GET /books"]] == ["breaking", "safe"]
    assert one.counts == {"breaking": 1, "dangerous": 0, "safe": 2}
    assert (one.worst, one.exit_code) == ("breaking", 1)
    assert (report(added("b")).worst, report(added("b")).exit_code) == ("safe", 0)
    assert (report().worst, report().exit_code) == (None, 0)


def test_the_text_is_short() -> None:
    assert as_text(report(removed("title"), added("pages"))) == (
        "shop: 1 breaking, 0 dangerous, 1 safe\n"
        "\n"
        "GET /books (books.list)\n"
        "  breaking   response 200: `data[].title` of Book is gone: stop reading it.\n"
        "  safe       response 200: `data[].pages` of Book is new.\n"
    )
    assert as_text(report()) == "shop: no change\n"


def test_many_like_changes_are_one_line_that_names_them_all() -> None:
    text = as_text(report(*(removed(f"field{number}") for number in range(40))))

    assert text.count("\n") == 4
    assert "response 200: response-property-removed (40 of Book): `data[].field0`, " in text
    assert all(f"`data[].field{number}`" in text for number in range(40))


def test_operations_that_changed_alike_are_told_once_and_all_named() -> None:
    text = as_text(report(*(removed("title", f"GET /books/{number}") for number in range(30))))

    assert text.count("is gone") == 1
    assert all(f"GET /books/{number} (books.list)" in text for number in range(30))


def in_json(made: Report) -> dict[str, Any]:
    """What the commands print."""
    found: dict[str, Any] = json.loads(rendered(Verdict(made, advise(made)), "json"))
    return found


def test_the_json_form_has_the_documented_shape_and_every_fact() -> None:
    change = removed("title")

    told = in_json(report(change, added("pages")))

    assert list(told) == [
        *("format", "api", "schema_kind", "worst", "counts", "groups"),
        *("advice", "touches", "surface"),
    ]
    assert (told["format"], told["api"], told["schema_kind"], told["worst"]) == (1, "shop", "openapi", "breaking")
    assert list(told["counts"]) == [*RATINGS]
    assert [group["name"] for group in told["groups"]] == ["GET /books"]
    assert told["groups"][0]["changes"][0] == {**attrs.asdict(change), "used_by": []}
    assert set(told["groups"][0]["changes"][0]) == {field.name for field in attrs.fields(Change)}
    assert in_json(report())["worst"] is None


def test_markdown_has_no_markup_of_the_schema() -> None:
    evil = removed("x`<img src=x onerror=1> @team [a](https://evil.example) **b** | \u202e\x1b[31m")
    evil = attrs.evolve(evil, operation="GET /<script>/`")

    text = as_markdown(report(evil))

    outside = re.sub(
        r"`[^`\n]*`", "", text.replace("**breaking**", "").replace("**1 breaking, 0 dangerous, 0 safe**", "")
    )
    assert not re.search(r"(?<!\\)[<\[|*]|@\w|://", outside)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x1b" not in as_text(report(evil))
    assert "\u202e" not in as_text(report(evil))


def test_markdown_folds_what_is_safe() -> None:
    text = as_markdown(report(removed("title"), added("pages", "GET /other")))

    assert "### GET /books (books.list)\n\n- **breaking** response 200: `data[].title` of Book is gone" in text
    assert text.index("<details>") > text.index("is gone")
    assert text.index("is new") > text.index("<details>")


def test_markdown_fits_into_a_pull_request_and_says_what_it_leaves_out() -> None:
    changes = [removed(f"field{number}", f"GET /books/{number}") for number in range(1200)]
    changes += [added(f"other{number}", f"GET /more/{number}") for number in range(100)]

    text = as_markdown(report(*changes))

    left_out = re.search(r"(\d+) more changes do not fit here", text)
    assert len(text) <= LONGEST + 100
    assert left_out is not None
    assert text.count("**breaking**") + text.count("**safe**") + int(left_out[1]) == 1300
