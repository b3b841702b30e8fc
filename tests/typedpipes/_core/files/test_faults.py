"""What file hosts, links and disks do, and what a download makes of it: the whole file, or an error and nothing."""

from __future__ import annotations

import errno
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.typedpipes._core.files.fetching import Fetch
from tests.typedpipes._core.files.file_server import (
    FileServer,
    Handler,
    as_usual,
    doing,
    raw,
    redirect,
    reset_after_headers,
    status,
    truncated,
)
from tests.typedpipes.pipefy.exports.fake_time import MODES
from typedpipes._core.files import LinkPolicy, Progress
from typedpipes.errors import DownloadError

CONTENT = random.Random(5).randbytes(700_000)

pytestmark = pytest.mark.parametrize("mode", MODES)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file.bin"


def nothing_left_but(folder: Path, *names: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_a_file_arrives_whole_with_progress_and_nothing_beside_it(host: FileServer, target: Path, mode: str) -> None:
    host.put("f", CONTENT)
    seen: list[Progress] = []
    assert Fetch(host, target, mode, progress=seen.append)() == target
    assert target.read_bytes() == CONTENT
    assert nothing_left_but(target.parent, "file.bin")
    assert (seen[-1].done, seen[-1].total, seen[-1].finished) == (len(CONTENT), len(CONTENT), True)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


def test_no_credential_and_no_cookie_reaches_the_file_host(
    host: FileServer, target: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETRC", str(target.parent / "netrc"))
    (target.parent / "netrc").write_text("machine 127.0.0.1 login joe password s3cret\n")
    host.put("f", CONTENT, headers={"Set-Cookie": "session=1"})
    host.faults.extend([redirect(host.link("f"))])
    Fetch(host, target, mode)()
    assert len(host.log) == 2
    for request in host.log:
        assert set(request.headers) == {"host", "user-agent", "accept", "accept-encoding"}


def test_the_signed_link_is_in_no_log(
    host: FileServer, target: Path, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    host.put("f", CONTENT)
    Fetch(host, target, mode)()
    assert "Signature" not in caplog.text


def test_an_empty_file_is_a_file(host: FileServer, target: Path, mode: str) -> None:
    host.put("f", b"")
    Fetch(host, target, mode)()
    assert target.read_bytes() == b""


def test_a_truncated_body_is_resumed_by_range(host: FileServer, target: Path, mode: str) -> None:
    served = host.put("f", CONTENT)
    host.faults.extend([truncated(served, 200_000), truncated(served, 200_000)])
    Fetch(host, target, mode)()
    assert target.read_bytes() == CONTENT
    assert [request.headers.get("range") for request in host.log] == [None, "bytes=200000-", "bytes=400000-"]
    assert all(request.headers["if-range"] == served.etag for request in host.log[1:])


def test_a_connection_reset_right_after_the_headers_is_taken_up_again(
    host: FileServer, target: Path, mode: str
) -> None:
    host.put("f", CONTENT)
    host.faults.extend([reset_after_headers] * 4)
    assert Fetch(host, target, mode)().read_bytes() == CONTENT
    assert len(host.log) == 5


def test_a_host_without_ranges_is_read_from_the_beginning(host: FileServer, target: Path, mode: str) -> None:
    served = host.put("f", CONTENT, ranges=False)
    host.faults.append(truncated(served, 200_000))
    Fetch(host, target, mode)()
    assert target.read_bytes() == CONTENT


def test_a_host_without_any_validator_is_not_trusted_to_resume(host: FileServer, target: Path, mode: str) -> None:
    served = host.put("f", CONTENT)
    served.etag = None
    host.faults.append(truncated(served, 200_000))
    Fetch(host, target, mode)()
    assert target.read_bytes() == CONTENT
    assert all("range" not in request.headers for request in host.log)


@pytest.mark.parametrize("honest", [True, False])
def test_content_that_changes_between_two_ranges_is_fetched_anew(
    host: FileServer, target: Path, mode: str, honest: bool
) -> None:
    served = host.put("f", CONTENT)
    other = CONTENT[::-1]

    def change(handler: Handler) -> bool:
        served.content, served.etag = other, '"other"'
        if not honest:  # ignores If-Range and sends the rest of another file
            del handler.headers["If-Range"]
        return False

    host.faults.extend([truncated(served, 200_000), change])
    Fetch(host, target, mode)()
    assert target.read_bytes() == other


def test_a_host_that_always_hangs_up_ends_in_an_error_and_keeps_the_part(
    host: FileServer, target: Path, mode: str
) -> None:
    served = host.put("f", CONTENT)
    host.faults.append(truncated(served, 300_000))
    host.faults.extend([raw(b"")] * 10)
    fetch = Fetch(host, target, mode)
    with pytest.raises(DownloadError, match="5 times in a row after 300000 bytes"):
        fetch()
    assert not target.exists()
    host.faults.clear()
    host.log.clear()
    fetch()
    assert target.read_bytes() == CONTENT
    assert [request.headers.get("range") for request in host.log] == ["bytes=300000-"]


def test_a_part_of_another_export_is_not_continued(host: FileServer, target: Path, mode: str) -> None:
    served = host.put("f", CONTENT)
    host.faults.append(truncated(served, 300_000))
    host.faults.extend([raw(b"")] * 10)
    with pytest.raises(DownloadError):
        Fetch(host, target, mode)()
    host.faults.clear()
    host.log.clear()
    other = Fetch(host, target, mode)
    other.identity = "export-2"
    other()
    assert target.read_bytes() == CONTENT
    assert "range" not in host.log[0].headers


NOTES: dict[str, list[object]] = {
    "v": [[], "1", None, True],
    "identity": [1, None],
    "etag": [5, [1], "\r\nX: 1", "\N{GRINNING FACE}"],
    "modified": [7, {}, "\ud800"],
    "total": ["9", -1, 1e99, [], True],
    "synced": ["9", -1, None, 0.5],
    "boot": [1, None],
}


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"[" * 100_000, b'{"v": 1}', b"\xff", *NOTES])
def test_damaged_notes_of_a_part_are_no_notes(host: FileServer, target: Path, mode: str, text: bytes | str) -> None:
    served = host.put("f", CONTENT)
    host.faults.append(truncated(served, 300_000))
    host.faults.extend([raw(b"")] * 10)
    with pytest.raises(DownloadError):
        Fetch(host, target, mode)()
    host.faults.clear()
    notes, part = target.with_name("file.bin.part.json"), target.with_name("file.bin.part")
    good, begun = json.loads(notes.read_bytes()), part.read_bytes()
    damaged = [{**good, text: value} for value in NOTES[text]] if isinstance(text, str) else [text]
    for each in damaged:
        part.write_bytes(begun)
        notes.write_bytes(each if isinstance(each, bytes) else json.dumps(each).encode())
        Fetch(host, target, mode)()
        assert target.read_bytes() == CONTENT


def test_a_body_longer_than_announced_never_becomes_the_file(host: FileServer, target: Path, mode: str) -> None:
    host.put("f", CONTENT)
    lie = b'HTTP/1.1 206 OK\r\nContent-Range: bytes 100-199/200\r\nETag: "e"\r\nTransfer-Encoding: chunked\r\n\r\n'
    start = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 200\r\n\r\n'
    host.faults.extend([raw(start + b"a" * 100), raw(lie + b"190\r\n" + b"b" * 400 + b"\r\n0\r\n\r\n")])
    with pytest.raises(DownloadError, match="more than the 200 bytes"):
        Fetch(host, target, mode)()
    assert not target.exists()


def test_a_length_that_changes_between_two_ranges_is_another_file(host: FileServer, target: Path, mode: str) -> None:
    host.put("f", CONTENT)
    start = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 200\r\n\r\n'
    other = (
        b'HTTP/1.1 206 Partial Content\r\nETag: "e"\r\nContent-Range: bytes 100-299/300\r\nContent-Length: 200\r\n\r\n'
    )
    host.faults.extend([raw(start + b"a" * 100), raw(other + b"b" * 100)])
    Fetch(host, target, mode)()
    assert target.read_bytes() == CONTENT
    assert [request.headers.get("range") for request in host.log] == [None, "bytes=100-", None]


def test_bytes_after_the_announced_length_are_not_taken(host: FileServer, target: Path, mode: str) -> None:
    host.faults.append(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + b"hello, world"))
    Fetch(host, target, mode)()
    assert target.read_bytes() == b"hello"


