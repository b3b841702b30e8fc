"""From two files to what is compared: kind, API, and the row of ``apis.toml`` that belongs to them."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

import attrs
from graphql import GraphQLSchema

from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.diff.change import SchemaKind
from typedpipes_codegen.documents import MAX_BYTES, load_document, load_openapi, references, resolve
from typedpipes_codegen.documents.apis import Api, load_apis
from typedpipes_codegen.documents.names_lock import NamesLock
from typedpipes_codegen.documents.overlay import apply_overlay
from typedpipes_codegen.documents.tree import JsonObject, operations
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.sdl import client_schema, read_schema

SDL: Final = (".graphql", ".graphqls", ".gql")


@attrs.frozen
class Input:
    """One file, and the row of ``apis.toml`` it belongs to: its own, or that of the file it is compared with."""

    path: Path
    kind: SchemaKind
    api: Api | None = None
    schemas: Path | None = None
    """The folder that holds ``apis.toml``."""

    @property
    def name(self) -> str:
        return self.api.package if self.api is not None else self.path.stem

    def like(self, other: Input) -> Input:
        """With the row of ``other``, if it has none itself."""
        return self if self.api is not None else attrs.evolve(self, api=other.api, schemas=other.schemas)


def find_inputs(old: Path, new: Path) -> tuple[Input, Input]:
    """Both files with what belongs to them. Raises SchemaError for two of different kinds."""
    before, after = _input(old), _input(new)
    if before.kind != after.kind:
        raise SchemaError(
            f"{old.name} is {_called(before.kind)}, {new.name} {_called(after.kind)}",
            file=new,
            remedy="compare two schemas of one API",
        )
    return before.like(after), after.like(before)


def _input(path: Path) -> Input:
    if not path.is_file():
        raise SchemaError(
            "there is no such file", file=path, remedy="give a file, or REVISION:PATH of a git repository"
        )
    real = path.resolve()
    for folder in [*real.parents][:4]:
        if (folder / "apis.toml").is_file():
            for api in load_apis(folder):
                if api.schema.resolve() == real:
                    return Input(path, api.generator, api, folder)
            break
    return Input(path, "graphql" if path.suffix in SDL or _is_introspection(path) else "openapi")


def _is_introspection(path: Path) -> bool:
    if path.suffix != ".json" or not path.is_file() or path.stat().st_size > MAX_BYTES:
        return False
    # Enough to tell: an introspection answer says so in its first keys.
    with path.open("rb") as stream:
        return b'"__schema"' in stream.read(1000)


def _called(kind: SchemaKind) -> str:
    return "a GraphQL schema" if kind == "graphql" else "an OpenAPI document"


# A GraphQL schema from a file.


def load_graphql(source: Input) -> GraphQLSchema:
    """A schema from SDL, or from the JSON answer of an introspection query. Raises SchemaError."""
    if source.path.suffix in SDL:
        return read_schema(source.path)
    answer = load_document(source.path)
    data = answer.get("data", answer)
    try:
        if not isinstance(data, dict) or "__schema" not in data:
            raise SchemaError("not an answer to an introspection query: it has no __schema", remedy="fetch it again")
        return client_schema(data)
    except SchemaError as error:
        raise error.in_file(source.path) from None


# An OpenAPI document from a file: canonical form, names, overlays.

_OPERATION: Final = re.compile(r"\$\.paths\[('[^\]]*')\]\.([a-z]+)\b")
"""The start of an overlay target that lies in one operation, or in those of several paths."""
_COMPONENT: Final = re.compile(r"\$\.components\.(\w+)(?:\.([\w-]+)|\['([^']*)'\])")
"""The start of one that lies in a component."""


@attrs.define
class Prepared:
    """An OpenAPI document in canonical form with its overlays, and the targets of actions that matched nothing."""

    document: JsonObject
    unmatched: list[str] = attrs.field(factory=list)


def load_rest(source: Input, overlays: Sequence[Path] | None) -> Prepared:
    """The document in canonical form, named by ``names.lock`` and with overlays, as far as there are any.

    Actions that match nothing are no error here: that an operation they name is gone is what a comparison is for.
    """
    raw = load_openapi(source.path)
    try:
        document = canonicalize(raw, _names(source)).document
    except SchemaError:
        # A name in the lock may clash with one of the new document. Names are no part of what is compared.
        try:
            document = canonicalize(raw).document
        except SchemaError as error:
            raise error.in_file(source.path) from None
    prepared = Prepared(document)
    for path in overlays if overlays is not None else source.api.overlays if source.api is not None else ():
        prepared.document = apply_overlay(
            prepared.document, load_document(path), file=path, unmatched=prepared.unmatched
        )
    return prepared


def lost_targets(old: Prepared, new: Prepared) -> Iterator[str]:
    """Targets of actions that matched the old document and not the new one.

    Left aside are those that went with their operations: the comparison names the operations.
    """
    kept: set[str] | None = None
    for target in new.unmatched:
        component = _COMPONENT.match(target)
        if target in old.unmatched or _went(target, new.document):
            continue
        if component is not None:
            kept = _kept_components(old.document, new.document) if kept is None else kept
            if f"#/components/{component[1]}/{component[2] or component[3]}" not in kept:
                continue
        yield target


def _went(target: str, document: JsonObject) -> bool:
    """Whether a target lies in operations that are all gone."""
    match = _OPERATION.match(target)
    return match is not None and not any(_has(document, path, match[2]) for path in re.findall(r"'([^']*)'", match[1]))


def _has(document: JsonObject, path: str, verb: str) -> bool:
    paths = document.get("paths")
    item = paths.get(path) if isinstance(paths, dict) else None
    return isinstance(item, dict) and verb in item


def _kept_components(old: JsonObject, new: JsonObject) -> set[str]:
    """References to the components that operations of the old document use which the new one still has."""
    found: set[str] = set()
    waiting = [node for path, verb, node, _ in operations(old) if _has(new, path, verb)]
    while waiting:
        for _, reference in references(waiting.pop()):
            if isinstance(reference, str) and reference not in found:
                found.add(reference)
                target = resolve(old, reference)
                if isinstance(target, dict):
                    waiting.append(target)
    return found


def _names(source: Input) -> dict[str, str]:
    if source.api is None or source.schemas is None:
        return {}
    key = source.api.schema.resolve().relative_to(source.schemas.resolve()).with_suffix("").as_posix()
    return NamesLock.load(source.schemas / "names.lock").of(key)


# ``REVISION:PATH``: a schema as a git revision has it, its overlays, names and saved operations included.


@contextmanager
def at_revisions(old: str, new: str) -> Iterator[tuple[Path, Path]]:
    """Both as files, taken out of git where ``REVISION:PATH`` is given. A file of that very name comes first."""
    with tempfile.TemporaryDirectory(prefix="typedpipes-diff-") as folder:
        yield _path(old, Path(folder) / "0"), _path(new, Path(folder) / "1")


def _path(given: str, folder: Path) -> Path:
    revision, colon, name = given.partition(":")
    if Path(given).exists() or not colon or len(revision) < 2 or not name:
        # One letter and a colon is a drive.
        return Path(given)
    if revision.startswith("-"):
        raise SchemaError(f"{revision!r} is no git revision", remedy="give a branch, tag or commit")
    inside = _inside(name)
    root = _schemas_folder(revision, inside)
    data = _git("archive", "--format=tar", revision, "--", str(root or inside), cwd=_top())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.4 and later have it
        archive.extractall(folder)
    return folder / inside


def _inside(name: str) -> PurePosixPath:
    """The path from the top of the repository; git's own rule: ``./`` and ``../`` start here."""
    if name.startswith("."):
        try:
            name = (Path.cwd() / name).resolve().relative_to(_top()).as_posix()
        except ValueError:
            raise SchemaError(f"{name} lies outside the repository", remedy="give a path inside it") from None
    return PurePosixPath(name)


def _schemas_folder(revision: str, inside: PurePosixPath) -> PurePosixPath | None:
    """The nearest folder with an ``apis.toml``, as in `typedpipes_codegen.diff.inputs`."""
    for folder in [*inside.parents][:4]:
        listed = _git("ls-tree", "--name-only", revision, "--", str(folder / "apis.toml"), cwd=_top())
        if listed.strip() and str(folder) != ".":
            return folder
    return None


def _top() -> Path:
    return Path(_git("rev-parse", "--show-toplevel", cwd=Path.cwd()).decode().strip()).resolve()


def _git(*words: str, cwd: Path) -> bytes:
    try:
        done = subprocess.run(["git", *words], check=False, capture_output=True, cwd=cwd)
    except FileNotFoundError:
        raise SchemaError("git is not installed", remedy="install it, or give two files") from None
    if done.returncode:
        raise SchemaError(
            f"git: {' '.join(done.stderr.decode(errors='replace').split())[:300]}",
            remedy="give a file, or REVISION:PATH as git has it",
        )
    return done.stdout
