"""A vendor changes its schema: refresh, generate, type-check and call, in one command. Run by
``nox -s schema -- round-trip``.

The vendors are a sandbox that serves changed schemas. Pipefy gains a query and loses one; Pipedrive gains an operation
and a field. Then a program that uses what is new is type-checked and run against the sandbox, and one that uses what is
gone is shown to be refused by the type-checker at the right line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from typedpipes_codegen.documents.overlay import effective_document

ROOT = Path(__file__).parents[3]
WEATHER = "\ntype Weather {\n  city: String!\n  degrees: Float\n  sky: Sky\n}\n\nenum Sky {\n  blue\n  grey\n}\n"
PROGRAM = """\
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipefy import Pipefy

with Pipefy.from_env() as pipefy:
    weather = pipefy.weather(city="Curitiba")
    assert weather is not None
    city: str = weather.city
    degrees: float | None = weather.degrees
with Pipedrive.from_env() as crm:
    answer = crm.v2.deals.get_moods(7)
    mood: str | None = answer.data.mood
print(f"city={city!r} mood={mood!r}")
"""
OUTDATED = """\
from typedpipes.pipefy import Pipefy

with Pipefy.from_env() as pipefy:
    pipefy.public_user()
"""


def main() -> int:
    """Do it in a temporary folder and tell how long each step took."""
    with tempfile.TemporaryDirectory(prefix="round-trip-") as folder:
        started = time.perf_counter()
        for name, seconds in round_trip(Path(folder), typed=True):
            print(f"{seconds:6.1f} s  {name}", flush=True)
        print(f"{time.perf_counter() - started:6.1f} s  in all")
    return 0


def round_trip(folder: Path, *, typed: bool) -> Iterator[tuple[str, float]]:
    """Each step with its seconds, as it is done. ``typed``: type-check the programs too. Raises on any failure."""
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    shutil.copytree(ROOT / "generated", folder / "generated", ignore=shutil.ignore_patterns("__pycache__"))
    changed_schemas(ROOT / "schemas", folder / "served")
    (folder / "program.py").write_text(PROGRAM)
    (folder / "outdated.py").write_text(OUTDATED)
    with sandbox(folder) as (addresses, environment):
        own = {**environment, "PYTHONPATH": str(folder / "generated")}

        def step(name: str, *words: str, code: int = 0) -> tuple[str, float, str]:
            start = time.perf_counter()
            done = subprocess.run(words, cwd=folder, env=own, capture_output=True, text=True, check=False)
            if done.returncode != code:
                raise RuntimeError(f"{name} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
            return name, time.perf_counter() - start, done.stdout

        published = f"{addresses['files']}/documents/pipedrive/v2.yaml"
        refresh = (sys.executable, "-m", "typedpipes.cli", "schema", "refresh", "--generate", "--mend")
        name, seconds, told = step("refresh and generate Pipefy", *refresh, "pipefy")
        assert "Query.weather" in told, told
        assert "Query.publicUser" in told, told
        yield name, seconds
        name, seconds, told = step("refresh and generate Pipedrive v2", *refresh, "pipedrive_v2", "--from", published)
        assert "/deals/{id}/moods" in told, told
        yield name, seconds
        yield _check(folder, own)
        if typed:
            # No settings of a folder above, the checkout's for one.
            bare = ("--strict", "--config-file", "", "--cache-dir", str(folder / "cache"))
            mypy = (sys.executable, "-m", "mypy", *bare, "--follow-imports")
            name, seconds, _ = step("type-check a program that uses what is new", *mypy, "silent", "program.py")
            yield name, seconds
            name, seconds, told = step(
                "type-check a program that uses what is gone", *mypy, "silent", "outdated.py", code=1
            )
            assert "outdated.py:4: error" in told, told
            yield name, seconds
        name, seconds, told = step("run the program on the sandbox", sys.executable, "program.py")
        assert "city='" in told, told
        yield name, seconds


def _check(folder: Path, environment: dict[str, str]) -> tuple[str, float]:
    """The refreshed packages are consistent; of the others this test says nothing."""
    start = time.perf_counter()
    words = (sys.executable, "-m", "typedpipes.cli", "schema", "check", "--quick", "--json")
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    problems = json.loads(done.stdout)["problems"]
    assert [each for each in problems if each["file"].rpartition("/")[2] in ("pipefy", "pipedrive_v2")] == []
    assert [each for each in problems if each["kind"] != "generated"] == [], problems
    return "check schemas, names, documents and packages", time.perf_counter() - start


def changed_schemas(schemas: Path, target: Path) -> None:
    """What the vendors publish and answer by after their change."""
    for folder in ("pipefy", "pipedrive", "pipedrive_v2"):
        (target / folder).mkdir(parents=True)
    sdl = (schemas / "pipefy" / "live" / "schema.graphql").read_text(encoding="utf-8")
    assert "  publicUser: PublicUser\n" in sdl
    sdl = sdl.replace("  publicUser: PublicUser\n", "", 1).replace(
        "type Query {\n", "type Query {\n  weather(city: String!): Weather\n", 1
    )
    (target / "pipefy" / "schema.graphql").write_text(sdl + WEATHER, encoding="utf-8")
    document = yaml.safe_load((schemas / "pipedrive" / "v2.yaml").read_text(encoding="utf-8"))
    mood = {"type": "object", "properties": {"mood": {"type": "string"}}}
    envelope = {"type": "object", "properties": {"success": {"type": "boolean"}, "data": mood}}
    document["paths"]["/deals/{id}/moods"] = {
        "get": {
            "operationId": "getDealMoods",
            "tags": ["Deals"],
            "x-token-cost": 1,
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": envelope}}}},
            "security": [{"api_key": []}],
        }
    }
    published = target / "pipedrive" / "v2.yaml"
    published.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    answered_by = effective_document(published, [schemas / "pipedrive" / "overlay-v2.yaml"])
    (target / "pipedrive_v2" / "openapi.json").write_text(json.dumps(answered_by), encoding="utf-8")


@contextmanager
def sandbox(folder: Path) -> Iterator[tuple[Mapping[str, str], dict[str, str]]]:
    """A sandbox in a process of its own that serves ``folder``/served; its addresses and a client's environment."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    own = {**kept, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "PYTHONUTF8": "1"}
    words = [sys.executable, "-m", "typedpipes_sandbox", "--quiet", "--json", "--schemas", str(folder / "served")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=own)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield told["addresses"], {**own, **told["environment"]}
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    sys.exit(main())
