"""mypy as users run it, strict; what it knows of our packages and of what they import is read once a test process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CONFIG: Final = """[mypy]
strict = true
warn_unreachable = true
enable_error_code = deprecated, ignore-without-code, redundant-expr, truthy-bool
[mypy-typedpipes.*,typedpipes_api.*]
follow_imports = silent
"""


def mypy(*words: str | Path, cwd: Path, path: Iterable[Path] = ()) -> subprocess.CompletedProcess[str]:
    """Check files, or packages after ``-p``, from the folder ``cwd``; ``path``: where more packages are found."""
    own = Path(os.environ["XDG_CACHE_HOME"]) / "mypy-of-tests"
    own.mkdir(parents=True, exist_ok=True)
    config = own / "mypy.ini"
    config.write_text(CONFIG, encoding="utf-8")
    options = ["--config-file", config, "--cache-dir", own / "cache", "--no-error-summary"]
    places = os.pathsep.join(str(one) for one in (*path, ROOT / "overrides", ROOT / "generated"))
    return subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, options), *map(str, words)],
        cwd=cwd,
        env={**os.environ, "MYPYPATH": places},
        capture_output=True,
        text=True,
        check=False,
    )
