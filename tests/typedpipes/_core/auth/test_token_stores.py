"""Token stores: files that are private, whole and shared; leases that end; what a kill can cost."""

from __future__ import annotations

import errno
import json
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import TypeVar

import pytest

from tests.typedpipes._core.auth.calls import client, credential, request
from tests.typedpipes._core.auth.token_server import CLIENT_ID, CLIENT_SECRET, TokenServer
from tests.typedpipes._core.fake_time import FakeTime
from typedpipes._core.auth import Credentials, token_stores
from typedpipes._core.auth.token_stores import FileTokenStore, KeyringTokenStore
from typedpipes._core.http.clients import PolicyClient
from typedpipes._core.redaction import Secret
from typedpipes._core.tokens import MemoryTokenStore, Token, TokenStore
from typedpipes.errors import AuthenticationError, ConfigurationError, TransportError
from typedpipes.pipedrive.oauth import PipedriveOAuth

T = TypeVar("T")


class FakeKeyring:
    """The three functions of the ``keyring`` package."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture(params=["memory", "file", "keyring"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    if request.param == "memory":
        return MemoryTokenStore()
    if request.param == "file":
        return FileTokenStore(tmp_path)
    return KeyringTokenStore(keyring=FakeKeyring(), directory=tmp_path)


def _token(access: str = "access-planted") -> Token:
    return Token(
        access=Secret(access),
        life=3600.0,
        wall=1.5,
        monotonic=2.5,
        timeline="here",
        refresh=Secret("refresh-planted"),
        api_domain="https://acme.pipedrive.com",
        grant="g",
        pending=True,
    )


def test_what_is_saved_is_loaded(store: TokenStore) -> None:
    assert store.load("k") is None
    store.save("k", _token())
    assert store.load("k") == _token()
    store.save("k", _token("other"))
    loaded = store.load("k")
    assert loaded is not None
    assert loaded.access == Secret("other")
    store.delete("k")
    store.delete("k")
    assert store.load("k") is None
    assert "planted" not in repr(store)


def test_one_holds_the_lease(store: TokenStore) -> None:
    assert store.lease("k", "me", 30)
    assert store.lease("k", "me", 30)
    assert not store.lease("k", "you", 30)
    assert store.lease("other", "you", 30)
    store.release("k", "you")
    assert not store.lease("k", "you", 30)
    store.release("k", "me")
    store.release("k", "me")
    assert store.lease("k", "you", 30)


def test_a_lease_lapses_and_is_not_prolonged_by_a_clock_that_went_back(tmp_path: Path) -> None:
    time = FakeTime()
    store = FileTokenStore(tmp_path, clock=time)
    assert store.lease("k", "dead", 60)
    time.wall_offset -= 3600
    time.now += 59
    assert not store.lease("k", "me", 60)
    time.now += 1
    assert store.lease("k", "me", 60)


@pytest.mark.parametrize(("ahead", "free"), [(-59, False), (-60, True), (1, True)])
def test_a_lease_of_another_boot_lapses_by_the_wall_clock_and_none_is_from_the_future(
    tmp_path: Path, ahead: float, free: bool
) -> None:
    time = FakeTime()
    held = {"owner": "dead", "seconds": 60, "wall": time.wall() + ahead, "monotonic": time.now, "timeline": "another"}
    (tmp_path / "k.lease").write_text(json.dumps(held))
    assert FileTokenStore(tmp_path, clock=time).lease("k", "me", 60) is free


def test_one_of_many_threads_gets_a_free_lease(tmp_path: Path) -> None:
    won: list[str] = []
    barrier = threading.Barrier(16)

    def compete(owner: str) -> None:
        store = FileTokenStore(tmp_path)
        barrier.wait()
        if store.lease("k", owner, 30):
            won.append(owner)

    threads = [threading.Thread(target=compete, args=(str(number),)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_files_are_private_and_whole(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "tokens")
    store.save("k", _token())
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o700
    for path in (tmp_path / "tokens").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stop = threading.Event()
    seen: set[str] = set()

    def look() -> None:
        while not stop.is_set():
            token = store.load("k")
            assert token is not None
            seen.add(token.access.reveal())

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(200):
        store.save("k", _token(f"access-{number}"))
    stop.set()
    reader.join()
    assert seen <= {"access-planted"} | {f"access-{number}" for number in range(200)}
    assert [path.name for path in (tmp_path / "tokens").iterdir()] == ["k.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"version": 2}', '{"version": 1, "access": 5}', "\x00"])
def test_a_damaged_file_counts_as_no_token(tmp_path: Path, content: str) -> None:
    (tmp_path / "k.json").write_text(content)
    assert FileTokenStore(tmp_path).load("k") is None


def test_a_key_cannot_leave_the_directory(tmp_path: Path) -> None:
    for key in ("../k", "a/b", "", ".."):
        with pytest.raises(ValueError, match="letters"):
            FileTokenStore(tmp_path).load(key)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="token directory"):
        FileTokenStore(tmp_path / "file" / "below").save("k", _token())


def _app(server: TokenServer, store: TokenStore) -> PipedriveOAuth:
    return PipedriveOAuth(
        CLIENT_ID,
        Secret(CLIENT_SECRET),
        refresh_token=Secret("refresh-0-planted"),
        oauth_url=server.url,
        base_url=server.url,
        store=store,
    )


def test_the_loser_of_a_rotation_race_never_sees_invalid_grant(server: TokenServer, tmp_path: Path) -> None:
    """Ten processes, so to speak, start with the same refresh token, which is good once."""
    server.latency = 0.05
    clients = [PolicyClient(credentials=Credentials(_app(server, FileTokenStore(tmp_path)))) for _ in range(10)]
    failures: list[BaseException] = []

    def call(client: PolicyClient) -> None:
        try:
            client.exchange(request(server.url))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=call, args=(each,)) for each in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in clients:
        each.close()
    assert failures == []
    assert server.token_requests == 1


KILLED = """
import os, signal, sys
from typedpipes._core.auth import Credentials
from typedpipes._core.auth import token_credential
from typedpipes._core.http.clients import PolicyClient
from tests.typedpipes._core.auth.calls import request
from tests.typedpipes._core.auth.test_token_stores import _app
from typedpipes._core.auth.token_stores import FileTokenStore

