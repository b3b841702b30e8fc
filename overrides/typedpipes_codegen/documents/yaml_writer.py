"""A JSON tree to YAML, one way only: same tree, same bytes, with or without libyaml.

PyYAML has two emitters that differ in line breaking and quoting; the committed schemas may not depend on which one is
installed. Strings are plain where no YAML 1.1 or 1.2 reader can take them for anything else, else double-quoted JSON.
"""

from __future__ import annotations

import json
import re

from typedpipes_codegen.documents.tree import Json

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/{}$.+-]*(?: [A-Za-z0-9_.+()/-]+)*\Z")
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_AMBIGUOUS = frozenset("y n yes no on off true false null none nan inf".split())


def write_yaml(tree: Json) -> str:
    """The tree as block YAML with a final newline; mappings keep the order they have."""
    lines: list[str] = []
    if isinstance(tree, dict) and tree:
        _mapping(tree, "", "", lines)
    elif isinstance(tree, list) and tree:
        _sequence(tree, "", lines)
    else:
        lines.append(_leaf(tree))
    lines.append("")
    return "\n".join(lines)


def _mapping(node: dict[str, Json], indent: str, first: str, lines: list[str]) -> None:
    lead = first or indent
    for key, value in node.items():
        head = f"{lead}{_string(key)}:"
        lead = indent
        if isinstance(value, dict) and value:
            lines.append(head)
            _mapping(value, indent + "  ", "", lines)
        elif isinstance(value, list) and value:
            if all(not isinstance(item, dict | list) for item in value) and len(value) <= 8:
                flow = ", ".join(_leaf(item) for item in value)
                if len(head) + len(flow) < 118 and "{" not in flow:
                    lines.append(f"{head} [{flow}]")
                    continue
            lines.append(head)
            _sequence(value, indent, lines)
        else:
            lines.append(f"{head} {_leaf(value)}")


def _sequence(node: list[Json], indent: str, lines: list[str]) -> None:
    for item in node:
        if isinstance(item, dict) and item:
            _mapping(item, indent + "  ", f"{indent}- ", lines)
        elif isinstance(item, list) and item:
            lines.append(f"{indent}-")
            _sequence(item, indent + "  ", lines)
        else:
            lines.append(f"{indent}- {_leaf(item)}")


def _leaf(value: Json) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    return json.dumps(value)


def _string(text: str) -> str:
    if _PLAIN.match(text) and text.lower() not in _AMBIGUOUS and len(text) < 200:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
