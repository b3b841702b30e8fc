"""A limiter that grants everything at once and keeps the books of what happened to its leases."""

from __future__ import annotations

from collections.abc import Mapping

from tests.typedpipes._core.fake_time import FakeTime
from typedpipes._core.flow import Call, Flow, Hold, Sleep
from typedpipes.limits.policy import Claim


class BookLease:
    def __init__(self, limiter: BookLimiter, claim: Claim) -> None:
        self.limiter = limiter
        self.claim = claim
        self.statuses: list[int] = []
        self.not_sent = False
        self.given_up = False
        self.released = 0
        self.ended = 0
        self.sent = True

    def settle(self, status: int, headers: Mapping[str, str]) -> Flow[None]:
        assert all(name == name.lower() for name in headers)
        self.statuses.append(status)
        yield Sleep(0)

    def unsent(self) -> Flow[None]:
        self.not_sent = True
        yield Sleep(0)

    def abandoned(self) -> Flow[None]:
        self.given_up = True
        yield Sleep(0)

    def outlived(self) -> bool:
        return self.limiter.outlived.pop(0) if self.limiter.outlived else False

    def end_of_flow(self) -> None:
        self.ended += 1

    def release(self) -> None:
        self.released += 1


class BookLimiter:
    """Registers the release before anything else, as the protocol asks."""

    def __init__(self, time: FakeTime | None = None) -> None:
        self.time = time
        self.leases: list[BookLease] = []
        self.outlived: list[bool] = []
        """What the next leases say of themselves before they are sent."""

    def acquire(self, claim: Claim, *, until: float | None, max_wait: float | None) -> Flow[BookLease]:
        lease = BookLease(self, claim)
        yield Hold(Call(lease.release))
        self.leases.append(lease)
        yield Sleep(0)
        return lease

    def all_released(self) -> bool:
        return all(lease.released == 1 for lease in self.leases)
