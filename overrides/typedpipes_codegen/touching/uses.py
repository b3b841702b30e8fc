"""What a program uses of a generated package, by mypy's own resolution: aliases, loops and narrowing count.

The one place that touches mypy's build interface, which promises no stability;
`tests/typedpipes_codegen/touching` is its contract test.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from typedpipes_codegen.errors import SchemaError

if TYPE_CHECKING:
    from mypy.build import BuildResult, BuildSource
    from mypy.nodes import TypeInfo
    from mypy.types import Type

Place = tuple[int, int, int, int]
"""First line, first column, last line, last column of an expression, as `ast` and mypy both give them."""


@attrs.frozen
class Call:
    """How a method or class was called."""

    keywords: Mapping[str, tuple[str, ...] | None] = attrs.field(hash=False)
    """Keyword arguments: the literal values passed, or None where the value is computed."""
    spread: bool
    """Whether ``**something`` was passed, which may hold any argument."""


@attrs.frozen
class Use:
    """One place in a program that names something of the package."""

    file: str
    line: int
    source: str
    """The line, stripped."""
    owners: tuple[str, ...]
    """Full names of the classes that the name may belong to, most derived first."""
    name: str
    """Attribute, method, enum member or dictionary key; empty for the class itself."""
    call: Call | None = None


@attrs.frozen
class Text:
    """A string that is passed to ``execute``: a GraphQL document of the program's own."""

    file: str
    line: int
    """1-based line of the document's first line."""
    document: str


@attrs.frozen
class Program:
    """Everything found in a program."""

    uses: tuple[Use, ...]
    documents: tuple[Text, ...]


def read_program(paths: Sequence[Path], package: str, *, cache: Path) -> Program:
    """Every use of ``package`` (import name) in the Python files at or below ``paths``, in order of file and line.

    ``cache`` is a folder of ours for mypy's cache: the first run takes as long as a cold mypy, later ones a second.
    Raises `SchemaError` for a path that does not exist, a file that is not Python, and a missing mypy.
    """
    for path in paths:
        if not path.exists():
            raise SchemaError("there is no such file or folder", file=path, remedy="name your program's files")
    result, sources = _build(paths, cache)
    uses: list[Use] = []
    documents: list[Text] = []
    for source in sources:
        assert source.path is not None
        reader = _Module(source.path, source.text or "", result, package)
        uses += reader.uses(source.module)
        documents += reader.documents()
    order = sorted(dict.fromkeys(uses), key=lambda use: (use.file, use.line, use.owners, use.name))
    return Program(tuple(order), tuple(documents))


def _build(paths: Sequence[Path], cache: Path) -> tuple[BuildResult, list[BuildSource]]:
    try:
        from mypy import build
        from mypy.errors import CompileError
        from mypy.find_sources import InvalidSourceList, create_source_list
        from mypy.options import Options
    except ModuleNotFoundError:
        raise SchemaError(
            "finding uses needs mypy, which is not installed",
            remedy='python -m pip install ".[codegen]"',
        ) from None
    options = Options()
    options.export_types = options.preserve_asts = options.check_untyped_defs = options.ignore_errors = True
    options.python_executable = sys.executable
    options.cache_dir = str(cache)
    try:
        found = create_source_list([str(path) for path in paths], options)
        # A source that is given as text is never taken from the cache, whose modules have no trees.
        texts = [(item, Path(item.path or "").read_text(encoding="utf-8")) for item in found]
        sources = [build.BuildSource(item.path, item.module, text, item.base_dir) for item, text in texts]
        return build.build(sources, options), sources
    except (CompileError, InvalidSourceList, UnicodeDecodeError) as error:
        first = error.messages[0] if isinstance(error, CompileError) and error.messages else error
        raise SchemaError(f"the program cannot be read: {first}", remedy="make it run under mypy first") from None


