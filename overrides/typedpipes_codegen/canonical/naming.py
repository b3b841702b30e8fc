"""Names a person would choose for the components of a document.

Each site offers candidates, plainest first, from its resource, what the operation does, its role and the keys that
lead to it; each component takes the first candidate nobody has. The order in which components choose is part of the
rule: what a resource *is* (the item of ``get``, then of ``list``) comes before envelopes and requests, those before
what is nested in them, responses before requests. Results are held by ``names.lock``, so this module only ever names
what is new.
"""

from __future__ import annotations

import builtins
import keyword
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from typedpipes_codegen.canonical.context import (
    VERBS,
    Context,
    bases_of,
    envelope_names,
    error_names,
    is_placeholder,
    item_names,
    key_name,
    nested_names,
    request_names,
)
from typedpipes_codegen.canonical.shapes import Group, Site
from typedpipes_codegen.documents import DATA_KEYS
from typedpipes_codegen.documents.tree import Json, JsonObject, as_object, child
from typedpipes_codegen.documents.words import camel, singular, words

_ROLES = ("response", "component", "request", "error", "parameter")
_ITEM, _ENVELOPE, _NESTED = range(3)


def name_groups(
    groups: list[Group], sites: list[Site], member: Mapping[int, int], taken: Iterable[str]
) -> dict[int, str]:
    """A name for every group: the locked one, else a new one that is neither in ``taken`` nor given before."""
    return _Namer(groups, sites, member, taken).name_all()


def folded(name: str) -> str:
    """Names that differ only in case, underscores, dots and dashes are one name: they become one Python name."""
    return name.replace("_", "").replace(".", "").replace("-", "").casefold()


class _Namer:
    def __init__(self, groups: list[Group], sites: list[Site], member: Mapping[int, int], taken: Iterable[str]) -> None:
        self._groups = groups
        self._sites = sites
        self._member = member
        self._taken = {folded(name) for name in taken}
        self._contexts = [_looking_through_wrappers(site, sites) for site in sites]
        self.names: dict[int, str] = {}

    def name_all(self) -> dict[int, str]:
        for number, group in enumerate(self._groups):
            if group.locked is not None:
                self.names[number] = group.locked
        turns = {number: self._turn(group) for number, group in enumerate(self._groups) if group.locked is None}
        for number in sorted(turns, key=lambda number: turns[number]):
            self._name(number)
        return self.names

    def _name(self, number: int) -> None:
        if number not in self.names:
            self.names[number] = self._first_free(self._candidates(self._groups[number]))

    def _first_free(self, candidates: Iterable[str]) -> str:
        last = "Shape"
        for name in filter(None, candidates):
            last = name
            if folded(name) not in self._taken and not _reserved(name):
                self._taken.add(folded(name))
                return name
        number = 2
        while folded(f"{last}{number}") in self._taken:
            number += 1
        self._taken.add(folded(f"{last}{number}"))
        return f"{last}{number}"

    def _candidates(self, group: Group) -> Iterator[str]:
        level = min(self._level(site) for site in group.sites)
        sites = [site for site in group.sites if self._level(site) == level]
        if level == _NESTED:
            yield from self._nested(sites)
            return
        contexts = sorted((self._contexts[site.number] for site in sites), key=_plainest)
        same = [one for one in contexts if one.subject == contexts[0].subject and one.role == contexts[0].role]
        if contexts[0].role == "error":
            yield from error_names(contexts)
        elif contexts[0].role == "request":
            yield from request_names(same)
        elif level == _ENVELOPE:
            yield from envelope_names(same)
        else:
            yield from item_names(same, is_map=_map_key(sites[0]) is not None)

    def _nested(self, sites: list[Site]) -> Iterator[str]:
        contexts = {site.number: self._contexts[site.number] for site in sites}
        enum, is_map = "enum" in sites[0].body, _map_key(sites[0]) is not None
        keys = Counter(key_name(context.keys, enum=enum, is_map=is_map) for context in contexts.values())
        key = min(keys, key=lambda name: (-keys[name], len(name), name))
        context = min(contexts.values(), key=lambda one: (_ROLES.index(one.role), one.subject))
        pairs = set()
        for site in sites:
            if site.parent is None:
                pairs.add((contexts[site.number].subject, contexts[site.number].subject))
                continue
            parent = self._member[site.parent]
            self._name(parent)
            holder = self._groups[parent].sites[0]
            if _map_key(holder) is not None:
                # The values of a map are called after the map: RelatedUsers holds RelatedUser.
                yield singular(self.names[parent])
            pairs.add(bases_of(self.names[parent]))
        bases, shorts = ({pair[at] for pair in pairs} for at in (0, 1))
        if key == "Item" and any(base.endswith("Search") for base in shorts):
            key = "Result"
        by_size = [sorted(group, key=lambda base: (len(words(base)), base)) for group in (bases, shorts)]
        yield from nested_names(key, by_size[0], context, by_size[1])

    def _level(self, site: Site) -> int:
        context = self._contexts[site.number]
        keys = tuple(key for key in context.keys if not key.startswith("|"))
        if context.role in ("parameter", "component"):
            return _NESTED
        if context.role in ("request", "error"):
            return _ENVELOPE if all(key == "[]" for key in keys) else _NESTED
        if keys in (("data",), ("data", "[]"), ("[]",)):
            return _ITEM
        if keys:
            return _NESTED
        return _ENVELOPE if _is_envelope(site.body) else _ITEM

    def _turn(self, group: Group) -> tuple[int, int, int, int, int, int, str]:
        return min(
            (
                self._level(site),
                _ROLES.index(self._contexts[site.number].role),
                len(self._contexts[site.number].keys) if self._level(site) == _NESTED else 0,
                VERBS.index(self._contexts[site.number].verb),
                len(words(self._contexts[site.number].subject)),
                -len(group.sites),
                site.pointer,
            )
            for site in group.sites
        )


