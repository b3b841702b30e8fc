"""One own package: from schema, TOML and lock to a folder, swapped in whole; or compared with what is there."""

from __future__ import annotations

import keyword
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs

from typedpipes_codegen.canonical import Canonical, canonicalize
from typedpipes_codegen.canonical.proof import Report, fidelity
from typedpipes_codegen.documents import check_references, check_version, load_document, write_atomically
from typedpipes_codegen.documents.overlay import apply_overlay, apply_removals
from typedpipes_codegen.documents.tree import JsonObject, as_list, as_object, clone, operations
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi.naming import pascal
from typedpipes_codegen.output.deep_stack import with_deep_stack
from typedpipes_codegen.output.digests import tree_files
from typedpipes_codegen.output.listing import LISTING, graphql_listing, rest_listing
from typedpipes_codegen.output.swap import MARK, check_ours, import_path, plain_name, replacing
from typedpipes_codegen.own.annotate import annotate
from typedpipes_codegen.own.auth import document_security, signings
from typedpipes_codegen.own.bad_spots import BadSpots
from typedpipes_codegen.own.config import Config, is_address, read_config
from typedpipes_codegen.own.facade import Facade
from typedpipes_codegen.own.lock import OwnLock
from typedpipes_codegen.own.methods import method_names
from typedpipes_codegen.own.tidy import server_url, tidy

_PACKAGE: Final = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\Z")
_SDL: Final = frozenset((".graphql", ".graphqls", ".gql", ".sdl"))
LOCK: Final = "names.lock"


@attrs.frozen(kw_only=True)
class OwnPackage:
    """What is to be made.

    Attributes:
        schema: OpenAPI 3.0 or 3.1 (YAML or JSON), or an SDL by its suffix (``.graphql``, ``.gql``, ``.sdl``).
        output: the package's folder; replaced as a whole.
        config: the TOML; None: what the document says must be enough.
        operations: GraphQL documents; None: a starter operation for each root field.
        name: the client class; default: the TOML's ``name``, else after the package.
        package: import path; default: the folder's name, below the packages that it lies in.
        lenient: leave out what cannot be generated, each named in `Made.notes`, instead of failing.
    """

    schema: Path
    output: Path
    config: Path | None = None
    operations: Path | None = None
    name: str | None = None
    package: str | None = None
    lenient: bool = False

    @property
    def import_path(self) -> str:
        """The package's import path. Raises `SchemaError` if it is none."""
        path = self.package or import_path(self.output)
        if not _PACKAGE.match(path) or any(keyword.iskeyword(part) for part in path.split(".")):
            raise SchemaError(
                f"{path!r} is not a package name",
                file=self.output,
                remedy="use lower-case identifiers, or say another with --package",
            )
        return path

    @property
    def api(self) -> str:
        """Name on requests, events and limits."""
        return self.import_path.rpartition(".")[2]

    @property
    def is_graphql(self) -> bool:
        """Whether the schema is an SDL."""
        return self.schema.suffix.lower() in _SDL

    def lock(self, config: Config) -> Path:
        """Where names are kept: as the TOML says, else beside it, else beside the output."""
        if config.lock is not None:
            return config.lock
        folder = self.output.resolve().parent if self.config is None else self.config.parent
        return folder / f"{self.api}.{LOCK}"

    def client_name(self, config: Config) -> str:
        """The client class."""
        name = self.name or config.name or pascal(self.api)
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) or keyword.iskeyword(name):
            raise SchemaError(f"{name!r} is no class name", remedy="write --name like PetStore")
        if name in (f"{pascal(self.api)}Api", "Client", "AsyncClient"):
            raise SchemaError(f"{name!r} is the name of another class of the package", remedy="choose another --name")
        return name


@attrs.frozen
class Made:
    """What was made: how many operations, the class, and the file of names (None for an SDL)."""

    operations: int
    client: str
    """The client class."""
    names: tuple[Path, str] | None
    notes: tuple[str, ...] = ()
    """What is less than the schema says, each with its place and the reason."""


def write_own(wanted: OwnPackage) -> Made:
    """Make the package and its names file, or change nothing. Raises `SchemaError` with what to do."""
    with replacing(wanted.output) as fresh:
        try:
            made = with_deep_stack(lambda: _render(wanted, fresh))
        except SchemaError as error:
            raise _located(error, fresh, wanted.output) from None
        if made.names is not None:
            # First: a file that knows more names than the package is harmless, the other way round is not.
            write_atomically(*made.names)
    return made


