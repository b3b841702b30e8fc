"""Each extra alone: what it brings, and that its feature works with nothing else installed."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.packaging.environments import Environment, bare
from tests.packaging.licences import EXTRAS
from tests.packaging.test_core import DEPENDENCIES
from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes_sandbox import ExportSettings, Sandbox, SandboxSettings

Install = Callable[[str], Environment]


def added(environment: Environment) -> set[str]:
    """What the extra brought."""
    return set(environment.distributions()) - DEPENDENCIES - {"typedpipes"}


def test_cli(install: Install, sandbox: Sandbox) -> None:
    env = install("cli")
    assert {"rich", "typer"} <= added(env)
    assert not {"openpyxl", "redis", "uvicorn"} & added(env)
    told = env.command("typedpipes", "call", "pipedrive.v2.deals.get", "1", settings=sandbox.environment()).stdout
    assert json.loads(told)["data"]["id"] == 1
    words = ("export", "automation-jobs", "--period", "last_month", "--output", "jobs.csv")
    assert env.command("typedpipes", *words, settings=sandbox.environment()).stdout.strip() == "jobs.csv"
    assert 'pip install ".[sandbox]"' in env.command("typedpipes", "sandbox", code=3).stderr


def test_codegen(install: Install) -> None:
    env = install("codegen")
    assert {"ariadne-codegen", "openapi-python-client", "ruff"} <= added(env)
    documents = env.work / "operations"
    documents.mkdir()
    (documents / "mine.graphql").write_text("query Mine { me { id name } }\n")
    find = "from importlib.resources import files; print(files('typedpipes_api') / 'pipefy' / 'schema.graphql')"
    schema = env.run("-c", find).stdout.strip()
    words = ("operations", "--schema", schema, "--operations", "operations", "--output", "mine")
    env.run("-m", "typedpipes_codegen", *words)
    env.run("-c", "from mine.client import Client; print(Client.mine.__doc__)")


def test_keyring(install: Install, sandbox: Sandbox) -> None:
    env = install("keyring")
    assert "keyring" in added(env)
    program = (
        "import keyring, keyring.backend\n"
        "class Kept(keyring.backend.KeyringBackend):\n"
        "    priority = 1\n"
        "    held = {}\n"
        "    def get_password(self, service, name): return self.held.get((service, name))\n"
        "    def set_password(self, service, name, value): self.held[service, name] = value\n"
        "    def delete_password(self, service, name): del self.held[service, name]\n"
        "keyring.set_keyring(Kept())\n"
        "from typedpipes.pipefy import Pipefy\n"
        "for turn in range(2):\n"
        "    with Pipefy.from_env(token_cache='keyring') as pipefy: pipefy.me()\n"
        "print(len(Kept.held))"
    )
    assert int(env.run("-c", program, settings=sandbox.environment()).stdout) >= 1
    assert sum(1 for arrival in sandbox.log if "token" in arrival.path) == 1


def test_redis(install: Install, sandbox: Sandbox, tmp_path: Path) -> None:
    env = install("redis")
    assert "redis" in added(env)
    program = (
        "from typedpipes.pipedrive import Pipedrive\n"
        "with Pipedrive.from_env() as crm:\n"
        "    crm.v1.users.me(); s = crm.limits.snapshot()\n"
        "print(s.store.partition(':')[0], max(row.used or 0 for row in s.limits))"
    )
    server = RedisServer(tmp_path)
    server.start()
    try:
        told = env.run(
            "-c", program, settings={**sandbox.environment(), "TYPEDPIPES_LIMITS": server.url}
        ).stdout.split()
    finally:
        server.kill()
    assert told[0] == "redis"
    assert int(told[1]) >= 1


def test_httpx2(install: Install, sandbox: Sandbox) -> None:
    env = install("httpx2")
    assert {"httpx2", "httpcore2"} <= added(env)
    program = (
        "from typedpipes.pipedrive import Pipedrive\n"
        "with Pipedrive.from_env() as crm: print(crm.v1.users.me().data.company_name)\n"
        "import sys; print('httpx' in sys.modules)"
    )
    settings = {**sandbox.environment(), "TYPEDPIPES_HTTP": "httpx2"}
    assert env.run("-c", program, settings=settings).stdout == "ACME\nFalse\n"


def test_sandbox(install: Install) -> None:
    env = install("sandbox")
    assert {"graphql-core", "uvicorn"} <= added(env)
    process = subprocess.Popen(
        [env.python, "-m", "typedpipes_sandbox", "--quiet", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=env.work,
        env=bare(env.folder),
    )
    assert process.stdout is not None
    try:
        settings = json.loads(process.stdout.readline())["environment"]
        program = "from typedpipes.pipefy import Pipefy\nwith Pipefy.from_env() as p: print(p.me().email)"
        assert "@" in env.run("-c", program, settings=settings).stdout
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        process.stdout.close()


def test_xlsx(install: Install) -> None:
    env = install("xlsx")
    assert added(env) == {"et-xmlfile", "openpyxl"}
    program = (
        "from typedpipes.pipefy import Pipefy\n"
        "with Pipefy.from_env() as pipefy:\n"
        "    job = pipefy.exports.automation_jobs(organization_id='123456789', period='last_month')\n"
        "    print(len(list(job.wait(timeout=60).rows())))"
    )
    made = SandboxSettings(exports=ExportSettings(pace="once", format="xlsx", rows=30))
    with Sandbox(made) as vendor:
        assert env.run("-c", program, settings=vendor.environment()).stdout.strip() == "30"


def test_otel(install: Install, sandbox: Sandbox) -> None:
    env = install("otel")
    assert "opentelemetry-api" in added(env)
    program = (
        "from typedpipes.pipedrive import Pipedrive\n"
        "from typedpipes.tracing import OpenTelemetryEvents\n"
        "with Pipedrive.from_env(on_event=OpenTelemetryEvents()) as crm: print(crm.v1.users.me().data.company_name)"
    )
    assert env.run("-c", program, settings=sandbox.environment()).stdout == "ACME\n"


def test_every_extra_has_a_test_of_its_own() -> None:
    assert [extra for extra in EXTRAS if f"test_{extra}" not in globals()] == []
