"""Rows of a table file, CSV or XLSX as its content says, without ever holding all of them.

    with open_rows("jobs.xlsx") as rows:
        for row in rows:                      # dict: column title -> value
            ...

CSV takes constant memory. XLSX rows are streamed too, but the format keeps its strings apart and those are held.
What would exhaust the machine is refused before it is read: see `RowLimits`.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Generic, Self, TypeVar, cast, overload

import attrs

from typedpipes.errors import RowsError

Row = TypeVar("Row")

SAMPLE: Final = 64 * 1024

_DAMAGE: Final = (OSError, EOFError, zlib.error)
"""What reading a damaged or compressed file raises; `zlib.error` is no `OSError`."""


@attrs.frozen(kw_only=True)
class RowLimits:
    """What is refused. ``max_bytes``: size after decompression; ``max_cells``: cells claimed or met in a sheet;
    ``max_ratio``: compression ratio of a large part of an XLSX file."""

    max_bytes: int = 4 << 30
    max_cells: int = 100_000_000
    max_ratio: int = 200


class Rows(Generic[Row]):
    """An iterator of rows, to be closed. ``columns`` are the titles of the header, made unique."""

    def __init__(
        self,
        columns: Sequence[str],
        values: Iterator[Sequence[Any]],
        make: Callable[[dict[str, Any]], Row],
        close: Callable[[], None],
    ) -> None:
        self.columns = tuple(columns)
        self._make = make
        self._values = values
        self._close = close
        self._rows = self._iterate()

    def __iter__(self) -> Iterator[Row]:
        return self._rows

    def __next__(self) -> Row:
        return next(self._rows)

    def batch(self, size: int) -> list[Row]:
        """The next ``size`` rows; fewer at the end, then none."""
        return list(islice(self._rows, size))

    def close(self) -> None:
        """Close the file."""
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _iterate(self) -> Iterator[Row]:
        columns, make = self.columns, self._make
        width = len(columns)
        for values in self._values:
            if len(values) == width:
                yield make(dict(zip(columns, values, strict=True)))
            elif len(values) < width:
                padded = [*values, *[None] * (width - len(values))]
                yield make(dict(zip(columns, padded, strict=True)))
            else:
                extra = {f"column_{number}": value for number, value in enumerate(values[width:], width + 1)}
                yield make(dict(zip(columns, values, strict=False)) | extra)


@overload
def open_rows(path: str | os.PathLike[str], *, limits: RowLimits | None = None) -> Rows[dict[str, Any]]: ...
@overload
def open_rows(path: str | os.PathLike[str], *, into: type[Row], limits: RowLimits | None = None) -> Rows[Row]: ...


def open_rows(
    path: str | os.PathLike[str], *, into: type[Any] | None = None, limits: RowLimits | None = None
) -> Rows[Any]:
    """Open a CSV (plain or gzip) or XLSX file, decided by its content, and read its header.

    Rows are dicts from column title to value: strings for CSV, Python values for XLSX. With ``into`` (an attrs or
    data class, a TypedDict, a msgspec struct) they are converted to it; titles become field names in snake case
    ("Automation Name" -> ``automation_name``). A shorter row is filled with None; cells beyond the header are
    ``column_N``. Raises `RowsError`.
    """
    limits = limits or RowLimits()
    source = Path(path)
    try:
        with source.open("rb") as file:
            start = file.read(SAMPLE)
    except OSError as error:
        raise RowsError(f"{source} cannot be read: {error.strerror or error}") from error
    close: Callable[[], None]
    if start.startswith(b"PK\x03\x04"):
        from typedpipes.workbook import open_workbook

        titles, values, close = open_workbook(source, limits)
    else:
        titles, values, close = _open_csv(source, start, limits)
    columns = _unique(titles)
    if into is None:
        return Rows(columns, values, _as_is, close)
    return Rows(_unique([field_name(title) for title in columns]), values, _converter(into), close)


def _as_is(row: dict[str, Any]) -> dict[str, Any]:
    return row


def _converter(into: type[Row]) -> Callable[[dict[str, Any]], Row]:
    import msgspec

    def convert(row: dict[str, Any]) -> Row:
        try:
            return msgspec.convert(row, type=into, strict=False)
        except msgspec.ValidationError as error:
            raise RowsError(f"a row does not fit {into.__name__}: {error}") from error

    return convert


def field_name(title: str) -> str:
    """A column title as a Python field name."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", title.strip())
    name = re.sub(r"\W+", "_", words).strip("_").lower()
    return f"column_{name}" if not name or name[0].isdigit() else name


