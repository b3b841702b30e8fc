"""OpenAPI documents to typed packages: openapi-python-client reads, this renders.

neutral (names out of the way) -> adapter (the parser) -> build (checked against the document) -> layout -> text.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.build import build_api
from typedpipes_codegen.openapi.layout import Layout
from typedpipes_codegen.openapi.package import Facade, Package
from typedpipes_codegen.openapi.reading import METHODS, mapping


@attrs.frozen
class RenderReport:
    """What a package holds."""

    operations: int
    models: int
    enums: int


def render(
    document: dict[str, object],
    output_dir: Path,
    *,
    package: str,
    api: str,
    header: str,
    options_type: str = "CallOptions",
    facade: Facade | None = None,
) -> RenderReport:
    """Write the package of an effective document into the empty folder ``output_dir``.

    ``package`` is its import path, ``api`` the name stamped on requests, ``header`` the comment on top of each file,
    ``options_type`` the class in typedpipes.runtime that types per-call options, ``facade`` a module with ready
    client classes to add. Raises `SchemaError` for anything in
    the document that cannot be generated completely; the folder is then incomplete and to be thrown away.
    """
    result = build_api(document)
    expected = count_operations(document)
    if len(result.operations) != expected:
        raise SchemaError(
            f"{expected} operations in the document, {len(result.operations)} generated",
            pointer="/paths",
            remedy="report it: an operation was lost in generation",
        )
    layout = Layout(result, package, () if facade is None else facade.names)
    Package(layout, api=api, header=header, options_type=options_type, facade=facade).write(output_dir)
    enums = sum(isinstance(component, ir.Enum) for component in result.components.values())
    models = sum(isinstance(component, ir.Model) for component in result.components.values())
    return RenderReport(len(result.operations), models, enums)


def count_operations(document: dict[str, object]) -> int:
    """How many operations a document has, counted without the generator."""
    paths = mapping(document.get("paths"), "/paths")
    return sum(
        method in METHODS
        for path, item in paths.items()
        if not path.startswith("x-")
        for method in mapping(item, f"/paths/{path}")
    )


__all__ = ["RenderReport", "count_operations", "render"]
