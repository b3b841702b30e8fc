"""How an address is written changes nothing: where tokens come from, whom a credential is shown, what a profile may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from tests.typedpipes._core.http.wire_server import Arrival, Reply, WireServer
from typedpipes._core.files.links import LinkPolicy
from typedpipes.configuration.profile import read_profile
from typedpipes.errors import ProfileError
from typedpipes.pipedream.oauth import PipedreamOAuth
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipedrive.settings import PipedriveSettings
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes.pipefy.settings import PIPEFY_TOKEN_URL, PipefySettings

FORMS = [
    "https://api.pipefy.com/graphql",
    "https://api.pipefy.com:443/graphql",
    "HTTPS://API.PIPEFY.COM/graphql",
    "https://api.pipefy.com./graphql",
]


@pytest.mark.parametrize("source", ["argument", "environment"])
@pytest.mark.parametrize("url", FORMS)
def test_the_client_secret_goes_to_the_vendors_token_endpoint_however_its_address_is_written(
    url: str, source: str
) -> None:
    env = {"PIPEFY_CLIENT_ID": "id", "PIPEFY_CLIENT_SECRET": "secret"}
    if source == "environment":
        env["PIPEFY_BASE_URL"] = url
    settings = PipefySettings.resolve(env=env, base_url=url if source == "argument" else None)
    assert settings.token_url == PIPEFY_TOKEN_URL
    credential = next(iter(settings.credentials()))
    assert credential.origins == {"https://api.pipefy.com:443"}


def test_a_client_shows_its_address_in_the_plain_form() -> None:
    with Pipefy(token="t0k", base_url="https://API.pipefy.com:443/graphql") as pipefy:
        assert repr(pipefy) == "<Pipefy https://api.pipefy.com/graphql>"
    assert PipedriveSettings.resolve(api_token="t0k", base_url="https://Acme.pipedrive.com:443/").base_url == (
        "https://acme.pipedrive.com"
    )
    assert PipedreamSettings.resolve(api_key="k3y", base_url="https://api.pipedream.com:443/v1").base_url == (
        "https://api.pipedream.com/v1"
    )


@pytest.fixture
def server() -> Iterator[WireServer]:
    def script(arrival: Arrival) -> Reply:
        body = b'{"access_token": "t0k", "expires_in": 3600}' if "oauth" in arrival.path else b'{"data": {"x": 1}}'
        return Reply(body=body, headers={"content-type": "application/json"})

    made = WireServer(script)
    yield made
    made.close()


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("host", ["LOCALHOST", "localhost", "127.0.0.1"])
def test_a_server_on_this_machine_is_served_by_each_of_its_names(server: WireServer, host: str, mode: str) -> None:
    url = f"http://{host}:{server.port}/graphql"

    async def main() -> None:
        async with AsyncPipefy(client_id="id", client_secret="secret", base_url=url, retries=0) as pipefy:
            assert await pipefy.execute("{ x }") == {"x": 1}

    if mode == "async":
        anyio.run(main)
    else:
        with Pipefy(client_id="id", client_secret="secret", base_url=url, retries=0) as pipefy:
            assert pipefy.execute("{ x }") == {"x": 1}
    assert [arrival.path for arrival in server.arrivals] == ["/oauth/token", "/graphql"]


def test_the_token_of_a_client_on_this_machine_goes_to_every_port_of_it_by_each_of_its_names() -> None:
    settings = PipedreamSettings.resolve(client_id="id", client_secret="secret", base_url="http://[::1]:8080/v1")
    credential = next(iter(settings.credentials()))
    assert isinstance(credential, PipedreamOAuth)
    for origin in ("http://[::1]:9090", "http://127.0.0.2:9090", "http://x.localhost:9090"):
        assert credential.permits(origin)
    assert not credential.permits("http://localhost.example.com:9090")


@pytest.mark.parametrize("host", ["x.localhost", "localhost.", "LOCALHOST", "127.0.0.2", "[::1]", "localhost"])
def test_profiles_and_file_links_know_this_machine_by_the_same_names(tmp_path: Path, host: str) -> None:
    assert LinkPolicy(loopback=True).check(f"http://{host}:8080/file").port == 8080
    file = tmp_path / "typedpipes.toml"
    file.write_text(f'[pipefy]\nbase_url = "http://{host}:8080/graphql"\n')
    assert read_profile(file, None, named=False).values == {"pipefy.base_url": f"http://{host}:8080/graphql"}


@pytest.mark.parametrize("host", ["api.pipefy.com.", "API.PIPEFY.COM"])
def test_a_profile_may_name_the_vendor_in_any_form(tmp_path: Path, host: str) -> None:
    file = tmp_path / "typedpipes.toml"
    file.write_text(f'[pipefy]\nbase_url = "https://{host}/graphql"\n')
    assert read_profile(file, None, named=False).values == {"pipefy.base_url": f"https://{host}/graphql"}
    file.write_text(f'[pipefy]\nbase_url = "https://{host}.example.com/graphql"\n'.replace("..", "."))
    with pytest.raises(ProfileError, match="would send your credentials"):
        read_profile(file, None, named=False)
