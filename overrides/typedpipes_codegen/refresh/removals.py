"""A document that lacks much of what was there is more likely cut short than true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from typedpipes_codegen.errors import SchemaError

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