def test_a_body_whose_end_cannot_be_known_is_refused(host: FileServer, target: Path, mode: str) -> None:
    host.faults.append(raw(b"HTTP/1.0 200 OK\r\n\r\nhalf a fi"))
    with pytest.raises(DownloadError, match="where the file ends"):
        Fetch(host, target, mode)()
    assert nothing_left_but(target.parent)


def test_a_chunked_body_is_complete_only_with_its_last_chunk(host: FileServer, target: Path, mode: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
    host.faults.extend([raw(head), raw(head + b"0\r\n\r\n")])
    Fetch(host, target, mode)()
    assert target.read_bytes() == b"hello"
    assert len(host.log) == 2


TAG = '"t1"'
DATE = "Sat, 21 Nov 2026 10:00:00 GMT"
RANGES = {
    "no total": {"Content-Range": "bytes 5-7/*", "ETag": TAG, "Last-Modified": DATE},
    "no range": {"ETag": TAG, "Last-Modified": DATE},
    "another range": {"Content-Range": "bytes 4-10/11", "ETag": TAG, "Last-Modified": DATE},
    "no tag": {"Content-Range": "bytes 5-7/8", "Last-Modified": DATE},
    "another tag": {"Content-Range": "bytes 5-7/8", "ETag": '"t2"', "Last-Modified": DATE},
    "weak tag": {"Content-Range": "bytes 5-7/8", "ETag": f"W/{TAG}", "Last-Modified": DATE},
    "another date": {"Content-Range": "bytes 5-7/8", "ETag": TAG, "Last-Modified": "Sat, 21 Nov 2026 10:00:01 GMT"},
    "another length": {"Content-Range": "bytes 5-9/10", "ETag": TAG, "Last-Modified": DATE},
}


@pytest.mark.parametrize("kind", RANGES)
def test_a_range_that_does_not_prove_to_continue_the_file_starts_it_again(
    host: FileServer, target: Path, mode: str, kind: str
) -> None:
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: {TAG}\r\nLast-Modified: {DATE}\r\n\r\n"
    rest = "".join(f"{name}: {value}\r\n" for name, value in RANGES[kind].items())
    host.faults.extend(
        [
            raw(head.encode() + b"5\r\nhello\r\n"),
            raw(f"HTTP/1.1 206 OK\r\nContent-Length: 3\r\n{rest}\r\n wo".encode()),
            raw(head.encode() + b"b\r\nhello world\r\n0\r\n\r\n"),
        ]
    )
    Fetch(host, target, mode)()
    assert target.read_bytes() == b"hello world"
    assert [request.headers.get("range") for request in host.log] == [None, "bytes=5-", None]


@pytest.mark.parametrize("given", [DATE, None, "Sat, 21 Nov 2026 10:00:01 GMT"])
def test_without_a_tag_the_date_has_to_be_that_of_the_beginning(
    host: FileServer, target: Path, mode: str, given: str | None
) -> None:
    served = host.put("f", CONTENT, modified=DATE)
    served.etag = ""

    def other_date(handler: Handler) -> bool:
        served.modified = given
        del handler.headers["If-Range"]
        return False

    host.faults.extend([truncated(served, 200_000), other_date])
    Fetch(host, target, mode)()
    assert target.read_bytes() == CONTENT
    assert len(host.log) == (2 if given == DATE else 3)


def test_a_range_that_ends_before_the_file_is_followed_by_the_next(host: FileServer, target: Path, mode: str) -> None:
    tag = f"ETag: {TAG}\r\n"
    answers = [
        f"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n{tag}\r\nhello",
        f"HTTP/1.1 206 OK\r\nContent-Length: 3\r\nContent-Range: bytes 5-7/11\r\n{tag}\r\n wo",
        f"HTTP/1.1 206 OK\r\nContent-Length: 3\r\nContent-Range: bytes 8-10/11\r\n{tag}\r\nrld",
    ]
    host.faults.extend(raw(answer.encode()) for answer in answers)
    Fetch(host, target, mode)()
    assert target.read_bytes() == b"hello world"


def test_a_larger_file_than_allowed_is_refused_before_and_while_it_is_read(
    host: FileServer, target: Path, mode: str
) -> None:
    host.put("f", CONTENT)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with pytest.raises(DownloadError, match="larger than"):
        Fetch(host, target, mode, max_bytes=600_000)()
    host.faults.append(raw(chunked * 20))
    host.faults[-1] = raw(chunked + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 20)
    with pytest.raises(DownloadError, match="larger than"):
        Fetch(host, target, mode, max_bytes=600_000)()
    assert nothing_left_but(target.parent)


def test_a_link_that_expired_before_the_download_is_fetched_again(host: FileServer, target: Path, mode: str) -> None:
    host.put("f", CONTENT)
    fetch = Fetch(host, target, mode)
    host.faults.append(doing(host.expire_links))
    fetch()
    assert target.read_bytes() == CONTENT
    assert fetch.source.asked == 2


def test_links_that_expire_in_the_middle_are_fetched_again_each_time(host: FileServer, target: Path, mode: str) -> None:
    served = host.put("f", CONTENT)
    for cut in range(3):
        host.faults.extend([truncated(served, 100_000 + cut), doing(host.expire_links)])
    fetch = Fetch(host, target, mode)
    fetch()
    assert target.read_bytes() == CONTENT
    assert fetch.source.asked == 4


@pytest.mark.parametrize(("age", "asked"), [(894, 1), (896, 2)])
def test_a_link_that_ends_within_5_seconds_is_not_used_to_reconnect(
    host: FileServer, target: Path, mode: str, age: float, asked: int
) -> None:
    """A link lives 15 minutes at most."""
    served = host.put("f", CONTENT)
    fetch = Fetch(host, target, mode, timeout=7200)

    def later(handler: Handler) -> bool:
        handler.serve(served, send=100_000)
        fetch.clock.now += age
        return True

    host.faults.append(later)
    fetch()
    assert target.read_bytes() == CONTENT
    assert fetch.source.asked == asked
    assert [request.path.split("/")[1] for request in host.log] == ["1", str(asked)]


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410])
def test_a_link_refused_twice_is_an_error_with_the_status(host: FileServer, target: Path, mode: str, code: int) -> None:
    host.faults.extend([status(code)] * 2)
    fetch = Fetch(host, target, mode)
    with pytest.raises(DownloadError, match=f"status {code}, also with a new link") as raised:
        fetch()
    assert raised.value.status == code
    assert fetch.source.asked == 2
    assert "Signature" not in str(raised.value)
    assert nothing_left_but(target.parent)


