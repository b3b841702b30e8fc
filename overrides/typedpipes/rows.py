"""Rows of a CSV or XLSX file, read one at a time. The content decides the format, not the name.

    with open_rows("jobs.xlsx") as rows:
        for row in rows:                      # dict: column title -> value
            ...

CSV takes constant memory: as much as its longest row, which is bounded. XLSX rows are streamed too, but the format
keeps its strings apart and those are held.
What would exhaust the machine is refused before it is read: see `RowLimits`.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Generic, Literal, Protocol, Self, TypeVar, cast, overload
from xml.parsers import expat

import attrs

from typedpipes._core.arguments import check_path
from typedpipes.errors import ConfigurationError, MissingExtra, RowsError

Row = TypeVar("Row")

SAMPLE: Final = 64 * 1024

_ARCHIVE: Final = b"PK\x03\x04"
_DAMAGE: Final = (OSError, EOFError, zlib.error)
"""What reading a damaged or compressed file raises; `zlib.error` is no `OSError`."""


@attrs.frozen(kw_only=True)
class RowLimits:
    """What is refused.

    ``max_bytes``: size after decompression; ``max_row``: characters of one CSV row; ``max_columns``: cells of one row;
    ``max_cells``: cells claimed or met in a sheet; ``max_ratio``: compression ratio of a large part of an XLSX file.
    """

    max_bytes: int = 4 << 30
    max_row: int = 8 << 20
    max_columns: int = 16_384
    max_cells: int = 100_000_000
    max_ratio: int = 200


def file_format(path: str | os.PathLike[str]) -> Literal["csv", "xlsx"]:
    """The format of a file of rows by its content: XLSX is an archive, anything else is read as CSV. Raises OSError."""
    with Path(path).open("rb") as file:
        return "xlsx" if file.read(len(_ARCHIVE)) == _ARCHIVE else "csv"


class Rows(Generic[Row]):
    """An iterator of rows, to be closed. ``columns`` are the titles of the header, made unique."""

    def __init__(
        self,
        columns: Sequence[str],
        values: Iterator[Sequence[Any]],
        make: Callable[[dict[str, Any]], Row],
        close: Callable[[], None],
    ) -> None:
        self.columns: tuple[str, ...] = tuple(columns)
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
    try:
        source = check_path("path", path)
    except ConfigurationError as error:
        raise RowsError(str(error)) from None
    try:
        with source.open("rb") as file:
            start = file.read(SAMPLE)
    except OSError as error:
        raise RowsError(f"{source} cannot be read: {error.strerror or error}") from error
    close: Callable[[], None]
    if start.startswith(_ARCHIVE):
        from typedpipes.rows import open_workbook

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
        if csv.field_size_limit() < limits.max_row:  # of the whole process, so it is never lowered
            csv.field_size_limit(limits.max_row)
        lines = _Lines(text, path, limits)
        reader = _checked(csv.reader(lines, delimiter=delimiter, strict=True), lines, encoding)
        return next(reader, []), reader, text.close
    except BaseException:
        raw.close()
        raise


class _Lines:
    """The lines of a file for `csv.reader`, which collects those of one row however many there are."""

    def __init__(self, text: io.TextIOWrapper, path: Path, limits: RowLimits) -> None:
        self.path = path
        self.limits = limits
        self.taken = 0
        """Characters of the row that is being read."""
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._text.readline(self.limits.max_row + 1)
        self.taken += len(line)
        if self.taken > self.limits.max_row:
            raise RowsError(
                f"{self.path}: a row has more than {self.limits.max_row} characters (RowLimits.max_row); it may be no "
                "table, or a quote is not closed"
            )
        if not line:
            raise StopIteration
        return line


def _checked(reader: Iterator[list[str]], lines: _Lines, encoding: str) -> Iterator[list[str]]:
    """Rows that are not blank; faults of the file as `RowsError`."""
    number, path, most = 0, lines.path, lines.limits.max_columns
    try:
        for number, row in enumerate(reader, 1):
            lines.taken = 0
            if len(row) > most:
                raise RowsError(f"{path}: row {number} has more than {most} cells (RowLimits.max_columns)")
            if row:
                yield row
    except UnicodeDecodeError as error:
        raise RowsError(f"{path}: not {encoding} after row {number}") from error
    except csv.Error as error:
        raise RowsError(
            f"{path}: damaged after row {number}: there a quote is not closed or stands inside a value; "
            "download it again"
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


# XLSX files as rows: checked before they are opened, then streamed by openpyxl's read-only mode (extra ``xlsx``).


class _Sheet(Protocol):
    """What is used of openpyxl's read-only sheet; its stubs declare ``iter_rows`` for the other kind only."""

    sheet_state: str

    def reset_dimensions(self) -> None: ...
    def iter_rows(self, *, values_only: bool) -> Iterator[tuple[Any, ...]]: ...


