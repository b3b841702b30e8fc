"""The public names are pinned: adding or taking one away is a decision, seen here."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

import typedpipes
from typedpipes import errors
from typedpipes_api.connect.tokens import Tokens
from typedpipes_api.pipedream.users import Users
from typedpipes_api.pipedrive_v1.deals import Deals as DealsV1
from typedpipes_api.pipedrive_v2.deals import Deals
from typedpipes_api.pipefy.client import Client

SURFACE = {
    "typedpipes": "ApiResponse AsyncClientOptions AsyncPages CallOptions ClientOptions CustomField FileContent "
    "FileTokenStore JSON KeyringTokenStore MemoryTokenStore Model OpenEnum PageOptions PagedCallOptions "
    "Pages RetryPolicy Secret SharedOptions Token TokenStore UNSET Unset __version__ errors evolve extras "
    "from_wire is_set to_wire",
    "typedpipes.configuration": "Configuration ENVIRONMENT configuration",
    "typedpipes.events": "Block Budget Event LimitStore OnEvent Poll Refresh Reporter Request Retry SchemaDrift Wait "
    "logger",
    "typedpipes.limits": "AsyncLimits Budget Claim Cost CostRow Lease LimitStatus Limiter Limits Policy Snapshot Store "
    "StoreLease StoreLimiter Window build_limiter open_store",
    "typedpipes.pipedream": "AsyncPipedream AsyncPipedreamClientOptions AsyncProxy AsyncWorkflows ConnectionEvent "
    "HTTPAuthType Pipedream PipedreamClientOptions Proxy ProxyOptions ProxyResponse WorkflowResponse Workflows "
    "connect_link connection_event verify_signature",
    "typedpipes.pipedrive": "AsyncPipedrive AsyncPipedriveClientOptions Pipedrive PipedriveClientOptions",
    "typedpipes.pipefy": "AsyncAttachments AsyncBulk AsyncExportJob AsyncExports AsyncPipefy AsyncPipefyClientOptions "
    "AsyncWebhooks Attachments Bulk BulkItem BulkOptions BulkProgress BulkReport BulkStopped ExportJob "
    "Exports NotSelected Pipefy PipefyClientOptions Row Selection UploadError Webhooks",
}
ERRORS = (
    "APIError AuthenticationError BadRequest ConfigurationError DeadlineExceeded DownloadError ExportAmbiguous "
    "ExportFailed ExportTimeout GraphQLError GraphQLValidationError JournalBusy LimitStoreError MissingExtra "
    "NotFound NotSelected PartialFailure PermissionDenied ProfileError QuotaExhausted RateLimited "
    "ResponseMismatch RowsError ServerError SignatureMismatch TransportError TypedPipesError"
)
HOVER: list[tuple[Callable[..., object], list[str], list[str]]] = [
    # an operation of each API, what its text says, what its signature says
    (Client.card, ["Query `card`."], ["id: str | int", "-> CardDetails | None"]),
    (Deals.list, ["List deals.", "GET /deals", "Costs 10 tokens"], ["limit: int | None", "-> DealListResponse"]),
    (vars(DealsV1)["get"], ["Withdrawn", "use crm.v2.deals.get"], ["id: int"]),
    (
        Tokens.create,
        ["short-lived token", "POST /{project_id}/tokens"],
        ["external_user_id: str", "-> CreateTokenResponse"],
    ),
    (Users.me, ["GET /users/me", "Credential: api_key"], ["-> CurrentUserResponse"]),
]


@pytest.mark.parametrize("name", SURFACE)
def test_the_public_names_of_a_module_are_pinned_and_there(name: str) -> None:
    module = importlib.import_module(name)
    assert sorted(module.__all__) == sorted(SURFACE[name].split())
    for each in module.__all__:
        assert getattr(module, each) is not None


@pytest.mark.parametrize("name", [*SURFACE, "typedpipes.errors", "typedpipes.rows", "typedpipes.tracing"])
def test_dir_shows_the_public_names_and_a_star_brings_nothing_else(name: str) -> None:
    module = importlib.import_module(name)
    assert set(module.__all__) <= set(dir(module))
    namespace: dict[str, object] = {"datetime": "mine", "annotations": "mine", "os": "mine"}
    exec(f"from {name} import *", namespace)
    assert {namespace[each] for each in ("datetime", "annotations", "os")} == {"mine"}


def test_every_module_that_is_public_says_which_names_are() -> None:
    folder = Path(typedpipes.__file__).parent
    for path in folder.rglob("*.py"):
        inner = path.relative_to(folder).parts
        if inner[0] not in ("_core", "cli"):
            assert "\n__all__ = [" in path.read_text(encoding="utf-8"), path


def test_the_reference_shows_public_names_only() -> None:
    folder = Path(__file__).parents[2] / "docs" / "reference" / "api"
    shown = [line.split()[1] for path in folder.glob("*.md") for line in path.read_text().splitlines() if ":::" in line]
    assert len(shown) > 50
    for name in shown:
        module, _, last = name.rpartition(".")
        if name not in ("typedpipes.events", "typedpipes.rows"):
            assert last in importlib.import_module(module).__all__, name
            assert module.count(".") <= 1, name


def test_the_errors_are_pinned_and_of_one_family() -> None:
    found = {
        name: kind
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and kind.__module__ == errors.__name__
    }
    assert sorted(found) == sorted(ERRORS.split())
    assert all(issubclass(kind, errors.TypedPipesError) and kind.__doc__ for kind in found.values())


@pytest.mark.parametrize(("function", "text", "signature"), HOVER)
def test_an_editor_shows_what_an_operation_does_and_takes(
    function: Callable[..., object], text: list[str], signature: list[str]
) -> None:
    words = " ".join((inspect.getdoc(function) or "").split())
    assert [part for part in text if part not in words] == []
    shown = str(inspect.signature(function)).replace("'", "")
    assert [part for part in signature if part not in shown] == []
