"""A report for a terminal: grouped by operation, worst first."""

from __future__ import annotations

from typedpipes_codegen.diff.change import Report
from typedpipes_codegen.diff.reports import counted, plain, sections


def as_text(report: Report) -> str:
    """The report, one line per change or per several of one kind. Ends with a line break."""
    if not report.changes:
        return f"{plain(report.api)}: no change\n"
    out = [f"{plain(report.api)}: {counted(report)}"]
    for section in sections(report):
        out += ["", *section.titles]
        for line in section.lines:
            where = f"{line.where}: " if line.where else ""
            out.append(f"  {line.rating:9}  {where}{line.text}")
    return "\n".join(out) + "\n"