MAX_PARTS: Final = 5_000
MAX_ROWS: Final = 1_048_576
"""Rows of a sheet, by the format's own limit."""
RATIO_FROM: Final = 16 << 20
"""Parts below this size may compress as well as they like."""
HEAD: Final = 8 * 1024

_END_RECORD: Final = b"PK\x05\x06"
_DIMENSION: Final = re.compile(rb"<(?:\w+:)?dimension\b[^<>]*?\bref\s*=\s*[\"']([A-Z0-9:$]{1,40})[\"']")
_CELL: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def open_workbook(path: Path, limits: RowLimits) -> tuple[Sequence[Any], Iterator[Sequence[Any]], Callable[[], None]]:
    """The header, the rows and the closing function of the first visible sheet. Raises `RowsError`."""
    check_archive(path, limits)
    try:
        import openpyxl  # noqa: F401 - see whether it is there
    except ImportError as error:
        raise MissingExtra("reading the rows of an XLSX file", extra="xlsx") from error
    file = path.open("rb")
    try:
        book = _load_workbook(file)
        sheets = cast("list[_Sheet]", book.worksheets)
        sheet = next((sheet for sheet in sheets if sheet.sheet_state == "visible"), sheets[0])
    except Exception as error:  # openpyxl lets errors of zlib, expat, KeyError and others through
        file.close()
        raise RowsError(
            f"{path} is a damaged XLSX file: its workbook or styles cannot be read; download it again"
        ) from error
    sheet.reset_dimensions()  # a claim of the file; what it holds is counted instead
    rows = _rows(sheet, path, limits)

    def close() -> None:
        rows.close()
        book.close()
        file.close()

    try:
        return next(rows, ()), rows, close
    except RowsError:
        close()
        raise


def _load_workbook(file: IO[bytes]) -> Any:
    """`openpyxl.load_workbook`, which takes 30 µs for each text, but with our own reader of them."""
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.xml.constants import SHARED_STRINGS

    class Reader(ExcelReader):
        def read_strings(self) -> None:
            package: Any = self.package
            part = package.find(SHARED_STRINGS)
            if part is not None:
                with self.archive.open(part.PartName[1:]) as source:
                    self.shared_strings = shared_texts(source)

    reader = Reader(file, read_only=True, data_only=True, keep_links=False)
    reader.read()
    return reader.wb


_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main "


def shared_texts(source: IO[bytes]) -> list[str]:
    """The texts that the cells of a workbook refer to by number; formatted ones without phonetic hints."""
    texts: list[str] = []
    path: list[str] = []
    pieces: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(tag: str, _: object) -> None:
        path.append(tag.removeprefix(_MAIN))

    def end(_: str) -> None:
        if path.pop() == "si":
            texts.append("".join(pieces).replace("x005F_", ""))
            pieces.clear()

    def text(data: str) -> None:
        if path[-1] == "t" and path[-2:-1] in (["si"], ["r"]):
            pieces.append(data)

    def refuse(*_: object) -> None:
        raise RowsError("the texts of the workbook declare entities, which no XLSX writer does")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = refuse
    parser.ParseFile(source)
    return texts


