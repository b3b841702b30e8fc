"""A clock that is set by hand, for every kind of store: Redis is told the time before each operation."""

from __future__ import annotations

from tests.typedpipes.limits.redis_server import RedisServer
from typedpipes.limits.ask import Bound
from typedpipes.limits.stores.redis import SCRIPT, RedisStore

DAY = 86_400_000_000
START = 20_000 * DAY + DAY // 2


class Turned:
    """A clock that is set by hand; both readings in microseconds, kept exact."""

    def __init__(self) -> None:
        self.now = START

    def monotonic(self) -> float:
        return self.now / 1_000_000

    def wall(self) -> float:
        return self.now / 1_000_000


class ToldRedis(RedisStore):
    """A Redis store whose server takes its time from ``clock``."""

    def __init__(self, server: RedisServer, clock: Turned) -> None:
        script = SCRIPT.read_text("utf-8")
        assert script.count("call('TIME')") == 1
        told = script.replace("call('TIME')", "{redis.call('GET', 'test:seconds'), redis.call('GET', 'test:micros')}")
        super().__init__(server.url, clock=clock, script=told)
        self._turned = clock
        self._teller = server.client()

    def _prepare(self, bound: Bound, operation: dict[str, object]) -> tuple[list[str], bytes]:
        seconds, micros = divmod(self._turned.now, 1_000_000)
        self._teller.mset({"test:seconds": seconds, "test:micros": micros})
        return super()._prepare(bound, operation)

    def close(self) -> None:
        self._teller.close()
        super().close()
