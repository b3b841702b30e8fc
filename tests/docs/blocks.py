"""The code blocks of the documentation, and what is to be done with each.

A block is run unless a comment right before it says otherwise:

    <!-- docs: needs fastapi, uvicorn -->    run where these packages are, which is in the docs session
    <!-- docs: file worker.py -->            written to this file of the page's folder; later blocks use it
    <!-- docs: not run: needs two machines -->   only type-checked or parsed

Several may be combined with ``;``. The blocks of a page belong together: they share a folder, a namespace, a sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"

_FENCE: Final = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w+-]*)[^\n]*\n(?P<code>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL
)
_MARK: Final = re.compile(r"<!-- docs: (?P<text>(?:(?!-->).)*) -->\s*\Z", re.DOTALL)
_PART: Final = re.compile(r";\s*(?=needs |file |not run: )")
PYTHON: Final = ("python", "py")
SHELL: Final = ("sh", "bash", "shell", "console")
TESTED_ELSEWHERE: Final = {
    "docs/graphql-selections.md": "tests/docs/test_selections.py",
    "docs/own-schemas.md": "tests/docs/test_own_schemas.py",
}
"""Pages whose blocks another test runs, because they need more than a sandbox."""
DATA: Final = ("toml", "json", "graphql", "yaml", "sql", "text", "ini")


class UnknownMark(ValueError):
    """A comment before a block that nobody understands."""


@attrs.frozen
class Block:
    """One fenced block and what its comment says."""

    page: Path
    line: int
    language: str
    code: str
    needs: tuple[str, ...] = ()
    file: str | None = None
    reason: str | None = None
    """Why it is not run."""

    @property
    def where(self) -> str:
        """Page and line, as editors understand them."""
        page = self.page.relative_to(ROOT) if self.page.is_relative_to(ROOT) else self.page
        return f"{page.as_posix()}:{self.line}"


def pages() -> list[Path]:
    """Every page whose blocks are looked after here, README included."""
    found = sorted(path for path in DOCS.rglob("*.md") if "_site" not in path.parts)
    return [ROOT / "README.md", *found]


def blocks_of(page: Path) -> list[Block]:
    """The page's blocks in order. Raises `UnknownMark`."""
    return list(_blocks(page, page.read_text(encoding="utf-8")))


def _blocks(page: Path, text: str) -> Iterator[Block]:
    for match in _FENCE.finditer(text):
        indent = len(match["indent"])
        code = "".join(line[indent:] if line.strip() else "\n" for line in match["code"].splitlines(keepends=True))
        line = text.count("\n", 0, match.start()) + 2
        mark = _MARK.search(text, 0, match.start())
        marks = _read(f"{page.name}:{line}", mark["text"]) if mark is not None else {}
        yield Block(
            page,
            line,
            match["language"],
            code,
            needs=tuple(name.strip() for name in marks.get("needs", "").split(",") if name.strip()),
            file=marks.get("file"),
            reason=marks.get("not run"),
        )


def _read(where: str, text: str) -> dict[str, str]:
    marks: dict[str, str] = {}
    for part in _PART.split(text):
        words = re.fullmatch(r"(needs|file) (.+)|(not run): (.+)", part.strip())
        if words is None:
            raise UnknownMark(f"{where}: cannot read the mark {part.strip()!r}")
        marks[words[1] or words[3]] = words[2] or words[4]
    return marks
