"""Mistakes that type checkers must find: behind each line the error code of mypy and the rule of basedpyright."""

from __future__ import annotations

from typedpipes import evolve
from typedpipes.pipedream import AsyncPipedream, Pipedream
from typedpipes.pipedrive import AsyncPipedrive, Pipedrive
from typedpipes.pipefy import Pipefy
from typedpipes_api.pipedrive_v2 import Deal
from typedpipes_api.pipefy.select import Card, Query, User

crm = Pipedrive(api_token="t", plan="gold")  # arg-type reportArgumentType
Pipedrive("t")  # arg-type reportCallIssue
crm.v2.deals.get("one")  # arg-type reportArgumentType
crm.v2.deals.get(id="1")  # arg-type reportArgumentType
crm.v2.deals.get()  # call-arg reportCallIssue
crm.v2.deals.list(statuses="open")  # call-arg reportCallIssue
crm.v2.deals.list(limit="5")  # arg-type reportArgumentType
print(crm.v2.deal)  # attr-defined reportAttributeAccessIssue
crm.v1.deals.get(1)  # deprecated reportDeprecated
title: str = crm.v2.deals.get(1).data.title  # assignment reportAssignmentType
print(crm.v2.deals.get(1).data.titel)  # attr-defined reportAttributeAccessIssue
ids: list[str] = [deal.id for deal in crm.v2.deals.iter()]  # misc reportAssignmentType
status: int = crm.v2.deals.raw.get(1).headers  # assignment reportAssignmentType
for listed in crm.v2.deals.list():  # attr-defined reportGeneralTypeIssues
    print(listed)
Deal(titel="Misspelt")  # call-arg reportCallIssue


class ScoredDeal(Deal):
    score: int = "none"  # assignment reportAssignmentType


class FrozenDeal(Deal, frozen=True):  # misc reportGeneralTypeIssues
    pass


scored = ScoredDeal(id=1, score="high")  # arg-type reportArgumentType
ScoredDeal(id=1, scor=2)  # call-arg reportCallIssue
ScoredDeal(score=2)  # call-arg reportCallIssue
ScoredDeal(1)  # call-arg reportCallIssue
scored.score = "low"  # assignment reportAttributeAccessIssue
best: str = evolve(scored, score=2)  # assignment reportAssignmentType
evolve("deal", score=2)  # type-var reportArgumentType


def owner(deal: Deal) -> int:
    return deal.owner_id  # return-value reportReturnType


pipefy = Pipefy(tokn="t")  # call-arg reportCallIssue
Pipefy.from_env(timeout="soon")  # arg-type reportArgumentType
print(pipefy.card(id="1").title)  # union-attr reportOptionalMemberAccess
print([card.titel for card in pipefy.iter_cards(pipe_id=301)])  # attr-defined reportAttributeAccessIssue
pipefy.create_card(input={"pipe": "301"})  # arg-type reportArgumentType
pipefy.exports.automation_jobs(organization_id="1", period="all")  # arg-type reportArgumentType
pipefy.cards()  # call-arg reportCallIssue
pipefy.query(Query.card(id="1").fields(User.name))  # arg-type reportArgumentType
pipefy.query(Query.card().fields(Card.title))  # call-arg reportCallIssue
print(Card.titel)  # attr-defined reportAttributeAccessIssue

pipedream = Pipedream(api_key="k", environment="staging")  # arg-type reportArgumentType
pipedream.connect.tokens.create()  # call-overload reportCallIssue
pipedream.connect.accounts.list(page=2)  # call-arg reportCallIssue


async def forgotten(other: AsyncPipedrive, third: AsyncPipedream) -> None:
    print((await other.v2.deals.get(1)).dta)  # attr-defined reportAttributeAccessIssue
    print(other.v2.deals.get(1).data)  # attr-defined reportAttributeAccessIssue
    other.v2.deals.get(1)  # unused-coroutine reportUnusedCoroutine
    for account in third.connect.accounts.iter():  # attr-defined reportGeneralTypeIssues
        print(account)
