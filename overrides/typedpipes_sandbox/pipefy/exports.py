"""Export jobs that progress: created, processing, then finished or failed as the settings say."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from typedpipes_sandbox.clock import iso
from typedpipes_sandbox.data import sheets, words
from typedpipes_sandbox.files import FileHost
from typedpipes_sandbox.settings import ExportSettings
from typedpipes_sandbox.wire.messages import StoredFile
from typedpipes_sandbox.world import World


@dataclass(slots=True)
class ExportJob:
    """One export as the server knows it."""

    id: str
    kind: str
    organization_id: str
    period: str
    created: float
    settings: ExportSettings
    polls: int = 0
    file: StoredFile | None = None


class ExportJobs:
    """All exports of one sandbox; ``configure`` changes how those created from now on behave."""

    def __init__(self, world: World, files: FileHost) -> None:
        self._clock = world.clock
        self._seed = world.settings.seed
        self._files = files
        self._settings = world.settings.exports
        self._jobs: dict[str, ExportJob] = {}
        self._file: StoredFile | None = None

    def configure(self, **changes: Any) -> None:
        """Change fields of :class:`ExportSettings`. Raises TypeError for a field that does not exist."""
        self._settings = replace(self._settings, **changes)

    def serve(self, content: bytes | StoredFile, media_type: str = "application/octet-stream") -> None:
        """Let every export created from now on be this file (a zip bomb, a file of one's own)."""
        if isinstance(content, bytes):
            data = content
            content = StoredFile("export", len(data), lambda start, end: data[start:end], media_type)
        self._file = content

    def as_dict(self) -> dict[str, Any]:
        """The present settings and every job, JSON-ready."""
        jobs = [{"id": job.id, "kind": job.kind, "polls": job.polls, "status": self.status(job)} for job in self]
        return {"settings": asdict(self._settings), "jobs": jobs}

    def __iter__(self) -> Any:
        return iter(tuple(self._jobs.values()))

    def __len__(self) -> int:
        return len(self._jobs)

    def create(self, organization_id: str, period: str, kind: str = "automation-jobs") -> ExportJob:
        """A new job."""
        identifier = words.uuid_of(f"{self._seed}:export:{len(self._jobs)}")
        job = ExportJob(identifier, kind, organization_id, period, self._clock.now(), self._settings)
        self._jobs[identifier] = job
        return job

    def get(self, identifier: str) -> ExportJob | None:
        """The job with that id."""
        return self._jobs.get(identifier)

    def poll(self, identifier: str) -> ExportJob | None:
        """The job with that id, counting one more look at it."""
        job = self._jobs.get(identifier)
        if job is not None:
            job.polls += 1
        return job

    def status(self, job: ExportJob) -> str:
        """Where the job stands now."""
        settings = job.settings
        age = self._clock.now() - job.created
        if settings.pace == "once":
            done = True
        elif settings.pace == "polls":
            done = job.polls >= settings.after_polls
        else:
            done = age >= settings.after_seconds
        if done and settings.outcome != "never":
            return settings.unknown_status if settings.outcome == "unknown" else settings.outcome
        started = job.polls > 0 if settings.pace == "polls" else age > 0
        return "processing" if started else "created"

    def link(self, job: ExportJob) -> str | None:
        """A fresh signed link once the job is finished; each call gives a new life of 15 minutes."""
        if self.status(job) != "finished":
            return None
        extension = job.settings.format
        path = f"exports/{job.kind}-{job.id}.{extension}"
        if job.file is None:
            job.file = self._file or self._make(path, job.settings)
        if self._files.get(path) is None:
            self._files.put(path, job.file)
        return self._files.link(path)

    def path(self, job: ExportJob) -> str:
        """Where the job's file lies on the file host."""
        return f"exports/{job.kind}-{job.id}.{job.settings.format}"

    def _make(self, path: str, settings: ExportSettings) -> StoredFile:
        if settings.format == "csv":
            return sheets.csv_file(path, settings.rows)
        return sheets.xlsx_file(path, settings.rows, shared_strings=settings.shared_strings)

    def created_at(self, job: ExportJob) -> str:
        """When the job was created."""
        return iso(job.created)
