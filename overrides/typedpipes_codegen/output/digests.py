"""Digests that tell whether a package must be made again: of its inputs and of the tree that came out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from typedpipes_codegen.documents.apis import Api

DIGESTS = "digests.txt"
_TOOLS = ("ariadne-codegen", "graphql-core", "openapi-python-client", "ruff")


def inputs_digest(api: Api, schemas: Path) -> str:
    """Digest of the schema, overlays and operations, the generation step's own code and its pinned tools."""
    own = Path(__file__).parents[1]
    code = sorted(path for path in own.rglob("*") if path.suffix in {".py", ".jinja", ".tmpl"})
    digest = hashlib.sha256()
    digest.update(repr((api.package, api.generator, api.base_url, api.options)).encode())
    for tool in _TOOLS:
        digest.update(f"{tool} {version(tool)}\n".encode())
    _feed(digest, schemas, api.inputs())
    _feed(digest, own, code)
    return digest.hexdigest()


def tree_digest(folder: Path) -> str:
    """Digest of the names and bytes of a generated package; of nothing where there is none."""
    digest = hashlib.sha256()
    _feed(digest, folder, tree_files(folder))
    return digest.hexdigest()


def tree_files(folder: Path) -> list[Path]:
    """Files of a generated tree, without what Python and tools leave behind."""
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".mypy_cache", ".ruff_cache"} & set(path.parts)
    )


def read_digests(root: Path) -> dict[str, tuple[str, str]]:
    """package -> (inputs, tree), from the file the last run left; empty when it is missing or damaged."""
    try:
        lines = (root / DIGESTS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {row[0]: (row[1], row[2]) for row in rows if len(row) == 3}


def digests_text(rows: dict[str, tuple[str, str]]) -> str:
    """The digests file: one line per package."""
    lines = ["# package, digest of what it was made from, digest of what came out; written by `nox -s generate`"]
    lines += [f"{package} {inputs} {tree}" for package, (inputs, tree) in sorted(rows.items())]
    return "\n".join(lines) + "\n"


def _feed(digest: hashlib._Hash, base: Path, files: Iterable[Path]) -> None:
    for path in files:
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(base).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
