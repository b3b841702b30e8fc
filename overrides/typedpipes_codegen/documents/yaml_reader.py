"""YAML to a JSON tree, from untrusted text.

Built on the parser's event stream rather than on ``yaml.load``: no recursion (a nesting bomb cannot end the
process), every mapping key is seen (a key given twice is an error with its line), aliases are counted (an alias bomb
is refused before it grows), and scalars follow YAML 1.2, where ``no``, ``on`` and ``12:30`` are strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from typedpipes_codegen.documents.nesting import MAX_DEPTH, first_too_deep, line_of
from typedpipes_codegen.documents.tree import Json
from typedpipes_codegen.errors import SchemaError

MAX_NODES = 3_000_000
"""Most nodes accepted, aliases counted as often as they are used. The largest vendor document known has 80,000."""

# The C parser is ten times faster and gives the same events; PyYAML is also installed without it.
_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?[0-9]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_AHEAD = 1_000_000
"""Characters after the last event in which the cause of a refusal is looked for."""
_PLAIN_TAGS = {None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}


@dataclass(slots=True)
class _Frame:
    """One open mapping or list."""

    value: dict[str, Json] | list[Json]
    anchor: str | None
    started: int
    key: str | None = None
    seen: dict[str, int | None] = field(default_factory=dict)
    merged: dict[str, Json] = field(default_factory=dict)
    """What merge keys bring in."""


def read_yaml(text: str, merged: list[int | None] | None = None) -> Json:
    """Parse one YAML document. With a list ``merged``, merge keys are followed and their lines appended to it.

    Raises :class:`SchemaError` with the line for anything but one well-formed document without duplicate keys,
    custom tags, merge keys, recursive aliases, or more than ``MAX_DEPTH`` levels and ``MAX_NODES`` nodes.
    """
    return _Builder(merged).build(text)


class _Builder:
    def __init__(self, merged: list[int | None] | None = None) -> None:
        self.merged = merged
        self.stack: list[_Frame] = []
        self.anchors: dict[str, tuple[Json, int]] = {}
        self.nodes = 0
        self.root: Json = None
        self.documents = 0

    def build(self, text: str) -> Json:
        for event in self._events(text):
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                self._open(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._close(_line(event))
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self.documents += 1
                if self.documents > 1:
                    raise SchemaError("more than one YAML document in one file", line=_line(event))
        return self.root

    def _events(self, text: str) -> Iterator[yaml.Event]:
        """What the parser sees. Whatever it refuses, in whichever way its version does, is a `SchemaError` of ours."""
        events = yaml.parse(text, Loader=_LOADER)
        seen = 0
        while True:
            try:
                event = next(events, None)
            except MemoryError:
                raise
            except Exception as error:  # a parser of another version may raise errors of its own
                raise self._refused(text, seen, error) from error
            if event is None:
                return
            seen = seen if event.end_mark is None else event.end_mark.index
            yield event

    def _refused(self, text: str, seen: int, error: Exception) -> SchemaError:
        """Of what kind the parser's refusal is, judged by the text: by its depth, else by the place it names."""
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        # A parser reads ahead, and may meet the nesting before we see its events.
        place = first_too_deep(text[seen : seen + _AHEAD], "yaml", already=len(self.stack))
        if place is not None:
            return _too_deep(line_of(text, seen + place))
        if isinstance(error, RecursionError):
            return _too_deep(line_of(text, seen))
        line = line_of(text, seen) if mark is None else mark.line + 1
        shown = (text.splitlines()[line - 1 : line] or [""])[0].strip()
        return SchemaError(
            f"not valid YAML{f', at {shown[:80]!r}' if shown else ''}",
            line=line,
            column=None if mark is None else mark.column + 1,
            remedy="look there at the indentation (spaces only), the colons and the quotes",
        )

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        line = _line(event)
        if event.tag not in _PLAIN_TAGS:
            raise SchemaError(f"the YAML tag {event.tag} is not allowed", line=line, remedy="use plain values")
        plain = event.implicit[0] and not event.style and event.tag is None
        value: Json = _resolve(event.value) if plain else event.value
        self._put(value, event.value, line, event.anchor, 1)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        line = _line(event)
        if event.tag not in _PLAIN_TAGS:
            raise SchemaError(f"the YAML tag {event.tag} is not allowed", line=line, remedy="use plain values")
        if len(self.stack) >= MAX_DEPTH:
            raise _too_deep(line)
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None:
            raise SchemaError("a mapping key must be a plain value", line=line)
        if event.anchor is not None:
            self.anchors.pop(event.anchor, None)
        empty: dict[str, Json] | list[Json] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.stack.append(_Frame(empty, event.anchor, self.nodes))

    def _close(self, line: int | None) -> None:
        frame = self.stack.pop()
        if frame.merged and isinstance(frame.value, dict):
            frame.value = {**frame.merged, **frame.value}
        self._put(frame.value, "", line, frame.anchor, 1, started=frame.started)

    def _alias(self, event: yaml.AliasEvent) -> None:
        line = _line(event)
        if event.anchor not in self.anchors:
            raise SchemaError(f"the alias *{event.anchor} points at nothing, or into itself", line=line)
        value, size = self.anchors[event.anchor]
        self._put(value, value if isinstance(value, str) else "", line, None, size)

    def _put(
        self, value: Json, text: str, line: int | None, anchor: str | None, size: int, started: int | None = None
    ) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            raise SchemaError(
                f"more than {MAX_NODES:,} nodes", line=line, remedy="an alias used too often grows without bound"
            )
        if anchor is not None:
            self.anchors[anchor] = (value, self.nodes - (self.nodes - size if started is None else started))
        if not self.stack:
            self.root = value
            return
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is None:
            self._key(frame, value, text, line)
        elif frame.key == "<<" and self.merged is not None:
            for source in reversed(value) if isinstance(value, list) else [value]:
                frame.merged |= source if isinstance(source, dict) else {}
            frame.key = None
        else:
            frame.value[frame.key] = value
            frame.key = None

    def _key(self, frame: _Frame, value: Json, text: str, line: int | None) -> None:
        # `200:` is a string key: JSON has no other kind.
        key = value if isinstance(value, str) else text
        if key == "<<" and self.merged is not None:
            self.merged.append(line)
        elif key == "<<":
            raise SchemaError("YAML merge keys are not supported", line=line, remedy="write the keys out")
        if key in frame.seen:
            raise SchemaError(f"the key {key!r} is given twice (first on line {frame.seen[key]})", line=line)
        frame.seen[key] = line
        frame.key = key


def _too_deep(line: int | None) -> SchemaError:
    return SchemaError(f"nested more than {MAX_DEPTH} levels deep", line=line, remedy="use named components")


def _line(event: yaml.Event) -> int | None:
    return None if event.start_mark is None else event.start_mark.line + 1


def _resolve(text: str) -> Json:
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] in "+-.0123456789":
        if _INT.match(text) and len(text) < 400:
            return int(text)
        if _FLOAT.match(text) and len(text) < 400:
            return float(text)
    return text
