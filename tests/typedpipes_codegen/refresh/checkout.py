"""A small checkout: two REST packages and Pipefy's documented form, with a command line to refresh it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import attrs

from tests.support import forked
from tests.typedpipes_codegen.refresh import petshop
from typedpipes_codegen.commands import canonicalize_file
from typedpipes_codegen.output.generate import generate
from typedpipes_codegen.refresh import Fetched

ROOT = Path(__file__).parents[3]
DOCUMENTED = ROOT / "schemas" / "pipefy" / "documented"
TODAY = date(2026, 11, 21)

ROWS = """\
# The rows of a small checkout. This comment stays.

[[api]]
package = "pipefy"
generator = "graphql"
schema = "pipefy/documented/schema.graphql"
operations = "pipefy/documented/operations"
base_url = "https://api.pipefy.com/graphql"
introspect = true  # this one too

[[api.source]]
origin = "by hand"
document = "guide.txt"
date = "2026-01-02"
sha256 = "{zeros}"

# Before the shop.
[[api]]
package = "petshop"
generator = "openapi"
schema = "petshop/pets.yaml"
overlays = ["petshop/overlay-pets.yaml"]
base_url = "https://pets.example/v1"

[[api.source]]
origin = "by hand"
document = "pets.yaml"
date = "2026-01-02"
sha256 = "{zeros}"

[[api]]
package = "museum"
generator = "openapi"
schema = "museum/pets.yaml"
base_url = "https://museum.example/v1"
published = "https://museum.example/openapi.yaml"
keep_withdrawn = true

[[api.source]]
origin = "by hand"
document = "pets.yaml"
date = "2026-01-02"
sha256 = "{zeros}"
"""


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    talk: str


class Checkout:
    """A folder with ``schemas`` and ``generated``, and a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.schemas = folder / "schemas"
        self.target = folder / "generated" / "typedpipes_api"
        self._write()

    def _write(self) -> None:
        shutil.copytree(DOCUMENTED, self.schemas / "pipefy" / "documented")
        raw = self.folder / "published.yaml"
        raw.write_bytes(petshop.published())
        for shop in ("petshop", "museum"):
            (self.schemas / shop).mkdir()
            canonicalize_file(raw, self.schemas / shop / "pets.yaml", None, self.schemas / "names.lock")
        (self.schemas / "petshop" / "overlay-pets.yaml").write_text(petshop.OVERLAY)
        (self.schemas / "apis.toml").write_text(ROWS.format(zeros="0" * 64))

    def generate(self) -> None:
        """Bring the generated packages up to date."""
        generate(self.schemas, self.target)

    def state(self) -> dict[str, str]:
        """Digests of all files of schemas and generated packages."""
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for base in (self.schemas, self.target)
            for path in sorted(base.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    def schema(self, shop: str = "petshop") -> str:
        """The text of a checked-in REST schema."""
        return (self.schemas / shop / "pets.yaml").read_text()

    def run(self, *words: str, environment: Mapping[str, str] | None = None) -> Ended:
        """Run ``typedpipes schema …`` in a process of its own."""
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        own = {"HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"), "PYTHONUTF8": "1"}
        settings = {**kept, **own, **(environment or {})}
        done = forked.run("typedpipes.cli", "schema", *words, cwd=self.folder, env=settings)
        return Ended(done.returncode, done.stdout, done.stderr)


def document(package: str, data: bytes | str, name: str = "given.yaml") -> Fetched:
    """A document as if fetched."""
    return Fetched(package, data.encode() if isinstance(data, str) else data, name, "a file given by hand", TODAY)
