"""All that can be said of a schema change in one place: the report, what it reaches, Python names, and the version."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

import attrs
from graphql import GraphQLSchema, print_schema

from typedpipes_codegen.diff.change import Change, Report
from typedpipes_codegen.diff.compare import GraphQLPair, Pair, RestPair, compare, read_pair
from typedpipes_codegen.diff.inputs import SDL, Input, Prepared
from typedpipes_codegen.diff.release import Advice, advise
from typedpipes_codegen.diff.reports import as_markdown, as_text, report_object
from typedpipes_codegen.diff.surface import SurfaceChange, compare_surfaces
from typedpipes_codegen.documents.tree import JsonObject
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.touching import Touch, touching

Format: TypeAlias = Literal["text", "json", "markdown"]
FORMATS: Final[tuple[Format, ...]] = ("text", "json", "markdown")


@attrs.frozen
class Verdict:
    """A report and what was asked besides."""

    report: Report
    """With ``program``: only the changes that reach it."""
    advice: Advice
    """Of all changes, also of those that do not reach the program."""
    touches: Mapping[Change, tuple[Touch, ...]] | None = None
    """Lines of the program by change; None if no program was named."""
    surface: tuple[SurfaceChange, ...] | None = None
    """Python names that changed; None if they were not compared."""

    @property
    def exit_code(self) -> int:
        """1 when something breaks: on the wire (for the program, if one was named), or a Python name."""
        return 1 if self.report.exit_code or any(change.breaking for change in self.surface or ()) else 0


def judge(
    old: Path,
    new: Path,
    *,
    overlays: Sequence[Path] | None = None,
    operations: Path | None = None,
    program: Sequence[Path] = (),
    package: str | None = None,
    surface: bool = False,
) -> Verdict:
    """Compare two schemas (see `diff_documents`), and if asked what the change does to a program and to Python names.

    ``program`` are the files and folders of `touching`; ``package`` is the import name they know the API by.
    ``surface`` generates both packages, which takes seconds, and compares them. Raises `SchemaError`.
    """
    pair = read_pair(old, new, overlays=overlays)
    report = compare(pair, operations=operations)
    names = _surface(pair, operations) if surface else None
    advice = advise(report, names or ())
    if not program:
        return Verdict(report, advice, surface=names)
    schema = pair.old if isinstance(pair, GraphQLPair) else None
    touched = touching(report, program, package=package, schema=schema)
    return Verdict(touched.report, advice, touched.touches, names)


def _surface(pair: Pair, operations: Path | None) -> tuple[SurfaceChange, ...]:
    """What both packages offer to code, compared."""
    name = pair.before.name if pair.before.name.isidentifier() else "api"
    with tempfile.TemporaryDirectory(prefix="typedpipes-surface-") as folder:
        old, new = (Path(folder) / side for side in ("old", "new"))
        if isinstance(pair, RestPair):
            _render_rest(pair.before, pair.old, old / name)
            _render_rest(pair.after, pair.new, new / name)
        else:
            _render_graphql(pair.before, pair.old, old / name, operations)
            _render_graphql(pair.after, pair.new, new / name, operations)
        return compare_surfaces(old, new, name)


def _render_rest(source: Input, prepared: Prepared, folder: Path) -> None:
    """The package that a document gives, without the listing."""
    from typedpipes_codegen import openapi

    folder.mkdir(parents=True)
    options = source.api.options if source.api is not None else "CallOptions"
    name = folder.name
    openapi.render({**prepared.document}, folder, package=name, api=name, header="", options_type=options)


def _render_graphql(source: Input, read: GraphQLSchema, folder: Path, operations: Path | None) -> None:
    """The package that a schema and operations give, without the listing."""
    from typedpipes_codegen import graphql

    documents = operations or (source.api.operations if source.api is not None else None)
    if documents is None:
        raise SchemaError(
            "Python names of a GraphQL package come from its operations, and none are known",
            file=source.path,
            remedy="name their folder with --operations",
        )
    folder.mkdir(parents=True)
    schema: Path | GraphQLSchema = read
    if source.path.suffix not in SDL:  # an introspection answer, checked and given a syntax tree like any other
        schema = folder.parent / "schema.graphql"
        schema.write_text(print_schema(read), encoding="utf-8")
    graphql.render(schema, documents, folder, package=folder.name, header="", complete=False)


def _text(verdict: Verdict) -> str:
    """For a terminal."""
    out = [as_text(verdict.report)]
    if verdict.touches is not None:
        lines = _lines(verdict.touches)
        out.append(f"\nLines of your program that are reached: {len(lines)}\n")
        for touch, changes in lines.items():
            out.append(f"  {touch.file}:{touch.line}  {touch.source}\n")
            out += dict.fromkeys(f"      {change.rating}: {change.message}\n" for change in changes)
    if verdict.surface is not None:
        broken = [change for change in verdict.surface if change.breaking]
        out.append(f"\nPython names that changed or went: {len(broken)}\n")
        out += [f"  {change}\n" for change in broken]
    out.append(f"\nVersion advice: {verdict.advice.level}\n" if verdict.advice.level != "none" else "")
    return "".join(out)


def _markdown(verdict: Verdict) -> str:
    """For a pull request."""
    out = [as_markdown(verdict.report)]
    if verdict.touches is not None:
        out.append("\n### Lines of the program that are reached\n\n")
        out += [
            f"- `{touch.file}:{touch.line}` ({changes[0].rating}): `{touch.source.replace('`', chr(39))}`\n"
            for touch, changes in _lines(verdict.touches).items()
        ] or ["None.\n"]
    if verdict.surface is not None:
        out.append("\n### Python names that changed or went\n\n")
        broken = [f"- `{change.path}`: {change.what}\n" for change in verdict.surface if change.breaking]
        out += broken or ["None.\n"]
    out.append(f"\nVersion advice: **{verdict.advice.level}**\n" if verdict.advice.level != "none" else "")
    return "".join(out)


def _json(verdict: Verdict) -> str:
    """For a program: the report's object with ``advice``, and ``touches`` and ``surface``, null where not asked."""
    return json.dumps(verdict_object(verdict), indent=2) + "\n"


def verdict_object(verdict: Verdict) -> JsonObject:
    """The same as a JSON object."""
    touches = None if verdict.touches is None else _lines(verdict.touches)
    return {
        **report_object(verdict.report),
        "advice": {"level": verdict.advice.level, "reasons": [*verdict.advice.reasons]},
        "touches": None
        if touches is None
        else [
            {**attrs.asdict(touch), "rating": change.rating, "kind": change.kind, "place": change.place}
            for touch, changes in touches.items()
            for change in changes
        ],
        "surface": None if verdict.surface is None else [attrs.asdict(change) for change in verdict.surface],
    }


def rendered(verdict: Verdict, form: Format) -> str:
    """The verdict in one of `FORMATS`; ends with a line break."""
    forms: dict[Format, Callable[[Verdict], str]] = {
        "text": _text,
        "json": _json,
        "markdown": _markdown,
    }
    return forms[form](verdict)


def _lines(touches: Mapping[Change, tuple[Touch, ...]]) -> dict[Touch, list[Change]]:
    """Every reached line with its changes, worst first, in order of file and line."""
    found: dict[Touch, list[Change]] = {}
    for change in sorted(touches, key=lambda change: change.order):
        for touch in touches[change]:
            found.setdefault(touch, []).append(change)
    return dict(sorted(found.items(), key=lambda item: (item[0].file, item[0].line)))
