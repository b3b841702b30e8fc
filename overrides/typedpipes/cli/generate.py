"""``typedpipes generate``: typed packages from our folder of schemas, or from the user's own schema or documents.

The only other place of this package that knows the generation step (extra ``codegen``).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from typedpipes.cli.failures import CommandError, ExitCode, UsageError
from typedpipes.cli.session import Debug, say, session
from typedpipes.errors import MissingExtra

if TYPE_CHECKING:
    from typedpipes_codegen.errors import TypedError

_NEEDED: Final = frozenset(
    {"ariadne_codegen", "graphql", "jsonpath", "openapi_python_client", "ruff", "typedpipes_codegen", "yaml"}
)
SHOWN: Final = 20
"""Differences told one by one."""

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PACKAGE]...", help="Packages of the schemas folder; default: all. Or: pipefy."),
]
Check = Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 and name each file that differs.")]


def _path(flag: str, metavar: str, text: str) -> object:
    return typer.Option(flag, metavar=metavar, help=text)


def generate(
    context: typer.Context,
    packages: Words = None,
    schema: Annotated[
        Path | None, _path("--schema", "FILE", "Your own schema: OpenAPI 3.0 or 3.1 (YAML, JSON), or SDL (.graphql).")
    ] = None,
    output: Annotated[Path | None, _path("--output", "DIR", "Folder of the package; replaced as a whole.")] = None,
    config: Annotated[
        Path | None, _path("--config", "FILE", "TOML with what the schema does not say: address, auth, limits, paging.")
    ] = None,
    operations: Annotated[Path | None, _path("--operations", "DIR", "Folder of your own *.graphql documents.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The client class. Default: after the package.")] = None,
    package: Annotated[
        str | None, typer.Option("--package", help="Import path. Default: the folder's, with the packages around it.")
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Leave out what cannot be generated, and name it, instead of failing.")
    ] = False,
    check: Check = False,
    schemas: Annotated[Path, _path("--schemas", "DIR", "Folder with apis.toml.")] = Path("schemas"),
    target: Annotated[Path, _path("--target", "DIR", "Folder of its packages.")] = Path("generated/typedpipes_api"),
    debug: Debug = False,
) -> int:
    """Make typed packages from schemas (extra codegen).

    Three uses: bring the packages of a schemas folder up to date (no --output); a package from your own documents
    against Pipefy's schema (generate pipefy --operations DIR --output PKG); a package, with a ready client, from any
    schema of yours (--schema FILE --output PKG).
    """
    session(context)
    words = packages or []
    with _codegen():
        if output is None:
            if schema or config or operations or name or package or lenient:
                raise UsageError("--output is missing", "name the folder of the package: --output PKG")
            return _tracked(words, schemas, target, check=check)
        if words not in ([], ["pipefy"]) or (words and operations is None):
            raise UsageError(
                f"{' '.join(words)} does not go with --output",
                "typedpipes generate pipefy --operations DIR --output PKG, or --schema FILE --output PKG",
            )
        if words:
            if config or name or lenient:
                raise UsageError("--config, --name and --lenient belong to a schema of your own", "leave them out")
            assert operations is not None
            return _pipefy(operations, output, schema, package, check=check)
        if schema is None:
            raise UsageError("--schema is missing", "name the schema, or say `pipefy` for Pipefy's own")
        return _own(schema, output, config, operations, name, package, lenient=lenient, check=check)


@contextlib.contextmanager
def _codegen() -> Iterator[None]:
    """Faults of schemas as errors of the command line; what is not installed as what to install."""
    try:
        from typedpipes_codegen.errors import TypedError
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    try:
        yield
    except TypedError as error:
        raise _fault(error) from error
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise _missing(error) from error


def _missing(error: ModuleNotFoundError) -> CommandError:
    return CommandError(
        f"generating needs {error.name}, which is not installed",
        MissingExtra.how("cli,codegen"),
        ExitCode.CONFIGURATION,
    )


def _fault(error: TypedError) -> CommandError:
    """The first line is the error; a list of places, if there is one, is printed before it."""
    remedy = getattr(error, "remedy", "")
    text = str(error).removesuffix(f" ({remedy})") if remedy else str(error)
    first, *more = text.splitlines()
    for line in more:
        say(line)
    return CommandError(first, remedy or "correct the file it names")


def _tracked(names: list[str], schemas: Path, target: Path, *, check: bool) -> int:
    """The packages of a folder with ``apis.toml``."""
    from typedpipes_codegen.output import generate as step

    if not (schemas / "apis.toml").is_file():
        raise UsageError(
            f"there is no {schemas / 'apis.toml'}",
            "run it in a checkout, name the folder with --schemas DIR, or give --schema FILE --output PKG",
        )
    if check:
        return _differences(step.check(schemas, target, names), "typedpipes generate")
    outcome = step.generate(schemas, target, names)
    for kind, made in (("generated", outcome.rendered), ("unchanged", outcome.unchanged)):
        if made:
            say(f"{kind}: {', '.join(made)}")
    return ExitCode.OK


def _pipefy(operations: Path, output: Path, schema: Path | None, package: str | None, *, check: bool) -> int:
    """A package from documents against Pipefy's schema; its ``Client`` is used with ``Pipefy.bind``."""
    from typedpipes_codegen.operations_command import write_operations
    from typedpipes_codegen.output.swap import import_path

    path = package or import_path(output)
    with _pipefy_schema(schema) as file:
        if check:
            from typedpipes_codegen.own.package import compare_trees

            with tempfile.TemporaryDirectory(prefix="typedpipes-check-") as folder:
                fresh = Path(folder) / output.resolve().name
                write_operations(file, operations, fresh, package=path)
                return _differences(compare_trees(fresh, output), "the same command without --check")
        write_operations(file, operations, output, package=path)
    say(f"generated: {output}; use it with Pipefy(...).bind({path}.Client)")
    return ExitCode.OK


def _own(
    schema: Path,
    output: Path,
    config: Path | None,
    operations: Path | None,
    name: str | None,
    package: str | None,
    *,
    lenient: bool,
    check: bool,
) -> int:
    """A package from a schema of the user's own."""
    from typedpipes_codegen.own import OwnPackage, check_own, write_own

    wanted = OwnPackage(
        schema=schema,
        output=output,
        config=config,
        operations=operations,
        name=name,
        package=package,
        lenient=lenient,
    )
    if check:
        return _differences(check_own(wanted), "the same command without --check")
    made = write_own(wanted)
    for note in made.notes:
        say(f"warning: {note}")
    say(f"generated: {output} with {made.operations} operations; start with {wanted.import_path}.{made.client}")
    if made.names is not None:
        say(f"names are kept in {made.names[0]}; commit it with the schema, so that they never move")
    return ExitCode.OK


def _differences(problems: list[str], remedy: str) -> int:
    for problem in problems[:SHOWN]:
        say(problem)
    if problems:
        more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
        raise CommandError(f"{len(problems)} files are not what the schemas give{more}", f"run {remedy}")
    return ExitCode.OK


@contextlib.contextmanager
def _pipefy_schema(given: Path | None) -> Iterator[Path]:
    """The schema given, else that of the checkout one stands in, else the installed one."""
    checkout = Path("schemas", "pipefy", "live", "schema.graphql")
    if given is not None or checkout.is_file():
        yield given or checkout
        return
    with as_file(files("typedpipes_api").joinpath("pipefy", "schema.graphql")) as installed:
        yield installed


__all__ = ["generate"]
