"""Operations as data: the metadata that generated code attaches to each request, and the options of a call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import BinaryIO, Final, Generic, Literal, NewType, TypeAlias, TypedDict, TypeVar

from typedpipes._core.redaction import while_whole

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
I = TypeVar("I")  # noqa: E741 - item type of a paged operation

_PLAIN: Final[Mapping[str, str]] = {}
_UNBOUND: Final[Mapping[str, tuple[float | None, float | None]]] = {}
Safety: TypeAlias = Literal["safe", "idempotent", "unsafe"]

FileContent: TypeAlias = str | os.PathLike[str] | BinaryIO | tuple[str, bytes | BinaryIO] | bytes
"""A file to send: its path, an open file, or ``("name.pdf", content)``. Its content type is guessed from its name.

Paths and open files are read in chunks. A form takes bytes and open files without a name only as such a pair.
"""

CustomField = NewType("CustomField", str)
"""Key of a custom field (40 hexadecimal digits): what a field selector takes besides the names of the model."""


class SendOptions(TypedDict, total=False):
    """How the requests of one call are sent."""

    timeout: float
    """Seconds one wire request may take (connect, read, write and pool each)."""
    deadline: float
    """Seconds the whole call may take, waits and retries included."""
    retries: int
    """How often a failed attempt may be repeated; 0 turns retries off."""
    max_wait: float
    """Seconds to wait at most for a free slot of a limit; beyond that `RateLimited` is raised. 0: do not wait."""


class CallOptions(SendOptions, total=False):
    """Options every method takes besides its own arguments."""

    extra_headers: Mapping[str, str]
    """Headers added to the request. Those that carry credentials, name the host or describe the body are refused."""
    idempotency_key: str
    """Key that makes a write repeatable. Refused with `ConfigurationError` unless the operation's schema declares an
    ``Idempotency-Key`` header: elsewhere it would protect nothing."""


CALL_OPTIONS: Final = frozenset(CallOptions.__annotations__)


class PipedreamOptions(CallOptions, total=False):
    """Per-call options of Pipedream REST."""

    org_id: str
    """Workspace the call acts in; needed with a user API key when something is created."""


class ConnectOptions(CallOptions, total=False):
    """Per-call options of Pipedream Connect."""

    project_id: str
    """Project the call acts in."""
    environment: str
    """``development`` or ``production``: sent as ``X-PD-Environment``."""


class PipedriveOptions(CallOptions, total=False):
    """Per-call options of Pipedrive."""

    encoding: Literal["json", "form"]
    """How the body of a POST is sent: as JSON (default), or form-encoded, which has no types."""


class Paging:
    """How an operation is walked page by page."""

    __slots__ = ("cursor", "first", "items", "limit", "max_size", "more", "next", "size", "style", "total")

    def __init__(
        self,
        style: Literal["cursor", "offset", "after", "page", "skip"],
        *,
        limit: str | None,
        cursor: str,
        items: str,
        next: str,
        more: str | None = None,
        size: int | None = None,
        max_size: int | None = None,
        first: int | None = None,
        total: str | None = None,
    ) -> None:
        self.style = style
        self.limit: str | None = limit
        self.cursor: str = cursor
        self.items: str = items
        self.next: str = next
        self.more: str | None = more
        self.size: int | None = size
        self.max_size: int | None = max_size
        self.first: int | None = first
        """Number of the first page (``page``; default 1)."""
        self.total: str | None = total
        """Where the answer says how many there are: pages (``page``), items (``skip``)."""


class Operation(Generic[T_co]):
    """Facts about one operation of a REST API. ``T_co`` is what a successful call returns."""

    __slots__ = (
        "accept",
        "api",
        "blank",
        "bounds",
        "buckets",
        "client_parameters",
        "credentials",
        "csv",
        "deprecated",
        "files",
        "id",
        "inserted",
        "item",
        "media",
        "method",
        "module",
        "name",
        "needs",
        "normalize",
        "omittable",
        "paging",
        "path",
        "returns",
        "safety",
        "segments",
        "selector",
        "server",
        "spread",
        "styles",
        "times",
        "token_cost",
    )

    def __init__(
        self,
        *,
        id: str,
        api: str,
        name: str,
        method: str,
        path: str,
        module: str,
        returns: str,
        safety: Safety,
        credentials: tuple[str, ...] = (),
        server: str | None = None,
        token_cost: int = 0,
        buckets: tuple[str, ...] = (),
        media: str = "application/json",
        csv: tuple[str, ...] = (),
        blank: tuple[str, ...] = (),
        bounds: Mapping[str, tuple[float | None, float | None]] = _UNBOUND,
        styles: Mapping[str, str] = _PLAIN,
        spread: tuple[str, ...] = (),
        times: Mapping[str, str] = _PLAIN,
        paging: Paging | None = None,
        item: str | None = None,
        normalize: tuple[str, ...] = (),
        client_parameters: tuple[tuple[str, str, str], ...] = (),
        needs: tuple[str, ...] = (),
        selector: bool = False,
        omittable: tuple[str, ...] = (),
        files: tuple[str, ...] = (),
        deprecated: str | None = None,
        accept: str | None = None,
    ) -> None:
        self.accept: str | None = accept
        """Media types to ask for, where they are not JSON alone."""
        self.id: str = id
        """The schema's operationId."""
        self.api: str = api
        """Package that defines it, for example ``pipedrive_v2``."""
        self.name: str = name
        """Method path on the client, for example ``deals.list``."""
        self.method: str = method
        self.path: str = path
        """Path template; ``{name}`` segments are filled, percent-encoded, in order of appearance."""
        self.segments, self.inserted = _split(path)
        self.module: str = module
        """Generated module whose namespace ``returns`` and ``item`` are evaluated in."""
        self.returns: str = returns
        """Type of a successful answer, as an annotation."""
        self.safety = safety
        self.credentials: tuple[str, ...] = credentials
        """Kinds of credential accepted, in the schema's order; empty: none is sent."""
        self.server: str | None = server
        """Base URL of its own, where the schema gives one (Pipedrive OAuth)."""
        self.token_cost: int = token_cost
        self.buckets: tuple[str, ...] = buckets
        """Named limits the call counts in, besides those of its API as a whole."""
        self.media: str = media
        """Content type of the request body."""
        self.spread: tuple[str, ...] = spread
        """Fields of the body that are mappings, whose entries are sent beside the other fields."""
        self.csv: tuple[str, ...] = csv
        """Query parameters whose lists are joined by commas instead of repeated."""
        self.blank: tuple[str, ...] = blank
        """Query parameters that may be sent empty."""
        self.bounds: Mapping[str, tuple[float | None, float | None]] = bounds
        """Least and greatest value of query parameters that are numbers."""
        self.styles: Mapping[str, str] = styles
        """``"place name"`` -> style code of each parameter or ``field`` of a form that is not written the usual way
        (`typedpipes._core.rest.encoding`); ``"part name"`` -> content type of a part of a multipart body."""
        self.times: Mapping[str, str] = times
        """``"place path"`` -> form of each argument that is a date or a time: ``date``, ``date-time`` (RFC 3339), or a
        format of `datetime.datetime.strftime` that is filled in UTC."""
        self.paging: Paging | None = paging
        self.item: str | None = item
        """Type of one item of a page, as an annotation."""
        self.normalize: tuple[str, ...] = normalize
        """Rules that bring a documented or live form of the answer to the modelled one."""
        self.client_parameters: tuple[tuple[str, str, str], ...] = client_parameters
        """(option, location, wire name) of parameters filled from the client or the call's options."""
        self.needs: tuple[str, ...] = needs
        """Fields of the body among them that the schema requires."""
        self.selector: bool = selector
        """Whether a field selector may follow the collection's name (Pipedrive v1)."""
        self.omittable: tuple[str, ...] = omittable
        """Query parameters that make the server leave fields out."""
        self.files: tuple[str, ...] = files
        """Fields of the form that hold a file."""
        self.deprecated: str | None = deprecated
        """Why not to use it and what to use instead."""

    @while_whole
    def __repr__(self) -> str:
        return f"<Operation {self.api}.{self.name} {self.method} {self.path}>"


