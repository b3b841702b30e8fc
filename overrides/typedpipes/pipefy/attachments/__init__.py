"""Attachments of cards and table records: their links expire after 15 minutes, so they are fetched by name.

    key = pipefy.attachments.upload("offer.pdf", organization_id=1)
    pipefy.attachments.attach_to_card(card_id="123", field_id="offer", files=["offer.pdf"])
    pipefy.attachments.download(card_id="123", path="orgs/…/uploads/…/offer.pdf", to="offer.pdf")

Built by the client as ``Attachments(port, io, ExportSettings(...))``, like `typedpipes.pipefy.exports.Exports`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from typedpipes._core.files.download import DownloadOptions
from typedpipes._core.flow import AsyncIO, SyncIO, adrive, drive
from typedpipes.limits.pipefy import ATTACHMENT_BYTES
from typedpipes.pipefy.attachments.flows import CARD, RECORD, AttachmentFlows, AttachOptions
from typedpipes.pipefy.attachments.uploads import UploadFile, UploadOptions
from typedpipes.pipefy.exports.flows import ExportSettings
from typedpipes.pipefy.exports.handles import WAIT, OnProgress
from typedpipes.pipefy.exports.jobs import GraphQLPort


class Attachments:
    """Attachments of a synchronous client."""

    def __init__(self, port: GraphQLPort, io: SyncIO, settings: ExportSettings | None = None) -> None:
        self._flows = AttachmentFlows(port, settings or ExportSettings())
        self._io = io

    def download(
        self,
        *,
        path: str,
        to: str | os.PathLike[str],
        card_id: str | int | None = None,
        record_id: str | int | None = None,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
        overwrite: bool = True,
    ) -> Path:
        """Fetch the attachment ``path`` of a card or table record to ``to``: the whole of it or nothing.

        ``path`` is the object key (``Attachment.path``) or its last part; the first one that ends in it is taken.
        Each link costs a call; a stale one is fetched again. Raises `DownloadError`.
        """
        options = DownloadOptions(timeout=timeout, max_bytes=ATTACHMENT_BYTES, overwrite=overwrite, progress=progress)
        return drive(self._flows.download(card_id, record_id, path, to, options), self._io)

    def upload(
        self,
        file: UploadFile,
        *,
        organization_id: str | int,
        name: str | None = None,
        content_type: str | None = None,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
    ) -> str:
        """Upload a file and return its object key: what attachment fields and ``CreateCardInput.attachments`` take.

        ``file`` is a path, bytes or an open binary file; ``name`` is needed where it has none. Costs one call. Raises
        `ConfigurationError` before anything is sent for a file over 512 MB, and `UploadError`.
        """
        options = UploadOptions(name=name, content_type=content_type, timeout=timeout, progress=progress)
        return drive(self._flows.uploads.upload(file, organization_id, options), self._io)

    def attach_to_card(
        self,
        *,
        card_id: str | int,
        field_id: str,
        files: Sequence[UploadFile],
        organization_id: str | int | None = None,
        replace: bool = False,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
    ) -> list[str]:
        """Upload ``files`` and add them to an attachment field of a card; returns their object keys.

        ``field_id`` is the field's slug (a uuid is refused by the server). ``replace=True`` drops what
        the field holds. Costs a call per file, one to store the keys, and one to read what
        is there unless ``replace=True`` and ``organization_id`` are given. ``timeout``: seconds for each file.
        """
        options = AttachOptions(organization_id=organization_id, replace=replace, timeout=timeout, progress=progress)
        return drive(self._flows.attach("card", card_id, field_id, files, options), self._io)

    def attach_to_record(
        self,
        *,
        record_id: str | int,
        field_id: str,
        files: Sequence[UploadFile],
        organization_id: str | int | None = None,
        replace: bool = False,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
    ) -> list[str]:
        """The same for a table record; see `attach_to_card`."""
        options = AttachOptions(organization_id=organization_id, replace=replace, timeout=timeout, progress=progress)
        return drive(self._flows.attach("table_record", record_id, field_id, files, options), self._io)


class AsyncAttachments:
    """The asynchronous twin of `Attachments`."""

    def __init__(self, port: GraphQLPort, io: AsyncIO, settings: ExportSettings | None = None) -> None:
        self._flows = AttachmentFlows(port, settings or ExportSettings())
        self._io = io

    async def download(
        self,
        *,
        path: str,
        to: str | os.PathLike[str],
        card_id: str | int | None = None,
        record_id: str | int | None = None,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
        overwrite: bool = True,
    ) -> Path:
        """Fetch an attachment (see `Attachments.download`)."""
        options = DownloadOptions(timeout=timeout, max_bytes=ATTACHMENT_BYTES, overwrite=overwrite, progress=progress)
        return await adrive(self._flows.download(card_id, record_id, path, to, options), self._io)

    async def upload(
        self,
        file: UploadFile,
        *,
        organization_id: str | int,
        name: str | None = None,
        content_type: str | None = None,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
    ) -> str:
        """Upload a file (see `Attachments.upload`)."""
        options = UploadOptions(name=name, content_type=content_type, timeout=timeout, progress=progress)
        return await adrive(self._flows.uploads.upload(file, organization_id, options), self._io)

    async def attach_to_card(
        self,
        *,
        card_id: str | int,
        field_id: str,
        files: Sequence[UploadFile],
        organization_id: str | int | None = None,
        replace: bool = False,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
    ) -> list[str]:
        """Upload files to a field of a card (see `Attachments.attach_to_card`)."""
        options = AttachOptions(organization_id=organization_id, replace=replace, timeout=timeout, progress=progress)
        return await adrive(self._flows.attach("card", card_id, field_id, files, options), self._io)

    async def attach_to_record(
        self,
        *,
        record_id: str | int,
        field_id: str,
        files: Sequence[UploadFile],
        organization_id: str | int | None = None,
        replace: bool = False,
        progress: OnProgress | None = None,
        timeout: float = WAIT,
    ) -> list[str]:
        """The same for a table record."""
        options = AttachOptions(organization_id=organization_id, replace=replace, timeout=timeout, progress=progress)
        return await adrive(self._flows.attach("table_record", record_id, field_id, files, options), self._io)


__all__ = ["CARD", "RECORD", "AsyncAttachments", "Attachments"]
