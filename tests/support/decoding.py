"""Decoding of an answer without a client."""

from __future__ import annotations

from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.answers import read_listing


def decode(annotation: str, module: str, content: bytes, decoding: Decoding, normalize: tuple[str, ...] = ()) -> object:
    """What a call returns for the bytes of an answer."""
    return read_listing(annotation, module, content, decoding, normalize)[1]
