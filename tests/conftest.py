"""What all tests share: hypothesis without wall-clock verdicts, and an environment that is not the user's."""

from __future__ import annotations

import importlib
import os
import signal
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("typedpipes", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("typedpipes")

_VENDORS = ("PIPEFY_", "PIPEDREAM_", "PIPEDRIVE_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_OWN = ("TYPEDPIPES_CONFIG", "TYPEDPIPES_LIMITS", "TYPEDPIPES_PROFILE", "TYPEDPIPES_STATE")


if os.environ.get("TYPEDPIPES_HTTP") == "httpx2":
    # The tests say httpx; what they hand in and look at is of the library that is tested.
    importlib.import_module("httpx2").alias_httpx()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What comes first is not given to another worker, which would read again what one has read."""
    items.sort(key=lambda item: item.get_closest_marker("mypy") is None)


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests, and the processes they start, folders and signals of their own."""
    folder = tempfile.TemporaryDirectory(prefix="typedpipes-home-", ignore_cleanup_errors=True)
    config.add_cleanup(folder.cleanup)
    for name in list(os.environ):
        if name.startswith(_VENDORS) or name.upper() in (*_PROXIES, *_OWN):
            del os.environ[name]
    os.environ["HOME"] = folder.name
    for kind in ("STATE", "CONFIG", "CACHE", "DATA"):
        os.environ[f"XDG_{kind}_HOME"] = str(Path(folder.name) / kind.lower())
    # Set, it makes each process that a test starts compile all modules anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Run by nohup or in the background of a shell, pytest would hand its deafness to Ctrl-C to what tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
