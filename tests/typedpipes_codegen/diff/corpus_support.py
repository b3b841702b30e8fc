"""The corpus: a base schema of each kind and rows that change one thing of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import cast

import attrs

from typedpipes_codegen.documents import load_document
from typedpipes_codegen.documents.tree import Json, JsonObject, as_list, as_object, as_text, clone, tokens
from typedpipes_codegen.documents.yaml_reader import read_yaml

CORPUS = Path(__file__).parent / "corpus"


@attrs.frozen
class Row:
    """One change, and what the report says about it, each as ``rating kind direction place``."""

    change: str
    set: JsonObject
    remove: str | None
    says: frozenset[str]
    back: frozenset[str]

    def __str__(self) -> str:
        return self.change


def rows(name: str) -> list[Row]:
    """The rows of one file."""
    listed = as_list(read_yaml((CORPUS / name).read_text(encoding="utf-8")), name)
    return [_row(as_object(entry, name)) for entry in listed]


def _row(entry: JsonObject) -> Row:
    assert entry.keys() <= {"change", "set", "remove", "says", "back"}
    told = {key: frozenset(as_text(line, key) for line in as_list(entry[key], key)) for key in ("says", "back")}
    remove = cast("str | None", entry.get("remove"))
    return Row(as_text(entry["change"], "change"), as_object(entry.get("set", {}), "set"), remove, **told)


def base_document() -> JsonObject:
    """The OpenAPI document that the rows change."""
    return as_object(clone(_base_document()), "")


@cache
def _base_document() -> JsonObject:
    return load_document(CORPUS / "shop.yaml")


def base_sdl() -> str:
    """The GraphQL schema that the rows change."""
    return (CORPUS / "shop.graphql").read_text(encoding="utf-8")


def changed_document(row: Row) -> JsonObject:
    """The base with the change of a row."""
    document = base_document()
    for pointer, value in row.set.items():
        put(document, pointer, clone(value))
    if row.remove is not None:
        holder, name = _holder(document, row.remove)
        if isinstance(holder, list):
            del holder[int(name)]
        else:
            del holder[name]
    return document


def changed_sdl(row: Row) -> str:
    """The base with the change of a row. A text that does not stand there exactly once is an error of the row."""
    sdl = base_sdl()
    for old, new in row.set.items():
        assert sdl.count(old) == 1, old
        sdl = sdl.replace(old, as_text(new, old))
    return sdl


def put(document: JsonObject, pointer: str, value: Json) -> None:
    """Set the value at a pointer."""
    holder, name = _holder(document, pointer)
    if isinstance(holder, list):
        holder[int(name)] = value
    else:
        holder[name] = value


def _holder(document: JsonObject, pointer: str) -> tuple[JsonObject | list[Json], str]:
    names = tokens(pointer)
    node: Json = document
    for name in names[:-1]:
        node = node[int(name)] if isinstance(node, list) else as_object(node, pointer)[name]
    assert isinstance(node, dict | list), pointer
    return node, names[-1]


def inside(document: JsonObject, *names: str) -> JsonObject:
    """The object under a path of keys."""
    for name in names:
        document = as_object(document[name], name)
    return document
