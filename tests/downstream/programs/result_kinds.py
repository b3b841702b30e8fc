"""What each kind of call gives, as type checkers see it and as it is."""

from __future__ import annotations

import asyncio
import warnings
from typing import assert_type

from typedpipes import UNSET, from_wire, to_wire
from typedpipes._core.decoding.model import JSON
from typedpipes._core.paging import AsyncPages, Pages
from typedpipes._core.rest import ApiResponse
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes_api.connect import Account
from typedpipes_api.pipedream import CurrentUserResponse
from typedpipes_api.pipedrive_v2 import Deal, DealListResponse, DealResponse
from typedpipes_api.pipefy import Card, UserDetails


def rest(crm: Pipedrive, pipedream: Pipedream) -> None:
    listed = crm.v2.deals.list(limit=2)
    assert_type(listed, DealListResponse)
    assert_type(listed.data, list[Deal])
    pages = crm.v2.deals.iter(max_items=3)
    assert_type(pages, Pages[Deal])
    for deal in pages:
        assert_type(deal, Deal)
        assert_type(deal.title, str | None)
    one = crm.v2.deals.get(1)
    assert_type(one, DealResponse)
    raw = crm.v2.deals.raw.get(1)
    assert_type(raw, ApiResponse[DealResponse])
    assert_type(raw.parsed.data, Deal)
    print(raw.status, len(listed.data), one.data.id == raw.parsed.data.id)
    assert_type(pipedream.rest.users.me(), CurrentUserResponse)
    assert_type(pipedream.connect.accounts.iter(max_items=1), Pages[Account])
    assert_type(to_wire(one), dict[str, JSON])
    assert_type(from_wire(Deal, {"id": 1}), Deal)
    crm.v2.deals.update(1, title="New", owner_id=UNSET)


def withdrawn(crm: Pipedrive) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        # The deprecation is what is shown here; must_fail.py has the same call without the excuse.
        found = crm.v1.deals.get(1)  # type: ignore[deprecated]  # pyright: ignore[reportDeprecated]
    print(found.success, [warning.category.__name__ for warning in caught])


def graphql(pipefy: Pipefy) -> None:
    assert_type(pipefy.me(), UserDetails | None)
    assert_type(pipefy.iter_cards(pipe_id=301), Pages[Card])
    assert_type(pipefy.execute("query { me { id } }"), dict[str, JSON])


async def twins() -> None:
    async with AsyncPipedrive.from_env() as crm, AsyncPipefy.from_env() as pipefy:
        assert_type(await crm.v2.deals.get(1), DealResponse)
        assert_type(crm.v2.deals.iter(), AsyncPages[Deal])
        assert_type(await crm.v2.deals.raw.list(limit=1), ApiResponse[DealListResponse])
        assert_type(await pipefy.me(), UserDetails | None)
        print([deal.id async for deal in crm.v2.deals.iter(max_items=2)])


def main() -> None:
    with Pipedrive.from_env() as crm, Pipedream.from_env() as pipedream, Pipefy.from_env() as pipefy:
        rest(crm, pipedream)
        withdrawn(crm)
        graphql(pipefy)
    asyncio.run(twins())


if __name__ == "__main__":
    main()
