"""Every operation has a name a user would guess, and the facts the client acts on are all there."""

from __future__ import annotations

import keyword
import re
from collections import Counter, defaultdict

import pytest

from tests.end_to_end.contract.effective import (
    PACKAGES,
    Placed,
    answer,
    at,
    document,
    named,
    operations,
    parameters,
    shapes,
)
from tests.support.committed_schemas import REST, requests_with, rest_facts, rest_operations

# What the guides show, and the vendors' own examples.
EXAMPLES = {
    "pipedream": {
        "accounts.list": "GET /accounts",
        "apps.get": "GET /apps/{app_id}",
        "components.search": "GET /components/search",
        "oauth.create_token": "POST /oauth/token",
        "sources.create": "POST /sources",
        "sources.events.delete": "DELETE /sources/{id}/events",
        "sources.list": "GET /users/me/sources",
        "subscriptions.delete": "DELETE /subscriptions",
        "users.me": "GET /users/me",
        "webhooks.list": "GET /users/me/webhooks",
        "workflows.update": "PUT /workflows/{workflow_id}",
        "workspaces.sources.list": "GET /orgs/{org_id}/sources",
    },
    "connect": {
        "accounts.list": "GET /{project_id}/accounts",
        "accounts.delete_by_app": "DELETE /{project_id}/apps/{app_id}/accounts",
        "projects.info": "GET /{project_id}/info",
        "projects.retrieve_info": "GET /{project_id}/projects/info",
        "proxy.get": "GET /{project_id}/proxy/{url_64}",
        "tokens.create": "POST /{project_id}/tokens",
        "users.delete": "DELETE /{project_id}/users/{external_user_id}",
    },
    "pipedrive_v1": {
        "deals.get": "GET /deals/{id}",
        "deals.list": "GET /deals",
        "deals.activities.list": "GET /deals/{id}/activities",
        "files.download": "GET /files/{id}/download",
        "files.upload": "POST /files",
        "persons.picture.upload": "POST /persons/{id}/picture",
    },
    "pipedrive_v2": {
        "deals.list": "GET /deals",
        "deals.update": "PATCH /deals/{id}",
        "deals.products.add": "POST /deals/{id}/products",
        "deals.followers.list": "GET /deals/{id}/followers",
        "items.search": "GET /itemSearch",
    },
}


def _names(package: str) -> list[str]:
    return [operation.name for operation in operations(package)]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_operation_of_the_schema_is_there_and_named_once(package: str) -> None:
    assert {operation.request for operation in operations(package)} == rest_operations(REST[package])
    assert [name for name, times in Counter(_names(package)).items() if times > 1] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_attributes_python_accepts(package: str) -> None:
    for name in _names(package):
        parts = name.split(".")
        assert len(parts) >= 2, name
        for part in parts:
            assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", part), name
            assert not keyword.iskeyword(part), name


