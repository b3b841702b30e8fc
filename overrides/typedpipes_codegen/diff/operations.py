"""Compares two versions of one operation: parameters, body, answers, and our extensions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from typedpipes_codegen.diff.operation import Operation, as_node
from typedpipes_codegen.diff.parameters import ParameterDiff
from typedpipes_codegen.diff.schemas import SchemaDiff
from typedpipes_codegen.diff.shape import Reader, Spot
from typedpipes_codegen.diff.site import Findings, Site
from typedpipes_codegen.documents.tree import Json, JsonObject, fingerprint, pointer


class OperationDiff:
    """Compares operations of two documents."""

    def __init__(self, old: Reader, new: Reader, findings: Findings, *, dressed: bool) -> None:
        self._old, self._new, self._findings = old, new, findings
        self._dressed = dressed
        self._parameters = ParameterDiff(old, new, findings, dressed=dressed)

    def compare(self, old: Operation, new: Operation) -> None:
        """Record every difference between two forms of one operation, except of its address and credentials."""
        site = Site(old.title, old.name or new.name, place=new.place)
        schemas = SchemaDiff(self._old, self._new, self._findings, dressed=self._dressed)
        self._identity(old, new, site)
        for kind, what in extension_changes(old.node, new.node, dressed=self._dressed):
            self._findings.add(kind, site, what, direction="none")
        self._parameters.compare(old, new, site, schemas)
        self._body(old, new, site, schemas)
        self._responses(old, new, site, schemas)

    def _identity(self, old: Operation, new: Operation, site: Site) -> None:
        before, after = old.node, new.node
        # A name that moves only because another operation came or went is found by comparing the generated surface.
        moved = any(before.get(key) != after.get(key) for key in ("x-method", "operationId", "tags"))
        renamed = moved and old.name is not None and new.name is not None and old.name != new.name
        if renamed:
            self._add("method-renamed", site, f"the generated method is `{new.name}` instead of `{old.name}`")
        for key, kind in (("operationId", "operation-id-changed"), ("tags", "operation-tags-changed")):
            if before.get(key) != after.get(key) and not renamed:
                self._add(kind, site, f"{key} is {_shown(after.get(key))} instead of {_shown(before.get(key))}")
        if bool(before.get("x-withdrawn")) != bool(after.get("x-withdrawn")):
            kind = "operation-withdrawn" if after.get("x-withdrawn") else "operation-restored"
            told = "has withdrawn the operation" if after.get("x-withdrawn") else "documents the operation again"
            self._add(kind, site, f"the vendor {told}")
        elif bool(before.get("deprecated")) != bool(after.get("deprecated")):
            kind = "operation-deprecated" if after.get("deprecated") else "operation-undeprecated"
            told = "now" if after.get("deprecated") else "no longer"
            self._add(kind, site, f"the operation is {told} deprecated")

    def _add(self, kind: str, site: Site, what: str) -> None:
        self._findings.add(kind, site, what, direction="none")

    # Bodies.

    def _body(self, old: Operation, new: Operation, site: Site, schemas: SchemaDiff) -> None:
        place = f"{new.place}/requestBody"
        here = site.at(place, "request body")
        before, _ = self._old.follow(as_node(old.node.get("requestBody")), place)
        after, at = self._new.follow(as_node(new.node.get("requestBody")), place)
        needed = (before.get("required") is True, after.get("required") is True)
        if not before and not after:
            return
        if not before:
            kind = "request-required-body-added" if needed[1] else "request-optional-body-added"
            self._findings.add(kind, here, f"the body is new and {'required' if needed[1] else 'optional'}")
        elif not after:
            self._findings.add("request-body-removed", here.at(f"{old.place}/requestBody"), "the body is gone")
        else:
            if needed[0] != needed[1]:
                kind = "request-body-became-required" if needed[1] else "request-body-became-optional"
                self._findings.add(kind, here, f"the body is now {'required' if needed[1] else 'optional'}")
            self._content(before, after, here.at(at), schemas)

    def _content(self, old: JsonObject, new: JsonObject, site: Site, schemas: SchemaDiff) -> None:
        before, after = _media(old), _media(new)
        gone, fresh = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
        for name in gone:
            told = (
                f"the {site.path} no longer comes as {name}"
                if site.role == "response"
                else f"{name} is not taken any more"
            )
            self._findings.add(f"{site.role}-media-type-removed", site.at(f"{site.place}/content{pointer(name)}"), told)
        for name in fresh:
            told = f"the {site.path} may be {name} too"
            self._findings.add(f"{site.role}-media-type-added", site.at(f"{site.place}/content{pointer(name)}"), told)
        pairs = [(name, name) for name in sorted(before.keys() & after.keys())]
        if len(gone) == len(fresh) == 1 and not pairs:
            # One form took the place of another: what it says is compared all the same.
            pairs = [(gone[0], fresh[0])]
        for one, other in pairs:
            place = f"{site.place}/content{pointer(other)}"
            if (
                fingerprint(before[one].get("encoding")) != fingerprint(after[other].get("encoding"))
                and site.role == "request"
            ):
                told = f"the parts of the {other} body are written differently"
                self._findings.add("request-encoding-changed", site.at(f"{place}/encoding"), told)
            schemas.compare(
                Spot(before[one].get("schema", {}), f"{place}/schema"),
                Spot(after[other].get("schema", {}), f"{place}/schema"),
                site.at(f"{place}/schema"),
            )

    # Answers.

    def _responses(self, old: Operation, new: Operation, site: Site, schemas: SchemaDiff) -> None:
        before, after = as_node(old.node.get("responses")), as_node(new.node.get("responses"))
        site = attrs.evolve(site, role="response")
        pairs = [(status, status) for status in sorted(before.keys() & after.keys())]
        gone, fresh = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
        left, right = [status for status in gone if _good(status)], [status for status in fresh if _good(status)]
        if len(left) == len(right) == 1 and not any(_good(status) for status, _ in pairs):
            pairs.append((left[0], right[0]))
            here = site.at(f"{new.place}/responses/{right[0]}", f"response {right[0]}")
            told = f"success is answered with {right[0]} instead of {left[0]}"
            self._findings.add("response-status-changed", here, told)
            gone.remove(left[0])
            fresh.remove(right[0])
        for status in gone:
            kind = "response-success-removed" if _good(status) else "error-response-removed"
            here = site.at(f"{old.place}/responses/{status}", f"response {status}")
            self._findings.add(kind, here, f"the answer {status} is gone")
        for status in fresh:
            kind = "response-success-added" if _good(status) else "error-response-added"
            here = site.at(f"{new.place}/responses/{status}", f"response {status}")
            self._findings.add(kind, here, f"the answer {status} is new")
        for one, other in pairs:
            place = f"{new.place}/responses/{other}"
            here = attrs.evolve(site.at(place, f"response {other}"), error=not _good(other))
            answers = (self._old.follow(as_node(before[one]), place), self._new.follow(as_node(after[other]), place))
            self._response(answers[0][0], answers[1][0], here.at(answers[1][1]), schemas)

    def _response(self, old: JsonObject, new: JsonObject, site: Site, schemas: SchemaDiff) -> None:
        if bool(old.get("x-binary-response")) != bool(new.get("x-binary-response")):
            told = f"the {site.path} is {'now' if new.get('x-binary-response') else 'no longer'} binary"
            self._findings.add("response-binary-changed", site, told)
        before, after = as_node(old.get("content")), as_node(new.get("content"))
        if before and not after:
            self._findings.add("response-body-removed", site, f"the {site.path} has no body any more")
        elif after and not before:
            self._findings.add("response-body-added", site, f"the {site.path} now has a body")
        else:
            self._content(old, new, site, schemas)
        self._headers(_folded(old.get("headers")), _folded(new.get("headers")), site, schemas)

    def _headers(self, old: JsonObject, new: JsonObject, site: Site, schemas: SchemaDiff) -> None:
        for name in sorted(old.keys() | new.keys()):
            here = site.at(f"{site.place}/headers{pointer(name)}", f"{site.path} header {name}")
            if name not in new:
                self._findings.add("response-header-removed", here, f"the header {name} of the {site.path} is gone")
            elif name not in old:
                self._findings.add("response-header-added", here, f"the header {name} of the {site.path} is new")
            else:
                # Generated code types no headers: as with errors, only hand-written inspection can notice.
                here = attrs.evolve(here, error=True)
                before, _ = self._old.follow(as_node(old[name]), here.place)
                after, place = self._new.follow(as_node(new[name]), here.place)
                spots = [Spot(node.get("schema", {}), f"{place}/schema") for node in (before, after)]
                schemas.compare(spots[0], spots[1], here.at(f"{place}/schema"))


def _media(holder: JsonObject) -> dict[str, JsonObject]:
    """The forms of a body by media type, without parameters like the character set."""
    return {
        name.partition(";")[0].strip().lower(): as_node(media) for name, media in as_node(holder.get("content")).items()
    }


def _folded(headers: Json) -> JsonObject:
    return {name.lower(): node for name, node in as_node(headers).items()}


def _good(status: str) -> bool:
    return status.startswith("2")


def _shown(value: Json) -> str:
    return "none" if value is None else str(value) if isinstance(value, str) else fingerprint(value)


# What the ``x-`` facts of an operation say before and after.
#
# ``x-token-cost`` is the vendor's and always compared. The others are laid on by our overlays and compared only when
# both documents carry overlays. Not compared: provenance (``x-seed-path``, ``x-security-inferred``,
# ``x-response-undocumented``) and prose (``x-summary``, ``x-replacement``).

_KINDS: Final[dict[str, tuple[str, str, str]]] = {
    # Added, removed, changed.
    "x-paging": ("paging-added", "paging-removed", "paging-changed"),
    "x-field-selector": ("field-selector-added", "field-selector-removed", "field-selector-removed"),
    "x-normalize": ("result-form-changed",) * 3,
    "x-safety": ("replay-safety-changed",) * 3,
    "x-buckets": ("limit-buckets-changed",) * 3,
    "x-omittable": ("omittable-changed",) * 3,
    "x-superseded-by": ("operation-superseded", "extension-changed", "operation-superseded"),
    "x-streaming": ("extension-changed",) * 3,
    "x-workflow-invocation": ("extension-changed",) * 3,
}
_VENDORS: Final = frozenset(("x-superseded-by", "x-streaming", "x-workflow-invocation"))


def extension_changes(old: JsonObject, new: JsonObject, *, dressed: bool) -> Iterator[tuple[str, str]]:
    """Kind and text of each change. ``dressed``: both documents carry overlays."""
    before, after = _cost(old), _cost(new)
    if before != after:
        kind = "token-cost-raised" if after > before else "token-cost-lowered"
        yield kind, f"a call costs {after:g} tokens instead of {before:g}"
    for key, (added, removed, changed) in _KINDS.items():
        one, other = old.get(key), new.get(key)
        # False is what is meant when it is not there.
        one, other = None if one is False else one, None if other is False else other
        if fingerprint(one) != fingerprint(other) and (dressed or key in _VENDORS):
            kind = added if one is None else removed if other is None else changed
            yield kind, f"{key} is {_shown(other)} instead of {_shown(one)}"


def _cost(node: JsonObject) -> float:
    value = node.get("x-token-cost")
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
