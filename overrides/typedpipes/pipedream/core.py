"""What the two clients share: settings, credentials, policies, the two APIs; and the failures that Connect reports in the
body of a successful status (reference notes, "Error shapes").
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Literal

from typedpipes.client_options import SharedOptions, drift_log, limiter_for, retry_policy, token_store
from typedpipes.errors import ConfigurationError, PartialFailure
from typedpipes.model import JSON
from typedpipes.operation import Operation
from typedpipes.pipedream.rules import PipedreamRest, check_environment, connect_scope
from typedpipes.settings import PipedreamSettings
from typedpipes.wire import WireResponse

if TYPE_CHECKING:
    from typedpipes.auth.pipedream import PipedreamOAuth

Environment = Literal["development", "production"]

DEFAULT_ENVIRONMENT: Final = "production"
"""Seed 002, "Environment" and "environment_name": what the vendor assumes when nothing is said."""

logger: Final = logging.getLogger("typedpipes")


class Core:
    """What the two clients share."""

    def __init__(self, settings: PipedreamSettings, options: SharedOptions) -> None:
        check_environment(settings.environment)
        self.settings = settings
        self.credentials = settings.credentials(store=token_store(options))
        self.retry = retry_policy(options)
        first = next(iter(self.credentials))
        identity = {"client": first.identity, "project": settings.project_id or ""}
        self.limiter = limiter_for(
            "pipedream",
            options,
            identity,
            {"figures": settings.figures} if settings.figures is not None else {},
            settings.limits,
        )
        self.on_event = options.get("on_event")
        self.strict = options.get("strict", False)
        self.drift = drift_log(options)
        self.token_only = settings.connect_token is not None and settings.client_id is None
        if self.environment is not None and settings.environment is None and settings.project_id is not None:
            logger.warning(
                "no environment was chosen: Pipedream takes %r, which is your live users; "
                "pass environment= or set PIPEDREAM_ENVIRONMENT",
                DEFAULT_ENVIRONMENT,
            )

    @property
    def environment(self) -> str | None:
        """What is sent as ``X-PD-Environment``; None: nothing, because a Connect token has an environment already."""
        return self.settings.environment or (None if self.token_only else DEFAULT_ENVIRONMENT)

    def oauth(self) -> PipedreamOAuth:
        """The OAuth client. Raises `ConfigurationError` if there is none."""
        from typedpipes.auth.pipedream import PipedreamOAuth

        credential = self.credentials.get("oauth")
        if not isinstance(credential, PipedreamOAuth):
            raise ConfigurationError(
                "there is no OAuth client whose token could be revoked (client_id= and client_secret=)",
                setting="client_id",
            )
        return credential

    def rest(self) -> PipedreamRest:
        """The REST API."""
        return PipedreamRest(
            base_url=self.settings.base_url,
            settings={"org_id": self.settings.org_id},
            strict=self.strict,
            drift=self.drift,
        )

    def connect(self) -> PipedreamRest:
        """Connect."""
        return PipedreamRest(
            base_url=f"{self.settings.base_url}/connect",
            settings={"project_id": self.settings.project_id, "environment": self.environment},
            strict=self.strict,
            drift=self.drift,
            scope=connect_scope,
            check=check_observations,
            chosen_environment=self.settings.environment,
            token_only=self.token_only,
        )


def check_observations(operation: Operation[object], value: JSON, built: object, response: WireResponse) -> None:
    """Configure and reload report in ``errors``, run reports in ``os``: either raises `PartialFailure`.

    The built answer is on the error as ``data``, so that what did succeed is not lost.
    """
    if not isinstance(value, dict):
        return
    failures: list[object] = []
    errors = value.get("errors")
    if isinstance(errors, list):
        failures += errors
    observations = value.get("os")
    if isinstance(observations, list):
        failures += [entry for entry in observations if isinstance(entry, dict) and entry.get("err") is not None]
    if failures:
        name = f"{operation.api}.{operation.name}"
        raise PartialFailure(
            f"{name}: the answer reports {len(failures)} failure(s), the first: {_words(failures[0])}",
            failures=failures,
            data=built,
            status=response.status,
            operation=name,
        )


def _words(failure: object) -> str:
    if isinstance(failure, dict):
        err = failure.get("err")
        if isinstance(err, dict):
            return ": ".join(str(err[key])[:200] for key in ("name", "message") if err.get(key))
    return str(failure)[:200]


__all__ = ["DEFAULT_ENVIRONMENT", "Core", "Environment", "check_observations"]
