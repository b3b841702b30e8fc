"""The canonical form of a GraphQL schema: the vendor's facts, our annotations, an order that does not move.

The vendor's descriptions and deprecation reasons are dropped. Ours are kept by the coordinate that they describe
(``Card.title``): descriptions, ``@secret``, reasons of deprecations, and the comment on top. What was there keeps its
place; a new entry is put into its alphabetical place in a sorted list, else at the end. So a vendor who only rewrites
texts or moves things about changes no byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from graphql import parse, print_ast
from graphql.language import (
    ConstDirectiveNode,
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    FieldDefinitionNode,
    InputValueDefinitionNode,
    Node,
    SchemaDefinitionNode,
)

_LISTS: Final = ("fields", "arguments", "values", "types", "interfaces", "operation_types")
SERVERS: Final = frozenset({"deprecated", "specifiedBy", "oneOf"})
"""Directives that state what the server does; all others in a checked-in schema are ours."""


def canonical_sdl(vendor: DocumentNode, committed: str) -> str:
    """``vendor`` as it is checked in beside, or instead of, the ``committed`` text (empty: there is none yet)."""
    before = parse(committed) if committed.strip() else DocumentNode(definitions=())
    old = {_key(node): node for node in before.definitions}
    ours = {key: node for key, node in old.items() if isinstance(node, DirectiveDefinitionNode)}
    new = {_key(node): node for node in vendor.definitions if _key(node) not in ours}
    new.update(_schema_definition(new, old))
    for key, node in new.items():
        _merge(node, old.get(key))
    kept = [key for key in old if key in new or key in ours]
    merged = _ordered([*new, *ours], kept)
    definitions = tuple(ours[key] if key in ours else new[key] for key in merged)
    return _head(committed) + print_ast(DocumentNode(definitions=definitions)).strip() + "\n"


def is_canonical(text: str) -> bool:
    """Whether ``text`` is its own canonical form. Raises ``GraphQLError`` if it cannot be parsed."""
    return _head(text) + print_ast(parse(text)).strip() + "\n" == text


def lost_annotations(committed: str, fresh: str) -> list[str]:
    """Places that carry a directive of ours in ``committed`` and are not in ``fresh``, such as ``Webhook.secret``."""
    before, after = _annotated(parse(committed)), _places(parse(fresh))
    return sorted(place for place in before if place not in after)


def _head(text: str) -> str:
    """The comment on top, and the empty line below it."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line)
    return "\n".join([*lines, "", ""]) if lines else ""


def _key(node: Node) -> str:
    if isinstance(node, SchemaDefinitionNode):
        return "schema"
    name = getattr(node, "name", None)
    value = name.value if name is not None else ""
    return f"@{value}" if isinstance(node, DirectiveDefinitionNode) else value


def _schema_definition(
    new: Mapping[str, DefinitionNode], old: Mapping[str, DefinitionNode]
) -> dict[str, DefinitionNode]:
    """A checked-in schema says which types are its roots even where their names would do."""
    if "schema" in new or "schema" not in old:
        return {}
    roots = {kind: kind.capitalize() for kind in ("query", "mutation", "subscription") if kind.capitalize() in new}
    text = "schema { " + " ".join(f"{kind}: {name}" for kind, name in roots.items()) + " }"
    return {"schema": parse(text).definitions[0]}


def _merge(node: Node, old: Node | None) -> None:
    """Put our annotations of ``old`` on ``node`` and take the vendor's prose away, all the way down."""
    if hasattr(node, "description"):
        node.description = getattr(old, "description", None)
    if isinstance(getattr(node, "directives", None), tuple):
        node.directives = _directives(node, old)
    if getattr(node, "name", None) is None and not isinstance(node, SchemaDefinitionNode):
        return
    for name in _LISTS:
        members = getattr(node, name, None)
        if not isinstance(members, tuple) or not members:
            continue
        was = {_member(each): each for each in getattr(old, name, None) or ()}
        for each in members:
            if isinstance(getattr(each, "directives", None), tuple):
                _merge(each, was.get(_member(each)))
        found = {_member(each): each for each in members}
        order = _ordered(found, [key for key in was if key in found], appended=name == "arguments")
        setattr(node, name, tuple(found[key] for key in order))


def _directives(node: Node, old: Node | None) -> tuple[ConstDirectiveNode, ...]:
    before: Sequence[ConstDirectiveNode] = getattr(old, "directives", None) or ()
    reasons = {each.name.value: each for each in before}
    kept: list[ConstDirectiveNode] = []
    for each in getattr(node, "directives", ()):
        if each.name.value == "deprecated":
            each.arguments = reasons["deprecated"].arguments if "deprecated" in reasons else ()
        kept.append(each)
    return (*kept, *(each for each in before if each.name.value not in SERVERS))


def _member(node: Node) -> str:
    operation = getattr(node, "operation", None)
    if operation is not None:
        return str(operation.value)
    return str(getattr(node, "name").value)  # noqa: B009 - Node declares no name


def _ordered(names: Iterable[str], known: Sequence[str], *, appended: bool = False) -> list[str]:
    """``known`` in their order, and the rest of ``names``: by the alphabet where ``known`` are, else at the end.

    ``appended`` leaves new ones in the vendor's order: arguments come in an order that means something.
    """
    there = set(known)
    fresh = [name for name in names if name not in there]
    if appended:
        return [*known, *fresh]
    fresh.sort(key=_sort_key)
    if list(known) == sorted(known, key=_sort_key):
        return sorted([*known, *fresh], key=_sort_key)
    return [*known, *fresh]


def _sort_key(name: str) -> tuple[str, str]:
    return name.casefold(), name


def _annotated(document: DocumentNode) -> set[str]:
    return {
        place
        for place, node in _nodes(document)
        if any(each.name.value not in SERVERS for each in getattr(node, "directives", None) or ())
    }


def _places(document: DocumentNode) -> set[str]:
    return {place for place, _ in _nodes(document)}


def _nodes(document: DocumentNode) -> Iterable[tuple[str, Node]]:
    for definition in document.definitions:
        owner = _key(definition)
        yield owner, definition
        for member in (*(getattr(definition, "fields", None) or ()), *(getattr(definition, "values", None) or ())):
            place = f"{owner}.{member.name.value}"
            yield place, member
            if isinstance(member, FieldDefinitionNode):
                for argument in member.arguments:
                    assert isinstance(argument, InputValueDefinitionNode)
                    yield f"{place}({argument.name.value}:)", argument
