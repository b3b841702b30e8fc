"""Files to cards and records and back: no credential to the file host, nothing sent that would be refused."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.typedpipes.pipefy.colours import Colour
from typedpipes._core.files.links import LinkPolicy
from typedpipes._core.files.progress import Progress
from typedpipes.errors import ConfigurationError
from typedpipes.pipefy import UploadError
from typedpipes.pipefy.attachments.uploads import object_key

ORGANIZATION = "https://app.pipefy.com/organizations/123456789"


def stored(colour: Colour, key: str) -> bytes:
    file = colour.sandbox.files.get(key)
    assert file is not None
    return b"".join(file.chunks(0, file.length))


def card(colour: Colour) -> str:
    return str(colour.listed(colour.client.iter_cards(pipe_id=colour.pipe(), max_items=1))[0].id)


def test_a_path_bytes_and_an_open_file_arrive_as_they_are(colour: Colour, tmp_path: Path) -> None:
    content = os.urandom(700_001)
    path = tmp_path / "Angebot für Zoë.pdf"
    path.write_bytes(content)
    seen: list[Progress] = []
    upload = colour.client.attachments.upload
    key = colour(upload(path, organization_id=ORGANIZATION, progress=seen.append))
    assert key.endswith("/Angebot für Zoë.pdf")
    assert stored(colour, key) == content
    assert (seen[-1].done, seen[-1].total, seen[-1].finished) == (700_001, 700_001, True)
    assert stored(colour, colour(upload(b"", name="empty.txt", organization_id=123456789))) == b""
    file = io.BytesIO(b"skipped and kept")
    file.seek(8)
    assert stored(colour, colour(upload(file, name="a.txt", organization_id="123456789"))) == b"and kept"
    assert not file.closed


def test_the_file_host_sees_no_credential_and_the_announced_type_and_length(colour: Colour) -> None:
    colour(colour.client.attachments.upload(b"%PDF", name="a.pdf", organization_id=ORGANIZATION))
    (arrival,) = [each for each in colour.sandbox.log if each.api == "files"]
    assert "authorization" not in arrival.headers
    assert arrival.headers["content-type"] == "application/pdf"
    assert arrival.headers["content-length"] == "4"
    assert "transfer-encoding" not in arrival.headers


def test_what_would_be_refused_is_refused_before_anything_is_sent(colour: Colour, tmp_path: Path) -> None:
    huge = tmp_path / "huge.bin"
    with huge.open("wb") as file:
        file.truncate((512 << 20) + 1)
    upload = colour.client.attachments.upload
    before = colour.sandbox.log.total
    with pytest.raises(ConfigurationError, match=r"536,870,913 bytes; Pipefy takes attachments up to .* \(512 MB\)"):
        colour(upload(huge, organization_id=ORGANIZATION))
    with pytest.raises(ConfigurationError, match="give the file a name"):
        colour(upload(b"x", organization_id=ORGANIZATION))
    with pytest.raises(ConfigurationError, match="organization_id"):
        colour(upload(b"x", name="x", organization_id="https://example.com/1"))
    with pytest.raises(FileNotFoundError):
        colour(upload(tmp_path / "nothing", organization_id=ORGANIZATION))
    with pytest.raises(ConfigurationError, match="wrap the one"):
        colour(colour.client.attachments.attach_to_card(card_id="1", field_id="x", files="a.txt"))
    assert colour.sandbox.log.total == before


def test_files_are_added_to_those_of_a_card_or_replace_them(colour: Colour, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("one")
    (tmp_path / "two.txt").write_text("two")
    client, card_id = colour.client, card(colour)

    def attach(name: str, **options: object) -> list[str]:
        call = client.attachments.attach_to_card(
            card_id=card_id, field_id="attachments", files=[tmp_path / name], **options
        )
        found: list[str] = colour(call)
        return found

    def held() -> list[str]:
        return [attachment.path for attachment in colour(client.card(id=card_id)).attachments]

    first = attach("one.txt", replace=True, organization_id=ORGANIZATION)
    assert held() == first
    second = attach("two.txt")
    assert held() == [*first, *second]
    assert attach("two.txt", replace=True) == held()
    colour(client.attachments.download(card_id=card_id, path="two.txt", to=tmp_path / "back.txt"))
    assert (tmp_path / "back.txt").read_text() == "two"


def test_files_are_attached_to_a_record(colour: Colour) -> None:
    table = colour.table()
    fields = [field for field in colour(colour.client.table(id=table)).table_fields if field.type_ == "attachment"]
    record = colour.listed(colour.client.iter_table_records(table_id=table, max_items=1))[0].id
    if not fields:
        created = colour(
            colour.client.create_table_field(input={"table_id": table, "label": "Files", "type": "attachment"})
        )
        fields = [created.table_field]
    file = io.BytesIO(b"x")
    file.name = "x.txt"
    (key,) = colour(colour.client.attachments.attach_to_record(record_id=record, field_id=fields[0].id, files=[file]))
    assert stored(colour, key) == b"x"
    values = colour(colour.client.table_record(id=record)).record_fields
    assert [key] in [value.array_value for value in values]


def test_a_passing_failure_is_sent_again_and_an_expired_address_asked_for_anew(colour: Colour) -> None:
    upload = colour.client.attachments.upload
    colour.sandbox.faults.add(api="files", method="PUT", count=1, status=503)
    key = colour(upload(b"abc", name="a", organization_id=ORGANIZATION))
    assert stored(colour, key) == b"abc"
    assert colour.sent("mutation.createPresignedUrl") == 1
    colour.sandbox.faults.add(api="files", method="PUT", count=1, status=403)
    assert stored(colour, colour(upload(b"def", name="b", organization_id=ORGANIZATION))) == b"def"
    assert colour.sent("mutation.createPresignedUrl") == 3


def test_a_refusal_is_told_without_the_signature(colour: Colour) -> None:
    colour.sandbox.faults.add(api="files", method="PUT", status=411)
    with pytest.raises(UploadError, match="the file host answered 411") as caught:
        colour(colour.client.attachments.upload(b"abc", name="a", organization_id=ORGANIZATION))
    assert caught.value.status == 411
    assert "Signature" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/a", "http://bucket.s3.amazonaws.com/a", "https://app.pipefy.com.evil.example/a"],
)
def test_bytes_go_to_trusted_hosts_only(colour: Colour, address: str) -> None:
    fault = {"data.createPresignedUrl.url": address}
    colour.sandbox.faults.add(api="pipefy", operation="mutation.createPresignedUrl", set=fault)
    with pytest.raises(UploadError, match="link"):
        colour(colour.client.attachments.upload(b"abc", name="a", organization_id=ORGANIZATION))
    assert not [arrival for arrival in colour.sandbox.log if arrival.api == "files"]


def test_the_key_is_the_decoded_path_of_the_address() -> None:
    url = "https://b.s3.amazonaws.com/orgs/1/uploads/2/a%20b%2Bc.pdf?X-Amz-Signature=abc"
    assert object_key(url) == "orgs/1/uploads/2/a b+c.pdf"
    for host in ("s3", "s3.us-east-1", "s3-eu-west-1", "s3.dualstack.sa-east-1"):
        assert (
            object_key(f"https://{host}.amazonaws.com/bucket/orgs/1/uploads/2/a%20b.pdf?X=1")
            == "orgs/1/uploads/2/a b.pdf"
        )
    assert object_key("https://s3-files.s3.sa-east-1.amazonaws.com/orgs/1/a.pdf") == "orgs/1/a.pdf"
    assert LinkPolicy().check(url).host == "b.s3.amazonaws.com"
