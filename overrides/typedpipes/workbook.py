"""XLSX files as rows: checked before they are opened, then streamed by openpyxl's read-only mode (extra ``xlsx``)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, cast

from typedpipes.errors import ConfigurationError, RowsError
from typedpipes.rows import RowLimits


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
        import openpyxl
    except ImportError as error:
        raise ConfigurationError(
            "the file is XLSX; reading its rows needs the extra xlsx: pip install 'typedpipes[xlsx]'", setting="xlsx"
        ) from error
    file = path.open("rb")
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
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
