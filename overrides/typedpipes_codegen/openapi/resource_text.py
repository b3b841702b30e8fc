"""Resource classes and operation constants of one module as source."""

from __future__ import annotations

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.layout import Layout
from typedpipes_codegen.openapi.method_plan import MethodPlan, plan_method
from typedpipes_codegen.openapi.method_text import MethodText
from typedpipes_codegen.openapi.naming import CLASS_SCOPE, TYPE_NAMES, clear, numbered
from typedpipes_codegen.openapi.source import docstring, literal
from typedpipes_codegen.openapi.type_text import TypeText


class ResourceText:
    """Writes everything callable under one top-level resource."""

    def __init__(self, layout: Layout, resource: str, *, api: str, options_type: str) -> None:
        self._layout = layout
        self._resource = resource
        self._api = api
        self._options = options_type
        self._operations = [operation for operation in layout.api.operations if operation.resource[0] == resource]
        self._constants: dict[str, str] = {}
        for operation in self._operations:
            name = "_" + "_".join((*operation.resource[1:], operation.verb)).upper()
            self._constants[operation.pointer] = numbered(name, set(self._constants.values()))

    def lines(self) -> tuple[list[str], list[str]]:
        """The source, and the public names it defines."""
        types = TypeText(self._layout)
        plans = {
            operation.pointer: plan_method(self._layout, types, operation, self._options)
            for operation in self._operations
        }
        lines: list[str] = []
        for operation in self._operations:
            lines += self._constant(operation, plans[operation.pointer], types)
        names: list[str] = []
        for path in reversed([path for path in self._layout.paths() if path[0] == self._resource]):
            for is_async in (False, True):
                found, defined = self._class(path, plans, is_async=is_async)
                lines += found
                names += defined
        return lines, names

    def _constant(self, operation: ir.Operation, plan: MethodPlan, types: TypeText) -> list[str]:
        returns = types.text(operation.returns, "response", inside=False)
        parts: dict[str, str] = {
            "id": literal(operation.id),
            "api": literal(self._api),
            "name": literal(operation.name),
            "method": literal(operation.method),
            "path": literal(operation.path),
            "module": "__name__",
            "returns": literal(returns),
            "safety": literal(operation.safety),
        }
        optional: dict[str, object] = {
            "credentials": operation.credentials,
            "server": operation.server,
            "token_cost": operation.token_cost,
            "buckets": operation.buckets,
            "csv": tuple(parameter.wire for parameter in operation.parameters if parameter.csv),
            "blank": tuple(parameter.wire for parameter in operation.parameters if parameter.blank),
            "bounds": {one.wire: one.bounds for one in operation.parameters if one.bounds != (None, None)},
            "styles": {
                f"{parameter.location} {parameter.wire}": parameter.style
                for parameter in operation.parameters
                if parameter.style is not None
            }
            | (operation.body.styles if operation.body is not None else {}),
            "spread": operation.spread,
            "times": operation.times,
            "accept": operation.accept,
            "normalize": operation.normalize,
            "client_parameters": plan.client_parameters,
            "needs": plan.needs,
            "selector": operation.selector,
            "omittable": operation.omittable,
            "files": tuple(field.wire for field in plan.fields if "FileContent" in field.annotation)
            if operation.body is not None and operation.body.media == "multipart/form-data"
            else (),
            "deprecated": operation.deprecated,
        }
        if operation.body is not None and operation.body.media != "application/json":
            optional["media"] = operation.body.media
        parts |= {name: literal(value) for name, value in optional.items() if value}
        kind = f"Operation[{returns}]"
        call = "Operation"
        if operation.paging is not None:
            item = types.text(operation.paging.item, "response")
            parts |= {"paging": _paging(operation.paging), "item": literal(item)}
            call, kind = "PagedOperation", f"PagedOperation[{returns}, {item}]"
        inner = ", ".join(f"{name}={value}" for name, value in parts.items())
        return ["", f"{self._constants[operation.pointer]}: {kind} = {call}({inner})"]

    def _class(
        self, path: tuple[str, ...], plans: dict[str, MethodPlan], *, is_async: bool
    ) -> tuple[list[str], list[str]]:
        own = [operation for operation in self._operations if operation.resource == path]
        methods = self._method_names(path, own)
        hidden = frozenset(methods.values()) & TYPE_NAMES
        writer = MethodText(self._layout, TypeText(self._layout, hidden), self._options, is_async=is_async)
        prefix, base = ("Async", "AsyncResource") if is_async else ("", "Resource")
        name = prefix + self._layout.resource(path)
        lines = ["", "", f"class {name}({base}):", *docstring(_about(path, own), "    "), "", "    __slots__ = ()"]
        for child in self._layout.paths():
            if child[:-1] == path:
                lines += _child(clear(child[-1], CLASS_SCOPE), prefix + self._layout.resource(child))
        defined = [name]
        if own:
            lines += _raw_property(name, is_async=is_async)
            defined.append(f"{name}Raw")
        for operation in own:
            plan, constant = plans[operation.pointer], self._constants[operation.pointer]
            lines += writer.call(plan, methods[operation.verb], constant)
            if operation.paging is not None:
                lines += writer.pages(plan, methods[f"iter {operation.verb}"], constant)
        if own:
            raw_base = "RawAsyncResource" if is_async else "RawResource"
            text = f"`{name}` with status and headers: each method returns an `ApiResponse`."
            lines += ["", "", f"class {name}Raw({raw_base}):", *docstring(text, "    "), "", "    __slots__ = ()", ""]
            for operation in own:
                lines += writer.raw(plans[operation.pointer], methods[operation.verb], name)
        return lines, defined

    def _method_names(self, path: tuple[str, ...], own: list[ir.Operation]) -> dict[str, str]:
        """The Python name of each verb, and of its paged form under ``iter <verb>``."""
        names = {operation.verb: clear(operation.verb, CLASS_SCOPE) for operation in own}
        children = {clear(child[-1], CLASS_SCOPE) for child in self._layout.paths() if child[:-1] == path}
        for operation in own:
            if operation.paging is not None:
                name = "iter" if operation.verb == "list" else f"iter_{operation.verb}"
                if name in names.values() or name in children:
                    raise SchemaError(
                        f"{'.'.join(path)}.{name} is needed for the pages of {operation.name}",
                        pointer=operation.pointer,
                        remedy="give the other method another x-method",
                    )
                names[f"iter {operation.verb}"] = name
        return names


def _about(path: tuple[str, ...], own: list[ir.Operation]) -> str:
    count = f"{len(own)} operation{'' if len(own) == 1 else 's'}" if own else "more resources"
    return f"``{'.'.join(path)}``: {count}."


def _child(name: str, kind: str) -> list[str]:
    return ["", "    @property", f"    def {name}(self) -> {kind}:", f"        return {kind}(self._caller)"]


def _raw_property(name: str, *, is_async: bool) -> list[str]:
    caller = "raw_async_caller" if is_async else "raw_caller"
    return [
        "",
        "    @property",
        f"    def raw(self) -> {name}Raw:",
        '        """The same methods, returning status and headers too."""',
        f"        return {name}Raw({name}({caller}(self._caller)))",
    ]


def _paging(page: ir.Page) -> str:
    facts: dict[str, object] = {
        "limit": page.limit,
        "cursor": page.cursor,
        "items": page.items,
        "next": page.next,
        "more": page.more,
        "size": page.size,
        "max_size": page.max_size,
        "first": page.first,
        "total": page.total,
    }
    inner = [f"{name}={literal(value)}" for name, value in facts.items() if value is not None or name == "limit"]
    return f"Paging({literal(page.style)}, {', '.join(inner)})"
