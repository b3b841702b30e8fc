"""Hooks of the site: pages and tables that are made from the code when the site is built, so that they cannot lag."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from docs._site import commands, errors, limits, operations, settings  # noqa: E402 - found only now

_FILL: Final = re.compile(r"^<!-- made: (?P<what>\w+)(?: (?P<name>[\w.]+))? -->$", re.MULTILINE)
_RELATIVE: Final = re.compile(r"\[([^\]]*)\]\((?!https?:|#)[^)]*\)")
_MAKERS: Final[dict[str, Callable[[str], str]]] = {
    "commands": lambda name: commands.reference(),
    "error": errors.description,
    "error_tree": lambda name: errors.tree(),
    "limits": limits.table,
    "settings": settings.table,
    "operations": lambda name: operations.overview(),
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for the operations of each API, and the benchmarks, which lie beside the README."""
    made = {f"reference/operations/{name}.md": text for name, text in operations.pages().items()}
    for path, text in {**made, "benchmarks.md": benchmarks()}.items():
        files.append(File.generated(config, path, content=text))
    return files


def benchmarks() -> str:
    """The figures that lie beside the README, their links to files of the repository as plain text."""
    path = ROOT / "BENCHMARKS.md"
    if not path.is_file():
        return "# Benchmarks\n\nNo figures are checked in. `nox -s bench` measures each against its peers in one run.\n"
    return _RELATIVE.sub(r"\1", path.read_text(encoding="utf-8"))


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in what a page asks for with ``<!-- made: limits pipefy -->``; an unknown wish fails the build."""
    return _FILL.sub(lambda found: _MAKERS[found["what"]](found["name"] or ""), markdown)
