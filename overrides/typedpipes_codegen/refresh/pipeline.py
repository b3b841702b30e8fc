"""From fetched documents to what has to be written: every step on a working copy, nothing written before the last."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import attrs

from typedpipes_codegen.diff import diff_documents
from typedpipes_codegen.diff.release import advise
from typedpipes_codegen.diff.surface import compare_surfaces
from typedpipes_codegen.diff.verdict import Verdict
from typedpipes_codegen.documents.apis import Api, load_apis
from typedpipes_codegen.documents.names_lock import NamesLock
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.output.generate import generate, render_package
from typedpipes_codegen.refresh.documents import DocumentChanges
from typedpipes_codegen.refresh.fetched import Fetched
from typedpipes_codegen.refresh.files import Change, changes, commit, revert, working_copy
from typedpipes_codegen.refresh.rest import refresh_rest
from typedpipes_codegen.refresh.sources import with_source


@attrs.frozen
class PackageReport:
    """What a refresh found for one package. ``old`` and ``new`` are the canonical schemas as texts."""

    package: str
    schema: str
    """The schema's file, relative to the schemas folder."""
    generator: str
    old: str
    new: str
    gone: tuple[str, ...] = ()
    """Operations or root fields the vendor has no longer."""
    documents: DocumentChanges = attrs.field(factory=DocumentChanges)
    notices: tuple[str, ...] = ()
    verdict: Verdict | None = None
    """What the change means to a client; None if nothing changed."""

    @property
    def changed(self) -> bool:
        """Whether the interface is another one; prose and order are not part of it."""
        return self.old != self.new


@attrs.frozen
class Prepared:
    """The outcome of all steps but the last: reports, and every file that will differ."""

    packages: tuple[PackageReport, ...]
    changes: tuple[Change, ...]

    @property
    def changed(self) -> list[str]:
        """Packages that have to be generated anew."""
        return [report.package for report in self.packages if report.changed]


def prepare(
    schemas: Path,
    documents: Sequence[Fetched],
    *,
    accept_removals: bool = False,
    mend: bool = False,
    target: Path | None = None,
) -> Prepared:
    """Take each document through all steps. Nothing is written to ``schemas``.

    ``accept_removals``: believe a document that lacks more than a third of what was there. ``mend``: take out of saved
    GraphQL documents what is gone, and add what is required. Each changed schema is generated from, as a rehearsal;
    with ``target``, the folder of the generated packages, Python names are compared with those there. Raises
    `SchemaError` for the first document that fails a step.
    """
    with working_copy(schemas) as copy, tempfile.TemporaryDirectory(prefix="typedpipes-fetched-") as folder:
        reports: list[PackageReport] = []
        for fetched in documents:
            try:
                report = _prepare_one(copy, fetched, Path(folder), accept_removals=accept_removals, mend=mend)
                if report.changed:
                    # The old documents against the new schema: what was mended here broke elsewhere.
                    made = Path(folder) / "made"
                    render_package(api_of(copy, report.package), copy, made / report.package)
                    verdict = _verdict(report, schemas, copy, made, target)
                    report = attrs.evolve(report, verdict=verdict)
                reports.append(report)
            except SchemaError as error:
                raise _located(error, copy, schemas, Path(folder), fetched) from None
        return Prepared(tuple(reports), tuple(changes(schemas, copy)))


def write(schemas: Path, prepared: Prepared, *, target: Path | None = None) -> tuple[str, ...]:
    """Write everything ``prepared``, or nothing; with ``target``, generate the changed packages there as well.

    Returns the packages generated. If generating fails, the schemas are put back as they were and its error is raised.
    """
    commit(schemas, prepared.changes)
    if target is None or not prepared.changed:
        return ()
    try:
        return generate(schemas, target, prepared.changed).rendered
    except BaseException:
        revert(schemas, prepared.changes)
        raise


def _verdict(report: PackageReport, schemas: Path, copy: Path, made: Path, target: Path | None) -> Verdict:
    """The schemas compared, and the package made from the new one with the one that is there."""
    changes = diff_documents(schemas / report.schema, copy / report.schema, api=report.package)
    names = None
    if target is not None and (target / report.package).is_dir():
        names = compare_surfaces(target, made, report.package)
    return Verdict(changes, advise(changes, names or ()), surface=names)


def api_of(schemas: Path, package: str) -> Api:
    """The row of ``apis.toml`` that makes ``package``. Raises `SchemaError` naming the ones there are."""
    apis = {api.package: api for api in load_apis(schemas)}
    if package not in apis:
        raise SchemaError(
            f"there is no package {package!r} in apis.toml",
            file=schemas / "apis.toml",
            remedy=f"one of {', '.join(apis)}",
        )
    return apis[package]


def lock_key(api: Api, schemas: Path) -> str:
    """The key of an API's rows in ``names.lock``: its schema's place, without suffix."""
    return api.schema.relative_to(schemas).with_suffix("").as_posix()


def _prepare_one(schemas: Path, fetched: Fetched, folder: Path, *, accept_removals: bool, mend: bool) -> PackageReport:
    api = api_of(schemas, fetched.package)
    old = api.schema.read_text(encoding="utf-8")
    source = folder / f"{fetched.package}.fetched"
    source.write_text(fetched.text(), encoding="utf-8")
    start = PackageReport(fetched.package, api.schema.relative_to(schemas).as_posix(), api.generator, old, old)
    if api.generator == "graphql":
        from typedpipes_codegen.refresh.graphql_schema import refresh_graphql

        found = refresh_graphql(api, source, accept_removals=accept_removals, mend=mend)
        report = attrs.evolve(start, new=found.text, gone=found.gone, documents=found.documents, notices=found.notices)
    else:
        report = _prepare_rest(api, schemas, source, start, accept_removals=accept_removals)
    if report.changed:
        apis = schemas / "apis.toml"
        text = with_source(apis.read_text(encoding="utf-8"), fetched, keep=api.keep_withdrawn)
        apis.write_text(text, encoding="utf-8", newline="\n")
    return report


def _prepare_rest(
    api: Api, schemas: Path, source: Path, start: PackageReport, *, accept_removals: bool
) -> PackageReport:
    names = schemas / "names.lock"
    lock = NamesLock.load(names)
    found = refresh_rest(api, source, lock, lock_key(api, schemas), accept_removals=accept_removals)
    if found.text != start.old:
        api.schema.write_text(found.text, encoding="utf-8", newline="\n")
        if found.lock.text() != lock.text():
            found.lock.save(names)
    told = f"{len(found.shown)} properties are taken from examples: {', '.join(found.shown)}"
    return attrs.evolve(start, new=found.text, gone=found.withdrawn, notices=(told,) if found.shown else ())


def _located(error: SchemaError, copy: Path, schemas: Path, folder: Path, fetched: Fetched) -> SchemaError:
    """The error with names its reader knows instead of those of temporary folders."""
    names = {str(folder / f"{fetched.package}.fetched"): fetched.document, str(copy): str(schemas)}
    for ours, theirs in names.items():
        error.message = error.message.replace(ours, theirs)
        error.file = None if error.file is None else error.file.replace(ours, theirs)
    error.args = (error.message,)
    return error.in_file(fetched.document)
