"""The back end of an app with Connect: a link for a user, the user's accounts, and a call in the user's name."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import assert_type, final

from typedpipes.errors import ConfigurationError, NotFound, PermissionDenied
from typedpipes.pipedream import AsyncPipedream
from typedpipes_api.connect import Account, CreateTokenResponse


@dataclass(frozen=True)
class Connection:
    account: str
    app: str


@final
class BackEnd:
    def __init__(self, pipedream: AsyncPipedream) -> None:
        self._pipedream = pipedream

    async def link(self, user: str, app: str) -> str:
        token = await self._pipedream.connect.tokens.create(
            external_user_id=user, allowed_origins=["https://app.example.com"]
        )
        assert_type(token, CreateTokenResponse)
        return token.link(app=app)

    async def connections(self, user: str) -> list[Connection]:
        found: list[Connection] = []
        async for account in self._pipedream.connect.accounts.iter(external_user_id=user, page_size=50):
            assert_type(account, Account)
            found.append(Connection(account.id, account.name or account.id))
        return found

    async def disconnect(self, account: str) -> bool:
        try:
            await self._pipedream.connect.accounts.delete(account)
        except (NotFound, PermissionDenied):
            return False
        return True


async def main() -> None:
    try:
        pipedream = AsyncPipedream.from_env(timeout=20.0)
    except ConfigurationError as error:
        raise SystemExit(f"not configured: {error.setting}") from error
    async with pipedream:
        back_end = BackEnd(pipedream)
        print((await back_end.link("user-1", "slack")).startswith("http"))
        print(len(await back_end.connections("user-1")) >= 0, await back_end.disconnect("apn_none"))


if __name__ == "__main__":
    asyncio.run(main())
