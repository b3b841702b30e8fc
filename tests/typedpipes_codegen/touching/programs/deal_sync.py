"""A program of a user: copies open deals. A comment names the change of the schema that reaches its line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes_api.pipedrive_v2 import Deal, DealCreateRequest

Row = tuple[int, str | None, str | None]


def row(deal: Deal) -> Row:
    reason = deal.lost_reason  # reached: lost_reason gone
    return deal.id, deal.title, reason


def open_deals(crm: Pipedrive) -> Iterator[Row]:
    for deal in crm.v2.deals.iter(status="open", sort_by="update_time"):  # reached: sort_by gone
        yield row(deal)


def won_deals(crm: Pipedrive) -> list[int]:
    answer = crm.v2.deals.list(status="won")  # reached: status won gone
    return [deal.id for deal in answer.data]


def chosen_deals(crm: Pipedrive, **chosen: Any) -> list[int]:
    return [deal.id for deal in crm.v2.deals.list(**chosen).data]  # reached: status won gone, sort_by gone


def follow(crm: Pipedrive, deal: int, user: int) -> None:
    crm.v2.deals.followers.add(deal, user_id=user)  # reached: followers withdrawn
    add = crm.v2.deals.followers.raw.add  # reached: followers withdrawn
    add(deal, user_id=user)


def create(crm: Pipedrive, title: str) -> int:
    created = crm.v2.deals.create(title=title, value=3)  # reached: visible_to required
    again = crm.v2.deals.create(body=DealCreateRequest(title=title, currency="EUR"))  # reached: visible_to required
    return max(created.data.id, again.data.id)


async def first(crm: AsyncPipedrive) -> str | None:
    deal = (await crm.v2.deals.get(1)).data
    return deal.lost_reason if deal.status == "lost" else None  # reached: lost_reason gone
