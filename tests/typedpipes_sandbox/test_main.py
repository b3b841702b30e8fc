"""The command: what it prints and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from typedpipes_sandbox.__main__ import main


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
        token = process.stdout.readline().rstrip().rpartition(" ")[2]
        steer = {"authorization": f"Bearer {token}"}
        clock = f"{settings['PIPEDRIVE_BASE_URL']}/__sandbox__/clock"
        assert httpx.post(clock, headers=steer, json={"advance": 5}, timeout=30).status_code == 200
        assert "GET    /api/v2/deals  v2.deals.list" in process.stderr.readline()
        process.terminate()


def test_the_command_line_refuses_rows_below_zero(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--export-rows", "-5"])
    assert caught.value.code == 2
    assert "rows must be at least 0, not -5" in capsys.readouterr().err


def test_a_folder_without_any_document_is_refused_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--schemas", str(tmp_path)])
    assert stop.value.code == 2
    assert f"{tmp_path} holds none of connect/openapi.json" in capsys.readouterr().err
