"""What the vendors' documents leave out or contradict is in the effective documents, and secrets are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.end_to_end.contract.effective import (
    PACKAGES,
    Node,
    Placed,
    answer,
    at,
    document,
    named,
    operations,
    parameters,
    resolve,
)

SECRET = re.compile(r"password|secret|token|signing_key|credentials|cfmap|signer")
NOT_SECRET = {
    "signing_key_set",  # whether there is a key
    "token_type",  # "Bearer"
    "secret",  # of a prop's definition: whether its value is one
}


def _schemas(package: str) -> dict[str, Node]:
    return dict(document(package)["components"]["schemas"])


@pytest.mark.parametrize("package", PACKAGES)
def test_properties_that_hold_secrets_are_marked(package: str) -> None:
    unmarked = [
        f"{name}.{field}"
        for name, schema in _schemas(package).items()
        for field, facts in schema.get("properties", {}).items()
        if SECRET.search(field.lower()) and field not in NOT_SECRET and facts.get("x-secret") is not True
    ]
    assert unmarked == []


@pytest.mark.parametrize(
    ("package", "component", "field"),
    [
        ("connect", "CreateTokenResponse", "token"),
        ("connect", "CreateTokenResponse", "connect_link_url"),
        ("connect", "Account", "credentials"),
        ("pipedream", "Account", "credentials"),
        ("pipedream", "OAuthRevokeRequest", "token"),
    ],
)
def test_secrets_the_vendors_hand_out_are_marked(package: str, component: str, field: str) -> None:
    assert _schemas(package)[component]["properties"][field]["x-secret"] is True


def test_environment_is_optional_with_the_documented_default() -> None:
    """vendor-facts/pipedream.md#environments"""
    parameter = document("connect")["components"]["parameters"]["PdEnvironment"]
    assert parameter["name"] == "X-PD-Environment"
    assert not parameter["required"]
    assert parameter["schema"]["default"] == "production"
    assert parameter["x-client-default"] == "environment"


def test_the_client_fills_the_project_except_where_the_project_is_the_subject() -> None:
    for operation in operations("connect"):
        project = parameters("connect", operation).get("project_id")
        if operation.path.startswith("/{project_id}/"):
            assert project is not None, operation.name
            assert project["x-client-default"] == "project_id", operation.name
        elif operation.path.startswith("/projects/{project_id}"):
            assert project is not None, operation.name
            assert "x-client-default" not in project, operation.name
        else:
            assert project is None, operation.name


def _payload(package: str, operation: Placed) -> Node:
    body = resolve(package, operation.facts.get("requestBody", {})).get("content", {})
    return resolve(package, body["application/json"]["schema"]) if body else {}


def test_common_parameters_are_where_the_vendor_puts_them() -> None:
    """The query of a GET, the payload of a POST; any endpoint."""
    for operation in filter(lambda one: one.curated, operations("pipedream")):
        query = parameters("pipedream", operation)
        fields = _payload("pipedream", operation).get("properties", {})
        if operation.path.startswith("/oauth/"):
            assert not {"include", "exclude", "org_id"} & {*query, *fields}, operation.name
            continue
        assert (fields if fields else query)["org_id"]["x-client-default"] == "org_id", operation.name
        place = fields if fields.keys() - {"org_id"} else query  # these arguments of a POST travel in the query
        assert ("include" in place) == ("exclude" in place) == (operation.verb != "delete"), operation.name
        told = set(operation.facts.get("x-omittable", ()))
        assert told == ({"include", "exclude"} if "include" in place else set()), operation.name


def test_an_account_needs_no_more_of_its_app_than_id_and_name() -> None:
    """vendor-facts/pipedream.md#accounts"""
    for package in ("pipedream", "connect"):
        account = _schemas(package)["Account"]
        app = resolve(package, account["properties"]["app"])
        assert set(app["required"]) == {"id", "name"}
        assert "id" in account["required"]
    credentialed = _schemas("connect")["Account"]["properties"]
    assert credentialed["project_id"]["type"] == ["integer", "null"]
    assert credentialed["user_id"]["type"] == ["string", "null"]
    assert {"expires_at", "error", "last_refreshed_at", "next_refresh_at"} <= set(credentialed)


