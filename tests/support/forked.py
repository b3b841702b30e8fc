"""Commands of ours as processes that start in milliseconds: forked from one that has imported everything.

Each has its own arguments, environment, folder, output and end, as with :func:`subprocess.run`. It does not show what
Python reads at its start (``PYTHON…`` variables, ``-X``, ``-W``), nor what importing does: a test of those starts a
process as people do.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

IMPORTED = (
    "griffe",
    "mypy.build",
    "rich.progress",
    "rich.table",
    "typedpipes.cli.app",
    "typedpipes.pipedream",
    "typedpipes.pipedrive",
    "typedpipes.pipefy",
    "typedpipes_codegen.commands",
    "typedpipes_codegen.diff.release",
    "typedpipes_codegen.diff.verdict",
    "typedpipes_codegen.generate_command",
    "typedpipes_codegen.openapi",
    "typedpipes_codegen.operations_command",
    "typedpipes_codegen.own",
    "typedpipes_codegen.refresh.consistency",
    "typedpipes_codegen.touching",
    "typer.rich_utils",
)
"""What commands import, or imports what they do."""
LONGEST = 120
"""Seconds after which a command that does not end is a failure."""


def run(
    module: str, *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """``python -m MODULE WORDS`` to its end, with nothing to read. ``env`` is the whole environment, if given."""
    command = [module, *map(str, words)]
    asked = {"command": command, "cwd": str(cwd or Path.cwd()), "env": dict(os.environ if env is None else env)}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(LONGEST)
        wire.connect(_address())
        socket.send_fds(wire, [b"."], [out.fileno(), err.fileno()])
        wire.sendall(json.dumps(asked).encode())
        wire.shutdown(socket.SHUT_WR)
        code = wire.recv(16)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, int(code), out.read().decode(), err.read().decode())


@functools.cache
def _address() -> str:
    """Where the process listens that the others are forked from. It ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="typedpipes-forked-")
    address = os.path.join(folder.name, "socket")  # noqa: PTH118  # a name, not a file
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    server = subprocess.Popen(
        [sys.executable, "-m", __name__, address],
        cwd=Path(__file__).parents[2],
        env={**plain, "PYTHONUTF8": "1", "PYTHONWARNINGS": "error::ResourceWarning"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )

    def end() -> None:
        server.kill()
        server.communicate()
        folder.cleanup()

    atexit.register(end)
    assert server.stdout is not None
    assert server.stdout.read(1) == b"+"
    return address


def _serve(address: str) -> None:
    """Fork for each connection until the input ends."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        os.write(1, b"+")
        while True:
            ready, _, _ = select.select([listening.fileno(), 0], [], [])
            if 0 in ready:
                return
            connection, _ = listening.accept()
            with connection:
                if not os.fork():
                    _attend(connection)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _attend(connection: socket.socket) -> NoReturn:
    """Another fork runs the command; this one tells how it ended."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 2)
    asked = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))
    child = os.fork()
    if not child:
        _command(streams, **asked)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(str(code).encode())
    os._exit(0)


def _command(streams: list[int], command: list[str], cwd: str, env: dict[str, str]) -> NoReturn:
    """Become the command, and end as Python does, without taking every module apart."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in zip((nothing, *streams), (0, 1, 2), strict=True):
        os.dup2(source, target)
        os.close(source)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    module, *sys.argv[1:] = command
    sys.path[0] = cwd
    code = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    gc.collect()  # tells of what was not closed
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
