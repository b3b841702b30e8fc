"""Checks of arguments that types cannot express, made before anything is sent."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlsplit

from typedpipes._core.decoding.model import UNSET, Model
from typedpipes._core.http import WireRequest
from typedpipes._core.rest import Arguments, CallOptions, Operation
from typedpipes._core.rest.caller import Rest
from typedpipes._core.values import text_of
from typedpipes.errors import ConfigurationError

T = TypeVar("T")

Rule = Callable[[str, Arguments], None]

ENVIRONMENTS: Final = ("development", "production")


class PipedreamRest(Rest, frozen=True, kw_only=True):
    """REST or Connect of one client, with the rules of this module."""

    chosen_environment: str | None = None
    """What the client's maker chose; None: nobody did, and the vendor's default counts."""
    token_only: bool = False
    """Only a Connect token is configured: it names project and environment, which calls may leave out."""

    def request(self, operation: Operation[T], arguments: Arguments, options: CallOptions) -> WireRequest:
        """The wire request of a call. Raises `ConfigurationError` before anything is sent."""
        given: dict[str, object] = {**options}
        check_environment(given.get("environment"))
        check_arguments(operation, arguments)
        self._one_environment(operation, arguments, given)
        project = given.get("project_id") or self.settings.get("project_id")
        if project is None and self.token_only and "connect_token" in operation.credentials:
            operation = without_project(operation)
        call: CallOptions = given  # type: ignore[assignment]  # what was given, and perhaps the environment
        return Rest.request(self, operation, arguments, call)

    def _one_environment(self, operation: Operation[T], arguments: Arguments, given: dict[str, object]) -> None:
        """The body field ``environment_name`` is the older form of the header: both must say the same."""
        named = argument(arguments, "environment_name")
        if named is None:
            return
        check_environment(named, "environment_name")
        chosen = given.get("environment") or self.chosen_environment
        if chosen is not None and str(chosen) != str(named):
            raise ConfigurationError(
                f"{operation.api}.{operation.name}: environment_name is {str(named)!r}, but the environment is "
                f"{str(chosen)!r}; leave environment_name out, or give environment= to this call",
                setting="environment_name",
            )
        given["environment"] = str(named)


def check_environment(environment: object, setting: str = "environment") -> None:
    """Raises `ConfigurationError` for an environment the vendor does not have."""
    if environment is not None and text_of(environment, setting) not in ENVIRONMENTS:
        raise ConfigurationError(
            f"{setting} is 'development' or 'production', not {text_of(environment, setting)!r}", setting=setting
        )


def check_external_user(value: object) -> str:
    """An external user id as it may be sent: 1 to 250 characters."""
    from typedpipes.limits.pipedream import EXTERNAL_USER_ID_LENGTH

    user = text_of(value, "external_user_id")
    if not 1 <= len(user) <= EXTERNAL_USER_ID_LENGTH:
        raise ConfigurationError(
            f"external_user_id has 1 to {EXTERNAL_USER_ID_LENGTH} characters, not {len(user)}",
            setting="external_user_id",
        )
    return user


def check_arguments(operation: Operation[T], arguments: Arguments) -> None:
    """Every rule for one call. Raises `ConfigurationError` that names the argument and the rule."""
    user = external_user(operation, arguments)
    if user is not None:
        check_external_user(user)
    name = f"{operation.api}.{operation.name}"
    for rule in RULES.get(name, ()):
        rule(name, arguments)


def external_user(operation: Operation[T], arguments: Arguments) -> str | None:
    """The external user a call is about, from its query, body or path."""
    value = argument(arguments, "external_user_id")
    if value is None and "{external_user_id}" in operation.path:
        filled = {wire for _, location, wire in operation.client_parameters if location == "path"}
        names = [name for name in re.findall(r"\{([^{}]*)\}", operation.path) if name not in filled]
        value = dict(zip(names, arguments.path, strict=False)).get("external_user_id")
    return None if value is None else text_of(value, "external_user_id")


def argument(arguments: Arguments, name: str) -> object:
    """The value of a query parameter or body field; None if it was not given."""
    for source in (arguments.query, arguments.body):
        if isinstance(source, Model):
            value = getattr(source, name, None)
        elif isinstance(source, Mapping):
            value = source.get(name)
        else:
            continue
        if value is not None and value is not UNSET:
            found: object = value
            return found
    return None


def without_project(operation: Operation[T]) -> Operation[T]:
    """The operation without its project segment: a Connect token names the project."""
    prefix = "/{project_id}"
    if not operation.path.startswith(prefix):
        return operation
    twin = copy.copy(operation)
    twin.path = operation.path.removeprefix(prefix)
    twin.segments, twin.inserted = operation.segments[1:], operation.inserted[1:]
    twin.client_parameters = tuple(row for row in operation.client_parameters if row[0] != "project_id")
    return twin


def _one_of(*names: str) -> Rule:
    """At least one is given; the first that is counts, and a URL beside it is metadata only."""

    def check(operation: str, arguments: Arguments) -> None:
        if not any(argument(arguments, name) for name in names):
            listed = f"{', '.join(names[:-1])} or {names[-1]}"
            raise ConfigurationError(
                f"{operation} needs one of {listed}; if several are given, the first of this order counts and "
                "component_url only tells where the code is from",
                setting=names[0],
            )

    return check


def _configures(names: tuple[str, ...], *freely: str) -> Rule:
    """As `_one_of`, but for a call that changes nothing besides what may be changed ``freely``."""
    check = _one_of(*names)

    def check_change(operation: str, arguments: Arguments) -> None:
        alone = argument(arguments, "configured_props") is None and any(
            argument(arguments, name) is not None for name in freely
        )
        if not alone:
            check(operation, arguments)

    return check_change


def check_web_address(value: object, name: str, operation: str) -> None:
    """Raises `ConfigurationError` unless ``value`` is http or https with a host."""
    text = str(value)
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable() and " " not in text
        good = good and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good:
        raise ConfigurationError(
            f"{operation}: {name} must be an http or https address with a host, such as https://example.com/hook",
            setting=name,
        )


def _web_address(name: str) -> Rule:
    def check(operation: str, arguments: Arguments) -> None:
        value = argument(arguments, name)
        for one in value if isinstance(value, (list, tuple)) else () if value is None else (value,):
            check_web_address(one, name, operation)

    return check


_COMPONENT: Final = ("component_id", "component_code", "component_url")
RULES: Final[Mapping[str, tuple[Rule, ...]]] = {
    "pipedream.sources.create": (_one_of(*_COMPONENT),),
    "pipedream.sources.update": (_configures(_COMPONENT, "name", "active"),),
    "pipedream.components.create": (_one_of("component_code", "component_url"),),
    "pipedream.webhooks.create": (_web_address("url"),),
    "connect.tokens.create": (_web_address("webhook_uri"),),
    "connect.triggers.deploy": (_web_address("webhook_url"),),
    "connect.deployed_triggers.webhooks.update": (_web_address("webhook_urls"),),
    "connect.project_environment.webhook.update": (_web_address("url"),),
}


def connect_scope(
    operation: Operation[object], arguments: Arguments, settings: Mapping[str, object]
) -> Mapping[str, str]:
    """The identities Connect's limits are counted against: the project, and the external user of a token request.

    A proxied answer's pause is the app's, as far as anybody can tell: it holds up calls with the same account only.
    """
    scope = {"project": str(settings.get("project_id") or "")}
    if operation.name.startswith("proxy."):
        scope["client"] = f"proxy:{argument(arguments, 'account_id')}"
    user = external_user(operation, arguments)
    if user is not None:
        scope["external_user"] = user
    return scope


__all__ = [
    "PipedreamRest",
    "argument",
    "check_arguments",
    "check_environment",
    "check_external_user",
    "check_web_address",
    "connect_scope",
    "external_user",
    "without_project",
]
