"""Taking out of saved documents what a schema no longer has, and adding what it has come to require.

Works on the text, so that comments and layout stay. One round finds every fault of one validation and removes the
smallest thing around each; rounds repeat until nothing is found, because an emptied selection is the next fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs
from graphql import (
    GraphQLError,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    is_required_argument,
    validate,
    visit,
)
from graphql.language import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
)

from typedpipes_codegen.graphql.sdl import DOCUMENT, parse_graphql, read_text

ROUNDS: Final = 40
"""More than any selection is deep: each round may empty one level."""


@attrs.frozen(order=True)
class Cut:
    """A piece of a text to be replaced."""

    start: int
    end: int
    by: str = ""

    @classmethod
    def of(cls, node: Node) -> Cut:
        """All of a node."""
        assert node.loc is not None
        return cls(node.loc.start, node.loc.end)


def cut_out(text: str, cuts: Sequence[Cut]) -> str:
    """``text`` with the pieces replaced; a line that nothing is left of goes too."""
    taken: list[Cut] = []
    for cut in sorted(set(cuts), key=lambda each: (each.start, -each.end)):
        if not taken or cut.start >= taken[-1].end:  # what lies inside another piece goes with it
            taken.append(cut)
    for cut in reversed(taken):
        start, end = cut.start, cut.end
        if not cut.by:
            line = text.rfind("\n", 0, start) + 1
            rest = text.find("\n", end)
            rest = len(text) if rest < 0 else rest
            if not text[line:start].strip() and not text[end:rest].strip(" \t,"):
                start, end = line, min(rest + 1, len(text))
            elif text[end : end + 2] == ", ":
                end += 2
            elif text[max(0, start - 2) : start] == ", ":
                start -= 2
        text = text[:start] + cut.by + text[end:]
    text = re.sub(r"(?m)^(?!\s*#)([^\n]*?)\(\s*\)", r"\1", text)  # a list of arguments that lost its last one
    return re.sub(r"\n{3,}", "\n\n", text).lstrip("\n")


def mend(schema: GraphQLSchema, directory: Path) -> list[str]:
    """Mend the documents under ``directory`` in place as far as can be done; returns one line per mend."""
    told: list[str] = []
    for _ in range(ROUNDS):
        texts = {path: read_text(path, "document") for path in sorted(directory.rglob("*.graphql"))}
        parsed = {path: parse_graphql(text, path, DOCUMENT) for path, text in texts.items()}
        merged = DocumentNode(definitions=tuple(node for each in parsed.values() for node in each.definitions))
        found = list(_mends(schema, merged))
        if not found:
            break
        for path, text in texts.items():
            here = [(node, cut, what) for node, cut, what in found if _source(node) == str(path)]
            if not here:
                continue
            place = path.relative_to(directory).as_posix()
            told += [f"{place}:{_line(node)}: {what}" for node, _, what in here if what]
            mended = cut_out(text, [cut for _, cut, _ in here])
            if _has_definitions(mended):
                path.write_text(mended, encoding="utf-8")
            else:
                path.unlink()
    return list(dict.fromkeys(told))


Mend = tuple[Node, Cut, str]


def _mends(schema: GraphQLSchema, document: DocumentNode) -> Iterator[Mend]:
    yield from _required(schema, document)
    parents = _parents(document)
    for error in validate(schema, document, max_errors=10_000):
        retyped = re.match(r"Variable '\$\w+' of type '.+' used in position expecting type '(.+)'\.", error.message)
        if retyped is not None and error.nodes and isinstance(error.nodes[0], VariableDefinitionNode):
            kind = Cut.of(error.nodes[0].type)
            yield error.nodes[0], Cut(kind.start, kind.end, retyped[1]), error.message.rstrip(".")
            continue
        node = _culprit(error, parents)
        if node is not None:
            yield from _removal(node, parents, document, error.message)


def _culprit(error: GraphQLError, parents: dict[int, Node]) -> Node | None:
    """The node to take out, for the faults that removing cures."""
    node = error.nodes[0] if error.nodes else None
    message = error.message
    if node is None:
        return None
    if message.startswith(("Cannot query field", "Unknown argument", "Unknown fragment")):
        return node
    if message.startswith(("Unknown type", "Fragment")) and not message.endswith("is never used."):
        while node is not None and not isinstance(
            node, (FragmentDefinitionNode, InlineFragmentNode, FragmentSpreadNode, VariableDefinitionNode)
        ):
            node = parents.get(id(node))
        return node
    if re.match(r"Variable '\$\w+' is never used", message):
        return node
    if re.match(r"Field '\w+' (of type .* must have a selection of subfields|must not have a selection)", message):
        return node
    return None


def _removal(node: Node, parents: dict[int, Node], document: DocumentNode, message: str) -> Iterator[Mend]:
    """Take ``node`` out, and the selection around it if nothing else is in that."""
    told = message.partition(". Did you mean")[0].rstrip(".").rstrip("?")
    if isinstance(node, VariableDefinitionNode):
        yield node, Cut.of(node), told
        for user in _arguments_with(node, parents, document):
            yield user, Cut.of(user), ""
        return
    if isinstance(node, (FragmentDefinitionNode, SelectionSetNode)):
        yield node, Cut.of(node), told
        return
    top = node
    while not isinstance(top, ArgumentNode):
        selections = parents.get(id(top))  # the selection set
        owner = parents.get(id(selections)) if selections is not None else None
        if selections is None or owner is None or len(getattr(selections, "selections", ())) > 1:
            break
        top = owner
        if isinstance(owner, (FragmentDefinitionNode, OperationDefinitionNode)):
            break
    yield top, Cut.of(top), told


def _arguments_with(
    definition: VariableDefinitionNode, parents: dict[int, Node], document: DocumentNode
) -> Iterator[Node]:
    """The arguments of the operation that pass a variable on."""
    operation = parents[id(definition)]
    wanted = definition.variable.name.value
    found: list[Node] = []

    class Finder(Visitor):
        def enter_argument(self, node: ArgumentNode, *_: object) -> None:
            if isinstance(node.value, VariableNode) and node.value.name.value == wanted:
                found.append(node)

    visit(operation, Finder())
    yield from found


def _required(schema: GraphQLSchema, document: DocumentNode) -> Iterator[Mend]:
    """A root field that has come to require an argument gets it, from a variable of the same name."""
    info = TypeInfo(schema)
    found: list[Mend] = []

    class Finder(Visitor):
        operation: OperationDefinitionNode | None = None

        def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
            self.operation = node

        def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: object) -> None:
            self.operation = None

        def enter_field(self, node: FieldNode, *_: object) -> None:
            definition = info.get_field_def()
            if self.operation is None or definition is None:
                return
            given = {each.name.value for each in node.arguments}
            missing = {
                name: argument
                for name, argument in definition.args.items()
                if is_required_argument(argument) and name not in given
            }
            for name, argument in missing.items():
                found.extend(_add_argument(self.operation, node, name, str(argument.type)))

    visit(document, TypeInfoVisitor(info, Finder()))
    # One at a time in each operation: two insertions at one place would not know of each other.
    seen: set[int] = set()
    for node, cut, what in found:
        if cut.start not in seen:
            seen.add(cut.start)
            yield node, cut, what


def _add_argument(operation: OperationDefinitionNode, field: FieldNode, name: str, kind: str) -> Iterator[Mend]:
    assert field.name.loc is not None
    assert operation.loc is not None
    variables = {each.variable.name.value for each in operation.variable_definitions}
    if name not in variables:
        if operation.variable_definitions:
            last = operation.variable_definitions[-1].loc
            assert last is not None
            yield operation, Cut(last.end, last.end, f", ${name}: {kind}"), ""
        elif operation.name is not None and operation.name.loc is not None:
            end = operation.name.loc.end
            yield operation, Cut(end, end, f"(${name}: {kind})"), ""
        else:
            return
    told = f"Argument '{name}' of type '{kind}' is required now and was added"
    if field.arguments:
        at = field.arguments[-1].loc
        assert at is not None
        body = at.source.body
        indent = body[body.rfind("\n", 0, at.start) + 1 : at.start]
        gap = ", " if indent.strip() or not indent else f"\n{indent}"  # one argument a line, or all in one
        yield field, Cut(at.end, at.end, f"{gap}{name}: ${name}"), told
    else:
        end = field.name.loc.end
        yield field, Cut(end, end, f"({name}: ${name})"), told


def _parents(document: DocumentNode) -> dict[int, Node]:
    parents: dict[int, Node] = {}
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        for key in node.keys:
            value = getattr(node, key, None)
            for each in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(each, Node):
                    parents[id(each)] = node
                    waiting.append(each)
    return parents


def _source(node: Node) -> str:
    return node.loc.source.name if node.loc else ""


def _line(node: Node) -> int:
    return node.loc.start_token.line if node.loc else 0


def _has_definitions(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())
