"""What the tests of the OpenAPI renderer share: rendering a document into an importable package, and a recorder."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from typedpipes._core.rest import ApiResponse, Arguments, CallOptions, Operation
from typedpipes_codegen.openapi import RenderReport, render

SHOP = Path(__file__).with_name("shop.yaml")
_numbers = count()


def shop() -> dict[str, Any]:
    """The fixture document, fresh for each caller to change."""
    document: dict[str, Any] = yaml.safe_load(SHOP.read_text(encoding="utf-8"))
    return document


def small(**schemas: Any) -> dict[str, Any]:
    """A document with one operation that answers with the first schema."""
    first = next(iter(schemas))
    answer = {"description": "", "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{first}"}}}}
    operation = {"operationId": "getThing", "tags": ["things"], "responses": {"200": answer}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/things": {"get": operation}},
        "components": {"schemas": schemas},
    }


def render_into(document: dict[str, Any], folder: Path, package: str = "shop", **options: Any) -> RenderReport:
    folder.mkdir(parents=True, exist_ok=True)
    return render(document, folder, package=package, api="shop", header="Generated. Do not edit.", **options)


@contextmanager
def imported(document: dict[str, Any], tmp_path: Path, **options: Any) -> Iterator[ModuleType]:
    """Render, import, and forget the package afterwards."""
    name = f"shop_{next(_numbers)}"
    render_into(document, tmp_path / name, name, **options)
    sys.path.insert(0, str(tmp_path))
    try:
        importlib.invalidate_caches()
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(tmp_path))
        for module in [module for module in sys.modules if module.partition(".")[0] == name]:
            del sys.modules[module]
        shutil.rmtree(tmp_path / name)


class _Seen:
    """What a caller was asked last."""

    operation: Operation[Any]
    arguments: Arguments
    options: CallOptions

    def note(self, operation: Operation[Any], arguments: Arguments, options: CallOptions) -> Any:
        self.operation, self.arguments, self.options = operation, arguments, options
        return self


class Recorder(_Seen):
    """A caller that keeps what it was asked and answers with itself."""

    def call(self, operation: Operation[Any], arguments: Arguments, options: CallOptions) -> Any:
        return self.note(operation, arguments, options)

    def call_raw(self, operation: Operation[Any], arguments: Arguments, options: CallOptions) -> ApiResponse[Any]:
        return ApiResponse(200, {}, self.note(operation, arguments, options))

    def pages(self, operation: Operation[Any], arguments: Arguments, options: CallOptions) -> Any:
        return self.note(operation, arguments, options)


class AsyncRecorder(_Seen):
    """The asynchronous twin."""

    async def call(self, operation: Operation[Any], arguments: Arguments, options: CallOptions) -> Any:
        return self.note(operation, arguments, options)

    async def call_raw(self, operation: Operation[Any], arguments: Arguments, options: CallOptions) -> ApiResponse[Any]:
        return ApiResponse(200, {}, self.note(operation, arguments, options))

    def pages(self, operation: Operation[Any], arguments: Arguments, options: CallOptions) -> Any:
        return self.note(operation, arguments, options)
