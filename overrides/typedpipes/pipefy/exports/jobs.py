"""Two-step jobs (create, then poll until done): their declaration and their state, as data.

A `JobDeclaration` says which documents create and poll a kind of job, where the answer keeps its id, status and link,
and what the statuses mean. `typedpipes.pipefy.exports.engine.JobEngine` runs any of them; adding a kind takes a
declaration only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal, Protocol, TypeAlias

import attrs

from typedpipes._core.flow import Flow
from typedpipes._core.json_reader import read_json
from typedpipes.errors import ConfigurationError, TypedPipesError

Outcome: TypeAlias = Literal["pending", "finished", "failed", "unknown"]

TOKEN_VERSION: Final = 1


class GraphQLPort(Protocol):
    """What the engine needs of a GraphQL client.

    ``execute`` performs one request and returns the answer's ``data``. ``safe`` tells whether it may be repeated
    after it was sent; ``deadline`` bounds it in seconds, retries included. It raises `GraphQLValidationError` when
    the server refused the document unexecuted, `GraphQLError` for other errors in the answer, `TransportError` with
    ``sent`` set, and the other errors of `typedpipes.errors`.
    """

    def execute(
        self,
        document: str,
        operation_name: str,
        variables: Mapping[str, object],
        *,
        safe: bool,
        deadline: float | None = None,
    ) -> Flow[Mapping[str, object]]: ...


class FormStore(Protocol):
    """Remembers which form of the API a server understood, beyond the process if it can.

    `typedpipes.pipefy.exports.journal.Journal` and `typedpipes.pipefy.exports.forms.FileFormStore` are two.
    """

    def get(self, key: str) -> str | None:
        """The form remembered under ``key``."""
        ...

    def put(self, key: str, value: str) -> None:
        """Remember a form."""
        ...


@attrs.frozen(kw_only=True)
class CreateForm:
    """One way to ask for the job. ``path`` leads from ``data`` to the job object in the answer."""

    name: str
    operation: str
    document: str
    path: tuple[str, ...]
    wrap: bool = True
    """Send the arguments as one ``input`` object instead of one variable each."""
    probe: str | None = None
    """Link field the document names so that a refusal also tells which `PollForm` the server lacks."""
    unprobed: str | None = None
    """Name of the form that is the same without ``probe``; it is sent only where the probe alone was refused."""


@attrs.frozen(kw_only=True)
class PollForm:
    """One way to ask how the job is. A list at ``path`` is searched for the job's id."""

    name: str
    operation: str
    document: str
    path: tuple[str, ...]
    link: str | None = None
    """Field that holds the file's link."""
    variables: tuple[str, ...] = ("id",)
    """``id``, or names of create arguments that are sent again."""


@attrs.frozen(kw_only=True)
class JobDeclaration:
    """A kind of two-step job. Without ``polls`` the server only accepts the request and delivers it elsewhere."""

    kind: str
    creates: tuple[CreateForm, ...]
    polls: tuple[PollForm, ...] = ()
    pending: frozenset[str] = frozenset()
    finished: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    id: str = "id"
    status: str = "status"
    more_links: frozenset[str] = frozenset()
    """Names under which a link is read although no form asks for it."""
    what: str = "export"
    """The noun of messages."""

    @property
    def links(self) -> frozenset[str]:
        """Names under which an answer may hold the file's link; empty: this kind of job has no file."""
        return self.more_links.union(form.link for form in self.polls if form.link)

    def outcome(self, status: str) -> Outcome:
        """What a status of the server means, in whatever case it is written."""
        status = status.lower()
        if status in self.finished:
            return "finished"
        if status in self.failed:
            return "failed"
        return "pending" if status in self.pending else "unknown"


@attrs.define(kw_only=True)
class JobState:
    """What is known of one job; the handles show it, the engine changes it."""

    declaration: JobDeclaration
    id: str
    status: str
    created_at: float | None = None
    """Unix time at which the create was answered, by our clock."""
    arguments: dict[str, str] = attrs.field(factory=dict)
    """Create arguments that polling needs again."""
    create_calls: int = 1
    link: str | None = attrs.field(default=None, repr=False)
    link_seen: float = 0.0
    """Unix time at which ``link`` arrived."""
    polled: bool = False
    shown: bool = True
    """False: the server's last answer did not show the job."""
    told: set[tuple[str, ...]] = attrs.field(factory=set, repr=False)
    """Oddities that were reported already."""
    details: dict[str, object] = attrs.field(factory=dict, repr=False)
    """Further fields of the last answer."""

    @property
    def outcome(self) -> Outcome:
        """What ``status`` means."""
        return self.declaration.outcome(self.status)

    def token(self) -> str:
        """The job as a small JSON string that `parse_token` reads; it holds no secret and no link."""
        record: dict[str, object] = {"v": TOKEN_VERSION, "kind": self.declaration.kind, "id": self.id}
        if self.created_at is not None:
            record["created_at"] = datetime.fromtimestamp(self.created_at, UTC).isoformat(timespec="seconds")
        if self.arguments:
            record["arguments"] = self.arguments
        return json.dumps(record, separators=(",", ":"))


@attrs.frozen
class WaitProgress:
    """Told to ``on_progress`` after each poll. ``problem`` is the passing failure of this poll, if it failed."""

    status: str
    elapsed: float
    """Seconds since the wait began."""
    polls: int
    next_poll: float
    """Seconds until the next poll; 0 when the job is done."""
    problem: TypedPipesError | None = None


def parse_token(text: str, declarations: Mapping[str, JobDeclaration], default: str) -> JobState:
    """The job a token stands for; a bare id is a job of the ``default`` kind. Raises `ConfigurationError`."""
    text = text.strip()
    if not text:
        raise ConfigurationError("an empty string resumes nothing: give a job's token or id", setting="token_or_id")
    if not text.startswith("{"):
        declaration = declarations[default]
        return JobState(declaration=declaration, id=text, status=_first_status(declaration))
    try:
        record = read_json(text)
        version, kind, job_id = record["v"], record["kind"], record["id"]
        created = record.get("created_at")
        created_at = datetime.fromisoformat(created).timestamp() if created else None
        arguments = {str(name): str(value) for name, value in record.get("arguments", {}).items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError("this is not a job token (damaged or cut off?)", setting="token_or_id") from error
    if version != TOKEN_VERSION:
        raise ConfigurationError(
            f"this token has version {version!r}, this typedpipes reads version {TOKEN_VERSION}", setting="token_or_id"
        )
    if kind not in declarations:
        raise ConfigurationError(f"this token is of an unknown kind of job: {kind!r}", setting="token_or_id")
    declaration = declarations[kind]
    return JobState(
        declaration=declaration,
        id=str(job_id),
        status=_first_status(declaration),
        created_at=created_at,
        arguments=arguments,
    )


def _first_status(declaration: JobDeclaration) -> str:
    return "created" if "created" in declaration.pending else min(declaration.pending, default="")


def moment(timestamp: float | None) -> datetime | None:
    """A Unix time as an aware datetime (UTC)."""
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)


__all__ = [
    "TOKEN_VERSION",
    "CreateForm",
    "FormStore",
    "GraphQLPort",
    "JobDeclaration",
    "JobState",
    "Outcome",
    "PollForm",
    "WaitProgress",
    "moment",
    "parse_token",
]
