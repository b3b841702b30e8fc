"""The seam: all that generated REST packages import of the hand-written layer.

GraphQL packages have `typedpipes.graphql_runtime`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from types import CodeType, MethodType
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Final,
    Generic,
    ParamSpec,
    Protocol,
    TypeVar,
    cast,
    overload,
)

from typedpipes._core.decoding.model import JSON, UNSET, Model, OpenEnum, OpenModel, Unset, member
from typedpipes._core.paging import AsyncPages, Pages
from typedpipes._core.rest import (
    ApiResponse,
    Arguments,
    CallOptions,
    ConnectOptions,
    CustomField,
    FileContent,
    Incomplete,
    OffsetPageOptions,
    Operation,
    PagedCallOptions,
    PagedOperation,
    PageOptions,
    Paging,
    PipedreamOptions,
    PipedriveOptions,
)
from typedpipes.errors import ConfigurationError

if TYPE_CHECKING:
    from typedpipes._core.connect_links import ConnectTokenLinks


__all__ = [
    "JSON",
    "UNSET",
    "ApiResponse",
    "Arguments",
    "AsyncCaller",
    "AsyncPages",
    "AsyncResource",
    "CallOptions",
    "Caller",
    "ConnectOptions",
    "ConnectTokenLinks",
    "CustomField",
    "FileContent",
    "Model",
    "OffsetPageOptions",
    "OpenEnum",
    "OpenModel",
    "Operation",
    "PageOptions",
    "PagedCallOptions",
    "PagedOperation",
    "Pages",
    "Paging",
    "PipedreamOptions",
    "PipedriveOptions",
    "RawAsyncResource",
    "RawMethod",
    "RawResource",
    "Resource",
    "Unset",
    "async_raw_method",
    "deprecated",
    "member",
    "raw_async_caller",
    "raw_caller",
    "raw_method",
    "raw_of",
    "request_body",
]
if not TYPE_CHECKING:

    def __getattr__(name):
        if name == "ConnectTokenLinks":
            from typedpipes._core import connect_links

            return connect_links.ConnectTokenLinks
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


# What generated resource classes are made of: the caller they hold, their raw twins, request bodies, deprecation.

P = ParamSpec("P")
I = TypeVar("I")  # noqa: E741 - item type of a paged operation
S = TypeVar("S")
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])

_COROUTINE: Final = 0x80  # inspect.CO_COROUTINE, without importing inspect


class Resource:
    """Base of generated resource classes."""

    __slots__ = ("_caller",)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller


class AsyncResource:
    """Base of generated asynchronous resource classes."""

    __slots__ = ("_caller",)

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller


class RawResource:
    """Base of the raw twins. They run the resource's own methods over a caller that returns the envelope."""

    __slots__ = ("_resource",)

    def __init__(self, resource: object) -> None:
        self._resource = resource


class RawAsyncResource(RawResource):
    """Base of the asynchronous raw twins."""

    __slots__ = ()


class RawMethod(Generic[P, T]):
    """A method of a resource that returns `ApiResponse`, with the same parameters."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    @overload
    def __get__(self, raw: None, owner: type | None = None) -> RawMethod[P, T]: ...
    @overload
    def __get__(self, raw: RawResource, owner: type | None = None) -> Callable[P, T]: ...
    def __get__(self, raw: RawResource | None, owner: type | None = None) -> object:
        return self if raw is None else MethodType(self._function, raw._resource)


def raw_method(method: Callable[Concatenate[S, P], T]) -> RawMethod[P, ApiResponse[T]]:
    """The raw twin of a method."""
    return RawMethod(method)


def async_raw_method(
    method: Callable[Concatenate[S, P], Coroutine[Any, Any, T]],
) -> RawMethod[P, Coroutine[Any, Any, ApiResponse[T]]]:
    """The raw twin of an asynchronous method."""
    return RawMethod(method)


class raw_of:
    """The raw twin of an overloaded method; the decorated function only carries the overloads."""

    __slots__ = ("_method",)

    def __init__(self, method: Callable[..., object]) -> None:
        self._method = method

    def __call__(self, function: F) -> F:
        return cast("F", RawMethod(self._method))


class _RawCaller:
    __slots__ = ("_caller",)

    def __init__(self, caller: Caller | AsyncCaller) -> None:
        self._caller = caller

    def call(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> object:
        # Awaited by the method itself where the caller is asynchronous.
        return self._caller.call_raw(operation, arguments, options)


def raw_caller(caller: Caller) -> Caller:
    """A caller whose ``call`` returns the envelope; `raw_method` gives its methods the right type."""
    return cast("Caller", _RawCaller(caller))


def raw_async_caller(caller: AsyncCaller) -> AsyncCaller:
    """The asynchronous twin of `raw_caller`."""
    return cast("AsyncCaller", _RawCaller(caller))


def request_body(
    body: object, fields: dict[str, object], required: tuple[str, ...] = (), *, optional: bool = False
) -> object:
    """The body of a call that takes it as one value or as keyword arguments.

    Raises `ConfigurationError` if both are given. What lacks a required field is refused by the caller, after it looked
    for misspelt names. With ``optional``, no body is sent when nothing is given.
    """
    if body is not None:
        for name, value in fields.items():
            if value is not UNSET:
                raise ConfigurationError(f"{name} and body are both given; put {name} into the body", setting=name)
        return body
    for name in required:
        if fields[name] is UNSET:
            return Incomplete(name, fields)
    if optional and all(value is UNSET for value in fields.values()):
        return None
    return fields


if TYPE_CHECKING:
    from typing_extensions import deprecated
else:

    def deprecated(message):
        """PEP 702 without importing typing_extensions (4 ms): warns when called, marks ``__deprecated__``."""

        def mark(function):
            from warnings import warn

            code: CodeType = function.__code__
            if code.co_flags & _COROUTINE:

                @wraps(function)
                async def warning(*args, **arguments):
                    warn(message, DeprecationWarning, stacklevel=2)
                    return await function(*args, **arguments)
            else:

                @wraps(function)
                def warning(*args, **arguments):
                    warn(message, DeprecationWarning, stacklevel=2)
                    return function(*args, **arguments)

            warning.__deprecated__ = message
            return warning

        return mark


class Caller(Protocol):
    """What a generated resource needs of a synchronous client."""

    def call(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> T:
        """Perform the operation and return the decoded answer."""
        ...

    def call_raw(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> ApiResponse[T]:
        """Perform the operation; the answer with status and headers."""
        ...

    def pages(self, operation: PagedOperation[T, I], arguments: Arguments, options: PagedCallOptions) -> Pages[I]:
        """Walk all pages of the operation."""
        ...


class AsyncCaller(Protocol):
    """What a generated resource needs of an asynchronous client."""

    async def call(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> T:
        """Perform the operation and return the decoded answer."""
        ...

    async def call_raw(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> ApiResponse[T]:
        """Perform the operation; the answer with status and headers."""
        ...

    def pages(self, operation: PagedOperation[T, I], arguments: Arguments, options: PagedCallOptions) -> AsyncPages[I]:
        """Walk all pages of the operation."""
        ...
