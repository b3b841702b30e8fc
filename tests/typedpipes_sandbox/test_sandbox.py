"""The sandbox as a whole: independence, command line, transport, masking, schema tools."""

from __future__ import annotations

import ast
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import typedpipes_sandbox
from typedpipes_sandbox import Limits, Sandbox
from typedpipes_sandbox.schema.synthesis import Synthesizer
from typedpipes_sandbox.schema.validation import SchemaCompiler
from typedpipes_sandbox.wire.messages import encode_json

PACKAGE = Path(typedpipes_sandbox.__file__).parent


def test_it_imports_nothing_of_the_client_and_nothing_undeclared() -> None:
    declared = {"graphql", "httpx", "msgspec", "uvicorn", "yaml"}
    for path in PACKAGE.rglob("*.py"):
        wanted = {"pytest"} if path.name == "pytest_plugin.py" else set()
        imported: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
        assert imported <= {"typedpipes_sandbox", *declared, *wanted, *sys.stdlib_module_names}, path


def test_json_that_the_fast_encoder_refuses_is_json_all_the_same() -> None:
    for payload in ({"id": 2**70}, {"name": "\ud800"}, {"name": "ação", "value": 1.5}):
        assert json.loads(encode_json(payload)) == payload


def test_the_command_prints_settings_that_work_and_logs_requests() -> None:
    command = [sys.executable, "-m", "typedpipes_sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline() for _ in range(7)]
        line = lines[-1]
        assert line.startswith("export PIPEFY_BASE_URL=http://127.0.0.1:")
        settings = dict(item.split("=", 1) for item in line.removeprefix("export ").split())
        headers = {"x-api-token": settings["PIPEDRIVE_API_TOKEN"]}
        url = f"{settings['PIPEDRIVE_BASE_URL']}/api/v2/deals"
        assert httpx.get(url, headers=headers, timeout=30).status_code == 200
        assert "GET    /api/v2/deals  v2.deals.list" in process.stderr.readline()
        process.terminate()


def test_without_sockets_the_vendors_own_addresses_answer(sandbox_offline: Sandbox) -> None:
    with httpx.Client(transport=sandbox_offline.transport()) as client:
        headers = {"x-api-token": sandbox_offline.pipedrive.api_token}
        assert client.get("https://acme.pipedrive.com/api/v2/deals?limit=1", headers=headers).status_code == 200
        sandbox_offline.faults.add(reset=True, count=1)
        with pytest.raises(httpx.ReadError):
            client.get("https://acme.pipedrive.com/api/v2/deals", headers=headers)
        with pytest.raises(httpx.ConnectError):
            client.get("https://example.com/")

    async def call() -> int:
        async with httpx.AsyncClient(transport=sandbox_offline.transport()) as client:
            body = {"query": "{ me { id } }"}
            bearer = {"Authorization": f"Bearer {sandbox_offline.pipefy.personal_token}"}
            return (await client.post("https://api.pipefy.com/graphql", json=body, headers=bearer)).status_code

    assert asyncio.run(call()) == 200


def test_no_credential_is_readable_in_the_log(sandbox_env: Sandbox, http: httpx.Client) -> None:
    sb, values = sandbox_env, sandbox_env.environment()
    http.get(f"{sb.pipedrive_url}/api/v2/deals", params={"api_token": values["PIPEDRIVE_API_TOKEN"]})
    http.get(f"{sb.pipedrive_url}/api/v2/deals", headers={"x-api-token": values["PIPEDRIVE_API_TOKEN"]})
    http.get(f"{sb.pipedream_url}/v1/users/me", headers={"Authorization": f"Bearer {values['PIPEDREAM_API_KEY']}"})
    http.post(f"{sb.pipedrive_oauth_url}/oauth/token", auth=("id", sb.pipedrive.client_secret))
    text = str([entry.as_dict() for entry in sb.log])
    assert len(sb.log) == 4
    for secret in (values["PIPEDRIVE_API_TOKEN"], values["PIPEDREAM_API_KEY"], sb.pipedrive.client_secret):
        assert secret not in text


def test_the_log_can_be_bounded_and_still_counts() -> None:
    sb = Sandbox(log_limit=10, limits=Limits.off())
    with httpx.Client(transport=sb.transport()) as client:
        for _ in range(25):
            client.get(
                "https://acme.pipedrive.com/api/v2/deals?limit=1", headers={"x-api-token": sb.pipedrive.api_token}
            )
    assert (len(sb.log), sb.log.total, sb.log.counts["pipedrive:200"]) == (10, 25, 25)


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(TypeError, match="unknown sandbox setting colour"):
        Sandbox(colour="red")


def test_the_clock_moves_forward_only() -> None:
    sb = Sandbox()
    before = sb.clock.now()
    assert sb.clock.advance(100) >= before + 100
    with pytest.raises(ValueError, match="cannot go back"):
        sb.clock.advance(-1)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": ["string", "null"]}, None, 3),
        ({"type": "integer", "minimum": 1, "maximum": 3}, 3, 4),
        ({"enum": ["a", "b"]}, "a", "c"),
        ({"const": "x"}, "x", "y"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}, {"a": ""}, {"a": 1}),
        ({"type": "object", "additionalProperties": False}, {}, {"a": 1}),
        ({"type": "array", "items": {"type": "number"}, "maxItems": 1}, [1.5], [1, 2]),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, None, 1),
        ({"allOf": [{"type": "string"}, {"maxLength": 2}]}, "ab", "abc"),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z", "2026-01-01"),
        ({"type": "string", "pattern": "^proj_"}, "proj_1", "x"),
    ],
)
def test_validators_accept_and_refuse(schema: dict[str, Any], good: Any, bad: Any) -> None:
    check = SchemaCompiler({}).compile(schema)
    assert check(good) is None
    assert check(bad) is not None


