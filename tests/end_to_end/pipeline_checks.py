"""What must hold for every document that goes through the pipeline, and samples of what it describes."""

from __future__ import annotations

import importlib
import json
import pkgutil
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
from graphql import (
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_scalar_type,
    parse,
    type_from_ast,
)

from typedpipes._core.decoding import Decoding
from typedpipes._core.decoding.answers import build
from typedpipes._core.decoding.model import JSON, Model, to_wire
from typedpipes._core.rest import Arguments, Operation
from typedpipes._core.rest.encoding import encode
from typedpipes_codegen.canonical import canonicalize
from typedpipes_codegen.documents import resolve
from typedpipes_codegen.documents.tree import Json, JsonObject, operations
from typedpipes_codegen.documents.yaml_writer import write_yaml
from typedpipes_codegen.own import OwnPackage, write_own
from typedpipes_codegen.own.tidy import tidy

_numbers = count()


@contextmanager
def generated(document: JsonObject, folder: Path) -> Iterator[tuple[str, ModuleType, int]]:
    """The package of a document, imported with all its modules; forgotten afterwards."""
    name = f"any_{next(_numbers)}"
    schema = folder / f"{name}.json"
    schema.write_text(json.dumps(document), encoding="utf-8")
    made = write_own(OwnPackage(schema=schema, output=folder / name))
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        package = importlib.import_module(name)
        for found in pkgutil.iter_modules(package.__path__, f"{name}."):
            importlib.import_module(found.name)
        for public in package.__all__:
            getattr(package, public)
        yield name, package, made.operations
    finally:
        sys.path.remove(str(folder))
        for module in [module for module in sys.modules if module.partition(".")[0] == name]:
            del sys.modules[module]


def check(document: JsonObject, folder: Path, seed: int = 0) -> int:
    """Everything that must hold for a document; the number of samples that were decoded."""
    source = tidy(document, "https://api.example/v1").document
    canonical = canonicalize(source).document
    assert write_yaml(canonicalize(canonical).document) == write_yaml(canonical)
    with generated(document, folder) as (name, _, made):
        expected = sum(1 for _ in operations(document))
        assert made == expected
        found = operations_of(name)
        assert len(found) == expected
        assert {(one.method, one.path) for one in found} == {(m.upper(), p) for p, m, _, _ in operations(document)}
        classes = models_of(name)
        for wires in property_sets(sent_only(canonical)):
            assert any(wires <= known for known in classes), wires
        return round_trips(canonical, {(one.method, one.path): one for one in found}, seed)


def operations_of(name: str) -> list[Operation[Any]]:
    return [
        value
        for module in [module for module in sys.modules if module.startswith(f"{name}.")]
        for value in vars(sys.modules[module]).values()
        if isinstance(value, Operation)
    ]


def models_of(name: str) -> list[set[str]]:
    """The wire names of each class."""
    return [
        {value._wire_.get(field, field) for field in value._fields_}
        for module in [module for module in sys.modules if module.startswith(f"{name}.")]
        for value in vars(sys.modules[module]).values()
        if isinstance(value, type) and issubclass(value, Model)
    ]


def sent_only(canonical: JsonObject) -> JsonObject:
    """The document with the one form of each body that is sent (JSON before the others)."""
    paths: JsonObject = {}
    for path, method, operation, _ in operations(canonical):
        body = operation.get("requestBody")
        if isinstance(body, dict) and isinstance(content := body.get("content"), dict):
            media = min(content, key=lambda one: ("json" not in one, list(content).index(one)))
            operation = {**operation, "requestBody": {**body, "content": {media: content[media]}}}
        paths[f"{method} {path}"] = operation
    return {**canonical, "paths": paths}


def property_sets(canonical: JsonObject) -> Iterator[set[str]]:
    """The property names of each object schema that something may hold, wherever it stands."""
    stack: list[Json] = [canonical.get("paths"), canonical.get("components")]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack += node
        elif isinstance(node, dict):
            properties = node.get("properties")
            if isinstance(properties, dict) and (node.get("type") in ("object", ["object", "null"])):
                yield set(properties)
                stack += properties.values()
                stack += [value for key, value in node.items() if key not in ("properties", "enum", "const", "default")]
            else:
                stack += [value for key, value in node.items() if key not in ("enum", "const", "default")]


