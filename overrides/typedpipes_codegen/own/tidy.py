"""Any OpenAPI document made fit for the canonical form: nothing of the interface changes, only names that no Python
code can have (keywords, other scripts, names that differ in case only), and addresses written out in full.

A replacement name is a function of the name it replaces, so that it does not move when the document grows.
"""

from __future__ import annotations

import hashlib
from urllib.parse import unquote, urljoin

import attrs

from typedpipes_codegen.canonical.checks import check_name
from typedpipes_codegen.documents import DATA_KEYS, NAME_MAPS
from typedpipes_codegen.documents.tree import METHODS, Json, JsonObject, as_object, child, pointer, token
from typedpipes_codegen.documents.words import camel, words
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.own.config import is_address

LONGEST = 80
"""Characters of a component's name; longer ones are cut and told apart by a digest."""


@attrs.frozen
class Tidied:
    """The document, and ``old name -> new name`` of all that was renamed, by what it is."""

    document: JsonObject
    renamed: dict[str, dict[str, str]]


def tidy(document: JsonObject, base_url: str | None) -> Tidied:
    """A copy of ``document`` with usable names. ``base_url`` completes relative servers of operations."""
    components = child(document, "components", "")
    renamed: dict[str, dict[str, str]] = {}
    for section in sorted(components):
        if not section.startswith("x-"):
            names = _component_names(list(child(components, section, "/components")))
            if names:
                renamed[section] = names
    copy = as_object(_References(document, renamed).copied(document, False), "")
    for section, names in renamed.items():
        entries = child(child(copy, "components", ""), section, "")
        as_object(copy["components"], "")[section] = {names.get(name, name): entries[name] for name in entries}
    if "securitySchemes" in renamed:
        _rename_security(copy, renamed["securitySchemes"])
    renamed |= _rename_operations(copy)
    _complete_servers(copy, base_url)
    return Tidied(copy, renamed)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def _usable(name: str, what: str) -> bool:
    try:
        check_name(name, what, "")
    except SchemaError:
        return False
    return True


def _replacement(name: str, fallback: str) -> str:
    """A name of ASCII words; a digest tells apart what becomes equal."""
    spoken = camel(name)[:LONGEST] if words(name) else fallback
    return f"{spoken}{_digest(name)}"


def _component_names(names: list[str]) -> dict[str, str]:
    taken: set[str] = set()
    renamed: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (not _fits(name), name)):
        new = name if _fits(name) and _folded(name) not in taken else _replacement(name, "Schema")
        taken.add(_folded(new))
        if new != name:
            renamed[name] = new
    return renamed


def _fits(name: str) -> bool:
    """Whether a component may keep its name."""
    plain = _plain(name) == name and len(name) <= LONGEST and name[:1].isalpha()
    return plain and _usable(name, "component")


def _folded(name: str) -> str:
    return "".join(one for one in name if one not in "._-").casefold()


def _plain(name: str) -> str:
    return "".join(one for one in name if one.isascii() and (one.isalnum() or one in "._-"))


class _References:
    """Copies the document with every reference to a renamed component changed."""

    def __init__(self, document: JsonObject, renamed: dict[str, dict[str, str]]) -> None:
        self._document = document
        self._targets = {
            "#" + pointer("components", section, old): "#" + pointer("components", section, new)
            for section, names in renamed.items()
            for old, new in names.items()
        }
        self._schemas = renamed.get("schemas", {})

    def copied(self, node: Json, named: bool) -> Json:
        """``named``: the keys of this object are names, not keywords."""
        if isinstance(node, list):
            return [self.copied(item, False) for item in node]
        if not isinstance(node, dict):
            return node
        result: JsonObject = {}
        for key, value in node.items():
            if not named and key == "$ref" and isinstance(value, str):
                result[key] = self._reference(value)
            elif not named and key == "discriminator" and isinstance(value, dict):
                result[key] = self._discriminator(value, node)
            elif not named and (key in DATA_KEYS or key.startswith("x-")):
                result[key] = value
            else:
                result[key] = self.copied(value, not named and key in NAME_MAPS)
        return result

    def _reference(self, target: str) -> str:
        plain = "#" + unquote(target[1:]) if target.startswith("#") else target
        for known in (target, plain):
            if known in self._targets:
                return self._targets[known]
            parts = known.split("/")
            if len(parts) > 4 and (head := "/".join(parts[:4])) in self._targets:
                return "/".join([self._targets[head], *parts[4:]])
        return target

    def _discriminator(self, node: JsonObject, holder: JsonObject) -> Json:
        """Renamed components keep the value they are told by: without a mapping that is their old name."""
        mapping = dict(child(node, "mapping", ""))
        for tag, target in mapping.items():
            if isinstance(target, str):
                mapping[tag] = self._schemas.get(target, self._reference(target))
        for part in [part for word in ("oneOf", "anyOf") for part in _listed(holder.get(word))]:
            target = part.get("$ref") if isinstance(part, dict) else None
            if isinstance(target, str) and self._reference(target) != target:
                new = self._reference(target)
                if new not in mapping.values():
                    old = next(name for name in self._schemas if token(name) == target.rpartition("/")[2])
                    mapping[old] = new
        return {**node, **({"mapping": mapping} if mapping else {})}


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _operations(document: JsonObject) -> list[tuple[str, str, JsonObject, JsonObject]]:
    paths = child(document, "paths", "")
    return [
        (path, method, as_object(item[method], pointer("paths", path, method)), item)
        for path, item in ((path, as_object(paths[path], pointer("paths", path))) for path in paths)
        for method in METHODS
        if method in item and not path.startswith("x-")
    ]


