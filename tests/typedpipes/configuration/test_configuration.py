"""Where settings come from: argument, environment, ``.env``, profile; the same for code and command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typedpipes.cli.conftest import CommandLine
from typedpipes.configuration import Configuration, configuration
from typedpipes.configuration.settings import PAGE, SETTINGS, VENDORS, page
from typedpipes.errors import ConfigurationError, ProfileError
from typedpipes.pipedream.settings import PipedreamSettings
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipedrive.settings import PipedriveSettings
from typedpipes.pipefy import AsyncPipefy, Pipefy
from typedpipes.pipefy.settings import PipefySettings

ROOT = Path(__file__).parents[3]
SECRET = "planted-secret-value"

WRONG: list[tuple[str, int | None, str, str]] = [
    # the file, the line, the key, part of the message
    ("[pipefy]\nplna = 'business'", 2, "pipefy.plna", "did you mean pipefy.plan?"),
    ("[pipefy]\n\nplan = 'busines'", 3, "pipefy.plan", "did you mean business?"),
    ("plan = 'business'", 1, "plan", "is no setting"),
    ("[pipefyy]\nplan = 'business'", 1, "pipefyy", "did you mean pipefy?"),
    ("pipefy = 'business'", 1, "pipefy", "is a table"),
    ("pipefy.plan = 5", 1, "pipefy.plan", "text in quotes, not 5"),
    ("[pipedrive]\nseats = '10'", 2, "pipedrive.seats", "a whole number from 1, not '10'"),
    ("[pipedrive]\nseats = true", 2, "pipedrive.seats", "not True"),
    ("[pipedrive]\nseats = 0", 2, "pipedrive.seats", "not 0"),
    ("[pipedream]\nenvironment = 'staging'", 2, "pipedream.environment", "development, production"),
    ("[pipefy]\ntoken = 5", 2, "pipefy.token", "a value of type int"),
    ("[pipefy]\ntoken_env = 'two words'", 2, "pipefy.token_env", "the name of an environment variable"),
    ("[pipefy]\ntoken = 'b'\ntoken_env = 'A'", 3, "pipefy.token_env", "both given"),
    ("[pipefy]\ntoken_env = 'A'\ntoken = 'b'", 3, "pipefy.token", "both given"),
    ("[pipefy]\nplan_env = 'A'", 2, "pipefy.plan_env", "is no setting"),
    ("profiles = 5", 1, "profiles", "a table of profiles"),
    ("[profiles.default.pipefy]\nplan = 'business'", 1, "profiles.default", "is not needed"),
    ("[profiles]\nother = 5", 2, "profiles.other", "is a table"),
    ("[profiles.other.pipefy]\nplan = 'business'\nseats = 5", 3, "profiles.other.pipefy.seats", "is no setting"),
    ("[pipefy]\nplan = business", 2, "", "is not TOML"),
    (f"[pipefy]\ntoken = '{SECRET}", 2, "", "is not TOML"),
    ("[pipefy]\nbase_url = 'https://evil.example.com/graphql'", 2, "pipefy.base_url", "name it with --config"),
    ("[pipedream]\nworkflow_domain = 'm.pipedream.net.example'", 2, "pipedream.workflow_domain", "--config"),
    ("[pipefy]\nbase_url = 'https://api.pipefy.com@evil.example'", 2, "pipefy.base_url", "--config"),
    (f"[pipefy]\ntoken = '{SECRET}'", 2, "pipefy.token", "chmod 600"),
    (f"limits = 'redis://:{SECRET}@host'", 1, "limits", "chmod 600"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and a home without any settings."""
    for name in list(os.environ):
        if name.startswith(("PIPEFY_", "PIPEDREAM_", "PIPEDRIVE_", "TYPEDPIPES_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str, path: str = "typedpipes.toml", mode: int = 0o644) -> Path:
    found = Path(path)
    found.parent.mkdir(parents=True, exist_ok=True)
    found.write_text(text, encoding="utf-8")
    found.chmod(mode)
    return found


@pytest.mark.parametrize(("text", "line", "key", "told"), WRONG)
def test_a_wrong_profile_file_is_told_with_line_and_key(text: str, line: int | None, key: str, told: str) -> None:
    write(text)
    with pytest.raises(ProfileError) as caught:
        configuration()
    error = caught.value
    assert (error.line, error.key or "") == (line, key), error
    assert told in str(error)
    assert str(error).startswith(f"typedpipes.toml, line {line}")
    assert SECRET not in repr(error) + str(error)


def test_argument_environment_env_file_profile_go_in_this_order() -> None:
    write('[pipedrive]\nplan = "lite"\nseats = 1\ncompany_domain = "one"\nredirect_uri = "https://a.example"')
    write("PIPEDRIVE_PLAN=growth\nPIPEDRIVE_SEATS=2\nPIPEDRIVE_COMPANY_DOMAIN=two\n", ".env")
    environ = {"PIPEDRIVE_PLAN": "premium", "PIPEDRIVE_SEATS": "3", "PIPEDRIVE_API_TOKEN": "t"}
    settings = configuration(env_file=".env", environ=environ)
    resolved = PipedriveSettings.resolve(env=settings, plan="ultimate")
    assert (resolved.plan, resolved.seats) == ("ultimate", 3)
    assert (resolved.company_domain, resolved.redirect_uri) == ("two", "https://a.example")
    assert [
        settings.origin(f"PIPEDRIVE_{name}") for name in ("SEATS", "COMPANY_DOMAIN", "REDIRECT_URI", "OAUTH_URL")
    ] == [
        "environment",
        ".env",
        "profile default in typedpipes.toml",
        None,
    ]


PLAIN = sorted(
    setting.variable
    for setting in SETTINGS
    if not setting.secret and not setting.address and setting.key not in ("client_id", "company_domain")
)
LAYER = st.dictionaries(st.sampled_from(PLAIN), st.sampled_from(["a", "b", "c", ""]))


@given(st.lists(LAYER, max_size=4))
def test_the_first_layer_that_says_something_wins(layers: list[dict[str, str]]) -> None:
    settings = Configuration()
    for number, layer in enumerate(layers):
        settings.lay_under(layer, str(number))
    for name in PLAIN:
        expected = next(((layer[name], str(n)) for n, layer in enumerate(layers) if layer.get(name)), (None, None))
        assert (settings.get(name), settings.origin(name)) == expected


def test_a_token_above_hides_a_service_account_below_and_the_other_way_round() -> None:
    write('[pipefy]\nclient_id = "id"\nclient_secret_env = "S"\n[pipedrive]\napi_token_env = "S"')
    fefe = PipefySettings.resolve(env=configuration(environ={"S": SECRET, "PIPEFY_TOKEN": "mine"}))
    assert fefe.client_id is None
    assert PipefySettings.resolve(env=configuration(environ={"S": SECRET})).client_id == "id"
    app = {"S": SECRET, "PIPEDRIVE_CLIENT_ID": "app", "PIPEDRIVE_CLIENT_SECRET": "x"}
    assert PipedriveSettings.resolve(env=configuration(environ=app)).api_token is None


def test_a_secret_of_one_client_id_is_not_used_with_another() -> None:
    write('[pipedream]\nclient_id = "theirs"\nclient_secret_env = "S"')
    with pytest.raises(ConfigurationError, match="PIPEDREAM_CLIENT_SECRET is not"):
        PipedreamSettings.resolve(env=configuration(environ={"S": SECRET, "PIPEDREAM_CLIENT_ID": "mine"}))
    same = configuration(environ={"S": SECRET, "PIPEDREAM_CLIENT_ID": "theirs"})
    assert PipedreamSettings.resolve(env=same).client_secret is not None


def test_a_secret_never_travels_to_the_token_address_of_another_layer() -> None:
    path = write(
        '[pipefy]\ntoken_url = "https://other.example/token"\n[pipedrive]\nbase_url = "https://b.example"', "p"
    )
    environ = {"PIPEFY_CLIENT_ID": "i", "PIPEFY_CLIENT_SECRET": SECRET, "PIPEFY_BASE_URL": "https://a.example/graphql"}
    settings = PipefySettings.resolve(env=configuration(config=path, environ=environ))
    assert settings.token_url == "https://a.example/oauth/token"
    company = configuration(config=path, environ={"PIPEDRIVE_COMPANY_DOMAIN": "acme", "PIPEDRIVE_API_TOKEN": "t"})
    assert PipedriveSettings.resolve(env=company).base_url == "https://acme.pipedrive.com"


def test_profiles_share_nothing() -> None:
    write(
        '[pipefy]\nplan = "business"\ntoken_env = "LIVE"\n'
        '[profiles.staging.pipefy]\nbase_url = "http://127.0.0.1:1/graphql"\ntoken_env = "STAGING"\n'
    )
    environ = {"LIVE": "live-token", "STAGING": "staging-token"}
    staging = PipefySettings.resolve(env=configuration(profile="staging", environ=environ))
    assert (staging.plan, staging.base_url) == (None, "http://127.0.0.1:1/graphql")
    assert staging.token is not None
    assert staging.token.reveal() == "staging-token"
    live = configuration(environ={**environ, "TYPEDPIPES_PROFILE": "default"})
    assert (live["PIPEFY_PLAN"], live["PIPEFY_TOKEN"]) == ("business", "live-token")
    with pytest.raises(ProfileError, match=r"no profile 'stagin'; it has default, staging; did you mean staging\?"):
        configuration(profile="stagin")


def test_the_file_is_the_named_one_then_that_of_the_folder_then_that_of_the_user(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="profile 'x' was asked for, but there is no"):
        configuration(profile="x")
    write('[pipefy]\nplan = "starter"', str(folder / "config" / "typedpipes" / "typedpipes.toml"))
    assert configuration()["PIPEFY_PLAN"] == "starter"
    write('[pipefy]\nplan = "business"')
    assert configuration()["PIPEFY_PLAN"] == "business"
    write('[pipefy]\nplan = "enterprise"', "other.toml")
    assert configuration(environ={"TYPEDPIPES_CONFIG": "other.toml"})["PIPEFY_PLAN"] == "enterprise"
    assert configuration(config="typedpipes.toml")["PIPEFY_PLAN"] == "business"
    with pytest.raises(ProfileError, match=r"none\.toml cannot be read"):
        configuration(config="none.toml")


def test_a_secret_may_stand_in_a_file_of_ones_own() -> None:
    write(f"[pipefy]\ntoken = '{SECRET}'", mode=0o600)
    settings = configuration()
    assert settings["PIPEFY_TOKEN"] == SECRET
    assert SECRET not in repr(settings)


def test_a_named_file_may_send_credentials_elsewhere_and_the_vendors_hosts_are_free() -> None:
    text = '[pipefy]\nbase_url = "https://pipefy.example/graphql"'
    assert configuration(config=write(text, "mine.toml"))["PIPEFY_BASE_URL"] == "https://pipefy.example/graphql"
    write('[pipefy]\nbase_url = "https://app.pipefy.com/graphql"\n[pipedrive]\nbase_url = "http://localhost:5"')
    assert configuration()["PIPEDRIVE_BASE_URL"] == "http://localhost:5"


def test_a_missing_setting_names_the_variable_the_profile_key_and_a_page_that_is_there() -> None:
    write('[pipefy]\ntoken_env = "NOT_SET_AT_ALL"')
    with pytest.raises(ConfigurationError) as caught:
        PipefySettings.resolve(env=configuration())
    assert "NOT_SET_AT_ALL for pipefy.token, which is not set" in str(caught.value)
    for vendor, kind, variable in (
        ("pipefy", PipefySettings, "PIPEFY_TOKEN"),
        ("pipedream", PipedreamSettings, "PIPEDREAM_API_KEY"),
        ("pipedrive", PipedriveSettings, "PIPEDRIVE_API_TOKEN"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            kind.resolve(env={})
        key = variable.lower().replace("_", ".", 1)
        assert variable in str(caught.value)
        assert f"{key}_env" in str(caught.value)
        assert page(vendor) in str(caught.value)
        text = (ROOT / PAGE).read_text(encoding="utf-8")
        assert re.search(rf"^#+ {vendor}$", text, re.MULTILINE | re.IGNORECASE), vendor


def test_every_setting_is_on_the_page() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for vendor in VENDORS:
        assert f"<!-- made: settings {vendor} -->" in text
    shared = [setting.variable for setting in SETTINGS if not setting.vendor]
    assert [name for name in shared if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("name", "value"), [("PIPEFY_PLAN", "gold"), ("PIPEFY_ALLOWANCE", "many"), ("PIPEFY_ALLOWANCE", "0")]
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} is .*not '{value}'") as caught:
        Pipefy(env={"PIPEFY_TOKEN": "t", name: value})
    assert caught.value.setting == name


def test_sync_and_async_take_plan_seats_and_store_from_the_profile(folder: Path) -> None:
    write(
        f'limits = "sqlite:///{folder}/limits.db"\n[pipefy]\ntoken_env = "T"\nplan = "business"\n'
        '[pipedrive]\napi_token_env = "T"\nplan = "growth"\nseats = 10\nlimits = "sqlite:///own.db"\n'
    )
    os.environ["T"] = "token"
    try:
        with Pipefy.from_env() as pipefy, Pipedrive.from_env() as crm:
            assert pipefy.limits.snapshot().store == f"sqlite:///{folder}/limits.db"
            rows = {row.name: row.allowance for row in pipefy.limits.snapshot().limits}
            assert rows["pipefy.calls_per_month"] == 500
            assert crm.limits.snapshot().store == "sqlite:///own.db"
            assert 600_000 in [row.allowance for row in crm.limits.snapshot().limits]
        assert AsyncPipefy.from_env().limits is not None
        with Pipefy.from_env(limits="off") as off:  # an argument wins, and the plan of the profile yields to it
            assert off.limits.snapshot().store == "off"
    finally:
        del os.environ["T"]


def test_code_and_command_line_count_together(cli: CommandLine) -> None:
    write(f'limits = "sqlite:///{cli.home}/shared.db"\n[pipefy]\nplan = "business"', str(cli.home / "typedpipes.toml"))
    program = "from typedpipes.pipefy import Pipefy\nwith Pipefy.from_env() as pipefy: pipefy.me()"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=cli.home, env=cli.environment)
    assert cli.run("call", "pipefy.me").code == 0
    taken = json.loads(cli.run("limits", "pipefy", "--json").out)["pipefy"]
    rows = {row["name"]: row for row in taken["limits"]}
    assert taken["store"] == f"sqlite:///{cli.home}/shared.db"
    assert (rows["pipefy.calls_per_month"]["allowance"], rows["pipefy.calls_per_month"]["used"]) == (500, 2)


def test_the_command_line_takes_profile_and_config_and_repeats_them_when_it_resumes(cli: CommandLine) -> None:
    names = [name for name in cli.environment if name.startswith("PIPEFY_")]
    kept = {name: cli.environment[name] for name in names}
    write(
        f'[profiles.local.pipefy]\nbase_url = "{kept["PIPEFY_BASE_URL"]}"\ntoken_env = "LOCAL_TOKEN"\n'
        "organization_id = 123456789\n",
        str(cli.home / "my.toml"),
    )
    gone: dict[str, str | None] = dict.fromkeys(names)
    settings = {**gone, "LOCAL_TOKEN": cli.sandbox.pipefy.personal_token}
    words = ("--config", "my.toml", "--profile", "local")
    assert json.loads(cli.run("call", "pipefy.me", *words, **settings).out)["email"]
    told = cli.run("auth", "check", "pipefy", *words, **settings).out
    assert re.search(r"from profile local in my\.toml; may call (\d+) of \1 pipefy\n", told), told
    assert cli.sandbox.pipefy.personal_token not in told
    export = ("export", "automation-jobs", "--period", "last_month", "-o", "jobs.csv", "--timeout", "1", *words)
    ended = cli.run(*export, **settings)
    assert ended.code in (0, 1)
    if ended.code:
        assert "--config my.toml --profile local" in ended.lines[-1]
    wrong = cli.run("call", "pipefy.me", "--config", "my.toml", "--profile", "lokal", **settings)
    assert wrong.code == 3
    assert "did you mean local?" in wrong.lines[0]
    assert wrong.lines[1].startswith("  do: correct the profile file")
