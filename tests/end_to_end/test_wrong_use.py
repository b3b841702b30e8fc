"""Wrong use: mypy reports what types can say; the rest is refused by name and rule before anything is sent.

Each line below with an ignore must fail the type check: an ignore that nothing needs is itself an error of mypy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

from typedpipes.errors import ConfigurationError
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes_sandbox import Sandbox


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    shared.log.clear()
    yield shared
    assert [arrival.path for arrival in shared.log if "/oauth/" not in arrival.path] == [], "nothing may be sent"


def test_an_unknown_argument_is_reported_and_refused(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm, Pipedream(env=sandbox.environment()) as pd:
        with pytest.raises(TypeError, match="unexpected argument 'statu'"):
            crm.v2.deals.list(statu="open")  # type: ignore[call-arg]  # misspelt
        with pytest.raises(TypeError, match="unexpected argument 'pagesize'"):
            crm.v2.deals.iter(pagesize=3)  # type: ignore[call-arg]  # misspelt
        with pytest.raises(TypeError, match="unexpected argument 'max_items'"):
            crm.v2.deals.list(max_items=3)  # type: ignore[call-arg]  # an option of iter
        with pytest.raises(TypeError, match="unexpected argument 'environment'"):
            pd.rest.accounts.list(environment="production")  # type: ignore[call-arg]  # an option of Connect
        with pytest.raises(TypeError, match="unexpected argument 'org_id'"):
            pd.connect.accounts.list(org_id="o_1")  # type: ignore[call-arg]  # an option of REST
        with pytest.raises(TypeError, match="unexpected argument 'encoding'"):
            pd.rest.sources.create(component_id="x", encoding="form")  # type: ignore[call-arg]  # Pipedrive's


def test_a_missing_argument_is_reported_and_refused(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm, Pipedream(env=sandbox.environment()) as pd:
        with pytest.raises(TypeError, match="term"):
            crm.v2.deals.search()  # type: ignore[call-arg]  # the term
        with pytest.raises(TypeError, match="id"):
            crm.v2.deals.get()  # type: ignore[call-arg]  # the id
        with pytest.raises(ConfigurationError, match="title is required"):
            crm.v2.deals.create(value=3)  # type: ignore[call-overload]  # the title
        with pytest.raises(ConfigurationError, match="external_user_id is required"):
            pd.connect.tokens.create()  # type: ignore[call-overload]  # whose


def test_a_wrong_type_is_reported(sandbox: Sandbox) -> None:
    """Lines for mypy only: what a value is worth at run time is the server's to say."""

    def never(crm: Pipedrive, pd: Pipedream) -> None:
        crm.v2.deals.get("7")  # type: ignore[arg-type]  # an int
        crm.v2.deals.list(status=["opened"])  # type: ignore[list-item]  # no such status
        crm.v2.deals.list(ids="1,2")  # type: ignore[arg-type]  # a list
        crm.v2.deals.create(title=5)  # type: ignore[call-overload]  # a text
        crm.v1.notes.create(content="x", encoding="xml")  # type: ignore[call-overload]  # json or form
        pd.connect.accounts.list(include_credentials="yes")  # type: ignore[arg-type]  # a bool
        crm.v2.deals.get(1).data.titel  # type: ignore[attr-defined]  # noqa: B018 - no such field
        crm.v2.deals.itr()  # type: ignore[attr-defined]  # no such method
        crm.v2.deals.get(1, timeout="5")  # type: ignore[arg-type]  # seconds

    assert callable(never)


