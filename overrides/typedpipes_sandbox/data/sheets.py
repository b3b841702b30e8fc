"""Export files: CSV whose bytes can be computed at any offset, and XLSX written with the standard library."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape

from typedpipes_sandbox.data import words
from typedpipes_sandbox.wire.messages import StoredFile

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER = ("Job ID", "Automation", "Event", "Action", "Card", "Status", "Executed at")
_BLOCK_ROWS = 500
_EVENTS = ("card_created", "card_moved", "field_updated", "sla_based")
_ACTIONS = ("send_email_template", "move_single_card", "update_card_field", "create_card")
_IN_MEMORY_ROWS = 20_000


def row(index: int) -> tuple[str, ...]:
    """One row of an automation jobs export; rows repeat every 500 but for their number."""
    key = f"job:{index % _BLOCK_ROWS}"
    first, last = words.person(key)
    place = index % _BLOCK_ROWS
    status = "failed" if place % 17 == 5 else "success"
    executed = f"2026-10-{place % 28 + 1:02d}T{place % 24:02d}:15:00Z"
    card = f'{words.pick(words.COMPANIES, key)}, "{first} {last}"'
    automation = words.pick(words.TASKS, key)
    return (
        f"{index + 1:010d}",
        automation,
        words.pick(_EVENTS, key),
        words.pick(_ACTIONS, key),
        card,
        status,
        executed,
    )


def _csv_line(cells: tuple[str, ...]) -> bytes:
    quoted = (
        f'"{cell.replace(chr(34), chr(34) * 2)}"' if any(mark in cell for mark in ',"\n') else cell for cell in cells
    )
    return (",".join(quoted) + "\r\n").encode()


def csv_file(name: str, rows: int) -> StoredFile:
    """A CSV of any size; every block of 500 rows has the same length, so any range is computed on demand."""
    head = b"\xef\xbb\xbf" + _csv_line(HEADER)
    template = [_csv_line(row(index)) for index in range(_BLOCK_ROWS)]
    block = b"".join(template)
    full, rest = divmod(rows, _BLOCK_ROWS)
    tail = b"".join(template[:rest])
    length = len(head) + full * len(block) + len(tail)

    def block_at(number: int) -> bytes:
        start = number * _BLOCK_ROWS
        lines = template if number < full else template[:rest]
        return b"".join(b"%010d" % (start + index + 1) + line[10:] for index, line in enumerate(lines))

    cache: dict[int, bytes] = {}

    def read(start: int, end: int) -> bytes:
        pieces = [head[start:end]] if start < len(head) else []
        position = max(start, len(head))
        while position < end:
            number, offset = divmod(position - len(head), len(block))
            if number not in cache:
                cache.clear()
                cache[number] = block_at(number)
            piece = cache[number][offset : offset + end - position]
            pieces.append(piece)
            position += len(piece)
        return b"".join(pieces)

    return StoredFile(name, length, read, CSV_TYPE)


def xlsx_file(name: str, rows: int, *, shared_strings: bool = False) -> StoredFile:
    """An XLSX with inline strings, or with unique shared strings (the hard case for readers)."""
    if rows <= _IN_MEMORY_ROWS:
        buffer = io.BytesIO()
        _write_xlsx(buffer, rows, shared_strings)
        data = buffer.getvalue()
        return StoredFile(name, len(data), lambda start, end: data[start:end], XLSX_TYPE)
    with tempfile.NamedTemporaryFile(prefix="sandbox-", suffix=".xlsx", delete=False) as target:
        _write_xlsx(target, rows, shared_strings)
    return file_on_disk(name, Path(target.name), XLSX_TYPE)


def file_on_disk(name: str, path: Path, media_type: str) -> StoredFile:
    """Serve a file of this machine."""

    def read(start: int, end: int) -> bytes:
        with path.open("rb") as source:
            source.seek(start)
            return source.read(end - start)

    return StoredFile(name, path.stat().st_size, read, media_type)


_TYPES_NS = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELS_NS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_TYPES_NS}">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_KIND}.sharedStrings+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_RELS_NS}">'
    f'<Relationship Id="rId1" Type="{_DOC}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SHEET_NS}" xmlns:r="{_DOC}">'
    '<sheets><sheet name="Jobs" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELS_NS}">'
    f'<Relationship Id="rId1" Type="{_DOC}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_DOC}/sharedStrings" Target="sharedStrings.xml"/>'
    "</Relationships>",
}
_NAMESPACE = f'xmlns="{_SHEET_NS}"'
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def _write_xlsx(target: IO[bytes], rows: int, shared: bool) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _PARTS.items():
            archive.writestr(_entry(name), _XML + text)
        with archive.open(_entry("xl/worksheets/sheet1.xml"), "w") as sheet:
            for piece in _sheet(rows, shared):
                sheet.write(piece.encode())
        with archive.open(_entry("xl/sharedStrings.xml"), "w") as strings:
            count = (rows + 1) * len(HEADER) if shared else 0
            strings.write(f'{_XML}<sst {_NAMESPACE} count="{count}" uniqueCount="{count}">'.encode())
            for index in range(rows + 1 if shared else 0):
                strings.write("".join(f"<si><t>{escape(cell)}</t></si>" for cell in _unique(index)).encode())
            strings.write(b"</sst>")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _unique(index: int) -> tuple[str, ...]:
    if index == 0:
        return HEADER
    cells = row(index - 1)
    return (cells[0], *(f"{cell} #{index}" for cell in cells[1:]))


def _sheet(rows: int, shared: bool) -> Iterator[str]:
    yield f"{_XML}<worksheet {_NAMESPACE}><sheetData>"
    for number in range(rows + 1):
        yield f'<row r="{number + 1}">'
        for column in range(len(HEADER)):
            place = f"{'ABCDEFG'[column]}{number + 1}"
            if shared:
                yield f'<c r="{place}" t="s"><v>{number * len(HEADER) + column}</v></c>'
            else:
                cell = HEADER[column] if number == 0 else row(number - 1)[column]
                yield f'<c r="{place}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        yield "</row>"
    yield "</sheetData></worksheet>"
