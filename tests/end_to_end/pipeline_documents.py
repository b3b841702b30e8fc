"""Arbitrary OpenAPI documents and SDLs: what the pipeline was not tuned to."""

from __future__ import annotations

from typing import Literal, TypeAlias

from hypothesis import strategies as st

from typedpipes_codegen.documents.tree import Json, JsonObject

Version: TypeAlias = Literal["3.0.3", "3.1.0"]
Schema: TypeAlias = "st.SearchStrategy[JsonObject]"

ODD = (
    "id Id ID iD class import None True self list str int dict bytes JSON Model UNSET body options builtins type "
    "items data raw iter 1st 2-fast 404 naïve straße 名前 ключ a.b a_b a-b aB A_B $ref $filter @type __init__ "
    "__class__ _data _wire_ to_wire x/y~z [] {} |A camelCase HTTPStatus properties required default enum extras "
    "timeout limit"
).split()
LONG = "extraordinarily_long_name_" * 5
NAME = st.one_of(st.sampled_from([*ODD, LONG, "with space", "quote'd", 'dou"ble', "back\\slash", "new\nline", ""]))
PROPERTY = st.one_of(NAME, NAME, st.text(min_size=1, max_size=8))
COMPONENTS = (
    "Node node NODE Leaf Leaf. list class None 2nd A.B A-B A_B Model Unset Operation Отчёт Page«Leaf» " + "Long" * 40
).split()
OPERATION_IDS = (*ODD[:40], "listThings", "list_things", "ListThings", "получить", "get thing", LONG, "x" * 300)
TAGS = ("things", "Things", "class", "client", "limits", "имя", "a/b", "../up", "_shared", "root", "With Space", LONG)


def plain(version: Version) -> Schema:
    """Schemas without parts."""
    both: list[JsonObject] = [
        {"type": "string"},
        {"type": "string", "format": "date-time", "maxLength": 40},
        {"type": "integer", "format": "int64"},
        {"type": "number", "minimum": 0},
        {"type": "boolean"},
        {"type": "object"},
        {"type": "object", "additionalProperties": True},
        {"type": "object", "additionalProperties": False},
        {"type": "array", "items": {}},
        {},
        {"type": "string", "enum": ["b", "a", "class", "", "Ä", "1st", "a b"]},
        {"type": "string", "enum": ["one"]},
        {"type": "integer", "enum": [3, 1, 2]},
        {"enum": ["x", 1, True]},
        {"enum": ["yes", "no", None]},
        {"type": "number", "enum": [0.5, 1]},
        {"type": "boolean", "enum": [True]},
    ]
    old: list[JsonObject] = [
        {"type": "string", "nullable": True},
        {"type": "integer", "enum": [1, 2], "nullable": True},
        {"type": "number", "minimum": 0, "exclusiveMinimum": True},
    ]
    new: list[JsonObject] = [
        {"type": ["string", "null"]},
        {"type": ["string", "integer"]},
        {"type": "null"},
        {"const": "fixed"},
        {"const": 1.5},
        {"const": None},
        {"type": ["object", "null"], "additionalProperties": {"type": "integer"}},
        {"type": "number", "exclusiveMinimum": 0},
        {"enum": [{"a": 1}, [2]]},
    ]
    return st.sampled_from(both + (old if version == "3.0.3" else new))


def references(names: list[str]) -> Schema:
    return st.sampled_from(names).map(lambda name: {"$ref": f"#/components/schemas/{escaped(name)}"})


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


@st.composite
def objects(draw: st.DrawFn, inner: Schema, version: Version) -> JsonObject:
    properties = draw(st.dictionaries(PROPERTY, inner, max_size=4))
    schema: JsonObject = {"type": "object", "properties": {**properties}}
    demands: bool = draw(st.booleans())
    if properties and demands:
        required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True, min_size=1))
        schema["required"] = [*required]
    if draw(st.booleans()) and version == "3.0.3":
        schema["nullable"] = draw(st.booleans())
    extra = draw(st.sampled_from(["none", "none", "free", "typed"]))
    if extra != "none":
        schema["additionalProperties"] = True if extra == "free" else draw(inner)
    return schema


@st.composite
def told_apart(draw: st.DrawFn, inner: Schema, version: Version) -> JsonObject:
    """A union of objects with a property that tells them apart, with or without saying so."""
    tag = draw(st.sampled_from(("kind", "type", "@type", "class")))
    parts: list[Json] = []
    for value in draw(st.lists(st.sampled_from(("a", "b", "c d", "1")), unique=True, min_size=2, max_size=3)):
        part = draw(objects(inner, version))
        fixed: JsonObject = {"const": value} if version == "3.1.0" else {"type": "string", "enum": [value]}
        properties: JsonObject = {**_object(part["properties"]), tag: fixed}
        parts.append({**part, "properties": properties, "required": [tag], "nullable": False})
        _object(parts[-1]).pop("nullable")
    schema: JsonObject = {draw(st.sampled_from(("oneOf", "anyOf"))): parts}
    if draw(st.booleans()):
        schema["discriminator"] = {"propertyName": tag}
    return schema


