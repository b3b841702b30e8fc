"""A field that the caller left out of an answer is not null: reading it raises, and everything else passes it over."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import anyio
import attrs
import pytest

from tests.typedpipes._core.http.wire_server import Reply, WireServer
from typedpipes import evolve, is_set, to_wire
from typedpipes.errors import NotSelected
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import Pipedrive

DEALS = b'{"success":true,"data":[{"id":1,"title":"a"},{"id":2,"title":null}],"additional_data":{}}'


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer()) as made:
        yield made


def deals(server: WireServer, *fields: Any) -> list[Any]:
    server.script_of(Reply(body=DEALS))
    with Pipedrive(api_token="t" * 40, base_url=server.url, limits="off") as crm:
        return list(crm.v1.deals.list(fields=fields).data or ())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_field_selector_leaves_fields_out(server: WireServer) -> None:
    first, second = deals(server, "id", "title", "lost_reason")
    assert (first.id, first.title, second.title) == (1, "a", None)
    assert first.lost_reason is None, "asked for, and not there"
    for name in ("status", "value", "stage_id"):
        with pytest.raises(NotSelected, match=rf"\.{name} was left out") as caught:
            getattr(first, name)
        assert caught.value.remedy == f"ask for {name} in the call: with fields=, include= or the selection"
        assert not is_set(first, name)
    assert set(attrs.asdict(first)) == {"id", "title", "lost_reason"}
    assert "status" not in repr(first)
    assert repr(first).startswith(type(first).__name__ + "(id=1, title='a'")
    assert to_wire(first) == {"id": 1, "title": "a"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_copies_and_pickles_lack_the_same_fields(server: WireServer) -> None:
    first, second = deals(server, "id", "title")
    for twin in (copy.copy(first), copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        assert twin == first != second
        assert attrs.asdict(twin) == {"id": 1, "title": "a"}
        with pytest.raises(NotSelected):
            _ = twin.status
    changed = evolve(first, status="won")
    assert (changed.status, to_wire(changed)) == ("won", {"id": 1, "title": "a", "status": "won"})
    assert set(attrs.asdict(changed)) == {"id", "title", "status"}
    with pytest.raises(NotSelected):
        _ = changed.value
    assert pickle.loads(pickle.dumps(changed)) == changed
    assert isinstance(first, type(first)._model_())


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_include_and_exclude_leave_fields_out(server: WireServer, mode: str) -> None:
    body = b'{"page_info":{"total_count":1,"count":1,"start_cursor":"a","end_cursor":"a"},"data":[{"id":"apn_1"}]}'
    settings: dict[str, Any] = {"api_key": "k" * 20, "base_url": server.url, "limits": "off"}

    async def main(chosen: Any) -> Any:
        async with AsyncPipedream(**settings) as pd:
            return (await pd.rest.accounts.list(**chosen)).data[0]

    choices: list[tuple[Any, str, str]] = [
        ({"include": "id,name"}, "healthy", "name"),
        ({"exclude": "name"}, "name", "healthy"),
    ]
    for chosen, lacking, there in choices:
        server.script_of(Reply(body=body))
        if mode == "async":
            account = anyio.run(main, chosen)
        else:
            with Pipedream(**settings) as pd:
                account = pd.rest.accounts.list(**chosen).data[0]
        with pytest.raises(NotSelected, match=f"{lacking} was left out"):
            getattr(account, lacking)
        assert getattr(account, there) is None


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_without_a_choice_nothing_changes(server: WireServer) -> None:
    (first, second) = deals(server)
    assert (first.status, second.title) == (None, None)
    assert type(first) is type(first)._model_()
