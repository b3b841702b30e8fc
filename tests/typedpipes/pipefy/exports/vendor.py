"""The vendor's side of exports, in memory: both forms of the API, jobs that progress, faults on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

import attrs

from typedpipes._core.flow import Flow, sleep
from typedpipes.errors import GraphQLValidationError

LINKS = ("fileUrl", "downloadUrl")


@attrs.define
class Export:
    """One export of the vendor."""

    id: str
    polls: int = 0


@attrs.define
class Vendor:
    """Understands one ``form`` and knows the fields ``links``; an export is done after ``busy`` polls.

    ``faults`` is a script: each call pops one; an exception is raised (after executing if ``executes``), None is none.
    """

    form: Literal["live", "documented"] = "live"
    links: tuple[str, ...] = ("fileUrl",)
    empty_links: tuple[str, ...] = ()
    busy: int = 0
    at_once: bool = False
    end: str = "finished"
    link: Callable[[], str] = lambda: "http://127.0.0.1:9/none"
    seconds: float = 0.0
    done_after: float | None = None
    """Seconds after the create at which the export is done; needs ``clock``."""
    clock: Callable[[], float] | None = None
    faults: deque[Exception | None] = attrs.field(factory=deque)
    executes: bool = False
    calls: list[str] = attrs.field(factory=list)
    exports: dict[str, Export] = attrs.field(factory=dict)
    variables: list[Mapping[str, object]] = attrs.field(factory=list)
    created_at: float = 0.0

    def execute(
        self,
        document: str,
        operation_name: str,
        variables: Mapping[str, object],
        *,
        safe: bool,
        deadline: float | None = None,
    ) -> Flow[Mapping[str, object]]:
        """The `typedpipes.pipefy.exports.jobs.GraphQLPort`."""
        assert operation_name in document
        assert safe is document.startswith("query")
        assert deadline is None or deadline > 0
        self.calls.append(operation_name)
        yield from sleep(self.seconds)
        fault = self.faults.popleft() if self.faults else None
        if fault is not None and not self.executes:
            raise fault
        data = self.answer(document, variables)
        if fault is not None:
            raise fault
        return data

    def answer(self, document: str, variables: Mapping[str, object]) -> Mapping[str, object]:
        """What the vendor's server does with a request."""
        self.variables.append(variables)
        if document.startswith("mutation"):
            return self._create(document, variables)
        return {"automationJobsExport": self._status(document, str(variables["id"]))}

    def _create(self, document: str, variables: Mapping[str, object]) -> Mapping[str, object]:
        live = "$input" in document
        refused = self._unknown(document)
        if live is not (self.form == "live"):
            refused.insert(0, "Field 'createAutomationJobsExport' doesn't accept argument 'input'")
        if refused:
            raise refusal(*refused)
        arguments = variables["input"] if live else variables
        assert isinstance(arguments, Mapping)
        assert set(arguments) == {"organizationId", "filter"}
        export = Export(f"export-uuid-{len(self.exports) + 1}")
        self.exports[export.id] = export
        self.created_at = self.clock() if self.clock else 0.0
        job = {"id": export.id, "status": self.end if self.at_once else "created"}
        return {"createAutomationJobsExport": {"automationJobsExport": job} if live else job}

    def _unknown(self, document: str) -> list[str]:
        unknown = [name for name in LINKS if name in document and name not in self.links]
        return [f"Field '{name}' doesn't exist on type 'AutomationJobsExport'" for name in unknown]

    def _status(self, document: str, export_id: str) -> Mapping[str, object] | None:
        asked = [name for name in LINKS if name in document]
        refused = self._unknown(document)
        if refused:
            raise refusal(*refused)
        export = self.exports.get(export_id)
        if export is None:
            return None
        export.polls += 1
        done = self.at_once or export.polls > self.busy
        if self.done_after is not None:
            assert self.clock is not None
            done = self.clock() >= self.created_at + self.done_after
        status = self.end if done else "processing"
        link = self.link() if status.lower() == "finished" else None
        return {
            "id": export_id,
            "status": status,
            **{name: None if name in self.empty_links else link for name in asked},
        }


def refusal(*messages: str) -> GraphQLValidationError:
    """The error for a document that was not executed, for everything that is wrong with it."""
    return GraphQLValidationError(messages[0], errors=[{"message": message} for message in messages])
