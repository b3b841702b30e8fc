"""From selections to an operation: its document, its variables, and the shapes its answer is read by.

Everything a server would refuse and that can be known here is refused here, before a request: fields of another type,
one name for two things, missing arguments, selections that are too deep, pages that are too large. Values travel as
variables; the document holds names alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from typedpipes._core.decoding.model import JSON
from typedpipes._core.graphql.select.fields import Field, FieldFacts, Nested, Selected, Selection, TypeFacts
from typedpipes._core.graphql.select.rows import Entry, Shape
from typedpipes._core.graphql.select.values import check_value
from typedpipes._core.values import wire_of
from typedpipes.errors import ConfigurationError

Kind: TypeAlias = Literal["query", "mutation"]
Choices: TypeAlias = "Iterable[Selection[Any, object]]"

PAGED: Final = object()
"""Value of the arguments that the walk over pages fills in."""
_OPERATION_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PAGE_SIZES: Final = ("first", "last")


class Node:
    """One field of a level: what was selected under one name, possibly in several places."""

    __slots__ = ("alias", "arguments", "facts", "fragments", "key", "response", "selections")

    def __init__(self, field: Field[Any, Any]) -> None:
        self.facts: FieldFacts = field._facts
        self.alias = field._alias
        self.key = self.response = field.key
        self.arguments: dict[str, JSON] = {}
        for name, value in field._arguments.items():
            wire_name, type_ = self.facts.arguments[name]
            wire = self.arguments[wire_name] = None if value is PAGED else wire_of(value, name)
            if value is not PAGED:
                check_value(self.facts.owner.schema, type_, wire, f"{self.facts.python_name}: {name}", name)
        self.selections = list(field._selections)
        self.fragments = list(field._fragments)


class Level:
    """The fields selected of one type, and of each more special type besides."""

    __slots__ = ("fragments", "nodes", "type")

    def __init__(self, type_: TypeFacts, selections: Choices, fragments: Iterable[Any] = ()) -> None:
        self.type = type_
        self.nodes: dict[str, Node] = {}
        self.fragments: dict[TypeFacts, dict[str, Node]] = {}
        for field in selections:
            _add(self.nodes, type_, field)
        for holder, chosen in fragments:
            special = _special(type_, holder)
            target = self.nodes if special is type_ else self.fragments.setdefault(special, {})
            for field in chosen:
                _add(target, special, field)
        self._settle()

    def _settle(self) -> None:
        """Make sure that one name in the answer means one thing, whatever type an object turns out to be."""
        seen: list[tuple[TypeFacts, dict[str, Node]]] = []
        for special, nodes in self.fragments.items():
            for key in sorted(self.nodes.keys() & nodes.keys()):
                _fold(self.nodes[key], nodes.pop(key))
            for node in nodes.values():
                for other, others in seen:
                    twin = next((one for one in others.values() if one.response == node.response), None)
                    if twin is None:
                        continue
                    if other.members & special.members:
                        _check_same_leaf(twin, node)
                    elif not _same_shape(twin, node):
                        # Both cannot be in one answer, but GraphQL wants their types alike: the second is renamed.
                        node.response = _free(f"{special.name}_{node.key}", [self.nodes, *self.fragments.values()])
            seen.append((special, nodes))


def _add(nodes: dict[str, Node], type_: TypeFacts, field: object) -> None:
    if not isinstance(field, Field):
        raise TypeError(f"{type_.class_name}: give fields to select, not {type(field).__name__}")
    facts = field._facts
    if facts.owner is not type_:
        raise ConfigurationError(
            f"{facts.python_name} is no field of {type_.class_name}; give {facts.owner.class_name} fields where "
            f"{facts.owner.class_name} is selected",
            setting=facts.python_name,
        )
    if isinstance(field, Nested) and not isinstance(field, Selected):
        raise ConfigurationError(
            f"{facts.python_name} holds objects: say which of their fields, with .fields(...)",
            setting=facts.python_name,
        )
    missing = [name for name in facts.required if name not in field._arguments]
    if missing:
        raise ConfigurationError(
            f"{facts.python_name} lacks the required argument {missing[0]!r}: {facts.python_name}({missing[0]}=...)",
            setting=missing[0],
        )
    node = Node(field)
    known = nodes.setdefault(node.key, node)
    if known is node:
        return
    if known.facts is not facts or known.arguments != node.arguments:
        raise _twice(known, node)
    known.selections += node.selections
    known.fragments += node.fragments


def _special(type_: TypeFacts, holder: Any) -> TypeFacts:
    """The facts of a class given to ``on``, checked."""
    special = getattr(holder, "_facts_", None)
    if not isinstance(special, TypeFacts):
        raise TypeError(f"on() takes a type of this schema, not {holder!r}")
    if special.schema is not type_.schema or not special.members & type_.members:
        raise ConfigurationError(
            f"a {type_.class_name} is never a {special.class_name}; it may be {', '.join(sorted(type_.members))}",
            setting=special.class_name,
        )
    return special


def _twice(first: Node, second: Node) -> ConfigurationError:
    return ConfigurationError(
        f"{first.facts.python_name} and {second.facts.python_name} would both be {first.key!r} in the answer, "
        "and are not the same; give one an .alias(...)",
        setting="alias",
    )


def _fold(first: Node, second: Node) -> None:
    """Add what a more special type wants of a field to what is selected of every object."""
    same = (first.facts.name, first.facts.type) == (second.facts.name, second.facts.type)
    if not same or first.arguments != second.arguments:
        raise _twice(first, second)
    first.selections += second.selections
    first.fragments += second.fragments


def _check_same_leaf(first: Node, second: Node) -> None:
    """One name selected for two types that one object may both be: the server would have to merge them."""
    same = (first.facts.name, first.facts.type) == (second.facts.name, second.facts.type)
    if not same or first.arguments or second.arguments or first.facts.named in first.facts.owner.schema.classes:
        raise _twice(first, second)


def _same_shape(first: Node, second: Node) -> bool:
    """Whether GraphQL takes both under one name: the same wrappers, the same leaf, and so on below."""
    mine, theirs = first.facts, second.facts
    nested = mine.named in mine.owner.schema.classes
    if nested != (theirs.named in theirs.owner.schema.classes):
        return False
    if not nested:
        return mine.type == theirs.type
    if mine.type.replace(mine.named, "") != theirs.type.replace(theirs.named, ""):
        return False
    return all(
        _same_shape(one, other) for one in _below(first) for other in _below(second) if one.response == other.response
    )


def _below(node: Node) -> list[Node]:
    level = Level(node.facts.owner.schema.facts(node.facts.named), node.selections, node.fragments)
    return [*level.nodes.values(), *(one for nodes in level.fragments.values() for one in nodes.values())]


def _free(name: str, levels: Sequence[Mapping[str, Node]]) -> str:
    taken = {node.response for nodes in levels for node in nodes.values()}
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


class Written(NamedTuple):
    """An operation as it is sent, and how its answer is read."""

    name: str
    document: str
    variables: dict[str, JSON]
    shape: Shape
    names: dict[tuple[str, ...], str]
    """Where an argument stands in the answer, its own name last -> its variable."""


class Writer:
    """Writes one document and collects its variables."""

    def __init__(self, page_limit: Callable[[str], int | None], deepest: int | None) -> None:
        self.variables: dict[str, JSON] = {}
        self.names: dict[tuple[str, ...], str] = {}
        """Where an argument stands in the answer, its own name last -> its variable."""
        self._types: list[str] = []
        self._page_limit = page_limit
        self._deepest = deepest

    def document(self, kind: Kind, name: str, level: Level) -> tuple[str, Shape]:
        """The text of the operation, and how its answer is read."""
        lines, shape = self._level(level, ())
        declared = f"({', '.join(self._types)})" if self._types else ""
        return "\n".join([f"{kind} {name}{declared} {{", *_indented(lines), "}"]), shape

    def _level(self, level: Level, path: tuple[str, ...]) -> tuple[list[str], Shape]:
        self._check_level(level, len(path) + 1)
        lines: list[str] = []
        if level.type.is_abstract and "__typename" not in level.nodes:
            lines.append("__typename")
        entries = self._nodes(level.nodes, path, lines)
        special: list[tuple[TypeFacts, dict[str, Entry]]] = []
        for type_, nodes in level.fragments.items():
            inner: list[str] = [] if nodes else ["__typename"]
            special.append((type_, self._nodes(nodes, path, inner)))
            lines += [f"... on {type_.name} {{", *_indented(inner), "}"]
        return lines, Shape(level.type, entries, special)

    def _check_level(self, level: Level, depth: int) -> None:
        if not level.nodes and not level.fragments and not level.type.is_abstract:
            raise ConfigurationError(
                f"no field of {level.type.class_name} is selected; give .fields(...) at least one",
                setting=level.type.class_name,
            )
        if self._deepest is not None and depth > self._deepest:
            raise ConfigurationError(
                f"the selection is more than {self._deepest} levels deep at {level.type.class_name}; "
                "ask for the rest in another request",
                setting=level.type.class_name,
            )

    def _nodes(self, nodes: Mapping[str, Node], path: tuple[str, ...], lines: list[str]) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key, node in nodes.items():
            facts = node.facts
            name = facts.name if node.response == facts.name else f"{node.response}: {facts.name}"
            head = f"{name}{self._arguments(node, path)}"
            shape: Shape | None = None
            if facts.named in facts.owner.schema.classes:
                below = Level(facts.owner.schema.facts(facts.named), node.selections, node.fragments)
                inner, shape = self._level(below, (*path, key))
                lines += [f"{head} {{", *_indented(inner), "}"]
            else:
                lines.append(head)
            entries[key] = Entry(node.response, facts, shape)
        return entries

    def _arguments(self, node: Node, path: tuple[str, ...]) -> str:
        if not node.arguments:
            return ""
        types = dict(node.facts.arguments.values())
        self._check_page(node)
        parts: list[str] = []
        for wire, value in node.arguments.items():
            variable, number = wire, 2
            while variable in self.variables:
                variable, number = f"{wire}_{number}", number + 1
            self.variables[variable] = value
            self.names[*path, node.key, wire] = variable
            self._types.append(f"${variable}: {types[wire]}")
            parts.append(f"{wire}: ${variable}")
        return f"({', '.join(parts)})"

    def _check_page(self, node: Node) -> None:
        """A page that the server would cut, or refuse, is not asked for."""
        schema = node.facts.owner.schema
        if node.facts.named not in schema.classes or not schema.facts(node.facts.named).is_connection:
            return
        largest = self._page_limit(node.facts.coordinate)
        for name in _PAGE_SIZES:
            size = node.arguments.get(name)
            if isinstance(size, int) and (size < 0 or (largest is not None and size > largest)):
                bound = f"0 to {largest}" if largest is not None else "at least 0"
                raise ConfigurationError(f"{node.facts.python_name}: {name} is {bound}, not {size}", setting=name)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def operation_name(selections: Sequence[Field[Any, Any]], given: str | None) -> str:
    """The name to send: the caller's, or one made from the fields at the top (``Card``, ``CardAndPipe``)."""
    if given is None:
        names = list(dict.fromkeys(field._facts.name for field in selections))
        words = ["".join(part[:1].upper() + part[1:] for part in name.split("_")) for name in names]
        return "And".join(words[:3]) + (f"And{len(words) - 3}More" if len(words) > 3 else "")
    if not _OPERATION_NAME.match(given):
        raise ConfigurationError(
            f"{given!r} is no operation name; use letters, digits and underscores", setting="operation_name"
        )
    return given


