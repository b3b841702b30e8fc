"""Redis behind TLS (``rediss://``), and as a cluster of three nodes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.cluster import RedisCluster

from tests.typedpipes.limits.redis_server import RedisServer
from tests.typedpipes.limits.tls_proxy import TlsProxy
from typedpipes._core.flow import SyncIO, drive
from typedpipes.errors import LimitStoreError
from typedpipes.limits import Budget, Claim, Limits, Policy, StoreLimiter, Window
from typedpipes.limits.stores.redis import RedisStore

POLICY = Policy(
    vendor="own",
    account="user",
    windows=(Window(name="own.calls", allowance=5, seconds=60.0, scope="user"),),
    budgets=(Budget(name="own.month", allowance=100, period="month", scope="user"),),
)
CLAIM = Claim("own", "call")
IO = SyncIO()


@pytest.fixture
def tls(redis_server: RedisServer, tmp_path: Path) -> Iterator[TlsProxy]:
    proxy = TlsProxy(redis_server.port, tmp_path)
    yield proxy
    proxy.close()


def test_limits_are_counted_over_tls(tls: TlsProxy, redis_server: RedisServer) -> None:
    url = f"rediss://127.0.0.1:{tls.port}/0?ssl_ca_certs={tls.authority_file}"
    encrypted = StoreLimiter(POLICY, RedisStore(url), identity={"user": "u"})
    plain = StoreLimiter(POLICY, RedisStore(redis_server.url), identity={"user": "u"})
    drive(drive(encrypted.acquire(CLAIM), IO).settle(200, {}), IO)
    assert Limits(plain).snapshot()["own.month"].used == 1, "both count in the same place"
    encrypted.store.close()
    plain.store.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(tls: TlsProxy) -> None:
    store = RedisStore(f"rediss://127.0.0.1:{tls.port}/0", patience=0.2)
    limiter = StoreLimiter(POLICY, store, identity={"user": "u"})
    with pytest.raises(LimitStoreError):
        drive(limiter.acquire(CLAIM), IO)
    store.close()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisCluster]:
    """Three nodes with a third of the slots each."""
    servers = [RedisServer(tmp_path / str(number), cluster=True) for number in range(3)]
    try:
        for number, server in enumerate(servers):
            server.folder.mkdir()
            server.start()
            with server.client() as client:
                client.execute_command("CLUSTER", "ADDSLOTS", *range(number, 16384, 3))
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", str(servers[0].port))
        for server in servers:
            with server.client() as client:
                deadline = time.monotonic() + 120
                while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
                    assert time.monotonic() < deadline, "the nodes do not find each other"
                    time.sleep(0.02)
        client = RedisCluster(host="127.0.0.1", port=servers[0].port)
        yield client
        client.close()
    finally:
        for server in servers:
            server.kill()


def test_limits_are_counted_in_a_cluster_of_three_nodes(cluster: RedisCluster) -> None:
    stores = [RedisStore(client=cluster) for _ in range(2)]
    for user in ("a", "b", "c", "d", "e", "f"):  # their keys lie on different nodes
        first, second = (StoreLimiter(POLICY, store, identity={"user": user}) for store in stores)
        for _ in range(2):
            drive(drive(first.acquire(CLAIM), IO).settle(200, {}), IO)
        drive(second.acquire(CLAIM), IO)
        window = Limits(second).snapshot()["own.calls"]
        assert (window.used, window.allowance) == (3, 5)
    keys = [str(key, "utf-8") for key in cluster.keys(target_nodes="all") if isinstance(key, bytes)]
    slots = {int(cluster.cluster_keyslot(key)) % 3 for key in keys}
    assert len(slots) > 1, "more than one node took part"
    for store in stores:
        store.close()