def check_own(wanted: OwnPackage) -> list[str]:
    """Make the package elsewhere and compare: one line per file that differs. Changes nothing."""
    check_ours(wanted.output)
    folder = Path(tempfile.mkdtemp(prefix="typedpipes-check-"))
    try:
        try:
            made = with_deep_stack(lambda: _render(wanted, folder / "fresh"))
        except SchemaError as error:
            raise _located(error, folder / "fresh", wanted.output) from None
        problems = compare_trees(folder / "fresh", wanted.output)
        if made.names is not None:
            path, text = made.names
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                problems.append(f"{'changed' if path.is_file() else 'missing'}: {path.name}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return problems


def _located(error: SchemaError, fresh: Path, output: Path) -> SchemaError:
    """The error with the folder its reader knows instead of the one being written."""
    error.message = error.message.replace(str(fresh), str(output))
    error.file = None if error.file is None else error.file.replace(str(fresh), str(output))
    error.args = (error.message,)
    return error


def compare_trees(fresh: Path, there: Path) -> list[str]:
    """One line per file that is missing, extra or changed in ``there``."""
    made, known = ({path.relative_to(root).as_posix(): path for path in tree_files(root)} for root in (fresh, there))
    problems = [f"missing: {name}" for name in made.keys() - known.keys()]
    problems += [f"extra: {name}" for name in known.keys() - made.keys()]
    both = made.keys() & known.keys()
    problems += [f"changed: {name}" for name in both if made[name].read_bytes() != known[name].read_bytes()]
    return sorted(problems)


def _render(wanted: OwnPackage, folder: Path) -> Made:
    if not wanted.schema.is_file():
        raise SchemaError("there is no such file", file=wanted.schema)
    config = read_config(wanted.config, wanted.output.parent)
    if wanted.is_graphql:
        return _render_graphql(wanted, config, folder)
    if wanted.operations is not None:
        raise SchemaError(
            "--operations belongs to an SDL, and this is an OpenAPI document by its name",
            file=wanted.schema,
            remedy="leave it out, or give the SDL a name that ends with .graphql",
        )
    return _render_openapi(wanted, config, folder)


def _header(wanted: OwnPackage) -> str:
    return f"{MARK.removeprefix('# ')}from {plain_name(wanted.schema.name)}. Do not edit: generate it again."


def _render_openapi(wanted: OwnPackage, config: Config, folder: Path) -> Made:
    from typedpipes_codegen import openapi

    spots = BadSpots(wanted.schema, lenient=wanted.lenient)
    raw, overlays = _sound(wanted.schema, config, spots)
    base_url = config.base_url or _first_server(raw)
    lock_path = wanted.lock(config)
    lock = OwnLock.load(lock_path)
    try:
        source = tidy(raw, base_url).document
        canonical, report = spots.without(source, lambda copy: _canonical(copy, lock.components))
    except SchemaError as error:
        raise error.in_file(wanted.schema) from None
    if report.losses:
        raise SchemaError(
            f"canonicalising would lose {len(report.losses)} facts, first {report.losses[0]}",
            file=wanted.schema,
            remedy="this is a fault of the canonicaliser; nothing was written",
        )
    document = canonical.document
    for file, overlay in overlays:
        document = apply_overlay(document, overlay, file=file)
    if base_url is None:
        spots.finish()
        raise config.root.fault("nothing says where the API is", 'write base_url = "https://HOST/PATH"')

    def render(copy: JsonObject) -> Made:
        facade, methods = _described(wanted, config, copy, base_url, lock)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        report_of = openapi.render(
            {**copy}, folder, package=wanted.import_path, api=wanted.api, header=_header(wanted), facade=facade
        )
        listing = rest_listing({**copy}, _header(wanted))
        (folder / LISTING).write_text(listing, encoding="utf-8", newline="\n")
        names = lock_path, lock.text(canonical.names, methods)
        return Made(report_of.operations, facade.name, names, (*spots.notes, *report_of.notes))

    try:
        made = spots.without(document, render)
    except SchemaError as error:
        raise error.in_file(wanted.schema) from None
    spots.finish()
    return made


def _sound(file: Path, config: Config, spots: BadSpots) -> tuple[JsonObject, list[tuple[Path, JsonObject]]]:
    """The document without what is known to be bad, which ``spots`` notes, and the overlays to be applied."""
    merged: list[int | None] = []
    document = load_document(file, merged)
    overlays = [(path, load_document(path)) for path in config.overlays]
    try:
        check_version(document)
        for line in merged:
            spots.found.append(SchemaError("YAML merge keys are not part of YAML 1.2", line=line))
        trial = BadSpots(file, lenient=True)
        trial.survey(as_object(clone(document), ""))
        if trial.found:
            for number, (path, overlay) in enumerate(overlays):
                document, rest = apply_removals(document, overlay, file=path)
                overlays[number] = path, rest
        spots.survey(document)
        check_references(document)
    except SchemaError as error:
        raise error.in_file(file) from None
    return document, overlays


def _canonical(source: JsonObject, names: Mapping[str, str]) -> tuple[Canonical, Report]:
    canonical = canonicalize(source, names)
    return canonical, fidelity(source, canonical.document)


def _described(
    wanted: OwnPackage, config: Config, document: JsonObject, base_url: str, lock: OwnLock
) -> tuple[Facade, dict[str, str]]:
    """Write what the TOML says into ``document``; the facade, and the method of each operation."""
    prefix = wanted.api.strip("_").upper()
    security = document_security(document, config, prefix)
    methods = method_names(document, config, lock.methods)
    annotate(document, config, api=wanted.api, methods=methods, kinds=security.kinds)
    servers = dict.fromkeys(
        server_url(as_list(operation["servers"], "")[0])
        for _, _, operation, _ in operations(document)
        if operation.get("servers")
    )
    facade = Facade(
        name=wanted.client_name(config),
        api=wanted.api,
        package=wanted.import_path,
        base_url=base_url.rstrip("/"),
        base_url_env=config.base_url_env or f"{prefix}_BASE_URL",
        schemes=security.schemes,
        demanded=security.demanded,
        servers=tuple(servers),
        limits=config.limits,
    )
    return facade, methods


def _first_server(document: JsonObject) -> str | None:
    """The document's first server, if it is an address in full."""
    servers = document.get("servers")
    url = server_url(servers[0]) if isinstance(servers, list) and servers else ""
    return url if is_address(url) else None


def _render_graphql(wanted: OwnPackage, config: Config, folder: Path) -> Made:
    from typedpipes_codegen import graphql
    from typedpipes_codegen.graphql.sdl import read_schema
    from typedpipes_codegen.graphql.starter import write_missing

    if config.base_url is None:
        raise config.root.fault("nothing says where the API is", 'write base_url = "https://HOST/graphql"')
    _refuse_rest_settings(config)
    prefix = wanted.api.strip("_").upper()
    schemes = signings(list(config.auth), {}, config, prefix)
    facade = Facade(
        name=wanted.client_name(config),
        api=wanted.api,
        package=wanted.import_path,
        base_url=config.base_url.rstrip("/"),
        base_url_env=config.base_url_env or f"{prefix}_BASE_URL",
        schemes=tuple(schemes),
        demanded=bool(schemes),
        limits=config.limits,
        graphql=True,
    )
    if wanted.operations is not None and not wanted.operations.is_dir():
        raise SchemaError(
            "there is no such folder", file=wanted.operations, remedy="give the folder of *.graphql files"
        )
    doubles: list[str] = []
    schema = read_schema(wanted.schema, doubles if wanted.lenient else None)
    with tempfile.TemporaryDirectory(prefix="typedpipes-operations-") as starters:
        documents = wanted.operations
        if documents is None:
            documents = Path(starters, "starters")
            documents.mkdir()
            write_missing(schema, documents)
        try:
            graphql.render(
                schema,
                documents,
                folder,
                package=wanted.import_path,
                header=_header(wanted),
                complete=wanted.operations is None,
                facade=facade,
            )
        except SchemaError as error:
            if wanted.operations is None:  # nobody knows the files of the starters
                error.file, error.line, error.column = str(wanted.schema), None, None
            raise
    listing = graphql_listing(folder, _header(wanted))
    (folder / LISTING).write_text(listing, encoding="utf-8", newline="\n")
    notes = tuple(f"left out: {double}" for double in doubles)
    if schema.subscription_type is not None and schema.subscription_type.fields:
        notes = (*notes, f"subscriptions are not generated: {', '.join(schema.subscription_type.fields)}")
    return Made(sum(line.startswith("| ") for line in listing.splitlines()) - 1, facade.name, None, notes)


def _refuse_rest_settings(config: Config) -> None:
    """What has no meaning for GraphQL must not pass silently."""
    for key in ("overlays", "paging", "methods", "bodies", "lock"):
        if key in config.root.values:
            raise config.root.fault(
                f"{key} belongs to OpenAPI documents; operations of an SDL are named, and paged by its connections",
                "take it out",
                key,
            )
    for limit in config.limits:
        if limit.operations:
            raise limit.table.fault(
                "limits of single operations belong to OpenAPI documents", "take it out", "operations"
            )
