"""The page about selections: every block runs, and prints what its comments promise types for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "graphql-selections.md"


def test_every_block_of_the_page_runs(capsys: Any) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert len(blocks) == 6
    namespace: dict[str, Any] = {"__name__": "page"}
    printed = []
    for block in blocks:
        line = text.count("\n", 0, block.start()) + 1
        exec(compile("\n" * line + block[1], str(PAGE), "exec"), namespace)
        printed.append(capsys.readouterr().out.splitlines())
    titles = "Espresso machine ☕ – Açaí Express"
    assert printed[0][0] == printed[5][0] == titles
    assert printed[1] == ["Grinder"]
    assert printed[2][0].startswith(titles)
    assert printed[3]
    assert len(printed[4]) == 60
