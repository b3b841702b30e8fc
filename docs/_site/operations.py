"""Reference pages of every operation: its method, request, limits and costs, from what generation stamped on it."""

from __future__ import annotations

import importlib
import inspect
import itertools
import pkgutil
from collections.abc import Iterator
from typing import Final

import attrs

from typedpipes._core.rest import Operation
from typedpipes.limits import pipedream, pipedrive, pipefy
from typedpipes.limits.policy import Policy


@attrs.frozen
class Package:
    """One generated package as readers meet it."""

    name: str
    title: str
    reach: str
    """How code reaches its methods."""
    policy: Policy | None


PACKAGES: Final = (
    Package("pipefy", "Pipefy", "pipefy", pipefy.policy()),
    Package("pipefy_documented", "Pipefy, the documented export form", "", None),
    Package("pipedream", "Pipedream REST", "pipedream.rest", pipedream.policy()),
    Package("connect", "Pipedream Connect", "pipedream.connect", pipedream.policy()),
    Package("pipedrive_v1", "Pipedrive v1", "crm.v1", pipedrive.policy()),
    Package("pipedrive_v2", "Pipedrive v2", "crm.v2", pipedrive.policy()),
)
_SAFETY: Final = {"safe": "yes", "idempotent": "no", "unsafe": "no"}


def pages() -> dict[str, str]:
    """Markdown of each package's page, by the package's name."""
    return {
        package.name: "\n".join(_graphql(package) if package.name.startswith("pipefy") else _rest(package)) + "\n"
        for package in PACKAGES
    }


def overview() -> str:
    """The packages with their number of methods."""
    rows = ["| API | in code | operations |", "|---|---|---|"]
    for package in PACKAGES:
        names = graphql_methods(package.name) if package.name.startswith("pipefy") else rest_operations(package.name)
        reach = f"`{package.reach}.…`" if package.reach else "used by `pipefy.exports`"
        rows.append(f"| [{package.title}](operations/{package.name}.md) | {reach} | {len(names)} |")
    return "\n".join(rows)


def rest_operations(package: str) -> dict[str, Operation[object]]:
    """The operations of an OpenAPI package by their method path."""
    root = importlib.import_module(f"typedpipes_api.{package}")
    found: dict[str, Operation[object]] = {}
    for info in pkgutil.iter_modules(root.__path__):
        module = importlib.import_module(f"{root.__name__}.{info.name}")
        found |= {value.name: value for value in vars(module).values() if isinstance(value, Operation)}
    return dict(sorted(found.items()))


def graphql_methods(package: str) -> dict[str, str]:
    """The methods of a GraphQL package with their descriptions."""
    client = importlib.import_module(f"typedpipes_api.{package}.client").Client
    return {
        name: inspect.cleandoc(method.__doc__ or "")
        for name, method in sorted(vars(client).items())
        if inspect.isfunction(method) and not name.startswith("_")
    }


def _rest(package: Package) -> Iterator[str]:
    found = rest_operations(package.name)
    priced = any(operation.token_cost for operation in found.values())
    yield f"# {package.title}: every operation\n"
    yield f"{len(found)} operations. In code: `{package.reach}.METHOD(...)`; on the command line:"
    yield f"`typedpipes call {_called(package)}.METHOD key=value`."
    yield "An operation marked *paged* also has a method that walks all pages: `iter` (of `list`) or `iter_METHOD`."
    yield "Only operations marked *repeats* are sent again after an answer was lost."
    yield from _everywhere(package.policy)
    for resource, names in itertools.groupby(found, key=lambda name: name.split(".")[0]):
        yield f"\n## {resource}\n"
        tokens = ["tokens"] if priced else []
        heads = ["method", "request", "operation id", *tokens, "limit of its own", "credential", "repeats", "remarks"]
        yield f"| {' | '.join(heads)} |"
        yield "|---" * len(heads) + "|"
        for name in names:
            yield _row(found[name], package, priced)


def _called(package: Package) -> str:
    return package.reach.replace("crm.", "pipedrive.")


def _row(operation: Operation[object], package: Package, priced: bool) -> str:
    remarks = ["paged"] if operation.paging is not None else []
    if operation.deprecated is not None:
        remarks.append(f"deprecated: {operation.deprecated.replace('|', '/')}")
    cells = [
        f"`{operation.name}`",
        f"{operation.method} `{operation.path}`",
        f"`{operation.id}`",
        *([str(operation.token_cost or "")] if priced else []),
        "; ".join(_limit(package.policy, bucket) for bucket in operation.buckets),
        " or ".join(operation.credentials) or "none",
        _SAFETY[operation.safety],
        "; ".join(remarks),
    ]
    return f"| {' | '.join(cells)} |"


def _limit(policy: Policy | None, bucket: str) -> str:
    for window in policy.windows if policy is not None else ():
        if bucket in window.buckets:
            return f"{window.allowance} per {window.seconds:g} s and {window.scope.replace('_', ' ')}"
    return ""


def _everywhere(policy: Policy | None) -> Iterator[str]:
    """What counts for every operation."""
    if policy is None:
        return
    windows = [window for window in policy.windows if not window.buckets and window.allowance is not None]
    for window in windows:
        by_plan = ", by plan (this is the smallest)" if policy.vendor == "pipedrive" else ""
        count = f"{window.allowance} per {window.seconds:g} s and {window.scope}{by_plan}"
        yield f"Each counts in `{window.name}`: {count}."
    for budget in policy.budgets:
        if not budget.buckets:
            yield f"Each counts in the budget `{budget.name}` of the {budget.scope}."
    yield "See [Limits](../../guide/limits.md)."


def _graphql(package: Package) -> Iterator[str]:
    found = graphql_methods(package.name)
    yield f"# {package.title}: every operation\n"
    if package.reach:
        yield f"{len(found)} methods. In code: `{package.reach}.METHOD(...)`; on the command line:"
        yield "`typedpipes call pipefy.METHOD key=value`."
        yield "An `iter_` method walks all pages of the query it is named after."
    else:
        yield f"{len(found)} methods, used by `pipefy.exports` where the server knows this form only."
    yield "Each method costs one call (an `iter_` method one per page). Queries are repeated when an answer was lost;"
    yield "mutations never are."
    yield from _everywhere(package.policy)
    yield "\n| method | performs | remarks |\n|---|---|---|"
    for name, text in found.items():
        first, _, rest = text.partition("\n")
        remarks = " ".join(rest.split())
        yield f"| `{name}` | {first.rstrip('.')} | {remarks} |"
