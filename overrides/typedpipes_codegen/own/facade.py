"""The module ``_facade`` of an own package: the declaration as data, and the two ready client classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from typedpipes_codegen.openapi.source import docstring, literal
from typedpipes_codegen.own.annotate import bucket
from typedpipes_codegen.own.auth import Signing
from typedpipes_codegen.own.config import Limit

MODULE: Final = "_facade"


@attrs.frozen(kw_only=True)
class Facade:
    """What the module is written from."""

    name: str
    api: str
    package: str
    base_url: str
    base_url_env: str
    schemes: tuple[Signing, ...]
    demanded: bool
    servers: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    graphql: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """The classes it defines."""
        return (f"Async{self.name}", self.name)

    def lines(self) -> list[str]:
        """The unformatted source, without the header."""
        kind = "GraphQLApiClient" if self.graphql else "RestApiClient"
        rows = "Window" if any(limit.period is None for limit in self.limits) else ""
        budgets = "Budget" if any(limit.period is not None for limit in self.limits) else ""
        policies = ", ".join(filter(None, (budgets, rows)))
        own = (
            ["from .async_client import AsyncClient", "from .client import Client"]
            if self.graphql
            else [f"from . import Async{self._root}, {self._root}"]
        )
        declared = ["Declaration", *(["Input", "Scheme"] if self.schemes else [])]
        return [
            *docstring(f"`{self.name}` and `Async{self.name}`: the ready clients of {self.package}."),
            "",
            "from __future__ import annotations",
            "",
            "import os",
            "from collections.abc import Mapping",
            "from typing import TYPE_CHECKING, Final, Self, Unpack",
            "",
            f"from typedpipes.declared import Async{kind}, {', '.join(sorted([*declared, kind]))}",
            *([f"from typedpipes.limits.policy import {policies}"] if policies else []),
            "",
            *own,
            "",
            "if TYPE_CHECKING:",
            "    from typedpipes._core.options import AsyncClientOptions, ClientOptions",
            *(["    from typedpipes._core.redaction import Secret"] if self._settings() else []),
            "",
            *self._declaration(),
            *self._class("", kind),
            *self._class("Async", f"Async{kind}"),
            "",
            "",
            f"__all__ = [{', '.join(literal(name) for name in ('API', *self.names))}]",
        ]

    @property
    def _root(self) -> str:
        from typedpipes_codegen.openapi.naming import pascal

        return pascal(self.api) + "Api"

    def _settings(self) -> list[tuple[str, str]]:
        return [one for scheme in self.schemes for one in scheme.inputs]

    def _declaration(self) -> list[str]:
        parts = [f"api={literal(self.api)}", f"base_url={literal(self.base_url)}"]
        parts.append(f"base_url_env={literal(self.base_url_env)}")
        if self.servers:
            parts.append(f"servers={literal(self.servers)}")
        if self.schemes:
            parts.append(f"schemes=({', '.join(_scheme(one) for one in self.schemes)},)")
        if self.demanded:
            parts.append("demanded=True")
        windows = [_limit(self.api, one) for one in self.limits if one.period is None]
        budgets = [_limit(self.api, one) for one in self.limits if one.period is not None]
        parts += [f"windows=({', '.join(windows)},)"] if windows else []
        parts += [f"budgets=({', '.join(budgets)},)"] if budgets else []
        return [f"API: Final = Declaration({', '.join(parts)})", '"""What the schema and its TOML declare."""']

    def _class(self, prefix: str, base: str) -> Iterator[str]:
        name, options = f"{prefix}{self.name}", f"{prefix}ClientOptions"
        bases = f"{base}, {prefix}Client" if self.graphql else f"{base}, {prefix}{self._root}"
        settings = self._settings()
        arguments = [f"{setting}: str | Secret | None = None" for setting, _ in settings]
        arguments += ["base_url: str | None = None", *(self._server_argument())]
        arguments += ["env: Mapping[str, str] | None = None", f"**options: Unpack[{options}]"]
        given = ", ".join(f"{literal(setting)}: {setting}" for setting, _ in settings)
        servers = "servers" if self.servers else "None"
        yield from ("", "", f"class {name}({bases}):", *self._about(prefix))
        yield f"    def __init__(self, *, {', '.join(arguments)}) -> None:"
        yield (
            f"        {base}.__init__(self, API, {{{given}}}, base_url=base_url, servers={servers}, env=env, "
            "options=options)"
        )
        if not self.graphql:
            yield f"        {prefix}{self._root}.__init__(self, self._rest_caller())"
        yield ""
        yield "    @classmethod"
        yield f"    def from_env(cls, **options: Unpack[{options}]) -> Self:"
        variables = ", ".join(f"``{env}``" for env in (*(env for _, env in settings), self.base_url_env))
        yield from docstring(f"With settings from the environment: {variables}.", "        ")
        yield "        return cls(env=os.environ, **options)"

    def _server_argument(self) -> Sequence[str]:
        return ["servers: Mapping[str, str] | None = None"] if self.servers else []

    def _about(self, prefix: str) -> Iterator[str]:
        twin = "asyncio and trio; belongs to one event loop" if prefix else "may be shared by threads"
        close = "``aclose``" if prefix else "``close``"
        words = [f"{'An asynchronous' if prefix else 'A'} client of {self.base_url}: {twin}."]
        words += [f"Use it as a context manager, or call {close}."]
        found = docstring(" ".join(words), "    ")
        yield from found
        yield ""


def _scheme(one: Signing) -> str:
    inputs = "".join(f"Input({literal(setting)}, {literal(env)}), " for setting, env in one.inputs)
    parts = [f"kind={literal(one.kind)}", f"style={literal(one.style)}"]
    parts += [f"inputs=({inputs})"] if inputs else []
    defaults = Signing(kind="", style="")
    for name in ("name", "prefix", "parts", "token_url", "scope", "client_auth"):
        value = getattr(one, name)
        if value != getattr(defaults, name):
            parts.append(f"{name}={literal(value)}")
    return f"Scheme({', '.join(parts)})"


def _limit(api: str, one: Limit) -> str:
    parts = [f"name={literal(f'{api}.{one.name}')}", f"allowance={one.calls}"]
    parts.append(f"seconds={one.seconds!r}" if one.period is None else f"period={literal(one.period)}")
    parts.append(f"scope={literal(one.scope)}")
    if one.operations:
        parts.append(f"buckets={literal((bucket(api, one),))}")
    if one.source:
        parts.append(f"source={literal(one.source)}")
    return f"{'Window' if one.period is None else 'Budget'}({', '.join(parts)})"
