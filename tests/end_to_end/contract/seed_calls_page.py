"""Writes docs/vendor-examples.md from seed_calls.toml: ``python -m tests.end_to_end.contract.seed_calls_page``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
TABLE = Path(__file__).parent / "seed_calls.toml"
PAGE = ROOT / "docs" / "vendor-examples.md"
TITLES = {
    "001": "Pipedream REST",
    "002": "Pipedream Connect",
    "003": "Pipedrive",
    "004": "Pipefy's export of automation jobs",
}
HEAD = """# The vendors' examples, one line each

<!-- Made from seed_calls.toml by `python -m tests.end_to_end.contract.seed_calls_page`. Do not edit. -->

Every request that the vendors' pages show, and the line that sends it. A test runs each line, with both kinds of
client, and compares what arrives with what the page shows. The lines use

```python
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipefy import Pipefy
from typedpipes_api.pipefy_documented import Client

pd = Pipedream.from_env()
crm = Pipedrive.from_env()
pipefy = Pipefy.from_env()
```

Asynchronous clients (`AsyncPipedream`, `AsyncPipedrive`, `AsyncPipefy`) take the same lines with `await`.
"""


def page() -> str:
    """The whole page."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    parts = [HEAD]
    for seed, title in TITLES.items():
        rows = [call for call in table["call"] if call["seed"] == seed]
        parts.append(f"\n## {title}\n\n| example | line | sends | departs from the page |\n|---|---|---|---|\n")
        parts += [row(call) for call in rows]
    parts.append("\n## Without a line\n\n| page | what | why |\n|---|---|---|\n")
    parts += [
        f"| {TITLES.get(entry['seed'], 'Pipefy, API limits')} | {cell(entry['what'])} | {cell(entry['reason'])} |\n"
        for entry in table["exempt"]
    ]
    return "".join(parts)


def row(call: dict[str, Any]) -> str:
    """One example."""
    address = call["path"] + (f"?{call['query']}" if call["query"] else "")
    line = call["python"].replace("|", "\\|")
    return f"| {cell(call['heading'])} | `{line}` | `{call['method']} {address}` | {cell(call['mended'])} |\n"


def cell(text: str) -> str:
    """Text that cannot end a cell or start a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
