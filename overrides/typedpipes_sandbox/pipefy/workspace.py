"""What the stand-in for Pipefy knows: tokens, service accounts, the example organization, its files and exports."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLEnumType, GraphQLSchema

from typedpipes_sandbox.credentials import TokenStore
from typedpipes_sandbox.data.processes import Node, Nodes
from typedpipes_sandbox.files import FileHost
from typedpipes_sandbox.pipefy.exports import ExportJobs
from typedpipes_sandbox.pipefy.schema import executable_schema
from typedpipes_sandbox.world import World


class PipefyWorkspace:
    """The state behind the Pipefy origin; resolvers read and change it."""

    def __init__(self, world: World, files: FileHost, exports: ExportJobs) -> None:
        self.world = world
        self.settings = world.settings
        self.clock = world.clock
        self.seed = self.settings.seed
        self.files = files
        self.exports = exports
        self.tokens = TokenStore(self.clock, world.name, "pipefy")
        self.nodes = Nodes(self.seed, self.settings.pipefy_cards)
        self.importations: list[Node] = []
        #: how many mutations without a resolver were answered
        self.made = 0
        #: (type, id) of what mutations without a resolver deleted
        self.gone: set[tuple[str, str]] = set()
        #: client id -> secret, life of its tokens, whether it may use the API
        self.clients: dict[str, tuple[str, float, bool]] = {}
        self.client_id, self.client_secret = self.new_client(self.settings.pipefy_token_life)
        self.personal_token = self.tokens.value("pat_")
        self.guest_token = self.tokens.value("pat_")
        self.tokens.add(self.personal_token, "personal", "user-900", admin=True)
        self.tokens.add(self.guest_token, "personal", "user-904", admin=False)
        self._schema: GraphQLSchema | None = None

    @property
    def schema(self) -> GraphQLSchema:
        """The executable schema, built when first needed; enums let unknown values out, as the vendor does."""
        if self._schema is None:
            schema = executable_schema(self.settings.pipefy_form, self.settings.export_link)
            for kind in schema.type_map.values():
                if isinstance(kind, GraphQLEnumType) and not kind.name.startswith("__"):
                    vars(kind)["serialize"] = _as_is
            self._schema = schema
        return self._schema

    def new_client(self, life: float, *, admin: bool = True) -> tuple[str, str]:
        """A service account's client id and secret; its tokens live ``life`` seconds."""
        client_id = f"sandbox-pipefy-{self.world.name}-{len(self.clients) + 1}"
        secret = self.tokens.value("pfsec_")
        self.clients[client_id] = (secret, life, admin)
        return client_id, secret

    def drop_client(self, client_id: str) -> None:
        """Forget a service account; tokens it got are refused from now on."""
        self.clients.pop(client_id, None)


def _as_is(value: Any) -> Any:
    return value
