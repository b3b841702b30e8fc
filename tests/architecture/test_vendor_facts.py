"""Vendor facts stand in docs/vendor-facts; whoever relies on one cites it, and nobody cites what is not shipped."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FACTS: Final = ROOT / "docs" / "vendor-facts"
VENDORS: Final = ("pipefy", "pipedream", "pipedrive")

ABSENT: Final = re.compile(
    r"\bseeds? 00\d|\b(reference|design)? ?notes,? section|\b(design|reference) (section|notes|vendors)|"
    r"\(reference (?!:=)|\(design\b|\bPipe(fy|dream|drive) notes\b|\(notes, \"|\bproject's brief\b",
    re.IGNORECASE,
)
"""Citations of documents that are not in the repository."""
TEXT: Final = {".py", ".md", ".yaml", ".yml", ".toml", ".graphql", ".jinja", ".txt"}
CITED: Final = re.compile(r"vendor-facts/(?P<vendor>\w+)(?:\.md)?#(?P<section>[\w-]+)")
CITED_IN_OVERLAY: Final = re.compile(r"\bfacts#(?P<section>(?!NAME\b)[\w-]+)")


def shipped() -> dict[str, str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in listed.splitlines()
        if Path(name).suffix in TEXT and (ROOT / name).is_file()
    }


SHIPPED: Final = shipped()


def sections(vendor: str) -> set[str]:
    """Anchors of the page's headings."""
    headings = re.findall(r"^## (.+)$", (FACTS / f"{vendor}.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w-]+", "-", heading.lower()).strip("-") for heading in headings}


def test_nothing_cites_a_document_that_is_not_in_the_repository() -> None:
    assert [
        f"{name}: {match[0]}"
        for name, text in SHIPPED.items()
        if name != "tests/architecture/test_vendor_facts.py"
        for match in ABSENT.finditer(text)
    ] == []


def test_every_cited_fact_has_its_section() -> None:
    found = {vendor: sections(vendor) for vendor in VENDORS}
    cited = [
        (name, match["vendor"], match["section"]) for name, text in SHIPPED.items() for match in CITED.finditer(text)
    ]
    for name, text in SHIPPED.items():
        if name.startswith("schemas/"):
            cited += [(name, name.split("/")[1], match["section"]) for match in CITED_IN_OVERLAY.finditer(text)]
    assert cited
    assert [each for each in cited if each[2] not in found[each[1]]] == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_page_says_where_and_when_each_source_was_seen(vendor: str) -> None:
    page = (FACTS / f"{vendor}.md").read_text(encoding="utf-8")
    table = page.split("\n## ", 1)[0]
    assert "| source | what it is | seen |" in table
    names = [row.split("|")[1].strip() for row in table.splitlines() if row.startswith("| ")][1:]
    seen = [row.split("|")[3].strip() for row in table.splitlines() if row.startswith("| ")][1:]
    assert all(re.search(r"20\d\d-\d\d", date) or name == "assumed" for name, date in zip(names, seen, strict=True))
    assert [name for name in names if name not in page.split("\n## ", 1)[1]] == []
