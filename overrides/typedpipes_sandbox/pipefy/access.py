"""Mutations on webhooks, members and service accounts."""

from __future__ import annotations

from typing import Any

from typedpipes_sandbox.data.processes import Node
from typedpipes_sandbox.pipefy.mutations import mutation, repository
from typedpipes_sandbox.pipefy.queries import require, require_organization
from typedpipes_sandbox.pipefy.resolvers import failure, not_found
from typedpipes_sandbox.pipefy.workspace import PipefyWorkspace

Arguments = dict[str, Any]
_LIFE_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


@mutation("createWebhook", "createOrganizationWebhook")
def create_webhook(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A webhook of a pipe, a table or the organization."""
    owner = repository(pipefy, sent)
    extra = {name: sent[name] for name in ("email", "filters", "headers") if sent.get(name) is not None}
    webhook = pipefy.nodes.add("Webhook", pipefy.nodes.webhook(sent["name"], sent["actions"], sent["url"], **extra))
    owner["webhooks"].append(webhook)
    return {"webhook": webhook}


@mutation("updateWebhook", "updateOrganizationWebhook")
def update_webhook(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Settings of a webhook."""
    webhook = require(pipefy, "Webhook", sent["id"])
    webhook.update({name: value for name, value in sent.items() if name not in {"id", "clientMutationId"}})
    return {"webhook": webhook}


@mutation("deleteWebhook", "deleteOrganizationWebhook")
def delete_webhook(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A webhook is gone."""
    webhook = require(pipefy, "Webhook", sent["id"])
    for kind in ("Pipe", "Table", "Organization"):
        for owner in pipefy.nodes.all(kind):
            if webhook in owner["webhooks"]:
                owner["webhooks"].remove(webhook)
    pipefy.nodes.remove("Webhook", webhook)
    return {}


@mutation("inviteMembers")
def invite_members(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Invite people by e-mail; an address without @ is reported in the payload."""
    owner, users, errors = repository(pipefy, sent), [], []
    for index, each in enumerate(sent["emails"]):
        if "@" not in each["email"]:
            errors.append({"index": index, "message": "is not an e-mail address"})
            continue
        known = next((user for user in pipefy.nodes.users if user["email"] == each["email"]), None)
        user = known or pipefy.nodes.add("User", {"name": each["email"], "email": each["email"], "invited": True})
        if known is None:
            pipefy.nodes.users.append(user)
        owner["members"].append({"role_name": each["role_name"], "user": user})
        users.append(user)
    return {"users": users, "errors": errors, "success": not errors}


@mutation("setRole", "setRoles")
def set_roles(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Roles of members."""
    owner = repository(pipefy, sent)
    changed = []
    for each in [sent["member"]] if "member" in sent else sent["members"]:
        user = require(pipefy, "User", each["user_id"])
        owner["members"] = [member for member in owner["members"] if member["user"] is not user]
        changed.append({"role_name": each["role_name"], "user": user})
    owner["members"] += changed
    return {"member": changed[0] if changed else None, "members": changed, "errors": []}


@mutation("removeUserFromPipe", "removeUserFromTable", "removeUserFromOrg")
def remove_user(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A person leaves a pipe, a table or the organization."""
    owner = repository(pipefy, sent)
    kept = [member for member in owner["members"] if member["user"]["email"] != sent["email"]]
    if len(kept) == len(owner["members"]):
        raise not_found("User")
    owner["members"] = kept
    return {}


@mutation("removeMembersFromPipe")
def remove_members(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """Several people leave a pipe."""
    pipe = require(pipefy, "Pipe", sent["pipeUuid"])
    gone = set(sent.get("usersUuids") or ())
    pipe["members"] = [member for member in pipe["members"] if member["user"]["uuid"] not in gone]
    return {"errors": []}


@mutation("createServiceAccount")
def create_service_account(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A service account that can get tokens; its secret is shown once."""
    require_organization(pipefy, sent["organizationUuid"])
    if len(sent["name"]) > 20:
        raise failure("name must have at most 20 characters", "RECORD_INVALID")
    expiry = sent.get("expirationTime")
    life = pipefy.settings.pipefy_token_life if expiry is None else expiry["value"] * _LIFE_UNITS[expiry["unit"]]
    if expiry is not None and not 300 <= life <= 30 * 86400:
        raise failure("expirationTime must be between 5 minutes and 30 days", "RECORD_INVALID")
    client_id, secret = pipefy.new_client(float(life), admin=sent["role"] == "admin")
    account = pipefy.nodes.add(
        "ServiceAccount",
        {"name": sent["name"], "description": sent.get("description"), "email": f"{client_id}@service.example.com",
         "role": {"name": sent["role"]}, "__client": client_id, "client": {"id": client_id, "secret": secret},
         "token": {"endpoint": f"{pipefy.world.addresses['pipefy']}/oauth/token"}},
    )  # fmt: skip
    return {"serviceAccount": account}


@mutation("deleteServiceAccount")
def delete_service_account(pipefy: PipefyWorkspace, _node: Node, sent: Arguments) -> Any:
    """A service account is gone; its tokens die with it."""
    account = require(pipefy, "ServiceAccount", sent["serviceAccountUuid"])
    pipefy.drop_client(account["__client"])
    pipefy.nodes.remove("ServiceAccount", account)
    return {}
