"""A call that ends before it is sent uses up nothing of a window or a month; the caller sees why it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer
from typedpipes.errors import AuthenticationError, ConfigurationError, ServerError
from typedpipes.limits import Budget, Policy, Window
from typedpipes.limits.snapshot import Snapshot
from typedpipes.pipefy import AsyncPipefy, Pipefy

HOUR = Window(name="pipefy.requests", allowance=3, seconds=3600.0, scope="user")
MONTH = Budget(name="pipefy.calls_per_month", allowance=3, period="month", scope="organization")
QUERY = "query me { me { id } }"
TIMES = 5
STORES = ("memory", "sqlite")

REFUSED = Reply(401, b'{"error": "invalid_client", "error_description": "client is unknown"}')
DOWN = Reply(503, b"{}", {"retry-after": "0"})
TOKEN = Reply(200, b'{"access_token": "token-of-a-test", "token_type": "Bearer", "expires_in": 3600}')
ANSWER = Reply(200, b'{"data": {"me": {"id": "1"}}}')


class Account:
    """Pipefy as a service account sees it: a token endpoint that does what a test says, and an API that answers."""

    def __init__(self, store: str, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.token_reply = TOKEN
        self.server = WireServer(self._answer)

    def _answer(self, arrival: Arrival) -> Reply:
        return self.token_reply if arrival.path == "/oauth/token" else ANSWER

    def arrived(self, path: str) -> int:
        """Requests that came to ``path``."""
        return sum(arrival.path == path for arrival in self.server.arrivals)

    @property
    def env(self) -> dict[str, str]:
        """The settings of a client."""
        return {
            "PIPEFY_CLIENT_ID": "id-of-a-test",
            "PIPEFY_CLIENT_SECRET": "secret-of-a-test",
            "PIPEFY_BASE_URL": self.server.url,
            "PIPEFY_TOKEN_URL": f"{self.server.url}/oauth/token",
        }

    @property
    def limits(self) -> str:
        """A store of this test's own."""
        return f"memory://{self.folder.name}" if self.store == "memory" else f"sqlite:///{self.folder / 'limits.db'}"

    @property
    def policy(self) -> Policy:
        """Three calls an hour; three a month where a month can be counted."""
        budgets = () if self.store == "memory" else (MONTH,)
        return Policy(vendor="pipefy", account="organization", windows=(HOUR,), budgets=budgets)

    def client(self) -> Pipefy:
        return Pipefy(env=self.env, limits=self.limits, policy=self.policy, max_wait=0.0, retries=0)

    def async_client(self) -> AsyncPipefy:
        return AsyncPipefy(env=self.env, limits=self.limits, policy=self.policy, max_wait=0.0, retries=0)

    def assert_nothing_used(self) -> None:
        with self.client() as client:
            assert_unused(client.limits.snapshot())
            assert self.arrived("/") == self.arrived("/graphql") == 0


def assert_unused(snapshot: Snapshot) -> None:
    assert {status.name: (status.used, status.in_flight) for status in snapshot.limits} == {
        status.name: (0, 0) for status in snapshot.limits
    }


@contextmanager
def account_on(store: str, folder: Path) -> Iterator[Account]:
    account = Account(store, folder)
    try:
        yield account
    finally:
        account.server.close()


@pytest.fixture(params=STORES)
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    with account_on(request.param, tmp_path) as made:
        yield made


@pytest.mark.parametrize(("reply", "error"), [(REFUSED, AuthenticationError), (DOWN, ServerError)])
def test_a_token_that_cannot_be_had_uses_nothing(account: Account, reply: Reply, error: type[Exception]) -> None:
    account.token_reply = reply
    with account.client() as client:
        for _ in range(TIMES):
            with pytest.raises(error):
                client.execute(QUERY)
    account.assert_nothing_used()


@pytest.mark.parametrize(("reply", "error"), [(REFUSED, AuthenticationError), (DOWN, ServerError)])
def test_the_same_for_asynchronous_callers(account: Account, reply: Reply, error: type[Exception]) -> None:
    account.token_reply = reply

    async def main() -> None:
        async with account.async_client() as client:
            for _ in range(TIMES):
                with pytest.raises(error):
                    await client.execute(QUERY)

    anyio.run(main)
    account.assert_nothing_used()


def test_the_twenty_calls_of_a_starter_plan_survive_a_wrong_secret(tmp_path: Path) -> None:
    with account_on("sqlite", tmp_path) as account:
        account.token_reply = REFUSED
        with Pipefy(env=account.env, limits=account.limits, plan="starter") as client:
            for _ in range(25):
                with pytest.raises(AuthenticationError):
                    client.execute(QUERY)
            assert client.limits.snapshot()["pipefy.calls_per_month"].used == 0


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_token_request_uses_nothing(account: Account, backend: str) -> None:
    account.token_reply = Reply(fault="silent")

    async def main() -> None:
        async with account.async_client() as client:
            for turn in range(TIMES):
                async with anyio.create_task_group() as group:
                    group.start_soon(client.execute, QUERY)
                    with anyio.fail_after(10):
                        while account.arrived("/oauth/token") <= turn:
                            await anyio.sleep(0.005)
                    group.cancel_scope.cancel()

    anyio.run(main, backend=backend)
    account.assert_nothing_used()


def test_a_token_request_that_outlives_the_deadline_uses_nothing(account: Account) -> None:
    account.token_reply = Reply(fault="silent")
    with account.client() as client:
        for _ in range(TIMES):
            with pytest.raises(Exception, match=r"no answer|deadline"):
                client.execute(QUERY, deadline=0.05)
    account.assert_nothing_used()


def test_a_closed_client_says_so_and_uses_nothing(account: Account) -> None:
    client = account.client()
    client.close()
    for _ in range(TIMES):
        with pytest.raises(ConfigurationError, match="closed"):
            client.execute(QUERY)
    account.assert_nothing_used()


def test_a_closed_asynchronous_client_says_so_and_uses_nothing(account: Account) -> None:
    async def main() -> None:
        client = account.async_client()
        await client.aclose()
        for _ in range(TIMES):
            with pytest.raises(ConfigurationError, match="closed"):
                await client.execute(QUERY)

    anyio.run(main)
    account.assert_nothing_used()


def test_a_call_that_is_sent_counts(account: Account) -> None:
    """The counting itself is there: what is returned above is not what nobody ever took."""
    with account.client() as client:
        client.execute(QUERY)
        assert {status.used for status in client.limits.snapshot().limits} == {1}
