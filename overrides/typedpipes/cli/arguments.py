"""Converts words of a command line to a method's arguments, by the types of its signature."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Final

import attrs

from typedpipes._core import rest as options_of
from typedpipes._core.decoding.model import JSON, UNSET, Model
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes.cli.failures import UsageError

Value = object
_WORD: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)((?:\.[A-Za-z_][A-Za-z0-9_]*)*)(:?=)(.*)", re.DOTALL)
_KEY: Final = "idempotency_key"
_SIMPLE: Final = {"int": "int", "float": "float", "bool": "bool", "str": "str", "None": "none", "Unset": ""}
_ARRAYS: Final = frozenset({"Sequence", "list", "tuple"})
_OBJECTS: Final = frozenset({"Mapping", "dict"})
_ANYTHING: Final = frozenset({"JSON", "JsonInput", "JsonValue", "object", "Any"})


@attrs.frozen
class Parameter:
    """What a method takes under a name. ``kinds``: int, float, bool, str, none, array, object, json, file."""

    name: str
    kinds: frozenset[str]
    inner: frozenset[str] = frozenset()
    """Kinds of an array's items."""
    required: bool = False
    positional: bool = False
    option: bool = False
    """One that every method takes, such as ``timeout``."""
    annotation: str = ""
    names: Mapping[str, object] = attrs.field(factory=dict, repr=False, eq=False)
    """What the names in the annotation mean."""

    def below(self, key: str) -> Parameter:
        """The part of an object under ``key``; of text, if its type does not say."""
        found = _member(self.annotation, self.names, key)
        if found is None:
            return Parameter(f"{self.name}.{key}", frozenset({"str"}))
        annotation, names = found
        return Parameter(f"{self.name}.{key}", *_kinds(annotation, names), annotation=annotation, names=names)

    @property
    def shown(self) -> str:
        """Its types for people."""
        return " or ".join(sorted(self.kinds - {"none"})) or "str"


@attrs.frozen
class Call:
    """A method's parameters, and the call made of words."""

    name: str
    parameters: Mapping[str, Parameter]

    @property
    def usage(self) -> str:
        """How it is called."""
        own = [parameter for parameter in self.parameters.values() if not parameter.option]
        words = [f"{each.name}=…" if each.required else f"[{each.name}=…]" for each in own]
        return " ".join((f"typedpipes call {self.name}", *words))

    def arguments(self, words: Sequence[str], text: str | None) -> dict[str, Value]:
        """The arguments. Raises `UsageError`."""
        given: dict[str, Value] = dict(self._from_json(text)) if text is not None else {}
        typed: set[tuple[str, ...]] = set()
        positional = [parameter for parameter in self.parameters.values() if parameter.positional]
        for word in words:
            match = _WORD.fullmatch(word)
            if match is None:
                if not positional:
                    raise UsageError(f"{self.name}: {word!r} is not of the form key=value", self.usage)
                parameter = positional.pop(0)
                given[parameter.name] = self._convert(parameter, word)
                typed.add((parameter.name,))
                continue
            name, below, sign, value = match.groups()
            parameter = self._parameter(name)
            positional = [each for each in positional if each.name != name]
            path = (name, *below[1:].split(".")) if below else (name,)
            for key in path[1:]:
                parameter = parameter.below(key)
            made = _json(value, name) if sign == ":=" else self._convert(parameter, value)
            holder = _holder(given, path)
            if path in typed:
                made = self._joined(parameter, holder[path[-1]], made)
            typed.add(path)
            holder[path[-1]] = made
        self._complete(given)
        return given

    def _joined(self, parameter: Parameter, before: Value, value: Value) -> list[Value]:
        """The list that a repeated argument makes. Raises `UsageError` for one that takes a single value."""
        if "array" not in parameter.kinds:
            raise UsageError(f"{self.name}: {parameter.name} is given twice, and takes one value", self.usage)
        return [each for part in (before, value) for each in (part if isinstance(part, list) else [part])]

    def _from_json(self, text: str) -> Mapping[str, Value]:
        try:
            if text == "-":
                text = sys.stdin.read()
            elif text.startswith("@"):
                text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--json: {text[1:]} cannot be read: {error}", "give --json '{…}', @FILE or -") from error
        value = _json(text, "--json")
        if not isinstance(value, dict):
            raise UsageError("--json takes one JSON object: its keys are the names of the arguments", self.usage)
        return {self._parameter(name).name: item for name, item in value.items()}

    def _parameter(self, name: str) -> Parameter:
        found = self.parameters.get(name)
        if found is not None:
            return found
        close = difflib.get_close_matches(name, self.parameters, 3, 0.5)
        todo = f"did you mean {', '.join(close)}? {self.usage}" if close else self.usage
        raise UsageError(f"{self.name} takes no {name!r}", todo)

    def _convert(self, parameter: Parameter, text: str) -> Value:
        value = convert(text, parameter.kinds, parameter.inner)
        if value is UNSET:
            raise UsageError(f"{self.name}: {parameter.name} takes {parameter.shown}, not {text[:60]!r}", self.usage)
        return value

    def _complete(self, given: Mapping[str, Value]) -> None:
        missing = [each.name for each in self.parameters.values() if each.required and each.name not in given]
        if missing:
            raise UsageError(f"{self.name} needs {', '.join(missing)}", self.usage)