def check_archive(path: Path, limits: RowLimits) -> None:
    """Refuse, from its directory and the beginnings of its parts alone, a file that would exhaust the machine."""
    try:
        _check_directory_size(path)
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names:
                raise RowsError(f"{path} is a ZIP archive but no XLSX file")
            _check_sizes(path, parts, limits)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as file:
                        _check_head(path, part.filename, file.read(HEAD), limits)
    except RowsError:
        raise
    except Exception as error:  # zipfile and zlib raise what they like, and more kinds with each version
        raise RowsError(
            f"{path} is a damaged, cut off or encrypted XLSX file; download it again, without a password"
        ) from error


def _check_directory_size(path: Path) -> None:
    """A directory of millions of entries takes long to read even to be refused: look at its count first."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(_END_RECORD)
    if at < 0:
        raise zipfile.BadZipFile("it has no end record (cut off?)")
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    if count > MAX_PARTS:
        raise RowsError(f"{path} claims {count} parts; an XLSX file has a few")


def _check_sizes(path: Path, parts: Sequence[zipfile.ZipInfo], limits: RowLimits) -> None:
    total = sum(part.file_size for part in parts)
    if total > limits.max_bytes:
        raise RowsError(f"{path} decompresses to {total} bytes; {limits.max_bytes} are allowed (RowLimits.max_bytes)")
    for part in parts:
        if part.file_size > RATIO_FROM and part.file_size > limits.max_ratio * max(part.compress_size, 1):
            raise RowsError(
                f"{path}: {part.filename} is compressed {part.file_size // max(part.compress_size, 1)} : 1, "
                f"as only a decompression bomb is (RowLimits.max_ratio is {limits.max_ratio})"
            )


def _check_head(path: Path, name: str, head: bytes, limits: RowLimits) -> None:
    if b"<!DOCTYPE" in head.upper() or b"<!ENTITY" in head.upper():
        raise RowsError(f"{path}: {name} declares entities, which no XLSX writer does")
    match = _DIMENSION.search(head) if name.startswith("xl/worksheets/") else None
    if match is None:
        return
    cells = _claimed(match[1].decode())
    if cells > limits.max_cells:
        raise RowsError(f"{path}: {name} claims {cells} cells; {limits.max_cells} are allowed (RowLimits.max_cells)")


def _claimed(reference: str) -> int:
    """How many cells a reference such as ``A1:C9`` spans; 0 if it is none."""
    corners = [_CELL.fullmatch(corner) for corner in reference.split(":")]
    if not corners or corners[0] is None or corners[-1] is None:
        return 0
    first, last = corners[0], corners[-1]
    width = abs(_column(last[1]) - _column(first[1])) + 1
    return width * (abs(int(last[2]) - int(first[2])) + 1)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _rows(sheet: _Sheet, path: Path, limits: RowLimits) -> Generator[Sequence[Any], None, None]:
    """Rows that hold anything, without their empty tails."""
    left, number = limits.max_cells, 0
    rows = sheet.iter_rows(values_only=True)
    while True:
        try:
            row = next(rows, None)
        except Exception as error:  # see above
            raise RowsError(f"{path}: damaged after row {number}; download it again") from error
        if row is None:
            return
        number += 1
        left -= len(row)
        if left < 0 or number > MAX_ROWS:
            raise RowsError(f"{path}: the sheet has more cells than are allowed (RowLimits.max_cells)")
        width = len(row)
        while width and row[width - 1] is None:
            width -= 1
        if width:
            yield row[:width] if width < len(row) else row


__all__ = [
    "HEAD",
    "MAX_PARTS",
    "MAX_ROWS",
    "RATIO_FROM",
    "SAMPLE",
    "RowLimits",
    "Rows",
    "check_archive",
    "field_name",
    "open_rows",
    "open_workbook",
    "shared_texts",
]
