"""What mutations change can be read; what they cannot do stands in their payload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]


def test_a_created_card_can_be_read_moved_changed_commented_and_deleted(sandbox: Sandbox, graphql: GraphQL) -> None:
    pipe = graphql(sandbox, "{ pipe(id: 301) { phases { id name } labels { id } cards_count } }")["data"]["pipe"]
    create = """mutation ($input: CreateCardInput!) { createCard(input: $input) {
      clientMutationId card { id title current_phase { name } fields { name value float_value } labels { id } } } }"""
    fields = [{"field_id": "what_do_you_need", "field_value": "Café ☕"}, {"field_id": "cost", "field_value": ["12.5"]}]
    sent = {"pipe_id": "301", "title": "Nova", "fields_attributes": fields, "label_ids": [pipe["labels"][0]["id"]]}
    made = graphql(sandbox, create, input={**sent, "clientMutationId": "m1"})["data"]["createCard"]
    assert made["clientMutationId"] == "m1"
    card = made["card"]
    assert card["current_phase"]["name"] == "Inbox"
    assert card["fields"][0]["value"] == "Café ☕"
    assert card["fields"][1]["float_value"] == 12.5
    graphql(
        sandbox,
        """mutation ($c: ID!, $p: ID!) {
          moveCardToPhase(input: {card_id: $c, destination_phase_id: $p}) { card { id } } }""",
        c=card["id"],
        p=pipe["phases"][3]["id"],
    )
    graphql(
        sandbox,
        'mutation ($c: ID!) { createComment(input: {card_id: $c, text: "olá"}) { comment { id } } }',
        c=card["id"],
    )
    graphql(
        sandbox,
        'mutation ($c: ID!) { updateCardField(input: {card_id: $c, field_id: "cost", new_value: "99"}) { success } }',
        c=card["id"],
    )
    query = """query ($c: ID!) { card(id: $c) { done comments_count comments { text } current_phase { name }
      fields { name value } phases_history { phase { name } } } }"""
    read = graphql(sandbox, query, c=card["id"])["data"]["card"]
    assert read["done"] is True
    assert read["comments"] == [{"text": "olá"}]
    assert [each["phase"]["name"] for each in read["phases_history"]] == ["Inbox", "Done"]
    assert {"name": "Cost", "value": "99"} in read["fields"]
    graphql(sandbox, "mutation ($c: ID!) { deleteCard(input: {id: $c}) { success } }", c=card["id"])
    gone = graphql(sandbox, query, c=card["id"])
    assert gone["data"] == {"card": None}
    assert gone["errors"][0]["extensions"]["code"] == "RESOURCE_NOT_FOUND"
    assert gone["errors"][0]["extensions"]["correlation_id"]
    assert gone["errors"][0]["path"] == ["card"]


def test_payloads_report_failures_without_errors(sandbox: Sandbox, graphql: GraphQL) -> None:
    answer = graphql(
        sandbox,
        """mutation { updateFieldsValues(input: {nodeId: 5016, values: [{fieldId: "nope", value: "1"}]}) {
          success userErrors { field message } } }""",
    )
    payload = answer["data"]["updateFieldsValues"]
    assert "errors" not in answer
    assert payload["success"] is False
    assert payload["userErrors"][0]["field"] == ["nope"]
