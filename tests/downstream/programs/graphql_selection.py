"""Fields of one's own choice: what each value is, the type checker knows."""

from __future__ import annotations

from typing import assert_type

from typedpipes.pipefy import Pipefy, Row
from typedpipes_api.pipefy.select import Card, Mutation, Phase, Query, UpdateCardPayload, User

CARD = Query.card(id="5016").fields(
    Card.id, Card.title, Card.assignees.fields(User.name), Card.current_phase.fields(Phase.name)
)


def main() -> None:
    with Pipefy.from_env() as pipefy:
        card = pipefy.query(CARD)[Query.card]
        assert_type(card, Row[Card] | None)
        if card is None:
            raise SystemExit("there is no such card")
        assert_type(card[Card.title], str)
        for user in card.each(Card.assignees):
            assert_type(user, Row[User])
            assert_type(user[User.name], str | None)
        done = pipefy.mutate(
            Mutation.update_card(input={"id": "5016", "title": "Grinder"}).fields(
                UpdateCardPayload.card.fields(Card.title)
            )
        )
        assert_type(card.at(Card.current_phase, Phase.name), str | None)
        print(done.at(Mutation.update_card, UpdateCardPayload.card, Card.title))


if __name__ == "__main__":
    main()
