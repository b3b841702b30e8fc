"""What the pages show works: every block runs, or is at least well formed, and every name they use exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from graphql import parse

from tests.docs.blocks import DATA, PYTHON, ROOT, SHELL, TESTED_ELSEWHERE, UnknownMark, blocks_of, pages

PAGES = pages()
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
RUN = [
    name
    for name, page in zip(NAMES, PAGES, strict=True)
    if name not in TESTED_ELSEWHERE and any(block.reason is None for block in blocks_of(page))
]
OURS = re.compile(r"`((?:crm\.v[12]|pipedream\.(?:rest|connect|proxy|workflows)|pipefy)\.[a-z_.]+[a-z])")


@pytest.mark.parametrize("name", RUN)
def test_every_block_of_the_page_runs_against_the_sandbox(name: str, run_page: Callable[[Path], str]) -> None:
    run_page(ROOT / name)


@pytest.mark.parametrize("name", TESTED_ELSEWHERE)
def test_a_page_that_is_left_to_another_test_is_run_there(name: str) -> None:
    test = (ROOT / TESTED_ELSEWHERE[name]).read_text(encoding="utf-8")
    assert name.rpartition("/")[2] in test
    assert "def test_" in test


@pytest.mark.parametrize("name", NAMES)
def test_every_block_is_in_a_language_we_know_and_well_formed(name: str) -> None:
    for block in blocks_of(ROOT / name):
        where = f"{block.where}\n{block.code}"
        assert block.language in (*PYTHON, *SHELL, *DATA, ""), where
        if block.language in PYTHON:
            compile(block.code, block.where, "exec")
        elif block.language in SHELL:
            assert subprocess.run(["sh", "-n", "-c", block.code], check=False).returncode == 0, where
        elif block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "json":
            json.loads(block.code)
        elif block.language == "yaml":
            list(yaml.safe_load_all(block.code))
        elif block.language == "graphql":
            parse(block.code)


@pytest.mark.parametrize("name", NAMES)
def test_commands_that_are_not_run_exist_all_the_same(name: str) -> None:
    sessions = set(re.findall(r"@nox\.session.*\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8")))
    sessions |= set(re.findall(r'@nox\.session\(name="([\w.-]+)"', (ROOT / "noxfile.py").read_text(encoding="utf-8")))
    for block in blocks_of(ROOT / name):
        if block.language not in SHELL:
            continue
        assert set(re.findall(r"nox -s ([\w.-]+)", block.code)) <= sessions, block.where
        for line in re.findall(r"^typedpipes ((?:[a-z][a-z-]* ?)+)", block.code, re.MULTILINE):
            assert _is_command(line.split()), f"{block.where}: typedpipes {line}"


def _is_command(words: list[str]) -> bool:
    from docs._site.commands import PROGRAM, commands

    known = [name.removeprefix(f"{PROGRAM} ").split() for name in commands()]
    known += [each[:-1] for each in known if each[-1] == "show"]  # what a group does by itself
    return any(words[: len(name)] == name for name in known)


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    missing = [found for found in OURS.findall(text) if not _resolves(found.rstrip("."))]
    assert missing == []


def _resolves(name: str) -> bool:
    """Whether attributes lead there, through what each property is annotated to return."""
    from typedpipes.cli.operations import APIS
    from typedpipes.pipedream.client import Pipedream
    from typedpipes.pipefy.client import Pipefy

    first, *rest = name.split(".")
    apis = {api.name.replace("pipedrive", "crm"): api for api in APIS}
    start = ".".join((first, *rest[:1]))
    if start in apis:
        found: object = apis[start].operations()
        for word in rest[1:]:
            found = getattr(found, word, None)
        return found is not None
    owner = {"pipefy": Pipefy, "pipedream": Pipedream}.get(first)
    if owner is None or not hasattr(owner, rest[0]):
        return False
    return len(rest) == 1 or _has(getattr(owner, rest[0]), rest[1])


def _has(prop: object, name: str) -> bool:
    """Whether what a cached property makes has the attribute: found by the class its annotation names."""
    import importlib

    function = getattr(prop, "func", None)
    if function is None:
        return False
    made = function.__annotations__["return"].split(" |")[0]
    for module in ("pipefy.exports", "pipefy.bulk", "pipefy.attachments", "pipefy.webhooks", "limits.snapshot",
                   "pipedream.workflows", "pipedream.proxy"):  # fmt: skip
        holder = importlib.import_module(f"typedpipes.{module}")
        if hasattr(holder, made):
            return hasattr(getattr(holder, made), name)
    return False


def test_links_of_the_readme_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_pages_name_no_path_of_this_machine() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|tmp)/", page.read_text(encoding="utf-8")), page


@pytest.mark.parametrize(
    ("block", "said"), [("python\nassert 1 == 2", "AssertionError"), ("sh\nfalse", "ended with 1")]
)
def test_the_page_runner_fails_for_a_block_that_fails(block: str, said: str, tmp_path: Path) -> None:
    page = tmp_path / "bad.md"
    page.write_text(f"# Bad\n\n```{block}\n```\n", encoding="utf-8")
    command = [sys.executable, "-m", "tests.docs.run_page", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr
    assert "bad.md:4" in done.stderr


def test_a_comment_before_a_block_that_nobody_understands_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "bad.md"
    page.write_text("<!-- docs: nto run: typo -->\n```sh\nfalse\n```\n", encoding="utf-8")
    with pytest.raises(UnknownMark, match="nto run: typo"):
        blocks_of(page)


def test_the_page_runner_reaches_loopback_only(tmp_path: Path) -> None:
    script = (
        "import socket, sys; from tests.docs.run_page import only_loopback; sys.addaudithook(only_loopback);"
        "socket.create_connection(('192.0.2.1', 80), 5)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "may not connect to 192.0.2.1" in done.stderr
