"""The drivers: effects are performed alike, errors go into the flow, holds are released whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable

import anyio
import pytest

from typedpipes._core.flow import AsyncIO, Call, Flow, Hold, Send, SyncIO, T, adrive, call, drive, hold, sleep

Runner = Callable[[Flow[T], list[float]], T]


def _sync(flow: Flow[T], sleeps: list[float]) -> T:
    return drive(flow, SyncIO(sleep=sleeps.append))


def _async(backend: str) -> Runner[object]:
    def run(flow: Flow[object], sleeps: list[float]) -> object:
        async def asleep(seconds: float) -> None:
            sleeps.append(seconds)

        async def main() -> object:
            return await adrive(flow, AsyncIO(sleep=asleep))

        return anyio.run(main, backend=backend)

    return run


@pytest.fixture(params=["sync", "asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Runner[object]:
    return _sync if request.param == "sync" else _async(request.param)


def test_effects_have_results(run: Runner[object]) -> None:
    async def twin() -> str:
        return "called"

    def flow() -> Flow[object]:
        yield from sleep(1.5)
        first = yield from call(lambda: "called", twin)
        second = yield from call(lambda: 2, blocking=True)
        return first, second

    sleeps: list[float] = []
    assert run(flow(), sleeps) == ("called", 2)
    assert sleeps == [1.5]


def test_an_error_of_an_effect_is_thrown_into_the_flow(run: Runner[object]) -> None:
    def broken() -> None:
        raise OSError("disk")

    def flow() -> Flow[object]:
        try:
            yield from call(broken, blocking=True)
        except OSError as error:
            yield from sleep(1)
            return f"caught {error}"
        return "not caught"

    assert run(flow(), []) == "caught disk"


def test_a_stop_iteration_of_an_effect_is_no_result(run: Runner[object]) -> None:
    def broken() -> None:
        raise StopIteration(1)

    def flow() -> Flow[object]:
        yield from call(broken)
        return "unreachable"

    with pytest.raises(RuntimeError):
        run(flow(), [])


@pytest.mark.parametrize("fails", [False, True])
def test_holds_are_released_in_reverse_after_the_flow(run: Runner[object], fails: bool) -> None:
    order: list[str] = []

    async def twin() -> None:
        order.append("third")

    def flow() -> Flow[object]:
        yield from hold(Call(lambda: order.append("first")))
        yield Hold(Call(lambda: order.append("second"), blocking=True))
        yield Hold(Call(lambda: order.append("third"), twin))
        order.append("end")
        if fails:
            raise ValueError("flow")
        return 1

    if fails:
        with pytest.raises(ValueError, match="flow"):
            run(flow(), [])
    else:
        assert run(flow(), []) == 1
    assert order == ["end", "third", "second", "first"]


def test_a_release_that_fails_hides_nothing(run: Runner[object], caplog: pytest.LogCaptureFixture) -> None:
    released: list[int] = []

    def broken() -> None:
        raise OSError("store is gone")

    def flow() -> Flow[object]:
        yield Hold(Call(lambda: released.append(1)))
        yield Hold(Call(broken))
        yield Hold(Call(broken, blocking=True))
        return "result"

    with caplog.at_level(logging.WARNING, "typedpipes"):
        assert run(flow(), []) == "result"
    assert released == [1]
    assert caplog.text.count("could not release") == 2


def test_releases_run_when_a_task_is_cancelled() -> None:
    released: list[str] = []

    async def slow() -> None:
        await anyio.sleep(0.01)
        released.append("done")

    def flow() -> Flow[None]:
        yield Hold(Call(lambda: None, slow))
        yield from sleep(60)

    async def main() -> None:
        with anyio.move_on_after(0.01):
            await adrive(flow(), AsyncIO())

    for backend in ("asyncio", "trio"):
        anyio.run(main, backend=backend)
    assert released == ["done", "done"]


def test_a_flow_without_a_wire_says_so() -> None:
    def flow() -> Flow[None]:
        yield Send("a request")

    with pytest.raises(RuntimeError, match="no wire"):
        drive(flow(), SyncIO())
    with pytest.raises(RuntimeError, match="no wire"):
        anyio.run(adrive, flow(), AsyncIO())
