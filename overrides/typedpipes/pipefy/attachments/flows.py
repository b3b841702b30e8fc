"""The policy of attachments: upload and store, and fetch by name, because links expire after 15 minutes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

import attrs

from typedpipes._core.files.download import DownloadOptions, download
from typedpipes._core.files.links import FileLink
from typedpipes._core.flow import Flow
from typedpipes.errors import ConfigurationError, DownloadError, ResponseMismatch
from typedpipes.pipefy.attachments.uploads import UploadFile, UploadFlows, UploadOptions, object_key
from typedpipes.pipefy.exports.flows import ExportSettings, file_host
from typedpipes.pipefy.exports.handles import OnProgress
from typedpipes.pipefy.exports.jobs import GraphQLPort
from typedpipes.pipefy.exports.requests import organization_number

CARD: Final = "query CardAttachments($id: ID!) { card(id: $id) { attachments { path url } } }"
# A record has no list of attachments; the field's array value holds their links: assumed, by analogy with cards.
RECORD: Final = (
    "query RecordAttachments($id: ID!) { table_record(id: $id) { record_fields { array_value value field { id } } "
    "table { organization { id } } } }"
)
CARD_FILES: Final = (
    "query CardFiles($id: ID!) { card(id: $id) { attachments { path url } fields { array_value value field { id } } "
    "pipe { organizationId } } }"
)
SET_CARD: Final = (
    "mutation UpdateCardField($input: UpdateCardFieldInput!) { updateCardField(input: $input) { success } }"
)
SET_RECORD: Final = (
    "mutation SetTableRecordFieldValue($input: SetTableRecordFieldValueInput!) "
    "{ setTableRecordFieldValue(input: $input) { clientMutationId } }"
)


Owner: TypeAlias = Literal["card", "table_record"]


@attrs.frozen(kw_only=True)
class AttachOptions:
    """How files are attached; see `Attachments.attach_to_card`."""

    organization_id: str | int | None
    replace: bool
    timeout: float
    progress: OnProgress | None


class AttachmentFlows:
    """Flows of attachments; they do no I/O themselves."""

    def __init__(self, port: GraphQLPort, settings: ExportSettings) -> None:
        self._port = port
        self._settings = settings
        self.uploads: UploadFlows = UploadFlows(port, settings)

    def attach(
        self,
        owner: Owner,
        owner_id: str | int,
        field_id: str,
        files: Sequence[UploadFile],
        options: AttachOptions,
    ) -> Flow[list[str]]:
        """Upload ``files`` and store their keys, after those that are there already unless they are replaced.

        Every file is opened and looked at first: if one is refused, none is uploaded. Returns the keys of the new
        ones. Raises `ResponseMismatch` if the answer does not show what the field holds, which storing would drop, and
        for an answer that does not say that the files were stored. If the last call fails, the files are uploaded;
        whether the field refers to them is in the error's ``may_have_executed``.
        """
        if isinstance(files, (str, bytes, os.PathLike)):
            raise ConfigurationError("files is a list of files; wrap the one in [ ]", setting="files")
        if not files:
            raise ConfigurationError("give at least one file", setting="files")
        upload = UploadOptions(timeout=options.timeout, progress=options.progress)
        sources = []
        for file in files:
            sources.append((yield from self.uploads.open(file, upload)))
        organization, present = options.organization_id, list[str]()
        if organization is not None:
            organization_number(organization)
        if organization is None or not options.replace:
            found, present = yield from self._present(owner, str(owner_id), field_id, replace=options.replace)
            organization = found if organization is None else organization
        if organization is None:
            raise ConfigurationError(
                f"the {owner}'s organization is not visible; pass organization_id", setting="organization_id"
            )
        keys = []
        for source in sources:
            keys.append((yield from self.uploads.put(source, organization, upload)))
        stored = keys if options.replace else [*present, *keys]
        yield from self._store(owner, str(owner_id), field_id, stored)
        return keys

    def _present(
        self, owner: Owner, owner_id: str, field_id: str, *, replace: bool
    ) -> Flow[tuple[str | None, list[str]]]:
        """The organization, and the keys of the files the field holds: not looked at if they are to be replaced."""
        document, name = (CARD_FILES, "CardFiles") if owner == "card" else (RECORD, "RecordAttachments")
        data = yield from self._port.execute(document, name, {"id": owner_id}, safe=True)
        found = data.get(owner)
        if not isinstance(found, Mapping):
            raise ConfigurationError(f"there is no {owner} {owner_id} that you can see", setting=f"{owner}_id")
        above, key = ("pipe", "organizationId") if owner == "card" else ("table", "organization")
        organization = (found.get(above) or {}).get(key)
        if isinstance(organization, Mapping):
            organization = organization.get("id")
        held = [] if replace else list(_held(found, owner, field_id))
        return (None if organization is None else str(organization)), held

    def _store(self, owner: Owner, owner_id: str, field_id: str, keys: list[str]) -> Flow[None]:
        if owner == "card":
            wanted: dict[str, object] = {"card_id": owner_id, "field_id": field_id, "new_value": keys}
            document, name, root = SET_CARD, "UpdateCardField", "updateCardField"
        else:
            wanted = {"table_record_id": owner_id, "field_id": field_id, "value": keys}
            document, name, root = SET_RECORD, "SetTableRecordFieldValue", "setTableRecordFieldValue"
        data = yield from self._port.execute(document, name, {"input": wanted}, safe=False)
        payload = data.get(root)
        # A record's payload tells no success; that there is one is all it says.
        if not isinstance(payload, Mapping) or (owner == "card" and payload.get("success") is not True):
            error = ResponseMismatch(
                f"{root}: the answer does not say that the files were stored; look at the {owner}, then attach again",
                operation=f"pipefy.{name}",
                path=f"$.data.{root}",
            )
            error.may_have_executed = True
            raise error

    def download(
        self,
        card_id: str | int | None,
        record_id: str | int | None,
        path: str,
        to: str | os.PathLike[str],
        options: DownloadOptions,
    ) -> Flow[Path]:
        """Fetch the attachment stored under ``path`` of a card or of a table record."""
        if (card_id is None) is (record_id is None):
            raise ConfigurationError("give either card_id or record_id", setting="card_id")
        owner, found = ("card", card_id) if card_id is not None else ("table_record", record_id)
        return (
            yield from download(
                partial(self._link, owner, str(found), path),
                to,
                host=file_host(self._settings),
                identity=f"{self._settings.account}|{owner}|{found}|{path}",
                clock=self._settings.clock,
                options=options,
            )
        )

    def _link(self, owner: str, owner_id: str, path: str, *, fresh: bool) -> Flow[FileLink]:
        document, name = (CARD, "CardAttachments") if owner == "card" else (RECORD, "RecordAttachments")
        data = yield from self._port.execute(document, name, {"id": owner_id}, safe=True)
        for url in _links(data.get(owner)):
            if _names(url, path):
                return FileLink.seen(url, self._settings.clock.wall())
        raise DownloadError(f"{owner} {owner_id} has no attachment {path!r}")


def _links(owner: object) -> Iterator[str]:
    """Every link in a card's attachments or a record's field values."""
    if not isinstance(owner, Mapping):
        return
    for attachment in owner.get("attachments") or ():
        if isinstance(attachment, Mapping) and isinstance(attachment.get("url"), str):
            yield attachment["url"]
    for field in owner.get("record_fields") or ():
        for value in (field.get("array_value") or ()) if isinstance(field, Mapping) else ():
            if isinstance(value, str) and "://" in value:
                yield value


def _held(found: Mapping[str, object], owner: Owner, field_id: str) -> Iterator[str]:
    """Keys of the files a field holds: as they are, or behind the links the server shows instead.

    Raises `ResponseMismatch` where the answer does not tell: storing would drop what it does not show.
    """
    known = [item for item in _mappings(found.get("attachments")) if isinstance(item.get("path"), str)]
    name = "fields" if owner == "card" else "record_fields"
    fields = found.get(name)
    if not isinstance(fields, list):
        raise _unreadable(owner, name)
    for index, field in enumerate(fields):
        identity = _field_id(field)
        if not isinstance(identity, str):
            raise _unreadable(owner, f"{name}[{index}].field.id")
        if identity != field_id:
            continue
        values = field.get("array_value")
        if values is None and field.get("value") in ("", "[]"):
            continue  # nothing is in it
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise _unreadable(owner, f"{name}[{index}].array_value")
        for value in values:
            if "://" not in value:
                yield value
                continue
            listed = (
                str(item["path"]) for item in known if item.get("url") == value or _names(value, str(item["path"]))
            )
            yield next(listed, object_key(value))


def _unreadable(owner: Owner, path: str) -> ResponseMismatch:
    return ResponseMismatch(
        f"{owner}.{path}: the answer does not show what the field holds, and storing would drop it; nothing was "
        "uploaded. Try again, or pass replace=True to keep only the new files",
        operation="pipefy.CardFiles" if owner == "card" else "pipefy.RecordAttachments",
        path=f"$.data.{owner}.{path}",
    )


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _field_id(item: object) -> object:
    field = item.get("field") if isinstance(item, Mapping) else None
    return field.get("id") if isinstance(field, Mapping) else None


def _names(url: str, path: str) -> bool:
    """Whether ``url`` leads to the object ``path``."""
    try:
        key = unquote(urlsplit(url).path).strip("/")
    except ValueError:
        return False
    wanted = path.strip("/")
    return bool(wanted) and (key == wanted or key.endswith(f"/{wanted}"))


__all__ = ["AttachOptions", "AttachmentFlows"]
