"""Comparing the parameters of one operation."""

from __future__ import annotations

import attrs

from typedpipes_codegen.diff.bounds import client_default
from typedpipes_codegen.diff.operation import TEMPLATE, Operation, as_node
from typedpipes_codegen.diff.schemas import SchemaDiff
from typedpipes_codegen.diff.shape import Reader, Spot
from typedpipes_codegen.diff.site import Findings, Site
from typedpipes_codegen.documents.tree import Json, JsonObject, fingerprint, pointer


@attrs.frozen
class Parameter:
    """One parameter, its reference followed."""

    node: JsonObject
    location: str
    name: str
    place: str
    """``…/parameters/query.limit``, as in names.lock: an index moves when another parameter is added."""

    @property
    def required(self) -> bool:
        return self.node.get("required") is True or self.location == "path"

    @property
    def style(self) -> dict[str, Json]:
        """How a value is written, what is the default included."""
        style = self.node.get("style") or ("simple" if self.location in ("path", "header") else "form")
        return {
            "style": style,
            "explode": self.node.get("explode", style == "form"),
            "allowReserved": self.node.get("allowReserved", False) or self.node.get("x-reserved-string", False),
            "content": [*sorted(as_node(self.node.get("content")))],
        }


class ParameterDiff:
    """Compares parameters of two documents."""

    def __init__(self, old: Reader, new: Reader, findings: Findings, *, dressed: bool) -> None:
        self._old, self._new, self._findings = old, new, findings
        self._dressed = dressed

    def compare(self, old: Operation, new: Operation, site: Site, schemas: SchemaDiff) -> None:
        """Record every difference between the parameters of two forms of one operation."""
        before, after = _parameters(self._old, old), _parameters(self._new, new)
        renamed = dict(zip(TEMPLATE.findall(old.path), TEMPLATE.findall(new.path), strict=False))
        gone = {key: one for key, one in before.items() if (key[0], renamed.get(key[1], key[1])) not in after}
        known = {(place, renamed.get(name, name) if place == "path" else name) for place, name in before}
        fresh = {key: one for key, one in after.items() if key not in known}
        for (place, name), one in before.items():
            other = after.get((place, renamed.get(name, name) if place == "path" else name))
            if other is not None:
                self._parameter(one, other, site, schemas)
        for one in gone.values():
            moved = [other for other in fresh.values() if other.name.casefold() == one.name.casefold()]
            here = _site(site, one)
            if moved:
                del fresh[moved[0].location, _wire(moved[0])]
                told = f"the {one.location} parameter `{one.name}` is now in the {moved[0].location}"
                self._findings.add("request-parameter-moved", _site(site, moved[0]), told)
                self._parameter(one, moved[0], site, schemas)
            else:
                told = f"the {one.location} parameter `{one.name}` is gone"
                self._findings.add("request-parameter-removed", here, told)
        for one in fresh.values():
            kind = "request-required-parameter-added" if one.required else "request-optional-parameter-added"
            told = f"the {one.location} parameter `{one.name}` is new and {'required' if one.required else 'optional'}"
            self._findings.add(kind, _site(site, one), told)

    def _parameter(self, old: Parameter, new: Parameter, site: Site, schemas: SchemaDiff) -> None:
        here, what = _site(site, new), f"the {new.location} parameter `{new.name}`"
        if old.location == new.location == "path" and old.name != new.name:
            here = attrs.evolve(here, argument=old.name)
            told = f"the path parameter `{old.name}` is called `{new.name}`"
            self._findings.add("path-parameter-renamed", here, told)
        if old.required != new.required:
            kind = "request-parameter-became-" + ("required" if new.required else "optional")
            self._findings.add(kind, here, f"{what} is now {'required' if new.required else 'optional'}")
        if bool(old.node.get("deprecated")) != bool(new.node.get("deprecated")):
            kind = "request-parameter-deprecated" if new.node.get("deprecated") else "request-parameter-undeprecated"
            told = "now" if new.node.get("deprecated") else "no longer"
            self._findings.add(kind, here, f"{what} is {told} deprecated")
        if old.location == new.location and old.style != new.style:
            told = f"{what} is written as {fingerprint(new.style)} instead of {fingerprint(old.style)}"
            self._findings.add("request-parameter-style-changed", here, told)
        if bool(old.node.get("allowEmptyValue")) != bool(new.node.get("allowEmptyValue")):
            kind = "loosened" if new.node.get("allowEmptyValue") else "tightened"
            self._findings.add(f"request-constraint-{kind}", here, f"{what} may {_not(new)}be empty")
        if self._dressed:
            client_default(self._findings, old.node.get("x-client-default"), new.node.get("x-client-default"), here)
        before, after = _schema(old), _schema(new)
        defaults = [
            fingerprint(reader.shape(spot).annotations.get("default"))
            for reader, spot in ((self._old, before), (self._new, after))
        ]
        if defaults[0] != defaults[1]:
            told = f"the default of {what} is {defaults[1]} instead of {defaults[0]}"
            self._findings.add("request-default-changed", here, told)
        schemas.compare(before, after, here)


def _parameters(reader: Reader, operation: Operation) -> dict[tuple[str, str], Parameter]:
    found: dict[tuple[str, str], Parameter] = {}
    listed = operation.node.get("parameters")
    for raw in listed if isinstance(listed, list) else []:
        node, place = reader.follow(as_node(raw), operation.place)
        one = Parameter(node, str(node.get("in")), str(node.get("name")), place)
        if place == operation.place:
            key = pointer(f"{one.location}.{one.name}")
            one = attrs.evolve(one, place=f"{operation.place}/parameters{key}")
        found[one.location, _wire(one)] = one
    return found


def _wire(parameter: Parameter) -> str:
    """The name as the server compares it."""
    return parameter.name.lower() if parameter.location == "header" else parameter.name


def _site(site: Site, parameter: Parameter) -> Site:
    here = site.at(parameter.place, f"{parameter.location} parameter {parameter.name}")
    return attrs.evolve(here, argument=parameter.name)


def _schema(parameter: Parameter) -> Spot:
    for name, media in as_node(parameter.node.get("content")).items():
        return Spot(as_node(media).get("schema", {}), f"{parameter.place}/content{pointer(name)}/schema")
    return Spot(parameter.node.get("schema", {}), f"{parameter.place}/schema")


def _not(parameter: Parameter) -> str:
    return "" if parameter.node.get("allowEmptyValue") else "not "
