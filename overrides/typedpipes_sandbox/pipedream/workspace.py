"""What the stand-in for Pipedream knows: credentials, tokens, and the collections of Connect and of the REST API."""

from __future__ import annotations

from typedpipes_sandbox.credentials import TokenStore
from typedpipes_sandbox.data.apps import PROJECT, WORKSPACE, connect_collection, rest_collection
from typedpipes_sandbox.store import CollectionSet
from typedpipes_sandbox.world import World


class PipedreamWorkspace:
    """The state behind the Pipedream origins; handlers read and change it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.settings = world.settings
        self.clock = world.clock
        seed = self.settings.seed
        self.tokens = TokenStore(self.clock, world.name, "pipedream")
        self.client_id = f"sandbox-pipedream-{world.name}"
        self.client_secret = self.tokens.value("pdc_")
        self.user_api_key = self.tokens.value("pduk_")
        self.project_id = PROJECT
        self.org_id = WORKSPACE
        self.environment = "development"
        self.tokens.add(self.user_api_key, "api_key", "user")
        #: Connect's collections: by kind, and ``{project}/{environment}/{kind}``
        self.connect = CollectionSet(lambda name: connect_collection(name, seed, self.settings.connect_accounts))
        #: the REST API's collections; its accounts are Connect's
        self.rest = CollectionSet(lambda name: rest_collection(name, seed))

    def knows_project(self, project_id: str) -> bool:
        """Whether a project exists."""
        return self.connect["projects"].get(project_id) is not None
