"""Uploads: what cannot be sent is refused before anything is, an upload ends in its time, a new address is used."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.pipefy_server import Answer, Either
from typedpipes.errors import ConfigurationError, ResponseMismatch
from typedpipes.pipefy import UploadError
from typedpipes.pipefy.attachments import uploads


def upload(either: Either, file: Any, **options: Any) -> str:
    key: str = either(either.client.attachments.upload(file, **{"organization_id": 1, "name": "a.pdf", **options}))
    return key


async def tell(_: object) -> None:
    """A callback that would never be awaited."""


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        (lambda: io.StringIO("text"), {}, "a.pdf is open as text; open it with mode 'rb'"),
        (lambda: io.TextIOWrapper(io.BytesIO(b"x")), {}, "open it with mode 'rb'"),
        (lambda: memoryview(b"x"), {}, "not memoryview; bytes"),
        (lambda: 5, {}, "not int"),
        (lambda: "a\0b", {}, "is no path of a file"),
        (lambda: b"x", {"content_type": "text/plaïn"}, "content_type is no type"),
        (lambda: b"x", {"content_type": "text/plain\r\nx-evil: 1"}, "content_type is no type"),
        (lambda: b"x", {"content_type": "pdf"}, "content_type is no type"),
        (lambda: b"x", {"name": "a\nb.pdf"}, "give the file a name"),
        (lambda: b"x", {"timeout": "1"}, "timeout is a number of seconds"),
        (lambda: b"x", {"progress": tell}, "progress is an async function"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(
    plain: Either, file: Callable[[], Any], options: dict[str, Any], message: str
) -> None:
    given = file()
    with pytest.raises(ConfigurationError, match=message):
        upload(plain, given, **options)
    if isinstance(given, io.IOBase):
        given.close()
    assert plain.server.log == []


def test_a_content_type_with_a_parameter_is_sent(plain: Either) -> None:
    upload(plain, b"x", content_type='text/plain; charset="utf-8"')
    assert plain.server.log[0].variables["input"]["contentType"] == 'text/plain; charset="utf-8"'


def test_none_of_several_files_is_uploaded_when_one_is_refused(plain: Either, tmp_path: Path) -> None:
    good = tmp_path / "good.pdf"
    good.write_bytes(b"%PDF")

    def attach(files: list[Any]) -> list[str]:
        keys: list[str] = plain(
            plain.client.attachments.attach_to_card(
                card_id=1, field_id="offer", files=files, organization_id=1, replace=True
            )
        )
        return keys

    with pytest.raises(ConfigurationError, match="give the file a name"):
        attach([good, b"nameless"])
    with pytest.raises(FileNotFoundError):
        attach([good, tmp_path / "missing.pdf"])
    assert plain.server.log == []
    assert plain.server.puts == []
    with good.open("rb") as twice:
        assert len(attach([good, twice, twice])) == 3
    assert [content for _, content in plain.server.puts] == [b"%PDF"] * 3


def test_a_403_at_the_last_attempt_uses_the_new_address(plain: Either, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "TRIES", 1)  # else its pauses come first
    address = {"createPresignedUrl": {"url": f"{plain.server.address}/orgs/1/uploads/new/a.pdf"}}
    usual = {"createPresignedUrl": {"url": f"{plain.server.address}/orgs/1/uploads/old/a.pdf"}}
    plain.server.answers["CreatePresignedUrl"].extend([Answer({"data": usual}), Answer({"data": address})])
    plain.server.answers["PUT"].append(Answer(b"", 403))
    assert upload(plain, b"x") == "orgs/1/uploads/new/a.pdf"
    assert [path.split("/")[4] for path, _ in plain.server.puts] == ["old", "new"]


@pytest.mark.parametrize("size", [10, 30_000_000], ids=["silent", "not reading"])
def test_an_upload_to_a_host_that_stalls_ends_in_its_time(plain: Either, size: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stalled:
        url = f"http://127.0.0.1:{stalled.getsockname()[1]}/orgs/1/a.pdf"
        plain.server.always["CreatePresignedUrl"] = Answer({"data": {"createPresignedUrl": {"url": url}}})
        with pytest.raises(UploadError, match=r"did not take the file within 0\.2 s \((Read|Write)Timeout\)"):
            upload(plain, bytes(size), timeout=0.2)


FIELD = {"field": {"id": "offer"}, "array_value": ["orgs/1/old.pdf"]}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (None, "fields"),
        ([None], r"fields\[0\].field.id"),
        ([{**FIELD, "field": None}], r"fields\[0\].field.id"),
        ([{"field": {"id": "other"}}, {**FIELD, "array_value": None}], r"fields\[1\].array_value"),
        ([{**FIELD, "array_value": ["a", None]}], r"fields\[0\].array_value"),
    ],
)
def test_files_that_cannot_be_seen_are_not_replaced(plain: Either, tmp_path: Path, fields: object, path: str) -> None:
    card = {"attachments": [], "fields": fields, "pipe": {"organizationId": 1}}
    plain.server.always["CardFiles"] = Answer({"data": {"card": card}})
    file = tmp_path / "new.pdf"
    file.write_bytes(b"%PDF")

    def attach(**options: Any) -> None:
        plain(plain.client.attachments.attach_to_card(card_id=1, field_id="offer", files=[file], **options))

    with pytest.raises(ResponseMismatch, match=rf"card\.{path}: .* replace=True"):
        attach()
    assert plain.server.puts == []
    attach(replace=True)
    assert plain.server.log[-1].variables["input"]["new_value"] == ["orgs/1/uploads/x/offer.pdf"]


@pytest.mark.parametrize("found", [[], [{**FIELD, "array_value": None, "value": ""}], [{**FIELD, "array_value": []}]])
def test_files_are_added_to_an_empty_field(plain: Either, tmp_path: Path, found: object) -> None:
    table = {"organization": {"id": 1}}
    record = {"record_fields": found, "table": table}
    plain.server.always["RecordAttachments"] = Answer({"data": {"table_record": record}})
    file = tmp_path / "new.pdf"
    file.write_bytes(b"%PDF")
    plain(plain.client.attachments.attach_to_record(record_id=1, field_id="offer", files=[file]))
    assert plain.server.log[-1].variables["input"]["value"] == ["orgs/1/uploads/x/offer.pdf"]
