"""What `down` would remove, and what it refuses to touch: found by looking, before anything is deleted.

All of it is asked for side by side, in two rounds: what there is, and then what belongs to what was found (the principals
of identities, what vaults protect, which API versions to use).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.errors import AzlabsError
from azlabs.sandbox import backups, directory, looking_outside, ownership, soft_delete, tags
from azlabs.sandbox.background import start
from azlabs.sandbox.contents import LOCKS, beside, read, resources
from azlabs.sandbox.down_model import DownPlan, Item, Origin, Survivor
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.records import start_record_tags, was_made_by_azlabs

__all__ = ["GROUPS_API", "DownPlan", "Item", "Origin", "Survivor", "plan_down"]

GROUPS_API = "2024-11-01"
_IDENTITY = "microsoft.managedidentity/userassignedidentities"
_IDENTITY_API = "2023-01-31"
Result = TypeVar("Result")


def plan_down(sandbox: Sandbox, cloud: Cloud, *, include: Collection[str] = ()) -> DownPlan:
    """Look at everything the sandbox led to. `include`: names of groups to remove although their mark is gone.

    Raises AzureError when the groups cannot be read; trouble with anything else ends up in `unseen`.
    """
    plan = DownPlan(sandbox)
    named = {name.lower() for name in include}
    names = [*sandbox.resource_groups, *_groups_outside(sandbox)]
    first = [(name, start(lambda of: _Group(cloud, sandbox, of), name)) for name in names]
    outside = start(lambda box: looking_outside.Outside(box, cloud), sandbox)
    expected = [entry["type"] for entry in sandbox.purges]
    origins = [*map(sandbox.group_id, names), *sandbox.outside]
    kept = start(lambda of: soft_delete.deleted_from(cloud, of, expected), origins)
    entries: list[dict[str, Any]] = []
    for name, look in first:
        group = look.result()
        if group.body is None:
            continue
        if not _may_go(cloud, sandbox, name, group, named):
            plan.refused.append(_refused(sandbox, name))
            continue
        plan.groups.append(sandbox.group_id(name))
        plan.locks += group.locks
        entries += group.entries
        if group.problem is not None:
            _note_unseen(plan, f"{sandbox.group_id(name)}/providers/{LOCKS.type}", group.problem)
    begun = {identifier.lower() for identifier in sandbox.start}
    plan.inside = [_item(entry, begun) for entry in entries]
    own = tuple(f"{origin.lower()}/" for origin in plan.origins)
    names_kept, unread = kept.result()
    plan.kept = [entry for entry in names_kept if f"{entry.was.lower()}/".startswith(own)]
    for what, problem in unread:
        _note_unseen(plan, what, problem)
    _second_round(plan, cloud, outside.result(), entries)
    return plan


class _Group:
    """One group as it is now: its body (None: it does not exist), its resources, its locks."""

    def __init__(self, cloud: Cloud, sandbox: Sandbox, name: str) -> None:
        identifier = sandbox.group_id(name)
        listed = start(lambda group: read(lambda of: resources(cloud, of), group), identifier)
        locked = start(lambda group: read(lambda of: list(beside(cloud, of, LOCKS)), group), identifier)
        self.body = read(lambda group: cloud.find(group, GROUPS_API), identifier)
        self.entries = listed.result()
        self.locks: list[str] = []
        self.problem: AzureError | None = None
        try:
            self.locks = locked.result()
        except AzureError as problem:
            self.problem = problem


def _may_go(cloud: Cloud, sandbox: Sandbox, name: str, group: _Group, named: set[str]) -> bool:
    """Whether azlabs may delete a group: its tags agree with the ledger, or its own record does, or it was named."""
    if name.lower() in named:
        return True
    if name not in sandbox.resource_groups:
        return was_made_by_azlabs(cloud, sandbox, sandbox.group_id(name))
    own = tags.tags_of(group.body)
    if ownership.owns_group(sandbox, name, own, None):
        return True
    return ownership.owns_group(sandbox, name, own, start_record_tags(cloud, sandbox, name))


def _groups_outside(sandbox: Sandbox) -> list[str]:
    """Names of resource groups that a template made besides the sandbox's own."""
    known = {name.lower() for name in sandbox.resource_groups}
    names = [name for identifier in sandbox.outside if (name := _group_name(sandbox, identifier))]
    return [name for name in dict.fromkeys(names) if name.lower() not in known]


