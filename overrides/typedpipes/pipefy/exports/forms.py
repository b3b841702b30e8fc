"""Which form of the API a server understands, remembered in the process and, with a store, beyond it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar

from typedpipes._core.arguments import check_path
from typedpipes._core.disk import open_file, replace
from typedpipes._core.flow import Flow, call
from typedpipes._core.json_reader import NotJSON, read_json
from typedpipes.configuration.folders import user_folder
from typedpipes.errors import ConfigurationError, TypedPipesError
from typedpipes.pipefy.exports.jobs import CreateForm, FormStore, JobDeclaration, PollForm

Step: TypeAlias = Literal["create", "poll"]
Form = TypeVar("Form", CreateForm, PollForm)
STEPS: Final[tuple[Step, ...]] = ("create", "poll")
KEPT: Final = 256
"""Forms a file keeps; the oldest are dropped, which costs their servers one request."""


class FormMemory:
    """The forms that worked for ``account``, per kind of job and step. ``store`` keeps them beyond the process."""

    def __init__(self, store: FormStore | None, account: str) -> None:
        self._store = store
        self._account = account
        self._known: dict[str, str] = {}
        self._unsaved: set[str] = set()

    def slot(self, declaration: JobDeclaration, name: str) -> str:
        """The name under which something about this account's jobs of one kind is kept."""
        return f"{self._account}|{declaration.kind}|{name}"

    def ordered(self, declaration: JobDeclaration, step: Step, forms: Sequence[Form]) -> Flow[list[Form]]:
        """``forms`` with the one that worked last time first."""
        store, slot = self._store, self.slot(declaration, step)
        if slot not in self._known and store is not None and len(forms) > 1:
            try:
                self._known[slot] = (yield from call(lambda: store.get(slot), blocking=True)) or ""
            except TypedPipesError:
                self._known[slot] = ""  # a memory that cannot be read costs a request, never the job
        known = self._known.get(slot)
        return sorted(forms, key=lambda form: form.name != known)

    def remember(self, declaration: JobDeclaration, step: Step, name: str) -> None:
        """Try the form ``name`` first from now on."""
        slot = self.slot(declaration, step)
        if self._known.get(slot) != name:
            self._known[slot] = name
            self._unsaved.add(slot)

    def save(self, declaration: JobDeclaration) -> Flow[None]:
        """Write what was learnt to the store. A store that cannot be written does not fail the call."""
        store = self._store
        for slot in {self.slot(declaration, step) for step in STEPS} & self._unsaved:
            self._unsaved.discard(slot)
            if store is not None:
                try:
                    yield from call(partial(store.put, slot, self._known[slot]), blocking=True)
                except TypedPipesError:
                    return


class FileFormStore:
    """A `typedpipes.pipefy.exports.jobs.FormStore` in a small JSON file (default: in the user's state directory).

    It holds names of forms and of accounts, no secret. Processes that write in the same moment may lose one entry,
    which costs a request. A damaged file counts as empty. Raises `ConfigurationError` if it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = check_path("forms", path) if path is not None else None

    @property
    def path(self) -> Path:
        """Where the file is, or will be with the first form learnt."""
        if self._path is None:
            folder = user_folder("state")
            if folder is None:
                raise ConfigurationError("this user has no home: give FileFormStore a path", setting="forms")
            self._path = folder / "forms.json"
        return self._path

    def get(self, key: str) -> str | None:
        """The form remembered under ``key``."""
        return self._read().get(key)

    def put(self, key: str, value: str) -> None:
        """Remember a form; the file is replaced in one step."""
        forms = self._read()
        forms.pop(key, None)
        forms[key] = value
        for oldest in list(forms)[:-KEPT]:
            del forms[oldest]
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary.unlink(missing_ok=True)
            descriptor = open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(forms, file)
            replace(temporary, self.path)
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} cannot be written: {error.strerror or error}", setting="forms"
            ) from error

    def _read(self) -> dict[str, str]:
        try:
            found = read_json(self.path.read_bytes())
        except (OSError, NotJSON):
            return {}
        if not isinstance(found, dict):
            return {}
        return {key: value for key, value in found.items() if isinstance(value, str)}


__all__ = ["KEPT", "STEPS", "FileFormStore", "FormMemory", "Step"]