@pytest.mark.parametrize("package", PACKAGES)
def test_no_method_hides_a_resource(package: str) -> None:
    names = _names(package)
    resources = {name[: dot.start()] for name in names for dot in re.finditer(r"\.", name)}
    assert sorted(resources & set(names)) == []
    # `iter` is made from `list`, `iter_search` from `search`, and so on: those names must stay free.
    assert [name for name in names if name.rpartition(".")[2].startswith("iter")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_the_methods_of_a_resource_live_in_one_module(package: str) -> None:
    tags: dict[str, set[str]] = defaultdict(set)
    for operation in operations(package):
        tags[operation.name.rpartition(".")[0]].add(operation.facts["tags"][0])
    assert {resource: found for resource, found in tags.items() if len(found) > 1} == {}


@pytest.mark.parametrize(("package", "name"), [(p, n) for p, names in EXAMPLES.items() for n in names])
def test_the_examples_people_read_reach_the_operation_they_mean(package: str, name: str) -> None:
    operation = named(package, name)
    assert operation.request == EXAMPLES[package][name]


def _paged(package: str) -> list[Placed]:
    return [operation for operation in operations(package) if "x-paging" in operation.facts]


@pytest.mark.parametrize(
    ("package", "style", "parameter"),
    [
        ("pipedrive_v1", "offset", "start"),
        ("pipedrive_v1", "cursor", "cursor"),
        ("pipedrive_v2", "cursor", "cursor"),
        ("connect", "after", "after"),
        ("pipedream", "after", "after"),
    ],
)
def test_listings_are_paged_in_the_style_of_their_parameter(package: str, style: str, parameter: str) -> None:
    """A listing the vendor adds has to get its ``x-paging``."""
    marked = {each.request for each in _paged(package) if each.facts["x-paging"]["style"] == style}
    assert marked == requests_with(REST[package], parameter)


@pytest.mark.parametrize("package", PACKAGES)
def test_what_paging_names_exists_in_the_operation(package: str) -> None:
    for operation in _paged(package):
        paging = operation.facts["x-paging"]
        known = parameters(package, operation)
        assert paging["limit"] in known, operation.name
        assert paging["cursor"] in known, operation.name
        schema = answer(package, operation)
        lists = [shape for node in at(package, schema, paging["items"]) for shape in shapes(package, node)]
        assert [shape for shape in lists if "items" in shape], (operation.name, "items")
        for key in ("next", "more"):
            if key in paging:
                assert at(package, schema, paging[key]), (operation.name, key)


@pytest.mark.parametrize("package", PACKAGES)
def test_operations_with_a_cursor_or_a_start_are_paged(package: str) -> None:
    """So that a listing the vendor adds cannot go unnoticed."""
    cursors = {"pipedream": "after", "connect": "after", "pipedrive_v2": "cursor"}
    for operation in operations(package):
        known = parameters(package, operation)
        cursor = cursors[package] in known if package in cursors else "cursor" in known or "start" in known
        assert cursor == ("x-paging" in operation.facts), operation.name


def test_operations_are_deprecated_where_the_vendor_says_so_or_has_withdrawn_them() -> None:
    for package in PACKAGES:
        marked = {each.request for each in operations(package) if each.facts.get("deprecated")}
        said = {request for request, facts in rest_facts(REST[package]).items() if facts.get("deprecated")}
        assert marked == said, package


def test_withdrawn_operations_name_what_to_use_instead() -> None:
    withdrawn = [operation for operation in operations("pipedrive_v1") if operation.facts.get("x-withdrawn")]
    marks = {request for request, facts in rest_facts("pipedrive/v1").items() if facts.get("x-withdrawn")}
    assert {operation.request for operation in withdrawn} == marks != set()
    methods = {f"crm.v{version}.{name}" for version in (1, 2) for name in _names(f"pipedrive_v{version}")}
    for operation in withdrawn:
        advised = re.findall(r"crm\.v[12](?:\.[a-z0-9_]+)+", operation.facts["x-replacement"])
        assert len(advised) == 1, operation.name
        assert advised[0] in methods, operation.name


def test_a_withdrawn_operation_that_v2_has_too_is_replaced_by_that_one() -> None:
    newer = {_unnamed(operation.request): operation.name for operation in operations("pipedrive_v2")}
    kept = [operation for operation in operations("pipedrive_v1") if operation.facts.get("x-withdrawn")]
    same = {}
    for operation in kept:
        request = _unnamed(operation.request)
        for place in (request, request.replace("PUT ", "PATCH ")):  # v1 updates with PUT, v2 with PATCH
            if place in newer:
                same[operation.request] = (operation.facts["x-replacement"], f"crm.v2.{newer[place]}")
    assert {request: pair for request, pair in same.items() if pair[0] != pair[1]} == {}
    assert "GET /deals/{id}" in same
    for operation in kept:
        if operation.path.endswith("/collection"):
            assert operation.facts["x-replacement"] == f"crm.v2.{operation.name.partition('.')[0]}.list"


def _unnamed(request: str) -> str:
    """Without the names of the path's parameters."""
    return re.sub(r"\{[^}]*\}", "{}", request)


def test_only_deprecated_operations_have_a_replacement() -> None:
    for package in PACKAGES:
        for operation in operations(package):
            assert ("x-replacement" in operation.facts) == bool(operation.facts.get("deprecated")), operation.name


def test_calls_count_in_the_limits_the_documents_state() -> None:
    def counted(package: str, bucket: str) -> set[str]:
        return {o.name for o in operations(package) if bucket in o.facts.get("x-buckets", [])}

    assert counted("connect", "connect.tokens") == {"tokens.create"}
    assert counted("connect", "connect.accounts") == {
        "accounts.list",
        "accounts.create",
        "accounts.get",
        "accounts.delete",
        "accounts.delete_by_app",
        "accounts.list_by_external_user",
    }
    searches = {"items.search", "items.search_by_field", "leads.search", "deals.search", "persons.search"}
    searches |= {"organizations.search", "products.search"}
    assert counted("pipedrive_v1", "pipedrive.search") == searches
    assert counted("pipedrive_v2", "pipedrive.search") == searches | {"projects.search"}


CREDENTIALS = {
    "pipedream": {"oauth", "api_key"},
    "connect": {"oauth", "connect_token"},
    "pipedrive_v1": {"api_token", "oauth2", "basic"},
    "pipedrive_v2": {"api_token", "oauth2"},
}


def _credentials(package: str, name: str) -> set[str]:
    facts = named(package, name).facts
    security = facts["security"] if "security" in facts else document(package)["security"]
    return {kind for alternative in security for kind in alternative}


@pytest.mark.parametrize("package", PACKAGES)
def test_credentials_are_of_the_kinds_the_client_knows(package: str) -> None:
    assert CREDENTIALS[package] <= set(document(package)["components"]["securitySchemes"])
    for name in _names(package):
        assert _credentials(package, name) <= CREDENTIALS[package], name


def test_operations_that_take_one_credential_only_say_so() -> None:
    """Authentication in vendor-facts/pipedream.md and vendor-facts/pipedrive.md."""
    key_only = {n for n in _names("pipedream") if _credentials("pipedream", n) == {"api_key"}}
    assert key_only == {
        "components.create",
        "components.get",
        "components.registry.get",
        "components.search",
        "sources.create",
        "sources.list",
        "users.me",
        "webhooks.list",
        "workflows.create",
        "workflows.update",
    }
    assert _credentials("pipedream", "oauth.create_token") == set()
    assert _credentials("connect", "tokens.create") == {"oauth"}
    assert _credentials("connect", "accounts.list") == {"oauth", "connect_token"}
    assert _credentials("pipedrive_v1", "deals.list") == {"api_token", "oauth2"}
    assert _credentials("pipedrive_v1", "oauth.get_tokens") == {"basic"}
    assert _credentials("pipedrive_v1", "oauth.refresh_tokens") == {"basic"}
    assert _credentials("pipedrive_v1", "oauth.authorize") == set()


def test_the_oauth_operations_of_pipedrive_keep_their_own_server() -> None:
    for operation in operations("pipedrive_v1"):
        own = operation.facts.get("servers")
        if operation.path.startswith("/oauth/"):
            assert own == [{"url": "https://oauth.pipedrive.com"}], operation.name
        else:
            assert own is None, operation.name
    for package, path in (("pipedrive_v1", "/api/v1"), ("pipedrive_v2", "/api/v2")):
        default, company = document(package)["servers"]
        assert default["url"].startswith("https://api.pipedrive.com/")
        assert company["url"] == f"https://{{company_domain}}.pipedrive.com{path}"
