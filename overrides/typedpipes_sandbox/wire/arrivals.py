"""The arrival log: what reached the sandbox, in order, with every credential masked."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from typedpipes_sandbox.checks import require_origin
from typedpipes_sandbox.wire.messages import Request

SECRET_HEADERS = frozenset({"authorization", "x-api-token", "cookie", "proxy-authorization"})
SECRET_PARAMETERS = frozenset({"api_token", "token", "access_token", "client_secret", "code", "x-amz-signature"})


def fingerprint(secret: str) -> str:
    """A short hash by which equal credentials can be recognised without showing them."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


@dataclass(slots=True)
class Arrival:
    """One request as it arrived. ``time`` is sandbox time; ``violations`` names the limits it broke."""

    number: int
    time: float
    api: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    operation: str = ""
    identity: str = ""
    credential: str = ""
    status: int = 0
    size: int = 0
    violations: list[str] = field(default_factory=list)
    fault: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready form, used by the admin surface."""
        return asdict(self)


class ArrivalLog:
    """Every arrival, newest last. Keeps the last ``limit`` (None keeps all); the counters never forget."""

    def __init__(self, limit: int | None = 20_000) -> None:
        self._entries: deque[Arrival] = deque(maxlen=limit)
        self.violations: list[Arrival] = []
        self.total = 0
        self.counts: Counter[str] = Counter()

    def record(self, request: Request) -> Arrival:
        """Write the request down, masking what is secret."""
        self.total += 1
        arrival = Arrival(
            number=self.total,
            time=request.arrived,
            api=request.api,
            method=request.method,
            path=mask_path(request.path),
            query=mask_query(request.query_string),
            headers=mask_headers(request.headers),
            operation=request.operation,
            size=len(request.body),
        )
        self._entries.append(arrival)
        return arrival

    def settle(self, arrival: Arrival, request: Request, status: int) -> None:
        """Complete an entry with what became of the request."""
        arrival.status = status
        arrival.operation = request.operation or arrival.operation
        arrival.identity = request.identity
        arrival.credential = request.credential
        arrival.violations = list(request.violations)
        self.counts[f"{request.api}:{status}"] += 1
        if request.violations:
            self.violations.append(arrival)

    def __iter__(self) -> Iterator[Arrival]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Arrival:
        return self._entries[index]

    def find(
        self,
        api: str | None = None,
        *,
        operation: str | None = None,
        method: str | None = None,
        path: str | None = None,
        status: int | None = None,
    ) -> list[Arrival]:
        """Arrivals that match everything given; ``operation`` and ``path`` match as substrings."""
        if api is not None:
            require_origin(api)
        return [
            entry
            for entry in self
            if (api is None or entry.api == api)
            and (operation is None or operation in entry.operation)
            and (method is None or entry.method == method)
            and (path is None or path in entry.path)
            and (status is None or entry.status == status)
        ]

    def count(self, api: str | None = None, **wanted: Any) -> int:
        """How many arrivals match; see :meth:`find`."""
        return len(self.find(api, **wanted))

    def clear(self) -> None:
        """Forget everything, counters included."""
        self._entries.clear()
        self.violations.clear()
        self.counts.clear()
        self.total = 0


def mask_headers(headers: dict[str, str]) -> dict[str, str]:
    """Headers with credentials replaced by their scheme and fingerprint."""
    masked = dict(headers)
    for name in SECRET_HEADERS & masked.keys():
        scheme, _, secret = masked[name].partition(" ")
        masked[name] = f"{scheme} #{fingerprint(secret)}" if secret else f"#{fingerprint(scheme)}"
    return masked


def mask_query(query: str) -> str:
    """A query string with secret parameters replaced by their fingerprint."""
    if not query:
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(name.lower() in SECRET_PARAMETERS for name, _ in pairs):
        return query
    return urlencode([(name, _mask(name, value)) for name, value in pairs], quote_via=quote, safe="#")


def mask_path(path: str) -> str:
    """A path with a Connect token segment replaced by its fingerprint."""
    if "ctok_" not in path:
        return path
    return "/".join(f"#{fingerprint(part)}" if part.startswith("ctok_") else part for part in path.split("/"))


def _mask(name: str, value: str) -> str:
    return f"#{fingerprint(value)}" if name.lower() in SECRET_PARAMETERS and value else value
