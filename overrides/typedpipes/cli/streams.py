"""Output to stdout, a named pipe or a shell's process substitution: written to, never replaced."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

STDOUT: Final = frozenset({"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
_SHELL: Final = ("/dev/fd/", "/proc/self/fd/", "/dev/stderr")
"""Where the system itself keeps links to open pipes; links of anybody else are not followed."""


@contextmanager
def output_stream(output: Path) -> Iterator[BinaryIO | None]:
    """The stream that ``output`` names, None if it is to be a file. A named pipe waits here for its reader."""
    if str(output) in STDOUT:
        stream: BinaryIO = os.fdopen(os.dup(1), "wb")
    elif _is_pipe(output):
        stream = output.open("wb")
    else:
        yield None
        return
    try:
        yield stream
    finally:
        with suppress(OSError):  # the error of a reader who left was raised by the write
            stream.close()


def _is_pipe(output: Path) -> bool:
    try:
        there = output.stat() if str(output).startswith(_SHELL) else output.lstat()
    except OSError:
        return False
    return stat.S_ISFIFO(there.st_mode)


__all__ = ["STDOUT", "output_stream"]
