"""The wheel without extras in a clean environment: few dependencies, everything imports, calls work."""

from __future__ import annotations

import json

from tests.packaging.environments import Environment
from typedpipes import __version__
from typedpipes_sandbox import Sandbox

DEPENDENCIES = {
    "annotated-types",
    "anyio",
    "attrs",
    "certifi",
    "h11",
    "httpcore",
    "httpx",
    "idna",
    "msgspec",
    "platformdirs",
    "pydantic",
    "pydantic-core",
    "typing-extensions",
    "typing-inspection",
}
"""All that ``pip install typedpipes`` brings along."""

IMPORT_ALL = """
import importlib, json, pkgutil, sys
import typedpipes, typedpipes_api
failed = {}
for package in (typedpipes, typedpipes_api):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.startswith("typedpipes.cli.__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            failed[module.name] = error.name.partition(".")[0]
print(json.dumps(failed))
"""
CALLS = """
from typedpipes.pipefy import Pipefy
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import Pipedrive
with Pipefy.from_env() as pipefy:
    print(pipefy.organization(id="123456789").id)
    job = pipefy.exports.automation_jobs(organization_id="123456789", period="last_month")
    print(job.wait(timeout=60).download("jobs.csv").stat().st_size > 0)
with Pipedream.from_env() as pipedream:
    print(pipedream.rest.users.me().data.username, len(list(pipedream.connect.accounts.iter(max_items=2))))
with Pipedrive.from_env(plan="growth", seats=3) as crm:
    print([deal.id for deal in crm.v2.deals.iter(max_items=2)], crm.limits.snapshot().limits[0].name)
"""
OPTIONAL = {"keyring", "openpyxl", "redis", "rich", "typer"}
"""What a module may miss without its extra."""


def test_the_core_brings_few_dependencies_and_no_conflict(core: Environment) -> None:
    installed = core.distributions()
    print("\n".join(f"{name} {version}" for name, version in sorted(installed.items())))
    assert set(installed) - {"typedpipes"} == DEPENDENCIES
    assert installed["typedpipes"] == __version__
    core.pip("check")


def test_every_module_imports_or_names_the_package_of_an_extra(core: Environment) -> None:
    failed = json.loads(core.run("-W", "error", "-c", IMPORT_ALL).stdout)
    wrong = {module: missing for module, missing in failed.items() if missing not in OPTIONAL}
    assert wrong == {}
    assert all(module.startswith("typedpipes.cli.") for module in failed), failed


def test_the_core_calls_every_vendor(core: Environment, sandbox: Sandbox) -> None:
    done = core.run("-W", "error", "-c", CALLS, settings=sandbox.environment())
    assert done.stdout.split("\n")[:2] == ["123456789", "True"]
    assert "[1, 2] pipedrive." in done.stdout
    assert sandbox.violations == []


def test_without_the_extra_the_command_line_says_which_one_it_needs(core: Environment) -> None:
    told = core.command("typedpipes", "--help", code=3).stderr
    assert 'pip install ".[cli]"' in told
