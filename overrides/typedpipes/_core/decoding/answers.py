"""From JSON bytes to generated models: one builder per class, made on first use.

Builders are tolerant by default (see `Decoding`): what does not fit is kept as received and reported, never raised.

Records of listings are built by msgspec, without a dict of what the schema knows; the bytes of the answer stay with
them, and are parsed when somebody asks what else a record held. Only answers that fit go this way. The builders read
those that do not, those that lack fields the caller left out, and all when strict; they make the same objects and tell
of the same drift, which a property test holds.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import NoneType
from typing import Any, Final, NamedTuple, TypeVar, cast, get_args, get_origin

import msgspec

from typedpipes._core.decoding import Decoding, Node
from typedpipes._core.decoding.builders import Plan, compile_builder, fields_of, is_json, plan_for, tell_surplus
from typedpipes._core.decoding.json_body import parse_json, too_deep
from typedpipes._core.decoding.model import JSON, Model, narrow, wire_names
from typedpipes._core.decoding.records import (
    Body,
    Finish,
    Place,
    finish_many,
    finish_of,
    has_dates,
    is_plain,
    native_annotations,
    raw_members,
    reached,
    text_twin,
)

T = TypeVar("T")

_plans: dict[tuple[str, str], Plan] = {}

_FIRST: Final = 16_384
"""Bytes of an answer in which its first record is looked for, before the whole of it is."""
_SLICE: Final = 1 << 20
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_scan: Final = json.JSONDecoder().raw_decode


def build(annotation: str, module: str, value: JSON, decoding: Decoding) -> object:
    """Turn parsed JSON into the type that ``annotation`` names in generated ``module``."""
    plan = _plans.get((module, annotation))
    if plan is None:
        namespace = vars(sys.modules[module])
        plan = _plans[module, annotation] = plan_for(eval(annotation, namespace))  # our generated code, not data
    return converted(plan, value, decoding)


def converted(plan: Plan, value: JSON, decoding: Decoding) -> object:
    """``value`` as ``plan`` builds it. Raises `ResponseMismatch` for one that nests too deeply to be walked through."""
    try:
        return plan.convert(value, decoding, Node(None, None))
    except RecursionError:
        raise too_deep(decoding) from None


@cache
def may_be_none(annotation: str, module: str) -> bool:
    """Whether the type that ``annotation`` names in generated ``module`` allows None."""
    hint = eval(annotation, vars(sys.modules[module]))  # our generated code, not data
    return hint in (None, NoneType, Any, object) or NoneType in get_args(hint) or is_json(hint)


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
    listing = listing_of(annotation, module)
    if listing is not None and all(map(listing.needs_no, normalize)):
        try:
            answer = listing.decode(content, decoding)
        except RecursionError:
            raise too_deep(decoding) from None
        if answer is not None:
            return answer
    return read_answer(annotation, module, content, decoding, normalize)


def normalized(value: JSON, rules: tuple[str, ...]) -> JSON:
    """Bring a documented or live form of an answer to the modelled one (``x-normalize``)."""
    for rule in rules:
        name, *path = rule.split()
        value = _RULES[name](value, path)
    return value


def from_wire(model: type[T], value: JSON, *, strict: bool = False) -> T:
    """Build ``model`` from parsed JSON, for example from a webhook body or a saved record."""
    decoding = Decoding(model.__name__, strict=strict)
    return cast("T", converted(plan_for(model), value, decoding))


def restored(model: type[Model], value: JSON, missing: frozenset[str]) -> Model:
    """What a pickle becomes: as `from_wire`; ``missing`` are fields that the caller had left out."""
    return narrow(from_wire(model, value), missing)


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


class _Reading(NamedTuple):
    """How msgspec reads an answer, and what completes its records."""

    decoder: Any
    closed: Any
    """Refuses an envelope that holds more than the schema says."""
    finish: Finish


class Listing:
    """How the answers of one listing are decoded: ``[record, …]``, or ``{"data": [record, …], …}``."""

    def __init__(self, record: type[Model], envelope: type[Model] | None = None, wire: str | None = None) -> None:
        self.record = record
        self.wire = wire
        """Property of the envelope that holds the records; None if the answer is the list of them."""
        self._record = plan_for(record)
        self._closed = envelope is not None
        self._fields = [] if envelope is None else fields_of(envelope)
        self._dated = has_dates(record)
        with native_annotations(record):
            self._native = self._reading(record, finish_of(record))
        self._texts: _Reading | None = None
        self._with_texts = False
        """Whether the last answer had a text that is no date."""
        if envelope is not None:
            self._keys = [key for key, _, _ in self._fields]
            self._known = wire_names(envelope)
            self._build_envelope = compile_builder(envelope, ready=wire)

    def _reading(self, record: type[Model], finish: Finish) -> _Reading:
        records: Any = list[record]  # type: ignore[valid-type]  # a class at run time
        if self.wire is None:
            return _Reading(msgspec.json.Decoder(records), None, finish)
        return _Reading(
            msgspec.json.Decoder(_shadow(self._fields, self.wire, records, closed=False)),
            msgspec.json.Decoder(_shadow(self._fields, self.wire, records, closed=True)),
            finish,
        )

    def needs_no(self, rule: str) -> bool:
        """Whether a rule of ``x-normalize`` leaves every answer alone that has its records where they are to be."""
        kind, source, *target = rule.split()
        return kind == "lift" and target == [self.wire] and source.startswith(f"{self.wire}.")

    def decode(self, content: bytes, decoding: Decoding) -> tuple[JSON, object] | None:
        """The envelope as JSON, less its records, and what was built; None if the builders have to do it."""
        if decoding.strict or decoding.omitted or not _is_text(content):
            return None
        for reading in self._readings():
            answer = self._decode(reading, content, decoding)
            if answer is not None:
                self._with_texts = reading is not self._native
                return answer
        return None

    def _readings(self) -> Iterator[_Reading]:
        """The ways to read an answer. The second reads dates as text: one that is none would end the first.

        The way that served last comes first: where one record has no date, the next page has such a record, too.
        """
        if not self._dated:
            yield self._native
            return
        first = self._with_texts
        for with_texts in (first, not first):
            if with_texts and self._texts is None:
                self._texts = self._reading(text_twin(self.record), finish_of(self.record, texts=True))
            yield cast("_Reading", self._texts) if with_texts else self._native

    def _decode(self, reading: _Reading, content: bytes, decoding: Decoding) -> tuple[JSON, object] | None:
        if self.wire is None:
            records = _tried(reading.decoder, content)
            if records is not None:
                self._finish_all(reading.finish, records, content, decoding, Node(None, None), Body(content))
            return None if records is None else (None, records)
        answer = _tried(reading.closed, content) if self._closed else None
        if answer is None:
            answer = _tried(reading.decoder, content)
            if answer is None:
                return None
            self._closed = False  # the envelope holds more than the schema says: it will next time, too
        return self._enveloped(answer, reading.finish, content, decoding, self.wire)

    def _enveloped(
        self, answer: Any, finish: Finish, content: bytes, decoding: Decoding, wire: str
    ) -> tuple[JSON, object]:
        found = zip(self._keys, msgspec.structs.astuple(answer), strict=True)
        values = {key: value for key, value in found if value is not msgspec.UNSET}
        root, body = Node(None, None), Body(content)
        built: Any = self._build_envelope(values, decoding, root)
        built._data = body
        if not self._closed and decoding.heard and not built._open_:
            tell_surplus(cast("dict[str, Any]", raw_members(content)), decoding, root, self._known)
        records = values.pop(wire, None)
        if records:
            self._finish_all(finish, records, content, decoding, root.below(wire), Place(body, wire))
        return values, built

    def _finish_all(
        self,
        finish: Finish,
        records: list[Any],
        content: bytes,
        decoding: Decoding,
        node: Node,
        holder: Body | Place,
    ) -> None:
        """Tell of all drift of the first record; complete every one."""
        if records and decoding.heard:
            first = _first_record(content, self.wire)
            if first is not None:
                self._record.convert(first, decoding, node.below(None))
        decoding.looking = False
        finish_many(finish, records, decoding, node, holder)
        decoding.looking = True


_listings: dict[tuple[str, str], Listing | None] = {}


def listing_of(annotation: str, module: str) -> Listing | None:
    """The listing that ``annotation`` of generated ``module`` describes; None if msgspec cannot read it."""
    try:
        return _listings[module, annotation]
    except KeyError:
        hint = eval(annotation, vars(sys.modules[module]))  # our generated code, not data
        listing = _listings[module, annotation] = _make_listing(hint)
        return listing


def _make_listing(hint: Any) -> Listing | None:
    record = _record_of(hint)
    if record is not None:
        return Listing(record)
    if not (isinstance(hint, type) and issubclass(hint, Model) and is_plain(hint)):
        return None
    lists = [(record, hint, wire) for wire, held, _ in fields_of(hint) if (record := _record_of(held)) is not None]
    return Listing(*lists[0]) if len(lists) == 1 else None


def _record_of(hint: Any) -> type[Model] | None:
    """The class of ``list[Record]`` or ``list[Record] | None``, if all of it is msgspec's to build."""
    options = [hint] if get_origin(hint) is list else [option for option in get_args(hint) if option is not NoneType]
    if len(options) != 1 or get_origin(options[0]) is not list:
        return None
    item = get_args(options[0])[0]
    if not isinstance(item, type) or get_origin(item) or not issubclass(item, Model):
        return None
    return item if all(map(is_plain, reached(item))) else None


