"""A program of a user: a back end for Connect. A comment names the change of the schema that reaches its line."""

from __future__ import annotations

from typedpipes.pipedream import Pipedream


class Backend:
    def __init__(self, client: Pipedream) -> None:
        self._connect = client.connect

    def start(self, user: str) -> str:
        tokens = self._connect.tokens
        created = tokens.create(external_user_id=user, allowed_origins=["https://app.example"])  # reached: origins gone
        return created.token

    def healthy(self, user: str) -> list[str]:
        accounts = self._connect.accounts.iter(external_user_id=user)
        return [account.id for account in accounts if account.healthy]  # reached: healthy gone
