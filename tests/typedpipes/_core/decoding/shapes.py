"""Models as the renderer writes them, small enough to reason about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import ClassVar, Literal

from typedpipes.runtime import JSON, Model, OpenEnum, member


class Status(OpenEnum):
    OPEN: ClassVar[Status] = member("open")
    WON: ClassVar[Status] = member("won")


class Owner(Model):
    id: int
    name: str | None = None
    boss: Owner | None = None
    since: date | None = None


class TextProp(Model):
    type: Literal["text"]
    text: str | None = None


class AppProp(Model):
    type: Literal["app"]
    app: str


class Circle(Model):
    radius: float


class Square(Model):
    side: float
    colour: str | None = None


class Deal(Model):
    _wire_: ClassVar[Mapping[str, str]] = {"code_raw_2": "codeRaw", "class_": "class"}
    _secret_: ClassVar[frozenset[str]] = frozenset({"token"})

    id: int
    title: str
    value: float | None = None
    won: bool | None = None
    status: Status | None = None
    owner: Owner | None = None
    labels: list[str] | None = None
    statuses: list[Status] | None = None
    members: list[Owner] | None = None
    counts: dict[str, int] | None = None
    owners: dict[str, Owner] | None = None
    free: dict[str, JSON] | None = None
    anything: JSON = None
    prop: TextProp | AppProp | None = None
    shape: Circle | Square | None = None
    text_or_list: str | list[str] | None = None
    code_raw: str | None = None
    code_raw_2: str | None = None
    class_: str | None = None
    token: str | None = None
    at: datetime | None = None
    day: date | None = None
    times: list[datetime] | None = None
    days: list[date] | None = None
    when: datetime | date | None = None


class DealPage(Model):
    success: bool
    data: list[Deal] | None
    additional_data: dict[str, JSON] | None = None
