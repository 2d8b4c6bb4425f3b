"""Taking a sandbox away, and proving it: delete, purge, look again, name every survivor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.progress import Event, Progress, silent
from azlabs.sandbox import background, soft_delete
from azlabs.sandbox.applying import api_version_of
from azlabs.sandbox.contents import delete, delete_in_rounds, kind_and_name, resources
from azlabs.sandbox.down_plan import GROUPS_API, DownPlan, Survivor
from azlabs.sandbox.ledger import Ledger, UnknownSandbox
from azlabs.sandbox.model import Sandbox

_GROUP = "Microsoft.Resources/resourceGroups"
_DEPLOYMENT = "microsoft.resources/deployments"


@dataclass
class DownReport:
    """`deleted`: ids that a second look did not find any more; `purged`: deleted resources whose name is free again;
    `survivors`: what is still there, with the reason."""

    sandbox: str
    deleted: list[str] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)
    survivors: list[Survivor] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The shape of `azlabs down --json`."""
        return {
            "sandbox": self.sandbox,
            "deleted": self.deleted,
            "purged": self.purged,
            "survivors": [survivor.to_json() for survivor in self.survivors],
        }


def down(plan: DownPlan, cloud: Cloud, progress: Progress = silent, ledger: Ledger | None = None) -> DownReport:
    """Carry the plan out. The sandbox leaves the ledger only when nothing survived; the workspace stays in any case.

    May be run again at any time, also after a kill: what it has to remember is written down before the first deletion.
    """
    ledger = ledger or Ledger()
    sandbox = plan.sandbox
    try:
        with ledger.working(sandbox, "down"):
            _write_down(plan)
            ledger.save(sandbox)
            report = _carry_out(plan, cloud, progress)
            sandbox.problem = f"{len(report.survivors)} left after down" if report.survivors else ""
            if not report.survivors:
                ledger.forget(sandbox.id)
                if all(other.cloud != sandbox.cloud for other in ledger.all()):
                    cloud.rest()
    except UnknownSandbox:
        return DownReport(sandbox.id)  # another process removed it meanwhile, and looked twice
    return report


def _write_down(plan: DownPlan) -> None:
    """What can no longer be found once the groups are gone: names to purge, things outside."""
    sandbox = plan.sandbox
    sandbox.state = "removing"
    known = {entry["type"].lower() for entry in sandbox.purges}
    for kind in soft_delete.kinds_of(item.type for item in plan.inside):
        if kind.type.lower() not in known:
            sandbox.purges.append({"type": kind.type})
    outside = {identifier.lower() for identifier in sandbox.outside}
    sandbox.outside += [item.id for item in plan.outside if item.id.lower() not in outside]


def _carry_out(plan: DownPlan, cloud: Cloud, progress: Progress) -> DownReport:
    sandbox = plan.sandbox
    reasons: dict[str, str] = {}
    _note(reasons, delete_in_rounds(cloud, plan.locks, progress))
    # Assignments go before the identities that hold them, records of deployments last: they tell what was made.
    records = [item.id for item in plan.outside if item.type.lower() == _DEPLOYMENT]
    _note(reasons, delete_in_rounds(cloud, [item.id for item in plan.outside if item.id not in records], progress))
    _note(reasons, _purge_while_deleting(plan, cloud))
    _note(reasons, _delete_groups(plan, cloud, progress))
    purged = _purge(sandbox, cloud, reasons, progress)
    _note(reasons, delete_in_rounds(cloud, records, progress))
    return _second_look(plan, cloud, reasons, purged)


def _purge_while_deleting(plan: DownPlan, cloud: Cloud) -> dict[str, AzureError]:
    """Delete the types whose name only becomes free when the deletion itself says so."""
    failed = {}
    for item in plan.inside:
        query = soft_delete.PURGED_ON_DELETE.get(item.type.lower())
        if query is None:
            continue
        try:
            version = api_version_of(cloud, item.id)
            delete(cloud, f"{item.id}?{query}&api-version={version}", version)
        except AzureError as problem:
            failed[item.id] = problem
    return failed


