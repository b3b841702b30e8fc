"""Faults on demand: rules that match requests and make them fail."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any, Literal

from typedpipes_sandbox.checks import require_from_zero, require_origin
from typedpipes_sandbox.wire.messages import Request, Response, encode_json


@dataclass(slots=True)
class Fault:
    """One rule. Everything given must match; what is spoiled is said by the other fields.

    ``latency`` delays a request on its way in, before it is counted as arrived; ``latency_back`` delays the answer.
    ``jitter`` adds a uniform 0..jitter to each. ``when`` says whether ``status`` and ``reset`` strike before the
    request is carried out or after it. ``set`` and ``drop`` change the JSON answered at dot paths (``*`` for any).
    """

    api: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    count: int | None = None
    skip: int = 0
    probability: float = 1.0
    seed: int = 0
    when: Literal["before", "after"] = "before"
    latency: float = 0.0
    latency_back: float = 0.0
    jitter: float = 0.0
    reset: bool = False
    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    expired_token: bool = False
    stale_cursor: bool = False
    truncate_at: int | None = None
    pad: int = 0
    drop_length: bool = False
    chunk_delay: float = 0.0
    chunk_size: int = 1024
    set: dict[str, Any] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)
    hits: int = 0
    seen: int = 0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        if self.api is not None:
            require_origin(self.api)
        require_from_zero(self, self.__dataclass_fields__, besides=("seed",))
        self._random.seed(self.seed)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Fault:
        """Build a rule from JSON; raises ValueError naming a field that does not exist."""
        known = {item.name for item in fields(cls) if item.init and not item.name.startswith("_")}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"unknown fault field {', '.join(unknown)}; known: {', '.join(sorted(known))}")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {item.name: getattr(self, item.name) for item in fields(self) if not item.name.startswith("_")}

    def matches(self, request: Request) -> bool:
        """Whether the rule is about this request, without using it up."""
        return (
            (self.api is None or self.api == request.api)
            and (self.method is None or self.method.upper() == request.method)
            and (self.path is None or fnmatchcase(request.path, self.path))
            and (self.operation is None or fnmatchcase(request.operation, self.operation))
        )

    def strikes(self, request: Request) -> bool:
        """Whether the rule acts on this request; uses up one of ``count`` when it does."""
        if (self.count is not None and self.hits >= self.count) or not self.matches(request):
            return False
        if self.stale_cursor and not request.context.get("cursor"):
            return False
        self.seen += 1
        if self.seen <= self.skip:
            return False
        if self.probability < 1.0 and self._random.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def delay(self, base: float) -> float:
        """``base`` plus jitter; nothing when there is no base and no jitter."""
        return base + (self._random.random() * self.jitter if self.jitter else 0.0)

    def response(self) -> Response:
        """The answer this rule puts in the place of the real one."""
        headers = list(self.headers.items())
        if isinstance(self.body, bytes):
            body = self.body
        elif isinstance(self.body, str):
            body = self.body.encode()
        else:
            body = b"" if self.body is None else encode_json(self.body)
        response = Response(self.status or 500, body, headers)
        if body and not response.has_header("content-type"):
            is_text = isinstance(self.body, str | bytes)
            headers.append(("content-type", "text/plain; charset=utf-8" if is_text else "application/json"))
        return response


class Faults:
    """The rules in force, in the order added. Every rule that strikes acts."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, fault: Fault | None = None, **values: Any) -> Fault:
        """Add a rule (ready made, or from :class:`Fault`'s fields) and return it, so that its ``hits`` can be read."""
        rule = fault if fault is not None else Fault.from_mapping(values)
        self._rules.append(rule)
        return rule

    def remove(self, fault: Fault) -> None:
        """Take one rule back; nothing happens when it is gone already."""
        self._rules = [rule for rule in self._rules if rule is not fault]

    def clear(self) -> None:
        """Take every rule back."""
        self._rules = []

    def __iter__(self) -> Any:
        return iter(tuple(self._rules))

    def __len__(self) -> int:
        return len(self._rules)

    def striking(self, request: Request) -> list[Fault]:
        """The rules that act on this request."""
        return [rule for rule in self._rules if rule.strikes(request)] if self._rules else []


def distort(payload: Any, fault: Fault) -> None:
    """Change a decoded JSON answer in place as the rule's ``set`` and ``drop`` say."""
    for path, value in fault.set.items():
        for holder, key in _places(payload, path.split("."), create=True):
            holder[key] = value
    for path in fault.drop:
        for holder, key in _places(payload, path.split("."), create=False):
            if isinstance(holder, dict):
                holder.pop(key, None)
            else:
                del holder[key]


def _places(node: Any, parts: list[str], *, create: bool) -> list[tuple[Any, Any]]:
    head, rest = parts[0], parts[1:]
    keys: list[Any] = []
    if isinstance(node, list):
        keys = (
            list(range(len(node))) if head == "*" else [int(head)] if head.isdigit() and int(head) < len(node) else []
        )
    elif isinstance(node, dict):
        keys = list(node) if head == "*" else [head] if create or head in node else []
    if not rest:
        return [(node, key) for key in keys]
    found: list[tuple[Any, Any]] = []
    for key in keys:
        child = node.get(key) if isinstance(node, dict) else node[key]
        found.extend(_places(child, rest, create=create))
    return found
