"""Files are written all together or not at all, whatever happens while they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typedpipes_codegen.refresh import petshop
from tests.typedpipes_codegen.refresh.checkout import Checkout, document
from typedpipes_codegen.documents.apis import UNFINISHED, load_apis
from typedpipes_codegen.errors import SchemaError
from typedpipes_codegen.refresh import Prepared, prepare, recover, write

WEIGH = {"get": petshop.operation("weighPet", petshop.IDENTIFIER)}
KILLED = """
import os, signal, sys
from pathlib import Path

from tests.typedpipes_codegen.refresh.test_files import prepared_in

schemas, when, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
from typedpipes_codegen.refresh import write

prepared = prepared_in(schemas)
real, count = getattr(os, name), 0

def killing(*arguments, **options):
    global count
    count += 1
    if count == when:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)

setattr(os, name, killing)
write(schemas, prepared)
sys.exit(7)  # it was never called so often
"""


def prepared_in(schemas: Path) -> Prepared:
    """A refresh that changes files of two packages, removes one file and adds another."""
    sdl = (schemas / "pipefy/documented/schema.graphql").read_text()
    sdl = sdl.replace("automationJobsExport(id: ID!): AutomationJobsExport", "export(id: ID!): AutomationJobsExport")
    documents = [
        document("petshop", petshop.published(petshop.changed(weight=WEIGH))),
        document("pipefy", sdl, "given.graphql"),
    ]
    return prepare(schemas, documents, accept_removals=True)


def state(checkout: Checkout) -> dict[str, str]:
    """All files, but not what a killed refresh leaves to be finished."""
    return {name: digest for name, digest in checkout.state().items() if f"/{UNFINISHED}" not in name}


@pytest.mark.parametrize("when", range(1, 9))
def test_a_rename_that_fails_leaves_every_file_as_it_was(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, when: int
) -> None:
    prepared = prepared_in(checkout.schemas)
    before, count = checkout.state(), 0
    real: Callable[..., None] = os.replace

    def failing(*arguments: object, **options: object) -> None:
        nonlocal count
        count += 1
        if count == when:
            raise OSError(28, "No space left on device")
        real(*arguments, **options)

    monkeypatch.setattr(os, "replace", failing)
    monkeypatch.setattr(os, "rename", failing)
    if when <= sum(1 for change in prepared.changes if change.new is not None) + 1:
        with pytest.raises(OSError, match="No space left"):
            write(checkout.schemas, prepared)
        assert checkout.state() == before
    else:
        write(checkout.schemas, prepared)
        assert checkout.state() != before
    assert not list(checkout.schemas.glob(f"{UNFINISHED}*"))


def test_an_interrupt_from_the_keyboard_leaves_every_file_as_it_was(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepared_in(checkout.schemas)
    before, count = checkout.state(), 0
    real: Callable[..., None] = os.replace

    def interrupted(*arguments: object, **options: object) -> None:
        nonlocal count
        count += 1
        if count == 2:
            raise KeyboardInterrupt
        real(*arguments, **options)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(checkout.schemas, prepared)
    assert checkout.state() == before


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize(
    ("name", "when"), [("rename", 1), ("replace", 1), ("replace", 3), ("unlink", 1), ("unlink", 2), ("fsync", 2)]
)
def test_a_refresh_that_is_killed_ends_old_or_new_and_never_as_a_mixture(
    checkout: Checkout, tmp_path: Path, name: str, when: int
) -> None:
    other = Checkout(tmp_path / "other")
    before = state(checkout)
    write(other.schemas, prepared_in(other.schemas))
    after = state(other)

    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(checkout.schemas), str(when), name],
        check=False,
        cwd=Path(__file__).parents[3],
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL

    if (checkout.schemas / UNFINISHED).exists():
        with pytest.raises(SchemaError, match="killed while it wrote"):
            load_apis(checkout.schemas)
    recover(checkout.schemas)
    assert state(checkout) in (before, after)
    assert state(checkout) == (before if name in ("rename", "fsync") else after)
    assert len(load_apis(checkout.schemas)) == 3
    assert not list(checkout.schemas.glob(f"{UNFINISHED}*"))


def test_a_file_somebody_changed_meanwhile_is_not_overwritten(checkout: Checkout) -> None:
    prepared = prepared_in(checkout.schemas)
    mine = checkout.schemas / "names.lock"
    mine.write_text(mine.read_text() + "\n")
    before = checkout.state()
    with pytest.raises(SchemaError, match="changed by somebody else"):
        write(checkout.schemas, prepared)
    assert checkout.state() == before


def test_a_generation_that_fails_puts_the_schemas_back(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepare(checkout.schemas, [document("petshop", petshop.published(petshop.changed(weight=WEIGH)))])
    before = checkout.state()
    checkout.target.parent.mkdir(parents=True)
    checkout.target.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="typedpipes_api"):
        write(checkout.schemas, prepared, target=checkout.target)
    assert checkout.state() == before


def test_a_path_out_of_the_folder_is_never_written(checkout: Checkout, tmp_path: Path) -> None:
    unfinished = checkout.schemas / UNFINISHED
    (unfinished / "new").mkdir(parents=True)
    (unfinished / "new" / "0").write_bytes(b"mine")
    (unfinished / "manifest.json").write_text('{"../../outside": "0"}')
    with pytest.raises(SchemaError, match="leads out"):
        recover(checkout.schemas)
    assert not (tmp_path.parent / "outside").exists()