@pytest.mark.parametrize("code", [418, 451, 206, 204])
def test_a_status_that_makes_no_sense_is_an_error_at_once(host: FileServer, target: Path, mode: str, code: int) -> None:
    host.faults.append(raw(f"HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n".encode()))
    with pytest.raises(DownloadError, match=str(code)):
        Fetch(host, target, mode)()
    assert len(host.log) == 1


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_passing_status_is_ridden_out_and_a_lasting_one_is_an_error(
    host: FileServer, target: Path, mode: str, code: int
) -> None:
    host.put("f", CONTENT)
    host.faults.extend([status(code), status(code, Retry_After="20")])
    fetch = Fetch(host, target, mode)
    fetch()
    assert target.read_bytes() == CONTENT
    assert 20.0 in fetch.clock.sleeps
    host.faults.extend([status(code)] * 9)
    with pytest.raises(DownloadError, match=f"status {code}") as raised:
        Fetch(host, target, mode)()
    assert raised.value.status == code
    assert target.read_bytes() == CONTENT


def test_a_redirect_within_the_policy_is_followed(host: FileServer, target: Path, mode: str) -> None:
    host.put("f", CONTENT)
    host.faults.append(redirect(host.link("f"), 307))
    Fetch(host, target, mode)()
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("https://evil.example/f", "trusted"),
        ("https://pipefy.com.evil.example/f", "trusted"),
        ("https://user:pw@files.pipefy.com/f", "plain host"),
        ("https://10.0.0.1/f", "trusted"),
        ("https://169.254.169.254/latest/meta-data", "trusted"),
        ("http://files.pipefy.com/f", "not https"),
        ("https://files.pipefy.com:8443/f", "port"),
        ("file:///etc/passwd", "plain host"),
        ("ftp://127.0.0.1/f", "not https"),
        ("https://[::ffff:10.0.0.1]/f", "trusted"),
    ],
)
def test_a_redirect_out_of_the_policy_is_refused(
    host: FileServer, target: Path, mode: str, to: str, message: str
) -> None:
    host.faults.append(redirect(to))
    with pytest.raises(DownloadError, match=message):
        Fetch(host, target, mode)()
    assert len(host.log) == 1
    assert nothing_left_but(target.parent)


