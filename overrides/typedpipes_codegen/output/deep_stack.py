"""A large stack for documents whose components refer to each other in long chains: each link takes several calls."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

from typedpipes_codegen.errors import SchemaError

STACK: Final = 512 * 1024 * 1024
"""Bytes of address space; memory is taken only for what is used of it."""
CALLS: Final = 100_000
"""Calls within each other: about 5,000 components in a chain."""

_Result = TypeVar("_Result")


def with_deep_stack(work: Callable[[], _Result]) -> _Result:
    """The result of ``work``, run in a thread of its own. Raises `SchemaError` if that is not deep enough either."""
    outcome: Future[_Result] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except RecursionError:
            outcome.set_exception(
                SchemaError(
                    "the components of this document refer to each other in a chain that is too long",
                    remedy="join some of them, or leave out a part of the document with an overlay",
                )
            )
        except BaseException as error:
            outcome.set_exception(error)

    usual, size = sys.getrecursionlimit(), threading.stack_size(STACK)
    try:
        sys.setrecursionlimit(max(CALLS, usual))
        thread = threading.Thread(target=run, name="typedpipes-generate")
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(usual)
    return outcome.result()
