"""One operation in the renderer's terms."""

from __future__ import annotations

import re
from typing import Final, Literal

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.adapter import ParsedEndpoint
from typedpipes_codegen.openapi.endpoints import RawOperation, RawParameter, chosen_body, is_json
from typedpipes_codegen.openapi.naming import METHOD_PATH
from typedpipes_codegen.openapi.reading import Document, Node, mapping, number, sequence, step, text, texts
from typedpipes_codegen.openapi.times import times_of

_SAFETY: Final[dict[str, Literal["safe", "idempotent"]]] = {
    "get": "safe",
    "head": "safe",
    "put": "idempotent",
    "delete": "idempotent",
}
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def build_operation(
    document: Document,
    raw: RawOperation,
    parsed: ParsedEndpoint,
    path: tuple[str, ...],
    components: dict[str, ir.Component],
) -> ir.Operation:
    """Join what the parser found with the facts of the document."""
    node, where = raw.node, raw.where
    parameters = _parameters(raw, parsed, components)
    body = None
    if parsed.bodies:
        media = chosen_body(raw)[0]
        body = ir.Body(
            media, parsed.bodies[0], raw.body_required, _form_styles(raw, media, parsed.bodies[0], components)
        )
    returns = ir.union(*parsed.answers) if parsed.answers else ir.NONE
    return ir.Operation(
        id=text(node.get("operationId"), step(where, "operationId"), f"{raw.method} {raw.path}"),
        method=raw.method.upper(),
        path=raw.path,
        pointer=where,
        resource=path[:-1],
        verb=path[-1],
        parameters=tuple(parameters),
        body=body,
        returns=returns,
        safety=_safety(raw),
        summary=text(node.get("x-summary", node.get("description")), where),
        credentials=_credentials(document, raw),
        server=_server(raw),
        token_cost=number(node.get("x-token-cost"), step(where, "x-token-cost")) or 0,
        buckets=texts(node.get("x-buckets"), step(where, "x-buckets")),
        paging=_paging(raw, returns, parameters, components),
        normalize=texts(node.get("x-normalize"), step(where, "x-normalize")),
        selector=node.get("x-field-selector") is True,
        omittable=_omittable(raw, parameters, body, components),
        spread=texts(node.get("x-spread"), step(where, "x-spread")),
        times=times_of(document, raw),
        deprecated=_deprecated(raw),
        accept=_accept(raw),
    )


def _accept(raw: RawOperation) -> str | None:
    """What to ask for; None where it is JSON alone, or nothing."""
    declared = dict.fromkeys(media for media, _ in raw.answers if media)
    if not declared or all(media == "*/*" or media.partition(";")[0] == "application/json" for media in declared):
        return None
    told = sorted(declared, key=lambda media: not is_json(media))
    return ", ".join(media for media in told if media.isascii() and media.isprintable())


def _form_styles(raw: RawOperation, media: str, type_: ir.Type, components: dict[str, ir.Component]) -> dict[str, str]:
    """How the fields of a form are written where its ``encoding`` says it, or where they hold objects or lists."""
    given = raw.encodings.get(media, {})
    found: dict[str, str] = {}
    for name, value in given.items():
        node = mapping(value, raw.where)
        if media == "multipart/form-data" and isinstance(node.get("contentType"), str):
            found[f"part {name}"] = str(node["contentType"])
        elif media == "application/x-www-form-urlencoded" and {"style", "explode"} & node.keys():
            style = text(node.get("style"), raw.where, "form")
            if style not in ("form", "spaceDelimited", "pipeDelimited", "deepObject"):
                raise SchemaError(
                    f"a field of a form has no style {style!r}",
                    pointer=step(raw.where, "requestBody", "content", media, "encoding", name, "style"),
                    remedy="one of form, spaceDelimited, pipeDelimited, deepObject",
                )
            explode = node.get("explode", style in ("form", "deepObject")) is True
            found[f"field {name}"] = f"{style}*" if explode else style
    return found


def _parameters(raw: RawOperation, parsed: ParsedEndpoint, components: dict[str, ir.Component]) -> list[ir.Parameter]:
    """The parameters, those of the path first, in its order."""
    order = _PLACEHOLDER.findall(raw.path)
    result: list[ir.Parameter] = []
    for item, (type_, required) in zip(raw.parameters, parsed.parameters.values(), strict=True):
        default = item.node.get("x-client-default")
        result.append(
            ir.Parameter(
                wire=item.wire,
                location=item.location,
                type=type_,
                required=required,
                csv=_csv(item),
                blank=item.node.get("allowEmptyValue") is True,
                bounds=_bounds(item),
                style=_style(item, type_, components),
                client_default=None if default is None else text(default, item.where),
                description=text(item.node.get("x-summary", item.node.get("description")), item.where),
            )
        )
    return sorted(result, key=lambda one: order.index(one.wire) if one.location == "path" else len(order))