def test_endless_redirects_end(host: FileServer, target: Path, mode: str) -> None:
    host.faults.extend([redirect(host.link("f"))] * 50)
    with pytest.raises(DownloadError, match="redirects"):
        Fetch(host, target, mode)()
    assert len(host.log) == 6


def test_loopback_is_refused_for_a_client_that_does_not_talk_to_loopback(
    host: FileServer, target: Path, mode: str
) -> None:
    fetch = Fetch(host, target, mode)
    fetch.policy = LinkPolicy(loopback=False)
    with pytest.raises(DownloadError):
        fetch()
    assert not host.log


def test_a_trusted_name_that_resolves_to_a_private_address_is_refused(
    host: FileServer, target: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def lie(name: str, port: int, **more: object) -> list[tuple[object, ...]]:
        assert name == "files.pipefy.com"
        public = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("3.5.140.2", port))
        private = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.1.7", port))
        return [public, private]

    monkeypatch.setattr(socket, "getaddrinfo", lie)
    fetch = Fetch(host, target, mode)
    fetch.source._mint = lambda: "https://files.pipefy.com/f"
    with pytest.raises(DownloadError, match=r"private address 192\.168\.1\.7"):
        fetch()


def test_a_gzip_body_nobody_asked_for_is_inflated_and_capped(host: FileServer, target: Path, mode: str) -> None:
    text = b"a,b\n" * 100_000
    packed = gzip.compress(text[:400]) + gzip.compress(text[400:])  # of two members, the second was lost
    served = host.put("f", packed, headers={"Content-Encoding": "gzip"})
    host.faults.append(truncated(served, 200))
    Fetch(host, target, mode)()
    assert target.read_bytes() == text
    with pytest.raises(DownloadError, match="larger than"):
        Fetch(host, target, mode, max_bytes=100_000)()
    host.put("f", b"\x1f\x8b" + b"nonsense" * 10, headers={"Content-Encoding": "gzip"})
    with pytest.raises(DownloadError, match="damaged"):
        Fetch(host, target, mode)()
    host.put("f", CONTENT, headers={"Content-Encoding": "br"})
    with pytest.raises(DownloadError, match="br"):
        Fetch(host, target, mode)()
    assert target.read_bytes() == text


