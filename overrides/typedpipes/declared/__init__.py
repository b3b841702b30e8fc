"""Clients for APIs of the user's own: `typedpipes generate --schema FILE` writes a declaration and a class on these.

A declaration says where the API is, how requests are signed, and what it allows; the classes here put it to work on the
same policies as the vendors' clients: pinned credentials, limits, retries, decoding, events.
"""

from typedpipes.declared.clients import (
    AsyncGraphQLApiClient,
    AsyncRestApiClient,
    GraphQLApiClient,
    RestApiClient,
)
from typedpipes.declared.declaration import Declaration, Input, Scheme

__all__ = [
    "AsyncGraphQLApiClient",
    "AsyncRestApiClient",
    "Declaration",
    "GraphQLApiClient",
    "Input",
    "RestApiClient",
    "Scheme",
]