def test_a_listing_only_where_the_api_lists_and_prefetch_only_where_it_can(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm:
        with pytest.raises(AttributeError):
            crm.v2.deals.iter_get()  # type: ignore[attr-defined]  # one deal is no listing
        with pytest.raises(AttributeError):
            crm.v1.currencies.iter()  # type: ignore[attr-defined]  # answered whole
        with pytest.raises(ConfigurationError, match="leave prefetch out"):
            crm.v2.deals.iter(prefetch=3)  # type: ignore[call-arg]  # each cursor comes with the page before
        crm.v1.notes.iter(prefetch=3)


def test_withdrawn_operations_are_reported_with_their_replacement(sandbox: Sandbox) -> None:
    with Pipedrive(env=sandbox.environment()) as crm, pytest.warns(DeprecationWarning, match=r"crm\.v2\.deals\.list"):
        crm.v1.deals.iter()  # type: ignore[deprecated]  # withdrawn


def test_sync_and_async_do_not_mix_unnoticed(sandbox: Sandbox) -> None:
    def never(crm: AsyncPipedrive, pd: AsyncPipedream) -> None:
        crm.v2.deals.get(1).data  # type: ignore[attr-defined]  # noqa: B018 - not awaited
        for _ in crm.v2.deals.iter():  # type: ignore[attr-defined]  # async for
            pass
        with pd:  # type: ignore[attr-defined]  # async with
            pass

    assert callable(never)


LONG = "x" * 251
REFUSED: list[tuple[str, Callable[[Any, Any], object], str, str]] = [
    ("path value", lambda crm, pd: pd.rest.apps.get(""), "app_id", "non-empty app_id"),
    ("empty query list", lambda crm, pd: crm.v2.deals.list(ids=[]), "ids", "ids is an empty list"),
    ("page size", lambda crm, pd: crm.v2.deals.iter(page_size=501), "page_size", "1 to 500"),
    ("page size 0", lambda crm, pd: pd.rest.sources.iter(page_size=0), "page_size", "page_size is 1 to 100"),
    ("max items", lambda crm, pd: crm.v2.deals.iter(max_items=-1), "max_items", "at least 0"),
    ("prefetch", lambda crm, pd: crm.v1.notes.iter(prefetch=-1), "prefetch", "0 to 32"),
    ("resume", lambda crm, pd: crm.v1.notes.iter(resume="abc"), "resume", "a number"),
    ("empty cursor", lambda crm, pd: crm.v2.deals.iter(resume=""), "resume", "not empty"),
    ("body twice", lambda crm, pd: crm.v2.deals.create(title="x", body={"title": "y"}), "title", "both given"),
    ("no form", lambda crm, pd: crm.v1.notes.update(1, content="x", encoding="form"), "encoding", "for POST"),
    ("encoding", lambda crm, pd: crm.v1.notes.create(content="x", encoding="xml"), "encoding", "'json' or 'form'"),
    ("form null", lambda crm, pd: crm.v1.notes.create(content=None, encoding="form"), "content", "has no form"),
    ("selector", lambda crm, pd: crm.v1.notes.list(fields=["id),(x"]), "fields", "field selector"),
    ("user id", lambda crm, pd: pd.connect.accounts.list(external_user_id=LONG), "external_user_id", "1 to 250"),
    ("no user id", lambda crm, pd: pd.connect.users.delete(""), "external_user_id", "1 to 250"),
    ("webhook", lambda crm, pd: pd.rest.webhooks.create(url="x", name="n", description="d"), "url", "http or https"),
    ("bounds", lambda crm, pd: pd.rest.sources.events.delete("dc_1"), "start_id", "everything=True"),
    ("component", lambda crm, pd: pd.rest.sources.create(name="x"), "component_id", "the first of this order"),
    ("environment", lambda crm, pd: pd.connect.accounts.list(environment="dev"), "environment", "'development'"),
    ("a required field", lambda crm, pd: crm.v2.deals.create(value=1), "title", "required"),
    ("a lone surrogate in a body", lambda crm, pd: crm.v2.deals.create(title="\ud800"), "title", "lone surrogate"),
    ("headers", lambda crm, pd: crm.v2.deals.get(1, extra_headers={"Cookie": "x"}), "extra_headers", "may not set"),
    ("a lone surrogate", lambda crm, pd: crm.v2.deals.search(term="\ud800"), "term", "lone surrogate"),
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # some of these operations are withdrawn
@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize(("act", "setting", "rule"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_types_cannot_say_is_refused_by_name_and_rule(
    sandbox: Sandbox, mode: str, act: Callable[[Any, Any], Any], setting: str, rule: str
) -> None:
    env = sandbox.environment()

    def synchronous() -> None:
        with Pipedrive(env=env) as crm, Pipedream(env=env) as pd:
            act(crm, pd)

    async def asynchronous() -> None:
        async with AsyncPipedrive(env=env) as crm, AsyncPipedream(env=env) as pd:
            made = act(crm, pd)
            if hasattr(made, "__await__"):
                await made

    with pytest.raises(ConfigurationError, match=rule) as caught:
        synchronous() if mode == "sync" else anyio.run(asynchronous)
    assert caught.value.setting == setting
    assert setting in str(caught.value)
