"""A schema is untrusted: no text in it may become code, a path, or an import."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import sys
from pathlib import Path

import pytest

from tests.typedpipes_codegen.graphql.packages import imported, render_to, write
from typedpipes_codegen.graphql.emit import text_literal

MARK = "INJECTED"

PAYLOADS = [
    f'"""\nimport os; os.environ["{MARK}"] = "1"\n"""',
    f"'''\n{MARK} = __import__('os').system('touch {MARK}')\n'''",
    f'"; {MARK} = 1; "',
    f'\\"\\"\\"\\n{MARK} = 1\\n#',
    f"\\\n{MARK} = 1",
    f"{{{MARK}}} %s {{0}} ${{{MARK}}}",
    f"*/ # type: ignore\n# fmt: off\n{MARK} = 1",
    f"\u2028{MARK} = 1\u2029\x0b{MARK} = 2\x0c",
    f"\u202e{MARK}\u202c \x00 {MARK}",
    f"{MARK}\\",
    f'{MARK}"',
    f"\r{MARK} = 1\r\n{MARK} = 2",
]

ALLOWED = frozenset({"__getattr__", "__dir__"})
"""The only functions outside classes: the lazy ``__init__``'s."""


def quoted(text: str) -> str:
    """A GraphQL string literal."""
    return json.dumps(text)


def schema(text: str) -> str:
    literal = quoted(text)
    return f"""
        {literal} scalar Odd @specifiedBy(url: {literal})
        {literal} enum Kind {{ {literal} one @deprecated(reason: {literal}) two }}
        {literal} input Given {{
          {literal} text: String = {literal} kind: Kind! = one list: [String!] = [{literal}] given: Given
          odd: Odd = {literal} object: Held = {{ text: {literal} }} old: Int @deprecated(reason: {literal})
        }}
        {literal} input Held {{ text: String = {literal} }}
        {literal} type Thing {{ {literal} id: ID! old(text: String = {literal}): Int @deprecated(reason: {literal}) }}
        {literal} type Query {{
          {literal} thing({literal} text: String = {literal}, given: Given): Thing @deprecated(reason: {literal})
          other(given: Given = {{ text: {literal} }}): Kind
        }}
        {literal} schema {{ query: Query }}
    """


def documents(text: str) -> str:
    literal = quoted(text)
    return f"""
        query Thing($text: String = {literal}, $given: Given = {{ text: {literal} }}) {{
          thing(text: $text, given: $given) {{ ...Part old(text: {literal}) }}
        }}
        query Other {{ other(given: {{ text: {literal}, list: [{literal}] }}) }}
        fragment Part on Thing {{ id }}
    """


def outside_strings(tree: ast.AST) -> list[str]:
    """Every identifier of a module: names, attributes, arguments, definitions, imports, keywords."""
    found: list[str] = []
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(node, ast.Constant):
                continue
            found += [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]
            assert name != "type_comment" or value is None
    return found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_of_a_schema_or_document_stays_text(tmp_path: Path, payload: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(MARK, raising=False)
    write(tmp_path / "in", schema(payload), all=documents(payload))
    with imported(tmp_path / "in", tmp_path / "out") as package:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            loaded = importlib.import_module(module.name)
            assert not hasattr(loaded, MARK)
        operation = importlib.import_module(f"{package.__name__}.operations.thing").OPERATION
        assert MARK in operation.document
        files = [*(tmp_path / "out").rglob("*.py"), *(tmp_path / "out").rglob("*.pyi")]
        assert len(files) == 13
        for file in files:
            check_source(file.read_text(encoding="utf-8"))
    assert MARK not in __import__("os").environ
    assert not (tmp_path / MARK).exists()


def check_source(text: str) -> None:
    tree = ast.parse(text)
    assert not [name for name in outside_strings(tree) if MARK in name]
    for statement in tree.body:
        allowed = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.If, ast.Expr)
        assert isinstance(statement, allowed)
        if isinstance(statement, ast.Expr):
            assert isinstance(statement.value, ast.Constant)
        if isinstance(statement, ast.If):
            assert ast.unparse(statement.test) in {"TYPE_CHECKING", "not TYPE_CHECKING"}
            functions = [node.name for node in statement.body if isinstance(node, ast.FunctionDef)]
            assert set(functions) <= ALLOWED
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module is not None
            assert node.module.split(".")[0] in {
                "__future__",
                "collections",
                "importlib",
                "pydantic",
                "typedpipes",
                "typing",
                "typing_extensions",
            }
        assert not isinstance(node, (ast.Import, ast.Lambda, ast.Global, ast.Delete, ast.Try, ast.With))


def test_a_payload_in_the_header_stays_a_comment(tmp_path: Path) -> None:
    from typedpipes_codegen.graphql import render

    schema_path, operations = write(tmp_path / "in", "type Query { one: Int }", One="query One { one }")
    (tmp_path / "out").mkdir()
    render(schema_path, operations, tmp_path / "out", package="x", header=f"a\n{MARK} = 1\r{MARK} = 2\u2028{MARK}")
    for file in (tmp_path / "out").rglob("*.py"):
        assert not [name for name in outside_strings(ast.parse(file.read_text("utf-8"))) if MARK in name]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_text_literal_is_the_text(payload: str) -> None:
    assert ast.literal_eval(text_literal(payload)) == payload


@pytest.mark.parametrize("name", ["..", "...hidden", "a b;c", "__init__", "class", "1", "é", "CON"])
def test_a_file_name_chooses_a_module_name_and_nothing_else(tmp_path: Path, name: str) -> None:
    text = "query One { one { ...Part } }\nfragment Part on Thing { id }"
    write(tmp_path / "in", "type Query { one: Thing }\ntype Thing { id: ID }", **{name: text})
    out = render_to(tmp_path / "out", tmp_path / "in")
    (module,) = [path for path in (out / "models").glob("*.py") if path.name != "__init__.py"]
    assert module.stem.isidentifier()
    assert module.stem == module.stem.lower()
    assert sorted(path.relative_to(tmp_path).parts[0] for path in tmp_path.iterdir()) == ["in", "out"]


def test_generation_reads_no_network_and_runs_nothing_of_the_schema(tmp_path: Path) -> None:
    write(
        tmp_path / "in",
        '"https://example.com/schema.graphql" type Query @link(url: "https://example.com") { one: Int }\n'
        "directive @link(url: String) on OBJECT\n",
        One="query One { one }",
    )
    opened: list[str] = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in {"socket.connect", "socket.getaddrinfo", "urllib.Request"}:
            opened.append(event)

    sys.addaudithook(hook)
    render_to(tmp_path / "out", tmp_path / "in")
    assert opened == []
