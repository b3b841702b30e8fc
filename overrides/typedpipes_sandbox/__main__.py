"""``python -m typedpipes_sandbox``: serve until interrupted, print what to paste, log requests."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from typedpipes_sandbox.checks import ORIGINS
from typedpipes_sandbox.sandbox import Sandbox
from typedpipes_sandbox.schema.schemas import FILES, FOLDER_VARIABLE
from typedpipes_sandbox.wire.arrivals import Arrival


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve. Settings go to stdout, the request log to stderr. Returns 0 when interrupted."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.schemas is not None:
        if not any((options.schemas / name).is_file() for name in FILES.values()):
            parser.error(f"--schemas: {options.schemas} holds none of {', '.join(FILES.values())}")
        os.environ[FOLDER_VARIABLE] = str(options.schemas.resolve())
    ports = {name: options.port + index for index, name in enumerate(ORIGINS)} if options.port else {}
    listener = None if options.quiet else _show
    try:
        sandbox = Sandbox(
            ports=ports,
            on_request=listener,
            seed=options.seed,
            pipefy_form=options.pipefy_form,
            connect_envelopes=options.connect_envelopes,
            latency=options.latency,
            exports={"format": options.export_format, "rows": options.export_rows},
        )
    except ValueError as error:
        parser.error(str(error))
    with sandbox:
        _announce(sandbox, as_json=options.json)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    return 0


def _announce(sandbox: Sandbox, *, as_json: bool) -> None:
    addresses, settings = {name: sandbox.url(name) for name in ORIGINS}, sandbox.environment()
    if as_json:
        told = {"addresses": addresses, "environment": settings, "admin_token": sandbox.admin_token}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        sys.stdout.writelines(f"# {name:16} {address}\n" for name, address in addresses.items())
        line = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        sys.stdout.write(f"export {line}\n")
        sys.stdout.write(f"# steered at /__sandbox__/ with Authorization: Bearer {sandbox.admin_token}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="typedpipes-sandbox", description="Pipefy, Pipedream and Pipedrive on loopback."
    )
    parser.add_argument("--port", type=int, default=0, help="first of six ports in a row; default: free ones")
    parser.add_argument("--seed", type=int, default=1, help="the example data follows from it")
    parser.add_argument("--pipefy-form", choices=("live", "documented"), default="live")
    parser.add_argument("--connect-envelopes", choices=("live", "documented", "mixed"), default="live")
    parser.add_argument("--export-format", choices=("csv", "xlsx"), default="csv")
    parser.add_argument("--export-rows", type=int, default=25)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds every request takes on its way in")
    parser.add_argument("--quiet", action="store_true", help="no request log")
    wanted = "answer by the documents of this folder, laid out as `typedpipes generate` writes typedpipes_api"
    parser.add_argument("--schemas", type=Path, metavar="DIR", help=wanted)
    parser.add_argument("--json", action="store_true", help="addresses and settings as one line of JSON")
    return parser


def _show(arrival: Arrival) -> None:
    marks = f"  !! {', '.join(arrival.violations)}" if arrival.violations else ""
    fault = f"  ({arrival.fault})" if arrival.fault else ""
    query = f"?{arrival.query}" if arrival.query else ""
    what = f"{arrival.api:15} {arrival.status:3} {arrival.method:6} {arrival.path}{query}"
    sys.stderr.write(f"{what}  {arrival.operation}{fault}{marks}\n")


if __name__ == "__main__":
    sys.exit(main())
