"""What a process does that exports automation jobs with a journal; tests kill it.

As a script it is a fork server, because importing takes longer than a run: each line on stdin is the JSON list of
arguments of `export`; it answers with the new process's id at once and with its exit code when it has ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Mapping

import httpx

from typedpipes._core.files import FileHost, LinkPolicy
from typedpipes._core.flow import Flow, SyncIO, call
from typedpipes.errors import ExportAmbiguous, GraphQLValidationError, TransportError
from typedpipes.pipefy.exports import Exports
from typedpipes.pipefy.exports.flows import ExportSettings

DONE, AMBIGUOUS, FAILED = 0, 3, 4


class HttpPort:
    """A plain GraphQL client on httpx: the `typedpipes.pipefy.exports.jobs.GraphQLPort` of these tests."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.Client(verify=False, timeout=10, trust_env=False)

    def execute(
        self,
        document: str,
        operation_name: str,
        variables: Mapping[str, object],
        *,
        safe: bool,
        deadline: float | None = None,
    ) -> Flow[Mapping[str, object]]:
        body = {"query": document, "operationName": operation_name, "variables": dict(variables)}
        try:
            response = yield from call(lambda: self._client.post(self._url, json=body))
        except httpx.HTTPError as error:
            raise TransportError(str(error), sent=None) from error
        answer = response.json()
        if "errors" in answer:
            raise GraphQLValidationError(answer["errors"][0]["message"], errors=answer["errors"])
        data: Mapping[str, object] = answer["data"]
        return data


def export(url: str, organization: str, journal: str, target: str) -> None:
    """Create, wait and download, as fast as the server allows; ends the process with what came of it."""
    code = FAILED
    try:
        io = SyncIO(sleep=lambda seconds: time.sleep(seconds / 200))
        exports = Exports(HttpPort(url), io, ExportSettings(loopback=True, journal=journal, account=url))
        exports.download_automation_jobs(organization_id=organization, period="last_month", to=target)
        code = DONE
    except ExportAmbiguous:
        code = AMBIGUOUS
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    os._exit(code)


def serve() -> None:
    """Fork a process per line of stdin."""
    with contextlib.suppress(httpx.TransportError):  # httpx imports half of itself at the first request
        HttpPort("")._client.get("http://localhost:9/")
    FileHost(LinkPolicy())._transport(True, None).close()
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            export(*json.loads(line))
        print(process, flush=True)
        ended = os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        print(ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status, flush=True)
        sys.stdin.readline()  # only now may the id be given to another process
        os.waitpid(process, 0)


if __name__ == "__main__":
    serve()
