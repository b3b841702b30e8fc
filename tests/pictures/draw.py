"""``python -m tests.pictures.draw``: draw docs/pictures/*.svg from real runs against the sandbox, on a terminal."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

from tests.typedpipes.cli.terminal import STYLE, Terminal
from typedpipes_sandbox import ExportSettings, Fault, Sandbox, SandboxSettings

TARGET: Final = Path(__file__).parents[2] / "docs" / "pictures"
EXPORT: Final = ("export", "automation-jobs", "--period", "last_month", "--output", "jobs.csv")
LIMITS: Final = ("limits",)
CONTENT: Final = b"Job ID,Status\n" + b"".join(b"%d,finished\n" % number for number in range(60_000))
ASCII: Final = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONIOENCODING": "ascii",
    "PYTHONCOERCECLOCALE": "0",
    "NO_COLOR": "1",
}
FONTS: Final = "monospace"


@attrs.frozen
class Picture:
    """A command on a terminal of some width, caught when ``when`` is on the screen (at its end if that is None)."""

    name: str
    words: tuple[str, ...]
    columns: int
    when: str | None = None
    settings: Mapping[str, str] = attrs.field(factory=dict)


PICTURES: Final = (
    Picture("waiting-80", EXPORT, 80, when="next look in"),
    Picture("progress-80", EXPORT, 80, when=r"[3-9]\d\d\.\d kB "),
    Picture("progress-200", EXPORT, 200, when=r"[3-9]\d\d\.\d kB "),
    Picture("progress-ascii", EXPORT, 80, when=r"[3-9]\d\d\.\d kB ", settings=ASCII),
    Picture("limits-60", LIMITS, 60),
    Picture("limits-80", LIMITS, 80),
    Picture("limits-200", LIMITS, 200),
    Picture("limits-ascii", LIMITS, 80, settings=ASCII),
)


def screen(picture: Picture, folder: Path) -> list[str]:
    """The lines on the terminal, styles included, with the command above them."""
    exports = ExportSettings(pace="polls", after_polls=3)
    with Sandbox(SandboxSettings(exports=exports)) as sandbox:
        sandbox.exports.serve(CONTENT, "text/csv")
        sandbox.faults.add(Fault(api="files", chunk_delay=0.02, chunk_size=8192))
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH")}
        own = {"HOME": str(folder), "XDG_STATE_HOME": str(folder), "TYPEDPIPES_CONFIG": os.devnull, "PYTHONUTF8": "1"}
        store = {"TYPEDPIPES_LIMITS": "sqlite:///limits.db"}
        settings = {**kept, **own, **store, **sandbox.environment(), **picture.settings}
        start = [sys.executable, "-m", "typedpipes.cli"]
        if picture.words == LIMITS:
            settings |= {"PIPEFY_PLAN": "business", "PIPEDRIVE_PLAN": "growth", "PIPEDRIVE_SEATS": "10"}
            for words in (("call", "pipefy.me"), ("call", "pipedrive.v2.deals.list", "limit=5")):
                with Terminal([*start, *words], 80, folder, settings) as before:
                    assert before.end() == 0, before.screen.plain()
        with Terminal([*start, *picture.words], picture.columns, folder, settings) as terminal:
            if picture.when is not None:
                caught = terminal.until(lambda lines: re.search(picture.when or "", "\n".join(lines)) is not None)
            else:
                assert terminal.end() == 0, terminal.screen.plain()
                caught = terminal.screen.lines
        assert sandbox.violations == []
    return [f"$ typedpipes {' '.join(picture.words)}", *(line for line in caught if STYLE.sub("", line).strip())]


def draw(lines: list[str], columns: int) -> str:
    """An SVG of a terminal with these lines; it loads nothing from anywhere."""
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(Text.from_ansi(line.rstrip()), overflow="fold")
    svg = console.export_svg(title="typedpipes", theme=SVG_EXPORT_THEME, unique_id="t")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;\n]*;", f"font-family: {FONTS};", svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip() + "\n"


def main() -> int:
    """Draw all pictures."""
    TARGET.mkdir(exist_ok=True)
    for picture in PICTURES:
        with tempfile.TemporaryDirectory() as folder:
            lines = screen(picture, Path(folder))
        (TARGET / f"{picture.name}.svg").write_text(draw(lines, picture.columns), encoding="utf-8")
        sys.stdout.write(f"{picture.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
