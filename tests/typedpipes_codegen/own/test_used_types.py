"""Types as they are used: fields that only answers or only requests have, JSON where it can be had, heirs of a base."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.typedpipes_codegen.own.packages import made
from tests.typedpipes_codegen.own.test_wire_forms import Recorder, recorder

TEXT = {"type": "string"}
PET = {"$ref": "#/components/schemas/Pet"}


def answer(*kinds: str, schema: Any = PET) -> dict[str, Any]:
    content = {kind: {"schema": schema if "json" in kind else TEXT} for kind in kinds}
    return {"200": {"description": "ok", "content": content}}


def operation(name: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operationId": name, "tags": ["zoo"], "responses": responses, **more}


def heir(name: str) -> dict[str, Any]:
    return {"allOf": [PET, {"type": "object", "properties": {name: {"type": "integer"}}}]}


DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/pet": {"get": operation("pet", answer("application/json", "application/xml"))},
        "/pets": {"get": operation("pets", answer("application/json", schema={"type": "array", "items": PET}))},
        "/user": {
            "post": operation(
                "user",
                answer("application/json", schema={"$ref": "#/components/schemas/User"}),
                requestBody={"content": {"application/json": {"schema": {"$ref": "#/components/schemas/User"}}}},
                deprecated=True,
            )
        },
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": TEXT, "name": TEXT},
                "discriminator": {
                    "propertyName": "kind",
                    "mapping": {"cat": "#/components/schemas/Cat", "pup": "#/components/schemas/Dog"},
                },
            },
            "Cat": heir("lives"),
            "Dog": heir("barks"),
            "Fish": heir("depth"),
            "User": {
                "type": "object",
                "required": ["id", "name", "password"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": TEXT,
                    "password": {"type": "string", "writeOnly": True},
                    "made_by": {"allOf": [{"$ref": "#/components/schemas/Pet"}], "readOnly": True},
                },
            },
        }
    },
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("zoo")
    with made(folder, "zoo", json.dumps(DOCUMENT), 'base_url = "https://api.example"\n', ".json") as found:
        yield found


@pytest.fixture
def server() -> Iterator[Recorder]:
    with recorder() as found:
        yield found


def answered(server: Recorder, value: Any) -> str:
    server.answer = ("application/json", json.dumps(value).encode())
    return server.url


def test_a_base_gives_its_heirs_and_itself_for_a_kind_of_tomorrow(zoo: ModuleType, server: Recorder) -> None:
    given = [
        {"kind": "cat", "name": "a", "lives": 9},
        {"kind": "pup", "barks": 1},
        {"kind": "Fish"},
        {"kind": "bird", "name": "b"},
    ]
    with zoo.Zoo(base_url=answered(server, given)) as client:
        pets = client.zoo.pets()
    assert [type(pet).__name__ for pet in pets] == ["Cat", "Dog", "Fish", "Pet"]
    assert (pets[0].lives, pets[0].kind, pets[3].kind) == (9, "cat", "bird")


def test_json_is_what_is_asked_for_and_decoded(zoo: ModuleType, server: Recorder) -> None:
    with zoo.Zoo(base_url=answered(server, {"kind": "cat", "lives": 1})) as client:
        assert client.zoo.pet().lives == 1
    assert server.headers["accept"] == "application/json"


def test_what_is_read_only_is_not_sent_and_what_is_write_only_not_read(zoo: ModuleType, server: Recorder) -> None:
    assert set(zoo.User.__annotations__) == {"id", "name", "made_by"}
    assert set(zoo.UserInput.__annotations__) == {"name", "password"}
    url = answered(server, {"id": 1, "name": "n"})
    with zoo.Zoo(base_url=url) as client, pytest.warns(DeprecationWarning, match="zoo.user"):
        user = client.zoo.user(name="n", password="p")
    assert (user.id, json.loads(server.body)) == (1, {"name": "n", "password": "p"})


def test_what_the_package_says_to_type_checkers(zoo: ModuleType) -> None:
    text = Path(zoo.__file__ or "").with_name("zoo.py").read_text(encoding="utf-8")
    assert "AnyPet: TypeAlias = Cat | Dog | Fish | Pet" in text
    assert "-> AnyPet:" in text
    # A deprecated operation: no ignore, which --strict would call unused unless `deprecated` is enabled.
    assert "type: ignore" not in text
    assert '# mypy: disable-error-code="deprecated"' in text