def _delete_groups(plan: DownPlan, cloud: Cloud, progress: Progress) -> dict[str, AzureError]:
    """All groups side by side, telling which of their resources have gone meanwhile."""
    failed: dict[str, AzureError] = {}
    waiting = {item.id.lower(): item.id for item in plan.inside}
    running = {}
    for group in plan.groups:
        progress(Event(_GROUP, group.rpartition("/")[2], "running", "delete"))
        running[group] = background.start(lambda found: delete(cloud, found, GROUPS_API), group)
    for group, future in running.items():
        while not background.is_over(future, cloud.place.poll_seconds):
            _tell_gone(waiting, group, {str(entry["id"]).lower() for entry in resources(cloud, group)}, progress)
        problem = future.exception()
        if isinstance(problem, AzureError):
            failed[group] = problem
            progress(Event(_GROUP, group.rpartition("/")[2], "failed", problem.message))
        elif problem is not None:
            raise problem
        else:
            _tell_gone(waiting, group, set(), progress)
            progress(Event(_GROUP, group.rpartition("/")[2], "done", "deleted"))
    return failed


def _tell_gone(waiting: dict[str, str], group: str, left: set[str], progress: Progress) -> None:
    for lowered, identifier in list(waiting.items()):
        if lowered.startswith(f"{group.lower()}/") and lowered not in left:
            del waiting[lowered]
            kind, name = kind_and_name(identifier)
            progress(Event(kind, name, "done", "deleted"))


def _purge(sandbox: Sandbox, cloud: Cloud, reasons: dict[str, str], progress: Progress) -> list[str]:
    """Purge what was deleted from the groups and still holds its name; the ids that were purged."""
    purged = []
    for deleted in _still_kept(sandbox, cloud):
        progress(Event(deleted.kind.type, deleted.was.rpartition("/")[2], "running", "purge"))
        try:
            soft_delete.purge(cloud, deleted)
        except AzureError as problem:
            reasons[deleted.id.lower()] = _reason(problem)
            progress(Event(deleted.kind.type, deleted.was.rpartition("/")[2], "failed", problem.message))
            continue
        purged.append(deleted.id)
        progress(Event(deleted.kind.type, deleted.was.rpartition("/")[2], "done", "purged"))
    return purged


def _still_kept(sandbox: Sandbox, cloud: Cloud) -> Iterable[soft_delete.Purge]:
    kinds = soft_delete.kinds_of(entry["type"] for entry in sandbox.purges)
    return list(soft_delete.deleted_from(cloud, map(sandbox.group_id, sandbox.resource_groups), kinds))


def _second_look(plan: DownPlan, cloud: Cloud, reasons: dict[str, str], purged: list[str]) -> DownReport:
    """Ask Azure again about everything, and believe only that."""
    sandbox = plan.sandbox
    report = DownReport(sandbox.id, survivors=list(plan.refused))
    still: set[str] = set()
    for group in plan.groups:
        if cloud.find(group, GROUPS_API) is None:
            continue
        left = [str(entry["id"]) for entry in resources(cloud, group)]
        still |= {identifier.lower() for identifier in (*left, group)}
        why = reasons.get(group.lower(), "Azure has not deleted it.")
        report.survivors += [
            Survivor(identifier, reasons.get(identifier.lower(), why)) for identifier in (*left, group)
        ]
    for item in plan.outside:
        try:
            is_there = cloud.find(item.id, api_version_of(cloud, item.id)) is not None
        except AzureError as problem:
            is_there, reasons[item.id.lower()] = True, _reason(problem)
        if is_there:
            still.add(item.id.lower())
            report.survivors.append(Survivor(item.id, reasons.get(item.id.lower(), "Azure has not deleted it.")))
    for deleted in _still_kept(sandbox, cloud):
        still.add(deleted.id.lower())
        report.survivors.append(
            Survivor(deleted.id, reasons.get(deleted.id.lower(), "It is deleted but still holds its name."))
        )
    report.survivors += plan.unseen
    report.deleted = [identifier for identifier in plan.ids if identifier.lower() not in still]
    report.purged = [identifier for identifier in purged if identifier.lower() not in still]
    return report


def _note(reasons: dict[str, str], failed: dict[str, AzureError]) -> None:
    reasons.update({identifier.lower(): _reason(problem) for identifier, problem in failed.items()})


def _reason(problem: AzureError) -> str:
    return f"{problem.message} ({problem.code})"