def _object(value: Json) -> JsonObject:
    assert isinstance(value, dict)
    return value


def schemas(version: Version, names: list[str], bases: list[str]) -> Schema:
    """Any schema of one dialect, over the components ``names``, of which ``bases`` are objects."""

    def grown(inner: Schema) -> Schema:
        made = objects(inner, version)
        return st.one_of(
            made,
            made,
            inner.map(lambda item: {"type": "array", "items": item}),
            inner.map(lambda item: {"type": "object", "additionalProperties": item}),
            st.lists(made, min_size=1, max_size=3).map(lambda parts: {"allOf": marked(parts)}),
            st.tuples(references(bases), made).map(lambda pair: {"allOf": [pair[0], *marked([pair[1]])]}),
            st.tuples(references(names), st.sampled_from(("oneOf", "anyOf", "allOf"))).map(
                lambda pair: {pair[1]: [pair[0]], "description": "Prose"}
            ),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"oneOf": [*parts]}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": [*parts]}),
            told_apart(inner, version),
            st.tuples(made, st.lists(made, min_size=1, max_size=2)).map(
                lambda pair: {**closed(pair[0]), "anyOf": marked(pair[1])}
            ),
        )

    return st.recursive(st.one_of(plain(version), references(names)), grown, max_leaves=8)


def marked(parts: list[JsonObject]) -> list[Json]:
    """Parts that are joined, with property names of their own: two types for one property would contradict."""
    result: list[Json] = []
    for number, part in enumerate(parts):
        properties = {f"{name}{number}": value for name, value in _object(part["properties"]).items()}
        required = [f"{name}{number}" for name in part.get("required") or []]  # type: ignore[union-attr]  # a list
        result.append({**closed(part), "properties": properties, **({"required": [*required]} if required else {})})
    return result


def closed(schema: JsonObject) -> JsonObject:
    """Without a word on further properties: beside a choice nobody can tell whose they are."""
    return {key: value for key, value in schema.items() if key != "additionalProperties"}


STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
PARAMETER_SCHEMAS: tuple[JsonObject, ...] = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "array", "items": {"type": "string"}},
    {"type": "string", "enum": ["a", "b"]},
    {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}},
    {"oneOf": [{"type": "integer"}, {"type": "string"}]},
)
MEDIA = (
    "application/json application/x-www-form-urlencoded multipart/form-data application/octet-stream text/plain "
    "application/vnd.shop+json application/xml"
).split()


@st.composite
def parameters(draw: st.DrawFn, path: str) -> list[Json]:
    found: dict[tuple[str, str], Json] = {}
    inside = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    count = draw(st.integers(0, 4))
    places = [("path", name) for name in inside]
    places += [(draw(st.sampled_from(("query", "header", "cookie"))), draw(NAME) or "x") for _ in range(count)]
    for place, name in places:
        if place in ("header", "cookie"):
            name = "X-" + "".join(one for one in name if one.isascii() and one.isalnum())
        one: JsonObject = {"name": name, "in": place}
        if place == "path" or draw(st.booleans()):
            one["required"] = True
        if draw(st.integers(0, 5)) == 0 and place != "path":
            one["content"] = {"application/json": {"schema": draw(st.sampled_from(PARAMETER_SCHEMAS))}}
        else:
            one["schema"] = draw(st.sampled_from(PARAMETER_SCHEMAS))
            if draw(st.booleans()):
                one["style"] = draw(st.sampled_from(STYLES[place]))
            if draw(st.booleans()):
                one["explode"] = draw(st.booleans())
        found[place, name] = one
    return list(found.values())


SECURITY: tuple[list[Json], ...] = ([], [{}], [{"key": []}, {}], [{"key": [], "user": []}])


@st.composite
def operations(draw: st.DrawFn, path: str, method: str, schema: Schema) -> JsonObject:
    operation: JsonObject = {}
    if draw(st.integers(0, 3)):
        operation["operationId"] = draw(st.sampled_from(OPERATION_IDS))
    if draw(st.integers(0, 3)):
        operation["tags"] = [*draw(st.lists(st.sampled_from(TAGS), unique=True, max_size=2))]
    declared = draw(parameters(path))
    if declared:
        operation["parameters"] = declared
    if method in ("post", "put", "patch"):
        medias = draw(st.lists(st.sampled_from(MEDIA), unique=True, min_size=1, max_size=3))
        forms: JsonObject = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
        content: JsonObject = {
            media: {"schema": draw(schema) if "json" in media else forms if "form" in media else {"type": "string"}}
            for media in medias
        }
        operation["requestBody"] = {"required": draw(st.booleans()), "content": content}
    status = draw(st.sampled_from(("200", "201", "2XX", "default", "204")))
    answer: JsonObject = {"description": "ok"}
    if status != "204":
        answer["content"] = {draw(st.sampled_from(("application/json", "*/*"))): {"schema": draw(schema)}}
    operation["responses"] = {status: answer, "404": {"description": "", "content": {}}}
    if draw(st.integers(0, 5)) == 0:
        operation["security"] = draw(st.sampled_from(SECURITY))
    return operation


