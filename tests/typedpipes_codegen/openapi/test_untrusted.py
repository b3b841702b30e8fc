"""A schema is untrusted: whatever stands in it, nothing of it becomes code, a path or an import."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.typedpipes_codegen.openapi.rendering import render_into, shop

PAYLOADS = [
    '"""\nraise SystemExit("owned")\n"""',
    "'''\nraise SystemExit('owned')\n'''",
    '\\"""; raise SystemExit("owned") #',
    'x"); raise SystemExit("owned") #',
    "x'): raise SystemExit('owned') #",
    "{raise SystemExit('owned')}",
    "${__import__('os').system('owned')}",
    "{{ ''.__class__.__mro__ }}",
    "a\nraise SystemExit('owned')\n",
    "a\r\x0b\x0craise SystemExit('owned')",
    "a\u2028raise SystemExit('owned')\u2029\x85",
    "\\\n\\",
    "\\N{BULLET} \\u0041 \\x41",
    "ends with backslash \\",
    'ends with quote "',
    "\x00\x1b[31m",
    "\ud800",
    "__import__('os').system('owned')",
    "# type: ignore",
    "𝖗𝖆𝖎𝖘𝖊 ｒａｉｓｅ",
]


def poisoned(payload: str) -> dict[str, Any]:
    """The shop with the payload wherever a document may hold any text."""
    document = shop()
    orders = document["paths"]["/orders"]["get"]
    orders |= {"operationId": payload, "x-summary": payload, "description": payload, "x-buckets": [payload]}
    orders["security"] = [{payload: []}]
    orders["servers"] = [{"url": payload}]
    orders["x-normalize"] = [payload]
    orders["parameters"] += [
        {"name": payload, "in": "query", "description": payload, "schema": {"type": "string", "enum": [payload, "b"]}},
        {"name": payload, "in": "header", "x-client-default": payload, "schema": {"type": "string"}},
    ]
    document["paths"]["/orders/search"]["get"]["x-replacement"] = payload
    document["paths"]["/files"]["post"]["requestBody"]["content"] = {
        payload: {"schema": {"type": "string", "title": payload}}
    }
    schemas = document["components"]["schemas"]
    schemas["OrderStatus"]["enum"].append(payload)
    schemas["OrderStatus"]["description"] = payload
    schemas["Line"]["description"] = payload
    schemas["Line"]["properties"][payload] = {"type": "string", "description": payload, "default": payload}
    schemas["Line"]["properties"]["k"] = {"const": payload, "x-secret": True, "title": payload}
    schemas["Payment"]["description"] = payload
    document["info"] |= {"title": payload, "description": payload}
    return document


def skeleton(folder: Path) -> dict[str, list[str]]:
    """What the code of a package can do: every name it reads and everything it calls or imports."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.py")):
        calls = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                calls.add(f"call {ast.unparse(node.func)}")
            elif isinstance(node, ast.Import | ast.ImportFrom):
                calls.add(f"import {getattr(node, 'module', '')}")
            elif isinstance(
                node, ast.Raise | ast.Delete | ast.Global | ast.Lambda | ast.JoinedStr | ast.Try | ast.With
            ):
                calls.add(f"{type(node).__name__} {ast.unparse(node)}")
        found[path.name] = sorted(calls)
    return found


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The same document with a harmless word in every place."""
    folder = tmp_path_factory.mktemp("clean") / "shop"
    render_into(poisoned("harmless"), folder)
    return skeleton(folder)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_no_text_of_a_document_becomes_code(payload: str, clean: dict[str, list[str]], tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    render_into(poisoned(payload), folder)
    assert skeleton(folder) == clean
    assert {path.name for path in tmp_path.iterdir()} == {"shop"}
    for path in folder.glob("*.py"):
        # No control, separator or foreign letter reaches the source: nothing can look like what it is not.
        assert path.read_text(encoding="utf-8").replace("\n", "").isprintable()


def test_the_poisoned_values_are_still_what_they_were(tmp_path: Path) -> None:
    payload = PAYLOADS[0]
    render_into(poisoned(payload), tmp_path / "shop")
    tree = ast.parse((tmp_path / "shop" / "orders.py").read_text(encoding="utf-8"))
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert constants.count(payload) > 5
