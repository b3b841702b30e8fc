"""Answers that are no schema, or worse: every file stays as it was, and one error says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.committed_schemas import all_root_fields
from tests.typedpipes_codegen.refresh import petshop
from tests.typedpipes_codegen.refresh.checkout import Checkout
from tests.typedpipes_codegen.refresh.document_server import Answer, DocumentServer
from typedpipes.cli import main

GOOD = petshop.published(petshop.changed(weight={"get": petshop.operation("weighPet", petshop.IDENTIFIER)}))
BOMB = b"a0: &a0 [x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)
)
REST = {
    "an empty body": (b"", "empty"),
    "a page in HTML": (b"<!DOCTYPE html><title>Sign in</title>", "web page"),
    "a page after white space": (b"\n\n  <html><body>Sorry</body></html>", "web page"),
    "an error in XML": (b'<?xml version="1.0"?><Error/>', "web page or XML"),
    "text": (b"Service unavailable", "expected a document with keys"),
    "an error in JSON": (b'{"error": "not_found"}', "not an OpenAPI"),
    "binary": (b"\x1f\x8b\x08\x00\xff\xfe", "UTF-8"),
    "an alias bomb": (b"openapi: 3.0.0\n" + BOMB + b"paths: {}\n", "nodes"),
    "nesting without end": (b"openapi: 3.0.0\npaths: " + b"[" * 100_000, "levels deep"),
    "JSON nesting without end": (b'{"openapi": "3.0.0", "paths": ' + b"[" * 100_000, "levels deep"),
    "a reference to another file": (
        GOOD.replace(b"type: object", b"$ref: other.yaml#/Pet", 1),
        "leaves the document",
    ),
    "a reference to another host": (
        GOOD.replace(b"type: object", b"$ref: https://evil.example/pet.yaml", 1),
        "leaves the document",
    ),
    "a reference to a file of this machine": (
        GOOD.replace(b"type: object", b"$ref: file:///etc/passwd", 1),
        "leaves the document",
    ),
    "a YAML tag that makes objects": (b"!!python/object/apply:os.system ['true']\n", "tag"),
    "a name out of the folder": (GOOD.replace(b"- Pets", b"- ../../evil", 1), "evil"),
    "two keys of one name": (GOOD + b"openapi: 3.0.0\n", "twice"),
    "a document cut in the middle of a line": (GOOD[: len(GOOD) // 2], ""),
    "a document that ends after its first operations": (GOOD.partition(b"  /pets/{id}/owner")[0], ""),
    "another API": (
        b"openapi: 3.0.0\ninfo: {title: Other, version: '1'}\npaths: {}\n",
        "lacks 4 of the 4",
    ),
}
GRAPHQL = {
    "an error in JSON": (b'{"errors": [{"message": "no"}]}', "no __schema"),
    "a list": (b"[1, 2]", ""),
    "half of an answer": (b'{"data": {"__schema": {"queryType": {"name": "Que', "not valid JSON"),
    "an answer without types": (b'{"__schema": {"queryType": {"name": "Query"}, "types": []}}', ""),
    "an answer of another shape": (b'{"__schema": {"types": 7}}', "incomplete"),
    "types that are no types": (b'{"__schema": {"queryType": {"name": "Q"}, "types": [{"kind": "LASER"}]}}', ""),
    "SDL that is cut": (b"type Query {\n  a: In", ""),
    "SDL with a type nobody defines": (b"type Query { a: Nowhere }", "Nowhere"),
    "SDL nested without end": (b"type Query { a: " + b"[" * 20_000, ""),
    "defaults that need each other": (
        b"type Query { a(b: B = {}): Int }\ninput B { c: C = {} }\ninput C { b: B = {} }",
        "",
    ),
    "a page in HTML": (b"<html></html>", "web page"),
    "another API": (b"type Query { other: Int }", "lacks {0} of the {0}".format(len(all_root_fields("documented")))),
}


def assert_refused(checkout: Checkout, package: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line, in this process, ends with 1 and one error and changes nothing."""
    before = checkout.state()
    monkeypatch.chdir(checkout.folder)
    assert main(["schema", "refresh", package, "--from", source]) == 1
    assert checkout.state() == before
    assert not list(checkout.schemas.glob(".refresh*"))


