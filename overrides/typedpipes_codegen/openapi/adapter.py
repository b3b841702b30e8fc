"""The one place that touches openapi-python-client: its parser, pinned to an exact version.

In goes a neutral document (`typedpipes_codegen.openapi.neutral`); out come the parser's components and endpoints in our
types. Everything the parser says of itself (errors, warnings) fails the run. Its test
(tests/typedpipes_codegen/openapi/test_adapter.py) pins the version and each attribute used here.
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.neutral import ROOT, Neutral
from typedpipes_codegen.openapi.reading import Node

if TYPE_CHECKING:
    from openapi_python_client.config import Config
    from openapi_python_client.parser.openapi import Endpoint, GeneratorData
    from openapi_python_client.parser.properties import ModelProperty, Property

VERSION: Final = "0.29.1"


@attrs.frozen
class Parsed:
    """The parser's result under neutral names."""

    models: dict[str, dict[str, tuple[ir.Type, bool]]]
    """Per component: the type of each property and whether it is required."""
    enums: dict[str, frozenset[str | int]]
    endpoints: dict[str, ParsedEndpoint]


@attrs.frozen
class ParsedEndpoint:
    method: str
    query: tuple[tuple[str, ir.Type, bool], ...]
    bodies: tuple[tuple[str, ir.Type], ...]
    responses: dict[str, ir.Type]


def parse(document: Node, neutral: Neutral) -> Parsed:
    """Run the parser. Anything it reports is a `SchemaError`; so is a version we do not know."""
    found = importlib.metadata.version("openapi-python-client")
    if found != VERSION:
        raise SchemaError(
            f"openapi-python-client {found} is installed; the adapter is made for {VERSION}",
            pointer=None,
            remedy=f"install openapi-python-client=={VERSION}",
        )
    data = _generator_data(document, neutral)
    types = _Types(neutral)
    return Parsed(
        models={model.class_info.name: types.fields(model) for model in data.models if types.is_ours(model)},
        enums={enum.class_info.name: frozenset(enum.values) for enum in data.enums},
        endpoints={
            str(endpoint.name): types.endpoint(endpoint)
            for collection in data.endpoint_collections_by_tag.values()
            for endpoint in collection.endpoints
        },
    )


def _generator_data(document: Node, neutral: Neutral) -> GeneratorData:
    from openapi_python_client.parser.errors import GeneratorError
    from openapi_python_client.parser.openapi import GeneratorData

    data = GeneratorData.from_dict(document, config=_config())
    if isinstance(data, GeneratorError):
        raise _refused(data, neutral)
    warnings = [*data.errors]
    for collection in data.endpoint_collections_by_tag.values():
        warnings += collection.parse_errors
        for endpoint in collection.endpoints:
            warnings += endpoint.errors
    if warnings:
        raise _refused(warnings[0], neutral)
    return data


def _config() -> Config:
    from openapi_python_client.config import Config, ConfigFile, MetaType

    return Config.from_sources(
        ConfigFile(literal_enums=True, post_hooks=[]),
        MetaType.NONE,
        document_source=Path("neutral"),
        file_encoding="utf-8",
        overwrite=False,
        output_path=None,
    )


def _refused(error: object, neutral: Neutral) -> SchemaError:
    """Put a complaint of the parser into the names of the document."""
    words = " ".join(f"{getattr(error, 'header', '')} {getattr(error, 'detail', '') or ''}".split())

    def back(match: re.Match[str]) -> str:
        return neutral.key(match.group()) or match.group()

    return SchemaError(
        f"the parser refused the document: {re.sub(r'C[0-9]+', back, words)[:400]}",
        pointer=None,
        remedy="mend the schema it names, or correct it in the overlay",
    )


class _Types:
    """From the parser's properties to our types."""

    def __init__(self, neutral: Neutral) -> None:
        self._neutral = neutral

    def is_ours(self, model: ModelProperty) -> bool:
        name = model.class_info.name
        return name == ROOT or self._neutral.key(name) is not None

    def fields(self, model: ModelProperty) -> dict[str, tuple[ir.Type, bool]]:
        properties = [*(model.required_properties or []), *(model.optional_properties or [])]
        return {_name(prop): (self.of(prop), prop.required) for prop in properties}

    def endpoint(self, endpoint: Endpoint) -> ParsedEndpoint:
        return ParsedEndpoint(
            method=endpoint.method,
            query=self._parameters(endpoint.query_parameters),
            bodies=tuple((body.content_type.get_untrusted_value(), self.of(body.prop)) for body in endpoint.bodies),
            responses={response.status_code.pattern: self._answer(response) for response in endpoint.responses},
        )

    def _parameters(self, properties: list[Property]) -> tuple[tuple[str, ir.Type, bool], ...]:
        return tuple((_name(prop), self.of(prop), prop.required) for prop in properties)

    def _answer(self, response: object) -> ir.Type:
        from openapi_python_client.parser.responses import (
            BYTES_SOURCE,
            NONE_SOURCE,
            TEXT_SOURCE,
            Response,
        )

        assert isinstance(response, Response)
        plain = {
            NONE_SOURCE["attribute"]: ir.NONE,
            TEXT_SOURCE["attribute"]: ir.STR,
            BYTES_SOURCE["attribute"]: ir.Scalar("bytes"),
        }
        return plain.get(response.source["attribute"]) or self.of(response.prop)

    def of(self, prop: object) -> ir.Type:
        """The type of one property of the parser."""
        from openapi_python_client.parser import properties as opc
        from openapi_python_client.parser.properties.const import ConstProperty
        from openapi_python_client.parser.properties.list_property import ListProperty
        from openapi_python_client.parser.properties.union import UnionProperty

        if isinstance(prop, opc.ModelProperty):
            return self._model(prop)
        if isinstance(prop, opc.LiteralEnumProperty):
            return ir.Ref(self._key(prop.class_info.name))
        if isinstance(prop, UnionProperty):
            return ir.union(*(self.of(inner) for inner in prop.inner_properties))
        if isinstance(prop, ListProperty):
            return ir.ListOf(self.of(prop.inner_property))
        if isinstance(prop, ConstProperty):
            return ir.Const(prop.value.raw_value)
        name = _SCALARS.get(type(prop).__name__)
        if name is None:
            raise SchemaError(
                f"the parser made a {type(prop).__name__}, which the adapter does not know",
                pointer=None,
                remedy="extend typedpipes_codegen/openapi/adapter.py",
            )
        return ir.Scalar(name)

    def _model(self, model: ModelProperty) -> ir.Type:
        key = self._neutral.key(model.class_info.name)
        if key is not None:
            return ir.Ref(key)
        value = model.additional_properties
        return ir.DictOf(self.of(value) if value is not None else ir.JSON)

    def _key(self, code: str) -> str:
        key = self._neutral.key(code)
        assert key is not None, code  # every enum is a component of the neutral document
        return key


_SCALARS: Final[dict[str, ir.Atom]] = {
    "AnyProperty": "JSON",
    "BooleanProperty": "bool",
    "FileProperty": "bytes",
    "FloatProperty": "float",
    "IntProperty": "int",
    "NoneProperty": "None",
    "StringProperty": "str",
}


def _name(prop: Property) -> str:
    return prop.name.get_untrusted_value()
