"""Packages that benchmarks compare with: made by the stock generators from the same schemas, once per input.

They lie in the session's own folder (``TYPEDPIPES_BENCH_FOLDER``, a temporary one otherwise), keyed by a digest of what
they are made from and of the generator's version.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import yaml

from typedpipes_codegen.documents.apis import Api, load_apis
from typedpipes_codegen.documents.overlay import effective_document

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
PINS = ("ariadne-codegen", "openapi-python-client")


@functools.cache
def folder() -> Path:
    """Where made packages are kept."""
    given = os.environ.get("TYPEDPIPES_BENCH_FOLDER")
    path = Path(given) if given else Path(tempfile.mkdtemp(prefix="typedpipes-bench-"))
    path.mkdir(parents=True, exist_ok=True)
    return path


def api(package: str) -> Api:
    """The row of apis.toml."""
    return next(row for row in load_apis(SCHEMAS) if row.package == package)


def tool(name: str) -> str:
    """A console script of this environment."""
    return str(Path(sys.executable).parent / name)


def run(command: list[str], cwd: Path, env: Mapping[str, str] | None = None) -> None:
    """Run a command that must succeed; its output is shown if it does not."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # generators start ruff
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PATH": path, **(env or {})}, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"{command} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def document(package: str) -> dict[str, object]:
    """The effective OpenAPI document of a package."""
    row = api(package)
    return effective_document(row.schema, row.overlays)


def stock_openapi(name: str, description: Mapping[str, object]) -> Path:
    """The folder that holds package ``name``, stock openapi-python-client output of ``description``."""
    text = yaml.safe_dump(dict(description), sort_keys=False)
    place = folder() / f"stock-{_digest(text)}"
    if not (place / name).is_dir():
        place.mkdir(parents=True, exist_ok=True)
        (place / "openapi.yaml").write_text(text, encoding="utf-8")
        command = [tool("openapi-python-client"), "generate", "--path", "openapi.yaml", "--meta", "none"]
        run([*command, "--overwrite", "--output-path", name], place)
    return place


def stock_graphql(name: str, package: str) -> Path:
    """The folder that holds package ``name``, stock ariadne-codegen output of ``package``'s schema and operations."""
    row = api(package)
    text = "".join(path.read_text(encoding="utf-8") for path in row.inputs())
    place = folder() / f"stock-{_digest(text)}"
    if not (place / name).is_dir():
        place.mkdir(parents=True, exist_ok=True)
        (place / "config.toml").write_text(
            "[tool.ariadne-codegen]\n"
            f'schema_path = "{row.schema}"\nqueries_path = "{row.operations}"\n'
            f'target_package_name = "{name}"\nasync_client = false\n',
            encoding="utf-8",
        )
        run([tool("ariadne-codegen"), "--config", "config.toml"], place)
    return place


def ours_openapi(name: str, description: Mapping[str, object]) -> Path:
    """The folder that holds package ``name``, our rendering of ``description`` (as part of ``typedpipes_api``)."""
    import shutil

    from typedpipes_codegen import openapi

    text = yaml.safe_dump(dict(description), sort_keys=False)
    place = folder() / f"ours-{_digest(text + _sources())}"
    if not (place / name).is_dir():
        shutil.rmtree(place, ignore_errors=True)
        draft = place / f"{name}.draft"
        draft.mkdir(parents=True)
        openapi.render(
            dict(description),
            draft,
            package=f"typedpipes_api.{name}",
            api=name,
            header="Generated for a benchmark.",
            options_type="CallOptions",
        )
        draft.rename(place / name)
    return place


def _digest(text: str) -> str:
    versions = " ".join(importlib.metadata.version(pin) for pin in PINS)
    return hashlib.sha256(f"{versions}\n{text}".encode()).hexdigest()[:16]


@functools.cache
def _sources() -> str:
    files = sorted((ROOT / "overrides" / "typedpipes_codegen").rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
