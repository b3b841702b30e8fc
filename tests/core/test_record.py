"""`typedpipes.record`: its classes are attrs classes to everybody, whatever they cost at import."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import cast

import attrs
import pytest

from typedpipes.client_options import limiter_for
from typedpipes.limits.limiter import StoreLimiter
from typedpipes.record import define, evolve, field, frozen


@frozen
class Point:
    x: int
    y: int = 0


@frozen(kw_only=True)
class Place:
    name: str
    tags: dict[str, str] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        if not self.name:
            raise ValueError("a place has a name")

    def label(self) -> str:
        return self.name


@frozen(kw_only=True)
class Town(Place):
    people: int = 1

    def label(self) -> str:
        return f"{super().label()} ({self.people})"


@define(kw_only=True, eq=False)
class Counter:
    count: int = 0


def test_a_frozen_record_refuses_changes_compares_by_value_and_hashes() -> None:
    point = Point(1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]  # what is tested
    assert (point, hash(point)) == (Point(1, 0), hash(Point(1, 0)))
    assert point != Point(1, 1)
    assert point != cast("object", Place(name="x"))
    assert repr(point) == "Point(x=1, y=0)"
    assert not hasattr(point, "__dict__")


def test_a_constructor_complains_as_a_function_does() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError, match="unexpected keyword argument 'nam'"):
        Place(nam="x")  # type: ignore[call-arg]  # what is tested
    with pytest.raises(ValueError, match="has a name"):
        Place(name="")


def test_a_factory_makes_a_default_for_each_instance() -> None:
    assert Place(name="a").tags is not Place(name="a").tags


def test_a_record_can_inherit_and_call_its_base() -> None:
    assert Town(name="Lund", people=3).label() == "Lund (3)"
    assert isinstance(Town(name="Lund"), Place)
    assert [made.name for made in attrs.fields(Town)] == ["name", "tags", "people"]


def test_attrs_sees_an_attrs_class_before_there_is_an_instance() -> None:
    @frozen(kw_only=True)
    class Unused:
        size: int = 4

    assert attrs.has(Unused)
    assert [(made.name, made.default, made.kw_only) for made in attrs.fields(Unused)] == [("size", 4, True)]
    assert attrs.asdict(Unused()) == {"size": 4}


def test_evolve_is_that_of_attrs() -> None:
    assert evolve(Point(1, 2), y=3) == attrs.evolve(Point(1, 2), y=3) == Point(1, 3)


def test_a_record_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(Point(1, 2))) == Point(1, 2)


def test_a_mutable_record_without_eq_keeps_its_identity() -> None:
    counter = Counter()
    counter.count += 1
    assert counter.count == 1
    assert counter != Counter(count=1)


def test_a_client_is_constructed_without_attrs_msgspec_and_the_limits_engine() -> None:
    code = (
        "import sys; from typedpipes.pipedrive import Pipedrive; Pipedrive(api_token='t', company_domain='acme');"
        "print(*sorted({'attr', 'msgspec', 'pydantic', 'typedpipes.limits.limiter'} & set(sys.modules)))"
    )
    hidden = "import sys; sys.modules.update(dict.fromkeys(('trio', 'rich', 'click')));"
    done = subprocess.run([sys.executable, "-c", hidden + code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


def test_a_limiter_with_defaults_is_made_once_and_behaves_as_the_limiter() -> None:
    later = limiter_for("pipedrive", {}, {"company": "acme"}, {})
    assert later is not None
    assert later.store is later.store
    assert isinstance(later.acquire.__self__, StoreLimiter)  # type: ignore[attr-defined]  # a bound method
