"""One scenario, sync and async: a client whose results are waited for the same way."""

from __future__ import annotations

import asyncio
import inspect
from types import TracebackType
from typing import Any, Self

from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_sandbox import Sandbox


class Either:
    """``either(client.method(...))`` is the result; ``either.listed(pages)`` all items of a walk."""

    def __init__(self, name: str, sandbox: Sandbox, **options: Any) -> None:
        self.sandbox = sandbox
        self._runner = asyncio.Runner()
        self.asynchronous = name == "async"
        # The memory of limits is one per process and account: without this, tests would wait for each other's windows.
        options = {"env": sandbox.environment(), "limits": "off", **options}
        self.client: Any = AsyncPipefy(**options) if self.asynchronous else Pipefy(**options)

    def __call__(self, value: Any) -> Any:
        return self._runner.run(_awaited(value)) if inspect.isawaitable(value) else value

    def listed(self, pages: Any) -> list[Any]:
        return self._runner.run(_gathered(pages)) if hasattr(pages, "__aiter__") else list(pages)

    def pipe(self) -> str:
        """The id of a pipe with cards."""
        organization = self(self.client.organizations())[0]
        return str(self(self.client.organization_pipes(id=organization.id)).pipes[0].id)

    def table(self) -> str:
        """The id of a table."""
        organization = self(self.client.organizations())[0]
        return str(self.listed(self.client.iter_organization_tables(id=organization.id))[0].id)

    def sent(self, operation: str) -> int:
        """How many requests of an operation arrived."""
        return sum(arrival.operation == operation for arrival in self.sandbox.log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self(self.client.aclose() if self.asynchronous else self.client.close())
        self._runner.close()


async def _awaited(value: Any) -> Any:
    return await value


async def _gathered(pages: Any) -> list[Any]:
    return [item async for item in pages]
