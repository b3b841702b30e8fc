"""A report for a pull request: Markdown in which nothing of a schema can be markup."""

from __future__ import annotations

import re
from typing import Final

from typedpipes_codegen.diff.change import RATINGS, Report
from typedpipes_codegen.diff.reports import Section, counted, plain, sections

LONGEST: Final = 60_000
"""Characters of the report; code hosts refuse bodies of more than 65,536."""
_MARKUP: Final = re.compile(r"([\\*_\[\]|~<&])")
_LINKING: Final = re.compile(r"([@#])(?=\w)|(:)(?=//)|(www)(?=\.)", re.IGNORECASE)
"""Would call a person, or link an issue or an address: a space without width behind it keeps it from that."""


def as_markdown(report: Report) -> str:
    """The report; what does not fit in `LONGEST` characters is counted in its last line. Ends with a line break."""
    title = f"## Schema changes: {_escaped(report.api)}\n\n"
    if not report.changes:
        return f"{title}No change.\n"
    out = [f"{title}**{counted(report)}**\n"]
    length, left_out = len(out[0]), 0
    for rating in RATINGS:
        chosen = [section for section in sections(report) if section.worst == rating]
        if not chosen:
            continue
        folded = rating == "safe"
        head = f"\n<details><summary>{rating.capitalize()} only</summary>\n" if folded else ""
        tail = "\n</details>\n" if folded else ""
        body: list[str] = []
        for section in chosen:
            text = _section(section)
            if length + len(head) + len(tail) + len(text) > LONGEST:
                left_out += section.count
                continue
            body.append(text)
            length += len(text)
        if body:
            out.append(head + "".join(body) + tail)
            length += len(head) + len(tail)
    if left_out:
        out.append(f"\n{left_out} more changes do not fit here: see the report as text or JSON.\n")
    return "".join(out)


def _section(section: Section) -> str:
    titles = "\n".join(f"### {_escaped(title)}" for title in section.titles[:1])
    others = "".join(f"- and {_escaped(title)}\n" for title in section.titles[1:])
    lines = "".join(
        f"- **{line.rating}** {_escaped(f'{line.where}: ' if line.where else '')}{_escaped(line.text)}\n"
        for line in section.lines
    )
    return f"\n{titles}\n\n{others}{lines}"


def _escaped(text: str) -> str:
    """Text in which only pairs of backticks mean something."""
    parts = plain(text).split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = [f"{parts[-2]}'{parts[-1]}"]
    return "".join(f"`{part}`" if index % 2 and part else _plain(part) for index, part in enumerate(parts))


def _plain(text: str) -> str:
    return _LINKING.sub("\\g<0>\u200b", _MARKUP.sub(r"\\\1", text))
