"""What a call of an operation counts in, found from the method that makes it: ``limits.cost(crm.v2.deals.update, 9)``.

A generated method names its operation, a constant that says what the call costs. It is read from the method's code, so
that generated code carries nothing for it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

from typedpipes._core.graphql.clients import AsyncGraphQLClient, GraphQLClient
from typedpipes._core.rest import Operation
from typedpipes.errors import ConfigurationError
from typedpipes.limits.policy import Claim

_FREE_FORM = frozenset({"execute", "query", "iter_query", "mutate"})
"""Methods of GraphQL clients that send a document of the caller's own."""


def claim_of(http: object, method: Callable[..., object]) -> Claim:
    """The claim of one call of ``method``, an operation of the client whose connections are ``http``.

    Raises `ConfigurationError` for anything else, an operation of another client included.
    """
    owner = getattr(method, "__self__", None)
    function = getattr(method, "__func__", None)
    function = getattr(function, "__wrapped__", function)  # a deprecated one
    claim = _claim(owner, function) if isinstance(function, FunctionType) else None
    if claim is None:
        raise ConfigurationError(
            f"{getattr(method, '__qualname__', method)!s} is no operation of a client; give its method without calling "
            "it, such as crm.v2.deals.update",
            setting="operation",
        )
    if _connections(owner) is not http:
        raise ConfigurationError(
            f"{claim.operation} is an operation of another client; ask that client's limits", setting="operation"
        )
    return claim


def _claim(owner: object, function: FunctionType) -> Claim | None:
    names = function.__code__.co_names
    if isinstance(owner, (GraphQLClient, AsyncGraphQLClient)):
        known = "OPERATION" in names or function.__name__ in _FREE_FORM
        return Claim("graphql", function.__name__) if known else None
    for name in names:
        found = function.__globals__.get(name)
        if isinstance(found, Operation):
            return Claim(found.api, found.name, buckets=found.buckets, token_cost=found.token_cost)
    return None


def _connections(owner: object) -> object:
    """What the owner of a generated method sends through."""
    caller = getattr(owner, "_caller", None) or getattr(owner, "_connected", None) or owner
    return getattr(getattr(caller, "_caller", caller), "_http", None)


__all__ = ["claim_of"]