def signature_of(name: str, function: FunctionType) -> Call:
    """The parameters of a generated method."""
    parameters: dict[str, Parameter] = {}
    original = inspect.unwrap(function)
    names = original.__globals__
    for each in list(inspect.signature(function).parameters.values())[1:]:
        annotation = str(each.annotation)
        if each.kind is each.VAR_KEYWORD:
            keyed = any(parameter.startswith(_KEY) for parameter in parameters)
            for option, kind in _options(annotation, names):
                if option == _KEY and not keyed:
                    continue  # refused where the schema declares none
                parameters.setdefault(option, Parameter(option, *_kinds(kind, names), option=True))
            continue
        required = each.default is each.empty
        positional = each.kind is each.POSITIONAL_OR_KEYWORD
        parameters[each.name] = Parameter(
            each.name,
            *_kinds(annotation, names),
            required=required,
            positional=positional,
            annotation=annotation.strip("\"'"),
            names=names,
        )
    return Call(name, parameters)


def convert(text: str, kinds: frozenset[str], inner: frozenset[str] = frozenset()) -> Value:
    """``text`` as one of ``kinds``; `UNSET` if it is none of them."""
    if "file" in kinds:
        path = Path(text.removeprefix("@"))
        return path if path.is_file() else UNSET
    word = text.strip()
    if "bool" in kinds and word in ("true", "false"):
        return word == "true"
    if "int" in kinds and "str" not in kinds and re.fullmatch(r"[+-]?[0-9]{1,18}", word, re.ASCII):
        return int(word)
    if "float" in kinds and "str" not in kinds and re.fullmatch(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?", word, re.ASCII):
        return _number(word)
    if kinds & {"array", "object", "json"}:
        value = _structure(text, kinds, inner)
        if value is not UNSET:
            return value
    if "str" in kinds:
        return text
    return None if "none" in kinds and word == "null" else UNSET


def _structure(text: str, kinds: frozenset[str], inner: frozenset[str]) -> Value:
    start = text.lstrip()[:1]
    if "json" in kinds or start == "[" or start == "{":
        try:
            value = read_json(text)
        except NotJSON:
            return text if "json" in kinds else UNSET
        fits = "json" in kinds or ("array" if isinstance(value, list) else "object") in kinds
        return value if fits else UNSET
    if "array" in kinds and "str" not in kinds:
        items = [convert(item, inner or frozenset({"str"})) for item in text.split(",")] if text else []
        return UNSET if any(item is UNSET for item in items) else items
    return UNSET


def _number(word: str) -> Value:
    try:
        return float(word) if not word.lstrip("+-").isdigit() else int(word)
    except ValueError:
        return UNSET


def _json(text: str, what: str) -> JSON:
    try:
        value: JSON = read_json(text)
    except NotJSON as error:
        raise UsageError(f"{what} is not JSON: {error}", "quote the JSON for your shell, as in '{\"id\": 1}'") from None
    return value


def _holder(given: dict[str, Value], path: tuple[str, ...]) -> dict[str, Value]:
    """The object that the last name of ``path`` goes into; those on the way are made."""
    inner: dict[str, Value] = given
    for name in path[:-1]:
        following = inner.setdefault(name, {})
        if not isinstance(following, dict):
            raise UsageError(f"{name} is given twice: whole, and in parts", "give it once")
        inner = following
    return inner


def _member(annotation: str, names: Mapping[str, object], key: str) -> tuple[str, Mapping[str, object]] | None:
    """The annotation of a field of the object that ``annotation`` names, and what the names in it mean."""
    for part in _split(annotation):
        found = names.get(part) or (_dictionary(part, names) if part.endswith("Dict") else None)
        if _is_model(found):
            model: type[Model] = found  # type: ignore[assignment]  # as was just asked
            name = next((name for name, wire in model._wire_.items() if wire == key), key)
            hint, module = model._hints_.get(name), model._modules_.get(name, model.__module__)
        else:
            hint, module = getattr(found, "__annotations__", {}).get(key), getattr(found, "__module__", "")
        if hint is not None:
            text = str(getattr(hint, "__forward_arg__", hint))
            return text.removeprefix("NotRequired[").removesuffix("]") if text.startswith(
                "NotRequired["
            ) else text, vars(sys.modules[module])
    return None


def _dictionary(name: str, names: Mapping[str, object]) -> object:
    """The dictionary form of an input of GraphQL, which generated clients import for type checkers only."""
    try:
        module = importlib.import_module(f"{str(names.get('__name__', '')).rpartition('.')[0]}.input_dicts")
    except (ImportError, ValueError):
        return None
    return getattr(module, name, None)


def _options(annotation: str, names: Mapping[str, object]) -> Iterable[tuple[str, str]]:
    """Names and types of the options that ``Unpack[…]`` stands for."""
    name = annotation.removeprefix("Unpack[").removesuffix("]")
    found = names.get(name) or getattr(options_of, name, options_of.CallOptions)
    for option, kind in getattr(found, "__annotations__", {}).items():
        yield option, getattr(kind, "__forward_arg__", str(kind))


def _kinds(annotation: str, names: Mapping[str, object]) -> tuple[frozenset[str], frozenset[str]]:
    kinds: set[str] = set()
    inner: set[str] = set()
    parts = _split(annotation.strip("\"'"))
    for part in parts:
        name, _, below = part.partition("[")
        if name in _ARRAYS:
            kinds.add("array")
            inner |= _kinds(below.removesuffix("]"), names)[0]
        elif name == "FileContent":
            kinds.add("file")
        elif name in _OBJECTS or name.endswith("Dict") or f"{name}Dict" in parts or _is_model(names.get(name)):
            kinds.add("object")
        else:
            kinds.add("json" if name in _ANYTHING else _SIMPLE.get(name, "str"))
    return frozenset(kinds - {""}), frozenset(inner)


def _is_model(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, Model)


def _split(annotation: str) -> list[str]:
    """``A | B[C | D]`` -> ``A``, ``B[C | D]``."""
    parts, depth, part = [], 0, ""
    for letter in annotation:
        depth += (letter == "[") - (letter == "]")
        if letter == "|" and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return [*parts, part.strip()]


__all__ = ["Call", "Parameter", "convert", "signature_of"]
