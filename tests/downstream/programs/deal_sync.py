"""Deals into SQLite: only what has changed since the last run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import assert_type

from typedpipes import extras, is_set
from typedpipes.errors import NotFound, RateLimited
from typedpipes.pipedrive import Pipedrive
from typedpipes_api.pipedrive_v2 import Deal

Row = tuple[int | None, str | None, float | None, str, str | None]


def rows(crm: Pipedrive, since: str | None) -> Iterator[Row]:
    changed = crm.v2.deals.iter(updated_since=since) if since else crm.v2.deals.iter()
    for deal in changed:
        assert_type(deal, Deal)
        # A status the schema does not know yet stays what the vendor sent.
        yield deal.id, deal.title, deal.value, str(deal.status), deal.update_time


def owner(crm: Pipedrive, deal: Deal) -> str:
    if not is_set(deal, "owner_id") or deal.owner_id is None:
        return "nobody"
    try:
        return crm.v1.users.get(deal.owner_id).data.name or "unnamed"
    except NotFound:
        return "somebody who has left"


def main() -> None:
    with closing(sqlite3.connect("deals.db")) as database, Pipedrive.from_env(plan="growth", seats=10) as crm:
        database.execute("CREATE TABLE IF NOT EXISTS deals (id INTEGER PRIMARY KEY, title, value, status, changed)")
        (since,) = database.execute("SELECT max(changed) FROM deals").fetchone()
        try:
            with database:
                database.executemany("INSERT OR REPLACE INTO deals VALUES (?, ?, ?, ?, ?)", rows(crm, since))
        except RateLimited as error:
            print("again in", error.retry_after)
        first = crm.v2.deals.get(1).data
        print(database.execute("SELECT count(*) FROM deals").fetchone()[0] > 0, owner(crm, first), dict(extras(first)))


if __name__ == "__main__":
    main()
