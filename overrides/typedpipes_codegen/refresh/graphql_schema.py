"""A GraphQL schema of a vendor as the SDL that is checked in, with its operation documents brought along."""

from __future__ import annotations

from pathlib import Path

import attrs
from graphql import GraphQLSchema

from typedpipes_codegen.documents.apis import Api
from typedpipes_codegen.graphql.sdl import parse_graphql, read_schema
from typedpipes_codegen.refresh.documents import DocumentChanges, refresh_documents, root_fields
from typedpipes_codegen.refresh.fetched import check_removals
from typedpipes_codegen.refresh.introspection import read_vendor_schema
from typedpipes_codegen.refresh.sdl_form import canonical_sdl, lost_annotations


@attrs.frozen
class GraphQLResult:
    """The canonical SDL, root fields that are gone, what became of the documents, and what somebody should look at."""

    text: str
    gone: tuple[str, ...]
    documents: DocumentChanges
    notices: tuple[str, ...]


def refresh_graphql(api: Api, source: Path, *, accept_removals: bool, mend: bool) -> GraphQLResult:
    """Bring schema and documents of ``api`` to the state of the document in ``source``; ``api`` is a working copy.

    Raises `SchemaError`.
    """
    committed = api.schema.read_text(encoding="utf-8")
    if committed.strip():
        parse_graphql(committed, api.schema, "is not a valid GraphQL schema")
    text = canonical_sdl(read_vendor_schema(source), committed)
    if text == committed:
        return GraphQLResult(text, (), DocumentChanges(), ())
    before = read_schema(api.schema)
    api.schema.write_text(text, encoding="utf-8", newline="\n")
    after = read_schema(api.schema)
    gone = tuple(name for name in root_fields(before) if name not in set(root_fields(after)))
    check_removals(gone, len(root_fields(before)), "root fields", accept=accept_removals)
    documents = DocumentChanges()
    if api.operations is not None:
        documents = refresh_documents(api.schema, api.operations, mending=mend)
    return GraphQLResult(text, gone, documents, (*_lost(committed, text), *_telling(before, after)))


def _lost(committed: str, fresh: str) -> list[str]:
    return [
        f"{place} carried an annotation of ours (@secret) and is gone; if it was renamed, annotate the new name"
        for place in lost_annotations(committed, fresh)
    ]


_TELLING = ("secret", "password", "token", "apikey", "api_key", "credential", "authenticationvalue")


def _telling(before: GraphQLSchema, after: GraphQLSchema) -> list[str]:
    """New text fields that look like secrets and are not marked."""
    found = []
    for name, type_ in after.type_map.items():
        known = getattr(before.type_map.get(name), "fields", {})
        for field_name, field in getattr(type_, "fields", {}).items():
            marked = field.ast_node is not None and any(
                each.name.value == "secret" for each in field.ast_node.directives
            )
            text = str(field.type).strip("!") in ("String", "JSON")
            if (
                not name.startswith("__")
                and field_name not in known
                and text
                and not marked
                and any(word in field_name.casefold() for word in _TELLING)
            ):
                found.append(f"{name}.{field_name} is new and may be a secret; mark it @secret in the schema if it is")
    return found
