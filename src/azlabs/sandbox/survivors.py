"""Why something is still there after `down`, and the command that would remove it."""

from __future__ import annotations

from collections.abc import Mapping

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.errors import AzlabsError
from azlabs.sandbox import directory
from azlabs.sandbox.contents import LOCKS
from azlabs.sandbox.down_model import Survivor
from azlabs.sandbox.looking_outside import type_of
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.soft_delete import Purge

NOT_YET = "Azure has not deleted it."
# {lower-case type: command}; the fields are id and name.
_COMMANDS = {
    "microsoft.resources/resourcegroups": "az group delete --name {name}",
    "microsoft.resources/deployments": "az deployment sub delete --name {name}",
    "microsoft.authorization/roleassignments": "az role assignment delete --ids {id}",
    "microsoft.authorization/roledefinitions": "az role definition delete --name {name}",
    "microsoft.authorization/policyassignments": "az policy assignment delete --name {name} --scope {scope}",
    "microsoft.authorization/locks": "az lock delete --ids {id}",
    "microsoft.consumption/budgets": "az consumption budget delete --budget-name {name}",
    directory.APPLICATION.lower(): "az ad app delete --id {name}",
}
_ANY = "az resource delete --ids {id}"


def command_for(identifier: str) -> str:
    """What a person would type to remove a resource."""
    command = _COMMANDS.get(type_of(identifier).lower(), _ANY)
    if command.startswith("az deployment sub") and "/resourcegroups/" in identifier.lower():
        command = _ANY
    scope = identifier.lower().rpartition("/providers/")[0]
    return command.format(id=identifier, name=identifier.rpartition("/")[2], scope=scope or "/")


def reason_of(problem: AzlabsError) -> str:
    """Azure's sentence and code."""
    return f"{problem.message} ({problem.code})"


def survivor(cloud: Cloud, sandbox: Sandbox, identifier: str, reasons: Mapping[str, AzlabsError]) -> Survivor:
    """One that a second look has found. `reasons`: {lower-case id: what Azure said when it was to be deleted}."""
    problem = reasons.get(identifier.lower())
    if problem is None:
        # What went wrong with something inside of it, or with what it lies in, is why it is still there.
        near = [known for known in reasons if known.startswith(f"{identifier.lower()}/")] or [
            known for known in reasons if identifier.lower().startswith(f"{known}/")
        ]
        problem = reasons[max(near, key=len)] if near else None
    if problem is None:
        return Survivor(identifier, NOT_YET, f"azlabs down --sandbox {sandbox.id}")
    if problem.code == "StillNeeded":
        return Survivor(identifier, problem.message, f"azlabs down --sandbox {sandbox.id}")
    if problem.code == "ScopeLocked":
        locks = _locks_above(cloud, sandbox, identifier)
        if locks:
            return Survivor(
                identifier,
                f"{reason_of(problem)} The lock is not inside the sandbox, so azlabs leaves it.",
                f"az lock delete --ids {' '.join(locks)} && azlabs down --sandbox {sandbox.id}",
            )
    return Survivor(identifier, reason_of(problem), command_for(identifier))


def kept_name(sandbox: Sandbox, deleted: Purge, problem: AzlabsError | None) -> Survivor:
    """One that is deleted but still holds its name."""
    if deleted.is_protected:
        until = f" on {deleted.until}" if deleted.until else " when its retention ends"
        return Survivor(
            deleted.id,
            f"It is deleted, but purge protection is on, so nobody can purge it: Azure frees its name by itself{until}. "
            f"It costs nothing. `azlabs down` after that takes it off the list.",
            f"azlabs down --sandbox {sandbox.id}",
        )
    if problem is None:
        return Survivor(deleted.id, "It is deleted but still holds its name.", deleted.command)
    return Survivor(deleted.id, reason_of(problem), deleted.command)


def _locks_above(cloud: Cloud, sandbox: Sandbox, identifier: str) -> list[str]:
    """The locks of the subscription that hold on to an id and lie outside the sandbox's groups."""
    scope = f"/subscriptions/{sandbox.subscription_id}"
    try:
        every = [str(entry["id"]) for entry in cloud.items(f"{scope}/providers/{LOCKS.type}", LOCKS.api_version)]
    except AzureError:
        return []
    marker = f"/providers/{LOCKS.type}/".lower()
    groups = [sandbox.group_id(name).lower() for name in sandbox.resource_groups]
    found = []
    for lock in every:
        locked = lock.lower().rpartition(marker)[0]
        inside = any(locked == group or locked.startswith(f"{group}/") for group in groups)
        if not inside and f"{identifier.lower()}/".startswith(f"{locked}/"):
            found.append(lock)
    return found