class PagedOperation(Operation[T], Generic[T, I]):
    """An operation that lists: ``T`` is one page as answered, ``I`` one item."""

    __slots__ = ()


def _split(path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``/deals/{id}/x`` -> ``("/deals/", "/x"), ("id",)``: what is around the parameters, and their names."""
    literals: list[str] = []
    names: list[str] = []
    rest = path
    while "{" in rest:
        literal, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        literals.append(literal)
        names.append(name)
    return (*literals, rest), tuple(names)


class Incomplete(dict[str, object]):
    """The fields of a body of which a required one, ``lacking``, was not given: perhaps it was misspelt."""

    __slots__ = ("lacking",)

    def __init__(self, lacking: str, fields: Mapping[str, object]) -> None:
        super().__init__(fields)
        self.lacking = lacking


class Arguments:
    """The arguments of one call, still as Python values: the client encodes them."""

    __slots__ = ("body", "cookies", "fields", "headers", "path", "query")

    def __init__(
        self,
        *,
        path: tuple[object, ...] = (),
        query: dict[str, object] | None = None,
        headers: dict[str, object] | None = None,
        body: object = None,
        fields: tuple[str, ...] | None = None,
        cookies: dict[str, object] | None = None,
    ) -> None:
        self.path: tuple[object, ...] = path
        """Values of the path's parameters, in order, client parameters left out."""
        self.query: dict[str, object] | None = query
        """Query parameters by wire name; UNSET and None are left out."""
        self.headers: dict[str, object] | None = headers
        self.cookies: dict[str, object] | None = cookies
        self.body: object = body
        """A model, or a dict of wire names; UNSET values are left out. None: no body."""
        self.fields: tuple[str, ...] | None = fields
        """Field selector."""


class ApiResponse(Generic[T]):
    """A successful answer with its envelope."""

    __slots__ = ("headers", "parsed", "status")

    def __init__(self, status: int, headers: Mapping[str, str], parsed: T) -> None:
        self.status: int = status
        self.headers: Mapping[str, str] = headers
        """Header names are lower case."""
        self.parsed: T = parsed

    @while_whole
    def __repr__(self) -> str:
        return f"<ApiResponse {self.status} {type(self.parsed).__name__}>"


class PageOptions(TypedDict, total=False):
    """Options of ``iter`` methods."""

    max_items: int
    """Stop after so many items."""
    page_size: int
    """Items per request; the vendor's default if not given."""
    resume: str | None
    """Cursor to continue from, as found in ``Pages.cursor`` or an error; None: from the beginning."""


class OffsetPageOptions(PageOptions, total=False):
    """Options of ``iter`` methods whose pages start at a number, not at a cursor that only the server knows."""

    prefetch: int
    """Pages to fetch ahead of the one in use, at the same time: 0 (default) to 32. Up to so many requests beyond the
    last page may be made, unless ``max_items`` tells that they are not needed."""


class PagedCallOptions(CallOptions, PageOptions, total=False):
    """Everything an ``iter`` method takes besides its filters."""
