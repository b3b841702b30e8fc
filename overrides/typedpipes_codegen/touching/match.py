"""Which changes of a schema reach the places where a program uses the package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs
from graphql import GraphQLSchema, get_named_type, is_enum_type

from typedpipes_codegen.diff.change import Change
from typedpipes_codegen.touching.documents import Mention
from typedpipes_codegen.touching.generated import Generated, normal
from typedpipes_codegen.touching.uses import Program, Use


@attrs.frozen
class Touch:
    """One line of the program that a change reaches."""

    file: str
    line: int
    source: str


class Matcher:
    """Holds a program's uses against the changes of the API's schema.

    The rules, all by name and all on the old package: a change of an operation reaches its calls; of an argument,
    the calls that give it (every call where it became required); of a property, the lines that read, write or build
    it, if the program calls the operation at all; of an enum value in a request, the calls that pass that value or a
    computed one. What is only new reaches nobody.
    """

    def __init__(
        self,
        package: str,
        program: Program,
        generated: Generated,
        schema: GraphQLSchema | None = None,
        mentions: Sequence[Mention] = (),
    ) -> None:
        self._package = package
        self._uses = program.uses
        self._generated = generated
        self._schema = schema
        self._mentions = mentions
        self._calls = [
            (use, operation)
            for use in program.uses
            if (operation := next(filter(None, (generated.methods.get((o, use.name)) for o in use.owners)), None))
        ]

    def touches(self, change: Change) -> tuple[Touch, ...]:
        """The lines that ``change`` reaches, in order; none for one that only adds what nobody asked for."""
        if change.rating == "safe":
            return ()
        found = self._graphql(change) if self._schema is not None else self._openapi(change)
        touched = {Touch(item.file, item.line, item.source) for item in found}
        return tuple(sorted(touched, key=lambda touch: (touch.file, touch.line)))

    def _openapi(self, change: Change) -> list[Use]:
        calls = self._calls_of(lambda name, _: change.method is None or name == change.method)
        if change.field is None and change.argument is None:
            return calls if change.direction != "response" or change.model is None else self._model_or(change, calls)
        if change.direction == "response":
            return self._reads(change) if calls or not self._calls else []
        given = [use for use in calls if _gives(use, change)]
        if change.model is None or change.field is None:
            return given
        return [*given, *self._reads(change)] if calls else []

    def _model_or(self, change: Change, calls: list[Use]) -> list[Use]:
        """A renamed class reaches those who name it; any other change of a whole response reaches the calls."""
        if change.kind.endswith("-model-renamed"):
            return [use for use in self._uses if not use.name and self._is_class(use, change.model)]
        return calls

    def _reads(self, change: Change) -> list[Use]:
        """Lines that name the property on its class; where the class has no name, on any of the resource's module."""
        wanted = normal(change.field or "")
        place = f"{self._package}.{(change.method or '').partition('.')[0]}."
        return [
            use
            for use in self._uses
            if (normal(use.name) == wanted or _builds(use, wanted))
            and (
                self._is_class(use, change.model)
                if change.model is not None
                else any(owner.startswith(place) for owner in use.owners)
            )
        ]

    def _graphql(self, change: Change) -> list[Use | Mention]:
        # A saved operation that selects what went is refused as a whole; one that takes an input still fits.
        used = set(change.used_by) if change.rating == "breaking" and change.direction != "request" else set()
        found: list[Use | Mention] = [mention for mention in self._mentions if _mentioned(mention, change)]
        if change.method is not None and change.field in (None, change.method):
            calls = self._calls_of(lambda _, roots: change.method in roots)
            calls += [use for use in self._uses if self._selects_root(use, change.method)]
            return [*found, *(use for use in calls if change.argument is None or _gives(use, change))]
        found += self._calls_of(lambda name, _: name in used)
        kind = change.component
        if kind is None:
            return found
        if change.value is not None:
            values = [use for use in self._uses if use.name == change.value and self._is_class(use, kind)]
            return [*found, *values, *self._reads_of_enum(kind)]
        if change.field is None:
            return [*found, *(use for use in self._uses if self._holds(use, kind) or self._is_class(use, kind))]
        wanted = normal(change.field)
        if change.direction == "request":
            new = change.kind.startswith("required-")
            inputs = [use for use in self._uses if self._is_class(use, kind) or self._is_class(use, f"{kind}Dict")]
            return [*found, *(use for use in inputs if new or normal(use.name) == wanted or _builds(use, wanted))]
        return [*found, *(use for use in self._uses if normal(use.name) == wanted and self._holds(use, kind))]

    def _reads_of_enum(self, kind: str) -> Iterable[Use]:
        """Lines that read a field whose values are of that enum."""
        assert self._schema is not None
        enum = self._schema.type_map.get(kind)
        if enum is None or not is_enum_type(enum):
            return
        places = {
            (name, normal(field))
            for name, item in self._schema.type_map.items()
            for field, definition in getattr(item, "fields", {}).items()
            if get_named_type(definition.type) is enum
        }
        for use in self._uses:
            types = {name for owner in use.owners for name in self._generated.types.get(owner, ())}
            if any((name, normal(use.name)) in places for name in types):
                yield use

    def _calls_of(self, wanted: Callable[[str, tuple[str, ...]], bool]) -> list[Use]:
        return [use for use, operation in self._calls if wanted(operation.name, operation.roots)]

    def _is_class(self, use: Use, model: str | None) -> bool:
        return any(normal(owner.rpartition(".")[2]) == normal(model or "") for owner in use.owners)

    def _holds(self, use: Use, kind: str) -> bool:
        """Whether a result of that type is read, or its field selected."""
        return f"{self._package}.select.{kind}" in use.owners or any(
            kind in self._generated.types.get(owner, ()) for owner in use.owners
        )

    def _selects_root(self, use: Use, field: str) -> bool:
        roots = {f"{self._package}.select.{name}" for name in ("Query", "Mutation")}
        return normal(use.name) == normal(field) and not roots.isdisjoint(use.owners)


def _gives(use: Use, change: Change) -> bool:
    """Whether a call may be affected by a change of one argument."""
    if change.argument is None:
        return True
    within = change.field is not None and change.field != change.argument
    if "required" in change.kind and not within:
        return True
    if use.call is None or use.call.spread:
        return True
    given = {normal(name): values for name, values in use.call.keywords.items()}
    argument = normal(change.argument)
    if argument not in given:
        # A body that is no class of ours cannot be followed; the lines that build one are found by themselves.
        return change.model is None and "body" in given and change.direction == "request"
    values = given[argument]
    return change.value is None or values is None or change.value in values


def _builds(use: Use, wanted: str) -> bool:
    """Whether a class is called with the property as a keyword."""
    return use.call is not None and not use.name and wanted in {normal(name) for name in use.call.keywords}


def _mentioned(mention: Mention, change: Change) -> bool:
    """Whether a document names the coordinate, or something below it."""
    place = change.place
    return mention.coordinate == place or mention.coordinate.startswith((f"{place}.", f"{place}("))
