"""Errors of the generation step. All of them are meant for the person who owns the schema."""

from __future__ import annotations

from pathlib import Path


class TypedError(Exception):
    """Base of every error the generation step raises on purpose."""


class SchemaError(TypedError):
    """A schema, overlay or names file that cannot be used: what is wrong, where, and what to do.

    ``file``, ``line`` and ``column`` (1-based) say where in a text, ``pointer`` (JSON pointer, without ``#``) where in
    a document.
    """

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        file: str | Path | None = None,
        line: int | None = None,
        column: int | None = None,
        pointer: str | None = None,
    ) -> None:
        self.message = message
        self.remedy = remedy
        self.file = None if file is None else str(file)
        self.line = line
        self.column = None if line is None else column
        self.pointer = pointer
        super().__init__(message)

    def in_file(self, file: str | Path) -> SchemaError:
        """Name the file, unless a more precise place already did."""
        if self.file is None:
            self.file = str(file)
        return self

    @property
    def where(self) -> str:
        parts = []
        if self.file is not None:
            at = "".join(f":{number}" for number in (self.line, self.column) if number is not None)
            parts.append(f"{self.file}{at}")
        elif self.line is not None:
            parts.append(f"line {self.line}")
        if self.pointer is not None:
            parts.append(f"#{self.pointer}")
        return " ".join(parts)

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.remedy})" if self.remedy else text
