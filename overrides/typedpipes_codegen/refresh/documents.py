"""The saved operation documents of a package, brought along when its schema changes.

Operations whose root fields are all gone go with them; root fields without an operation get a first document, written
by `typedpipes_codegen.graphql.starter`. What else no longer fits is an error that lists each place, or, if that is
asked for, mended (`typedpipes_codegen.refresh.mending`).
"""

from __future__ import annotations

from pathlib import Path

import attrs
from graphql import GraphQLSchema, OperationDefinitionNode, OperationType
from graphql.language import FieldNode

from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.graphql.documents import check_complete, read_documents
from typedpipes_codegen.graphql.sdl import DOCUMENT, parse_graphql, read_schema, read_text
from typedpipes_codegen.graphql.starter import write_missing
from typedpipes_codegen.refresh.mending import Cut, cut_out, mend


@attrs.define
class DocumentChanges:
    """What became of the documents; paths are relative to the operations folder, mends say file, line and what."""

    removed: list[str] = attrs.field(factory=list)
    written: list[str] = attrs.field(factory=list)
    mended: list[str] = attrs.field(factory=list)


def refresh_documents(schema_path: Path, directory: Path, *, mending: bool) -> DocumentChanges:
    """Make the documents in ``directory`` fit the schema in ``schema_path``. Raises `SchemaError`.

    Files are changed in place: ``directory`` is a working copy.
    """
    schema = read_schema(schema_path)
    changes = DocumentChanges()
    for path in sorted(directory.rglob("*.graphql")):
        _drop_gone(schema, path, directory, changes)
    if mending:
        changes.mended += mend(schema, directory)
    changes.written += [path.relative_to(directory).as_posix() for path in write_missing(schema_path, directory)]
    try:
        check_complete(read_documents(schema, directory), directory)
    except SchemaError as error:
        if not mending:
            error.remedy = f"{error.remedy}; or let --mend take out what is gone and add what is required"
        raise
    return changes


def root_fields(schema: GraphQLSchema) -> list[str]:
    """``query card`` and the like: what an API can be asked for."""
    roots = {"query": schema.query_type, "mutation": schema.mutation_type}
    return [f"{kind} {name}" for kind, root in roots.items() for name in (root.fields if root else {})]


def _drop_gone(schema: GraphQLSchema, path: Path, directory: Path, changes: DocumentChanges) -> None:
    text = read_text(path, "document")
    document = parse_graphql(text, path, DOCUMENT)
    gone = [node for node in document.definitions if isinstance(node, OperationDefinitionNode) and _gone(schema, node)]
    if not gone:
        return
    place = path.relative_to(directory).as_posix()
    if len(gone) == len(document.definitions):
        path.unlink()
        changes.removed.append(place)
        return
    path.write_text(cut_out(text, [Cut.of(node) for node in gone]), encoding="utf-8")
    changes.removed += [f"{place}: {node.name.value if node.name else 'an operation'}" for node in gone]


def _gone(schema: GraphQLSchema, operation: OperationDefinitionNode) -> bool:
    root = schema.query_type if operation.operation is OperationType.QUERY else schema.mutation_type
    if operation.operation is OperationType.SUBSCRIPTION:
        return False
    fields = root.fields if root else {}
    selected = [node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode)]
    return bool(selected) and all(name not in fields and name != "__typename" for name in selected)