def _shadow(fields: list[tuple[str, Any, bool]], wire: str | None, records: Any, *, closed: bool) -> Any:
    """A struct with the keys of the envelope: records as they are to be, the rest as JSON for the builder."""
    members: list[Any] = []
    for index, (key, hint, required) in enumerate(fields):
        if key != wire:
            members.append((f"f{index}", Any, msgspec.UNSET))
        elif required:
            members.append((f"f{index}", records if get_origin(hint) is list else records | None))
        else:
            members.append((f"f{index}", records | None, msgspec.UNSET))
    names = {f"f{index}": key for index, (key, _, _) in enumerate(fields)}
    return msgspec.defstruct("Envelope", members, kw_only=True, rename=names, forbid_unknown_fields=closed)


def _tried(decoder: Any, content: bytes) -> Any:
    try:
        return decoder.decode(content)
    except (ValueError, RecursionError):  # what is wrong, the builders tell
        return None


def _is_text(content: bytes) -> bool:
    """Whether the bytes are UTF-8: msgspec does not look at what it passes over."""
    if content.isascii():
        return True
    decode, last = codecs.getincrementaldecoder("utf-8")().decode, len(content) - _SLICE
    try:
        for start in range(0, len(content), _SLICE):  # as text, all of it may be four times as long
            decode(content[start : start + _SLICE], final=start >= last)
    except UnicodeDecodeError:
        return False
    return True


def _first_record(content: bytes, wire: str | None) -> Any:
    """The first record of an answer that msgspec has read, without parsing the others; None if that is hard to find."""
    for size in (_FIRST, _SLICE, 8 * _SLICE):
        try:
            return _scan_first(content[:size].decode(errors="ignore"), wire)
        except (ValueError, IndexError):  # it does not end there
            if size >= len(content):
                raise
        except RecursionError:
            break
    return None


def _scan_first(text: str, wire: str | None) -> Any:
    position = _after(text, 0)
    while wire is not None:
        key, position = _scan(text, _after(text, position + 1))
        position = _after(text, _after(text, position) + 1)
        if key == wire:
            break
        _, position = _scan(text, position)
        position = _after(text, position)
    return _scan(text, _after(text, position + 1))[0]


def _after(text: str, position: int) -> int:
    """The position of the next character that is no space."""
    return cast("re.Match[str]", _SPACE.match(text, position)).end()
