"""Many tenants of one app in one process: each has its own tokens and its own limits, whatever they share."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol, TypedDict
from urllib.parse import parse_qs

import pytest

from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer
from typedpipes._core.auth.token_stores import FileTokenStore
from typedpipes._core.tokens import MemoryTokenStore, Token, TokenStore
from typedpipes.errors import AuthenticationError, RateLimited
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive

SECRET: Final = "client-secret-planted"


class Reader(Protocol):
    """Makes a client, reads its one deal and closes it."""

    def __call__(self, vendor: Vendor, refresh: str, store: TokenStore, account: str | None = None) -> str | None: ...


class Vendor:
    """A token endpoint with refresh tokens that are good once, and an API that answers with the tenant's own deal."""

    def __init__(self) -> None:
        self.current: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.issued = 0
        self.life: float = 3600
        self.limited: set[str] = set()
        self._lock = threading.Lock()
        self.wire = WireServer(self._answer)

    @property
    def url(self) -> str:
        return self.wire.url

    @property
    def token_requests(self) -> int:
        return sum(arrival.path == "/oauth/token" for arrival in self.wire.arrivals)

    def authorize(self, tenant: str) -> str:
        """The user installs the app: a first refresh token, which ends an older one of the same user."""
        with self._lock:
            self.issued += 1
            token = f"{tenant}-refresh-{self.issued}-planted"
            self.current = {refresh: owner for refresh, owner in self.current.items() if owner != tenant}
            self.current[token] = tenant
            return token

    def _answer(self, arrival: Arrival) -> Reply:
        if arrival.path == "/oauth/token":
            return self._token({name: values[0] for name, values in parse_qs(arrival.body.decode()).items()})
        tenant = self.owners.get(arrival.headers.get("authorization", "").removeprefix("Bearer "))
        if tenant is None:
            return Reply(401, b'{"success": false, "error": "unauthorized"}')
        if tenant in self.limited:
            return Reply(429, b'{"success": false, "error": "too many requests"}', {"retry-after": "30"})
        deal = {"id": 1, "title": f"deal of {tenant}"}
        return _json(200, {"success": True, "data": [deal], "additional_data": {"next_cursor": None}})

    def _token(self, fields: dict[str, str]) -> Reply:
        with self._lock:
            tenant = self.current.pop(fields["refresh_token"], None)
            if tenant is None:
                return _json(400, {"error": "invalid_grant"})
            self.issued += 1
            access, refresh = f"{tenant}-access-{self.issued}-planted", f"{tenant}-refresh-{self.issued}-planted"
            self.current[refresh] = tenant
            self.owners[access] = tenant
        answer = {"access_token": access, "refresh_token": refresh, "expires_in": self.life, "api_domain": self.url}
        return _json(200, answer)


def _json(status: int, content: object) -> Reply:
    return Reply(status, json.dumps(content).encode())


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    yield made
    made.wire.close()


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    return MemoryTokenStore() if request.param == "memory" else FileTokenStore(tmp_path / "tokens")


class OneKeyStore(MemoryTokenStore):
    """A store of a user's own that mixes up its keys."""

    def load(self, key: str) -> Token | None:
        return super().load("the only one")

    def save(self, key: str, token: Token) -> None:
        super().save("the only one", token)


class Named(TypedDict, total=False):
    account: str


def _named(account: str | None) -> Named:
    return {} if account is None else {"account": account}


def _sync_title(vendor: Vendor, refresh: str, store: TokenStore, account: str | None = None) -> str | None:
    with Pipedrive(
        client_id="app",
        client_secret=SECRET,
        refresh_token=refresh,
        oauth_url=vendor.url,
        token_cache=store,
        **_named(account),
    ) as crm:
        (deal,) = crm.v2.deals.list().data or []
        return deal.title


def _async_title(vendor: Vendor, refresh: str, store: TokenStore, account: str | None = None) -> str | None:
    async def run() -> str | None:
        async with AsyncPipedrive(
            client_id="app",
            client_secret=SECRET,
            refresh_token=refresh,
            oauth_url=vendor.url,
            token_cache=store,
            **_named(account),
        ) as crm:
            (deal,) = (await crm.v2.deals.list()).data or []
            return deal.title

    return asyncio.run(run())


