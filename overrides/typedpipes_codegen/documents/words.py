"""English for identifiers: splitting wire names into words, singular and plural, CamelCase."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+|[0-9]+")
_SAME = frozenset(
    "access address additional alias analysis analytics basis business bus chess class data details express focus gas "
    "has info is includes lens lineitems minus news plus process progress progress related sales series settings "
    "species statistics stats status success tax this via was yes".split()
)
_IRREGULAR = {
    "people": "person",
    "children": "child",
    "indices": "index",
    "matrices": "matrix",
    "statuses": "status",
    "addresses": "address",
    "aliases": "alias",
    "buses": "bus",
    "businesses": "business",
    "processes": "process",
    "classes": "class",
    "taxes": "tax",
    "analyses": "analysis",
    "movies": "movie",
    "cookies": "cookie",
    "currencies": "currency",
}


def words(name: str) -> list[str]:
    """``personCC_id`` -> ``["person", "CC", "id"]``. Letters outside ASCII lose their marks, or go."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return _WORD.findall(plain)


def camel(name: str) -> str:
    """``person_id`` -> ``PersonId``. Never empty, never starts with a digit."""
    text = "".join(word[0].upper() + word[1:].lower() for word in words(name))
    return text if text[:1].isalpha() else f"N{text}" if text else "Unnamed"


def singular(name: str) -> str:
    """The name with its last word in the singular: ``roleAssignments`` -> ``roleAssignment``."""
    parts = words(name)
    if not parts:
        return name
    last = parts[-1]
    cut = name.rfind(last)
    return name[:cut] + _singular_word(last) + name[cut + len(last) :]


def plural(name: str) -> str:
    if name.lower().endswith(("s", "x", "ch", "sh")):
        return name if singular(name) != name else f"{name}es"
    if name[-1:] == "y" and name[-2:-1].lower() not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"


def is_plural(name: str) -> bool:
    return singular(name) != name


def _singular_word(word: str) -> str:
    low = word.lower()
    if low in _SAME or len(low) < 4 or not low.endswith("s"):
        return _cased(word, _IRREGULAR.get(low, low))
    if low in _IRREGULAR:
        return _cased(word, _IRREGULAR[low])
    if low.endswith("ies"):
        return _cased(word, f"{low[:-3]}y")
    if low.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    if low.endswith(("ss", "us", "is")):
        return word
    return word[:-1]


def _cased(like: str, word: str) -> str:
    if like.isupper():
        return word.upper()
    return word[0].upper() + word[1:] if like[:1].isupper() else word
