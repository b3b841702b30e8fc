"""Where documents come from: introspection, published documents, files; and that no credential leaves its origin."""

from __future__ import annotations

import json
import re

import pytest

from tests.typedpipes_codegen.refresh import petshop
from tests.typedpipes_codegen.refresh.checkout import Checkout
from tests.typedpipes_codegen.refresh.document_server import DocumentServer
from typedpipes.cli import main
from typedpipes_sandbox import Sandbox

WEIGH = {"get": petshop.operation("weighPet", petshop.IDENTIFIER)}


def secrets_of(sandbox: Sandbox) -> list[str]:
    return [value for name, value in sandbox.environment().items() if re.search(r"SECRET|TOKEN$|KEY", name)]


def assert_no_secret(server: DocumentServer, sandbox: Sandbox) -> None:
    """Nothing that came to ``server`` carried a credential."""
    for path, headers in server.requests:
        assert not {"authorization", "cookie", "x-api-token", "api_token"} & headers.keys()
        assert not [secret for secret in secrets_of(sandbox) if secret in f"{path} {headers}"]


def test_pipefy_is_introspected_with_the_credential_which_goes_to_its_own_origins_only(
    checkout: Checkout, sandbox: Sandbox
) -> None:
    sandbox.log.clear()
    before = checkout.state()

    done = checkout.run("refresh", "pipefy", environment=sandbox.environment())

    assert (done.code, done.out.strip()) == (0, "pipefy: unchanged"), done.talk
    assert checkout.state() == before
    assert [(entry.api, entry.path) for entry in sandbox.log] == [("pipefy", "/oauth/token"), ("pipefy", "/graphql")]
    assert sandbox.violations == []


def test_what_introspection_finds_changed_is_written_reported_and_the_next_command_named(
    checkout: Checkout, sandbox: Sandbox
) -> None:
    schema = checkout.schemas / "pipefy/documented/schema.graphql"
    truth = schema.read_text()
    schema.write_text(truth.replace("  createdAt: DateTime\n", "").replace("\nscalar DateTime\n", ""))
    for path in (checkout.schemas / "pipefy/documented/operations").rglob("*.graphql"):
        lines = path.read_text().splitlines(keepends=True)
        path.write_text("".join(line for line in lines if line.strip() != "createdAt"))

    done = checkout.run("refresh", "pipefy", "--report", "report.md", environment=sandbox.environment())

    assert done.code == 0, done.talk
    assert schema.read_text() == truth
    assert "AutomationJobsExport.createdAt" in done.out
    assert done.out.rstrip().endswith("next: nox -s generate -- pipefy")
    assert f'document = "{sandbox.pipefy_url}/graphql"' in (checkout.schemas / "apis.toml").read_text()
    assert "createdAt" in (checkout.folder / "report.md").read_text()
    assert not [secret for secret in secrets_of(sandbox) if secret in done.out + done.talk]


def test_a_wrong_credential_is_one_error_and_changes_nothing(checkout: Checkout, sandbox: Sandbox) -> None:
    before = checkout.state()
    environment = {**sandbox.environment(), "PIPEFY_CLIENT_SECRET": "not-the-secret"}
    done = checkout.run("refresh", "pipefy", environment=environment)
    assert done.code == 1
    assert len([line for line in done.talk.splitlines() if line.startswith("error:")]) == 1
    assert "not-the-secret" not in done.out + done.talk
    assert checkout.state() == before


def test_without_a_credential_the_missing_setting_is_named(checkout: Checkout) -> None:
    done = checkout.run("refresh", "pipefy")
    assert done.code == 3
    assert "PIPEFY_CLIENT_ID" in done.talk


def test_a_url_on_another_host_is_fetched_without_the_credential(
    checkout: Checkout, sandbox: Sandbox, server: DocumentServer
) -> None:
    sdl = (checkout.schemas / "pipefy/documented/schema.graphql").read_bytes()
    url = server.publish(sdl, "/schema.graphql")
    done = checkout.run("refresh", "pipefy", "--from", url, environment=sandbox.environment())
    assert (done.code, done.out.strip()) == (0, "pipefy: unchanged"), done.talk
    assert [path for path, _ in server.requests] == ["/schema.graphql"]
    assert_no_secret(server, sandbox)