SCALARS = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "maxLength": 3},
        {"type": "string", "format": "date"},
        {"type": "string", "format": "uuid"},
        {"type": "integer", "minimum": -5, "maximum": -2},
        {"type": ["number", "null"]},
        {"type": "boolean"},
        {"enum": ["a", 2, None]},
    ]
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 3)),
        st.builds(
            lambda properties: {"type": "object", "properties": properties, "required": list(properties)[:1]},
            st.dictionaries(st.sampled_from(["id", "name", "email", "due_date", "items"]), inner, max_size=3),
        ),
        st.builds(lambda item: {"oneOf": [item, {"type": "null"}]}, inner.filter(lambda each: "enum" not in each)),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(schema=SCHEMAS, seed=st.integers(0, 1000))
def test_synthesised_values_fit_their_schema(schema: dict[str, Any], seed: int) -> None:
    compiler = SchemaCompiler({})
    value = Synthesizer(compiler, seed).value(schema, "key")
    if isinstance(schema.get("oneOf"), list) and value is None:
        return
    assert compiler.compile(schema)(value) is None


def test_a_fault_of_a_misspelt_api_is_refused_because_it_would_never_strike() -> None:
    sb = Sandbox()
    with pytest.raises(ValueError, match="did you mean 'pipedrive'"):
        sb.faults.add(api="pipdrive", status=500)
    with pytest.raises(ValueError, match="no api 'pipdrive'"):
        sb.log.count("pipdrive")
    sb.faults.add(api="pipedrive", status=500)
    assert sb.log.count("pipedrive") == 0


@pytest.mark.parametrize(
    "wrong", [{"exports": {"rows": -5}}, {"latency": -1.0}, {"pipefy_cards": -1}, {"link_life": -0.5}]
)
def test_a_number_below_zero_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be at least 0"):
        Sandbox(**wrong)
    with pytest.raises(ValueError, match="pipefy_requests must be at least 0, not -1"):
        Limits(pipefy_requests=-1)
    with pytest.raises(ValueError, match="count must be at least 0"):
        Sandbox().faults.add(status=500, count=-1)


def test_the_command_line_refuses_rows_below_zero(capsys: pytest.CaptureFixture[str]) -> None:
    from typedpipes_sandbox.__main__ import main

    with pytest.raises(SystemExit) as caught:
        main(["--export-rows", "-5"])
    assert caught.value.code == 2
    assert "rows must be at least 0, not -5" in capsys.readouterr().err
