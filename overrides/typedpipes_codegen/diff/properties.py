"""What is said about one use of a schema, and how messages call it."""

from __future__ import annotations

from typedpipes_codegen.diff.shape import Shape
from typedpipes_codegen.diff.site import Findings, Site
from typedpipes_codegen.documents.tree import Json, fingerprint


def use_changes(findings: Findings, before: Shape, after: Shape, here: Site, *, dressed: bool) -> None:
    """Record what differs in what is said about one use of a schema, as a property."""
    old, new, role = before.annotations, after.annotations, here.role
    if old == new:
        return
    if bool(old.get("deprecated")) != bool(new.get("deprecated")):
        kind = "property-deprecated" if new.get("deprecated") else "property-undeprecated"
        told = f"{property_of(here)} is {'' if new.get('deprecated') else 'no longer '}deprecated"
        findings.add(f"{role}-{kind}", here, told)
    lock, word = ("readOnly", "writable") if role == "request" else ("writeOnly", "readable")
    if bool(old.get(lock)) != bool(new.get(lock)):
        kind = ("read-only" if role == "request" else "write-only") if new.get(lock) else word
        told = f"{property_of(here)} is now {kind}"
        findings.add(f"{role}-property-became-{kind}", here, told)
    if fingerprint(old.get("default")) != fingerprint(new.get("default")):
        told = f"the default of {property_of(here)} is {_text(new, 'default')} instead of {_text(old, 'default')}"
        findings.add(f"{role}-default-changed", here, told)
    if dressed and bool(old.get("x-secret")) != bool(new.get("x-secret")):
        told = f"{property_of(here)} is {'now' if new.get('x-secret') else 'no longer'} treated as a secret"
        findings.add(f"{role}-secrecy-changed", here, told)
    if dressed and role == "request":
        client_default(findings, old.get("x-client-default"), new.get("x-client-default"), here)


def client_default(findings: Findings, old: Json, new: Json, here: Site) -> None:
    """Record that an argument gained or lost the client's setting as its default."""
    if old == new:
        return
    kind = "removed" if new is None else "added" if old is None else "changed"
    told = f"{subject(here)} defaults to {new or 'nothing'} of the client instead of {old or 'nothing'}"
    findings.add(f"request-client-default-{kind}", here, told)


def subject(site: Site) -> str:
    """What a message calls the thing at a site."""
    place = site.path.partition(": ")[2]
    return f"`{place}`" if place else f"the {site.path or 'schema'}"


def property_of(site: Site) -> str:
    """What a message calls a property: with the component that holds it."""
    holder = f" of {site.component}" if site.component else ""
    return f"{subject(site)}{holder}"


def _text(facts: dict[str, Json], key: str) -> str:
    return repr(facts[key]) if key in facts else "none"
