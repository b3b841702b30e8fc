"""What the synchronous and the asynchronous Pipefy client share: settings, policies, the reading of calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypedDict

from typedpipes._httpx import is_loopback
from typedpipes.client_options import SharedOptions, drift_log, limiter_for, retry_policy, token_store
from typedpipes.limits.pipefy import CALLS_PER_MONTH, RECORDS_PER_PAGE, Plan
from typedpipes.pipefy.calls import GraphQLCalls
from typedpipes.settings import PipefySettings

if TYPE_CHECKING:
    from typedpipes.http import AsyncPolicyClient, PolicyClient
    from typedpipes.limits.limiter import StoreLimiter
    from typedpipes.pipefy.export_flows import ExportSettings

_SMALLER_PAGES: Final = {"Phase.cards": 30}
"""Connections with a page limit of their own (notes section 3)."""


MAX_DEPTH: Final = 15
"""Levels of fields Pipefy accepts in a request (notes section 3)."""


def page_limit(field: str) -> int:
    """Largest page Pipefy gives of the connection ``field``: 50 records (seed 000), 30 cards of a phase."""
    return _SMALLER_PAGES.get(field, RECORDS_PER_PAGE)


class PipefyFacts(TypedDict, total=False):
    """What a Pipefy client is told about its account."""

    plan: Plan | None
    """Your plan; it brings the monthly budget (seed 000). Not given: the month is not counted."""
    allowance: int | None
    """Calls a month by contract, for the Unlimited plan."""
    organization_id: str | None
    """Organization whose monthly calls are counted (seed 000). Default: those of the credential alone."""
    journal: str | os.PathLike[str] | None
    """File in which exports are noted, so that a restart continues instead of creating again. Default: none."""


class Core:
    """What the two clients share: settings, policies, encoding and reading of calls."""

    def __init__(self, settings: PipefySettings, options: SharedOptions, facts: PipefyFacts) -> None:
        self.settings = settings
        self.credentials = settings.credentials(store=token_store(options))
        self.retry = retry_policy(options)
        self.identity = next(iter(self.credentials)).identity
        plan, allowance = settings.plan, settings.allowance
        self.limiter: StoreLimiter | None = limiter_for(
            "pipefy",
            options,
            {"user": self.identity, "organization": settings.organization_id or ""},
            {"plan": plan, "allowance": allowance},
            settings.limits,
            plan_given=facts.get("plan") is not None,
        )
        self.monthly_calls = allowance if plan is None or allowance is not None else CALLS_PER_MONTH[plan.lower()]
        self.journal = facts.get("journal")
        self.on_event = options.get("on_event")
        self.strict = options.get("strict", False)
        self.drift = drift_log(options)

    def calls(self, http: PolicyClient | AsyncPolicyClient) -> GraphQLCalls:
        """The encoder and reader of calls for a client."""
        return GraphQLCalls(
            base_url=self.settings.base_url,
            redactor=http.policies.redactor,
            strict=self.strict,
            drift=self.drift,
        )

    def export_settings(self) -> ExportSettings:
        """What the exports of this client have in common."""
        import httpx

        from typedpipes.job_forms import FileFormStore
        from typedpipes.pipefy.export_flows import ExportSettings

        durable = self.limiter is not None and self.limiter.store.durable
        return ExportSettings(
            forms=FileFormStore() if durable and self.journal is None else None,
            monthly_calls=self.monthly_calls,
            loopback=is_loopback(httpx.URL(self.settings.base_url).host),
            journal=self.journal,
            account=f"{self.settings.base_url}|{self.identity}",
            report=self.on_event,
        )
