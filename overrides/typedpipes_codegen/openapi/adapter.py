"""The one place that touches openapi-python-client: its parser, pinned to an exact version.

In goes a prepared document (`typedpipes_codegen.openapi.prepared`); out come the parser's components and endpoints with
our types. Everything the parser says of itself (errors, warnings) fails the run. Its test
(tests/typedpipes_codegen/openapi/test_adapter.py) pins the version and each attribute used here.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import attrs

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.reading import Node

if TYPE_CHECKING:
    from openapi_python_client.config import Config
    from openapi_python_client.parser.openapi import Endpoint, GeneratorData
    from openapi_python_client.parser.properties import ModelProperty, Property

VERSION: Final = "0.29.1"
Members = dict[str, tuple[ir.Type, bool]]
"""Properties or parameters in their order: the type of each and whether it is required."""


@attrs.frozen
class Parsed:
    """The parser's result."""

    models: dict[str, Members]
    """Properties of each object, by component."""
    enums: dict[str, frozenset[str | int]]
    aliases: dict[str, ir.Type]
    """What each component that is no class stands for."""
    endpoints: dict[tuple[str, str], ParsedEndpoint]
    """By path and method."""


@attrs.frozen
class ParsedEndpoint:
    parameters: Members
    bodies: tuple[ir.Type, ...]
    answers: tuple[ir.Type, ...]


def parse(document: Node, classes: Mapping[str, str | None], aliases: Collection[str]) -> Parsed:
    """Run the parser. Anything it reports is a `SchemaError`; so is a version we do not know.

    ``classes`` are the components by the parser's name of the class, ``aliases`` those of them that are none.
    """
    version = importlib.metadata.version("openapi-python-client")
    if version != VERSION:
        raise SchemaError(
            f"openapi-python-client {version} is installed; the adapter is made for {VERSION}",
            pointer=None,
            remedy=f"install openapi-python-client=={VERSION}",
        )
    data = _generator_data(document)
    models: dict[str, list[ModelProperty]] = {}
    for model in data.models:
        if (key := classes.get(model.class_info.name)) is not None:
            models.setdefault(key, []).append(model)
    types = _Types(classes, {key: found[0] for key, found in models.items() if key in aliases})
    return Parsed(
        aliases={key: types.alias(key) for key in aliases},
        models={
            key: {name: one for part in parts for name, one in types.properties(part).items()}
            for key, parts in models.items()
            if key not in aliases
        },
        enums={types.key(enum.class_info.name): frozenset(enum.values) for enum in data.enums},
        endpoints={
            (endpoint.path.get_untrusted_value(), endpoint.method): types.endpoint(endpoint)
            for collection in data.endpoint_collections_by_tag.values()
            for endpoint in collection.endpoints
        },
    )


def identifier(name: str) -> str:
    """What the parser makes of the name of a property or parameter; two of one object must differ."""
    from openapi_python_client.strings import PythonIdentifier

    return PythonIdentifier(name, "field_")


def class_identifier(name: str) -> str:
    """What the parser makes of the name of a component; two of one document must differ."""
    from openapi_python_client.strings import ClassName

    return ClassName(name, "field_")


def _generator_data(document: Node) -> GeneratorData:
    from openapi_python_client.parser.errors import GeneratorError
    from openapi_python_client.parser.openapi import GeneratorData

    data = GeneratorData.from_dict(document, config=_config())
    if isinstance(data, GeneratorError):
        raise _refused(data)
    warnings = [*data.errors]
    for collection in data.endpoint_collections_by_tag.values():
        warnings += collection.parse_errors
        for endpoint in collection.endpoints:
            warnings += endpoint.errors
    if warnings:
        raise _refused(warnings[0])
    return data


def _config() -> Config:
    from openapi_python_client.config import Config, ConfigFile, MetaType

    return Config.from_sources(
        ConfigFile(literal_enums=True, post_hooks=[], use_path_prefixes_for_title_model_names=False),
        MetaType.NONE,
        document_source=Path("prepared"),
        file_encoding="utf-8",
        overwrite=False,
        output_path=None,
    )


def _refused(error: object) -> SchemaError:
    words = " ".join(f"{getattr(error, 'header', '')} {getattr(error, 'detail', '') or ''}".split())
    return SchemaError(
        f"the parser refused the document: {words[:400]}",
        pointer=None,
        remedy="mend the schema it names, or correct it in the overlay",
    )


class _Types:
    """From the parser's properties to our types."""

    def __init__(self, classes: Mapping[str, str | None], aliases: Mapping[str, ModelProperty]) -> None:
        self._classes = classes
        self._structures = aliases
        self._aliases: dict[str, ir.Type] = {}

    def key(self, name: str) -> str:
        key = self._classes[name]
        assert key is not None, name  # every enum is a component of the prepared document
        return key

    def alias(self, key: str) -> ir.Type:
        """What a component that is no class stands for. A circle ends as any value."""
        if key not in self._aliases:
            self._aliases[key] = ir.JSON
            ((self._aliases[key], _),) = self.properties(self._structures[key]).values()
        return self._aliases[key]

    def properties(self, model: ModelProperty) -> Members:
        return self._members([*(model.required_properties or []), *(model.optional_properties or [])])

    def endpoint(self, endpoint: Endpoint) -> ParsedEndpoint:
        return ParsedEndpoint(
            parameters=self._members(endpoint.query_parameters),
            bodies=tuple(self.of(body.prop) for body in endpoint.bodies),
            answers=tuple(self.of(response.prop) for response in endpoint.responses),
        )

    def _members(self, properties: list[Property]) -> Members:
        return {prop.name.get_untrusted_value(): (self.of(prop), prop.required) for prop in properties}

    def of(self, prop: object) -> ir.Type:
        """The type of one property of the parser."""
        from openapi_python_client.parser import properties as opc
        from openapi_python_client.parser.properties.const import ConstProperty
        from openapi_python_client.parser.properties.list_property import ListProperty
        from openapi_python_client.parser.properties.union import UnionProperty

        if isinstance(prop, opc.ModelProperty):
            return self._model(prop)
        if isinstance(prop, opc.LiteralEnumProperty):
            return ir.Ref(self.key(prop.class_info.name))
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
        key = self._classes[model.class_info.name]
        if key is None:
            value = model.additional_properties
            return ir.DictOf(self.of(value) if value is not None else ir.JSON)
        if key not in self._structures:
            return ir.Ref(key)
        alias = self.alias(key)
        return ir.union(ir.Ref(key), *([ir.NONE] if ir.nullable(alias) else [])) if is_kept(alias) else alias


def is_kept(alias: ir.Type) -> bool:
    """Aliases of plain types are written out; unions and lists of named things keep their name."""
    inner = ir.without_none(alias)
    return isinstance(inner, ir.Union | ir.ListOf) and next(ir.references(inner), None) is not None


_SCALARS: Final[dict[str, ir.Atom]] = {
    "AnyProperty": "JSON",
    "BooleanProperty": "bool",
    "FileProperty": "bytes",
    "FloatProperty": "float",
    "IntProperty": "int",
    "NoneProperty": "None",
    "StringProperty": "str",
}