def _group_name(sandbox: Sandbox, identifier: str) -> str:
    name = identifier.rpartition("/")[2]
    return name if identifier.lower() == sandbox.group_id(name).lower() else ""


def _refused(sandbox: Sandbox, name: str) -> Survivor:
    command = f"azlabs down --sandbox {sandbox.id} --group {name}"
    return Survivor(
        sandbox.group_id(name),
        f"It does not carry azlabs' mark, so azlabs will not delete it. If it is yours to delete: {command}",
        command,
    )


def _item(entry: dict[str, Any], begun: set[str]) -> Item:
    identifier, kind = str(entry["id"]), str(entry.get("type", ""))
    return Item(
        identifier,
        kind,
        "lab" if identifier.lower() in begun else "you",
        str(entry.get("location") or ""),
        bool(entry.get("identity")) or kind.lower() == _IDENTITY,
    )


def _second_round(
    plan: DownPlan, cloud: Cloud, outside: looking_outside.Outside, entries: list[dict[str, Any]]
) -> None:
    """What belongs to what was found: principals, protected items, API versions."""

    def of_type(kind: str) -> list[str]:
        return [item.id for item in plan.inside if item.type.lower() == kind]

    identities = {found: start(lambda of: _principal(cloud, of), found) for found in of_type(_IDENTITY)}
    vaults = {found: start(lambda of: backups.look(cloud, of), found) for found in of_type(backups.VAULT)}
    written = {found: start(lambda of: looking_outside.find(cloud, of), found) for found in plan.sandbox.outside}
    applications = start(lambda found: list(directory.principals(cloud, found)), outside.applications)
    versions = [start(lambda kind: _remember_version(cloud, kind), kind) for kind in _one_per_namespace(plan)]
    principals = {str((entry.get("identity") or {}).get("principalId") or "") for entry in entries}
    principals |= {_known(plan, found, look, "") for found, look in identities.items()}
    principals |= set(_known(plan, directory.ROOT, applications, []))
    for found, look in vaults.items():
        vault = _known(plan, found, look, None)
        if vault is not None and (vault.items or vault.accounts):
            plan.vaults.append(vault)
    for version in versions:
        version.result()
    there = {found for found, look in written.items() if _known(plan, found, look, True) is not None}
    outside.sort_out(plan, principals - {""}, there)


def _principal(cloud: Cloud, identity: str) -> str:
    body = cloud.find(identity, _IDENTITY_API) or {}
    return str((body.get("properties") or {}).get("principalId") or "")


def _one_per_namespace(plan: DownPlan) -> Iterator[str]:
    yield from {item.type.partition("/")[0].lower(): item.type for item in plan.inside}.values()


def _remember_version(cloud: Cloud, kind: str) -> None:
    try:
        cloud.api_version(kind)
    except AzlabsError:
        return  # asked again, and told, when it is needed


def _known(plan: DownPlan, what: str, look: Future[Result], otherwise: Any) -> Any:
    """The result of a look; trouble with it is noted."""
    try:
        return look.result()
    except AzureError as problem:
        if not (problem.not_found or problem.not_modelled):
            _note_unseen(plan, what, problem)
        return otherwise


def _note_unseen(plan: DownPlan, what: str, problem: AzlabsError) -> None:
    plan.unseen.append(Survivor(what, f"It could not be looked at: {problem.message} ({problem.code})"))
