"""Python names for GraphQL names, and the names that must not be taken."""

from __future__ import annotations

import ast
import builtins
import keyword
import re

SUPPORT_NAMES = frozenset(
    {
        "Annotated",
        "Any",
        "AsyncClient",
        "AsyncGraphQLClient",
        "AsyncPages",
        "CallOptions",
        "ClassVar",
        "Client",
        "Connection",
        "Field",
        "GraphQLClient",
        "GraphQLOperation",
        "InputModel",
        "JsonInput",
        "JsonValue",
        "Literal",
        "NotRequired",
        "OpenEnum",
        "Optional",
        "PagedCallOptions",
        "Pages",
        "Required",
        "ResultModel",
        "Sequence",
        "TYPE_CHECKING",
        "TypeAlias",
        "TypedDict",
        "UNSET",
        "Union",
        "Unpack",
        "Unset",
        "deprecated",
        "member",
    }
)
"""Names generated modules import; a generated class of the same name would shadow one."""

CLIENT_NAMES = frozenset(
    {
        "aclose",
        "attachments",
        "bind",
        "bulk",
        "close",
        "execute",
        "exports",
        "find_organization",
        "from_env",
        "iter_query",
        "limits",
        "mutate",
        "query",
        "raw",
        "webhooks",
    }
)
"""What the hand-written client has besides the generated methods."""

OPTION_NAMES = frozenset(
    {"deadline", "extra_headers", "idempotency_key", "max_wait", "options", "retries", "self", "timeout"}
)
"""Keyword arguments every method has: those of `typedpipes._core.rest.CallOptions`, and its own two."""

PAGE_OPTION_NAMES = frozenset({"max_items", "page_size", "resume"})
"""Keyword arguments ``iter_`` methods have besides: those of `typedpipes._core.rest.PageOptions`."""

MODEL_NAMES = frozenset({"to_wire"})
"""What the bases of generated models add to pydantic's own attributes."""

STR_NAMES = frozenset(dir(str)) | {"is_known", "members"}
"""Attributes an open enum has already."""

ENUM_SCOPE = frozenset({"ClassVar", "member"})
"""Names that the body of an open enum uses: a member of that name would hide them."""


def pascal_case(name: str) -> str:
    """``moveCardToPhase`` and ``table_records`` -> ``MoveCardToPhase`` and ``TableRecords``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def snake_case(name: str) -> str:
    """``moveCardToPhase`` and ``APIUsage`` -> ``move_card_to_phase`` and ``api_usage``."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?=[A-Z][a-z]|\d|\W|_|$)|\d+", name)
    return "_".join(word.lower() for word in words)


def safe_name(name: str) -> str:
    """``name`` with a trailing underscore where it is a keyword or the name of a builtin type."""
    return f"{name}_" if keyword.iskeyword(name) or isinstance(getattr(builtins, name, None), type) else name


def argument_name(name: str) -> str:
    """The argument for a variable: snake case, with a trailing underscore where it is a keyword or a call option."""
    words = snake_case(name)
    taken = keyword.iskeyword(words) or words in OPTION_NAMES or words in PAGE_OPTION_NAMES
    return f"{words}_" if taken else words


def member_name(value: str) -> str:
    """The attribute of an open enum that stands for ``value``."""
    name = value.lstrip("_") or "underscore"
    if not name.isidentifier():
        return f"value_{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in STR_NAMES or name in ENUM_SCOPE else name


def field_name(name: str) -> str:
    """``name`` (already in snake case) as an attribute of a model."""
    if name and not name.isidentifier():
        return f"field_{name}"
    return f"{name}_" if name in MODEL_NAMES else name


def is_reserved(class_name: str) -> bool:
    """Whether a class of this name would be a syntax error or shadow something generated code needs."""
    return keyword.iskeyword(class_name) or class_name in SUPPORT_NAMES or hasattr(builtins, class_name)


RESULT_SUFFIX = "Result"
"""Ends the name of the class that holds an operation's whole ``data``."""


def field_call(keywords: list[ast.keyword], default: ast.expr | None) -> ast.expr | None:
    """``Field(...)`` if there is anything to say, else the bare default; None means there is none."""
    if not keywords:
        return default
    if default is not None:
        keywords = [*keywords, ast.keyword("default", default)]
    return ast.Call(ast.Name("Field"), [], keywords)


def number_repeated(fields: list[ast.AnnAssign], taken: set[str]) -> None:
    """Give each field a Python name of its own: ``name_2`` for the second of two, its wire name recorded.

    The one whose wire name it is keeps the plain name, so that a field can be given by either name without doubt.
    """
    used = set(taken)
    for statement in sorted(fields, key=lambda field: field.target.id != wire_name(field)):  # type: ignore[union-attr]  # fields are names
        assert isinstance(statement.target, ast.Name)
        name, number = statement.target.id, 2
        while statement.target.id in used:
            rename(statement, f"{name}_{number}")
            number += 1
        used.add(statement.target.id)


def rename(statement: ast.AnnAssign, name: str) -> None:
    """Give a field another Python name and keep its wire name."""
    alias = ast.keyword("alias", ast.Constant(wire_name(statement)))
    others = [given for given in keywords_of(statement) if given.arg != "alias"]
    default = None if isinstance(statement.value, ast.Call) else statement.value
    statement.target = ast.Name(name)
    statement.value = field_call([alias, *others], default)


def wire_name(statement: ast.AnnAssign) -> str:
    """The name a field has on the wire."""
    for given in keywords_of(statement):
        if given.arg == "alias" and isinstance(given.value, ast.Constant):
            return str(given.value.value)
    assert isinstance(statement.target, ast.Name)
    return statement.target.id


def keywords_of(statement: ast.AnnAssign) -> list[ast.keyword]:
    """The keyword arguments of the ``Field(...)`` a model field is assigned, if it is."""
    return statement.value.keywords if isinstance(statement.value, ast.Call) else []


def method_name(operation: str) -> str:
    """Name of the client method and of the module of an operation."""
    return safe_name(snake_case(operation))


def iter_name(method: str) -> str:
    """Name of the method that walks every page of the operation behind ``method``."""
    return f"iter_{method.rstrip('_')}"
