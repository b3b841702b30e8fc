"""From two files to what is compared: kind, API, and the row of ``apis.toml`` that belongs to them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs

from typedpipes_codegen.diff.change import SchemaKind
from typedpipes_codegen.documents import MAX_BYTES
from typedpipes_codegen.documents.apis import Api, load_apis
from typedpipes_codegen.errors import SchemaError

SDL: Final = (".graphql", ".graphqls", ".gql")


@attrs.frozen
class Input:
    """One file, and the row of ``apis.toml`` it belongs to: its own, or that of the file it is compared with."""

    path: Path
    kind: SchemaKind
    api: Api | None = None
    schemas: Path | None = None
    """The folder that holds ``apis.toml``."""

    @property
    def name(self) -> str:
        return self.api.package if self.api is not None else self.path.stem

    def like(self, other: Input) -> Input:
        """With the row of ``other``, if it has none itself."""
        return self if self.api is not None else attrs.evolve(self, api=other.api, schemas=other.schemas)


def find_inputs(old: Path, new: Path) -> tuple[Input, Input]:
    """Both files with what belongs to them. Raises SchemaError for two of different kinds."""
    before, after = _input(old), _input(new)
    if before.kind != after.kind:
        raise SchemaError(
            f"{old.name} is {_called(before.kind)}, {new.name} {_called(after.kind)}",
            file=new,
            remedy="compare two schemas of one API",
        )
    return before.like(after), after.like(before)


def _input(path: Path) -> Input:
    if not path.is_file():
        raise SchemaError(
            "there is no such file", file=path, remedy="give a file, or REVISION:PATH of a git repository"
        )
    real = path.resolve()
    for folder in [*real.parents][:4]:
        if (folder / "apis.toml").is_file():
            for api in load_apis(folder):
                if api.schema.resolve() == real:
                    return Input(path, api.generator, api, folder)
            break
    return Input(path, "graphql" if path.suffix in SDL or _is_introspection(path) else "openapi")


def _is_introspection(path: Path) -> bool:
    if path.suffix != ".json" or not path.is_file() or path.stat().st_size > MAX_BYTES:
        return False
    # Enough to tell: an introspection answer says so in its first keys.
    with path.open("rb") as stream:
        return b'"__schema"' in stream.read(1000)


def _called(kind: SchemaKind) -> str:
    return "a GraphQL schema" if kind == "graphql" else "an OpenAPI document"
