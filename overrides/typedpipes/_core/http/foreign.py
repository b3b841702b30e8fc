"""Clients of either HTTP library: which one a client belongs to, and how one of the other library sends requests.

This process speaks one library (`typedpipes._core.http.library`). A request that goes through a client of the other is
built again with the classes of that library; its answer and errors are converted back.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any, cast

from typedpipes._core.http import library
from typedpipes.errors import ConfigurationError

Put = Callable[..., library.Response]
AsyncPut = Callable[..., Awaitable[library.Response]]


def library_of(client: object, wanted: str) -> ModuleType:
    """The HTTP library of a client that a caller gave. Raises `ConfigurationError` if it is no ``wanted`` of either."""
    for base in type(client).__mro__:
        root = base.__module__.partition(".")[0]
        if root in library.LIBRARIES and base.__name__ == wanted:
            return library.module(root)
    kind = type(client)
    other = "synchronous" if wanted == "Client" else "asynchronous"
    raise ConfigurationError(
        f"http_client is of the type {kind.__module__.partition('.')[0]}.{kind.__qualname__}; "
        f"{other} clients take {' or '.join(f'{name}.{wanted}' for name in library.LIBRARIES)}",
        setting="http_client",
    )


def check_library(name: str | None, client: object | None, wanted: str) -> ModuleType:
    """The library that sends: that of ``client``, else the one named."""
    if name is not None and name not in library.LIBRARIES:
        raise ConfigurationError(
            f"http_library is {' or '.join(map(repr, library.LIBRARIES))}, not {name!r}", setting="http_library"
        )
    if client is None:
        return library.OWN if name is None else library.module(name)
    found = library_of(client, wanted)
    if name is not None and found is not library.module(name):
        raise ConfigurationError(
            f"http_library is {name!r}, but http_client is of {found.__name__}; give one of them",
            setting="http_library",
        )
    return found


def sender(client: object) -> Put:
    """How a request goes through a synchronous client of either library."""
    theirs = library_of(client, "Client")
    send: Callable[..., Any] = cast("Any", client).send
    if theirs is library.OWN:
        return send

    def put(request: library.Request, **options: object) -> library.Response:
        failure: Exception
        try:
            return _answer(send(_asked(theirs, request), **options), theirs, request)
        except (theirs.RequestError, theirs.InvalidURL) as error:
            failure = _ours(error)
        raise failure  # outside, so that nothing holds their request, which is not redacted

    return put


def async_sender(client: object) -> AsyncPut:
    """How a request goes through an asynchronous client of either library."""
    theirs = library_of(client, "AsyncClient")
    send: Callable[..., Awaitable[Any]] = cast("Any", client).send
    if theirs is library.OWN:
        return send

    async def put(request: library.Request, **options: object) -> library.Response:
        failure: Exception
        try:
            return _answer(await send(_asked(theirs, request), **options), theirs, request)
        except (theirs.RequestError, theirs.InvalidURL) as error:
            failure = _ours(error)
        raise failure

    return put


def _asked(theirs: ModuleType, request: library.Request) -> object:
    return theirs.Request(
        request.method,
        str(request.url),
        headers=request.headers.raw,
        stream=_body_class(theirs)(request.stream),
        extensions=request.extensions,
    )


class _Asked:
    """A body of ours, as one of theirs."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._inner)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return cast("AsyncIterator[bytes]", self._inner.__aiter__())


@functools.cache
def _body_class(theirs: ModuleType) -> type:
    return type("Asked", (_Asked, theirs.SyncByteStream, theirs.AsyncByteStream), {})


def _ours(error: Exception) -> Exception:
    """Their error as ours of the same name. Its cause is that of the layer below, which holds no request."""
    kind = next(base.__name__ for base in type(error).__mro__ if hasattr(library.OWN, base.__name__))
    made = cast("Exception", getattr(library.OWN, kind)(str(error)))
    made.__cause__ = error.__cause__
    return made


def _answer(answer: Any, theirs: ModuleType, request: library.Request) -> library.Response:
    return library.Response(
        answer.status_code,
        headers=answer.headers.raw,
        stream=_Answered(answer, theirs),
        request=request,
        extensions=answer.extensions,
    )


class _Answered(library.SyncByteStream, library.AsyncByteStream):
    """The body of their answer as one of ours; closing it closes the answer."""

    def __init__(self, answer: Any, theirs: ModuleType) -> None:
        self._answer = answer
        self._errors = (theirs.RequestError,)

    @property
    def elapsed(self) -> object:
        """How long the answer took, once it is closed."""
        return self._answer.elapsed

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.stream
        except self._errors as error:
            failure = _ours(error)
        else:
            return
        raise failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.stream:
                yield piece
        except self._errors as error:
            failure = _ours(error)
        else:
            return
        raise failure

    def close(self) -> None:
        self._answer.close()

    async def aclose(self) -> None:
        await self._answer.aclose()
