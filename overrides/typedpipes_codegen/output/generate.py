"""The generation step: schemas in, ``generated/typedpipes_api`` out.

Each package is rendered into a temporary folder beside its final place, by a process of its own; only when every one
has succeeded are they swapped in. A run that fails leaves the old tree as it was. A package whose inputs and tree have
the recorded digests is left alone.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import attrs

from typedpipes_codegen.documents.apis import Api, load_apis
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.output.digests import (
    DIGESTS,
    digests_text,
    inputs_digest,
    read_digests,
    tree_digest,
    tree_files,
)
from typedpipes_codegen.output.listing import LISTING, graphql_listing, rest_listing
from typedpipes_codegen.output.swap import swap, workspace

OPENAPI: Final = "openapi.json"
"""The document an OpenAPI package was made from, overlays applied; the sandbox answers by it."""
SDL: Final = "schema.graphql"
"""The schema a GraphQL package was made from."""
_ROOT_INIT = '''"""Generated clients, one package per API. Made by `nox -s generate`; import them through typedpipes."""
'''


@attrs.frozen
class Outcome:
    """What a run did: packages rendered and packages whose inputs had not changed."""

    rendered: tuple[str, ...]
    unchanged: tuple[str, ...]


def generate(schemas: Path, target: Path, only: Sequence[str] = ()) -> Outcome:
    """Bring ``target`` (the ``typedpipes_api`` folder) up to date with ``schemas``.

    ``only`` names packages; the default is all of them. Raises `SchemaError` and changes nothing if any of them fails.
    """
    apis = load_apis(schemas)
    chosen = _choose(apis, only)
    recorded = read_digests(target)
    wanted = {api.package: inputs_digest(api, schemas) for api in chosen}
    stale = [
        api for api in chosen if recorded.get(api.package) != (wanted[api.package], tree_digest(target / api.package))
    ]
    strangers = _strangers(target, {api.package for api in apis})
    if stale or strangers or not (target / "__init__.py").exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with workspace(target.parent) as folder:
            _render_all(stale, schemas, folder)
            rows = {name: row for name, row in recorded.items() if name in {api.package for api in apis}}
            rows |= {api.package: (wanted[api.package], tree_digest(folder / api.package)) for api in stale}
            made: dict[Path, Path | None] = {target / api.package: folder / api.package for api in stale}
            made |= dict.fromkeys(target / name for name in strangers)
            for name, text in _root_files(digests_text(rows)).items():
                (folder / name).write_text(text, encoding="utf-8", newline="\n")
                made[target / name] = folder / name
            target.mkdir(exist_ok=True)
            swap(made, folder)
    fresh = {api.package for api in stale}
    return Outcome(
        tuple(api.package for api in stale), tuple(api.package for api in chosen if api.package not in fresh)
    )


def check(schemas: Path, target: Path, only: Sequence[str] = ()) -> list[str]:
    """Generate into a temporary folder and compare both ways; returns one line per file that differs."""
    apis = load_apis(schemas)
    chosen = _choose(apis, only)
    with workspace(None) as folder:
        _render_all(chosen, schemas, folder)
        problems: list[str] = []
        for api in chosen:
            problems += _compare(folder / api.package, target / api.package, api.package)
        if not only:
            rows = {api.package: (inputs_digest(api, schemas), tree_digest(folder / api.package)) for api in chosen}
            for name, text in _root_files(digests_text(rows)).items():
                problems += _compare_file(text.encode(), target / name, name)
            problems += [f"extra: {name}" for name in _strangers(target, {api.package for api in apis})]
    return problems


def _choose(apis: list[Api], only: Sequence[str]) -> list[Api]:
    known = {api.package: api for api in apis}
    for name in only:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise SchemaError(f"there is no package {name!r} in apis.toml", remedy=hint)
    return [api for api in apis if not only or api.package in only]


def _render_all(apis: Sequence[Api], schemas: Path, folder: Path) -> None:
    """Render each package by a process of its own, as many at a time as there are processors."""
    if len(apis) == 1:
        render_package(apis[0], schemas, folder / apis[0].package)
        return
    if not apis:
        return
    # spawn: a forked child would share our threads' locks; the largest first, so that none is left for the end.
    order = sorted(apis, key=lambda api: -sum(path.stat().st_size for path in api.inputs()))
    with ProcessPoolExecutor(min(len(apis), os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(render_package, api, schemas, folder / api.package) for api in order]
        try:
            for job in jobs:
                job.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def render_package(api: Api, schemas: Path, folder: Path) -> None:
    """Render one package into ``folder``, which must not exist yet."""
    folder.mkdir(parents=True)
    package = f"typedpipes_api.{api.package}"
    header = api.header(schemas)
    if api.generator == "graphql":
        from typedpipes_codegen import graphql

        assert api.operations is not None
        graphql.render(api.schema, api.operations, folder, package=package, header=header)
        listing = graphql_listing(folder, header)
        name, text = SDL, api.schema.read_text(encoding="utf-8")
    else:
        from typedpipes_codegen import openapi
        from typedpipes_codegen.documents.overlay import effective_document

        document = effective_document(api.schema, api.overlays)
        report = openapi.render(
            document, folder, package=package, api=api.package, header=header, options_type=api.options
        )
        if report.notes:
            raise SchemaError(report.notes[0], file=api.schema, remedy="describe it more simply in an overlay")
        listing = rest_listing(document, header)
        name, text = OPENAPI, json.dumps(document, indent=1) + "\n"
    for file, content in ((LISTING, listing), (name, text)):
        (folder / file).write_text(content, encoding="utf-8", newline="\n")


def _root_files(digests: str) -> dict[str, str]:
    """The files of the output folder itself."""
    return {"__init__.py": _ROOT_INIT, "py.typed": "", DIGESTS: digests}


def _strangers(target: Path, packages: set[str]) -> list[str]:
    """Entries of the output folder that no row makes."""
    if not target.is_dir():
        return []
    expected = packages | {"__init__.py", "py.typed", DIGESTS, "__pycache__", ".mypy_cache", ".ruff_cache"}
    return sorted(path.name for path in target.iterdir() if path.name not in expected)


def _compare(fresh: Path, committed: Path, package: str) -> list[str]:
    made = {path.relative_to(fresh).as_posix(): path for path in tree_files(fresh)}
    there = {path.relative_to(committed).as_posix(): path for path in tree_files(committed)}
    problems = [f"missing: {package}/{name}" for name in made.keys() - there.keys()]
    problems += [f"extra: {package}/{name}" for name in there.keys() - made.keys()]
    for name in made.keys() & there.keys():
        problems += _compare_file(made[name].read_bytes(), there[name], f"{package}/{name}")
    return sorted(problems)


def _compare_file(expected: bytes, committed: Path, name: str) -> list[str]:
    try:
        return [] if committed.read_bytes() == expected else [f"changed: {name}"]
    except FileNotFoundError:
        return [f"missing: {name}"]
