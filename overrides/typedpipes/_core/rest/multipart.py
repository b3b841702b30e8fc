"""A multipart body that is streamed: files are read in chunks, never held whole."""

from __future__ import annotations

import io
import mimetypes
import os
import secrets
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from typedpipes._core.decoding.model import UNSET, Model, field_names
from typedpipes._core.values import json_text, wire_of
from typedpipes.errors import ConfigurationError, TransportError

CHUNK: Final = 64 * 1024
_NO_TYPES: Final[Mapping[str, str]] = {}


class MultipartBody:
    """The encoded form. Iterating gives its chunks, from the start each time: a file is rewound where it can be.

    ``length`` is the number of bytes, None if a file does not tell. A file that cannot be rewound is sent once; a
    second try raises `TransportError`.
    """

    def __init__(self, body: object, files: Collection[str] = (), types: Mapping[str, str] = _NO_TYPES) -> None:
        """``files`` are the fields that hold a file: there a text is a path, and bytes without a name are refused.

        ``types``: ``"part name"`` -> content type of its parts, where it is not the usual one.
        """
        self.boundary = secrets.token_hex(16)
        self._types = types
        parts = [(*_part(name, value, name in files), value) for name, value in _fields(body, files)]
        self._parts = [(self._head(name, filename, given), value) for name, filename, value, given in parts]
        self._starts = {id(value): _position(value) for _, value in self._parts}
        self._spent = False
        self.length = self._measure()

    @property
    def content_type(self) -> str:
        """The request's content type."""
        return f"multipart/form-data; boundary={self.boundary}"

    def __iter__(self) -> Iterator[bytes]:
        self._rewind()
        for head, value in self._parts:
            yield head
            yield from _chunks(value)
            yield b"\r\n"
        yield f"--{self.boundary}--\r\n".encode()

    def _head(self, name: str, filename: str | None, given: object) -> bytes:
        disposition = f'Content-Disposition: form-data; name="{_quoted(name)}"'
        kind = "application/json" if isinstance(given, Mapping | Model | list) else ""
        if filename is not None:
            kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
            disposition += f'; filename="{_quoted(filename)}"'
        declared = self._types.get(f"part {name}", "").partition(",")[0].strip()
        kind = declared if declared and "*" not in declared else kind
        if kind:
            disposition += f"\r\nContent-Type: {kind}"
        return f"--{self.boundary}\r\n{disposition}\r\n\r\n".encode()

    def _rewind(self) -> None:
        files = [value for _, value in self._parts if hasattr(value, "read")]
        for file in files:
            start = self._starts[id(file)]
            if start is not None:
                file.seek(start)
            elif self._spent:
                raise TransportError(
                    "the file of this upload cannot be rewound, so the request cannot be sent again; open it again",
                    sent=None,
                )
        self._spent = True

    def _measure(self) -> int | None:
        total = len(self.boundary) + 6
        for head, value in self._parts:
            size = _size(value, self._starts[id(value)])
            if size is None:
                return None
            total += len(head) + size + 2
        return total


def _fields(body: object, files: Collection[str]) -> list[tuple[str, Any]]:
    """Name and value of each part; a list is a part for each of its items."""
    if isinstance(body, Model):
        model = type(body)
        pairs = [(model._wire_.get(name, name), getattr(body, name)) for name in field_names(model)]
    elif isinstance(body, Mapping):
        pairs = [(str(name), value) for name, value in body.items()]
    else:
        raise ConfigurationError("a multipart body is a model or keyword arguments")
    given = [(name, value) for name, value in pairs if value is not None and value is not UNSET]
    return [(name, one) for name, value in given for one in (value if _is_several(value, name in files) else (value,))]


def _is_several(value: object, is_file: bool) -> bool:
    """Whether a value is a list, and not a pair of a file's name and its content."""
    pair = is_file and isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str)
    return isinstance(value, list | tuple | set | frozenset) and not pair


def _part(name: str, given: Any, is_file: bool) -> tuple[str, str | None, Any]:
    """Name, file name if it is a file, and content of one field."""
    if is_file and isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str):
        filename, value = given
        if not filename or not _is_content(value):
            raise ConfigurationError(
                f"{name}: a pair is the file's name and its content, bytes or an open binary file", setting=name
            )
        return name, Path(filename).name or "file", value
    if isinstance(given, os.PathLike) or (is_file and isinstance(given, str)):
        path = Path(given)
        if not _is_there(path):
            raise ConfigurationError(
                f"{name}: there is no file {_shortened(path)!r}; give a path, an open file, or ('name.csv', content)",
                setting=name,
            )
        return name, path.name, path
    if not _is_content(given):
        if is_file:
            raise ConfigurationError(
                f"{name}: a file is a path, an open file, or ('name.csv', content), not {type(given).__name__}",
                setting=name,
            )
        return name, None, _text(name, given)
    if isinstance(given, io.TextIOBase):
        raise ConfigurationError(f"{name} is open as text; open it with mode 'rb'", setting=name)
    filename = _filename(given)
    if filename is None and is_file:
        raise ConfigurationError(
            f"{name}: the file has no name, so the server could not tell what it is; give ('name.csv', content)",
            setting=name,
        )
    return name, filename or "file", given


def _is_content(value: object) -> bool:
    return isinstance(value, (bytes, bytearray)) or hasattr(value, "read")


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _shortened(path: Path) -> str:
    """A path for a message: perhaps it is the file's content."""
    text = str(path)
    return text if len(text) <= 80 and text.isprintable() else "…"


def _text(name: str, value: object) -> str:
    wire = wire_of(value, name)
    return wire if isinstance(wire, str) else json_text(wire, name, spaced=True)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _filename(value: object) -> str | None:
    name = getattr(value, "name", None)
    return Path(name).name or None if isinstance(name, str) else None


def _position(value: Any) -> int | None:
    """Where an open file stands; None if it cannot be rewound."""
    try:
        return int(value.tell()) if value.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None


def _size(value: Any, start: int | None) -> int | None:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, (bytes, bytearray)):
        return len(value)
    if isinstance(value, Path):
        return value.stat().st_size
    if start is None:
        return None
    end = int(value.seek(0, os.SEEK_END))
    value.seek(start)
    return end - start


def _chunks(value: Any) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode()
    elif isinstance(value, (bytes, bytearray)):
        yield bytes(value)
    elif isinstance(value, Path):
        with value.open("rb") as file:
            yield from _chunks(file)
    else:
        while chunk := value.read(CHUNK):
            yield chunk


__all__ = ["MultipartBody"]
