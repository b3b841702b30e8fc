"""The main job of each API, end to end over real HTTP against a local sandbox, in plain words.

Run it with ``nox -s demo``. Exit code 0: everything worked; 1: it says what did not.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
import warnings
from pathlib import Path

from typedpipes.errors import TypedPipesError
from typedpipes.pipedream import Pipedream
from typedpipes.pipedrive import Pipedrive
from typedpipes.pipefy import Pipefy
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.output.generate import check
from typedpipes_sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)


def compare_generated() -> None:
    """Generate every package again and compare it with the one in the repository."""
    say("Generating all six clients from schemas/ into a temporary folder …")
    started = time.perf_counter()
    problems = check(ROOT / "schemas", ROOT / "generated" / "typedpipes_api")
    if problems:
        raise SchemaError(
            f"generated/ differs from what schemas/ give, first: {problems[0]}", remedy="run nox -s generate"
        )
    say(f"  … identical to generated/, byte for byte ({time.perf_counter() - started:.0f} s).")


def run_pipefy(environment: dict[str, str], folder: Path) -> None:
    """Service account → create an export → poll → download → first rows."""
    say("\nPipefy: export the automation jobs of last month with a service account.")
    with Pipefy(env=environment) as pipefy:
        job = pipefy.exports.automation_jobs(organization_id=environment["PIPEFY_ORGANIZATION_ID"], period="last_month")
        say(f"  created export {job.id}; status {job.status}")
        job.wait(timeout=60, on_progress=lambda at: say(f"  … {at.status} after {at.elapsed:.0f} s (poll {at.polls})"))
        file = job.download(folder / "automation-jobs")
        say(f"  downloaded {file.stat().st_size} bytes; the first rows:")
        for row in itertools.islice(job.rows(), 3):
            say(f"    {row}")


def run_pipedream(environment: dict[str, str]) -> None:
    """OAuth → create a Connect token → list accounts over two pages."""
    say("\nPipedream: a Connect token for one user, and the project's accounts page by page.")
    with Pipedream(env=environment) as pipedream:
        token = pipedream.connect.tokens.create(external_user_id="user-1")
        say(f"  Connect token received, valid until {token.expires_at} (the token itself is not shown)")
        info = pipedream.connect.accounts.list(limit=1).page_info
        total = (info and info.total_count) or 1
        size = max(1, -(-total // 2))
        for number, page in enumerate(pipedream.connect.accounts.iter(page_size=size).pages(), start=1):
            names = ", ".join(account.name or account.id for account in page)
            say(f"  page {number}: {len(page)} of {total} accounts: {names}")


def run_pipedrive(environment: dict[str, str]) -> None:
    """Field selector on v1, all deals over several pages on v2."""
    say("\nPipedrive: deals with four fields on v1, then all deals on v2.")
    with Pipedrive(env=environment) as crm:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            # The vendor withdrew this operation after writing the page that still documents it.
            chosen = crm.v1.deals.list(fields=["id", "title", "value", "currency"], limit=3)  # type: ignore[deprecated]
        for deal in chosen.data or []:
            say(f"  v1 deal {deal.id}: {deal.title}, {deal.value} {deal.currency}")
        listing = crm.v2.deals.iter(page_size=10)
        pages = [len(page) for page in listing.pages()]
        say(f"  v2: {sum(pages)} deals over {len(pages)} pages ({', '.join(map(str, pages))})")


def main() -> int:
    """Run the demo; the exit code."""
    started = time.perf_counter()
    try:
        compare_generated()
        with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
            environment = sandbox.environment()
            say(f"\nSandbox ready: Pipefy {sandbox.pipefy_url}, Pipedream {sandbox.pipedream_url},")
            say(f"  Pipedrive {sandbox.pipedrive_url}. Everything below is real HTTP to these addresses.")
            run_pipefy(environment, Path(folder))
            run_pipedream(environment)
            run_pipedrive(environment)
            if sandbox.violations:
                say(f"\nThe sandbox saw {len(sandbox.violations)} violations of vendor rules; there must be none.")
                return 1
    except (TypedPipesError, SchemaError) as error:
        say(f"\nThe demo failed: {type(error).__name__}: {error}")
        return 1
    say(f"\nDone in {time.perf_counter() - started:.0f} s: no vendor rule was broken, no credential left its server.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
