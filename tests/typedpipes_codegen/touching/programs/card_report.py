"""A program of a user: reports on cards. A comment names the change of the schema that reaches its line."""

from __future__ import annotations

from typedpipes.pipefy import Pipefy
from typedpipes_api.pipefy import CreateCardInput
from typedpipes_api.pipefy.select import Card, Query

OVERDUE = """
query Overdue($id: ID!) {
  pipe(id: $id) {
    name
    cards_count  # reached: cards_count gone
  }
}
"""


def titles(pipefy: Pipefy, pipe: int) -> list[str]:
    found = []
    for card in pipefy.iter_cards(pipe_id=pipe):  # reached: due_date gone
        found.append(f"{card.title}: {card.due_date}")  # reached: due_date gone
    return found


def assignees(pipefy: Pipefy, card: str) -> list[str]:
    details = pipefy.card(id=card)  # reached: due_date gone, card gone
    return [user.name for user in (details.assignees or [] if details else []) if user and user.name]


def create(pipefy: Pipefy, pipe: int) -> None:
    due = "2026-12-01"
    pipefy.create_card(input={"pipe_id": pipe, "due_date": due})  # reached: input due, due_date gone
    pipefy.create_card(input=CreateCardInput(pipe_id=pipe, title="As a model"))  # reached: due_date gone


def overdue(pipefy: Pipefy, pipe: str) -> object:
    return pipefy.execute(OVERDUE, {"id": pipe})


def selected(pipefy: Pipefy, card: str) -> str | None:
    due = Card.due_date  # reached: due_date gone
    data = pipefy.query(Query.card(id=card).fields(Card.title, due))  # reached: card gone
    return data.at(Query.card, due)  # reached: card gone
