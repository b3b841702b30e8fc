"""What a refresh starts from: the bytes of one vendor document, and where they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Final

import attrs

from typedpipes_codegen.documents import MAX_BYTES
from typedpipes_codegen.errors import SchemaError

_WEB = ("<!doctype", "<html", "<head", "<body", "<?xml", "<error", "<!--")


@attrs.frozen
class Fetched:
    """One document for one package.

    ``document`` is its public name: a URL without query, or a file's name without its folder. ``origin`` says in words
    what it is, ``on`` when it was read; all three end up in the ``[[api.source]]`` row.
    """

    package: str
    data: bytes
    document: str
    origin: str
    on: date

    @property
    def sha256(self) -> str:
        """Of the bytes as they came."""
        return hashlib.sha256(self.data).hexdigest()

    def text(self) -> str:
        """The document as text. Raises `SchemaError` for what is no schema at all: empty, binary, a web page."""
        if len(self.data) > MAX_BYTES:
            raise self._unfit(f"it is larger than {MAX_BYTES // 1024 // 1024} MB")
        try:
            text = self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self._unfit("it is not UTF-8 text") from None
        start = text.lstrip()[:16].lower()
        if not start:
            raise self._unfit("it is empty")
        if start.startswith(_WEB):
            raise self._unfit("it is a web page or XML")
        return text

    def _unfit(self, reason: str) -> SchemaError:
        return SchemaError(
            f"this is no schema: {reason}",
            file=self.document,
            remedy="name the schema document itself with --from; nothing was written",
        )


# A document that lacks much of what was there is more likely cut short than true.

MOST_GONE: Final = 1 / 3
"""Share of an API that may vanish without being asked about. The largest withdrawal known took 62 of 275."""
SHOWN: Final = 3


def check_removals(gone: Sequence[str], before: int, what: str, *, accept: bool) -> None:
    """Raise `SchemaError` if more than a third of ``before`` things is ``gone``, unless that is ``accept``ed."""
    if accept or len(gone) <= before * MOST_GONE:
        return
    some = ", ".join(gone[:SHOWN]) + (", …" if len(gone) > SHOWN else "")
    raise SchemaError(
        f"the document lacks {len(gone)} of the {before} {what} known so far ({some}); it may have been cut short",
        remedy="fetch it again; if the vendor really removed them, add --accept-removals",
    )
