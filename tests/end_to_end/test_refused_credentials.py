"""What a client remembers of a token endpoint's answer: a refusal in the protocol's words, and that for a while."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.typedpipes._core.fake_time import FakeTime
from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer
from typedpipes._core.auth import Credentials, StaticCredential
from typedpipes._core.http import Stamp, WireRequest
from typedpipes._core.http.clients import AsyncPolicyClient, PolicyClient
from typedpipes.errors import AuthenticationError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipedrive.settings import PipedriveSettings
from typedpipes.pipefy.settings import PipefySettings

PAGE: Final = {"content-type": "text/html"}
PASSING: Final = {
    "302 of a login page": Reply(302, b"", {"location": "https://login.example/"}),
    "401 with a page": Reply(401, b"<html>invalid_client</html>", PAGE),
    "401 with nothing": Reply(401, b""),
    "401 of a proxy in JSON": Reply(401, b'{"message": "proxy authentication expired"}'),
    "403 with a page": Reply(403, b"<html>blocked by your administrator</html>", PAGE),
    "404 with a page": Reply(404, b"<html>no such page</html>", PAGE),
    "400 with another error": Reply(400, b'{"error": "temporarily_unavailable"}'),
    "407": Reply(407, b"<html>who are you?</html>", PAGE),
}
REFUSALS: Final = ("invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope")


class Server:
    """A token endpoint that answers as told; then an API that takes its token."""

    def __init__(self) -> None:
        self.token_reply: Reply | None = None
        self.api_status = 200
        self.wire = WireServer(self._answer)

    @property
    def url(self) -> str:
        return self.wire.url

    @property
    def token_requests(self) -> int:
        return sum(arrival.path.endswith("/oauth/token") for arrival in self.wire.arrivals)

    def refuse(self, code: str) -> None:
        self.token_reply = Reply(401 if code == "invalid_client" else 400, json.dumps({"error": code}).encode())

    def _answer(self, arrival: Arrival) -> Reply:
        if not arrival.path.endswith("/oauth/token"):
            return Reply(self.api_status, b'{"data": {"id": "o_1", "orgname": "acme"}}')
        if self.token_reply is not None:
            return self.token_reply
        return Reply(body=json.dumps({"access_token": "good-planted", "expires_in": 3600}).encode())


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.wire.close()


def _pipefy(url: str) -> Credentials:
    return PipefySettings.resolve(client_id="c", client_secret="s-planted", base_url=f"{url}/graphql").credentials()


def _pipedream(url: str) -> Credentials:
    return PipedreamSettings.resolve(client_id="c", client_secret="s-planted", base_url=url).credentials()


def _pipedrive(url: str) -> Credentials:
    settings = PipedriveSettings.resolve(
        client_id="c", client_secret="s-planted", refresh_token="r-planted", base_url=url, oauth_url=url
    )
    return settings.credentials()


def _static(url: str) -> Credentials:
    return Credentials(StaticCredential("api_token", "t-planted", origins=[url]))


Make = Callable[[str], Credentials]


def _request(url: str, credentials: Credentials) -> WireRequest:
    kind = next(iter(credentials)).kind
    return WireRequest(
        method="GET", url=f"{url}/x", stamp=Stamp(api="t", operation="x", safety="safe", credentials=(kind,))
    )


class SyncCaller:
    """Calls with the same credentials, and their clock."""

    def __init__(self, server: Server, make: Make) -> None:
        self.time = FakeTime()
        self._credentials = make(server.url)
        self._request = _request(server.url, self._credentials)

    def __call__(self) -> None:
        with PolicyClient(credentials=self._credentials, clock=self.time, sleep=self.time.sleep) as client:
            client.exchange(self._request)


class AsyncCaller(SyncCaller):
    """The same, each call in an event loop of its own."""

    def __call__(self) -> None:
        async def run() -> None:
            client = AsyncPolicyClient(credentials=self._credentials, clock=self.time, sleep=self.time.asleep)
            async with client:
                await client.exchange(self._request)

        asyncio.run(run())


@pytest.fixture(params=[SyncCaller, AsyncCaller], ids=["sync", "async"])
def caller(request: pytest.FixtureRequest) -> type[SyncCaller]:
    kind: type[SyncCaller] = request.param
    return kind


@pytest.mark.parametrize("make", [_pipefy, _pipedream, _pipedrive])
@pytest.mark.parametrize("reply", PASSING.values(), ids=PASSING)
def test_an_answer_that_is_no_refusal_is_not_remembered(
    server: Server, caller: type[SyncCaller], make: Make, reply: Reply
) -> None:
    call = caller(server, make)
    server.token_reply = reply
    with pytest.raises(AuthenticationError) as caught:
        call()
    assert "asks again" in str(caught.value)
    assert "planted" not in str(caught.value)
    server.token_reply = None
    call()


@pytest.mark.parametrize("make", [_pipefy, _pipedream, _pipedrive])
@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_remembered_for_a_minute(server: Server, caller: type[SyncCaller], make: Make, code: str) -> None:
    call = caller(server, make)
    server.refuse(code)
    for _ in range(5):
        with pytest.raises(AuthenticationError) as caught:
            call()
        assert caught.value.code == code
    assert server.token_requests == 1
    assert "not sent again" in str(caught.value)
    assert caught.value.attempts == 0
    server.token_reply = None
    call.time.now += 59
    with pytest.raises(AuthenticationError):
        call()
    assert server.token_requests == 1
    call.time.now += 1
    call()
    assert server.token_requests == 2


def test_a_token_that_the_api_refused_is_tried_again_after_a_minute(server: Server, caller: type[SyncCaller]) -> None:
    call = caller(server, _static)
    server.api_status = 401
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            call()
    assert len(server.wire.arrivals) == 1
    server.api_status = 200
    call.time.now += 60
    call()


def test_a_proxys_page_does_not_end_a_client(server: Server) -> None:
    with Pipedream(client_id="c", client_secret="s-planted", base_url=server.url) as pipedream:
        for reply in PASSING.values():
            server.token_reply = reply
            with pytest.raises(AuthenticationError):
                pipedream.rest.workspaces.get(org_id="o_1")
        server.token_reply = None
        pipedream.rest.workspaces.get(org_id="o_1")


def test_a_proxys_page_does_not_end_an_asynchronous_client(server: Server) -> None:
    async def run() -> None:
        async with AsyncPipedream(client_id="c", client_secret="s-planted", base_url=server.url) as pipedream:
            for reply in PASSING.values():
                server.token_reply = reply
                with pytest.raises(AuthenticationError):
                    await pipedream.rest.workspaces.get(org_id="o_1")
            server.token_reply = None
            await pipedream.rest.workspaces.get(org_id="o_1")

    asyncio.run(run())
