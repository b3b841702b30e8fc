"""Checks the names in a document. Names become Python names and module files, so they are checked before anything
is built from them: no Python keyword, nothing that leaves a folder, no two names that fold into one."""

from __future__ import annotations

import keyword
import re

from typedpipes_codegen.documents.tree import JsonObject, as_list, as_object, as_text, child, operations, pointer
from typedpipes_codegen.documents.words import words
from typedpipes_codegen.errors import SchemaError

_COMPONENT = re.compile(r"[A-Za-z0-9._-]+\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\\\"'`]")
MAX_NAME = 200
"""Longest name accepted."""


def check_names(document: JsonObject) -> None:
    """Refuse unusable tags, operation ids, paths and component names. Raises SchemaError at the name's pointer."""
    seen: dict[str, str] = {}
    for path, method, operation, _ in operations(document):
        where = pointer("paths", path, method)
        if _CONTROL.search(path.replace("'", "")):  # OData writes keys in single quotes
            raise SchemaError("a path may not hold double quotes, backslashes or control characters", pointer=where)
        tags = operation.get("tags")
        for index, tag in enumerate(as_list(tags, f"{where}/tags") if tags is not None else []):
            check_name(as_text(tag, f"{where}/tags/{index}"), "tag", f"{where}/tags/{index}")
        if "operationId" not in operation:
            continue
        name = as_text(operation["operationId"], f"{where}/operationId")
        check_name(name, "operationId", f"{where}/operationId")
        if name in seen:
            raise SchemaError(f"operationId {name!r} is also that of #{seen[name]}", pointer=f"{where}/operationId")
        seen[name] = where
    for index, entry in enumerate(as_list(document.get("tags") or [], "/tags")):
        tag = as_object(entry, f"/tags/{index}")
        check_name(as_text(tag.get("name"), f"/tags/{index}/name"), "tag", f"/tags/{index}/name")
    _check_components(child(document, "components", ""))


def check_name(name: str, what: str, where: str) -> None:
    """Refuse a name that is no word in any identifier, is a Python keyword, or looks like a path out of a folder."""
    if keyword.iskeyword(name):
        problem = "is a Python keyword"
    elif ".." in name or name.startswith(("/", "~", "__")) or _CONTROL.search(name):
        problem = "cannot be part of a Python name or file name"
    elif len(name) > MAX_NAME:
        name, problem = f"{name[:40]}...", f"is longer than {MAX_NAME} characters"
    elif not words(name):
        problem = "has no ASCII letter or digit"
    else:
        return
    raise SchemaError(f"{what} {name!r} {problem}", pointer=where, remedy="rename it in the document")


def _check_components(components: JsonObject) -> None:
    for section in sorted(components):
        if section.startswith("x-"):
            continue
        folded_names: dict[str, str] = {}
        for name in sorted(child(components, section, "/components")):
            where = pointer("components", section, name)
            if not _COMPONENT.match(name):
                raise SchemaError(
                    f"component {name[:MAX_NAME]!r} has characters OpenAPI does not allow in names",
                    pointer=where,
                    remedy="use letters, digits, dot, dash and underscore",
                )
            check_name(name, "component", where)
            key = re.sub(r"[._-]", "", name).casefold()
            if key in folded_names:
                raise SchemaError(
                    f"components {folded_names[key]!r} and {name!r} become the same Python name",
                    pointer=where,
                    remedy="rename one of them in the document",
                )
            folded_names[key] = name
