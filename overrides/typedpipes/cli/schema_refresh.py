"""``typedpipes schema refresh`` and ``typedpipes schema check``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, cast

import typer

from typedpipes.cli.clients import Limits
from typedpipes.cli.failures import CommandError, ExitCode, UsageError, one_line
from typedpipes.cli.schema_sources import fetch, has_source
from typedpipes.cli.session import Config, Debug, EnvFile, Json, Profile, emit, emit_text, say, session
from typedpipes.errors import MissingExtra

if TYPE_CHECKING:
    from typedpipes._core.decoding.model import JSON
    from typedpipes_codegen.documents.apis import Api
    from typedpipes_codegen.refresh import PackageReport, Prepared
    from typedpipes_codegen.refresh.consistency import Problem

REFRESH_EXIT_CODES: Final = (
    "Exit codes: 0 refreshed, or nothing had changed; 1 a step failed; 2 wrong command or argument; 3 missing or "
    "contradictory setting; 4 quota or limit. Unless it is 0, no file was changed."
)
CHECK_EXIT_CODES: Final = "Exit codes: 0 consistent; 1 problems, each of them listed; 2 cannot be checked."
_NEEDED: Final = frozenset(
    {"ariadne_codegen", "graphql", "jsonpath", "openapi_python_client", "ruff", "yaml", "typedpipes_codegen"}
)

Schemas = Annotated[
    Path, typer.Option("--schemas", metavar="DIR", help="Folder with apis.toml; default: schemas of a checkout.")
]
Target = Annotated[
    Path,
    typer.Option("--target", metavar="DIR", help="Folder of the generated packages."),
]


def refresh(
    context: typer.Context,
    packages: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[API]...", help="Packages of apis.toml, such as pipedrive_v1; default: all with a known source."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="URL|FILE",
            help="Take this document. A URL on the API's own host is introspected with your credential; from any other "
            "it is fetched without one.",
        ),
    ] = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Generate the changed packages too; if that fails, nothing is changed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do every step and report, but write nothing.")] = False,
    mend: Annotated[
        bool,
        typer.Option(
            "--mend",
            help="Remove from saved GraphQL documents what the schema no longer has, and add newly required arguments.",
        ),
    ] = False,
    accept_removals: Annotated[
        bool, typer.Option("--accept-removals", help="Accept a document that lacks more than a third of the API.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the report there as Markdown as well.")
    ] = None,
    changelog: Annotated[
        Path | None,
        typer.Option("--changelog", metavar="FILE", help="Add what changed to the unreleased section of this file."),
    ] = None,
    schemas: Schemas = Path("schemas"),
    target: Target = Path("generated/typedpipes_api"),
    limits: Limits = None,
    json: Json = False,
    env_file: EnvFile = None,
    config: Config = None,
    profile: Profile = None,
    debug: Debug = False,
) -> int:
    """Bring checked-in schemas up to date with the vendors', or change nothing at all.

    Pipefy is introspected with your credential, the others are fetched from where the vendor publishes them. Then:
    canonical form, overlays, names.lock, proof that nothing was lost, saved documents, a rehearsed generation; only if
    every step succeeds are the files written, all together. Shows what changed for a client.
    """
    run = session(context)
    with explained():
        apis = _chosen(schemas, packages or [], source, dry_run=dry_run)
        today = datetime.now(UTC).date()
        fetched = []
        settings = run.environment()
        for api in apis:
            say(f"fetching the schema of {api.package}")
            fetched.append(fetch(api, source, settings, limits, today))
        from typedpipes_codegen.refresh import prepare, write

        prepared = prepare(schemas, fetched, accept_removals=accept_removals, mend=mend, target=target)
        generated: tuple[str, ...] = ()
        if not dry_run:
            generated = write(schemas, prepared, target=target if generate else None)
            if changelog is not None:
                _enter(changelog, prepared)
    outcome = Outcome(prepared, written=not dry_run, generated=generated)
    if report is not None:
        report.write_text(outcome.markdown(), encoding="utf-8")
    if run.json:
        emit(outcome.record())
    else:
        emit_text(outcome.text())
    return ExitCode.OK


def _enter(changelog: Path, prepared: Prepared) -> None:
    """An entry for each changed package."""
    from typedpipes_codegen.diff.release import changelog_entry, write_changelog

    for each in prepared.packages:
        if each.verdict is not None and each.verdict.report.changes:
            write_changelog(changelog, changelog_entry(each.verdict.report, each.verdict.surface or ()))


def check(
    context: typer.Context,
    schemas: Schemas = Path("schemas"),
    target: Target = Path("generated/typedpipes_api"),
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare digests of the generated packages instead of generating anew.")
    ] = False,
    json: Json = False,
    debug: Debug = False,
) -> int:
    """Check that schemas, overlays, names, saved documents and generated packages are consistent. Changes nothing.

    Meant for CI: every problem is listed with its file and what to do about it.
    """
    run = session(context)
    with explained(ExitCode.USAGE):
        if not (schemas / "apis.toml").is_file():
            raise UsageError(f"there is no apis.toml in {schemas}", "run it in a checkout, or give --schemas DIR")
        from typedpipes_codegen.refresh.consistency import find_problems

        try:
            problems = find_problems(schemas, target, quick=quick)
        except Exception as error:  # an error must never end with 1: that means "problems"
            what = f"the check itself failed: {type(error).__name__}: {error}"
            raise CommandError(one_line(what), "run it again with --debug and report it", ExitCode.USAGE) from error
    if run.json:
        emit({"consistent": not problems, "problems": [_problem(each) for each in problems]})
    else:
        for each in problems:
            emit_text(f"{each.file}: {each.message}\n  do: {each.todo}")
        say("consistent" if not problems else f"{len(problems)} problem(s)")
    return ExitCode.FAILURE if problems else ExitCode.OK


@contextmanager
def explained(code: ExitCode = ExitCode.FAILURE) -> Iterator[None]:
    """Errors of the generation step as errors of the command line."""
    try:
        from typedpipes_codegen.errors import SchemaError, TypedError
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    try:
        yield
    except SchemaError as error:
        place = f"{error.where}: " if error.where else ""
        todo = error.remedy or "correct the file named; nothing was written"
        raise CommandError(f"{place}{error.message}", todo, code) from error
    except TypedError as error:
        raise CommandError(str(error), "nothing was written", code) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise _missing(error) from error


def _missing(error: ModuleNotFoundError) -> CommandError:
    return CommandError(
        f"schemas need {error.name}, which is not installed",
        MissingExtra.how("cli,codegen"),
        ExitCode.CONFIGURATION,
    )


def _chosen(schemas: Path, packages: list[str], source: str | None, *, dry_run: bool) -> list[Api]:
    """The rows to refresh, after what an earlier run may have left half done."""
    from typedpipes_codegen.documents.apis import load_apis
    from typedpipes_codegen.refresh import recover
    from typedpipes_codegen.refresh.pipeline import api_of

    if not (schemas / "apis.toml").is_file():
        raise UsageError(f"there is no apis.toml in {schemas}", "run it in a checkout, or give --schemas DIR")
    if source is not None and len(packages) != 1:
        raise UsageError("--from is the document of one API", "name it: typedpipes schema refresh API --from URL|FILE")
    if not dry_run and (finished := recover(schemas)):
        say(f"finished an interrupted refresh of {', '.join(finished)}")
    if packages:
        return [api_of(schemas, name) for name in dict.fromkeys(packages)]
    known = load_apis(schemas)
    for api in known:
        if not has_source(api):
            say(f"skipped {api.package}: no address is known at which it is published; give --from URL|FILE")
    chosen = [api for api in known if has_source(api)]
    if not chosen:
        raise UsageError("no API can be refreshed without --from", "name one, with its document")
    return chosen


class Outcome:
    """What a refresh did, as text, Markdown and JSON."""

    def __init__(self, prepared: Prepared, *, written: bool, generated: tuple[str, ...]) -> None:
        self._prepared = prepared
        self._written = written
        self._generated = generated

    @property
    def todo(self) -> str:
        """The next command."""
        changed = self._prepared.changed
        if not changed:
            return ""
        if not self._written:
            return "run it again without --dry-run"
        if not self._generated:
            return f"nox -s generate -- {' '.join(changed)}"
        return "nox -s schema -- check, and your tests"

    def text(self) -> str:
        """For a terminal."""
        lines: list[str] = []
        for each in self._prepared.packages:
            lines += _lines(each)
        changes = self._prepared.changes
        verb = "written" if self._written else "would be written"
        lines += [f"{verb}: {change.path}" for change in changes]
        if self._generated:
            lines.append(f"generated: {', '.join(self._generated)}")
        if self.todo:
            lines.append(f"next: {self.todo}")
        return "\n".join(lines)

    def markdown(self) -> str:
        """For the description of a change."""
        lines = ["# Schemas refreshed", ""]
        for each in self._prepared.packages:
            lines += [f"## {each.package}", ""]
            lines += [f"- {_plain_markdown(line)}" for line in _lines(each, diff=False)]
            lines += ["", *_diff(each, "markdown"), ""] if each.changed else [""]
        return "\n".join(lines).rstrip() + "\n"

    def record(self) -> JSON:
        """For a program."""
        return {
            "packages": [_record(each) for each in self._prepared.packages],
            "files": [change.path for change in self._prepared.changes],
            "written": self._written and bool(self._prepared.changes),
            "generated": list(self._generated),
            "next": self.todo or None,
        }


def _lines(report: PackageReport, *, diff: bool = True) -> list[str]:
    if not report.changed:
        return [f"{report.package}: unchanged"]
    lines = [f"{report.package}: changed"]
    documents = report.documents
    for what, entries in (
        ("no longer offered", report.gone),
        ("document removed", documents.removed),
        ("document written", documents.written),
        ("document mended", documents.mended),
        ("look at", report.notices),
    ):
        lines += [f"  {what}: {one_line(entry)}" for entry in entries]
    return [*lines, *_diff(report, "text")] if diff else lines


def _record(report: PackageReport) -> dict[str, JSON]:
    from typedpipes_codegen.diff.verdict import verdict_object

    documents = report.documents
    return {
        "package": report.package,
        "changed": report.changed,
        "gone": list(report.gone),
        "documents": {
            "removed": list(documents.removed),
            "written": list(documents.written),
            "mended": list(documents.mended),
        },
        "notices": list(report.notices),
        "difference": None if report.verdict is None else cast("JSON", verdict_object(report.verdict)),
    }


def _diff(report: PackageReport, form: Literal["text", "markdown"]) -> list[str]:
    from typedpipes_codegen.diff.verdict import rendered

    return [] if report.verdict is None else rendered(report.verdict, form).rstrip().splitlines()


def _plain_markdown(line: str) -> str:
    return line.strip().replace("`", "'").replace("<", "&lt;")


def _problem(problem: Problem) -> dict[str, JSON]:
    return {"kind": problem.kind, "file": problem.file, "message": problem.message, "todo": problem.todo}


__all__ = ["CHECK_EXIT_CODES", "REFRESH_EXIT_CODES", "check", "explained", "refresh"]
