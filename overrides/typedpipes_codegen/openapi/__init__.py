"""OpenAPI documents to typed packages: openapi-python-client reads, this renders.

prepared (what the parser cannot hold) -> adapter (the parser) -> build (checked once) -> layout -> text.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from typedpipes_codegen.openapi import ir
from typedpipes_codegen.openapi.build import build_api
from typedpipes_codegen.openapi.endpoints import count_operations
from typedpipes_codegen.openapi.layout import Layout
from typedpipes_codegen.openapi.package import Facade, Package


@attrs.frozen
class RenderReport:
    """What a package holds."""

    operations: int
    models: int
    enums: int
    notes: tuple[str, ...] = ()
    """Parts that became JSON because they are beyond the bounds, each with its place and the reason."""


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
    layout = Layout(result, package, () if facade is None else facade.names)
    Package(layout, api=api, header=header, options_type=options_type, facade=facade).write(output_dir)
    enums = sum(isinstance(component, ir.Enum) for component in result.components.values())
    models = sum(isinstance(component, ir.Model) for component in result.components.values())
    return RenderReport(len(result.operations), models, enums, result.notes)


__all__ = ["RenderReport", "count_operations", "render"]