def _rename_security(document: JsonObject, names: dict[str, str]) -> None:
    for holder in (document, *(operation for _, _, operation, _ in _operations(document))):
        if isinstance(holder.get("security"), list):
            holder["security"] = [
                {names.get(name, name): scopes for name, scopes in as_object(choice, "/security").items()}
                for choice in _listed(holder["security"])
            ]


def _rename_operations(document: JsonObject) -> dict[str, dict[str, str]]:
    """Tags and operation ids that cannot be used, or that two operations share."""
    renamed: dict[str, dict[str, str]] = {"tags": {}, "operationId": {}}
    seen: set[str] = set()

    def fit(tag: Json) -> Json:
        if not isinstance(tag, str) or (_usable(tag, "tag") and len(tag) <= LONGEST):
            return tag
        return renamed["tags"].setdefault(tag, _replacement(tag, "Tag"))

    for path, method, operation, _ in _operations(document):
        if isinstance(operation.get("tags"), list):
            operation["tags"] = [fit(tag) for tag in _listed(operation["tags"])]
        name = operation.get("operationId")
        if isinstance(name, str) and (not _usable(name, "operationId") or name in seen or len(name) > LONGEST):
            again = f"{name} {method} {path}" if name in seen else name
            operation["operationId"] = _replacement(again, camel(f"{method} {path}")[:LONGEST])
            renamed["operationId"][again] = str(operation["operationId"])
        seen |= {str(name), str(operation.get("operationId"))}
    if isinstance(document.get("tags"), list):
        unique: dict[str, Json] = {}
        for entry in _listed(document["tags"]):
            tag = as_object(entry, "/tags")
            unique.setdefault(str(fit(tag.get("name"))), {**tag, "name": fit(tag.get("name"))})
        document["tags"] = list(unique.values())
    return {kind: names for kind, names in renamed.items() if names}


def server_url(server: Json) -> str:
    """The address of a server with its variables at their defaults."""
    entry = as_object(server, "/servers")
    url = str(entry.get("url") or "")
    for name, value in child(entry, "variables", "/servers").items():
        default = value.get("default") if isinstance(value, dict) else None
        url = url.replace("{" + name + "}", str(default))
    return url.rstrip("/")


def _complete_servers(document: JsonObject, base_url: str | None) -> None:
    """Operations' own servers become absolute; the document's first one where an operation names it too goes."""

    def complete(holder: JsonObject, where: str) -> None:
        servers = _listed(holder.get("servers"))
        if not servers:
            holder.pop("servers", None)
            return
        url = server_url(servers[0])
        if base_url is not None and not is_address(url):
            url = urljoin(f"{base_url.rstrip('/')}/", url or ".").rstrip("/")
        if not is_address(url):
            raise SchemaError(
                f"the server {url[:200]!r} is no http address", pointer=where, remedy="write its url in full"
            )
        if url == (base_url or "").rstrip("/"):
            del holder["servers"]
        else:
            holder["servers"] = [{"url": url}]

    paths = child(document, "paths", "")
    for path in paths:
        item = as_object(paths[path], pointer("paths", path))
        if "servers" in item:
            complete(item, pointer("paths", path, "servers"))
    for path, method, operation, item in _operations(document):
        if "servers" in operation:
            complete(operation, pointer("paths", path, method, "servers"))
            if "servers" not in operation and "servers" in item:
                operation["servers"] = [{"url": (base_url or "").rstrip("/")}]