@pytest.mark.parametrize("read", [_sync_title, _async_title], ids=["sync", "async"])
class TestOneStoreForAll:
    def test_each_tenant_gets_its_own_data(self, vendor: Vendor, store: TokenStore, read: Reader) -> None:
        acme, globex = vendor.authorize("acme"), vendor.authorize("globex")
        assert read(vendor, acme, store) == "deal of acme"
        assert read(vendor, globex, store) == "deal of globex"
        assert read(vendor, acme, store) == "deal of acme"
        assert vendor.token_requests == 2  # the third client found what the first had kept

    def test_expired_and_rotated_tokens_stay_with_their_tenant(
        self, vendor: Vendor, store: TokenStore, read: Reader
    ) -> None:
        """Every client is made anew from the tenant's first refresh token, as after a restart."""
        vendor.life = 1e-6  # over before it is used again: each call renews, each renewal rotates
        acme, globex = vendor.authorize("acme"), vendor.authorize("globex")
        for _ in range(3):
            assert read(vendor, acme, store) == "deal of acme"
            assert read(vendor, globex, store) == "deal of globex"
        assert vendor.token_requests == 6

    def test_a_new_authorization_does_not_take_what_the_old_one_left(
        self, vendor: Vendor, store: TokenStore, read: Reader
    ) -> None:
        first = vendor.authorize("acme")
        assert read(vendor, first, store) == "deal of acme"
        again = vendor.authorize("globex")  # the same setting now holds another user's token
        assert read(vendor, again, store, "the one") == "deal of globex"
        assert read(vendor, first, store) == "deal of acme"

    def test_an_account_name_does_not_make_two_grants_one(
        self, vendor: Vendor, store: TokenStore, read: Reader
    ) -> None:
        acme, globex = vendor.authorize("acme"), vendor.authorize("globex")
        assert read(vendor, acme, store, "shared name") == "deal of acme"
        assert read(vendor, globex, store, "shared name") == "deal of globex"

    def test_a_name_given_later_does_not_lose_the_rotated_token(
        self, vendor: Vendor, store: TokenStore, read: Reader
    ) -> None:
        vendor.life = 1e-6
        acme = vendor.authorize("acme")
        assert read(vendor, acme, store) == "deal of acme"
        assert read(vendor, acme, store, "acme") == "deal of acme"

    def test_a_stored_token_of_another_grant_is_void(self, vendor: Vendor, read: Reader) -> None:
        mixed = OneKeyStore()
        acme, globex = vendor.authorize("acme"), vendor.authorize("globex")
        assert read(vendor, acme, mixed) == "deal of acme"
        assert read(vendor, globex, mixed) == "deal of globex"


def test_a_used_up_refresh_token_is_refused_and_nobody_elses_is_tried(vendor: Vendor, store: TokenStore) -> None:
    acme = vendor.authorize("acme")
    assert _sync_title(vendor, acme, store) == "deal of acme"
    with pytest.raises(AuthenticationError) as caught:
        _sync_title(vendor, "globex-refresh-used-up-planted", store)
    assert caught.value.code == "invalid_grant"
    assert "planted" not in str(caught.value)
    assert _sync_title(vendor, acme, store) == "deal of acme"


@pytest.mark.parametrize("where", ["memory", "sqlite"])
@pytest.mark.parametrize("named", [False, True], ids=["by grant", "by account="])
def test_the_429_of_one_tenant_does_not_block_the_others(
    vendor: Vendor, tmp_path: Path, where: str, named: bool
) -> None:
    limits = "memory://" if where == "memory" else f"sqlite:///{tmp_path / 'limits.db'}"

    def client(tenant: str) -> Pipedrive:
        return Pipedrive(
            client_id="app",
            client_secret=SECRET,
            refresh_token=vendor.authorize(tenant),
            oauth_url=vendor.url,
            limits=limits,
            max_wait=0,
            retries=0,
            **_named(tenant if named else None),
        )

    vendor.limited.add("acme")
    with client("acme") as acme, client("globex") as globex:
        with pytest.raises(RateLimited):
            acme.v2.deals.list()
        (deal,) = globex.v2.deals.list().data or []
        assert deal.title == "deal of globex"
        sent = len(vendor.wire.arrivals)
        with pytest.raises(RateLimited):  # the one that was told to wait does wait
            acme.v2.deals.list()
        assert len(vendor.wire.arrivals) == sent


def test_thirty_tenants_do_not_share_one_burst(vendor: Vendor) -> None:
    """Twenty calls in two seconds are what one token may make without a plan; nobody waits for anybody's."""
    vendor.life = 3600
    for number in range(30):
        with Pipedrive(
            client_id="app",
            client_secret=SECRET,
            refresh_token=vendor.authorize(f"t{number}"),
            oauth_url=vendor.url,
            max_wait=0,
        ) as crm:
            crm.v2.deals.list()


def test_two_clients_of_one_tenant_share_its_limits(vendor: Vendor) -> None:
    store = MemoryTokenStore()
    refresh = vendor.authorize("acme")

    def client() -> Pipedrive:
        return Pipedrive(
            client_id="app",
            client_secret=SECRET,
            refresh_token=refresh,
            oauth_url=vendor.url,
            token_cache=store,
            max_wait=0,
            retries=0,
        )

    with client() as one, client() as other:
        one.v2.deals.list()
        vendor.limited.add("acme")
        with pytest.raises(RateLimited):
            one.v2.deals.list()
        sent = len(vendor.wire.arrivals)
        with pytest.raises(RateLimited):
            other.v2.deals.list()
        assert len(vendor.wire.arrivals) == sent