@pytest.mark.parametrize("kind", REST)
def test_a_hostile_openapi_document_changes_nothing(
    checkout: Checkout,
    server: DocumentServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    body, told = REST[kind]
    assert_refused(checkout, "petshop", server.publish(body), monkeypatch)
    talk = capsys.readouterr().err
    assert talk.count("error:") == 1, talk
    assert told in talk
    assert len(server.requests) == 1  # nothing a document names is fetched


@pytest.mark.parametrize("kind", GRAPHQL)
def test_a_hostile_graphql_schema_changes_nothing(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    body, told = GRAPHQL[kind]
    given = checkout.folder / "given.json"
    given.write_bytes(body)
    assert_refused(checkout, "pipefy", str(given), monkeypatch)
    talk = capsys.readouterr().err
    assert talk.count("error:") == 1, talk
    assert told in talk


def test_a_redirect_to_another_host_is_not_followed(
    checkout: Checkout, server: DocumentServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with DocumentServer() as elsewhere:
        target = elsewhere.publish(GOOD)
        url = server.publish(b"", status=302, headers={"Location": target})
        assert_refused(checkout, "petshop", url, monkeypatch)
        assert elsewhere.requests == []
    assert "redirects to another host are not followed" in capsys.readouterr().err


def test_a_redirect_on_the_same_host_is_followed(
    checkout: Checkout, server: DocumentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.publish(GOOD, "/v2/openapi.yaml")
    url = server.publish(b"", status=301, headers={"Location": "/v2/openapi.yaml"})
    monkeypatch.chdir(checkout.folder)
    assert main(["schema", "refresh", "petshop", "--from", url]) == 0
    assert "weighPet" in checkout.schema()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://pets.example/openapi.yaml", "not https"),
        ("https://user:word@pets.example/openapi.yaml", "no plain host"),
        ("http://169.254.169.254/latest", "not https"),
    ],
)
def test_an_address_that_is_not_safe_is_not_asked(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, told: str
) -> None:
    assert_refused(checkout, "petshop", url, monkeypatch)
    talk = capsys.readouterr().err
    assert told in talk
    assert "word" not in talk.replace("password", "")


def test_a_body_cut_on_its_way_is_not_taken_for_whole(
    checkout: Checkout, server: DocumentServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from typedpipes._core.flow import SyncIO

    waits: list[float] = []
    monkeypatch.setattr("typedpipes.cli.schema_sources.SyncIO", lambda: SyncIO(sleep=waits.append))
    url = server.publish(GOOD[: len(GOOD) // 2], length=len(GOOD))
    assert_refused(checkout, "petshop", url, monkeypatch)
    assert "could not be fetched" in capsys.readouterr().err
    assert len(server.requests) == 5
    assert waits


def test_a_body_without_a_recognisable_end_is_refused(
    checkout: Checkout, server: DocumentServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = server.publish(GOOD, framed=False)
    assert_refused(checkout, "petshop", url, monkeypatch)
    assert "where the file ends" in capsys.readouterr().err


@pytest.mark.parametrize("announced", [True, False])
def test_a_document_larger_than_any_schema_is_refused(
    checkout: Checkout,
    server: DocumentServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    announced: bool,
) -> None:
    from typedpipes.cli.documents import fetch_document

    monkeypatch.setattr(
        "typedpipes.cli.schema_sources.fetch_document", lambda url: fetch_document(url, max_bytes=100_000)
    )
    if announced:
        url = server.publish(b"#" * 100_001)
    else:
        body = b"%x\r\n" % 100_001 + b"#" * 100_001 + b"\r\n0\r\n\r\n"
        server.answers["/openapi.yaml"] = Answer(body, headers={"Transfer-Encoding": "chunked"}, framed=False)
        url = f"{server.url}/openapi.yaml"
    assert_refused(checkout, "petshop", url, monkeypatch)
    assert "larger than" in capsys.readouterr().err


def test_an_introspection_answer_larger_than_any_schema_is_refused(
    checkout: Checkout, server: DocumentServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("typedpipes.cli.schema_sources.LARGEST", 100_000)
    monkeypatch.setenv("PIPEFY_BASE_URL", f"{server.url}/graphql")
    monkeypatch.setenv("PIPEFY_TOKEN", "pat_of_this_test_only")
    monkeypatch.setenv("XDG_STATE_HOME", str(checkout.folder / "state"))
    body = json.dumps({"data": {"__schema": "x" * 200_000}}).encode()
    server.publish(body, "/graphql", headers={"Content-Type": "application/json"})
    before = checkout.state()
    monkeypatch.chdir(checkout.folder)
    assert main(["schema", "refresh", "pipefy"]) == 1
    assert "larger than" in capsys.readouterr().err
    assert checkout.state() == before
    assert len(server.requests) == 1


def test_a_file_that_is_not_there_is_an_error_of_usage(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(checkout.folder)
    assert main(["schema", "refresh", "petshop", "--from", str(Path("absent.yaml"))]) == 2
    assert "absent.yaml cannot be read" in capsys.readouterr().err
