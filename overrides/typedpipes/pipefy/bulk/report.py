"""The report of a bulk job: the outcome of each item, which can be saved and resumed from."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, cast, get_args

import attrs

from typedpipes._core.json_reader import read_json
from typedpipes.errors import ConfigurationError, TypedPipesError

Status: TypeAlias = Literal["ok", "error", "ambiguous", "pending"]
"""``ok``: the answer says that it was done. ``error``: the answer proves that nothing was executed. ``ambiguous``: it
was sent, and no answer came, or one that proves neither. ``pending``: not attempted."""

VERSION: Final = 2
_IDENTITY: Final = re.compile(r"[ck][0-9a-f]{32}-[0-9]+")


@attrs.frozen(kw_only=True)
class BulkItem:
    """One item. ``key`` is what the caller named it by, ``id`` the id the server gave or confirmed."""

    index: int = 0
    """Its place in the caller's list, from 0."""
    identity: str = ""
    """Tells the item from others across runs: made from its key, else from its content and occurrence number."""
    status: Status = "pending"
    key: str | None = None
    id: str | None = None
    message: str | None = None
    """What went wrong; secrets are taken out."""
    code: str | None = None
    """The server's error code."""


@attrs.frozen(kw_only=True)
class BulkReport:
    """All items of a job in the caller's order. Pass it as ``resume=`` to run what is left.

    The list may have grown since, or be in another order.
    """

    job: str
    items: Sequence[BulkItem]
    """Read from a temporary file where they are many; ``tuple(report.items)`` has them in memory."""

    @classmethod
    def of(cls, error: BaseException | None) -> BulkReport | None:
        """The report that ``error`` carries: `BulkStopped`, ``KeyboardInterrupt``, a cancellation, or what they led to.

        None: it carries none, so no item was sent.
        """
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            report = getattr(error, "report", None)
            if isinstance(report, cls):
                return report
            error = error.__cause__ or error.__context__
        return None

    @property
    def ok(self) -> tuple[BulkItem, ...]:
        """Items that are done."""
        return self._of("ok")

    @property
    def failed(self) -> tuple[BulkItem, ...]:
        """Items the server refused; resuming tries them again."""
        return self._of("error")

    @property
    def ambiguous(self) -> tuple[BulkItem, ...]:
        """Items sent without an answer that proves anything. Creates are never repeated: look for them, then decide."""
        return self._of("ambiguous")

    @property
    def pending(self) -> tuple[BulkItem, ...]:
        """Items not attempted."""
        return self._of("pending")

    @property
    def complete(self) -> bool:
        """Whether every item is done."""
        return all(item.status == "ok" for item in self.items)

    def _of(self, status: Status) -> tuple[BulkItem, ...]:
        return tuple(item for item in self.items if item.status == status)

    def to_json(self) -> str:
        """The report as text, for `from_json`."""
        items = [attrs.asdict(item, filter=lambda _, value: value is not None) for item in self.items]
        return json.dumps({"version": VERSION, "job": self.job, "items": items})

    @classmethod
    def from_json(cls, text: str | bytes) -> BulkReport:
        """The report `to_json` wrote. Raises `ConfigurationError` for anything else."""
        try:
            found = read_json(text)
            if found["version"] != VERSION:
                raise ConfigurationError(f"this report is of version {found['version']!r}, not {VERSION}")
            items = tuple(item_of(entry) for entry in found["items"])
            if [item.index for item in items] != list(range(len(items))):
                raise ValueError("items are missing")
            return cls(job=str(found["job"]), items=items)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                "this is no bulk report (damaged or cut off?): give what BulkReport.to_json wrote", setting="resume"
            ) from error

    def __str__(self) -> str:
        found = Counter(item.status for item in self.items)
        counts = ", ".join(f"{found[status]} {status}" for status in get_args(Status) if found[status])
        return f"{self.job}: {counts or 'nothing to do'}"


class BulkStopped(TypedPipesError):
    """A bulk job cannot continue: the cause is ``__cause__``, ``report`` says what is done. Resume with it."""

    _remedy = "remove the cause, then call again with the same checkpoint=, or with resume= and this report"

    def __init__(self, message: str, *, report: BulkReport) -> None:
        super().__init__(message)
        self.report = report


@attrs.frozen(kw_only=True)
class BulkProgress:
    """How far a bulk job is: given to ``progress`` after each item."""

    job: str
    total: int
    done: int
    """Items with an outcome, those of earlier runs included."""
    ok: int
    failed: int
    ambiguous: int
    last: BulkItem


def progress_of(job: str, counts: Mapping[Status, int], last: BulkItem) -> BulkProgress:
    """From the number of items of each status."""
    total = sum(counts.values())
    return BulkProgress(
        job=job,
        total=total,
        done=total - counts["pending"],
        ok=counts["ok"],
        failed=counts["error"],
        ambiguous=counts["ambiguous"],
        last=last,
    )


def item_of(entry: Any) -> BulkItem:
    """An item from its JSON form. Raises KeyError, TypeError or ValueError if it is none."""
    status, identity = entry.get("status", "pending"), entry["identity"]
    if status not in get_args(Status) or not _IDENTITY.fullmatch(identity):
        raise ValueError("no status, or no identity")
    texts = {name: None if entry.get(name) is None else str(entry[name]) for name in ("key", "id", "message", "code")}
    return BulkItem(index=int(entry.get("index", 0)), identity=identity, status=cast("Status", status), **texts)


__all__ = ["BulkItem", "BulkProgress", "BulkReport", "BulkStopped", "Status"]