def _unique(titles: Iterable[object]) -> list[str]:
    seen: dict[str, int] = {}
    columns = []
    for number, title in enumerate(titles, 1):
        name = str(title).strip() if title is not None and str(title).strip() else f"column_{number}"
        seen[name] = count = seen.get(name, 0) + 1
        columns.append(name if count == 1 else f"{name}_{count}")
    return columns


def _open_csv(
    path: Path, start: bytes, limits: RowLimits
) -> tuple[Sequence[str], Iterator[Sequence[str]], Callable[[], None]]:
    raw: IO[bytes] = path.open("rb")
    if start.startswith(b"\x1f\x8b"):
        capped = _Capped(cast("IO[bytes]", gzip.GzipFile(fileobj=raw)), raw, limits.max_bytes)
        raw = io.BufferedReader(capped, SAMPLE)
        try:
            start = raw.peek(SAMPLE)
        except _DAMAGE as error:
            raw.close()
            raise RowsError(f"{path} is damaged or cut off gzip; download it again") from error
    try:
        encoding = _encoding(path, start)
        text = io.TextIOWrapper(raw, encoding=encoding, newline="")
        delimiter = _delimiter(start.decode(encoding, "ignore"))
        reader = _checked(csv.reader(text, delimiter=delimiter, strict=True), path, encoding)
        return next(reader, []), reader, text.close
    except BaseException:
        raw.close()
        raise


def _checked(reader: Iterator[list[str]], path: Path, encoding: str) -> Iterator[list[str]]:
    """Rows that are not blank; faults of the file as `RowsError`."""
    number = 0
    try:
        for number, row in enumerate(reader, 1):  # noqa: B007 - read by the messages below
            if row:
                yield row
    except UnicodeDecodeError as error:
        raise RowsError(f"{path}: not {encoding} after row {number}") from error
    except csv.Error as error:
        raise RowsError(
            f"{path}: damaged after row {number}: there a quote is not closed or stands inside a value, or a value is "
            f"longer than {csv.field_size_limit():,} characters"
        ) from error
    except _DAMAGE as error:
        raise RowsError(f"{path}: damaged or cut off after row {number}; download it again") from error


def _encoding(path: Path, start: bytes) -> str:
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise RowsError(f"{path} is an old or password-protected Excel file; only XLSX and CSV can be read")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise RowsError(f"{path} is HTML or XML, not a table; the link may have led to an error page")
    if b"\0" in start:
        raise RowsError(f"{path} is neither CSV nor XLSX")
    return "utf-8-sig"


def _delimiter(sample: str) -> str:
    """The separator that is most frequent in the header outside quotes; a comma if there is none."""
    header = re.sub(r'"[^"]*"', "", sample.lstrip("\ufeff")).partition("\n")[0]
    return max(",;\t|", key=header.count)


class _Capped(io.RawIOBase):
    """A decompressor that refuses to give more than ``limit`` bytes."""

    def __init__(self, source: IO[bytes], file: IO[bytes], limit: int) -> None:
        self._source = source
        self._file = file
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise RowsError("the file decompresses to more than is allowed (RowLimits.max_bytes)")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._source.close()
        self._file.close()
        super().close()