def round_trips(canonical: JsonObject, found: dict[tuple[str, str], Operation[Any]], seed: int) -> int:
    """Samples of every answer and JSON body go through decode and encode unchanged."""
    sampler = Sampler(canonical, seed)
    done = 0
    for path, method, operation, _ in operations(canonical):
        one = found[method.upper(), path]
        for schema in answers(operation):
            for value in sampler.samples(schema):
                built = build(one.returns, one.module, value, Decoding("test", strict=True))
                assert to_wire(built) == value, (one.returns, value)
                done += 1
        for value in (value for schema in json_bodies(operation) for value in sampler.samples(schema)):
            if value is None:
                continue
            sent = encode(one, Arguments(path=("1",) * path.count("{"), body=value), {})
            assert isinstance(sent.content, bytes)
            assert json.loads(sent.content) == value
            done += 1
    return done


def json_bodies(operation: JsonObject) -> Iterator[JsonObject]:
    """The JSON form of the body, if there is one: it is the one that is sent."""
    body = operation.get("requestBody")
    content = body.get("content") if isinstance(body, dict) else None
    for kind, media in content.items() if isinstance(content, dict) else ():
        schema = media.get("schema") if isinstance(media, dict) and "json" in kind else None
        if isinstance(schema, dict):
            yield schema
            return


def answers(operation: JsonObject) -> Iterator[JsonObject]:
    responses = operation["responses"]
    assert isinstance(responses, dict)
    for status, response in responses.items():
        content = response.get("content") if isinstance(response, dict) else None
        if isinstance(content, dict) and status != "404":
            for media in content.values():
                if isinstance(media, dict) and isinstance(media.get("schema"), dict):
                    yield media["schema"]  # type: ignore[misc]  # checked just before


