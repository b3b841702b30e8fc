"""A file arrives with its name and the content type of that name, or is refused: never as eight letters of text."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer
from typedpipes.errors import ConfigurationError
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import Pipefy

SETTINGS: Any = {"api_token": "t" * 40, "limits": "off", "retries": 0}


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    with closing(WireServer(lambda _: Reply(body=b'{"success":true,"data":{"id":1}}'))) as made:
        yield made


@pytest.fixture(scope="module")
def crm(server: WireServer) -> Iterator[Pipedrive]:
    with Pipedrive(base_url=server.url, **SETTINGS) as made:
        yield made


def part(server: WireServer) -> tuple[bytes, bytes]:
    """Head and content of the file that arrived last."""
    head, _, rest = server.arrivals[-1].body.partition(b"filename=")[2].partition(b"\r\n\r\n")
    return head, rest.partition(b"\r\n--")[0]


def test_a_path_an_open_file_and_a_pair_arrive_with_name_and_type(
    server: WireServer, crm: Pipedrive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("test.csv").write_bytes(b"a,b")
    whole = (b'"test.csv"\r\nContent-Type: text/csv', b"a,b")
    with Path("test.csv").open("rb") as opened:
        for file in ("test.csv", Path("test.csv"), opened, ("test.csv", b"a,b"), ("test.csv", io.BytesIO(b"a,b"))):
            crm.v1.files.upload(file=file)
            assert part(server) == whole

    async def main() -> None:
        async with AsyncPipedrive(base_url=server.url, **SETTINGS) as other:
            await other.v1.files.upload(file="test.csv")

    anyio.run(main)
    assert part(server) == whole
    crm.v1.persons.picture.upload(1, file=("me.png", b"x"))
    assert part(server) == (b'"me.png"\r\nContent-Type: image/png', b"x")
    crm.v1.files.upload(file=("notes.unknown", b"x"))
    assert part(server)[0] == b'"notes.unknown"\r\nContent-Type: application/octet-stream'


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("a,b\n1,2\n", r"there is no file '…'; give a path, an open file, or \('name\.csv', content\)"),
        (Path("none.csv"), "there is no file 'none.csv'"),
        (b"a,b", r"the file has no name.*give \('name\.csv', content\)"),
        (io.BytesIO(b"a,b"), "the file has no name"),
        (io.StringIO("a,b"), "open it with mode 'rb'"),
        (("a.csv", 5), "a pair is the file's name and its content"),
        ({"a": 1}, "a file is a path, an open file"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_not_arrive_as_a_file_is_refused(
    server: WireServer, crm: Pipedrive, file: Any, message: str
) -> None:
    before = len(server.arrivals)
    with pytest.raises(ConfigurationError, match=message):
        crm.v1.files.upload(file=file)
    assert len(server.arrivals) == before


def test_bytes_are_no_value_of_pipefy(server: WireServer) -> None:
    before = len(server.arrivals)
    given: Any = {"card_id": 1, "field_id": "x", "new_value": b"x"}
    with (
        Pipefy(token="t" * 20, base_url=server.url, limits="off") as pipefy,
        pytest.raises(ConfigurationError, match=r"input\.new_value: bytes has no JSON form"),
    ):
        pipefy.update_card_field(input=given)
    assert len(server.arrivals) == before
