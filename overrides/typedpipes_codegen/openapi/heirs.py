"""Bases and their heirs: a component with a ``discriminator`` that others join by ``allOf`` stands for all of them.

Wherever such a base is referred to, the value may be any heir, so the reference means ``Any<Base>``: a union of the
heirs and, for a tag that the document does not know, the base itself. The property that tells them apart has one value
in each heir.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from typedpipes_codegen.openapi.naming import numbered, pascal
from typedpipes_codegen.openapi.reading import Document, Node, mapping, sequence, step

EXACT: Final = "x-exact"
"""Marks a reference to a base that means the base alone."""
Properties = dict[str, tuple[object, str]]


class Heirs:
    """The bases of one document. The unions that they stand for are added to its components."""

    def __init__(self, document: Document) -> None:
        self._schemas = document.schemas
        self.meant: dict[str, str] = {}
        """What a reference to each base means."""
        self._tags: dict[str, tuple[str, list[str]]] = {}
        children = self._children()
        bases = [key for key, node in self._schemas.items() if key in children and self._teller(node) is not None]
        taken = set(self._schemas)
        for base in bases:
            heirs = self._descendants(base, children)
            self._tell(base, heirs)
            name = numbered(f"Any{pascal(base)}", taken, "")
            taken.add(name)
            self.meant[base] = name
            options = [{"$ref": f"#{step('/components/schemas', key)}"} for key in heirs]
            self._schemas[name] = {"anyOf": [*options, {"$ref": f"#{step('/components/schemas', base)}", EXACT: True}]}

    def told(self, where: str, properties: Properties) -> Properties:
        """The properties of a component, its discriminator with the values that mean this component."""
        key = where.removeprefix("/components/schemas/").replace("~1", "/").replace("~0", "~")
        name, tags = self._tags.get(key, ("", []))
        if name not in properties or not where.startswith("/components/schemas/"):
            return properties
        value, place = properties[name]
        if isinstance(value, dict) and "const" in value:
            return properties
        kept = {word: fact for word, fact in value.items() if word == "description"} if isinstance(value, dict) else {}
        consts: list[Node] = [{"const": tag} for tag in tags]
        one: Node = {**kept, **(consts[0] if len(consts) == 1 else {"anyOf": consts})}
        return {**properties, name: (one, place)}

    @staticmethod
    def _teller(node: object) -> Node | None:
        """The discriminator of a base; None for a union, which lists its options itself, and for anything else."""
        if not isinstance(node, dict) or "oneOf" in node or "anyOf" in node:
            return None
        teller = node.get("discriminator")
        return teller if isinstance(teller, dict) and isinstance(teller.get("propertyName"), str) else None

    def _children(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, node in self._schemas.items():
            for part in sequence(node.get("allOf"), step("/components/schemas", key)) if isinstance(node, dict) else ():
                target = part.get("$ref") if isinstance(part, dict) else None
                if isinstance(target, str):
                    name = target.removeprefix("#/components/schemas/").replace("~1", "/").replace("~0", "~")
                    found.setdefault(name, []).append(key)
        return found

    def _descendants(self, base: str, children: Mapping[str, list[str]]) -> list[str]:
        found: dict[str, None] = {}
        todo = [*children[base]]
        while todo:
            key = todo.pop(0)
            if key not in found and key != base:
                found[key] = None
                todo += children.get(key, [])
        return list(found)

    def _tell(self, base: str, heirs: list[str]) -> None:
        teller = mapping(mapping(self._schemas[base], "").get("discriminator"), "")
        tags: dict[str, list[str]] = {}
        for tag, target in mapping(teller.get("mapping"), "").items():
            name = str(target).removeprefix("#/components/schemas/").replace("~1", "/").replace("~0", "~")
            tags.setdefault(name, []).append(tag)
        for key in heirs:
            self._tags.setdefault(key, (str(teller["propertyName"]), tags.get(key, [key])))
