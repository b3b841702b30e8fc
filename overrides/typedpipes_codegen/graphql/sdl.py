"""Reading and checking a schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    IntrospectionQuery,
    Source,
    build_ast_schema,
    build_client_schema,
    parse,
    validate_schema,
)
from graphql.language import (
    DocumentNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectValueNode,
    TypeNode,
)
from graphql.validation.validate import validate_sdl

from typedpipes_codegen.documents.nesting import check_nesting
from typedpipes_codegen.errors import SchemaError


def read_schema(path: Path, doubles: list[str] | None = None) -> GraphQLSchema:
    """Parse and validate the SDL in ``path``. Raises `SchemaError` with file and line.

    With a list ``doubles``, fields and values that a type defines twice are left out and their places appended to it.
    """
    what = "is not a valid GraphQL schema"
    document = parse_graphql(read_text(path, "schema"), path, what)
    if doubles is not None:
        doubles += _without_doubles(document)
    try:
        if errors := validate_sdl(document) or _endless_defaults(document):
            raise fault(path, errors, what)
        schema = build_ast_schema(document, assume_valid_sdl=True)
    except GraphQLError as error:
        raise fault(path, [error], what) from None
    except RecursionError:
        raise too_deep(path) from None
    if errors := validate_schema(schema):
        raise fault(path, errors, what)
    return schema


def _without_doubles(document: DocumentNode) -> list[str]:
    found: list[str] = []
    for definition in document.definitions:
        for key in ("fields", "values"):
            members = getattr(definition, key, None)
            if not isinstance(members, tuple):
                continue
            first: dict[str, FieldDefinitionNode] = {}
            for member in members:
                if first.setdefault(member.name.value, member) is not member:
                    owner = getattr(definition, "name", None)
                    line = member.loc.start_token.line if member.loc else "?"
                    found.append(f"line {line}: {owner.value if owner else '?'}.{member.name.value}, defined twice")
            setattr(definition, key, tuple(first.values()))
    return found


def client_schema(answer: Mapping[str, Any]) -> GraphQLSchema:
    """The schema an introspection query answered, its ``data``. Raises `SchemaError` for one that is incomplete."""
    try:
        # The builder's parameter is a TypedDict of the answer; it checks the shape itself.
        return build_client_schema(IntrospectionQuery(__schema=answer["__schema"]))
    except (GraphQLError, TypeError, ValueError, KeyError, AttributeError) as error:  # whatever a wrong shape runs into
        raise SchemaError(
            "the introspection result is incomplete", remedy="fetch it again, with every type it names"
        ) from error


def _endless_defaults(document: DocumentNode) -> list[GraphQLError]:
    """Input types whose default value needs their own default values: graphql-core would never finish with them."""
    inputs = {node.name.value: node for node in document.definitions if isinstance(node, InputObjectTypeDefinitionNode)}
    nested = (ObjectValueNode, ListValueNode)
    needs = {
        name: {_named(item.type) for item in node.fields if isinstance(item.default_value, nested)}
        for name, node in inputs.items()
    }
    reach = {name: set(found) for name, found in needs.items()}
    for _ in reach:
        for found in reach.values():
            found |= {further for name in found for further in reach.get(name, ())}
    return [
        GraphQLError(f"The default values of input {name} refer to each other in a circle.", inputs[name])
        for name, found in reach.items()
        if name in found
    ]


def _named(node: TypeNode) -> str:
    while not isinstance(node, NamedTypeNode):
        assert isinstance(node, (ListTypeNode, NonNullTypeNode))
        node = node.type
    return node.name.value


# Reading input files, and one `SchemaError` for everything wrong with them.

DOCUMENT = "is not a valid GraphQL document"
MAX_FILE_BYTES = 8 * 1024 * 1024


def read_text(path: Path, what: str) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SchemaError(
                f"{path.name} is larger than {MAX_FILE_BYTES // 1024 // 1024} MiB",
                file=path,
                remedy="split it",
            )
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"cannot read the {what} {path.name}: {type(error).__name__}",
            file=path,
            remedy="give the path of a readable UTF-8 file",
        ) from None


def parse_graphql(text: str, path: Path, what: str) -> DocumentNode:
    """The syntax tree of ``text``, which stands in ``path``. Raises `SchemaError` with file and line.

    ``what`` says what it should have been: "is not a valid GraphQL schema".
    """
    try:
        check_nesting(text, "graphql")
        return parse(Source(text, str(path)))
    except SchemaError as error:
        raise error.in_file(path) from None
    except GraphQLError as error:
        raise fault(path, [error], what) from None
    except RecursionError:
        raise too_deep(path) from None


def too_deep(path: Path) -> SchemaError:
    return SchemaError("nested too deeply to be read", file=path, remedy="flatten it")


def fault(
    path: Path, errors: Iterable[GraphQLError], what: str, sources: Mapping[str, Path] | None = None
) -> SchemaError:
    """One `SchemaError` for all of ``errors``, each with file, line and column."""
    places: list[tuple[Path, int | None, int | None, str]] = []
    for error in errors:
        location = error.locations[0] if error.locations else None
        # Of two definitions with one name the second is the one to rename.
        node = error.nodes[-1 if error.message.startswith("There can be only one") else 0] if error.nodes else None
        source = node.loc.source if node is not None and node.loc else error.source
        file = (sources or {}).get(source.name, path) if source else path
        line = node.loc.start_token.line if node is not None and node.loc else (location.line if location else None)
        column = (
            node.loc.start_token.column if node is not None and node.loc else (location.column if location else None)
        )
        places.append((file, line, column, error.message))
    places.sort(key=lambda place: (str(place[0]), place[1] or 0, place[2] or 0, place[3]))
    lines = [f"  {file.name}:{line or '?'}:{column or '?'}: {message}" for file, line, column, message in places]
    file, line, column, message = places[0]
    text = f"{what}: {message}" if len(places) == 1 else f"{path.name} {what}:\n" + "\n".join(lines)
    return SchemaError(text, file=file, line=line, column=column, remedy="correct the lines named")