def _plainest(context: Context) -> tuple[int, int, int, str]:
    return (
        _ROLES.index(context.role),
        len(words(context.subject)),
        VERBS.index(context.verb),
        context.subject,
    )


def _reserved(name: str) -> bool:
    return keyword.iskeyword(name) or hasattr(builtins, name)


def _is_envelope(body: Mapping[str, object]) -> bool:
    """Whether a response root only wraps the answer: it has ``data``, or nothing but a success mark."""
    properties = body.get("properties")
    return isinstance(properties, dict) and ("data" in properties or set(properties) <= {"success", "status", "id"})


def _map_key(site: Site) -> str | None:
    """The placeholder key of an object that stands for a map (``{"USER_ID": {...}}``)."""
    properties = site.body.get("properties")
    if isinstance(properties, dict) and len(properties) == 1:
        key = next(iter(properties))
        return key if is_placeholder(key) else None
    return None


def _looking_through_wrappers(site: Site, sites: list[Site]) -> Context:
    """``{data: {goal: {...}}}``: the goal is the inner object, whatever the wrapper is called."""
    if _wraps(site):
        return replace(site.context, keys=(*site.context.keys, "data"))
    if site.parent is not None and _wraps(sites[site.parent]):
        outer = sites[site.parent].context
        return replace(site.context, keys=(*outer.keys, *site.context.keys[len(outer.keys) + 1 :]))
    return site.context


def _wraps(site: Site) -> bool:
    properties = site.body.get("properties")
    if site.context.role != "response" or site.context.keys != ("data",) or not isinstance(properties, dict):
        return False
    key = next(iter(properties)) if len(properties) == 1 else ""
    return bool(key) and not is_placeholder(key) and site.context.subject.endswith(camel(singular(key)))


# Giving the vendor's own components the names the lock holds for them.

_PREFIX = "#/components/schemas/"


def rename_components(document: JsonObject, renames: Mapping[str, str]) -> JsonObject:
    """The document with schemas and every reference to them renamed."""
    result = as_object(_references(document, renames), "")
    components = child(result, "components", "")
    schemas = {renames.get(name, name): schema for name, schema in child(components, "schemas", "").items()}
    components["schemas"] = {name: schemas[name] for name in sorted(schemas)}
    return result


def _references(node: Json, renames: Mapping[str, str]) -> Json:
    if isinstance(node, list):
        return [_references(item, renames) for item in node]
    if not isinstance(node, dict):
        return node
    result: JsonObject = {}
    for key, value in node.items():
        if key == "$ref" and isinstance(value, str):
            result[key] = _renamed(value, renames)
        elif key == "mapping" and isinstance(value, dict) and "propertyName" in node:
            result[key] = {tag: _renamed(target, renames) for tag, target in value.items()}
        else:
            result[key] = value if key in DATA_KEYS and not isinstance(value, dict) else _references(value, renames)
    return result


def _renamed(reference: Json, renames: Mapping[str, str]) -> Json:
    if not isinstance(reference, str) or not reference.startswith(_PREFIX):
        return reference
    name = reference.removeprefix(_PREFIX)
    return f"{_PREFIX}{renames.get(name, name)}"
