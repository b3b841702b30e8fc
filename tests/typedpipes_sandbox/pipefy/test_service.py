"""The Pipefy stand-in: tokens, GraphQL over the SDL, state, paging, errors in the vendor's shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.committed_schemas import root_fields
from typedpipes_sandbox import Sandbox

GraphQL = Callable[..., dict[str, Any]]
MakeSandbox = Callable[..., Sandbox]


@pytest.mark.parametrize("encoding", ["json", "data"])
def test_service_account_gets_a_token_that_works(sandbox: Sandbox, http: httpx.Client, encoding: str) -> None:
    fields = {"grant_type": "client_credentials", "client_id": sandbox.pipefy.client_id}
    sent: Any = {encoding: {**fields, "client_secret": sandbox.pipefy.client_secret}}
    answer = http.post(f"{sandbox.pipefy_url}/oauth/token", **sent).json()
    assert answer["token_type"] == "Bearer"
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    me = http.post(f"{sandbox.pipefy_url}/graphql", json={"query": "{ me { email } }"}, headers=headers)
    assert "@" in me.json()["data"]["me"]["email"]


def test_token_dies_with_the_sandbox_clock(sandbox: Sandbox, http: httpx.Client) -> None:
    fields = {"grant_type": "client_credentials", "client_id": sandbox.pipefy.client_id}
    body = {**fields, "client_secret": sandbox.pipefy.client_secret}
    answer = http.post(f"{sandbox.pipefy_url}/oauth/token", json=body).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    sandbox.clock.advance(answer["expires_in"] + 1)
    refused = http.post(f"{sandbox.pipefy_url}/graphql", json={"query": "{ me { id } }"}, headers=headers)
    assert refused.status_code == 401


def test_wrong_secret_is_refused(sandbox: Sandbox, http: httpx.Client) -> None:
    body = {"grant_type": "client_credentials", "client_id": sandbox.pipefy.client_id, "client_secret": "wrong"}
    refused = http.post(f"{sandbox.pipefy_url}/oauth/token", json=body)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_people_who_are_no_admins_are_denied(sandbox: Sandbox, http: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {sandbox.pipefy.guest_token}"}
    answer = http.post(f"{sandbox.pipefy_url}/graphql", json={"query": "{ me { id } }"}, headers=headers).json()
    assert answer["errors"][0]["extensions"]["code"] == "PERMISSION_DENIED"


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


def test_cards_are_paged_by_relay_cursors_of_at_most_fifty(sandbox: Sandbox, graphql: GraphQL) -> None:
    query = """query ($after: String) { cards(pipe_id: 301, first: 500, after: $after) {
      edges { node { id } } pageInfo { hasNextPage endCursor } totalCount } }"""
    sizes, seen, after = [], set(), None
    while True:
        page = graphql(sandbox, query, after=after)["data"]["cards"]
        sizes.append(len(page["edges"]))
        seen |= {edge["node"]["id"] for edge in page["edges"]}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert sizes == [50, 50, 20]
    assert len(seen) == page["totalCount"] == 120


def test_phase_cards_come_thirty_at_a_time(make_sandbox: MakeSandbox, graphql: GraphQL) -> None:
    sb = make_sandbox(pipefy_cards=200)
    query = "{ pipe(id: 301) { phases { cards(first: 50) { edges { node { id } } totalCount } } } }"
    phases = graphql(sb, query)["data"]["pipe"]["phases"]
    assert all(len(each["cards"]["edges"]) == min(30, each["cards"]["totalCount"]) for each in phases)
    assert max(each["cards"]["totalCount"] for each in phases) > 30


def test_a_field_the_schema_does_not_have_is_refused_before_anything_runs(sandbox: Sandbox, graphql: GraphQL) -> None:
    answer = graphql(sandbox, "query Q { me { nope } }")
    assert "data" not in answer
    error = answer["errors"][0]
    assert error["extensions"] == {"code": "undefinedField", "fieldName": "nope", "typeName": "User"}
    assert error["path"] == ["query Q"]


def test_depth_and_complexity_are_limited(sandbox: Sandbox, graphql: GraphQL) -> None:
    deep = "{ organization(id: 123456789) { pipes " + "{ organization { pipes " * 7 + "{ id }" + " } }" * 7 + " } }"
    assert "max depth" in graphql(sandbox, deep)["errors"][0]["message"]
    cards = "{ phases { cards { nodes { pipe %s } } } }"
    wide = "{ pipe(id: 301) " + cards % (cards % (cards % "{ id }")) + " }"
    assert "max complexity" in graphql(sandbox, wide)["errors"][0]["message"]


def test_introspection_works(sandbox: Sandbox, graphql: GraphQL) -> None:
    answer = graphql(sandbox, "{ __schema { queryType { fields { name } } } }")
    told = {field["name"] for field in answer["data"]["__schema"]["queryType"]["fields"]}
    assert told == root_fields("live", "Query")


def test_generic_fields_remember_what_was_created(sandbox: Sandbox, graphql: GraphQL) -> None:
    made = graphql(
        sandbox,
        """mutation { createAiAgent(input: {agent: {name: "Triagem", repoUuid: "r1", instruction: "ler"}}) {
          agent { uuid name } } }""",
    )["data"]["createAiAgent"]["agent"]
    assert made["name"] == "Triagem"
    read = graphql(sandbox, "query ($u: ID!) { aiAgent(uuid: $u) { name instruction } }", u=made["uuid"])
    assert read["data"]["aiAgent"] == {"name": "Triagem", "instruction": "ler"}


def test_the_same_seed_gives_the_same_world(make_sandbox: MakeSandbox, graphql: GraphQL) -> None:
    query = "{ cards(pipe_id: 302, first: 5) { nodes { id title created_at fields { value } } } me { email } }"
    first, second = graphql(make_sandbox(), query), graphql(make_sandbox(), query)
    assert first == second
    assert graphql(make_sandbox(seed=2), query) != first


def test_an_upload_is_stored_and_attached(sandbox: Sandbox, graphql: GraphQL, http: httpx.Client) -> None:
    sent = {"organizationId": "123456789", "fileName": "nota fiscal.pdf"}
    urls = graphql(
        sandbox,
        "mutation ($i: CreatePresignedUrlInput!) { createPresignedUrl(input: $i) { url downloadUrl } }",
        i=sent,
    )["data"]["createPresignedUrl"]
    assert http.put(urls["url"], content=b"%PDF").status_code == 200
    key = httpx.URL(urls["url"]).path.lstrip("/")
    changed = graphql(
        sandbox,
        """mutation ($k: UndefinedInput) { updateCardField(input: {card_id: 5016, field_id: "attachments",
          new_value: $k}) { card { attachments { path url } attachments_count } } }""",
        k=[key],
    )["data"]["updateCardField"]["card"]
    assert changed["attachments"][0]["path"] == key
    assert http.get(changed["attachments"][0]["url"]).content == b"%PDF"


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
