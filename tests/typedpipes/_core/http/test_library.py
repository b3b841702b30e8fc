"""What type checkers read of the HTTP library is what is there."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
LESS = re.compile(r"stub does not have parameter")
"""The stub may declare less than there is: what we do not use."""


@pytest.mark.mypy
def test_the_stub_declares_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mypy.stubtest import parse_options, test_stubs

    monkeypatch.chdir(tmp_path)
    config = tmp_path / "mypy.ini"
    config.write_text(
        f"[mypy]\nmypy_path = {ROOT / 'overrides'}:{ROOT / 'generated'}\n"
        "explicit_package_bases = true\nnamespace_packages = true\n"
    )
    words = ["typedpipes._core.http.library", "--ignore-missing-stub", "--concise", "--mypy-config-file", str(config)]
    with redirect_stdout(io.StringIO()) as said:
        test_stubs(parse_options(words))
    lines = said.getvalue().splitlines()
    assert any(LESS.search(line) for line in lines), "it ran"
    assert [line for line in lines if not LESS.search(line)] == []
