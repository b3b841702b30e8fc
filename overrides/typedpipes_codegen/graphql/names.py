"""Python names for GraphQL names, and the names that must not be taken."""

from __future__ import annotations

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
    """The argument for a variable: snake case, with a trailing underscore only where it is a keyword."""
    words = snake_case(name)
    return f"{words}_" if keyword.iskeyword(words) else words


def member_name(value: str) -> str:
    """The attribute of an open enum that stands for ``value``."""
    name = value.lstrip("_") or "underscore"
    if not name.isidentifier():
        return f"value_{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in STR_NAMES else name


def field_name(name: str) -> str:
    """``name`` (already in snake case) as an attribute of a model."""
    if name and not name.isidentifier():
        return f"field_{name}"
    return f"{name}_" if name in MODEL_NAMES else name


def is_reserved(class_name: str) -> bool:
    """Whether a class of this name would be a syntax error or shadow something generated code needs."""
    return keyword.iskeyword(class_name) or class_name in SUPPORT_NAMES or hasattr(builtins, class_name)
