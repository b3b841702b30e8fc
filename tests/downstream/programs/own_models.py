"""A model of the program's own that extends a generated one."""

from __future__ import annotations

from typing import ClassVar, assert_type

import attrs

from typedpipes import evolve, from_wire, to_wire
from typedpipes.pipedrive import Pipedrive
from typedpipes_api.pipedrive_v2 import Deal


class ScoredDeal(Deal):
    """A deal with what the program thinks of it."""

    best: ClassVar[int] = 10
    score: int = 0
    reasons: list[str] = []  # noqa: RUF012 - a model makes it anew for each object


def main() -> None:
    with Pipedrive.from_env() as crm:
        deal = crm.v2.deals.get(1).data
    scored = from_wire(ScoredDeal, to_wire(deal))
    assert_type(scored.title, str | None)
    better = evolve(scored, score=ScoredDeal.best, reasons=["large"])
    assert_type(better, ScoredDeal)
    assert_type(better.reasons, list[str])
    print(scored.score, better.score, better.title == deal.title, ScoredDeal(id=1).reasons)
    print([field.name for field in attrs.fields(ScoredDeal)][-2:], attrs.asdict(better)["score"])


if __name__ == "__main__":
    main()
