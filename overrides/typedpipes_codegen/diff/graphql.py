"""Comparing two GraphQL schemas for a client.

Every change that graphql-core's own change finder reports is found here too, in its words (a test holds them equal),
but rated for direction, which it does not know: an optional argument or input field more is safe, an enum value more is
dangerous only where the enum is read, one less breaks only where it is sent. Found besides: whatever is new, types that
narrow or widen safely, default values of input fields, first defaults of arguments, deprecation, ``@oneOf``,
``@secret``, scalars' specifications, root types, directives' growth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias, TypeVar

from graphql import (
    GraphQLArgument,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    Undefined,
    ast_from_value,
    is_introspection_type,
    is_required_argument,
    is_required_input_field,
    is_specified_directive,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities.sort_value_node import sort_value_node

from typedpipes_codegen.diff.change import Change
from typedpipes_codegen.diff.graphql_sites import GraphqlFindings
from typedpipes_codegen.diff.saved_operations import SavedOperations

_Deprecable: TypeAlias = GraphQLField | GraphQLArgument | GraphQLInputField | GraphQLEnumValue
_Composite: TypeAlias = GraphQLObjectType | GraphQLInterfaceType
_T = TypeVar("_T")
_N = TypeVar("_N", bound=GraphQLNamedType)
_TYPE_KINDS: Final[dict[type[GraphQLNamedType], str]] = {
    GraphQLScalarType: "a Scalar type",
    GraphQLObjectType: "an Object type",
    GraphQLInterfaceType: "an Interface type",
    GraphQLUnionType: "a Union type",
    GraphQLEnumType: "an Enum type",
    GraphQLInputObjectType: "an Input type",
}


def graphql_changes(old: GraphQLSchema, new: GraphQLSchema, saved: SavedOperations | None = None) -> list[Change]:
    """Every change between two schemas; with ``saved``, who uses it, and which documents no longer fit."""
    findings = GraphqlFindings(old, new, {} if saved is None else saved.users(old))
    _roots(findings)
    for name, before, after in _pairs(old.type_map, new.type_map):
        if after is None:
            # A built-in scalar that nothing uses any more is no part of the interface.
            if before is not None and not is_specified_scalar_type(before):
                findings.add("type-removed", f"{name} was removed", name)
        elif is_introspection_type(after) or is_specified_scalar_type(after):
            continue
        elif before is None:
            findings.add("type-added", f"the type `{name}` is new", name)
        elif type(before) is not type(after):
            told = f"{name} changed from {_TYPE_KINDS[type(before)]} to {_TYPE_KINDS[type(after)]}"
            findings.add("type-kind-changed", told, name)
        else:
            _type(before, after, findings)
    directives = ({one.name: one for one in schema.directives} for schema in (old, new))
    for name, was, now in _pairs(*directives):
        _directive(name, was, now, findings)
    if saved is not None:
        findings.changes += saved.faults(old, new)
    return findings.changes


def _pairs(old: Mapping[str, _T], new: Mapping[str, _T]) -> list[tuple[str, _T | None, _T | None]]:
    """What both have under each name."""
    return [(name, old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())]


def _roots(findings: GraphqlFindings) -> None:
    for word in ("query", "mutation", "subscription"):
        before = getattr(findings.old, f"{word}_type")
        after = getattr(findings.new, f"{word}_type")
        if before is not None and after is not None and before.name != after.name:
            told = f"the root of every {word} is `{after.name}` instead of `{before.name}`"
            findings.add("root-type-changed", told, before.name, direction="none")


def _type(before: GraphQLNamedType, after: GraphQLNamedType, findings: GraphqlFindings) -> None:
    """Two types of one name and kind."""
    name = before.name
    if isinstance(before, _Composite) and isinstance(after, _Composite):
        _interfaces(before, after, findings)
        for field, was, now in _pairs(before.fields, after.fields):
            if now is None:
                findings.add("field-removed", f"{name}.{field} was removed", name, field=field)
            elif was is None:
                findings.add("field-added", f"the field `{name}.{field}` is new", name, field=field)
            else:
                _field(name, field, was, now, findings)
    elif isinstance(before, GraphQLInputObjectType) and isinstance(after, GraphQLInputObjectType):
        _input(before, after, findings)
    elif isinstance(before, GraphQLEnumType) and isinstance(after, GraphQLEnumType):
        _enum(before, after, findings)
    elif isinstance(before, GraphQLUnionType) and isinstance(after, GraphQLUnionType):
        for member, was, now in _pairs(_by_name(before.types), _by_name(after.types)):
            if now is None:
                told = f"{member} was removed from union type {name}"
                findings.add("union-member-removed", told, name, value=member)
            elif was is None:
                findings.add("union-member-added", f"{member} was added to union type {name}", name, value=member)
    elif isinstance(before, GraphQLScalarType) and isinstance(after, GraphQLScalarType):
        if before.specified_by_url != after.specified_by_url:
            told = f"`{name}` is specified by {after.specified_by_url} instead of {before.specified_by_url}"
            findings.add("scalar-specification-changed", told, name)


def _interfaces(before: _Composite, after: _Composite, findings: GraphqlFindings) -> None:
    name = before.name
    for interface, was, now in _pairs(_by_name(before.interfaces), _by_name(after.interfaces)):
        if now is None:
            told = f"{name} no longer implements interface {interface}"
            findings.add("interface-removed", told, name, value=interface)
        elif was is None:
            told = f"{interface} added to interfaces implemented by {name}"
            findings.add("interface-added", told, name, value=interface)


def _enum(before: GraphQLEnumType, after: GraphQLEnumType, findings: GraphqlFindings) -> None:
    name = before.name
    for value, was, now in _pairs(before.values, after.values):
        if now is None:
            kind = f"{'input' if name in findings.usage.sent else 'output'}-enum-value-removed"
            findings.add(kind, f"{value} was removed from enum type {name}", name, value=value)
        elif was is None:
            kind = f"{'output' if name in findings.usage.read else 'input'}-enum-value-added"
            findings.add(kind, f"{value} was added to enum type {name}", name, value=value)
        else:
            _deprecation("enum-value", was, now, f"{name}.{value}", findings, name, value=value)


def _field(owner: str, name: str, was: GraphQLField, now: GraphQLField, findings: GraphqlFindings) -> None:
    title = f"{owner}.{name}"
    if not _is_part(now.type, was.type):
        told = f"{title} changed type from {was.type} to {now.type}"
        findings.add("field-type-changed", told, owner, field=name)
    elif str(was.type) != str(now.type):
        findings.add("field-type-narrowed", f"`{title}` is {now.type} instead of {was.type}", owner, field=name)
    _deprecation("field", was, now, title, findings, owner, field=name)
    _secrecy(was, now, title, findings, owner, name)
    for argument, known, given in _pairs(was.args, now.args):
        if given is None:
            told = f"{title} arg {argument} was removed"
            findings.add("argument-removed", told, owner, field=name, argument=argument)
        elif known is None:
            kind, word = ("required", "a required") if is_required_argument(given) else ("optional", "an optional")
            told = f"{word} arg {argument} on {title} was added"
            findings.add(f"{kind}-argument-added", told, owner, field=name, argument=argument)
        else:
            _argument(owner, name, argument, known, given, findings)


def _argument(
    owner: str, field: str, name: str, was: GraphQLArgument, now: GraphQLArgument, findings: GraphqlFindings
) -> None:
    title = f"{owner}.{field}({name}:)"
    fits = _is_part(was.type, now.type)
    if not fits:
        told = f"{owner}.{field} arg {name} has changed type from {was.type} to {now.type}"
        findings.add("argument-type-changed", told, owner, field=field, argument=name)
    elif str(was.type) != str(now.type):
        told = f"the argument `{title}` is {now.type} instead of {was.type}"
        findings.add("argument-type-widened", told, owner, field=field, argument=name)
    before, after = _default(was), _default(now)
    if was.default_value is Undefined and now.default_value is not Undefined:
        told = f"the argument `{title}` has the new default {after}"
        findings.add("argument-default-changed", told, owner, field=field, argument=name)
    elif before != after and fits:
        how = f"has changed defaultValue from {before} to {after}"
        told = f"{owner}.{field} arg {name} {'defaultValue was removed' if now.default_value is Undefined else how}"
        findings.add("argument-default-changed", told, owner, field=field, argument=name)
    _deprecation("argument", was, now, title, findings, owner, field=field, argument=name)


def _input(before: GraphQLInputObjectType, after: GraphQLInputObjectType, findings: GraphqlFindings) -> None:
    owner = before.name
    written = before.ast_node is not None and after.ast_node is not None
    if written and _one_of(before) != _one_of(after):
        kind = "input-one-of-introduced" if _one_of(after) else "input-one-of-dropped"
        told = f"`{owner}` takes {'exactly one of its fields' if _one_of(after) else 'any of its fields together'}"
        findings.add(kind, told, owner)
    for name, was, now in _pairs(before.fields, after.fields):
        title = f"{owner}.{name}"
        if now is None:
            findings.add("input-field-removed", f"{title} was removed", owner, field=name)
        elif was is None:
            kind, word = ("required", "a required") if is_required_input_field(now) else ("optional", "an optional")
            told = f"{word} field {name} on input type {owner} was added"
            findings.add(f"{kind}-input-field-added", told, owner, field=name)
        else:
            if not _is_part(was.type, now.type):
                told = f"{title} changed type from {was.type} to {now.type}"
                findings.add("input-field-type-changed", told, owner, field=name)
            elif str(was.type) != str(now.type):
                told = f"the input field `{title}` is {now.type} instead of {was.type}"
                findings.add("input-field-type-widened", told, owner, field=name)
            if _default(was) != _default(now):
                told = f"the default of `{title}` is {_default(now)} instead of {_default(was)}"
                findings.add("input-field-default-changed", told, owner, field=name)
            _deprecation("input-field", was, now, title, findings, owner, field=name)
            _secrecy(was, now, title, findings, owner, name)


def _is_part(part: GraphQLType, whole: GraphQLType) -> bool:
    """Whether every value of ``part`` is one of ``whole``: the same types, and null only where that has it."""
    if isinstance(part, GraphQLNonNull):
        return _is_part(part.of_type, whole.of_type if isinstance(whole, GraphQLNonNull) else whole)
    if isinstance(part, GraphQLList) and isinstance(whole, GraphQLList):
        return _is_part(part.of_type, whole.of_type)
    return str(part) == str(whole)


def _deprecation(
    what: str,
    was: _Deprecable,
    now: _Deprecable,
    title: str,
    findings: GraphqlFindings,
    owner: str,
    *,
    field: str | None = None,
    argument: str | None = None,
    value: str | None = None,
) -> None:
    before, after = was.deprecation_reason is not None, now.deprecation_reason is not None
    if before != after:
        kind = f"{what}-{'deprecated' if after else 'undeprecated'}"
        told = f"`{title}` is {'now' if after else 'no longer'} deprecated"
        findings.add(kind, told, owner, field=field, argument=argument, value=value)


def _secrecy(
    was: GraphQLField | GraphQLInputField,
    now: GraphQLField | GraphQLInputField,
    title: str,
    findings: GraphqlFindings,
    owner: str,
    name: str,
) -> None:
    """``@secret`` is ours: it is compared when both schemas declare it, and were not answered by a server."""
    written = was.ast_node is not None and now.ast_node is not None
    if written and all(schema.get_directive("secret") is not None for schema in (findings.old, findings.new)):
        before, after = _secret(was), _secret(now)
        if before != after:
            told = f"`{title}` is {'now' if after else 'no longer'} treated as a secret"
            findings.add("field-secrecy-changed", told, owner, field=name)


def _secret(field: GraphQLField | GraphQLInputField) -> bool:
    node = field.ast_node
    return node is not None and any(directive.name.value == "secret" for directive in node.directives)


def _one_of(type_: GraphQLInputObjectType) -> bool:
    node = type_.ast_node
    return node is not None and any(directive.name.value == "oneOf" for directive in node.directives)


def _default(field: GraphQLInputField | GraphQLArgument) -> str:
    if field.default_value is Undefined:
        return "none"
    node = ast_from_value(field.default_value, field.type)
    return "none" if node is None else print_ast(sort_value_node(node))


def _by_name(types: tuple[_N, ...]) -> dict[str, _N]:
    return {one.name: one for one in types}


def _directive(
    name: str, was: GraphQLDirective | None, now: GraphQLDirective | None, findings: GraphqlFindings
) -> None:
    place = f"@{name}"
    if now is None:
        findings.add("directive-removed", f"{place}: {name} was removed", None, place=place)
        return
    grows = not is_specified_directive(now)  # what a server's own directives gain comes with its version
    if was is None:
        if grows:
            findings.add("directive-added", f"the directive {place} is new", None, place=place)
        return
    for argument, known, given in _pairs(was.args, now.args):
        kind = told = ""
        if given is None:
            kind, told = "directive-argument-removed", f"{place}: {argument} was removed from {name}"
        elif known is None and is_required_argument(given):
            kind = "required-directive-argument-added"
            told = f"{place}: a required arg {argument} on directive {name} was added"
        elif known is None and grows:
            kind = "optional-directive-argument-added"
            told = f"the directive {place} takes the optional argument `{argument}`"
        if kind:
            findings.add(kind, told, None, argument=argument, place=f"{place}({argument}:)")
    before, after = ({one.name for one in directive.locations} for directive in (was, now))
    for location in sorted(before - after):
        told = f"{place}: {location} was removed from {name}"
        findings.add("directive-location-removed", told, None, value=location, place=place)
    for location in sorted(after - before) if grows else ():
        told = f"the directive {place} is allowed on {location}"
        findings.add("directive-location-added", told, None, value=location, place=place)
    if was.is_repeatable and not now.is_repeatable:
        told = f"{place}: Repeatable flag was removed from {name}"
        findings.add("directive-repeatable-removed", told, None, place=place)
    elif now.is_repeatable and not was.is_repeatable and grows:
        findings.add("directive-repeatable-added", f"{place} may be repeated", None, place=place)
