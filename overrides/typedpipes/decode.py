"""From JSON bytes to generated models: one builder per class, made on first use.

Builders are tolerant by default (see `Decoding`): what does not fit is kept as received and reported, never raised.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, TypeVar, cast

from typedpipes.decode_plan import Plan, plan_for
from typedpipes.drift import Decoding, Node
from typedpipes.errors import ResponseMismatch
from typedpipes.model import JSON

T = TypeVar("T")

_plans: dict[tuple[str, str], Plan] = {}
_decode_json: Callable[[bytes], JSON] | None = None


def parse_json(content: bytes, decoding: Decoding) -> JSON:
    """Parse a body; a truncated or non-JSON one raises `ResponseMismatch` with the position."""
    global _decode_json
    if _decode_json is None:
        import msgspec

        _decode_json = cast("Callable[[bytes], JSON]", msgspec.json.Decoder().decode)
    try:
        return _decode_json(content)
    except ValueError as error:  # msgspec.DecodeError is one
        raise ResponseMismatch(
            f"{decoding.operation}: the body is not valid JSON: {error}", operation=decoding.operation
        ) from None


def build(annotation: str, module: str, value: JSON, decoding: Decoding) -> object:
    """Turn parsed JSON into the type that ``annotation`` names in generated ``module``."""
    plan = _plans.get((module, annotation))
    if plan is None:
        namespace = vars(sys.modules[module])
        plan = _plans[module, annotation] = plan_for(eval(annotation, namespace))  # our generated code, not data
    return plan.convert(value, decoding, Node(None, None))


def read_answer(
    annotation: str, module: str, content: bytes, decoding: Decoding, normalize: tuple[str, ...] = ()
) -> tuple[JSON, object]:
    """Parse, bring to the modelled form, build: the answer as JSON, and as ``annotation`` of generated ``module``."""
    value = parse_json(content, decoding)
    return value, build(annotation, module, normalized(value, normalize), decoding)


def read_listing(
    annotation: str, module: str, content: bytes, decoding: Decoding, normalize: tuple[str, ...] = ()
) -> tuple[JSON, object]:
    """As `read_answer`, several times faster if the answer lists records that fit; its JSON then lacks the records."""
    from typedpipes.decode_records import listing_of

    listing = listing_of(annotation, module)
    if listing is not None and all(map(listing.needs_no, normalize)):
        answer = listing.decode(content, decoding)
        if answer is not None:
            return answer
    return read_answer(annotation, module, content, decoding, normalize)


def decode(annotation: str, module: str, content: bytes, decoding: Decoding, normalize: tuple[str, ...] = ()) -> object:
    """What `read_listing` builds."""
    return read_listing(annotation, module, content, decoding, normalize)[1]


def normalized(value: JSON, rules: tuple[str, ...]) -> JSON:
    """Bring a documented or live form of an answer to the modelled one (``x-normalize``)."""
    for rule in rules:
        name, *path = rule.split()
        value = _RULES[name](value, path)
    return value


def from_wire(model: type[T], value: JSON, *, strict: bool = False) -> T:
    """Build ``model`` from parsed JSON, for example from a webhook body or a saved record."""
    decoding = Decoding(model.__name__, strict=strict)
    return cast("T", plan_for(model).convert(value, decoding, Node(None, None)))


def _lift(value: JSON, path: list[str]) -> JSON:
    """``lift data.accounts data``: the list stands one level deeper in the documented form than in the live one."""
    (outer, inner), target = path[0].split("."), path[1]
    if isinstance(value, dict):
        holder = value.get(outer)
        if isinstance(holder, dict) and inner in holder:
            return {**value, target: holder[inner]}
    return value


def _unwrap(value: JSON, path: list[str]) -> JSON:
    """``unwrap data``: a bare object is modelled, one form wraps it."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get(path[0]), dict):
        return value[path[0]]
    return value


def _wrap(value: JSON, path: list[str]) -> JSON:
    """``wrap data``: an envelope is modelled, one form sends the bare value."""
    if not isinstance(value, dict) or path[0] not in value:
        return {path[0]: value}
    return value


def _first(value: JSON, path: list[str]) -> JSON:
    """``first data``: an object is modelled, one form sends a list of one."""
    if isinstance(value, dict):
        held = value.get(path[0])
        if isinstance(held, list) and len(held) == 1:
            return {**value, path[0]: held[0]}
    return value


_RULES: Final[dict[str, Callable[[JSON, list[str]], JSON]]] = {
    "lift": _lift,
    "unwrap": _unwrap,
    "wrap": _wrap,
    "first": _first,
}
