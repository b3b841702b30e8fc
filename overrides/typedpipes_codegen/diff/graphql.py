"""Comparing two GraphQL schemas for a client.

graphql-core's own change finder says what breaks and what is dangerous; its texts are read back into coordinates, and
its ratings corrected for direction, which it does not know: an optional argument or input field more is safe, an enum
value more is dangerous only where the enum is read, one less breaks only where it is sent. What the finder does not
look for is found here: whatever is new, types that narrow or widen safely, default values of input fields, first
defaults of arguments, deprecation, ``@oneOf``, ``@secret``, scalars' specifications, root types, directives' growth.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from graphql import (
    BreakingChangeType,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    ast_from_value,
    find_breaking_changes,
    find_dangerous_changes,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
    print_ast,
)

from typedpipes_codegen.diff.change import Change
from typedpipes_codegen.diff.graphql_sites import GraphqlFindings
from typedpipes_codegen.diff.saved_operations import SavedOperations

_Deprecable: TypeAlias = GraphQLField | GraphQLArgument | GraphQLInputField | GraphQLEnumValue
_NAME: Final = r"[_A-Za-z]\w*"
_PATTERNS: Final = {
    # By type of the finder's change: how it says where. Checked against every type by the tests.
    "TYPE_REMOVED": rf"(?P<owner>{_NAME}) was removed\.",
    "TYPE_CHANGED_KIND": rf"(?P<owner>{_NAME}) changed from .*",
    "TYPE_REMOVED_FROM_UNION": rf"(?P<member>{_NAME}) was removed from union type (?P<owner>{_NAME})\.",
    "VALUE_REMOVED_FROM_ENUM": rf"(?P<value>{_NAME}) was removed from enum type (?P<owner>{_NAME})\.",
    "REQUIRED_INPUT_FIELD_ADDED": rf"A required field (?P<field>{_NAME}) on input type (?P<owner>{_NAME}) was added\.",
    "IMPLEMENTED_INTERFACE_REMOVED": rf"(?P<owner>{_NAME}) no longer implements interface (?P<member>{_NAME})\.",
    "FIELD_REMOVED": rf"(?P<owner>{_NAME})\.(?P<field>{_NAME}) was removed\.",
    "FIELD_CHANGED_KIND": rf"(?P<owner>{_NAME})\.(?P<field>{_NAME}) changed type from (?P<was>.*) to (?P<now>.*)\.",
    "REQUIRED_ARG_ADDED": rf"A required arg (?P<argument>{_NAME}) on (?P<owner>{_NAME})\."
    rf"(?P<field>{_NAME}) was added\.",
    "ARG_REMOVED": rf"(?P<owner>{_NAME})\.(?P<field>{_NAME}) arg (?P<argument>{_NAME}) was removed\.",
    "ARG_CHANGED_KIND": rf"(?P<owner>{_NAME})\.(?P<field>{_NAME}) arg (?P<argument>{_NAME}) has changed type from "
    r"(?P<was>.*) to (?P<now>.*)\.",
    "DIRECTIVE_REMOVED": rf"(?P<directive>{_NAME}) was removed\.",
    "DIRECTIVE_ARG_REMOVED": rf"(?P<argument>{_NAME}) was removed from (?P<directive>{_NAME})\.",
    "REQUIRED_DIRECTIVE_ARG_ADDED": rf"A required arg (?P<argument>{_NAME}) on directive "
    rf"(?P<directive>{_NAME}) was added\.",
    "DIRECTIVE_REPEATABLE_REMOVED": rf"Repeatable flag was removed from (?P<directive>{_NAME})\.",
    "DIRECTIVE_LOCATION_REMOVED": rf"(?P<member>{_NAME}) was removed from (?P<directive>{_NAME})\.",
    "VALUE_ADDED_TO_ENUM": rf"(?P<value>{_NAME}) was added to enum type (?P<owner>{_NAME})\.",
    "TYPE_ADDED_TO_UNION": rf"(?P<member>{_NAME}) was added to union type (?P<owner>{_NAME})\.",
    "OPTIONAL_INPUT_FIELD_ADDED": rf"An optional field (?P<field>{_NAME}) on input type (?P<owner>{_NAME}) was added\.",
    "OPTIONAL_ARG_ADDED": rf"An optional arg (?P<argument>{_NAME}) on (?P<owner>{_NAME})\."
    rf"(?P<field>{_NAME}) was added\.",
    "IMPLEMENTED_INTERFACE_ADDED": rf"(?P<member>{_NAME}) added to interfaces implemented by (?P<owner>{_NAME})\.",
    "ARG_DEFAULT_VALUE_CHANGE": rf"(?P<owner>{_NAME})\.(?P<field>{_NAME}) arg (?P<argument>{_NAME}) "
    r"(defaultValue was removed|has changed defaultValue)(?P<now>(?s:.*))\.",
}
_KINDS: Final = {
    "TYPE_REMOVED": "type-removed",
    "TYPE_CHANGED_KIND": "type-kind-changed",
    "TYPE_REMOVED_FROM_UNION": "union-member-removed",
    "REQUIRED_INPUT_FIELD_ADDED": "required-input-field-added",
    "IMPLEMENTED_INTERFACE_REMOVED": "interface-removed",
    "REQUIRED_ARG_ADDED": "required-argument-added",
    "ARG_REMOVED": "argument-removed",
    "ARG_CHANGED_KIND": "argument-type-changed",
    "DIRECTIVE_REMOVED": "directive-removed",
    "DIRECTIVE_ARG_REMOVED": "directive-argument-removed",
    "REQUIRED_DIRECTIVE_ARG_ADDED": "required-directive-argument-added",
    "DIRECTIVE_REPEATABLE_REMOVED": "directive-repeatable-removed",
    "DIRECTIVE_LOCATION_REMOVED": "directive-location-removed",
    "TYPE_ADDED_TO_UNION": "union-member-added",
    "OPTIONAL_INPUT_FIELD_ADDED": "optional-input-field-added",
    "OPTIONAL_ARG_ADDED": "optional-argument-added",
    "IMPLEMENTED_INTERFACE_ADDED": "interface-added",
    "ARG_DEFAULT_VALUE_CHANGE": "argument-default-changed",
}


def graphql_changes(old: GraphQLSchema, new: GraphQLSchema, saved: SavedOperations | None = None) -> list[Change]:
    """Every change between two schemas; with ``saved``, who uses it, and which documents no longer fit."""
    findings = GraphqlFindings(old, new, {} if saved is None else saved.users(old))
    for breaking in find_breaking_changes(old, new):
        _found(breaking.type.name, breaking.description, findings)
    for dangerous in find_dangerous_changes(old, new):
        _found(dangerous.type.name, dangerous.description, findings)
    _roots(findings)
    for name in sorted(old.type_map.keys() | new.type_map.keys()):
        before, after = old.type_map.get(name), new.type_map.get(name)
        if after is not None and not is_introspection_type(after) and not is_specified_scalar_type(after):
            if before is None:
                findings.add("type-added", f"the type `{name}` is new", name)
            else:
                _type(before, after, findings)
    _directives(findings)
    if saved is not None:
        findings.changes += saved.faults(old, new)
    return findings.changes


def _found(type_: str, text: str, findings: GraphqlFindings) -> None:
    """Record what the change finder found."""
    if text.startswith("Standard scalar"):
        return
    match = re.fullmatch(_PATTERNS.get(type_, r"(?!)"), text)
    if match is None:
        kind = "unplaced-breaking" if type_ in BreakingChangeType.__members__ else "unplaced-dangerous"
        findings.add(kind, text.rstrip("."), None, place=text)
        return
    found = {key: value for key, value in match.groupdict().items() if value is not None}
    owner, field, argument = found.get("owner"), found.get("field"), found.get("argument")
    directive, member = found.get("directive"), found.get("member")
    what = text[:1].lower() + text[1:].rstrip(".") if text.startswith(("A ", "An ")) else text.rstrip(".")
    if directive is not None:
        place = f"@{directive}" + (f"({argument}:)" if argument else "")
        findings.add(_KINDS[type_], f"@{directive}: {what}", None, argument=argument, value=member, place=place)
        return
    assert owner is not None
    kind = _KINDS.get(type_, "")
    if type_ in ("FIELD_REMOVED", "FIELD_CHANGED_KIND"):
        start = "input-field" if isinstance(findings.type(owner), GraphQLInputObjectType) else "field"
        kind = f"{start}-{'removed' if type_ == 'FIELD_REMOVED' else 'type-changed'}"
    elif type_ == "VALUE_REMOVED_FROM_ENUM":
        kind = f"{'input' if owner in findings.usage.sent else 'output'}-enum-value-removed"
    elif type_ == "VALUE_ADDED_TO_ENUM":
        kind = f"{'output' if owner in findings.usage.read else 'input'}-enum-value-added"
    findings.add(kind, what, owner, field=field, argument=argument, value=found.get("value") or member)


def _roots(findings: GraphqlFindings) -> None:
    for word in ("query", "mutation", "subscription"):
        before = getattr(findings.old, f"{word}_type")
        after = getattr(findings.new, f"{word}_type")
        if before is not None and after is not None and before.name != after.name:
            told = f"the root of every {word} is `{after.name}` instead of `{before.name}`"
            findings.add("root-type-changed", told, before.name, direction="none")


def _type(before: GraphQLNamedType, after: GraphQLNamedType, findings: GraphqlFindings) -> None:
    name = before.name
    if isinstance(before, GraphQLObjectType | GraphQLInterfaceType) and type(before) is type(after):
        assert isinstance(after, GraphQLObjectType | GraphQLInterfaceType)
        for field, now in after.fields.items():
            was = before.fields.get(field)
            if was is None:
                findings.add("field-added", f"the field `{name}.{field}` is new", name, field=field)
            else:
                _field(name, field, was, now, findings)
    elif isinstance(before, GraphQLInputObjectType) and isinstance(after, GraphQLInputObjectType):
        _input(before, after, findings)
    elif isinstance(before, GraphQLEnumType) and isinstance(after, GraphQLEnumType):
        for value, given in after.values.items():
            if value in before.values:
                _deprecation("enum-value", before.values[value], given, f"{name}.{value}", findings, name, value=value)
    elif isinstance(before, GraphQLScalarType) and isinstance(after, GraphQLScalarType):
        if before.specified_by_url != after.specified_by_url:
            told = f"`{name}` is specified by {after.specified_by_url} instead of {before.specified_by_url}"
            findings.add("scalar-specification-changed", told, name)


def _field(owner: str, name: str, was: GraphQLField, now: GraphQLField, findings: GraphqlFindings) -> None:
    title = f"{owner}.{name}"
    if str(was.type) != str(now.type) and not _told("field-type-changed", findings, owner, name, None):
        told = f"`{title}` is {now.type} instead of {was.type}"
        findings.add("field-type-narrowed", told, owner, field=name)
    _deprecation("field", was, now, title, findings, owner, field=name)
    _secrecy(was, now, title, findings, owner, name)
    for argument, given in now.args.items():
        known = was.args.get(argument)
        if known is None:
            continue
        if str(known.type) != str(given.type) and not _told("argument-type-changed", findings, owner, name, argument):
            told = f"the argument `{title}({argument}:)` is {given.type} instead of {known.type}"
            findings.add("argument-type-widened", told, owner, field=name, argument=argument)
        if known.default_value is Undefined and given.default_value is not Undefined:
            told = f"the argument `{title}({argument}:)` has the new default {_default(given)}"
            findings.add("argument-default-changed", told, owner, field=name, argument=argument)
        _deprecation("argument", known, given, f"{title}({argument}:)", findings, owner, field=name, argument=argument)


def _input(before: GraphQLInputObjectType, after: GraphQLInputObjectType, findings: GraphqlFindings) -> None:
    owner = before.name
    written = before.ast_node is not None and after.ast_node is not None
    if written and _one_of(before) != _one_of(after):
        kind = "input-one-of-introduced" if _one_of(after) else "input-one-of-dropped"
        told = f"`{owner}` takes {'exactly one of its fields' if _one_of(after) else 'any of its fields together'}"
        findings.add(kind, told, owner)
    for name, now in after.fields.items():
        was = before.fields.get(name)
        if was is None:
            continue
        title = f"{owner}.{name}"
        if str(was.type) != str(now.type) and not _told("input-field-type-changed", findings, owner, name, None):
            told = f"the input field `{title}` is {now.type} instead of {was.type}"
            findings.add("input-field-type-widened", told, owner, field=name)
        if _default(was) != _default(now):
            told = f"the default of `{title}` is {_default(now)} instead of {_default(was)}"
            findings.add("input-field-default-changed", told, owner, field=name)
        _deprecation("input-field", was, now, title, findings, owner, field=name)
        _secrecy(was, now, title, findings, owner, name)


def _told(kind: str, findings: GraphqlFindings, owner: str, field: str, argument: str | None) -> bool:
    """Whether the finder has said so already."""
    place = (kind, owner, field, argument)
    return any((one.kind, one.component, one.field, one.argument) == place for one in findings.changes)


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
    return "none" if node is None else print_ast(node)


def _directives(findings: GraphqlFindings) -> None:
    """What the finder does not say: it looks at what is lost only."""
    before = {one.name: one for one in findings.old.directives if not is_specified_directive(one)}
    after = {one.name: one for one in findings.new.directives if not is_specified_directive(one)}
    for name, now in sorted(after.items()):
        was = before.get(name)
        if was is None:
            findings.add("directive-added", f"the directive @{name} is new", None, place=f"@{name}")
            continue
        for argument in sorted(now.args.keys() - was.args.keys()):
            place = f"@{name}({argument}:)"
            if not any(one.place == place for one in findings.changes):
                told = f"the directive @{name} takes the optional argument `{argument}`"
                findings.add("optional-directive-argument-added", told, None, argument=argument, place=place)
        for location in sorted(one.name for one in set(now.locations) - set(was.locations)):
            told = f"the directive @{name} is allowed on {location}"
            findings.add("directive-location-added", told, None, value=location, place=f"@{name}")
        if now.is_repeatable and not was.is_repeatable:
            findings.add("directive-repeatable-added", f"@{name} may be repeated", None, place=f"@{name}")
