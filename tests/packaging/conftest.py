"""One wheel for all tests of a run, and a sandbox that runs in this process, outside of what is tested."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.packaging.environments import Environment, build, sources, with_extra
from typedpipes_sandbox import ExportSettings, Sandbox, SandboxSettings


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of this checkout in a folder of their own."""
    return sources(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the files."""
    return build("wheel", checkout, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist."""
    return build("sdist", checkout, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="session")
def install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Environment]:
    """Gives the environment with the wheel and one extra; ``core`` is the one without. Each is made once."""
    folder = tmp_path_factory.mktemp("environments")
    return functools.cache(lambda extra: with_extra(wheel, extra, folder))


@pytest.fixture(scope="session")
def core(install: Callable[[str], Environment]) -> Environment:
    """An environment with the wheel and no extra."""
    return install("core")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose exports are ready at the first look."""
    with Sandbox(SandboxSettings(exports=ExportSettings(pace="once"))) as opened:
        yield opened
