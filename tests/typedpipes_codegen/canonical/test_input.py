"""Bad and hostile documents: one clear message that says where, exit code 1, nothing written."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest
import yaml

from tests.typedpipes_codegen.canonical.support import DOCUMENTS, answering, document, run_codegen
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.commands import canonicalize_file
from typedpipes_codegen.documents import load_document, load_openapi, yaml_reader
from typedpipes_codegen.documents.nesting import MAX_DEPTH
from typedpipes_codegen.documents.tree import Json, JsonObject
from typedpipes_codegen.documents.yaml_reader import read_yaml
from typedpipes_codegen.errors import SchemaError

HEAD = "openapi: 3.0.1\ninfo: {title: t, version: '1'}\n"
OK = "responses: {'200': {description: ''}}"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)


def answer(schema: str) -> str:
    return (
        f"{HEAD}paths: {{/a: {{get: {{responses: {{'200': {{description: '', content: "
        f"{{application/json: {{schema: {schema}}}}}}}}}}}}}}}\n"
    )


def operation(text: str) -> str:
    return f"{HEAD}paths: {{/a: {{get: {{{text}, {OK}}}}}}}\n"


BAD = {
    "broken yaml": ("a: 1\n  b: 2\n", "not valid YAML", ":2"),
    "a tab": (f"{HEAD}paths:\n\t/a: 1\n", "not valid YAML", ":4"),
    "key given twice": (f"{HEAD}paths: {{}}\ninfo: 1\n", "'info' is given twice (first on line 2)", ":4"),
    "two documents": (f"{HEAD}---\na: 1\n", "more than one YAML document", ":3"),
    "python object": (f"{HEAD}paths: !!python/object/apply:os.system ['true']\n", "tag", ":3"),
    "merge key": (f"{HEAD}x: &x {{a: 1}}\npaths: {{<<: *x}}\n", "merge keys", ":4"),
    "recursive alias": (f"{HEAD}paths: &p {{/a: *p}}\n", "points at nothing, or into itself", ":3"),
    "alias bomb": (f"{HEAD}{BOMB}paths: {{}}\n", "more than 3,000,000 nodes", ":"),
    "list bomb": (f"{HEAD}x: {'[' * 5000}\n", f"nested more than {MAX_DEPTH} levels", ":3"),
    "a list": ("- 1\n", "expected a document with keys", ":1"),
    "empty": ("", "expected a document with keys", ":1"),
    "swagger": ("swagger: '2.0'\npaths: {}\n", "not an OpenAPI 3.0 or 3.1", "#/openapi"),
    "no paths": (HEAD, "has no paths", "#/paths"),
    "dangling ref": (answer("{$ref: '#/components/schemas/No'}"), "points at nothing", "schema/$ref"),
    "remote ref": (answer("{$ref: 'https://evil.example/x.yaml#/A'}"), "nothing is fetched", "schema/$ref"),
    "file ref": (answer("{$ref: '../secret.yaml'}"), "nothing is fetched", "schema/$ref"),
    "ref no string": (answer("{$ref: 3}"), "must be a string", "schema/$ref"),
    "ref in circles": (
        answer("{$ref: '#/components/schemas/A'}")
        + "components: {schemas: {A: {$ref: '#/components/schemas/B'}, B: {$ref: '#/components/schemas/A'}}}\n",
        "points only at itself",
        "#/",
    ),
    "ref into itself": (
        answer(
            "{type: object, properties: {x: {$ref: '#/paths/~1a/get/responses/200/content/application~1json/schema'}}}"
        ),
        "leads back into itself",
        "#/paths/",
    ),
    "names collide": (
        f"{HEAD}paths: {{}}\ncomponents: {{schemas: {{deal_item: {{}}, DealItem: {{}}}}}}\n",
        "'DealItem' and 'deal_item' become the same Python name",
        "#/components/schemas/deal_item",
    ),
    "component keyword": (
        f"{HEAD}paths: {{}}\ncomponents: {{schemas: {{class: {{}}}}}}\n",
        "'class' is a Python keyword",
        "#/components/schemas/class",
    ),
    "component path": (
        f"{HEAD}paths: {{}}\ncomponents: {{schemas: {{../../x: {{}}}}}}\n",
        "characters OpenAPI does not allow",
        "#/components/schemas/..~1..~1x",
    ),
    "operation keyword": (
        operation("operationId: import"),
        "'import' is a Python keyword",
        "#/paths/~1a/get/operationId",
    ),
    "operation path": (
        operation("operationId: ../../x"),
        "cannot be part of a Python name",
        "#/paths/~1a/get/operationId",
    ),
    "operation dunder": (operation("operationId: __import__"), "cannot be part of", "#/paths/~1a/get/operationId"),
    "operation quotes": (operation("operationId: 'a\"b'"), "cannot be part of", "#/paths/~1a/get/operationId"),
    "operation symbols": (operation("operationId: '***'"), "no ASCII letter", "#/paths/~1a/get/operationId"),
    "tag path": (operation("tags: [/etc/passwd]"), "cannot be part of", "#/paths/~1a/get/tags/0"),
    "tag keyword": (operation("tags: [class]"), "Python keyword", "#/paths/~1a/get/tags/0"),
    "tag no text": (operation("tags: [3]"), "expected a string", "#/paths/~1a/get/tags/0"),
    "operation twice": (
        f"{HEAD}paths: {{/a: {{get: {{operationId: x, {OK}}}}}, /b: {{get: {{operationId: x, {OK}}}}}}}\n",
        "is also that of #/paths/~1a/get",
        "#/paths/~1b/get/operationId",
    ),
    "no response": (f"{HEAD}paths: {{/a: {{get: {{}}}}}}\n", "declares no response", "#/paths/~1a/get"),
    "undeclared path parameter": (
        f"{HEAD}paths: {{'/a/{{id}}': {{get: {{{OK}}}}}}}\n",
        "{id} is not declared",
        "#/paths/",
    ),
    "stray path parameter": (
        operation("parameters: [{name: id, in: path, required: true, schema: {}}]"),
        "is not in the path",
        "#/paths/~1a/get/parameters/0",
    ),
    "parameter twice": (
        operation("parameters: [{name: a, in: query, schema: {}}, {name: a, in: query, schema: {}}]"),
        "declared twice",
        "#/paths/~1a/get/parameters/1",
    ),
    "parameter nowhere": (operation("parameters: [{name: a, in: body, schema: {}}]"), "is in 'body'", "parameters/0"),
    "schema no object": (answer("[1]"), "expected an object, found a list", "#/paths/~1a/get/responses/200"),
    "properties no object": (answer("{properties: [1]}"), "expected an object", "/schema/properties"),
    "empty enum": (answer("{enum: []}"), "accepts nothing", "/schema/enum"),
    "mapping to nothing": (
        answer("{discriminator: {propertyName: k, mapping: {a: Nobody}}}"),
        "names no schema component",
        "/discriminator/mapping/a",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_document_is_refused_with_one_message_that_says_where(case: str, tmp_path: Path) -> None:
    text, message, place = BAD[case]
    source, target = tmp_path / "vendor.yaml", tmp_path / "out.yaml"
    source.write_text(text, encoding="utf-8")
    target.write_text("old", encoding="utf-8")

    with pytest.raises(SchemaError) as caught:
        canonicalize_file(source, target, names=tmp_path / "names.lock", api="x")

    said = str(caught.value)
    assert message in said
    assert said.startswith(f"{source}{place}" if place.startswith(":") else f"{source} #")
    assert place in said
    assert "\n" not in said
    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.yaml", "vendor.yaml"]


@pytest.mark.parametrize("case", ["broken yaml", "remote ref", "operation path"])
def test_the_command_ends_with_exit_code_1_and_one_line(case: str, tmp_path: Path) -> None:
    source = tmp_path / "vendor.yaml"
    source.write_text(BAD[case][0], encoding="utf-8")

    done = run_codegen("canonicalize", source, tmp_path / "out.yaml")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: {source}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.yaml").exists()


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"openapi: 3.0.1\n\xff\xfe")

    with pytest.raises(SchemaError, match="not UTF-8 text") as caught:
        load_document(binary)
    with pytest.raises(SchemaError, match="cannot be read"):
        load_document(tmp_path / "gone.yaml")

    assert caught.value.line == 2


def test_a_remote_reference_opens_no_connection(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    host, port = listener.getsockname()[:2]
    source = tmp_path / "vendor.yaml"
    source.write_text(answer(f"{{$ref: 'http://{host}:{port}/x.yaml'}}"), encoding="utf-8")

    with pytest.raises(SchemaError, match="nothing is fetched"):
        load_openapi(source)

    with listener, pytest.raises(BlockingIOError):
        listener.accept()


def test_json_is_read_too_and_its_faults_have_lines(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    tree = document({"/a": {"get": answering({"type": "string"})}})
    good.write_text(json.dumps(tree), encoding="utf-8")
    bad.write_text('{\n"openapi": "3.0.1",\n"openapi": "3.1.0"}', encoding="utf-8")

    assert load_openapi(good) == tree
    with pytest.raises(SchemaError, match="given twice") as caught:
        load_openapi(bad)
    assert caught.value.line == 3


def test_scalars_follow_yaml_1_2(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "no: no\non: on\nx: 012\ny: 12:30\nz: 2026-01-01\nf: 1e3\nh: 0x1F\nt: true\nn: ~\n200: a\n", encoding="utf-8"
    )

    assert load_document(path) == {
        "no": "no",
        "on": "on",
        "x": 12,
        "y": "12:30",
        "z": "2026-01-01",
        "f": 1000.0,
        "h": "0x1F",
        "t": True,
        "n": None,
        "200": "a",
    }


def test_the_pure_python_reader_gives_the_same_tree_and_the_same_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [(DOCUMENTS / name).read_text(encoding="utf-8") for name in ("shop.yaml", "shop.canonical.yaml")]
    fast = [read_yaml(text) for text in texts]
    monkeypatch.setattr(yaml_reader, "_LOADER", yaml.SafeLoader)

    assert [read_yaml(text) for text in texts] == fast
    for case in ("broken yaml", "key given twice", "list bomb", "recursive alias", "python object"):
        with pytest.raises(SchemaError, match=re.escape(BAD[case][1])):
            read_yaml(BAD[case][0])


def test_harmless_aliases_are_resolved(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: &x {b: [1]}\nc: *x\n", encoding="utf-8")

    assert load_document(path) == {"a": {"b": [1]}, "c": {"b": [1]}}


@pytest.mark.parametrize("name", ["class", "from", "__init__", "../../x", "a b", "名前", "$ref", "'; import os #"])
def test_property_and_parameter_names_are_data_and_may_be_anything(name: str) -> None:
    shape: JsonObject = {"type": "object", "properties": {name: {"type": "object", "properties": {"x": {}}}}}
    parameters: list[Json] = [{"name": name, "in": "query", "schema": {"type": "string", "enum": ["a", "b"]}}]
    source = document({"/a": {"get": answering(shape, parameters=parameters)}})

    names = set(canonicalize(source).names.values())

    assert len(names) == 3
    assert all(component.isidentifier() and component.isascii() for component in names)
