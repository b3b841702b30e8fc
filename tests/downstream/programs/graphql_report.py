"""A report over the pipes of an organization: typed operations, and a document of one's own."""

from __future__ import annotations

from collections import Counter
from typing import assert_type

from typedpipes.errors import GraphQLError, GraphQLValidationError
from typedpipes.pipefy import Pipefy
from typedpipes_api.pipefy import CardDetails, OrganizationDetails

COUNTS = "query Counts($id: ID!) { pipe(id: $id) { name cards_count } }"


def titles(pipefy: Pipefy, pipe: str) -> Counter[str]:
    return Counter(card.title[:1] for card in pipefy.iter_cards(pipe_id=pipe, max_items=20) if card.title)


def counted(pipefy: Pipefy, pipe: str) -> int:
    match pipefy.execute(COUNTS, {"id": pipe}):
        case {"pipe": {"cards_count": int(count)}}:
            return count
        case _:
            return 0


def main() -> None:
    with Pipefy.from_env() as pipefy:
        organization = pipefy.find_organization("https://app.pipefy.com/organizations/123456789")
        assert_type(organization, OrganizationDetails | None)
        print(organization.name if organization else "not visible")
        card = next(iter(pipefy.iter_cards(pipe_id="301")))
        details = pipefy.card(id=card.id or "0")
        assert_type(details, CardDetails | None)
        made = pipefy.create_card(input={"pipe_id": "301", "title": "From the report"})
        print(made.card.title if made and made.card else "refused", sum(titles(pipefy, "301").values()))
        print(counted(pipefy, "301") > 0)
        try:
            pipefy.execute("query Wrong { no_such_field }")
        except GraphQLValidationError as error:
            print("refused:", len(error.errors))
        except GraphQLError as error:
            print("failed:", error.data)


if __name__ == "__main__":
    main()
