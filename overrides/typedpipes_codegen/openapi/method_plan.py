"""The signature of an operation: which arguments a method takes and what it makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import attrs

from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.layout import Layout
from typedpipes_codegen.openapi.naming import clear, numbered, snake
from typedpipes_codegen.openapi.type_text import TypeText

Source: TypeAlias = Literal["path", "query", "header", "cookie", "body"]

CALL_OPTIONS: Final = ("timeout", "deadline", "retries", "max_wait", "extra_headers", "idempotency_key")
OPTION_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "CallOptions": CALL_OPTIONS,
    "PipedreamOptions": (*CALL_OPTIONS, "org_id"),
    "ConnectOptions": (*CALL_OPTIONS, "project_id", "environment"),
    "PipedriveOptions": (*CALL_OPTIONS, "encoding"),
}
"""Keys of the option types in typedpipes._core.rest; a test keeps the two equal."""
PAGE_OPTIONS: Final = ("max_items", "page_size", "resume", "prefetch")
_SCOPE: Final = ("self", "body", "options", "request_body")


@attrs.frozen
class Argument:
    """One argument of a method."""

    name: str
    wire: str
    source: Source
    annotation: str
    required: bool
    description: str = ""

    @property
    def default(self) -> str:
        return "UNSET" if self.source == "body" else "None"

    def text(self, *, demanded: bool) -> str:
        """The argument in a signature; ``demanded`` False makes a required one optional (behind overloads)."""
        if self.required and demanded:
            return f"{self.name}: {self.annotation}"
        if self.required and self.source == "body":
            return f"{self.name}: {self.annotation} | Unset = UNSET"
        return f"{self.name}: {self.annotation} = {self.default}"


@attrs.frozen
class MethodPlan:
    """Everything needed to write one method in all its forms."""

    operation: ir.Operation
    path: tuple[Argument, ...]
    keywords: tuple[Argument, ...]
    """Query and header parameters."""
    fields: tuple[Argument, ...]
    """Fields of an object body."""
    body: str | None
    """Annotation of the body given as one value."""
    body_or_none: str | None
    """The same, when it may be left out."""
    body_demanded: bool
    selector: str | None
    client_parameters: tuple[tuple[str, str, str], ...]
    needs: tuple[str, ...] = ()
    """Those of them in the body that the schema requires."""

    @property
    def required_fields(self) -> tuple[str, ...]:
        return tuple(argument.wire for argument in self.fields if argument.required)

    @property
    def is_overloaded(self) -> bool:
        """Fields that must be given, unless the body is: two signatures."""
        return bool(self.fields) and bool(self.required_fields)


def plan_method(layout: Layout, types: TypeText, operation: ir.Operation, options_type: str) -> MethodPlan:
    """Name and type the arguments. Collisions: path first, then query, header and body with their place as suffix."""
    names = _Names(operation, options_type)
    path: list[Argument] = []
    keywords: list[Argument] = []
    filled: list[tuple[str, str, str]] = []
    for parameter in operation.parameters:
        if parameter.client_default is not None:
            filled.append((parameter.client_default, parameter.location, parameter.wire))
            continue
        argument = Argument(
            name=names.give(parameter.wire, parameter.location),
            wire=parameter.wire,
            source=parameter.location,
            annotation=types.text(parameter.type, "request")
            if parameter.required
            else types.optional(parameter.type, "request"),
            required=parameter.required,
            description=parameter.description,
        )
        (path if parameter.location == "path" else keywords).append(argument)
    model = _body_model(layout, operation)
    fields: list[Argument] = []
    needs: list[str] = []
    for field in [field for field in model.fields if field.is_in("request")] if model is not None else ():
        if field.client_default is not None:
            filled.append((field.client_default, "body", field.wire))
            if field.required:
                needs.append(field.wire)
            continue
        text = types.text(field.type, "request")
        fields.append(
            Argument(
                name=names.give(field.name, "body"),
                wire=field.wire,
                source="body",
                annotation=text if field.required else f"{text} | Unset",
                required=field.required,
                description=field.description,
            )
        )
    ours = model is not None and bool(model.fields) and not fields  # the client fills all of it
    body = None if ours else operation.body
    return MethodPlan(
        operation=operation,
        path=tuple(path),
        keywords=tuple(keywords),
        fields=tuple(fields),
        body=None if body is None else types.text(body.type, "request"),
        body_or_none=None if body is None else types.optional(body.type, "request"),
        body_demanded=body is not None and body.required,
        selector=_selector(layout, operation),
        client_parameters=tuple(filled),
        needs=tuple(needs),
    )


def _body_model(layout: Layout, operation: ir.Operation) -> ir.Model | None:
    if operation.body is None:
        return None
    plain = ir.without_none(operation.body.type)
    component = layout.api.components.get(plain.key) if isinstance(plain, ir.Ref) else None
    return component if isinstance(component, ir.Model) else None


def _selector(layout: Layout, operation: ir.Operation) -> str | None:
    if not operation.selector:
        return None
    key = layout.selected_model(operation)
    name = None if key is None else layout.selector(key)
    return f"Sequence[{name} | CustomField]" if name is not None else "Sequence[str]"


class _Names:
    def __init__(self, operation: ir.Operation, options_type: str) -> None:
        self._reserved = frozenset(_reserved(operation, options_type))
        self._taken: set[str] = set()

    def give(self, wire: str, source: Source) -> str:
        name = clear(snake(wire), self._reserved)
        if name in self._taken and source != "path":
            name = f"{name.rstrip('_')}_{source}"
        name = numbered(name, self._taken)
        self._taken.add(name)
        return name


def _reserved(operation: ir.Operation, options_type: str) -> Iterable[str]:
    yield from _SCOPE
    yield from OPTION_NAMES.get(options_type, CALL_OPTIONS)
    if operation.paging is not None:
        yield from PAGE_OPTIONS
    if operation.selector:
        yield "fields"
