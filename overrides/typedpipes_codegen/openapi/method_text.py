"""Methods of a resource as source: one call, all pages, and the raw twin."""

from __future__ import annotations

from typedpipes_codegen.openapi.layout import Layout
from typedpipes_codegen.openapi.method_plan import Argument, MethodPlan
from typedpipes_codegen.openapi.source import literal, paragraphs
from typedpipes_codegen.openapi.type_text import TypeText


class MethodText:
    """Writes the methods of one resource class."""

    def __init__(self, layout: Layout, types: TypeText, options_type: str, *, is_async: bool) -> None:
        self._layout = layout
        self._types = types
        self._options = options_type
        self._async = is_async
        self._def = "async def" if is_async else "def"

    def call(self, plan: MethodPlan, name: str, constant: str) -> list[str]:
        """The method that makes one request."""
        returns = self._types.text(plan.operation.returns, "response", inside=False)
        mark = self._deprecated(plan)
        lines: list[str] = []
        if plan.is_overloaded:
            for variant in (True, False):
                lines += ["    @overload", *self._stub(plan, name, returns, by_fields=variant)]
        head = self._signature(name, returns, _arguments(plan, demanded=not plan.is_overloaded))
        lines += [*mark, *head, *self._document(plan)]
        wait = "await " if self._async else ""
        body = f"        return {wait}self._caller.call({constant}, {_pack(plan)}, options)"
        return ["", *lines, body]

    def _stub(self, plan: MethodPlan, name: str, returns: str, *, by_fields: bool) -> list[str]:
        if by_fields:
            arguments = _arguments(plan, demanded=True, body=False)
        else:
            arguments = _arguments(plan, demanded=True, fields=False, body_demanded=True)
        head = self._signature(name, returns, arguments)
        head[-1] += " ..."
        return head

    def _signature(self, name: str, returns: str, arguments: list[str]) -> list[str]:
        inner = ", ".join(("self", *arguments, f"**options: Unpack[{self._options}]"))
        return [f"    {self._def} {name}({inner}) -> {returns}:"]

    def pages(self, plan: MethodPlan, name: str, constant: str) -> list[str]:
        """The method that walks all pages."""
        page = plan.operation.paging
        assert page is not None
        dropped = {page.cursor, page.limit, *(("before",) if page.style == "after" else ())}
        kept = tuple(argument for argument in plan.keywords if argument.wire not in dropped)
        item = self._types.text(page.item, "response")
        returns = f"{'AsyncPages' if self._async else 'Pages'}[{item}]"
        options = "OffsetCallOptions" if page.style == "offset" else "PagedCallOptions"
        inner = ", ".join(("self", *_arguments(plan, demanded=True, keywords=kept), f"**options: Unpack[{options}]"))
        lines = ["", *self._deprecated(plan), f"    def {name}({inner}) -> {returns}:"]
        facts = f"All items of `{plan.operation.verb}`, fetched page by page as they are used."
        lines += paragraphs([facts, *_facts(plan)], "        ")
        return [*lines, f"        return self._caller.pages({constant}, {_pack(plan, kept)}, options)"]

    def raw(self, plan: MethodPlan, name: str, owner: str) -> list[str]:
        """The twin that returns the envelope. Overloads are repeated: no type can carry them over."""
        method = "async_raw_method" if self._async else "raw_method"
        if not plan.is_overloaded:
            return [f"    {name}: Final = {method}({owner}.{name})"]
        returns = f"ApiResponse[{self._types.text(plan.operation.returns, 'response', inside=False)}]"
        lines: list[str] = []
        for variant in (True, False):
            lines += ["", "    @overload", *self._deprecated(plan)]
            lines += self._stub(plan, name, returns, by_fields=variant)
        return [
            *lines,
            f"    @raw_of({owner}.{name})",
            f"    {self._def} {name}(self, *args: Any, **arguments: Any) -> Any: ...",
        ]

    def _deprecated(self, plan: MethodPlan) -> list[str]:
        reason = plan.operation.deprecated
        if reason is None:
            return []
        return [f"    @deprecated({literal(f'{plan.operation.name} is withdrawn by the vendor: {reason}')})"]

    def _document(self, plan: MethodPlan) -> list[str]:
        operation = plan.operation
        first = operation.summary
        if first and not first.endswith((".", "!", "?")):
            first += "."
        return paragraphs([first, *_facts(plan)], "        ")


def _facts(plan: MethodPlan) -> list[str]:
    operation = plan.operation
    facts = [f"{operation.method} {operation.path} (operationId ``{operation.id}``)."]
    if operation.token_cost:
        facts.append(f"Costs {operation.token_cost} tokens.")
    if operation.buckets:
        facts.append(f"Counts in {', '.join(operation.buckets)}.")
    credentials = " or ".join(operation.credentials)
    facts.append(f"Credential: {credentials}." if credentials else "Needs no credential.")
    if operation.deprecated is not None:
        facts.append(f"Withdrawn by the vendor: {operation.deprecated}.")
    described = [argument for argument in (*plan.path, *plan.keywords, *plan.fields) if argument.description]
    return [" ".join(facts), *(f"``{argument.name}``: {argument.description}" for argument in described)]


def _arguments(
    plan: MethodPlan,
    *,
    demanded: bool,
    keywords: tuple[Argument, ...] | None = None,
    fields: bool = True,
    body: bool = True,
    body_demanded: bool = False,
) -> list[str]:
    """The arguments of a signature between ``self`` and ``**options``."""
    named = [
        argument.text(demanded=demanded or argument.source != "body")
        for argument in (*(plan.keywords if keywords is None else keywords), *(plan.fields if fields else ()))
    ]
    if plan.selector is not None:
        named.append(f"fields: {plan.selector} | None = None")
    if plan.body is not None and body:
        required = body_demanded or (plan.body_demanded and not plan.fields)
        named.append(f"body: {plan.body}" if required else f"body: {plan.body_or_none} = None")
    return [*(argument.text(demanded=True) for argument in plan.path), *(["*", *named] if named else [])]


def _pack(plan: MethodPlan, keywords: tuple[Argument, ...] | None = None) -> str:
    """The ``Arguments(...)`` of a call."""
    parts: list[str] = []
    if plan.path:
        parts.append(f"path=({', '.join(argument.name for argument in plan.path)},)")
    kept = plan.keywords if keywords is None else keywords
    for source, word in (("query", "query"), ("header", "headers"), ("cookie", "cookies")):
        pairs = ", ".join(f"{literal(item.wire)}: {item.name}" for item in kept if item.source == source)
        if pairs:
            parts.append(f"{word}={{{pairs}}}")
    if plan.fields:
        pairs = ", ".join(f"{literal(item.wire)}: {item.name}" for item in plan.fields)
        required = f", {literal(plan.required_fields)}" if plan.required_fields else ""
        optional = ", optional=True" if not plan.body_demanded and not plan.required_fields else ""
        parts.append(f"body=request_body(body, {{{pairs}}}{required}{optional})")
    elif plan.body is not None:
        parts.append("body=body")
    if plan.selector is not None:
        parts.append("fields=tuple(fields or ())")
    return f"Arguments({', '.join(parts)})"
