"""``python -m tests.docs.run_page PAGE``: run the blocks of one page in the present folder, as its reader would.

Ends with 1 and the block's place on the first failure. Nothing but loopback can be reached.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.docs.blocks import PYTHON, SHELL, Block, blocks_of

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def only_loopback(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook that refuses connections to anywhere else."""
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise OSError(f"the documentation may not connect to {address[0]}")


def is_run(block: Block) -> bool:
    """Whether the block is run here."""
    return block.reason is None and all(is_installed(name) for name in block.needs)


def is_installed(module: str) -> bool:
    """Whether the module can be imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # its parent is missing
        return False


def run(page: Path) -> int:
    """Run the page; the exit code."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    sys.path.insert(0, str(Path.cwd()))
    for block in blocks_of(page):
        if block.file is not None:
            Path(block.file).write_text(block.code, encoding="utf-8")
        elif not is_run(block):
            continue
        elif block.language in PYTHON:
            try:
                exec(compile("\n" * (block.line - 1) + block.code, str(page), "exec"), namespace)
            except BaseException:
                traceback.print_exc()
                sys.stderr.write(f"\n{block.where} failed\n")
                return 1
        elif block.language in SHELL:
            sys.stdout.flush()
            done = subprocess.run(["sh", "-eu", "-c", block.code], check=False)
            if done.returncode:
                sys.stderr.write(f"\n{block.where} ended with {done.returncode}\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.addaudithook(only_loopback)
    sys.exit(run(Path(sys.argv[1])))
