"""The format of a downloaded file, and the one that its suffix names: converted where they differ, never lost."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeAlias

from typedpipes._core.disk import rename_new, replace
from typedpipes.cli.failures import CommandError, ExitCode
from typedpipes.errors import MissingExtra, RowsError
from typedpipes.rows import file_format, open_rows

Format: TypeAlias = Literal["csv", "xlsx", "as-is"]


def wanted_format(given: Format | None, output: Path) -> Format:
    """What ``--format`` says, else the suffix of the name; any other name takes the file as it is."""
    if given is not None:
        return given
    return {".csv": "csv", ".xlsx": "xlsx"}.get(output.suffix.lower(), "as-is")  # type: ignore[return-value]  # its values


def settled(path: Path, wanted: Format) -> None:
    """Bring the file at ``path`` to the format ``wanted``.

    Raises `CommandError` if it cannot be; the file is then kept under the suffix of the format it has.
    """
    found = file_format(path)
    if wanted in ("as-is", found):
        return
    try:
        with _beside(path) as made:
            (_to_csv if wanted == "csv" else _to_xlsx)(path, made)
            replace(made, path)
    except (MissingExtra, RowsError, OSError, ValueError) as error:
        kept = _renamed(path, found)
        remedy = error.remedy if isinstance(error, MissingExtra) else "read it with typedpipes.rows.open_rows"
        raise CommandError(
            f"the file is {found.upper()} and could not become {wanted.upper()} ({error}); it is kept as {kept}",
            f"{remedy}, or take it as it is: --format as-is",
            ExitCode.FAILURE,
        ) from error


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A name for a file in the same folder, which is gone at the end unless it was renamed."""
    made = path.with_name(f".{path.name}.{os.getpid()}.converted")
    try:
        yield made
    finally:
        made.unlink(missing_ok=True)


def _renamed(path: Path, suffix: str) -> Path:
    """The file under its true suffix, and a number if that name is taken."""
    for number in count():
        kept = path.with_suffix(f".{number}.{suffix}" if number else f".{suffix}")
        try:
            rename_new(path, kept)
        except FileExistsError:
            continue
        return kept
    raise AssertionError


def _to_csv(source: Path, target: Path) -> None:
    with open_rows(source) as rows, target.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows.columns)
        writer.writerows([_text(value) for value in row.values()] for row in rows)


def _text(value: Any) -> object:
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if callable(isoformat) else value


def _to_xlsx(source: Path, target: Path) -> None:
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError:
        raise MissingExtra("writing XLSX", extra="xlsx") from None
    book = Workbook(write_only=True)
    sheet = book.create_sheet()

    def cells(values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            cell = WriteOnlyCell(sheet, "" if value is None else str(value))
            cell.data_type = "s"  # a text that begins with = is no formula
            yield cell

    with open_rows(source) as rows:
        sheet.append(cells(rows.columns))
        for row in rows:
            sheet.append(cells(row.values()))
    book.save(target)


__all__ = ["Format", "settled", "wanted_format"]
