"""Size of the wheel, schemas included."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

from tests.bench.figures import Figure, report
from tests.bench.folder import ROOT, run

GOAL = 2.5


def main() -> int:
    """Build it and weigh it; the exit code tells whether the goal was missed."""
    with tempfile.TemporaryDirectory() as name:
        run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", name, str(ROOT)], Path(name))
        [wheel] = Path(name).glob("*.whl")
        size = wheel.stat().st_size / 1e6
        with zipfile.ZipFile(wheel) as archive:
            files = archive.namelist()
            unpacked = sum(info.file_size for info in archive.infolist()) / 1e6
    assert any("_schemas/" in file for file in files), "the schemas are not in the wheel"
    return report(
        [
            Figure(
                name="wheel.size",
                what="the wheel, schemas included",
                unit="MB",
                ours=size,
                ratio=size,
                against="ours",
                goal=GOAL,
                n=1,
                remark=f"{len(files)} files, {unpacked:.1f} MB unpacked",
            )
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
