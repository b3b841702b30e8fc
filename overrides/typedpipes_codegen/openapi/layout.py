"""Where each thing goes and what it is called: modules, request and response variants, derived names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

import attrs

from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.naming import numbered, pascal

Mode: TypeAlias = Literal["request", "response"]

SHARED: Final = "_shared"
LOOSE: Final = "_components"

SEAM: Final = frozenset(
    "JSON UNSET ApiResponse Arguments AsyncCaller AsyncPages AsyncResource CallOptions Caller ConnectOptions "
    "ConnectTokenLinks CustomField FileContent Model OffsetPageOptions OpenEnum OpenModel Operation PageOptions "
    "PagedOperation Pages Paging PipedreamOptions PipedriveOptions RawAsyncResource RawResource Resource Unset "
    "async_raw_method deprecated member raw_caller raw_async_caller raw_method raw_of request_body".split()
)
"""What generated code may import from typedpipes.runtime."""
STDLIB: Final = frozenset(
    "Any ClassVar Final Literal Mapping Sequence TYPE_CHECKING TypeAlias TypedDict Unpack overload builtins".split()
)
_TAKEN: Final = SEAM | STDLIB | {"OffsetCallOptions", "PagedCallOptions", "None", "True", "False"}


class Layout:
    """Names and places of everything one API is rendered to."""

    def __init__(self, api: ir.Api, package: str, reserved: Iterable[str] = ()) -> None:
        self.api = api
        self.package = package
        self.root = pascal(package.rpartition(".")[2]) + "Api"
        self.resources = tuple(dict.fromkeys(operation.resource[0] for operation in api.operations))
        self._module = dict(self._places())
        self._differs = self._differing()
        names = {self.root, f"Async{self.root}", *reserved}
        self._names = {}
        for key, component in api.components.items():
            name = component.class_name
            if name in _TAKEN or name in names:
                name = numbered(f"{name}Schema", names, "")
            names.add(name)
            self._names[key] = name
        self._inputs = {key: _claim(f"{self._names[key]}Input", names) for key in sorted(self._differs)}
        self._literals = {
            key: _claim(f"{self._names[key]}Literal", names)
            for key, component in api.components.items()
            if isinstance(component, ir.Enum) and component.is_text
        }
        self._resource_names = {path: _claim(_resource_class(path), names, "Resource") for path in self.paths()}
        self._selectors = {
            key: _claim(f"{self._names[key]}FieldName", names) for key in dict.fromkeys(self._selected())
        }

    def paths(self) -> list[tuple[str, ...]]:
        """Every resource path, parents before children."""
        found = {
            operation.resource[: length + 1]: None
            for operation in self.api.operations
            for length in range(len(operation.resource))
        }
        return list(found)

    def _places(self) -> Iterator[tuple[str, str]]:
        users: dict[str, set[str]] = {key: set() for key in self.api.components}
        for resource in self.resources:
            start = [
                key
                for operation in self.api.operations
                if operation.resource[0] == resource
                for key in (*request_references(operation), *ir.references(operation.returns))
            ]
            for key in closure(self.api.components, start):
                users[key].add(resource)
        for key, modules in users.items():
            yield key, LOOSE if not modules else (SHARED if len(modules) > 1 else next(iter(modules)))

    def module(self, key: str) -> str:
        """The module a component stands in."""
        return self._module[key]

    def modes(self, key: str) -> tuple[Mode, ...]:
        """Which variants of a component are rendered."""
        if key in self._differs:
            return ("response", "request")
        return ("request",) if key in self.api.request and key not in self.api.response else ("response",)

    def name(self, key: str, mode: Mode) -> str:
        """The class or alias of a component as a request or a response has it."""
        return self._inputs.get(key, self._names[key]) if mode == "request" else self._names[key]

    def literal(self, key: str) -> str:
        """The alias of an enum's values."""
        return self._literals[key]

    def resource(self, path: tuple[str, ...]) -> str:
        return self._resource_names[path]

    def selector(self, key: str) -> str | None:
        """The alias that lists the field names of a model."""
        return self._selectors.get(key)

    def _selected(self) -> Iterator[str]:
        for operation in self.api.operations:
            if operation.selector:
                key = self.selected_model(operation)
                if key is not None:
                    yield key

    def selected_model(self, operation: ir.Operation) -> str | None:
        """The model whose fields a field selector chooses from: the items of ``data``, or ``data`` itself."""
        type_: ir.Type = operation.returns
        for name in ("data", None):
            type_ = ir.without_none(type_)
            while isinstance(type_, ir.Ref) and isinstance(alias := self.api.components[type_.key], ir.Alias):
                type_ = ir.without_none(alias.type)
            if isinstance(type_, ir.ListOf):
                type_ = ir.without_none(type_.item)
            component = self.api.components.get(type_.key) if isinstance(type_, ir.Ref) else None
            if not isinstance(component, ir.Model):
                return None
            if name is None:
                return component.key
            field = component.field(name)
            if field is None:
                return None
            type_ = field.type
        return None

    def _differing(self) -> set[str]:
        """Components that requests and answers share but need in two forms. Grows until nothing changes."""
        both = self.api.request & self.api.response
        found: set[str] = set()
        while True:
            more = {key for key in both - found if self._needs_two(self.api.components[key], found)}
            if not more:
                return found
            found |= more

    def _needs_two(self, component: ir.Component, known: set[str]) -> bool:
        if isinstance(component, ir.Enum):
            return False
        if isinstance(component, ir.Alias):
            return self._type_differs(component.type, known)
        return any(
            not field.required or field.only is not None or self._type_differs(field.type, known)
            for field in component.fields
        )

    def _type_differs(self, type_: ir.Type, known: set[str]) -> bool:
        if isinstance(type_, ir.ListOf | ir.DictOf):
            return True
        if isinstance(type_, ir.Union):
            return any(self._type_differs(option, known) for option in type_.options)
        if isinstance(type_, ir.Ref):
            return type_.key in known or isinstance(self.api.components[type_.key], ir.Enum)
        return type_ == ir.Scalar("bytes")


def _resource_class(path: tuple[str, ...]) -> str:
    return "".join(pascal(part) for part in path)


def _claim(name: str, names: set[str], suffix: str = "") -> str:
    if suffix and any(form in names or form in _TAKEN for form in (name, f"Async{name}", f"{name}Raw")):
        name += suffix
    name = numbered(name, names | _TAKEN, "")
    names |= {name, f"Async{name}", f"{name}Raw", f"Async{name}Raw"} if suffix else {name}
    return name


# Which components requests carry and which answers do.


def component_references(component: ir.Component) -> Iterator[str]:
    if isinstance(component, ir.Model):
        for field in component.fields:
            yield from ir.references(field.type)
    elif isinstance(component, ir.Alias):
        yield from ir.references(component.type)


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
        yield from ir.references(parameter.type)
    if operation.body is not None:
        yield from ir.references(operation.body.type)


def reached(api: ir.Api) -> ir.Api:
    """Note on the API which components are reached from where."""
    request = [key for operation in api.operations for key in request_references(operation)]
    response = [key for operation in api.operations for key in ir.references(operation.returns)]
    return attrs.evolve(
        api,
        request=frozenset(closure(api.components, request)),
        response=frozenset(closure(api.components, response)),
    )
