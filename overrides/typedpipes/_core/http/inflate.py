"""Bodies without their content encoding: gzip and deflate, in bounded steps, so that a small body never fills memory.

One layer is read; several are refused. Each may multiply the size by a thousand, and only a decompression bomb needs
more.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Final

MAX_BODY: Final = 64 << 20
"""Bytes of an answer that are read at most, unless the client has another figure."""
STEP: Final = 1 << 20
"""Bytes given at a time at most."""
_LAYERS: Final = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
_FOREIGN: Final = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})


class Undecodable(ValueError):
    """A body is not what its ``Content-Encoding`` says. The message continues "the answer"."""


class Refused(Undecodable):
    """A body that is not read, however often it is sent: too large, or in an encoding that was not asked for."""


def encoding_of(headers: Mapping[str, str]) -> str | None:
    """``gzip``, ``deflate``, or None for a body as it is. Raises `Refused`. Names that are no encodings are ignored."""
    value = headers.get("content-encoding")
    if value is None:
        return None
    named = [name.strip().lower() for name in value.split(",")]
    layers = [name for name in named if name in _LAYERS or name in _FOREIGN]
    if len(layers) > 1:
        raise Refused(f"has {len(layers)} layers of content encoding; one is read")
    if layers and layers[0] in _FOREIGN:
        raise Refused(f"has the content encoding {layers[0]}, which was not asked for")
    return _LAYERS[layers[0]] if layers else None


class Inflater:
    """Takes the ``encoding`` off a body that arrives in pieces. A gzip body may have several members."""

    __slots__ = ("_engine", "_gzip", "_head", "_members")

    def __init__(self, encoding: str) -> None:
        self._gzip = encoding == "gzip"
        self._engine: zlib._Decompress | None = None
        self._head = b""
        self._members = 0

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` gives, in pieces of `STEP` bytes at most. Raises `Undecodable`."""
        while True:
            if self._engine is None:
                data = self._begin(data)
            engine = self._engine
            if engine is None:
                return
            try:
                piece = engine.decompress(data, STEP)
            except zlib.error as error:
                raise Undecodable(f"is damaged {'gzip' if self._gzip else 'deflate'}") from error
            if piece:
                yield piece
            if engine.eof:
                data, self._engine = engine.unused_data, None
                self._members += 1
            else:
                data = engine.unconsumed_tail
                if not data and len(piece) < STEP:
                    return

    def finish(self) -> None:
        """Raise `Undecodable` if the body ended in the middle."""
        if self._engine is not None or self._head or not self._members:
            raise Undecodable("ends in the middle of its compressed data")

    def _begin(self, data: bytes) -> bytes:
        """Start the next member with ``data`` if it is one, and return what to read of it."""
        if self._members and (not self._gzip or not data.strip(b"\0")):
            return b""  # padding, or what follows deflate
        data, self._head = self._head + data, b""
        if self._gzip:
            if data:
                self._engine = zlib.decompressobj(zlib.MAX_WBITS | 16)
        elif len(data) < 2:
            self._head = data
        else:  # meant is zlib (RFC 9110, 8.4.1.2), and some servers send it bare
            wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._engine = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        return data


class Reader:
    """Decodes an answer that arrives in pieces, into pieces of ``size`` bytes if that is given."""

    __slots__ = ("_inflater", "_rest", "_size")

    def __init__(self, headers: Mapping[str, str], size: int | None) -> None:
        encoding = encoding_of(headers)
        self._inflater = None if encoding is None else Inflater(encoding)
        self._size = size
        self._rest = b""

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        """What ``raw`` gives. Raises `Undecodable`."""
        for piece in [raw] if self._inflater is None else self._inflater.pieces(raw):
            if self._size is None:
                yield piece
                continue
            whole, at = self._rest + piece, 0
            while len(whole) - at >= self._size:
                yield whole[at : at + self._size]
                at += self._size
            self._rest = whole[at:]

    def finish(self) -> Iterator[bytes]:
        """What is left at the end. Raises `Undecodable` if the body ended in the middle."""
        if self._inflater is not None:
            self._inflater.finish()
        rest, self._rest = self._rest, b""
        if rest:
            yield rest


def inflated(headers: Mapping[str, str], raw: bytes, most: int) -> bytes:
    """A body without its content encoding. Raises `Undecodable`; `Refused` if it has more than ``most`` bytes."""
    encoding = encoding_of(headers)
    if encoding is None or not raw:
        return raw
    inflater, found, size = Inflater(encoding), [], 0
    for piece in inflater.pieces(raw):
        found.append(piece)
        size += len(piece)
        if size > most:
            raise Refused(f"decompresses to more than the {most} bytes allowed; max_body raises the limit")
    inflater.finish()
    return b"".join(found)


def inflated_leniently(headers: Mapping[str, str], raw: bytes, most: int) -> bytes:
    """The same for the body of a failure: its first ``most`` bytes, or what can be read of them."""
    found, size = [], 0
    try:
        encoding = encoding_of(headers)
        for piece in [raw] if encoding is None else Inflater(encoding).pieces(raw):
            found.append(piece)
            size += len(piece)
            if size >= most:
                break
    except Undecodable:
        pass
    return b"".join(found)[:most]


__all__ = ["MAX_BODY", "Inflater", "Reader", "Refused", "Undecodable", "encoding_of", "inflated", "inflated_leniently"]
