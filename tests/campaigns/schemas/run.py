"""A folder of schemas, each generated beside the stock generator in one run: `nox -s schemas -- FOLDER` prints a table.

Without a folder, the documents of `corpus`, which are ours. A document that fails, an operation that is dropped, and a
package that is not clean under ``mypy --strict`` or cannot be imported or called make the run fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

CORPUS: Final = Path(__file__).with_name("corpus")
SUFFIXES: Final = (".json", ".yaml", ".yml", ".graphql")
LONGEST: Final = 600
"""Seconds for one document."""
HEAD: Final = (
    "document",
    "operations",
    "dropped",
    "files",
    "s",
    "MB",
    "strict",
    "import",
    "call",
    "stock: dropped",
    "files",
    "s",
)


def ours(file: Path, folder: Path) -> dict[str, Any]:
    """The figures of our generator."""
    command = [sys.executable, "-m", "tests.campaigns.schemas.one", str(file), str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return {"name": file.name, "failed": f"longer than {LONGEST} s"}
    if done.returncode:
        return {"name": file.name, "failed": (done.stderr.strip().splitlines() or ["?"])[-1][:300]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def stock(file: Path, folder: Path) -> dict[str, Any]:
    """The figures of openapi-python-client; nothing for an SDL, which its peer takes only with documents."""
    if file.suffix == ".graphql":
        return {}
    output = folder / f"stock_{file.stem}"
    words = ["generate", "--path", str(file), "--output-path", str(output), "--meta", "none", "--overwrite"]
    started = time.perf_counter()
    try:
        subprocess.run(
            [sys.executable, "-m", "openapi_python_client", *words], capture_output=True, check=False, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        return {"operations": 0, "files": 0, "seconds": LONGEST}
    made = [path for path in (output / "api").rglob("*.py") if path.name != "__init__.py"]
    files = sum(1 for _ in output.rglob("*.py"))
    return {"operations": len(made), "files": files, "seconds": round(time.perf_counter() - started, 1)}


def strict(folder: Path, packages: list[str]) -> dict[str, int]:
    """Errors of ``mypy --strict`` by package: one run for all of them."""
    if not packages:
        return {}
    options = ["--strict", "--no-error-summary", "--cache-dir", str(folder / ".mypy")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *packages], cwd=folder, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if ": error:" in line]
    if done.returncode > 1 or (done.returncode and not lines):
        raise SystemExit(f"mypy failed: {(done.stdout + done.stderr)[:500]}")
    return {name: sum(line.startswith((f"{name}/", f"{name}\\")) for line in lines) for name in packages}


def row(found: dict[str, Any], beside: dict[str, Any], errors: dict[str, int]) -> tuple[list[str], bool]:
    """One line of the table, and whether all of it is good."""
    peer = ["-", "-", "-"]
    declared = found.get("declared", 0)
    if beside:
        peer = [str(declared - beside["operations"]), str(beside["files"]), str(beside["seconds"])]
    if "failed" in found:
        return [found["name"], f"FAILED: {found['failed']}", *[""] * 7, *peer], False
    dropped = max(0, declared - found["operations"])
    wrong = errors.get(found["package"], 0)
    cells = [found["name"], found["operations"], dropped, found["files"], found["seconds"], found["megabytes"]]
    cells += ["clean" if not wrong else f"{wrong} errors", found["import"], found["call"]]
    good = not dropped and not wrong and found["import"] == "ok" and found["call"] in ("ok", "no plain operation")
    return [*map(str, cells), *peer], good


def main(words: list[str]) -> int:
    """Print the table; 1 if a line of it is not good."""
    source = Path(words[0]).resolve() if words else CORPUS
    files = sorted(path for path in source.iterdir() if path.suffix in SUFFIXES)
    if not files:
        raise SystemExit(f"no schema in {source}: {', '.join(SUFFIXES)} are read")
    with tempfile.TemporaryDirectory(prefix="typedpipes-schemas-") as place:
        folder = Path(place)
        measured = [(ours(file, folder), stock(file, folder)) for file in files]
        errors = strict(folder, [found["package"] for found, _ in measured if "failed" not in found])
    rows = [row(found, beside, errors) for found, beside in measured]
    table = [list(HEAD), *[cells for cells, _ in rows]]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for found, _ in measured:
        for note in found.get("notes", []):
            print(f"{found['name']}: {note}")
    return 0 if all(good for _, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