class Server: url = sys.argv[1]
app = _app(Server, FileTokenStore(sys.argv[2]))
if len(sys.argv) > 3:
    real = token_credential.fetch
    def fetch(*args, **options):
        token = yield from real(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)  # received, not stored
        return token
    token_credential.fetch = fetch
with PolicyClient(credentials=Credentials(app)) as client:
    client.exchange(request(Server.url))
"""


def _process(server: TokenServer, directory: Path, *more: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", KILLED, server.url, str(directory), *more],
        cwd=Path(__file__).parents[4],
        stderr=subprocess.DEVNULL,
        timeout=60,
        check=False,
    ).returncode


def test_killed_between_receiving_and_storing_a_rotated_refresh_token(server: TokenServer, tmp_path: Path) -> None:
    """The new refresh token is lost with the process. What can be kept is kept: the old access token is used while it
    is good, and when the vendor refuses the used-up refresh token, the error says what happened and what to do."""
    assert _process(server, tmp_path) == 0
    (path,) = tmp_path.glob("*.json")
    before = json.loads(path.read_text())
    entry = {**before, "life": 0.001}  # due for renewal
    path.write_text(json.dumps(entry))
    assert _process(server, tmp_path, "kill") == -signal.SIGKILL
    after = json.loads(path.read_text())
    assert after == {**entry, "pending": True}
    assert list(tmp_path.glob("*.lease"))  # lapses by itself
    for lease in tmp_path.glob("*.lease"):
        lease.unlink()
    with PolicyClient(credentials=Credentials(_app(server, FileTokenStore(tmp_path)))) as client:
        with pytest.raises(AuthenticationError, match="authorize the app again") as caught:
            client.exchange(request(server.url))
        assert caught.value.code == "invalid_grant"
        path.write_text(json.dumps({**after, "life": 3600}))  # the access token is still good
        server.good.add(before["access"])
    with PolicyClient(credentials=Credentials(_app(server, FileTokenStore(tmp_path)))) as client:
        client.exchange(request(server.url))


def test_a_renewal_that_was_never_sent_leaves_no_doubt_about_the_refresh_token(
    server: TokenServer, tmp_path: Path
) -> None:
    store = FileTokenStore(tmp_path)
    with PolicyClient(credentials=Credentials(_app(server, store))) as client:
        client.exchange(request(server.url))
    (path,) = tmp_path.glob("*.json")
    expired = {**json.loads(path.read_text()), "life": 0.001}
    path.write_text(json.dumps(expired))
    server.wire.close()
    with (
        PolicyClient(credentials=Credentials(_app(server, store)), sleep=lambda seconds: None) as client,
        pytest.raises(TransportError) as caught,
    ):
        client.exchange(request(server.url))
    assert "token" in str(caught.value)
    assert caught.value.sent is False
    assert json.loads(path.read_text()) == expired


def test_a_new_refresh_token_in_the_settings_overrules_the_stored_ones(server: TokenServer, tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path)
    with PolicyClient(credentials=Credentials(_app(server, store))) as client:
        client.exchange(request(server.url))
    server.expire_all()
    server.refresh = "refresh-by-hand"
    again = PipedriveOAuth(
        CLIENT_ID,
        Secret(CLIENT_SECRET),
        refresh_token=Secret("refresh-by-hand"),
        oauth_url=server.url,
        base_url=server.url,
        store=store,
    )
    with PolicyClient(credentials=Credentials(again)) as client:
        client.exchange(request(server.url))


def test_the_keyring_extra_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match="needs the extra keyring"):
        KeyringTokenStore()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of files")
def test_a_file_that_others_may_have_written_is_not_trusted(tmp_path: Path) -> None:
    store, file = FileTokenStore(tmp_path), tmp_path / "k.json"
    store.save("k", _token())
    file.chmod(0o666)
    with pytest.raises(ConfigurationError, match=r"other users can write k\.json; remove it"):
        store.load("k")
    file.chmod(0o600)
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigurationError, match="every user can write the folder; chmod 700"):
        store.load("k")
    tmp_path.chmod(0o700)
    assert store.load("k") is not None
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="is a link"):
        store.load("k")
    (tmp_path / "k.lock").unlink(missing_ok=True)
    (tmp_path / "k.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(ConfigurationError, match="is a link"):
        store.lease("k", "me", 5)
    assert not (tmp_path / "victim").exists()


FAULTS: dict[str, Exception] = {
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "not allowed": PermissionError(errno.EACCES, "Permission denied"),
    "folder": IsADirectoryError(errno.EISDIR, "Is a directory"),
    "another library": RuntimeError("the keyring is locked"),
}


class Failing(MemoryTokenStore):
    """A store that fails at what it is told."""

    def __init__(self, error: Exception, *names: str) -> None:
        super().__init__()
        self.error, self.names = error, names

    def load(self, key: str) -> Token | None:
        return self._or_fail("load", super().load(key))

    def save(self, key: str, token: Token) -> None:
        self._or_fail("save", None)

    def lease(self, key: str, owner: str, seconds: float) -> bool:
        return self._or_fail("lease", super().lease(key, owner, seconds))

    def release(self, key: str, owner: str) -> None:
        self._or_fail("release", super().release(key, owner))

    def _or_fail(self, name: str, value: T) -> T:
        if name in self.names:
            raise self.error
        return value


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("name", ["load", "lease", "save", "release"])
def test_a_store_that_fails_stops_no_call_and_is_told_once(
    server: TokenServer, caplog: pytest.LogCaptureFixture, kind: str, name: str
) -> None:
    store = Failing(FAULTS[kind], name)
    made = credential(server.url, store=store)
    with client(server, made) as wire:
        for _ in range(2):
            assert wire.exchange(request(server.url)).status == 200
            made.forget()
    assert len(caplog.records) == (0 if name == "release" else 1)


def test_a_full_disk_stops_no_call(server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(token_stores, "open_file", full)
    with client(server, credential(server.url, store=FileTokenStore(tmp_path))) as wire:
        assert wire.exchange(request(server.url)).status == 200


@pytest.mark.parametrize("kind", FAULTS)
def test_a_rotating_token_is_not_spent_when_its_store_fails(server: TokenServer, kind: str) -> None:
    app = _app(server, Failing(FAULTS[kind], "lease"))
    with (
        PolicyClient(credentials=Credentials(app)) as wire,
        pytest.raises(ConfigurationError, match="nothing was sent"),
    ):
        wire.exchange(request(server.url))
    assert server.token_requests == 0