def test_both_forms_of_an_answer_have_their_rule() -> None:
    """vendor-facts/pipedream.md#contradictions"""
    rules = {
        f"{package}.{operation.name}": operation.facts["x-normalize"]
        for package in PACKAGES
        for operation in operations(package)
        if "x-normalize" in operation.facts
    }
    assert rules == {
        "pipedream.apps.get": ["first data"],
        "pipedream.workflows.get": ["unwrap data"],
        "connect.accounts.get": ["unwrap data"],
        "connect.accounts.list": ["lift data.accounts data"],
        "connect.projects.info": ["unwrap data"],
        "connect.projects.retrieve_info": ["unwrap data"],
        "pipedrive_v1.permission_sets.get": ["wrap data", "first data"],
    }


def _envelopes(package: str) -> Iterator[tuple[str, Node]]:
    for operation in operations(package):
        schema = answer(package, operation)
        if operation.curated and "$ref" in schema:
            yield operation.name, resolve(package, schema)


@pytest.mark.parametrize("package", ["pipedrive_v1", "pipedrive_v2"])
def test_what_every_pipedrive_answer_carries_is_required(package: str) -> None:
    """vendor-facts/pipedrive.md#answers-and-errors: `{success, data}`."""
    for name, envelope in _envelopes(package):
        if name.startswith("oauth."):
            continue
        properties, required = envelope["properties"], envelope["required"]
        assert len(required) == len(set(required)), name
        assert ("data" in properties) == ("data" in required), name
        assert name == "permission_sets.get" or "success" in required, name


@pytest.mark.parametrize(("package", "nullable"), [("pipedrive_v1", True), ("pipedrive_v2", False)])
def test_an_empty_list_may_be_null_in_v1(package: str, nullable: bool) -> None:
    """vendor-facts/pipedrive.md#answers-and-errors: `data` may be null for an empty list."""
    lists = [envelope for name, envelope in _envelopes(package) if name.endswith(".list")]
    kinds = {str(found["type"]) for envelope in lists for found in at(package, envelope, "data") if "items" in found}
    assert kinds == ({"['array', 'null']"} if nullable else {"array"})


@pytest.mark.parametrize("package", ["pipedrive_v1", "pipedrive_v2"])
def test_records_have_their_id(package: str) -> None:
    for name in ("deals.get", "persons.get", "organizations.get", "products.get", "activities.get"):
        (record,) = at(package, answer(package, named(package, name)), "data")
        assert "id" in resolve(package, record)["required"], name


def test_only_listings_of_v1_take_a_field_selector() -> None:
    """vendor-facts/pipedrive.md#field-selector: collections, on v1; "most endpoints, not all"."""
    for package in PACKAGES:
        for operation in operations(package):
            if "x-field-selector" in operation.facts:
                assert package == "pipedrive_v1", operation.name
                assert operation.verb == "get", operation.name
                assert operation.name.endswith(".list"), operation.name
    selecting = {o.name for o in operations("pipedrive_v1") if o.facts.get("x-field-selector")}
    assert {"deals.list", "persons.list", "deals.activities.list"} <= selecting


def test_a_call_that_could_do_more_the_second_time_is_not_called_idempotent() -> None:
    for package, name in (
        ("pipedream", "sources.events.delete"),
        ("connect", "proxy.put"),
        ("connect", "proxy.delete"),
        ("pipedrive_v1", "deals.merge"),
        ("pipedrive_v2", "deals.products.delete_many"),
    ):
        assert named(package, name).facts["x-safety"] == "unsafe", name


def test_maps_are_maps() -> None:
    """The vendor writes ``USER_ID`` where any user's id may stand; a property of that name would never be seen."""
    placeholders = [
        f"{name}.{field}"
        for name, schema in _schemas("pipedrive_v1").items()
        for field in schema.get("properties", {})
        if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", field)
    ]
    assert placeholders == []
