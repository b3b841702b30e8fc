"""Models that a program declares itself, with and without ``from __future__ import annotations``; `evolve`."""

from __future__ import annotations

import copy
import importlib
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import attrs
import msgspec
import pytest

from tests.support.mypy import mypy
from typedpipes import UNSET, evolve, extras, from_wire, is_set, to_wire
from typedpipes.errors import ResponseMismatch

MODELS: Final = """
import typing as t
from typing import ClassVar, Literal, Optional
from typing import ClassVar as Shared

import msgspec

from typedpipes.runtime import JSON, FileContent, Model, OpenEnum, member
from typedpipes_api.connect import Account
from typedpipes_api.pipedrive_v2 import Deal


class Colour(OpenEnum):
    RED: ClassVar["Colour"] = member("red")


class Mine(Deal):
    extra: int = 0
    tags: list[str] = []
    notes: list[str] = msgspec.field(default_factory=list[str])
    shown: str | None = msgspec.field(default=None, name="Shown As")
    parent: Optional["Mine"] = None
    parents: "list[Mine] | None" = None
    colour: Colour | None = None
    kind: Literal["a", "b"] = "a"
    free: JSON | None = None
    cache: ClassVar[dict[str, int]] = {}
    hits: t.ClassVar[int] = 1
    total: Shared[int] = 2

    def doubled(self) -> int:
        return self.extra * 2


class MyAccount(Account):
    extra: int = 0


class Key(Model):
    _wire_ = {"id_": "id"}
    _secret_ = frozenset(("token",))
    id_: str
    token: str | None = None


class NamedKey(Key):
    _secret_ = frozenset(("name",))
    label: str = msgspec.field(name="Label")
    name: str = "nobody"


class Other(Key):
    token: str | None


class Upload(Model):
    file: FileContent | None = None
"""

GOOD: Final = """
from typing import assert_type

import attrs

from own import Colour, Key, Mine, MyAccount, NamedKey
from typedpipes import evolve, from_wire

mine = Mine(id=1, extra=2, tags=["a"], parent=Mine(id=2), colour=Colour.RED)
assert_type(mine.extra, int)
assert_type(mine.parent, Mine | None)
assert_type(mine.title, str | None)
assert_type(Mine.hits, int)
assert_type(evolve(mine, extra=3), Mine)
assert_type(from_wire(MyAccount, {}), MyAccount)
print([field.name for field in attrs.fields(Mine)], attrs.asdict(mine), attrs.has(Mine))
NamedKey(id_="k", label="l")
mine.extra = 4
"""

BAD: Final = """
from own import Key, Mine, NamedKey, Other
from typedpipes import evolve
from typedpipes_api.pipedrive_v2 import Deal

mine = Mine(id=1)
Mine(id=1, extra="1")  # E: arg-type
Mine(id=1, extr=1)  # E: call-arg
Mine(1)  # E: call-arg
Mine()  # E: call-arg
Mine(id=1, hits=2)  # E: call-arg
Mine(id=1, total=2)  # E: call-arg
NamedKey(id_="k")  # E: call-arg
Other(id_="k")  # E: call-arg
print(mine.extr)  # E: attr-defined
mine.extra = "x"  # E: assignment
other: str = evolve(mine, extra=1)  # E: assignment
evolve(3, extra=1)  # E: type-var
mine < mine  # E: operator


class Ice(Deal, frozen=True):  # E: misc
    pass


class Wrong(Deal):
    extra: int = "a"  # E: assignment
"""


