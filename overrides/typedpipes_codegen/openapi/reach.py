"""Which components requests carry and which answers do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from typedpipes_codegen.openapi import ir


def references(type_: ir.Type) -> Iterator[str]:
    """The keys a type names directly."""
    if isinstance(type_, ir.Ref):
        yield type_.key
    elif isinstance(type_, ir.Union):
        for option in type_.options:
            yield from references(option)
    elif isinstance(type_, ir.ListOf):
        yield from references(type_.item)
    elif isinstance(type_, ir.DictOf):
        yield from references(type_.value)


def component_references(component: ir.Component) -> Iterator[str]:
    if isinstance(component, ir.Model):
        for field in component.fields:
            yield from references(field.type)
    elif isinstance(component, ir.Alias):
        yield from references(component.type)


def closure(components: dict[str, ir.Component], start: Iterable[str]) -> set[str]:
    """Everything reachable from ``start``, itself included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += component_references(components[key])
    return found


def request_references(operation: ir.Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        yield from references(parameter.type)
    if operation.body is not None:
        yield from references(operation.body.type)


def reached(api: ir.Api) -> ir.Api:
    """Note on the API which components are reached from where."""
    request = [key for operation in api.operations for key in request_references(operation)]
    response = [key for operation in api.operations for key in references(operation.returns)]
    return attrs.evolve(
        api,
        request=frozenset(closure(api.components, request)),
        response=frozenset(closure(api.components, response)),
    )
