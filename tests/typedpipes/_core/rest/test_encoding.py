"""What goes on the wire: paths, field selector, queries and bodies, edge values included."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typedpipes._core.decoding.shapes import Owner
from typedpipes._core.decoding.answers import from_wire
from typedpipes._core.decoding.model import UNSET
from typedpipes._core.rest import Arguments, Operation
from typedpipes._core.rest.encoding import encode
from typedpipes._core.rest.multipart import MultipartBody
from typedpipes.errors import ConfigurationError, TransportError


def operation(path: str = "/deals", **changes: Any) -> Operation[object]:
    facts: dict[str, Any] = {
        "id": "getDeals",
        "api": "demo",
        "name": "deals.list",
        "method": "GET",
        "path": path,
        "module": __name__,
        "returns": "object",
        "safety": "safe",
    }
    return Operation(**{**facts, **changes})


def test_the_field_selector_follows_the_collection_with_its_characters_unescaped() -> None:
    arguments = Arguments(query={"start": 0}, fields=("id", "title", "value", "currency"))
    assert encode(operation(), arguments, {}).target == "/deals:(id,title,value,currency)?start=0"


@pytest.mark.parametrize("field", ["", "a,b", "a)", "a b", "../x", "id\n"])
def test_a_field_name_that_could_change_the_path_is_refused(field: str) -> None:
    with pytest.raises(ConfigurationError, match="field selector"):
        encode(operation(), Arguments(fields=(field,)), {})


@given(st.text(min_size=1, max_size=250).filter(str.strip))
def test_any_path_value_stays_one_segment_and_arrives_unchanged(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    target = encode(operation("/users/{external_user_id}/x"), Arguments(path=(value,)), {}).target
    _, users, segment, rest = target.split("/")
    assert (users, rest) == ("users", "x")
    assert unquote(segment) == value
    assert segment not in (".", "..")
    assert "?" not in target
    assert "#" not in target


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_path_value_is_refused_before_it_addresses_the_collection(value: str | None) -> None:
    with pytest.raises(ConfigurationError, match="non-empty id"):
        encode(operation("/deals/{id}"), Arguments(path=(value,)), {})


def test_query_values_are_spelt_as_the_vendors_do_and_unset_ones_left_out() -> None:
    query: dict[str, object] = {"a": True, "b": 1.5, "c": ["x y", "z&"], "ids": [1, 2], "d": None, "e": UNSET, "f": ""}
    target = encode(operation(csv=("ids",)), Arguments(query=query), {}).target
    assert target == "/deals?a=true&b=1.5&c=x%20y&c=z%26&ids=1,2&f="


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(max_size=20), max_size=4))
def test_any_query_text_arrives_unchanged(query: dict[str, str]) -> None:
    try:
        for value in query.values():
            value.encode()
    except UnicodeEncodeError:
        return
    target = encode(operation(), Arguments(query=dict(query)), {}).target
    assert dict(parse_qsl(target.partition("?")[2], keep_blank_values=True)) == query


def test_client_parameters_fill_path_header_query_and_body_and_a_missing_one_is_named() -> None:
    connect = operation(
        "/{project_id}/accounts/{account_id}",
        client_parameters=(
            ("project_id", "path", "project_id"),
            ("environment", "header", "X-PD-Environment"),
            ("org_id", "query", "org_id"),
        ),
    )
    settings = {"project_id": "proj_1", "environment": "development", "org_id": "o_1"}
    encoded = encode(connect, Arguments(path=("apn_1",)), settings)
    assert encoded.target == "/proj_1/accounts/apn_1?org_id=o_1"
    assert encoded.headers == {"X-PD-Environment": "development"}
    with pytest.raises(ConfigurationError, match="needs project_id") as caught:
        encode(connect, Arguments(path=("apn_1",)), {})
    assert caught.value.setting == "project_id"
    create = operation(method="POST", client_parameters=(("org_id", "body", "org_id"),))
    body = encode(create, Arguments(body={"name": "x", "org_id": UNSET}), settings).content
    assert isinstance(body, bytes)
    assert json.loads(body) == {"org_id": "o_1", "name": "x"}
    body = encode(create, Arguments(body={"name": "x", "org_id": "o_2"}), settings).content
    assert isinstance(body, bytes)
    assert json.loads(body) == {"org_id": "o_2", "name": "x"}
    body = encode(create, Arguments(body=from_wire(Owner, {"id": 1, "name": "x"})), settings).content
    assert isinstance(body, bytes)
    assert json.loads(body) == {"org_id": "o_1", "id": 1, "name": "x"}


def test_bodies_are_json_by_default_and_forms_on_request() -> None:
    arguments = Arguments(body={"title": "é & ü", "value": None, "gone": UNSET, "tags": ["a", "b"]})
    encoded = encode(operation(method="POST"), arguments, {})
    assert isinstance(encoded.content, bytes)
    assert json.loads(encoded.content) == {"title": "é & ü", "value": None, "tags": ["a", "b"]}
    assert encoded.headers == {"content-type": "application/json"}
    form = encode(operation(method="POST", media="application/x-www-form-urlencoded"), arguments, {})
    assert form.content == b"title=%C3%A9%20%26%20%C3%BC&tags=a&tags=b"
    with pytest.raises(ConfigurationError, match="has no JSON form"):
        encode(operation(method="POST"), Arguments(body={"x": object()}), {})


class CountedFile(io.BytesIO):
    """Tells how much is asked for at a time."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        CountedFile.largest = max(CountedFile.largest, size if size and size > 0 else 10**12)
        return super().read(size)


def test_files_are_streamed_as_multipart_and_never_held_whole(tmp_path: Path) -> None:
    saved = tmp_path / 'na"me.txt'
    saved.write_bytes(b"from disk")
    body = {"file": CountedFile(b"x" * 300_000), "copy": saved, "deal_id": 5, "note": None, "raw": b"\x00\xff"}
    upload = operation(method="POST", media="multipart/form-data")
    encoded = encode(upload, Arguments(body=body), {})
    assert isinstance(encoded.content, MultipartBody)
    whole = b"".join(encoded.content)
    assert CountedFile.largest <= 64 * 1024
    assert encoded.content.length == len(whole)
    assert b"".join(encoded.content) == whole, "a retry sends the same bytes"
    boundary = encoded.headers["content-type"].partition("boundary=")[2].encode()
    parts = whole.split(b"--" + boundary)
    names = [part.partition(b'name="')[2].partition(b'"')[0] for part in parts[1:-1]]
    assert names == [b"file", b"copy", b"deal_id", b"raw"]
    assert b"x" * 300_000 in parts[1]
    assert b'filename="na%22me.txt"' in parts[2]
    assert parts[-1] == b"--\r\n"


class OneShot(io.RawIOBase):
    """A pipe-like file: readable once."""

    def __init__(self) -> None:
        self.left = [b"abc", b""]

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1, /) -> bytes:
        return self.left.pop(0) if self.left else b""


def test_a_file_that_cannot_be_rewound_is_never_sent_twice() -> None:
    upload = operation(method="POST", media="multipart/form-data")
    content = encode(upload, Arguments(body={"file": OneShot()}), {}).content
    assert isinstance(content, MultipartBody)
    assert content.length is None
    assert b"abc" in b"".join(content)
    with pytest.raises(TransportError, match="cannot be rewound"):
        b"".join(content)
