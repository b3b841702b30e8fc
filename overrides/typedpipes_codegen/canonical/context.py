"""Where a shape stands, in the words a person would use: which resource, doing what, in which role, under which key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from typedpipes_codegen.canonical.operations import reason
from typedpipes_codegen.documents.tree import JsonObject
from typedpipes_codegen.documents.words import camel, is_plural, plural, singular, words

VERBS = ("get", "list", "create", "update", "delete", "act")
"""What an operation does, in the order in which its shapes get the plainest name."""

_DROPPED = frozenset(("find",))
_IN_FRONT = {"archived": "Archived", "me": "Current"}


@dataclass(frozen=True, slots=True)
class Context:
    """``keys`` lead from the root of the body, response, parameter or component to the shape: property names, ``[]``
    for list items, ``{}`` for map values, ``|Name`` for a variant of a union."""

    role: str
    """``request``, ``response``, ``error``, ``parameter`` or ``component``."""
    tag: str | None = None
    subject: str = ""
    verb: str = "get"
    status: str = ""
    keys: tuple[str, ...] = ()

    def below(self, key: str) -> Context:
        return replace(self, keys=(*self.keys, key))

    def member(self, name: str) -> Context:
        """A property or parameter. One whose name looks like a mark of ours gets a letter in front of it."""
        return self.below(f"x{name}" if name[:1] in ("[", "{", "|") else name)

    def variants(self, schemas: list[JsonObject]) -> list[Context]:
        """One context per variant of a union; a lone one needs no name of its own."""
        if len(schemas) <= 1:
            return [self] * len(schemas)
        return [self.below(f"|{name}") for name in _variant_names(schemas)]


def operation_context(path: str, method: str, operation: JsonObject, namespaces: frozenset[str]) -> Context:
    """The context of an operation; ``role`` and ``status`` are set where its parts are walked."""
    tags = operation.get("tags")
    tag = str(tags[0]) if isinstance(tags, list) and tags else None
    noun = subject(path, tag, namespaces)
    last = path.rstrip("/").rpartition("/")[2]
    if method == "delete" and "{" not in last and is_plural(last):
        noun = plural(noun)
    return Context("request", tag, noun, _verb(path, method, operation))


def namespaces(paths: list[str]) -> frozenset[str]:
    """First path segments that only group others: never the end of a path, never followed by a parameter, and
    followed by a plural (``mailbox`` in ``/mailbox/mailThreads/{id}``)."""
    tails: dict[str, set[str]] = {}
    for path in paths:
        parts = [part for part in path.split("/") if part]
        tails.setdefault(parts[0] if parts else "", set()).add(parts[1] if len(parts) > 1 else "")
    return frozenset(
        head for head, rest in tails.items() if all(part and "{" not in part and is_plural(part) for part in rest)
    )


def subject(path: str, tag: str | None, namespaces: frozenset[str]) -> str:
    """The thing an operation is about: ``/deals/{id}/mailMessages`` -> ``DealMailMessage``."""
    parts = [part for part in path.split("/") if part and "{" not in part]
    if parts and parts[0] in namespaces:
        parts = parts[1:]
    front = "".join(_IN_FRONT.get(part, "") for part in parts)
    named = [camel(singular(part)) for part in parts if part not in _DROPPED and part not in _IN_FRONT]
    text = "".join(named)
    noun = camel(singular(tag)) if tag else ""
    if noun and named and noun != named[0] and noun.endswith(named[0]):
        text = noun + "".join(named[1:])
    return front + (text or noun or "Root")


def _verb(path: str, method: str, operation: JsonObject) -> str:
    last = path.rstrip("/").rpartition("/")[2]
    on_item, alone = "{" in last, path.strip("/").count("/") == 0
    if method == "get":
        return "list" if not on_item and _answers_list(operation) else "get"
    if method == "post":
        return "create" if on_item or alone or is_plural(last) else "act"
    if method in ("put", "patch"):
        return "update" if on_item or alone or is_plural(last) else "act"
    return "delete" if method == "delete" else "act"


def _answers_list(operation: JsonObject) -> bool:
    responses = operation.get("responses")
    for status, response in responses.items() if isinstance(responses, dict) else ():
        content = response.get("content") if isinstance(response, dict) else None
        if not status.startswith("2") or not isinstance(content, dict):
            continue
        for media in content.values():
            schema = media.get("schema") if isinstance(media, dict) else None
            properties = schema.get("properties") if isinstance(schema, dict) else None
            data = properties.get("data") if isinstance(properties, dict) else schema
            if isinstance(data, dict) and data.get("type") in ("array", ["array", "null"]):
                return True
    return False


def _variant_names(schemas: list[JsonObject]) -> list[str]:
    """Variants are called by the property that tells them apart, if one does; else they are numbered."""
    constants = [_constants(schema) for schema in schemas]
    for key in sorted(set.intersection(*(set(found) for found in constants))):
        names = [camel(found[key]) for found in constants]
        if len(set(names)) == len(names) and all(words(found[key]) for found in constants):
            return names
    return [f"Variant{index + 1}" for index in range(len(schemas))]


def _constants(schema: JsonObject) -> dict[str, str]:
    """The properties that can have only one value."""
    found: dict[str, str] = {}
    properties = schema.get("properties")
    for key, value in properties.items() if isinstance(properties, dict) else ():
        if isinstance(value, dict):
            values = value.get("enum")
            constant = value.get("const", values[0] if isinstance(values, list) and len(values) == 1 else None)
            if isinstance(constant, str):
                found[key] = constant
    return found


# Candidate names for one shape, plainest first: pure functions of where it stands.

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