@st.composite
def openapi_documents(draw: st.DrawFn) -> JsonObject:
    """A document of either version, with what any document may hold."""
    version: Version = draw(st.sampled_from(("3.0.3", "3.1.0")))
    names = draw(st.lists(st.sampled_from(COMPONENTS), unique=True, min_size=2, max_size=5))
    bases = names[: draw(st.integers(1, 2))]
    schema = schemas(version, names, bases)
    whole = schema.filter(lambda one: "$ref" not in one)
    paths: JsonObject = {}
    routes = ("/", "/things", "/things/{id}", "/things/{id}/parts", "/1/class", "/имя", "/a/{x}/b/{y}", "/limits")
    for path in draw(st.lists(st.sampled_from(routes), unique=True, min_size=1, max_size=4)):
        methods = draw(st.lists(st.sampled_from(("get", "post", "put", "delete", "patch")), unique=True, min_size=1))
        paths[path] = {method: draw(operations(path, method, schema)) for method in methods[:2]}
    key: JsonObject = {"type": "apiKey", "in": "query", "name": "key"}
    return {
        "openapi": version,
        "info": {"title": "Any", "version": "1"},
        "servers": [{"url": "https://{host}.example/v1", "variables": {"host": {"default": "api"}}}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": key, "user": {"type": "http", "scheme": "basic"}},
            "schemas": {name: draw(objects(schema, version) if name in bases else whole) for name in names},
        },
    }


GRAPHQL_NAMES = (
    "id class None self list type ID Id _id camelCase snake_case HTTPServer x1 first after nodes edges model_config "
    "json copy schema dict Name name NAME timeout options raw fields"
).split()
TYPES = ("Thing", "thing_part", "Class", "Model", "Result", "Client", "Any", "HTTPThing")


@st.composite
def sdls(draw: st.DrawFn) -> str:
    """A GraphQL schema: objects, an interface, a union, enums, inputs, recursion, lists in lists."""
    objects_ = draw(st.lists(st.sampled_from(TYPES), unique=True, min_size=2, max_size=4))
    leaf = ["Int", "String", "ID", "Boolean", "Float", "Date", "Mood"]
    enum = draw(
        st.lists(st.sampled_from(("UP", "down", "class", "None", "mro", "title", "_x", "A1")), unique=True, min_size=1)
    )
    parts = [
        "scalar Date",
        "enum Mood { " + " ".join(one for one in enum if one not in ("true", "false", "null")) + " }",
    ]
    parts.append("interface Named { name: String }")

    def typed(names: list[str]) -> str:
        name = draw(st.sampled_from(names))
        return draw(st.sampled_from(("{}", "{}!", "[{}]", "[{}!]!", "[[{}]]"))).format(name)

    for name in objects_:
        fields = draw(st.lists(st.sampled_from(GRAPHQL_NAMES), unique=True, min_size=1, max_size=5))
        lines = [
            f"  {field}{draw(arguments())}: {typed([*leaf, *objects_, 'Named', 'Either'])}"
            for field in fields
            if field != "name"
        ]
        parts.append(f"type {name} implements Named {{\n  name: String\n" + "\n".join(lines) + "\n}")
    parts.append(f"union Either = {' | '.join(objects_)}")
    inputs = draw(st.lists(st.sampled_from(GRAPHQL_NAMES), unique=True, min_size=1, max_size=4))
    parts.append(
        "input Wanted {\n" + "\n".join(f"  {field}: {typed([*leaf])}" for field in inputs) + "\n  again: Wanted\n}"
    )
    roots = draw(st.lists(st.sampled_from(GRAPHQL_NAMES), unique=True, min_size=1, max_size=4))
    results = [*leaf, *objects_, "Named", "Either"]
    parts.append(
        "type Query {\n" + "\n".join(f"  {root}{draw(arguments())}: {typed(results)}" for root in roots) + "\n}"
    )
    if draw(st.booleans()):
        parts.append(f"type Mutation {{\n  change(input: Wanted!, mood: Mood = {enum[0]}): {typed(results)}\n}}")
    return "\n\n".join(parts) + "\n"


def arguments() -> st.SearchStrategy[str]:
    return st.sampled_from(("", "", "(id: ID!)", "(wanted: Wanted, class: Int = 3)", "(first: Int, after: String)"))
