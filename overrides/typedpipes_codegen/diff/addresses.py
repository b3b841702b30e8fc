"""Servers and credentials, as each operation has them: its own, else those of the whole document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from typedpipes_codegen.diff.operation import Operation
from typedpipes_codegen.diff.shape import Reader
from typedpipes_codegen.diff.site import Findings, Site
from typedpipes_codegen.documents.tree import Json, JsonObject, fingerprint, operations, pointer


class AddressDiff:
    """Compares servers and security. A change of the whole document is reported once, with no operation."""

    def __init__(self, old: Reader, new: Reader, findings: Findings) -> None:
        self._findings = findings
        self._old, self._new = old.document, new.document
        self._schemes = _same_schemes(_schemes(old), _schemes(new))
        self._readers = old, new

    def compare_documents(self) -> None:
        """What the documents say for every operation that says nothing itself."""
        site = Site(None, None)
        self._servers(self._old.get("servers"), self._new.get("servers"), site.at("/servers"))
        self._security(self._old.get("security"), self._new.get("security"), site.at("/security"))
        before, after = (_schemes(reader) for reader in self._readers)
        for name in sorted((before.keys() - self._schemes.keys()) & _used(self._new)):
            here = site.at(pointer("components", "securitySchemes", name))
            self._add("security-scheme-changed", here, f"the credential {name!r} is no longer described")
        for name in sorted((after.keys() - {*self._schemes.values()}) & _used(self._old)):
            here = site.at(pointer("components", "securitySchemes", name))
            self._add("security-scheme-described", here, f"the credential {name!r} is now described")
        for old, new in sorted(self._schemes.items()):
            facts, other = _facts(before[old]), _facts(after[new])
            for key in sorted(facts.keys() | other.keys()):
                if facts.get(key) != other.get(key):
                    here = site.at(pointer("components", "securitySchemes", new))
                    values = f"`{other.get(key, 'none')}` instead of `{facts.get(key, 'none')}`"
                    told = f"the credential {new!r}: {key} is {values}"
                    self._add("security-scheme-changed", here, told)

    def compare(self, old: Operation, new: Operation) -> None:
        """What differs for this operation and not for the whole document."""
        site = Site(old.title, old.name or new.name, place=new.place)
        for key, compare in (("servers", self._servers), ("security", self._security)):
            if key in old.node or key in new.node:
                before, after = old.node.get(key, self._old.get(key)), new.node.get(key, self._new.get(key))
                compare(before, after, site.at(f"{new.place}/{key}"))

    def _servers(self, old: Json, new: Json, site: Site) -> None:
        before, after = _addresses(old), _addresses(new)
        if before == after:
            return
        gone, fresh = [url for url in before if url not in after], [url for url in after if url not in before]
        first, now = next(iter(before), "/"), next(iter(after), "/")
        if first != now and (first in gone or not before):
            self._add("server-changed", site, f"the address is `{now}` instead of `{first}`")
            gone, fresh = [url for url in gone if url != first], [url for url in fresh if url != now]
        elif first != now:
            self._add("server-default-changed", site, f"the first address is `{now}` instead of `{first}`")
        for url in gone:
            self._add("server-removed", site, f"the address `{url}` is gone")
        for url in fresh:
            self._add("server-added", site, f"the address `{url}` is new")

    def _security(self, old: Json, new: Json, site: Site) -> None:
        before = _alternatives(old, self._schemes)
        after = _alternatives(new, {})
        open_before, open_after = not before or frozenset() in before, not after or frozenset() in after
        if open_before and open_after:
            return
        if open_before:
            self._add("security-required", site, f"calls need a credential: {_told(after)}")
            return
        if open_after:
            self._add("security-dropped", site, "calls need no credential")
            return
        for names in sorted(before.keys() & after.keys(), key=sorted):
            for scope in sorted(after[names] - before[names]):
                self._add("security-scope-added", site, f"{' and '.join(sorted(names))} needs the scope {scope}", scope)
            for scope in sorted(before[names] - after[names]):
                told = f"{' and '.join(sorted(names))} no longer needs the scope {scope}"
                self._add("security-scope-removed", site, told, scope)
        for names in sorted(before.keys() - after.keys(), key=sorted):
            self._add("security-alternative-removed", site, f"{_told([names])} is no longer accepted")
        for names in sorted(after.keys() - before.keys(), key=sorted):
            self._add("security-alternative-added", site, f"{_told([names])} is accepted too")

    def _add(self, kind: str, site: Site, what: str, value: str | None = None) -> None:
        path = {"servers": "servers", "security": "security"}.get(site.place.rpartition("/")[2], "credentials")
        self._findings.add(kind, attrs.evolve(site, path=path), what, value=value, direction="none")


def _schemes(reader: Reader) -> dict[str, JsonObject]:
    components = reader.document.get("components")
    found = components.get("securitySchemes") if isinstance(components, dict) else None
    if not isinstance(found, dict):
        return {}
    return {name: reader.follow(node, "")[0] for name, node in found.items() if isinstance(node, dict)}


def _facts(scheme: JsonObject) -> dict[str, str]:
    """What a client has to know about a credential, flat; scopes belong to operations."""
    found: dict[str, str] = {}
    for key, value in scheme.items():
        if key == "flows" and isinstance(value, dict):
            for flow, facts in value.items():
                found[f"flow {flow}"] = "offered"
                for name, fact in facts.items() if isinstance(facts, dict) else ():
                    if name != "scopes":
                        found[f"{name} of the flow {flow}"] = str(fact)
        else:
            found[key] = value if isinstance(value, str) else fingerprint(value)
    return found


def _same_schemes(old: Mapping[str, JsonObject], new: Mapping[str, JsonObject]) -> dict[str, str]:
    """New name of each scheme: names of schemes are no part of the interface, what they say is."""
    same = {name: name for name in old if name in new}
    for name in sorted(old.keys() - new.keys()):
        alike = [
            other for other in sorted(new) if other not in same.values() and _facts(new[other]) == _facts(old[name])
        ]
        if alike:
            same[name] = alike[0]
    return same


def _used(document: JsonObject) -> set[str]:
    """The names of the schemes that calls need."""
    lists = [document.get("security"), *(node.get("security") for _, _, node, _ in operations(document))]
    return {name for names in lists for alternative in _alternatives(names, {}) for name in alternative}


def _alternatives(security: Json, renamed: Mapping[str, str]) -> dict[frozenset[str], frozenset[str]]:
    """The scopes of each set of credentials that is enough."""
    found: dict[frozenset[str], frozenset[str]] = {}
    for entry in security if isinstance(security, list) else []:
        if isinstance(entry, dict):
            names = frozenset(renamed.get(name, name) for name in entry)
            scopes = frozenset(str(scope) for listed in entry.values() if isinstance(listed, list) for scope in listed)
            # The same credential with fewer scopes is enough.
            found[names] = min(found.get(names, scopes), scopes, key=len)
    return found


def _addresses(servers: Json) -> list[str]:
    return list(dict.fromkeys(_urls(servers)))


def _urls(servers: Json) -> Iterator[str]:
    for server in servers if isinstance(servers, list) else []:
        if isinstance(server, dict):
            variables = server.get("variables")
            yield f"{server.get('url')}{f' with {fingerprint(variables)}' if variables else ''}"


def _told(alternatives: object) -> str:
    names = [" and ".join(sorted(entry)) for entry in alternatives] if isinstance(alternatives, list | dict) else []
    return " or ".join(sorted(names))
