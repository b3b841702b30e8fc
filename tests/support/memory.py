"""The most memory that this process has taken."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def peak() -> float:
    """In MiB. On Linux not ``ru_maxrss``, which counts the process that this one was forked from, too."""
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1024)