class Sampler:
    """Values that a schema describes, checked by a validator that is not ours."""

    def __init__(self, document: JsonObject, seed: int) -> None:
        self._document = document
        self._random = random.Random(seed)

    def samples(self, schema: JsonObject, tries: int = 3) -> list[JSON]:
        """Those of ``tries`` values that the validator accepts: contradictory schemas have none."""
        whole = {**schema, "components": self._document.get("components", {})}
        validator = jsonschema.Draft202012Validator(whole)
        return [value for value in (self._value(schema, 0) for _ in range(tries)) if self._valid(validator, value)]

    def _valid(self, validator: jsonschema.Draft202012Validator, value: JSON) -> bool:
        try:
            return bool(validator.is_valid(value))
        except RecursionError:
            return False

    def _value(self, schema: Json, depth: int) -> Any:
        if not isinstance(schema, dict) or depth > 12:
            return "any"
        if "$ref" in schema:
            return self._value(resolve(self._document, str(schema["$ref"])), depth + 1)
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list):
            return self._random.choice(schema["enum"])  # type: ignore[arg-type]  # checked just before
        parts = [self._value(part, depth + 1) for part in _list(schema.get("allOf"))]
        parts += [
            self._value(self._pick(schema[word], depth), depth + 1) for word in ("oneOf", "anyOf") if word in schema
        ]
        own = self._typed(schema, depth)
        objects = [part for part in (*parts, own) if isinstance(part, dict)]
        if objects and (isinstance(own, dict) or not parts or all(isinstance(part, dict) for part in parts)):
            return {key: value for part in objects for key, value in part.items()}
        return parts[0] if parts else own

    def _pick(self, options: Json, depth: int) -> Json:
        found = _list(options)
        return found[-1] if depth > 4 else self._random.choice(found)

    def _typed(self, schema: JsonObject, depth: int) -> Any:
        kinds = schema.get("type")
        kind = self._random.choice(kinds) if isinstance(kinds, list) else kinds
        if isinstance(kinds, list) and depth > 4 and "null" in kinds:
            kind = "null"
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return [self._value(schema.get("items", True), depth + 1) for _ in range(0 if depth > 4 else 2)]
            case "string":
                return self._random.choice(("text", "2026-11-20T12:00:00Z", "ä"))
            case "integer":
                return self._random.randint(1, 9)
            case "number":
                return self._random.choice((1.5, 2))
            case "boolean":
                return self._random.random() < 0.5
            case "null":
                return None
        return (
            "any"
            if "oneOf" in schema or "anyOf" in schema or "allOf" in schema
            else self._random.choice(("any", 1, {"k": [1]}))
        )

    def _object(self, schema: JsonObject, depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        required = _list(schema.get("required"))
        value = {
            key: self._value(inner, depth + 1)
            for key, inner in (properties.items() if isinstance(properties, dict) else ())
            if key in required or (depth < 4 and self._random.random() < 0.7)
        }
        more = schema.get("additionalProperties")
        if not properties and isinstance(more, dict) and depth < 4:
            value["k1"] = self._value(more, depth + 1)
        return value


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def check_sdl(text: str, folder: Path, seed: int = 0) -> int:
    """Everything that must hold for an SDL; the number of operations whose answer was decoded."""
    name = f"any_{next(_numbers)}"
    (folder / f"{name}.graphql").write_text(text, encoding="utf-8")
    (folder / f"{name}.toml").write_text('base_url = "https://api.example/graphql"\n', encoding="utf-8")
    schema = build_schema(text)
    roots = [name for root in (schema.query_type, schema.mutation_type) if root for name in root.fields]
    made = write_own(
        OwnPackage(schema=folder / f"{name}.graphql", config=folder / f"{name}.toml", output=folder / name)
    )
    assert made.operations >= len(roots)
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        package = importlib.import_module(name)
        for public in dir(package):
            getattr(package, public)
        found = [importlib.import_module(one.name) for one in _walk(package) if ".operations." in one.name]
        documents = [module.OPERATION for module in found if hasattr(module, "OPERATION")]
        assert len(documents) == len(roots)
        for operation in documents:
            answer = sample_answer(schema, operation.document, random.Random(seed))
            result = operation.decode(answer, Decoding("test", strict=True))
            assert json.loads(result.model_dump_json(by_alias=True, exclude_unset=True)) == answer
        return len(documents)
    finally:
        sys.path.remove(str(folder))
        for module in [module for module in sys.modules if module.partition(".")[0] == name]:
            del sys.modules[module]


def _walk(package: ModuleType) -> Iterator[pkgutil.ModuleInfo]:
    return pkgutil.walk_packages(package.__path__, f"{package.__name__}.")


def sample_answer(schema: GraphQLSchema, document: str, chance: random.Random) -> dict[str, Any]:
    """What a server with any data answers: graphql-core executes the document over made-up values."""

    def resolve_field(source: Any, info: GraphQLResolveInfo, **_: object) -> Any:
        return made_up(info.return_type, len(info.path.as_list()))

    def made_up(type_: Any, depth: int) -> Any:
        if is_non_null_type(type_):
            return made_up(type_.of_type, depth)
        if is_list_type(type_):
            return [made_up(type_.of_type, depth) for _ in range(2 if depth < 5 else 0)]
        if is_enum_type(type_):
            return chance.choice(list(type_.values))
        if is_scalar_type(type_):
            return {"Int": 3, "Float": 1.5, "Boolean": True, "Date": "2026-11-20"}.get(type_.name, "text")
        if is_abstract_type(type_):
            return {"__typename": chance.choice(schema.get_possible_types(type_)).name}
        return {}

    variables = {}
    node = parse(document)
    for definition in node.definitions:
        for variable in getattr(definition, "variable_definitions", ()) or ():
            type_ = type_from_ast(schema, variable.type)
            if is_non_null_type(type_):
                inner = type_.of_type
                variables[variable.variable.name.value] = _input(inner)
    outcome = execute_sync(schema, node, variable_values=variables, field_resolver=resolve_field)
    assert not outcome.errors, outcome.errors
    assert outcome.data is not None
    return outcome.data


def _input(type_: Any) -> Any:
    if is_non_null_type(type_):
        return _input(type_.of_type)
    if is_list_type(type_):
        return [_input(type_.of_type)]
    if is_enum_type(type_):
        return next(iter(type_.values))
    if is_input_object_type(type_):
        return {name: _input(field.type) for name, field in type_.fields.items() if is_non_null_type(field.type)}
    return {"Int": 3, "Float": 1.5, "Boolean": True}.get(type_.name, "text")