class _Module:
    """One file of the program."""

    def __init__(self, path: str, text: str, result: BuildResult, package: str) -> None:
        self._path = path
        self._lines = text.splitlines()
        self._tree = ast.parse(text)
        self._result = result
        self._package = package
        self._calls = {_place(node.func): node for node in ast.walk(self._tree) if isinstance(node, ast.Call)}

    def uses(self, module: str) -> Iterator[Use]:
        from mypy.nodes import TypeInfo
        from mypy.traverser import NameAndMemberCollector

        collector = NameAndMemberCollector()
        self._result.files[module].accept(collector)
        for member in collector.member_exprs:
            owners = self._owners(self._result.types.get(member.expr), member.name)
            if owners:
                yield self._use(member.line, owners, member.name, self._calls.get(_mypy_place(member)))
            elif isinstance(member.node, TypeInfo) and self._ours(member.node):
                yield self._use(member.line, (member.node.fullname,), "", self._calls.get(_mypy_place(member)))
        for name in collector.name_exprs:
            if isinstance(name.node, TypeInfo) and self._ours(name.node):
                yield self._use(name.line, (name.node.fullname,), "", self._calls.get(_mypy_place(name)))
        yield from self._imports(module)
        yield from self._keys()

    def _imports(self, module: str) -> Iterator[Use]:
        """Classes that are imported, for annotations are no expressions."""
        from mypy.nodes import TypeInfo

        names = self._result.files[module].names
        for node in (node for node in ast.walk(self._tree) if isinstance(node, ast.ImportFrom)):
            for alias in node.names:
                symbol = names.get(alias.asname or alias.name)
                if symbol is not None and isinstance(symbol.node, TypeInfo) and self._ours(symbol.node):
                    yield self._use(node.lineno, (symbol.node.fullname,), "", None)

    def _keys(self) -> Iterator[Use]:
        """Keys of dictionaries that mypy takes for a ``TypedDict`` of the package."""
        from mypy.nodes import DictExpr

        named = {
            _mypy_place(expression): self._typed_dicts(found)
            for expression, found in self._result.types.items()
            if isinstance(expression, DictExpr)
        }
        for node in ast.walk(self._tree):
            owners = named.get(_place(node), ()) if isinstance(node, ast.Dict) else ()
            if isinstance(node, ast.Dict) and owners:
                yield self._use(node.lineno, owners, "", None)
                for key in node.keys:
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield self._use(key.lineno, owners, key.value, None)

    def documents(self) -> Iterator[Text]:
        """Strings passed to ``execute``, directly or by the name of a constant of the module."""
        constants = {
            target.id: node.value
            for node in self._tree.body
            for target in ([*node.targets] if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
            if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign)
        }
        for call in self._calls.values():
            if not (isinstance(call.func, ast.Attribute) and call.func.attr == "execute" and call.args):
                continue
            value: ast.expr | None = call.args[0]
            if isinstance(value, ast.Name):
                value = constants.get(value.id)
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield Text(self._path, value.lineno, value.value)

    def _owners(self, found: Type | None, name: str) -> tuple[str, ...]:
        """The package's classes among those of a value's type that have ``name``."""
        owners: list[str] = []
        for info in _classes(found):
            bases = [base for base in info.mro if self._ours(base)]
            if any(name in base.names for base in bases):
                owners += [base.fullname for base in bases]
        return tuple(dict.fromkeys(owners))

    def _typed_dicts(self, found: Type) -> tuple[str, ...]:
        from mypy.types import TypedDictType, get_proper_type

        found = get_proper_type(found)
        if isinstance(found, TypedDictType) and self._ours(found.fallback.type):
            return (found.fallback.type.fullname,)
        return ()

    def _ours(self, info: TypeInfo) -> bool:
        return info.fullname.startswith(f"{self._package}.")

    def _use(self, line: int, owners: tuple[str, ...], name: str, call: ast.Call | None) -> Use:
        source = self._lines[line - 1].strip() if 0 < line <= len(self._lines) else ""
        return Use(self._path, line, source, owners, name, None if call is None else _call(call))


def _classes(found: Type | None) -> Iterator[TypeInfo]:
    """The classes a value of this type may be of; for a class object, that class."""
    from mypy.types import CallableType, Instance, Overloaded, TypeType, TypeVarType, UnionType, get_proper_type

    if found is None:
        return
    proper = get_proper_type(found)
    match proper:
        case UnionType():
            for item in proper.items:
                yield from _classes(item)
        case Instance():
            yield proper.type
        case TypeType():
            yield from _classes(proper.item)
        case TypeVarType():
            yield from _classes(proper.upper_bound)
        case CallableType() if proper.is_type_obj():
            yield from _classes(proper.ret_type)
        case Overloaded() if proper.is_type_obj():
            yield from _classes(proper.items[0].ret_type)


def _call(node: ast.Call) -> Call:
    keywords = {keyword.arg: _literals(keyword.value) for keyword in node.keywords if keyword.arg is not None}
    return Call(keywords, spread=any(keyword.arg is None for keyword in node.keywords))


def _literals(value: ast.expr) -> tuple[str, ...] | None:
    """The constants written, also in a list or tuple; None if anything is computed."""
    if isinstance(value, ast.Constant):
        return (str(value.value),)
    if isinstance(value, ast.List | ast.Tuple | ast.Set):
        items: Iterable[tuple[str, ...] | None] = [_literals(item) for item in value.elts]
        found = [item for item in items if item is not None]
        return tuple(text for item in found for text in item) if len(found) == len(value.elts) else None
    return None


def _place(node: ast.expr) -> Place:
    return (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)


def _mypy_place(node: object) -> Place:
    """The same for an expression of mypy, whose nodes share no typed base with these four."""
    return tuple(getattr(node, name) or 0 for name in ("line", "column", "end_line", "end_column"))  # type: ignore[return-value]  # four names
