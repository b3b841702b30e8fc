"""Files to cards and records and back: no credential to the file host, nothing sent that would be refused."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.typedpipes.pipefy.either import Either
from typedpipes._core.files.links import LinkPolicy
from typedpipes._core.files.progress import Progress
from typedpipes.errors import ConfigurationError
from typedpipes.pipefy import UploadError
from typedpipes.pipefy.attachments.uploads import object_key

ORGANIZATION = "https://app.pipefy.com/organizations/123456789"


def stored(either: Either, key: str) -> bytes:
    file = either.sandbox.files.get(key)
    assert file is not None
    return b"".join(file.chunks(0, file.length))


def card(either: Either) -> str:
    return str(either.listed(either.client.iter_cards(pipe_id=either.pipe(), max_items=1))[0].id)


def test_a_path_bytes_and_an_open_file_arrive_as_they_are(either: Either, tmp_path: Path) -> None:
    content = os.urandom(700_001)
    path = tmp_path / "Angebot für Zoë.pdf"
    path.write_bytes(content)
    seen: list[Progress] = []
    upload = either.client.attachments.upload
    key = either(upload(path, organization_id=ORGANIZATION, progress=seen.append))
    assert key.endswith("/Angebot für Zoë.pdf")
    assert stored(either, key) == content
    assert (seen[-1].done, seen[-1].total, seen[-1].finished) == (700_001, 700_001, True)
    assert stored(either, either(upload(b"", name="empty.txt", organization_id=123456789))) == b""
    file = io.BytesIO(b"skipped and kept")
    file.seek(8)
    assert stored(either, either(upload(file, name="a.txt", organization_id="123456789"))) == b"and kept"
    assert not file.closed


def test_the_file_host_sees_no_credential_and_the_announced_type_and_length(either: Either) -> None:
    either(either.client.attachments.upload(b"%PDF", name="a.pdf", organization_id=ORGANIZATION))
    (arrival,) = [each for each in either.sandbox.log if each.api == "files"]
    assert "authorization" not in arrival.headers
    assert arrival.headers["content-type"] == "application/pdf"
    assert arrival.headers["content-length"] == "4"
    assert "transfer-encoding" not in arrival.headers


def test_what_would_be_refused_is_refused_before_anything_is_sent(either: Either, tmp_path: Path) -> None:
    huge = tmp_path / "huge.bin"
    with huge.open("wb") as file:
        file.truncate((512 << 20) + 1)
    upload = either.client.attachments.upload
    before = either.sandbox.log.total
    with pytest.raises(ConfigurationError, match=r"536,870,913 bytes; Pipefy takes attachments up to .* \(512 MB\)"):
        either(upload(huge, organization_id=ORGANIZATION))
    with pytest.raises(ConfigurationError, match="give the file a name"):
        either(upload(b"x", organization_id=ORGANIZATION))
    with pytest.raises(ConfigurationError, match="organization_id"):
        either(upload(b"x", name="x", organization_id="https://example.com/1"))
    with pytest.raises(FileNotFoundError):
        either(upload(tmp_path / "nothing", organization_id=ORGANIZATION))
    with pytest.raises(ConfigurationError, match="wrap the one"):
        either(either.client.attachments.attach_to_card(card_id="1", field_id="x", files="a.txt"))
    assert either.sandbox.log.total == before


def test_files_are_added_to_those_of_a_card_or_replace_them(either: Either, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("one")
    (tmp_path / "two.txt").write_text("two")
    client, card_id = either.client, card(either)

    def attach(name: str, **options: object) -> list[str]:
        call = client.attachments.attach_to_card(
            card_id=card_id, field_id="attachments", files=[tmp_path / name], **options
        )
        found: list[str] = either(call)
        return found

    def held() -> list[str]:
        return [attachment.path for attachment in either(client.card(id=card_id)).attachments]

    first = attach("one.txt", replace=True, organization_id=ORGANIZATION)
    assert held() == first
    second = attach("two.txt")
    assert held() == [*first, *second]
    assert attach("two.txt", replace=True) == held()
    either(client.attachments.download(card_id=card_id, path="two.txt", to=tmp_path / "back.txt"))
    assert (tmp_path / "back.txt").read_text() == "two"


def test_files_are_attached_to_a_record(either: Either) -> None:
    table = either.table()
    fields = [field for field in either(either.client.table(id=table)).table_fields if field.type_ == "attachment"]
    record = either.listed(either.client.iter_table_records(table_id=table, max_items=1))[0].id
    if not fields:
        created = either(
            either.client.create_table_field(input={"table_id": table, "label": "Files", "type": "attachment"})
        )
        fields = [created.table_field]
    file = io.BytesIO(b"x")
    file.name = "x.txt"
    (key,) = either(either.client.attachments.attach_to_record(record_id=record, field_id=fields[0].id, files=[file]))
    assert stored(either, key) == b"x"
    values = either(either.client.table_record(id=record)).record_fields
    assert [key] in [value.array_value for value in values]


def test_a_passing_failure_is_sent_again_and_an_expired_address_asked_for_anew(either: Either) -> None:
    upload = either.client.attachments.upload
    either.sandbox.faults.add(api="files", method="PUT", count=1, status=503)
    key = either(upload(b"abc", name="a", organization_id=ORGANIZATION))
    assert stored(either, key) == b"abc"
    assert either.sent("mutation.createPresignedUrl") == 1
    either.sandbox.faults.add(api="files", method="PUT", count=1, status=403)
    assert stored(either, either(upload(b"def", name="b", organization_id=ORGANIZATION))) == b"def"
    assert either.sent("mutation.createPresignedUrl") == 3


def test_a_refusal_is_told_without_the_signature(either: Either) -> None:
    either.sandbox.faults.add(api="files", method="PUT", status=411)
    with pytest.raises(UploadError, match="the file host answered 411") as caught:
        either(either.client.attachments.upload(b"abc", name="a", organization_id=ORGANIZATION))
    assert caught.value.status == 411
    assert "Signature" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/a", "http://bucket.s3.amazonaws.com/a", "https://app.pipefy.com.evil.example/a"],
)
def test_bytes_go_to_trusted_hosts_only(either: Either, address: str) -> None:
    fault = {"data.createPresignedUrl.url": address}
    either.sandbox.faults.add(api="pipefy", operation="mutation.createPresignedUrl", set=fault)
    with pytest.raises(UploadError, match="link"):
        either(either.client.attachments.upload(b"abc", name="a", organization_id=ORGANIZATION))
    assert not [arrival for arrival in either.sandbox.log if arrival.api == "files"]


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
