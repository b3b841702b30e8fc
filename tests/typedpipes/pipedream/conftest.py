"""A sandbox per module, and sync and async clients behind one synchronous face."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

import anyio
import pytest

from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes_sandbox import Sandbox


class Run(Protocol):
    """Runs one expression on a client of the mode under test: ``run(lambda pd: pd.workflows.invoke(...))``."""

    def __call__(self, act: Callable[[Any], Any], **settings: Any) -> Any: ...


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox
        assert sandbox.errors == []


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    shared.log.clear()
    shared.faults.clear()
    return shared


@pytest.fixture(params=["sync", "asyncio", "trio"])
def run(request: pytest.FixtureRequest, sandbox: Sandbox) -> Run:
    def synchronous(act: Callable[[Any], Any], **settings: Any) -> Any:
        with Pipedream(**{"env": sandbox.environment(), **settings}) as pd:
            return act(pd)

    def asynchronous(act: Callable[[Any], Awaitable[Any]], **settings: Any) -> Any:
        async def main() -> Any:
            async with AsyncPipedream(**{"env": sandbox.environment(), **settings}) as pd:
                return await act(pd)

        return anyio.run(main, backend=request.param)

    return synchronous if request.param == "sync" else asynchronous
