"""What `down` would remove, and what it refuses to touch: found by looking, before anything is deleted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from azlabs.cloud import Cloud, deployments
from azlabs.cloud.errors import AzureError
from azlabs.sandbox import tags
from azlabs.sandbox.applying import deployment_name
from azlabs.sandbox.contents import LOCKS, beside, is_inside, resources
from azlabs.sandbox.model import Sandbox

GROUPS_API = "2024-11-01"
_ROLES_API = "2022-04-01"
_IDENTITY = "microsoft.managedidentity/userassignedidentities"
_IDENTITY_API = "2023-01-31"
Origin = Literal["lab", "you", "azlabs", "identity"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to remove. `origin`: the lab's start made it, you did (or Azure on your behalf), azlabs outside the
    groups, or it is an assignment that an identity of the lab holds."""

    id: str
    type: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Survivor:
    """Something that stays, and why."""

    id: str
    reason: str

    def to_json(self) -> dict[str, str]:
        return {"id": self.id, "reason": self.reason}


@dataclass
class DownPlan:
    """What is to be removed.

    `groups`: ids of the sandbox's groups that exist and are azlabs' own; `inside` what they hold; `outside` what lies
    elsewhere; `locks` what has to be unlocked first; `refused` what azlabs will not touch; `unseen` what could not be
    looked at, so that nothing is claimed about it.
    """

    sandbox: Sandbox
    groups: list[str] = field(default_factory=list)
    inside: list[Item] = field(default_factory=list)
    outside: list[Item] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    refused: list[Survivor] = field(default_factory=list)
    unseen: list[Survivor] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Nothing is there to be removed."""
        return not (self.groups or self.outside)

    @property
    def ids(self) -> list[str]:
        """Everything that will be gone: contents, groups, what lies outside."""
        return [*(item.id for item in self.inside), *self.groups, *(item.id for item in self.outside)]


def plan_down(sandbox: Sandbox, cloud: Cloud, *, include: Collection[str] = ()) -> DownPlan:
    """Look at everything the sandbox led to. `include`: names of groups to remove although their mark is gone.

    Raises AzureError when the groups cannot be read; trouble with anything else ends up in `unseen`.
    """
    plan = DownPlan(sandbox)
    named = {name.lower() for name in include}
    start = {identifier.lower() for identifier in sandbox.start}
    listed: list[dict[str, Any]] = []
    for name in sandbox.resource_groups:
        body = cloud.find(sandbox.group_id(name), GROUPS_API)
        if body is None:
            continue
        if name.lower() not in named and not _is_own(cloud, sandbox, name, body):
            plan.refused.append(
                Survivor(
                    sandbox.group_id(name),
                    f"It does not carry azlabs' mark any more, so azlabs will not delete it. If it is yours to delete: "
                    f"azlabs down --sandbox {sandbox.id} --group {name}",
                )
            )
            continue
        plan.groups.append(sandbox.group_id(name))
        entries = resources(cloud, sandbox.group_id(name))
        listed += entries
        for entry in entries:
            identifier = str(entry["id"])
            origin: Origin = "lab" if identifier.lower() in start else "you"
            plan.inside.append(Item(identifier, str(entry.get("type", "")), origin))
        with _Unseen(plan, f"{sandbox.group_id(name)}/providers/{LOCKS.type}"):
            plan.locks += beside(cloud, sandbox.group_id(name), LOCKS)
    _look_outside(plan, cloud, listed)
    return plan


def _is_own(cloud: Cloud, sandbox: Sandbox, name: str, body: dict[str, Any]) -> bool:
    """The group's tags carry the mark; or, when a learner changed the tags, the record of the start deployment does."""
    mark = tags.read_mark(sandbox.subscription_id, name, tags.tags_of(body))
    if mark is not None:
        return mark.sandbox == sandbox.id
    record = deployments.deployment_id(cloud, name, deployment_name(sandbox, "start"))
    try:
        mark = tags.read_mark(sandbox.subscription_id, name, tags.tags_of(cloud.find(record, deployments.API_VERSION)))
    except AzureError:
        return False
    return mark is not None and mark.sandbox == sandbox.id


def _look_outside(plan: DownPlan, cloud: Cloud, listed: list[dict[str, Any]]) -> None:
    """What was written down when it was made, assignments of identities that will be gone, marked deployments."""
    sandbox = plan.sandbox
    found: dict[str, Item] = {}
    for identifier in sandbox.outside:
        if identifier.lower() not in found:
            found[identifier.lower()] = Item(identifier, _type(identifier), "azlabs")
    scope = f"/subscriptions/{sandbox.subscription_id}"
    with _Unseen(plan, f"{scope}/providers/Microsoft.Authorization/roleAssignments"):
        for identifier in _assignments(cloud, scope, set(_principals(cloud, listed))):
            if not is_inside(sandbox, identifier):
                found.setdefault(
                    identifier.lower(), Item(identifier, "Microsoft.Authorization/roleAssignments", "identity")
                )
    with _Unseen(plan, f"{scope}/providers/Microsoft.Resources/deployments"):
        for identifier in _marked_deployments(cloud, sandbox, scope):
            found.setdefault(identifier.lower(), Item(identifier, "Microsoft.Resources/deployments", "azlabs"))
    plan.outside += found.values()


def _principals(cloud: Cloud, listed: list[dict[str, Any]]) -> Iterator[str]:
    """The principal ids of the managed identities that live in the groups."""
    for entry in listed:
        identity = entry.get("identity")
        if isinstance(identity, dict) and identity.get("principalId"):
            yield str(identity["principalId"])
        if str(entry.get("type", "")).lower() == _IDENTITY:
            body = cloud.find(str(entry["id"]), _IDENTITY_API) or {}
            principal = (body.get("properties") or {}).get("principalId")
            if principal:
                yield str(principal)


def _assignments(cloud: Cloud, scope: str, principals: set[str]) -> Iterator[str]:
    for principal in sorted(principals):
        query = f"?$filter=principalId%20eq%20'{principal}'"
        for entry in _listed(cloud, f"{scope}/providers/Microsoft.Authorization/roleAssignments{query}", _ROLES_API):
            if str((entry.get("properties") or {}).get("principalId", "")).lower() == principal.lower():
                yield str(entry["id"])


def _marked_deployments(cloud: Cloud, sandbox: Sandbox, scope: str) -> Iterator[str]:
    """Deployments at the subscription whose tags carry this sandbox's mark."""
    path = f"{scope}/providers/Microsoft.Resources/deployments"
    for entry in _listed(cloud, path, deployments.API_VERSION):
        if tags.tags_of(entry).get(tags.SANDBOX) != sandbox.id:
            continue
        mark = tags.read_mark(sandbox.subscription_id, sandbox.resource_group, tags.tags_of(entry))
        if mark is not None:
            yield str(entry["id"])


def _listed(cloud: Cloud, path: str, api_version: str) -> Iterator[dict[str, Any]]:
    try:
        yield from cloud.items(path, api_version)
    except AzureError as problem:
        if not (problem.not_found or problem.not_modelled):
            raise


def _type(identifier: str) -> str:
    from azlabs.arm.ids import ResourceId

    return ResourceId.parse(identifier).type


class _Unseen:
    """Around a look that may fail without stopping the rest: the failure is noted in the plan."""

    def __init__(self, plan: DownPlan, what: str) -> None:
        self._plan = plan
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> bool:
        if not isinstance(problem, AzureError):
            return False
        self._plan.unseen.append(Survivor(self._what, f"It could not be looked at: {problem.message} ({problem.code})"))
        return True