def _bounds(parameter: RawParameter) -> tuple[float | None, float | None]:
    """The least and the greatest value of a query parameter, where its own schema tells."""
    schema = parameter.node.get("schema")
    if parameter.location != "query" or not isinstance(schema, dict):
        return None, None
    found = (schema.get(name) for name in ("minimum", "maximum"))
    least, most = (one if isinstance(one, int | float) and not isinstance(one, bool) else None for one in found)
    return least, most


def _csv(parameter: RawParameter) -> bool:
    """Whether a list is joined by commas."""
    form = parameter.node.get("style") in (None, "form")
    return parameter.location == "query" and form and parameter.node.get("explode") is False


_STYLES: Final = {
    "path": ("simple", "label", "matrix", "json", "text"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject", "json", "text"),
    "header": ("simple", "json", "text"),
    "cookie": ("form", "json", "text"),
}


def _style(parameter: RawParameter, type_: ir.Type, components: dict[str, ir.Component]) -> str | None:
    """The style code of a parameter that is not written the usual way: a plain value, or the list of a query."""
    given = parameter.node.get("style")
    style = text(given, step(parameter.where, "style"), _STYLES[parameter.location][0])
    if style not in _STYLES[parameter.location]:
        raise SchemaError(
            f"a {parameter.location} parameter has no style {style!r}",
            pointer=step(parameter.where, "style"),
            remedy=f"one of {', '.join(_STYLES[parameter.location][:-2])}",
        )
    explode = parameter.node.get("explode")
    code = f"{style}*" if explode is True or (explode is None and style in ("form", "deepObject")) else style
    usual = style == _STYLES[parameter.location][0]
    if style == "text" or (usual and _is_plain(type_, components)):
        return None
    if parameter.location == "query" and usual and (_is_open(type_, components) or _is_plain_list(type_, components)):
        return None
    return "json" if style == "json" else code


def _is_plain(type_: ir.Type, components: dict[str, ir.Component]) -> bool:
    if isinstance(type_, ir.Union):
        return all(_is_plain(option, components) for option in type_.options)
    if isinstance(type_, ir.Ref):
        component = components[type_.key]
        return isinstance(component, ir.Enum) or (
            isinstance(component, ir.Alias) and _is_plain(component.type, components)
        )
    return isinstance(type_, ir.Const) or (isinstance(type_, ir.Scalar) and type_ != ir.JSON)


def _is_open(type_: ir.Type, components: dict[str, ir.Component]) -> bool:
    """Whether a value may be anything, or a list of that: it is written by what is given, objects as JSON."""
    plain = _resolved(type_, components)
    if isinstance(plain, ir.Union):
        return any(_is_open(option, components) for option in plain.options)
    return (plain.item if isinstance(plain, ir.ListOf) else plain) == ir.JSON


def _is_plain_list(type_: ir.Type, components: dict[str, ir.Component]) -> bool:
    """A list of plain values, or one of them: what a query takes without a code."""
    plain = _resolved(type_, components)
    if isinstance(plain, ir.Union):
        return all(_is_plain_list(option, components) for option in plain.options)
    return _is_plain(plain.item if isinstance(plain, ir.ListOf) else plain, components)


def _safety(raw: RawOperation) -> Literal["safe", "idempotent", "unsafe"]:
    given = raw.node.get("x-safety")
    if given is None:
        return _SAFETY.get(raw.method, "unsafe")
    if given not in ("safe", "idempotent", "unsafe"):
        raise SchemaError(
            f"{given!r} is no safety", pointer=step(raw.where, "x-safety"), remedy="safe, idempotent or unsafe"
        )
    return given


def _credentials(document: Document, raw: RawOperation) -> tuple[str, ...]:
    """The names of the security schemes, in order; those of the document where the operation has none of its own."""
    own = "security" in raw.node
    where = step(raw.where, "security") if own else "/security"
    found: dict[str, None] = {}
    for index, choice in enumerate(sequence((raw.node if own else document.root).get("security"), where)):
        found.update(dict.fromkeys(mapping(choice, step(where, index))))
    return tuple(found)


def _server(raw: RawOperation) -> str | None:
    for holder in (raw.node, raw.item):
        servers = sequence(holder.get("servers"), step(raw.where, "servers"))
        if servers:
            return text(mapping(servers[0], step(raw.where, "servers", 0)).get("url"), step(raw.where, "servers", 0))
    return None


def _deprecated(raw: RawOperation) -> str | None:
    if raw.node.get("deprecated") is not True:
        return None
    replacement = text(raw.node.get("x-replacement"), step(raw.where, "x-replacement"))
    if not replacement:
        return "withdrawn by the vendor"
    return f"use {replacement}" if METHOD_PATH.match(replacement) else replacement


def _omittable(
    raw: RawOperation, parameters: list[ir.Parameter], body: ir.Body | None, components: dict[str, ir.Component]
) -> tuple[str, ...]:
    where = step(raw.where, "x-omittable")
    names = texts(raw.node.get("x-omittable"), where)
    known = {parameter.wire for parameter in parameters if parameter.location == "query"}
    held = None if body is None else _resolved(body.type, components)
    component = components.get(held.key) if isinstance(held, ir.Ref) else None
    if isinstance(component, ir.Model):
        known |= {field.wire for field in component.fields}
    for name in names:
        if name not in known:
            raise SchemaError(
                f"{name!r} is neither a query parameter nor a field of the body",
                pointer=where,
                remedy="name a parameter of this operation",
            )
    return names


def _paging(
    raw: RawOperation, returns: ir.Type, parameters: list[ir.Parameter], components: dict[str, ir.Component]
) -> ir.Page | None:
    where = step(raw.where, "x-paging")
    if "x-paging" not in raw.node:
        return None
    node: Node = mapping(raw.node["x-paging"], where)
    style = node.get("style")
    if style not in ("cursor", "offset", "after", "page", "skip"):
        raise SchemaError(
            f"{style!r} is no style of paging", pointer=where, remedy="cursor, offset, after, page or skip"
        )
    cursor, limit = text(node.get("cursor"), where), node.get("limit")
    query = {parameter.wire for parameter in parameters if parameter.location == "query"}
    for name in (cursor, *([limit] if limit is not None else [])):
        if name not in query:
            raise SchemaError(
                f"paging by {name!r}, which is no query parameter",
                pointer=where,
                remedy="name query parameters of this operation",
            )
    items = text(node.get("items"), where)
    found = _along(returns, items, components)
    if not isinstance(found, ir.ListOf):
        raise SchemaError(f"the answer has no list at {items!r}", pointer=where, remedy="mend items, or the answer")
    following = text(node.get("next"), where)
    counted = style in ("page", "skip")  # the client counts; the answer names no next page
    if not counted and _along(returns, following, components) is None:
        raise SchemaError(f"the answer has nothing at {following!r}", pointer=where, remedy="mend next, or the answer")
    return ir.Page(
        style=style,
        cursor=cursor,
        limit=None if limit is None else text(limit, where),
        items=items,
        next=following,
        more=text(node["more"], where) if "more" in node else None,
        size=number(node.get("default"), where),
        max_size=number(node.get("max"), where) or _greatest(parameters, limit),
        item=found.item,
        first=number(node.get("first"), where),
        total=text(node["total"], where) if "total" in node else None,
    )


def _greatest(parameters: list[ir.Parameter], name: object) -> int | None:
    found = next((one.bounds[1] for one in parameters if one.wire == name and one.location == "query"), None)
    return None if found is None else int(found)


def _along(type_: ir.Type, path: str, components: dict[str, ir.Component]) -> ir.Type | None:
    """The type at a dot path of wire names; null and aliases are looked through."""
    names = [] if path in ("", ".") else path.split(".")
    for name in names:
        model = _resolved(type_, components)
        if model == ir.JSON or isinstance(model, ir.DictOf):
            return ir.JSON if isinstance(model, ir.Scalar) else model.value
        field = None
        for option in model.options if isinstance(model, ir.Union) else (model,):
            component = components.get(option.key) if isinstance(option, ir.Ref) else None
            if isinstance(component, ir.Model):
                field = field or component.field(name)
        if field is None:
            return None
        type_ = field.type
    return _resolved(type_, components)


def _resolved(type_: ir.Type, components: dict[str, ir.Component]) -> ir.Type:
    plain = ir.without_none(type_)
    if isinstance(plain, ir.Ref):
        component = components[plain.key]
        if isinstance(component, ir.Alias):
            return _resolved(component.type, components)
    return plain