def test_a_disk_without_room_is_seen_before_anything_is_written(
    host: FileServer, target: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.put("f", CONTENT)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 1000))
    with pytest.raises(DownloadError, match="700000 bytes are to come, 1000 are free"):
        Fetch(host, target, mode)()
    assert nothing_left_but(target.parent)


def test_a_disk_that_fills_up_in_the_middle_is_left_clean(
    host: FileServer, target: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.put("f", CONTENT * 4)
    real, written = os.write, []

    def write(descriptor: int, data: memoryview) -> int:
        if len(data) > 10_000:
            written.append(len(data))
            if sum(written) > 1_500_000:
                raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(DownloadError, match="full"):
        Fetch(host, target, mode)()
    assert nothing_left_but(target.parent)


def test_an_existing_file_is_replaced_only_when_the_new_one_is_whole(host: FileServer, target: Path, mode: str) -> None:
    target.write_bytes(b"old")
    served = host.put("f", CONTENT)
    with pytest.raises(DownloadError, match="exists already"):
        Fetch(host, target, mode, overwrite=False)()
    assert not host.log
    host.faults.extend([truncated(served, 5), *[raw(b"")] * 10])
    with pytest.raises(DownloadError):
        Fetch(host, target, mode)()
    assert target.read_bytes() == b"old"
    host.faults.clear()
    Fetch(host, target, mode)()
    assert target.read_bytes() == CONTENT


def test_a_file_that_appears_meanwhile_is_not_replaced_without_overwrite(
    host: FileServer, target: Path, mode: str
) -> None:
    host.put("f", CONTENT)
    host.faults.append(doing(lambda: target.write_bytes(b"theirs")))
    with pytest.raises(DownloadError, match="appeared"):
        Fetch(host, target, mode, overwrite=False)()
    assert target.read_bytes() == b"theirs"


def test_a_folder_that_is_missing_or_in_the_way_is_named(host: FileServer, target: Path, mode: str) -> None:
    with pytest.raises(DownloadError, match="does not exist"):
        Fetch(host, target / "deeper", mode)()
    target.mkdir()
    with pytest.raises(DownloadError, match="is a folder"):
        Fetch(host, target, mode)()
    assert not host.log


def test_a_read_only_folder_is_seen_before_anything_is_sent(host: FileServer, target: Path, mode: str) -> None:
    target.parent.chmod(0o555)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from typedpipes._core.files.part_file import PartFile\n"
        "from typedpipes.errors import DownloadError\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "try: PartFile(Path(sys.argv[1]), identity='x', overwrite=True).open()\n"
        "except DownloadError as error: print(error)\n"
    )
    for folder in list(target.parents)[1:3]:
        folder.chmod(0o755)  # pytest closes them to others, and the child gives root up
    done = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, text=True, check=True)
    target.parent.chmod(0o755)
    assert "is not writable" in done.stdout


def test_two_downloads_to_one_name_do_not_mix(host: FileServer, target: Path, mode: str) -> None:
    host.put("f", CONTENT)
    second = Fetch(host, target, "sync")

    def meanwhile() -> None:
        with pytest.raises(DownloadError, match="right now"):
            second()

    host.faults.extend([doing(meanwhile), as_usual])
    Fetch(host, target, mode)()
    assert target.read_bytes() == CONTENT


def test_the_deadline_holds_while_bytes_keep_coming(host: FileServer, target: Path, mode: str) -> None:
    served = host.put("f", CONTENT)
    fetch = Fetch(host, target, mode, timeout=100)

    def slow(handler: Handler) -> bool:
        fetch.clock.now += 60
        handler.serve(served, send=100_000)
        return True

    host.faults.extend([slow] * 9)
    with pytest.raises(DownloadError, match="out of time"):
        fetch()
    assert not target.exists()
