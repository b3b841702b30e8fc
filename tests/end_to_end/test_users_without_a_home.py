"""A container's user: no entry in the password file, no HOME, or a home and a disk that cannot be written.

Each case is a process of its own that gives its rights up, so that the system itself refuses.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOBODY = 54_321
"""A uid that no password file has."""

START = """
import json, logging, os, pwd, sys
case = json.loads(sys.argv[1])
told = []
class Told(logging.Handler):
    def emit(self, record):
        told.append(record.getMessage())
logging.getLogger("typedpipes").addHandler(Told())

def drop():
    # As root the system refuses nothing: become somebody it does not know. Elsewhere the lookup is made to fail.
    os.chdir(case["folder"])
    for name, value in case["after"].items():
        os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
    if os.getuid() == 0:
        os.setgroups([]); os.setgid(case["uid"]); os.setuid(case["uid"])
    else:
        def unknown(uid):
            raise KeyError(uid)
        pwd.getpwuid = unknown

def attempt(work):
    try:
        return work()
    except Exception as error:
        return f"{type(error).__module__}.{type(error).__name__}: {error}"

def run(work):
    work_before = attempt(work)  # as the caller, with a home: loads every module, which the other may not read
    told.clear()
    drop()
    print(json.dumps({"before": work_before, "after": attempt(work), "told": told}))
"""

CALL = (
    START
    + """
from typedpipes.pipefy import Pipefy
def work():
    with Pipefy.from_env(plan="business") as pipefy, Pipefy.from_env(plan="business") as other:
        pipefy.execute("query { me { id } }")
        other.execute("query { me { id } }")
        return [row.used for row in other.limits.snapshot().limits if "month" in row.name]
run(work)
"""
)
PLAIN = (
    START
    + """
import asyncio
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import Pipedrive
async def twin():
    async with AsyncPipefy.from_env() as pipefy:
        return await pipefy.execute("query { me { id } }")
def work():
    with Pipefy.from_env() as pipefy, Pipedream.from_env(), Pipedrive.from_env():
        return [pipefy.execute("query { me { id } }"), asyncio.run(twin())]
run(work)
"""
)
TOKENS = (
    START
    + """
from typedpipes.pipefy import Pipefy
def work():
    with Pipefy.from_env(token_cache="file") as pipefy:
        return pipefy.execute("query { me { id } }")
run(work)
"""
)
PROFILE = (
    START
    + """
from typedpipes.pipefy import Pipefy
def work():
    with Pipefy.from_env(profile="staging"):
        return None
run(work)
"""
)


class Answers(BaseHTTPRequestHandler):
    """A GraphQL and token endpoint."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        answer = {"access_token": "t", "expires_in": 3600} if "token" in self.path else {"data": {"me": {"id": "1"}}}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be silent."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may look into."""
    folder = Path(tempfile.mkdtemp(prefix="typedpipes-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def child(program: str, place: Path, server: str, after: dict[str, str | None]) -> dict[str, object]:
    """Run ``program``: once with a home, then as the unknown user with ``after`` changed in its environment."""
    (place / "home").mkdir()
    (place / "tmp").mkdir()
    (place / "tmp").chmod(0o1777)
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("overrides", "generated")),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(place / "home"),
        "PIPEFY_BASE_URL": f"{server}/graphql",
        "PIPEFY_TOKEN_URL": f"{server}/token",
        "PIPEFY_CLIENT_ID": "id",
        "PIPEFY_CLIENT_SECRET": "a-secret",
        "PIPEDREAM_API_KEY": "key",
        "PIPEDRIVE_API_TOKEN": "token",
        "PIPEDRIVE_COMPANY_DOMAIN": "acme",
    }
    case = {"uid": NOBODY, "folder": str(place), "after": {"HOME": None, "TMPDIR": str(place / "tmp"), **after}}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, json.dumps(case)],
        env=env,
        cwd=place,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def sentence(result: object, *settings: str) -> str:
    """One of our errors, in one line, that names what to set."""
    text = str(result)
    assert text.startswith("typedpipes.errors.ConfigurationError: "), text
    assert "\n" not in text
    for setting in settings:
        assert setting in text
    return text


def test_clients_of_a_user_without_home_and_name_work(place: Path, server: str) -> None:
    result = child(PLAIN, place, server, {})
    assert result["after"] == result["before"] == [{"me": {"id": "1"}}] * 2
    assert result["told"] == []
    assert not list(place.glob("~*"))


def test_a_budget_of_a_user_without_home_is_counted_in_a_temporary_folder_and_told_once(
    place: Path, server: str
) -> None:
    result = child(CALL, place, server, {})
    assert result["before"] == [2]
    assert result["after"] == [2]
    (told,) = list(result["told"])  # type: ignore[call-overload]  # a list of strings from JSON
    assert "this user has no home" in told
    assert "TYPEDPIPES_LIMITS" in told
    kept = place / "tmp" / f"typedpipes-{os.getuid() or NOBODY}"
    assert str(kept) in told
    assert kept.stat().st_mode & 0o777 == 0o700
    assert (kept / "limits.db").is_file()
    assert not list(place.glob("~*"))


@pytest.mark.parametrize("home", ["read-only", "missing"])
def test_a_budget_of_a_user_whose_home_cannot_be_written_is_counted_in_a_temporary_folder(
    place: Path, server: str, home: str
) -> None:
    (place / "read-only").mkdir(mode=0o555)
    place.chmod(0o555)
    (place / "read-only").chmod(0o555)
    place.chmod(0o755)
    where = place / "read-only" if home == "read-only" else Path("/proc/typedpipes-has-no-home")
    result = child(CALL, place, server, {"HOME": str(where)})
    assert result["after"] == [2]
    (told,) = list(result["told"])  # type: ignore[call-overload]  # a list of strings from JSON
    assert str(where) in told


def test_a_temporary_folder_that_somebody_else_put_there_is_not_used(place: Path, server: str) -> None:
    (place / "theirs").mkdir()
    (place / "theirs" / f"typedpipes-{os.getuid() or NOBODY}").mkdir(mode=0o777)
    (place / "theirs" / f"typedpipes-{os.getuid() or NOBODY}").chmod(0o777)
    (place / "theirs").chmod(0o777)
    result = child(CALL, place, server, {"TMPDIR": str(place / "theirs")})
    sentence(result["after"], "TYPEDPIPES_LIMITS", "sqlite:///PATH")


@pytest.mark.parametrize("home", ["none", "read-only"])
def test_a_token_file_that_cannot_be_kept_is_one_sentence_that_names_the_setting(
    place: Path, server: str, home: str
) -> None:
    (place / "read-only").mkdir()
    (place / "read-only").chmod(0o555)
    result = child(TOKENS, place, server, {"HOME": None if home == "none" else str(place / "read-only")})
    assert result["before"] == {"me": {"id": "1"}}
    sentence(result["after"], "token_cache='memory'", "XDG_STATE_HOME")


def test_a_profile_that_was_asked_for_without_a_home_is_one_sentence(place: Path, server: str) -> None:
    sentence(child(PROFILE, place, server, {})["after"], "TYPEDPIPES_CONFIG", "this user has no home")


def test_a_home_that_may_not_be_looked_into_has_no_profile(place: Path, server: str) -> None:
    (place / "closed").mkdir()
    (place / "closed").chmod(0o000)
    result = child(PLAIN, place, server, {"HOME": str(place / "closed")})
    assert result["after"] == [{"me": {"id": "1"}}] * 2
