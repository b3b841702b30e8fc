"""The SDL in one form as an executable schema, and what the server says to documents that do not fit it."""

from __future__ import annotations

import re
import threading
from functools import cache, lru_cache
from typing import Any, cast

from graphql import DocumentNode, GraphQLError, GraphQLObjectType, GraphQLSchema, build_schema, parse, validate
from graphql.language import OperationDefinitionNode

from typedpipes_sandbox.schema.schemas import load_sdl

#: message of a graphql-core rule -> the code the vendor's server library gives such an error
_CODES = (
    (r"Cannot query field", "undefinedField"),
    (r"Unknown argument", "argumentNotAccepted"),
    (r"argument .* of type .* is required|Field .* argument .* is required", "missingRequiredArguments"),
    (r"Unknown type", "undefinedType"),
    (r"must have a selection|must not have a selection", "selectionMismatch"),
    (r"used in position expecting type", "variableMismatch"),
    (r"is not defined by operation|is not defined", "variableNotDefined"),
    (r"is never used", "variableNotUsed"),
    (
        r"cannot represent|Expected value of type|is not defined by type|was not provided",
        "argumentLiteralsIncompatible",
    ),
    (r"Unknown fragment", "useAndDefineFragment"),
)


_BUILDING = threading.RLock()


def executable_schema(form: str, link: str) -> GraphQLSchema:
    """The schema of a form; ``link`` names the only link field the export type keeps, or ``both``."""
    with _BUILDING:
        return _built(form, link)


@cache
def _built(form: str, link: str) -> GraphQLSchema:
    schema = build_schema(load_sdl(form), assume_valid=True)
    if link != "both":
        other = "downloadUrl" if link == "fileUrl" else "fileUrl"
        export = cast(GraphQLObjectType, schema.type_map["AutomationJobsExport"])
        removed = export.fields.pop(other, None)
        if link not in export.fields and removed is not None:
            export.fields[link] = removed  # the live form has fileUrl only; a server may still call it downloadUrl
    return schema


class Rejected(Exception):
    """A document that is not executed; ``errors`` are in the vendor's shape."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"] if errors else "rejected")
        self.errors = errors


@lru_cache(maxsize=1024)
def checked_document(form: str, link: str, text: str) -> DocumentNode:
    """Parse and validate a document. Raises :class:`Rejected`."""
    try:
        document = parse(text)
    except GraphQLError as error:
        raise Rejected([_shape(error, "parseError", [])]) from error
    errors = validate(executable_schema(form, link), document)
    if errors:
        path = _operation_path(document)
        raise Rejected([_shape(error, _code(error.message), path) for error in errors])
    return document


def operations_of(document: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations a document defines."""
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def _code(message: str) -> str:
    return next((code for pattern, code in _CODES if re.search(pattern, message)), "invalidDocument")


def _operation_path(document: DocumentNode) -> list[str]:
    for operation in operations_of(document):
        name = operation.name.value if operation.name else ""
        return [f"{operation.operation.value} {name}".strip()]
    return []


def _shape(error: GraphQLError, code: str, path: list[str]) -> dict[str, Any]:
    message = error.message.replace("Cannot query field", "Field").replace("' on type", "' doesn't exist on type")
    locations = [{"line": place.line, "column": place.column} for place in error.locations or []]
    shaped: dict[str, Any] = {"message": message, "locations": locations, "extensions": {"code": code}}
    if path:
        shaped["path"] = path
    found = re.search(r"field '(\w+)' on type '(\w+)'", error.message)
    if found is not None:
        shaped["extensions"] |= {"fieldName": found[1], "typeName": found[2]}
    return shaped
