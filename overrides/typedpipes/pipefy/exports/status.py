"""The statuses of exports."""

from __future__ import annotations

from typing import ClassVar, Self

from typedpipes._core.decoding.model import OpenEnum, member


class ExportStatus(OpenEnum):
    """Status of an export (seed 004; reports say ``done``). Values we do not know are kept as they are."""

    CREATED: ClassVar[Self] = member("created")
    PROCESSING: ClassVar[Self] = member("processing")
    FINISHED: ClassVar[Self] = member("finished")
    FAILED: ClassVar[Self] = member("failed")
    DONE: ClassVar[Self] = member("done")