def _kind_of(field: Field[Any, Any]) -> str | None:
    """The client's method that takes a field of a root type."""
    owner = field._facts.owner
    kind = next((kind for kind, root in owner.schema.roots.items() if root == owner.class_name), None)
    return {"mutation": "mutate"}.get(str(kind), kind)


def write(
    kind: Kind,
    selections: Sequence[Selection[Any, object]],
    name: str | None,
    *,
    page_limit: Callable[[str], int | None],
    deepest: int | None,
) -> Written:
    """The operation that selects ``selections`` of a root type.

    Raises `ConfigurationError` for what cannot be one request, TypeError for what is no selection at all.
    """
    if not selections:
        raise ConfigurationError(f"{kind}() takes at least one field to select", setting="selections")
    for field in selections:
        if not isinstance(field, Field):
            raise TypeError(f"{kind}() takes fields to select, not {type(field).__name__}")
    owner = selections[0]._facts.owner
    root = owner.schema.roots.get(kind)
    for field in selections if root is not None else ():
        if field._facts.owner.class_name != root:
            advice = f"; {other}() takes it" if (other := _kind_of(field)) is not None else ""
            raise ConfigurationError(
                f"{field._facts.python_name} is no field of {root}, which {kind} takes{advice}",
                setting=field._facts.python_name,
            )
    chosen = operation_name(selections, name)
    writer = Writer(page_limit, deepest)
    document, shape = writer.document(kind, chosen, Level(owner, selections))
    return Written(chosen, document, writer.variables, shape, writer.names)


__all__ = ["Kind", "Level", "Node", "Writer", "Written", "operation_name", "write"]
