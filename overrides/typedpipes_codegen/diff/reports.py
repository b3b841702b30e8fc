"""What the text and Markdown reports have in common: many like changes become few lines, none is left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from typedpipes_codegen.diff.breaking import sentence
from typedpipes_codegen.diff.change import RATINGS, WHOLE_API, Change, Rating, Report
from typedpipes_codegen.documents.tree import JsonObject

_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
FEW: Final = 3
"""So many changes of one kind stand alone; more are one line."""


@attrs.frozen
class Line:
    """One line of a report: one change, or several of one kind in one part of an operation."""

    rating: Rating
    where: str
    """``response 200``; empty where the text says it."""
    text: str
    count: int = 1


@attrs.frozen
class Section:
    """Groups that have the same lines, and those lines."""

    titles: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def worst(self) -> Rating:
        return next(rating for rating in RATINGS if any(line.rating == rating for line in self.lines))

    @property
    def count(self) -> int:
        """Changes it stands for."""
        return len(self.titles) * sum(line.count for line in self.lines)


def sections(report: Report) -> list[Section]:
    """The report's groups, worst first; groups that say the same are one section."""
    found: dict[tuple[Line, ...], list[str]] = {}
    for group, changes in report.by_operation().items():
        found.setdefault(tuple(_lines(changes)), []).append(_title(group, changes[0]))
    return [Section(tuple(titles), lines) for lines, titles in found.items()]


def _title(group: str, change: Change) -> str:
    if group == WHOLE_API:
        return "the whole API"
    named = change.method is not None and change.operation is not None and "/" in change.operation
    return plain(f"{group} ({change.method})" if named else group)


def _lines(changes: Iterable[Change]) -> Iterator[Line]:
    kinds: dict[tuple[str, Rating, str, str | None], list[Change]] = {}
    for change in changes:
        kinds.setdefault((change.kind, change.rating, _where(change), change.component), []).append(change)
    for (kind, rating, where, component), alike in kinds.items():
        if len(alike) <= FEW:
            yield from (Line(rating, where, plain(change.message) + _users(change)) for change in alike)
            continue
        names = ", ".join(f"`{_name(change)}`" for change in alike)
        holder = f" of {component}" if component and where else ""
        told = sentence(kind, f"{kind} ({len(alike)}{holder}): {names}")
        yield Line(rating, where, plain(told) + _users(*alike), len(alike))


def _where(change: Change) -> str:
    """The part of an operation: ``response 200``. A parameter is named by the message itself."""
    head, _, below = change.path.partition(": ")
    return plain(head) if below and change.operation is not None and "/" in change.operation else ""


def _name(change: Change) -> str:
    inside = change.path.partition(": ")[2] or change.argument or change.path
    return f"{inside} = {change.value}" if change.value is not None and "/" in (change.operation or "") else inside


def _users(*changes: Change) -> str:
    users = sorted({name for change in changes for name in change.used_by})
    return f" Used by {', '.join(users)}." if users else ""


def plain(text: str) -> str:
    """Text of a schema as one line that cannot steer a terminal."""
    return _UNFIT.sub(" ", text)


def counted(report: Report) -> str:
    """``2 breaking, 1 dangerous, 0 safe``."""
    return ", ".join(f"{count} {rating}" for rating, count in report.counts.items())


# A report for a terminal: grouped by operation, worst first.


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


# A report for a pull request: Markdown in which nothing of a schema can be markup.

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


# A report for a program. The shape is stable: keys are only ever added, and ``format`` rises if one changes meaning.
#
# ::
#
#     {"format": 1, "api": "pipedrive_v1", "schema_kind": "openapi", "worst": "breaking",
#      "counts": {"breaking": 1, "dangerous": 0, "safe": 0},
#      "groups": [{"name": "GET /deals", "changes": [{"rating": "breaking", "kind": "response-property-removed", …}]}]}
#
# ``worst`` is null when nothing changed. ``name`` is empty for the whole API. The keys of a change are the fields of
# `typedpipes_codegen.diff.Change`; all of them are always there, null where they do not apply.

FORMAT: Final = 1


def report_object(report: Report) -> JsonObject:
    """The report as a JSON object."""
    return {
        "format": FORMAT,
        "api": report.api,
        "schema_kind": report.schema_kind,
        "worst": report.worst,
        "counts": {rating: report.counts[rating] for rating in RATINGS},
        "groups": [
            {"name": name, "changes": [_change(change) for change in changes]}
            for name, changes in report.by_operation().items()
        ],
    }


def _change(change: Change) -> JsonObject:
    return {**attrs.asdict(change), "used_by": [*change.used_by]}
