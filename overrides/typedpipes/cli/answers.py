"""Answers as JSON for people and machines, secrets masked."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from typedpipes._core.decoding.model import JSON, Model, extras, field_names, is_set, to_wire
from typedpipes._core.redaction import MASK
from typedpipes.cli.failures import REDACTOR

_PROBE: Final = "zzzzzzzz"


def plain(value: object, *, secrets: bool = False) -> JSON:
    """The JSON of an answer. Without ``secrets`` these are masked: values the schema marks as secret, values
    under a name such as ``token``, and what looks like a token.
    """
    wire = wire_form(value)
    return wire if secrets else _masked(value, wire)


def wire_form(value: object) -> JSON:
    """The JSON of an answer as it came."""
    if isinstance(value, (list, tuple)):
        return [wire_form(item) for item in value]
    dump = getattr(value, "model_dump", None)  # GraphQL results: pydantic, which is not imported for the others
    if callable(dump):
        value = dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
    return to_wire(value)


def _masked(value: object, wire: JSON) -> JSON:
    """``wire`` masked; ``value`` is the model it came from, where there is one."""
    if isinstance(wire, list):
        items = value if isinstance(value, (list, tuple)) and len(value) == len(wire) else wire
        return [_masked(item, form) for item, form in zip(items, wire, strict=True)]
    if isinstance(wire, dict):
        known = _fields(value)
        return {key: _masked_entry(value, key, known.get(key, item), item) for key, item in wire.items()}
    return REDACTOR.text(wire) if isinstance(wire, str) else wire


def _masked_entry(owner: object, key: str, value: object, wire: JSON) -> JSON:
    if wire is None:
        return None
    if isinstance(owner, Model) and any(owner._wire_.get(name, name) == key for name in owner._secret_):
        return MASK
    if isinstance(wire, str) and wire and telling(key):
        return MASK
    if isinstance(wire, str) and key.lower().endswith("cursor"):
        return wire  # an opaque place in a listing: Pipedrive's look like tokens, and open nothing
    return _masked(value, wire)


def _fields(value: object) -> dict[str, object]:
    """Values of a model by wire name."""
    if not isinstance(value, Model):
        return dict(value) if isinstance(value, Mapping) else {}
    found: dict[str, object] = dict(extras(value))
    for name in field_names(type(value)):
        if is_set(value, name):
            found[value._wire_.get(name, name)] = object.__getattribute__(value, name)
    return found


@functools.cache
def telling(name: str) -> bool:
    """Whether a value under this name is a secret by its name alone."""
    return _PROBE not in REDACTOR.text(f'"{name}": "{_PROBE}"')


__all__ = ["plain", "telling", "wire_form"]