@pytest.fixture(params=["", "from __future__ import annotations\n"], ids=["evaluated", "text"], scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module ``own``."""
    place = tmp_path_factory.mktemp("own")
    (place / "own.py").write_text(request.param + MODELS, encoding="utf-8")
    return place


@pytest.fixture
def own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module ``own``, imported."""
    monkeypatch.syspath_prepend(folder)
    yield importlib.import_module("own")
    del sys.modules["own"]


def test_each_annotated_name_is_a_field_and_a_class_variable_is_none(own: ModuleType) -> None:
    mine = own.Mine(id=1, extra=2)
    names = [field.name for field in attrs.fields(own.Mine)]
    assert names[-9:] == "extra tags notes shown parent parents colour kind free".split()
    assert names[:-9] == [field.name for field in attrs.fields(own.Deal)]
    assert (own.Mine.cache, own.Mine.hits, own.Mine.total, mine.hits) == ({}, 1, 2, 1)
    assert (mine.extra, mine.kind, mine.tags, mine.doubled()) == (2, "a", [], 4)
    assert set(own.Mine.__annotations__) >= {"cache", "hits", "total", "extra"}
    for wrong in ({}, {"id": 1, "extr": 1}, {"id": 1, "hits": 2}):
        with pytest.raises(TypeError, match=r"^Mine\(\) (lacks|has no argument)"):
            own.Mine(**wrong)
    with pytest.raises(TypeError, match="keyword arguments only"):
        own.Mine(1)


def test_own_and_inherited_fields_are_decoded_by_their_types(own: ModuleType) -> None:
    data: dict[str, Any] = {
        "id": 1,
        "extra": 5,
        "Shown As": "s",
        "parent": {"id": 2, "title": "t"},
        "parents": [{"id": 3}],
        "colour": "red",
        "free": [{"any": None}],
    }
    mine = from_wire(own.Mine, data)
    assert (mine.extra, mine.shown, mine.parent.title, mine.free) == (5, "s", "t", [{"any": None}])
    assert type(mine.parent) is type(mine.parents[0]) is own.Mine
    assert mine.colour is own.Colour.RED
    assert to_wire(mine) == data
    mine.tags.append("changed")
    assert to_wire(mine) == {**data, "tags": ["changed"]}
    with pytest.raises(ResponseMismatch, match=r"\$\.extra"):
        from_wire(own.Mine, {**data, "extra": "five"}, strict=True)
    account = from_wire(own.MyAccount, {"id": "a", "app": {"name": "Slack"}, "extra": 7})
    assert type(account.app).__module__.startswith("typedpipes_api.")
    assert (account.app.name, account.extra) == ("Slack", 7)


def test_an_absent_field_has_its_default_and_no_two_objects_share_it(own: ModuleType) -> None:
    one, two = from_wire(own.Mine, {"id": 1}), from_wire(own.Mine, {"id": 1})
    made = [own.Mine(id=1), own.Mine(id=1)]
    for each in (one, two, *made):
        assert (each.extra, each.kind, each.shown) == (0, "a", None)
        each.tags.append("mine")
        each.notes.append("mine")
        assert (each.tags, each.notes) == (["mine"], ["mine"])
    assert not is_set(one, "extra")
    assert from_wire(own.Mine, {"id": 1, "extra": None}).extra is None


def test_wire_names_and_secrets_of_a_parent_hold_for_its_subclass(own: ModuleType) -> None:
    key = from_wire(own.NamedKey, {"id": "k", "token": "planted", "Label": "l", "name": "planted"})
    assert (key.id_, key.label) == ("k", "l")
    assert to_wire(key) == {"id": "k", "token": "planted", "Label": "l", "name": "planted"}
    assert "planted" not in repr(key)
    assert msgspec.json.decode(b'{"id": "k", "Label": "l"}', type=own.NamedKey) == own.NamedKey(id_="k", label="l")
    with pytest.raises(TypeError, match="'token'"):
        own.Other(id_="k")
    assert from_wire(own.Upload, {"file": "text"}).file == "text"


def test_own_models_compare_copy_pickle_and_show_themselves(own: ModuleType) -> None:
    mine = from_wire(own.Mine, {"id": 1, "extra": 2, "surplus": [3]})
    assert mine == from_wire(own.Mine, {"id": 1, "extra": 2, "surplus": [3]})
    assert mine != from_wire(own.Deal, {"id": 1, "extra": 2, "surplus": [3]})
    for twin in (copy.copy(mine), copy.deepcopy(mine), pickle.loads(pickle.dumps(mine))):
        assert (twin, twin.extra, extras(twin)) == (mine, 2, {"surplus": [3]})
    assert repr(mine) == "Mine(id=1, extra=2)"
    with pytest.raises(TypeError, match="unhashable"):
        hash(mine)
    with pytest.raises(AttributeError):
        mine.surplus = 1
    assert attrs.evolve(own.Key(id_="k"), id_="l") == own.Key(id_="l")
    assert attrs.asdict(own.Key(id_="k")) == {"id_": "k", "token": None}


def test_what_a_class_statement_cannot_have_is_told_when_it_is_made(own: ModuleType) -> None:
    with pytest.raises(TypeError, match="Loose: a model takes no class options, got kw_only"):
        exec("class Loose(Deal, kw_only=False): pass", vars(own))
    with pytest.raises(TypeError, match="a model needs no decorator"):
        attrs.define(own.Mine)
    exec("class Late(Deal):\n    there: 'Nowhere' = None", vars(own))
    with pytest.raises(TypeError, match=r"Late\.there: name 'Nowhere' is not defined in own at run time"):
        from_wire(own.Late, {"id": 1})


@pytest.mark.mypy
def test_type_checkers_and_run_time_agree_on_own_models(folder: Path) -> None:
    """What mypy accepts runs; what it refuses is refused for the reason planted there, and nothing else is."""
    (folder / "good.py").write_text(GOOD, encoding="utf-8")
    (folder / "bad.py").write_text(BAD, encoding="utf-8")
    done = mypy("own.py", "good.py", "bad.py", cwd=folder)
    found = {
        (line.split(":")[0], int(line.split(":")[1]), line.rpartition("[")[2].rstrip("]"))
        for line in done.stdout.splitlines()
        if ": error:" in line
    }
    expected = {
        ("bad.py", number, line.partition("# E: ")[2])
        for number, line in enumerate(BAD.splitlines(), 1)
        if "# E: " in line
    }
    assert found == expected, done.stdout
    ran = subprocess.run([sys.executable, "good.py"], cwd=folder, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_evolve_changes_what_is_named_and_nothing_else(own: ModuleType) -> None:
    mine = from_wire(own.Mine, {"id": 1, "title": "t", "extra": 2, "parent": {"id": 3}, "surplus": [4]})
    changed = evolve(mine, title="new", shown=None, value=1.5)
    assert type(changed) is own.Mine
    assert (changed.title, changed.value, changed.parent) == ("new", 1.5, mine.parent)
    assert to_wire(changed) == {**to_wire(mine), "title": "new", "Shown As": None, "value": 1.5}
    assert (is_set(changed, "shown"), is_set(changed, "value"), is_set(changed, "currency")) == (True, True, False)
    assert (mine.title, mine.value, is_set(mine, "shown")) == ("t", None, False)
    assert "title='new'" in repr(changed)


def test_evolve_can_make_a_field_absent(own: ModuleType) -> None:
    for key in (from_wire(own.Key, {"id": "k", "token": "t"}), own.Key(id_="k", token="t")):
        without = evolve(key, token=UNSET)
        assert to_wire(without) == {"id": "k"}
        assert not is_set(without, "token")
        assert "token" not in repr(without)
        assert to_wire(key) == {"id": "k", "token": "t"}


def test_a_decoded_field_made_absent_reads_as_any_absent_field(own: ModuleType) -> None:
    mine = evolve(
        from_wire(own.Mine, {"id": 1, "extra": 2, "tags": ["a"], "title": "t"}),
        **dict.fromkeys(("id", "extra", "tags", "title"), UNSET),
    )
    assert (mine.extra, mine.tags, mine.title) == (0, [], None)
    with pytest.raises(ResponseMismatch, match=r"\$\.id"):
        _ = mine.id


def test_evolve_leaves_a_missing_required_field_missing(own: ModuleType) -> None:
    changed = evolve(from_wire(own.Key, {"token": "t"}), token="u")
    assert to_wire(changed) == {"token": "u"}
    with pytest.raises(ResponseMismatch, match=r"\$\.id"):
        _ = changed.id_
    assert evolve(changed, id_="k").id_ == "k"


def test_evolve_refuses_a_misspelt_field_and_says_what_was_meant(own: ModuleType) -> None:
    with pytest.raises(TypeError, match=r"evolve\(Mine\): unexpected argument 'titel'; did you mean 'title'\?"):
        evolve(own.Mine(id=1), titel="x")


def test_the_standard_copying_with_changes_is_evolve(own: ModuleType) -> None:
    replace: Any = getattr(copy, "replace", lambda obj, **changes: obj.__replace__(**changes))  # Python 3.13
    mine = from_wire(own.Mine, {"id": 1, "surplus": [4]})
    assert to_wire(replace(mine, extra=5)) == to_wire(evolve(mine, extra=5))
