"""Where a shape stands, in the words a person would use: which resource, doing what, in which role, under which key."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