def test_introspection_that_is_sent_elsewhere_takes_no_credential_along(
    checkout: Checkout, sandbox: Sandbox, server: DocumentServer
) -> None:
    """The API's own host redirects: the token it was sent must not travel on."""
    before = checkout.state()
    sdl = (checkout.schemas / "pipefy/documented/schema.graphql").read_bytes()
    with DocumentServer() as elsewhere:
        elsewhere.publish(sdl, "/graphql")
        server.publish(b"", "/graphql", status=307, headers={"Location": f"{elsewhere.url}/graphql"})
        environment = {"PIPEFY_BASE_URL": f"{server.url}/graphql", "PIPEFY_TOKEN": "pat_of_this_test_only"}
        done = checkout.run("refresh", "pipefy", environment=environment)
        assert done.code != 0
        for _, headers in elsewhere.requests:
            assert "pat_of_this_test_only" not in str(headers)
    assert "pat_of_this_test_only" in str(server.requests)  # where it belongs
    assert "pat_of_this_test_only" not in done.out + done.talk
    assert checkout.state() == before


def test_the_sandbox_publishes_the_documents_of_the_rest_vendors(
    sandbox: Sandbox, checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout.folder / "served" / "petshop").mkdir(parents=True)
    served = checkout.folder / "served" / "petshop" / "pets.yaml"
    served.write_bytes(petshop.published(petshop.changed(weight=WEIGH)))
    monkeypatch.setenv("TYPEDPIPES_SANDBOX_SCHEMAS", str(checkout.folder / "served"))
    sandbox.log.clear()
    url = f"{sandbox.files_url}/documents/petshop/pets.yaml"

    done = checkout.run("refresh", "petshop", "--from", url, "--json", environment=sandbox.environment())

    told = json.loads(done.out)
    assert done.code == 0, done.talk
    assert told["packages"][0]["changed"] is True
    assert told["packages"][0]["difference"]
    assert told["files"] == ["apis.toml", "names.lock", "petshop/pets.yaml"]
    assert "weighPet" in checkout.schema()
    assert [(entry.api, entry.path) for entry in sandbox.log] == [("files", "/documents/petshop/pets.yaml")]
    assert sandbox.violations == []
    assert not [secret for secret in secrets_of(sandbox) if secret in (checkout.schemas / "apis.toml").read_text()]


def test_a_dry_run_reports_and_writes_nothing(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = checkout.state()
    given = checkout.folder / "newer.yaml"
    given.write_bytes(petshop.published(petshop.changed(weight=WEIGH)))
    monkeypatch.chdir(checkout.folder)
    assert main(["schema", "refresh", "petshop", "--from", str(given), "--dry-run"]) == 0
    assert "would be written: petshop/pets.yaml" in capsys.readouterr().out
    assert checkout.state() == before


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["petshop"], 2, "--from URL|FILE"),
        (["--from", "x.yaml"], 2, "--from is the document of one API"),
        (["petshop", "museum", "--from", "x.yaml"], 2, "--from is the document of one API"),
        (["petshopp", "--from", "x.yaml"], 1, "petshop, museum"),
        (["petshop", "--schemas", "nowhere"], 2, "there is no apis.toml in nowhere"),
    ],
)
def test_a_wrong_command_is_told_what_is_right(
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    told: str,
) -> None:
    monkeypatch.chdir(checkout.folder)
    assert main(["schema", "refresh", *words]) == code
    assert told in capsys.readouterr().err


def test_one_command_goes_from_the_vendors_document_to_the_new_method(checkout: Checkout) -> None:
    checkout.generate()
    given = checkout.folder / "newer.yaml"
    given.write_bytes(petshop.published(petshop.changed(weight=WEIGH, shop=None)))

    done = checkout.run("refresh", "petshop", "--from", str(given), "--generate")

    assert done.code == 0, done.talk
    assert "generated: petshop" in done.out
    made = (checkout.target / "petshop" / "pets.py").read_text()
    assert "/pets/{id}/weight" in made
    assert "/shop" not in made
    assert "/shop" in (checkout.target / "museum" / "pets.py").read_text()
