"""How a sandbox behaves: everything that can be chosen when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from typedpipes_sandbox.checks import require_from_zero
from typedpipes_sandbox.limits import Limits


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """How export jobs go on.

    ``pace``: ``once`` (finished when created), ``polls`` (after ``after_polls`` status queries) or ``clock`` (after
    ``after_seconds`` of sandbox time). ``outcome``: how they end; ``unknown`` answers ``unknown_status``, ``never``
    keeps processing. ``link`` names the fields of the export that this server knows.
    """

    pace: Literal["once", "polls", "clock"] = "polls"
    after_polls: int = 2
    after_seconds: float = 60.0
    outcome: Literal["finished", "failed", "unknown", "never"] = "finished"
    unknown_status: str = "archived"
    format: Literal["csv", "xlsx"] = "csv"
    rows: int = 25
    shared_strings: bool = False

    def __post_init__(self) -> None:
        require_from_zero(self, self.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Constructor parameters of :class:`typedpipes_sandbox.Sandbox`; every one has a default."""

    seed: int = 1
    #: which form of Pipefy's schema the server knows: it refuses the other one as unknown
    pipefy_form: Literal["live", "documented"] = "live"
    #: which link field the export type has: both, or only one of them
    export_link: Literal["both", "fileUrl", "downloadUrl"] = "both"
    exports: ExportSettings = field(default_factory=ExportSettings)
    #: life of Pipefy service account tokens in seconds (the vendor: 5 minutes to 30 days)
    pipefy_token_life: float = 3600.0
    #: what a blocked caller sees; the vendor does not publish it
    pipefy_block_status: int = 429
    pipefy_block_retry_after: bool = False
    #: life of generated file links in seconds
    link_life: float = 900.0
    file_ranges: bool = True
    file_etags: bool = True
    #: how Connect wraps accounts: as first documented, as today, or the form in between (both keys)
    connect_envelopes: Literal["live", "documented", "mixed"] = "live"
    #: whether project-scoped Connect calls are refused without X-PD-Environment (the vendor's reference says required)
    connect_environment_required: bool = False
    pipedream_token_life: float = 3600.0
    connect_token_life: float = 14400.0
    pipedrive_token_life: float = 3600.0
    #: answer `x-daily-ratelimit-token-*` (undocumented, sometimes absent)
    pipedrive_daily_headers: bool = True
    limits: Limits = field(default_factory=Limits)
    #: check requests and responses against the schemas
    validate_requests: bool = True
    validate_responses: bool = True
    #: seconds every request takes on its way in, plus 0..jitter
    latency: float = 0.0
    jitter: float = 0.0
    #: how many arrivals are kept; None keeps all
    log_limit: int | None = 20_000
    #: send a Date header from the sandbox clock
    server_date: bool = True
    #: sizes of the example data
    pipefy_cards: int = 120
    connect_accounts: int = 25
    pipedrive_items: int = 130

    def __post_init__(self) -> None:
        require_from_zero(self, self.__dataclass_fields__, besides=("seed",))
