"""Candidate names for one shape, plainest first: pure functions of where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from typedpipes_codegen.canonical.context import VERBS, Context
from typedpipes_codegen.canonical.operations import reason
from typedpipes_codegen.documents.words import camel, plural, singular, words

_VERB_WORD = {"get": "", "list": "List", "create": "Create", "update": "Update", "delete": "Delete", "act": ""}
_DONE = {"create": "Created", "update": "Updated", "delete": "Deleted"}
_PARTICIPLES = {
    "Archive": "Archived",
    "Cancel": "Canceled",
    "Convert": "Converted",
    "Copy": "Copied",
    "Duplicate": "Duplicated",
    "Merge": "Merged",
    "Receive": "Received",
    "Restore": "Restored",
}
_ENDINGS = ("ListResponse", "ListResult", "ListItem", "CreateItem", "UpdateItem", "Response", "Request", "Result")
_LATE_ENDINGS = ("Create", "Update", "Delete", "List", "Results")


def noun_of(tag: str | None) -> str:
    """``LegacyTeams`` -> ``LegacyTeam``."""
    return camel(singular(tag)) if tag else ""


def error_names(contexts: list[Context]) -> Iterator[str]:
    first = contexts[0]
    noun = noun_of(first.tag) or first.subject
    statuses = {one.status for one in contexts}
    if len(statuses) > 1 or len({one.subject for one in contexts}) > 1:
        yield f"{noun}ErrorResponse"
    phrase = camel(reason(min(statuses)))
    yield f"{first.subject}{phrase}Response"
    yield f"{first.subject}{_VERB_WORD[first.verb] or 'Get'}{phrase}Response"


def request_names(contexts: list[Context]) -> Iterator[str]:
    noun, verbs = contexts[0].subject, {one.verb for one in contexts}
    if {"create", "update"} <= verbs:
        yield f"{noun}Request"
    word = _VERB_WORD[min(verbs, key=VERBS.index)]
    yield f"{noun}{word}{'Item' if contexts[0].keys else 'Request'}"
    yield f"{noun}{word}Body"


def envelope_names(contexts: list[Context]) -> Iterator[str]:
    noun, verbs = contexts[0].subject, {one.verb for one in contexts}
    word = _VERB_WORD[min(verbs, key=VERBS.index)]
    if "list" not in verbs and len(verbs) > 1:
        yield f"{noun}Response"
    yield f"{noun}{word}Response"
    yield f"{noun}{word or 'Get'}Result"


def item_names(contexts: list[Context], *, is_map: bool) -> Iterator[str]:
    """What the resource itself is: the ``data`` of an envelope, or the members of its list."""
    first = contexts[0]
    noun, verb = first.subject, min((one.verb for one in contexts), key=VERBS.index)
    variant = "".join(key[1:] for key in first.keys if key.startswith("|"))
    if noun.endswith("Search") and "[]" not in first.keys:
        yield f"{noun}Results"
    if is_map:
        noun = plural(noun)
    last = words(noun)[-1] if words(noun) else ""
    if verb == "act" and last in _PARTICIPLES and len(words(noun)) > 1:
        yield f"{_PARTICIPLES[last]}{noun.removesuffix(last)}"
    if noun.endswith("Collection"):
        yield f"{noun.removesuffix('Collection')}{variant}"
    elif verb != "delete":
        yield f"{noun}{variant}"
    yield f"{_DONE[verb]}{noun}{variant}" if verb in _DONE else ""
    yield f"{noun}{variant}Item" if verb == "list" else f"{noun}{_VERB_WORD[verb]}{variant}Data"


def nested_names(key: str, bases: list[str], context: Context, shorts: list[str]) -> Iterator[str]:
    """Names of what stands under ``key`` inside components called ``bases`` (``shorts``: without the verb)."""
    shared = common_words(shorts) or noun_of(context.tag)
    yield join(shared, key)
    if context.role == "request":
        yield f"{join(shared, key)}Input"
    for base in (*bases, *shorts):
        yield join(base, key)
    for base in (shared, *bases):
        yield base + key
    for base in bases:
        yield f"{base}{key}Item"


def bases_of(name: str) -> tuple[str, str]:
    """What names inside a component called ``name`` start with: in full, and without verb and envelope words.

    ``DealCreateResponse`` -> ``("DealCreate", "Deal")``.
    """
    full = short = name
    for ending in _ENDINGS:
        if name.endswith(ending) and name != ending:
            full = name.removesuffix(ending)
            full += {"ListResponse": "List", "ListResult": "List"}.get(ending, "")
            break
    for ending in ("AdditionalData", "RelatedObjects"):
        full = full.removesuffix(ending) or full
    short = full
    for ending in _LATE_ENDINGS:
        if short.endswith(ending) and short != ending:
            short = short.removesuffix(ending)
    for front in (*_DONE.values(), *_PARTICIPLES.values()):
        if short.startswith(front) and short != front:
            short = short.removeprefix(front)
    return full, short


def key_name(keys: tuple[str, ...], *, enum: bool, is_map: bool) -> str:
    """The last property name on the way, singular inside a list, with the name of a union's variant behind it."""
    suffix, many = "", False
    for position in range(len(keys) - 1, -1, -1):
        key = keys[position]
        if key in ("[]", "{}") or is_placeholder(key):
            many = True
        elif key.startswith("|"):
            suffix = key[1:] + suffix
        else:
            related = "Related" if "related_objects" in keys[max(0, position - 2) : position] else ""
            return related + _word(key, enum=enum, many=many, is_map=is_map) + suffix
    return suffix or ("Item" if many else "")


def _word(key: str, *, enum: bool, many: bool, is_map: bool) -> str:
    parts = words(key)
    if not enum and len(parts) > 1 and parts[-1].lower() == "id":
        # An object where one expects an id is a reference to the thing, with a few facts about it.
        return f"{camel('_'.join(parts[:-1]))}Reference"
    if is_map:
        return plural(camel(key))
    return camel(singular(key) if many else key)


def is_placeholder(key: str) -> bool:
    """``USER_ID``: documentation for "the id of a user stands here", the key of a map."""
    return key.isupper() and key.endswith("_ID")


def join(base: str, key: str) -> str:
    """``DealProduct`` and ``ProductUnit`` -> ``DealProductUnit``."""
    left, right = words(base), words(key)
    for size in range(min(len(left), len(right)), 0, -1):
        if [word.lower() for word in left[-size:]] == [word.lower() for word in right[:size]]:
            return base + "".join(right[size:])
    return base + key


def common_words(names: list[str]) -> str:
    """The words all the names start with."""
    if not names:
        return ""
    split = [words(name) for name in names]
    size = 0
    while all(len(parts) > size and parts[size] == split[0][size] for parts in split):
        size += 1
    return "".join(split[0][:size])
