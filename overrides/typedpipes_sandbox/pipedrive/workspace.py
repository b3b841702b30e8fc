"""What the stand-in for Pipedrive knows: credentials, tokens, records, uploaded files."""

from __future__ import annotations

from typedpipes_sandbox.credentials import TokenStore
from typedpipes_sandbox.data.crm import make_collection
from typedpipes_sandbox.store import CollectionSet
from typedpipes_sandbox.world import World


class PipedriveWorkspace:
    """The state behind the Pipedrive origins; handlers read and change it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.settings = world.settings
        self.clock = world.clock
        seed = self.settings.seed
        self.tokens = TokenStore(self.clock, world.name, "pipedrive")
        self.company = "acme"
        self.client_id = f"sandbox-pipedrive-{world.name}"
        self.client_secret = self.tokens.value("pdsec_")
        self.api_token = self.tokens.value("")[:40]
        self.second_api_token = self.tokens.value("")[:40]
        self.tokens.add(self.api_token, "api_token", "user-1")
        self.tokens.add(self.second_api_token, "api_token", "user-2")
        self.store = CollectionSet(lambda name: make_collection(name, seed, self.settings.pipedrive_items))
        #: what was uploaded, by file id
        self.file_contents: dict[int, bytes] = {}
