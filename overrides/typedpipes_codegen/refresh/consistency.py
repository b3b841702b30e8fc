"""What is inconsistent among schemas, overlays, names, saved documents and generated packages. Changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, Literal, TypeAlias

import attrs

from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.documents import load_document, load_openapi, resolve
from typedpipes_codegen.documents.apis import Api, load_apis
from typedpipes_codegen.documents.names_lock import NamesLock
from typedpipes_codegen.documents.overlay import apply_overlay
from typedpipes_codegen.documents.toml_reader import read_toml
from typedpipes_codegen.documents.tree import Json, JsonObject, as_list, child, pointer, tokens
from typedpipes_codegen.documents.yaml_writer import write_yaml
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.output import generate
from typedpipes_codegen.output.digests import inputs_digest, read_digests, tree_digest
from typedpipes_codegen.refresh.pipeline import lock_key

Kind: TypeAlias = Literal["rows", "schema", "canonical", "names", "overlay", "documents", "generated"]
SHOWN: Final = 3
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@attrs.frozen
class Problem:
    """One inconsistency: the file it is in, what it is, and what to do. ``package`` is empty if it concerns none."""

    kind: Kind
    package: str
    file: str
    message: str
    todo: str


def find_problems(schemas: Path, generated: Path, *, quick: bool = False) -> list[Problem]:
    """Every problem, in the order of ``apis.toml``. ``quick`` trusts the digests of the generated packages.

    A package that cannot be generated from has its reason listed and is not compared.
    """
    try:
        apis = load_apis(schemas)
    except SchemaError as error:
        return [_problem("rows", "", error, schemas)]
    try:
        lock = NamesLock.load(schemas / "names.lock")
    except SchemaError as error:
        return [_problem("names", "", error, schemas)]
    problems = list(_strange_locks(apis, lock, schemas))
    for api in apis:
        problems += _sources(api, schemas)
        problems += _graphql(api, schemas) if api.generator == "graphql" else _rest(api, schemas, lock)
    broken = {each.package for each in problems if each.kind in ("schema", "overlay", "documents")}
    sound = [api for api in apis if api.package not in broken]
    return problems + (_digests(sound, schemas, generated) if quick else _generated(apis, sound, schemas, generated))


def _problem(kind: Kind, package: str, error: SchemaError, schemas: Path) -> Problem:
    place = error.where or str(schemas)
    return Problem(kind, package, place, error.message, error.remedy or "correct it")


def _sources(api: Api, schemas: Path) -> Iterator[Problem]:
    """The rows that say where facts come from must at least be able to be true."""
    rows = as_list(_row(api, schemas).get("source") or [], "/source")
    for row in rows:
        assert isinstance(row, dict)
        if not _SHA256.match(str(row["sha256"])):
            message, todo = f"the sha256 of {row['document']} is no SHA-256", "give 64 hexadecimal digits"
        elif not _is_date(str(row["date"])):
            message, todo = f"the date of {row['document']} is no date: {row['date']}", "write it as 2026-11-21"
        else:
            continue
        yield Problem("rows", api.package, str(schemas / "apis.toml"), message, todo)


def _row(api: Api, schemas: Path) -> JsonObject:
    document = read_toml(schemas / "apis.toml", remedy="make it a readable UTF-8 file")
    rows = document.get("api")
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("package") == api.package:
            return row
    return {}


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _strange_locks(apis: list[Api], lock: NamesLock, schemas: Path) -> Iterator[Problem]:
    known = {lock_key(api, schemas) for api in apis if api.generator == "openapi"}
    for key in sorted(lock.names.keys() - known):
        yield Problem(
            "names", "", str(schemas / "names.lock"), f"it names shapes of {key!r}, which no row has", "remove them"
        )


def _rest(api: Api, schemas: Path, lock: NamesLock) -> Iterator[Problem]:
    try:
        document = load_openapi(api.schema)
        again = canonicalize(document, lock.of(lock_key(api, schemas)))
    except SchemaError as error:
        yield _problem("schema", api.package, error.in_file(api.schema), schemas)
        return
    if write_yaml(again.document) != api.schema.read_text(encoding="utf-8"):
        yield Problem(
            "canonical",
            api.package,
            str(api.schema),
            f"it is not in canonical form: {_first_difference(write_yaml(again.document), api.schema)}",
            "write it with python -m typedpipes_codegen canonicalize, or refresh it",
        )
    yield from _names(api, schemas, lock, document, again.names)
    yield from _overlays(api, schemas, document)


def _first_difference(expected: str, file: Path) -> str:
    found = file.read_text(encoding="utf-8").splitlines()
    for number, (wanted, line) in enumerate(zip(expected.splitlines(), found, strict=False), start=1):
        if wanted != line:
            return f"line {number} should be {wanted.strip()!r}"
    return "its length"


def _names(api: Api, schemas: Path, lock: NamesLock, document: JsonObject, given: dict[str, str]) -> Iterator[Problem]:
    """The lock must know every name that was given, and what it says must be what the schema says."""
    rows, file = lock.of(lock_key(api, schemas)), str(schemas / "names.lock")
    unlocked = sorted({name for at, name in given.items() if at not in rows})
    if unlocked:
        yield Problem("names", api.package, file, f"it lacks {_some(unlocked)}", "add them: refresh the schema")
    components = child(child(document, "components", ""), "schemas", "")
    named, wrong = set(rows.values()), []
    missing = sorted(name for name in components if name not in named) if rows else []
    for at, name in rows.items():
        found = _component_at(document, at)
        own = pointer("components", "schemas", name)  # its row says nothing of the component that an alias leads to
        if found not in (None, name) and at != own:
            wrong.append(f"{at} is {found}, not {name}")
    if missing:
        yield Problem(
            "names",
            api.package,
            file,
            f"{api.schema.name} calls shapes {_some(missing)}, which it does not know",
            "restore the rows from git: without them the names may move",
        )
    if wrong:
        yield Problem(
            "names", api.package, file, f"it contradicts {api.schema.name}: {_some(wrong)}", "restore it from git"
        )


def _component(reference: Json) -> str | None:
    parts = tokens(reference) if isinstance(reference, str) else []
    return parts[2] if len(parts) == 3 and parts[:2] == ["components", "schemas"] else None


def _component_at(document: JsonObject, at: str) -> str | None:
    """The component a locked pointer leads to, through the components on its way; None where it leads nowhere."""
    node: Json = document
    name: str | None = None
    for part in tokens(at):
        node, name = _follow(document, node), None
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return None
        name = _component(node["$ref"]) if isinstance(node, dict) and "$ref" in node else None
    return name


def _follow(document: JsonObject, node: Json) -> Json:
    for _ in range(20):
        if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
            break
        node = resolve(document, str(node["$ref"]))
    return node


def _overlays(api: Api, schemas: Path, document: JsonObject) -> Iterator[Problem]:
    for path in api.overlays:
        try:
            overlay = load_document(path)
        except SchemaError as error:
            yield _problem("overlay", api.package, error, schemas)
            return
        actions, numbers = overlay.get("actions"), list[int]()
        if isinstance(actions, list):
            numbers = list(range(len(actions)))
        while True:
            try:
                document = apply_overlay(document, overlay, file=path)
                break
            except SchemaError as error:
                number = re.match(r"/actions/(\d+)", error.pointer or "")
                index = int(number[1]) if number else -1
                left = overlay.get("actions")
                if not isinstance(left, list) or not 0 <= index < len(left):
                    yield _problem("overlay", api.package, error, schemas)
                    return
                error.pointer = f"/actions/{numbers[index]}"
                yield _problem("overlay", api.package, error, schemas)
                del numbers[index]
                overlay = {**overlay, "actions": [each for at, each in enumerate(left) if at != index]}


def _graphql(api: Api, schemas: Path) -> Iterator[Problem]:
    from typedpipes_codegen.graphql.checks import check_names
    from typedpipes_codegen.graphql.documents import check_complete, read_documents
    from typedpipes_codegen.graphql.sdl import read_schema
    from typedpipes_codegen.refresh.sdl_form import is_canonical

    try:
        schema = read_schema(api.schema)
    except SchemaError as error:
        yield _problem("schema", api.package, error, schemas)
        return
    if not is_canonical(api.schema.read_text(encoding="utf-8")):
        yield Problem(
            "canonical",
            api.package,
            str(api.schema),
            "it is not in canonical form (layout as graphql-core prints it, comments only on top)",
            "refresh it, or print it again with graphql-core's print_ast",
        )
    assert api.operations is not None
    try:
        documents = read_documents(schema, api.operations)
        check_complete(documents, api.operations)
        check_names(documents, api.operations, f"typedpipes_api.{api.package}")
    except SchemaError as error:
        yield _problem("documents", api.package, error, schemas)


def _generated(apis: list[Api], sound: list[Api], schemas: Path, generated: Path) -> list[Problem]:
    if not sound:
        return []
    names = [] if len(sound) == len(apis) else [api.package for api in sound]
    try:
        differences = generate.check(schemas, generated, names)
    except SchemaError as error:
        return [_problem("schema", "", error, schemas)]
    by_package: dict[str, list[str]] = {}
    for line in differences:
        by_package.setdefault(line.partition(": ")[2].partition("/")[0], []).append(line)
    packages = {api.package for api in sound}
    return [
        Problem(
            "generated",
            name if name in packages else "",
            str(generated / name),
            f"it is not what the schemas give ({_some(lines)})",
            "run nox -s generate" + (f" -- {name}" if name in packages else ""),
        )
        for name, lines in by_package.items()
    ]


def _digests(sound: list[Api], schemas: Path, generated: Path) -> list[Problem]:
    recorded = read_digests(generated)
    problems = []
    for api in sound:
        made_from, came_out = recorded.get(api.package, ("", ""))
        if made_from != inputs_digest(api, schemas):
            message = "it was generated from other inputs, or by another version of the generator"
        elif came_out != tree_digest(generated / api.package):
            message = "its files were changed after they were generated"
        else:
            continue
        todo = f"run nox -s generate -- {api.package}"
        problems.append(Problem("generated", api.package, str(generated / api.package), message, todo))
    return problems


def _some(entries: list[str]) -> str:
    return ", ".join(entries[:SHOWN]) + (f" and {len(entries) - SHOWN} more" if len(entries) > SHOWN else "")
