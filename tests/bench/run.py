"""Run the benchmarks: all, or the ones named. Each is a script `bench_NAME.py` beside this file.

A benchmark runs ours, its peers and the limit interleaved in one run, prints a table, and one JSON line per figure
(`name, ours, peer, limit, ratio, n`).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run what was asked for; the exit code is the number of benchmarks that failed."""
    scripts = {path.stem.removeprefix("bench_"): path for path in sorted(Path(__file__).parent.glob("bench_*.py"))}
    if arguments == ["--list"]:
        print("\n".join(scripts))
        return 0
    unknown = [name for name in arguments if name not in scripts]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(scripts)}", file=sys.stderr)
        return 2
    failed = 0
    for name in arguments or scripts:
        print(f"== {name}", flush=True)
        failed += subprocess.run([sys.executable, str(scripts[name])], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
