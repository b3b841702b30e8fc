"""An environment like a user's: the built wheel, mypy and basedpyright, and the programs in a folder of their own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.packaging.conftest import checkout, wheel
from tests.packaging.environments import Environment

PROGRAMS = Path(__file__).parent / "programs"
CHECKERS = ("mypy", "basedpyright")
"""At the versions of the lock."""
PYRIGHT = {
    "typeCheckingMode": "recommended",
    "reportAny": False,  # sqlite3 gives rows of Any
    "reportUnusedCallResult": False,  # a matter of the program's style
}


@pytest.fixture(scope="session")
def user(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The environment; its working directory holds the programs."""
    made = Environment.create(tmp_path_factory.mktemp("downstream") / "env", str(wheel), *CHECKERS)
    shutil.copytree(PROGRAMS, made.work, dirs_exist_ok=True)
    (made.work / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    return made


__all__ = ["PROGRAMS", "checkout", "user", "wheel"]
