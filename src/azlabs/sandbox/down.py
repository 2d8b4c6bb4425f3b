"""Taking a sandbox away, and proving it: delete, purge, look again, name every survivor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.errors import AzlabsError
from azlabs.progress import Progress, silent
from azlabs.sandbox import soft_delete
from azlabs.sandbox.background import start
from azlabs.sandbox.contents import read, resources
from azlabs.sandbox.down_model import DownPlan, Item, Survivor
from azlabs.sandbox.down_steps import GROUPS_API, deletions, key_of_purge
from azlabs.sandbox.ledger import Ledger, UnknownSandbox
from azlabs.sandbox.looking_outside import find, type_of
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.steps import Step, carry_out
from azlabs.sandbox.survivors import kept_name, reason_of, survivor

_GROUP = "Microsoft.Resources/resourceGroups"
Reasons = dict[str, AzlabsError]


@dataclass
class DownReport:
    """`deleted`: ids that a second look did not find any more; `purged`: deleted resources whose name is free again;
    `survivors`: what is still there, with the reason; `pending`: what Azure is deleting now, when nobody waits."""

    sandbox: str
    deleted: list[str] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)
    survivors: list[Survivor] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The shape of `azlabs down --json`; `pending` is there when something is."""
        told: dict[str, Any] = {
            "sandbox": self.sandbox,
            "deleted": self.deleted,
            "purged": self.purged,
            "survivors": [entry.to_json() for entry in self.survivors],
        }
        if self.pending:
            told["pending"] = self.pending
        return told


def down(
    plan: DownPlan, cloud: Cloud, progress: Progress = silent, ledger: Ledger | None = None, *, wait: bool = True
) -> DownReport:
    """Carry the plan out. The sandbox leaves the ledger only when nothing survived; the workspace stays in any case.

    May be run again at any time, also after a kill: what it has to remember is written down before the first deletion.
    Without `wait` it returns as soon as the rest is Azure's work alone; `status` tells when that is over.
    """
    ledger = ledger or Ledger()
    sandbox = plan.sandbox
    try:
        with ledger.working(sandbox, "down"):
            _write_down(plan)
            ledger.save(sandbox)
            report = _carry_out(plan, cloud, progress, wait=wait)
            sandbox.problem = f"{len(report.survivors)} left after down" if report.survivors else ""
            if not report.survivors and not report.pending:
                forget(sandbox, cloud, ledger)
    except UnknownSandbox:
        return DownReport(sandbox.id)  # another process removed it meanwhile, and looked twice
    return report


def forget(sandbox: Sandbox, cloud: Cloud, ledger: Ledger) -> None:
    """Nothing of the sandbox is left: it leaves the ledger, and what runs for the last one ends."""
    ledger.forget(sandbox.id)
    if all(other.cloud != sandbox.cloud for other in ledger.all()):
        cloud.rest()


def _write_down(plan: DownPlan) -> None:
    """What can no longer be found once the groups are gone: names to purge, things outside."""
    sandbox = plan.sandbox
    sandbox.state = "removing"
    known = {entry["type"].lower() for entry in sandbox.purges}
    for kind in soft_delete.kinds_of(item.type for item in (*plan.inside, *plan.outside)):
        if kind.type.lower() not in known:
            sandbox.purges.append({"type": kind.type})
    written = {identifier.lower() for identifier in sandbox.outside}
    sandbox.outside += [item.id for item in plan.outside if item.id.lower() not in written]
    # What another command has written down since the plan was made; groups among it go the next time.
    planned = {item.id.lower() for item in plan.outside} | {group.lower() for group in plan.groups}
    planned |= {entry.id.lower() for entry in plan.refused}
    for identifier in sandbox.outside:
        of_type = type_of(identifier)
        if identifier.lower() not in planned and not plan.holds(identifier) and of_type != _GROUP:
            plan.outside.append(Item(identifier, of_type, "azlabs"))


def _carry_out(plan: DownPlan, cloud: Cloud, progress: Progress, *, wait: bool) -> DownReport:
    steps = deletions(plan, cloud, wait=wait)
    failed = carry_out(steps, progress)
    reasons = {key.partition(" ")[2].lower(): problem for key, problem in failed.items()}
    purged = [key.partition(" ")[2] for step in steps if (key := step.key).startswith("purge ") and key not in failed]
    if not wait:
        pending = [group for group in plan.groups if f"delete {group}" not in failed]
        return _unfinished(plan, cloud, reasons, purged, pending)
    sandbox, types = plan.sandbox, [item.type for item in (*plan.inside, *plan.outside)]
    seen = _SecondLook(plan, cloud, types)
    late = [entry for entry in seen.kept if key_of_purge(entry) not in failed and not entry.is_protected]
    if late:
        # What Azure deleted with a group, not azlabs, has not been purged yet.
        again = carry_out([_purging(cloud, entry) for entry in late], progress)
        reasons |= {key.partition(" ")[2].lower(): problem for key, problem in again.items()}
        purged += [entry.id for entry in late if key_of_purge(entry) not in again]
        seen.kept, _unread = soft_delete.deleted_from(cloud, plan.origins, types)
    return _report(plan, cloud, reasons, purged, seen, sandbox)


def _purging(cloud: Cloud, entry: soft_delete.Purge) -> Step:
    return Step(
        key_of_purge(entry), entry.kind.type, entry.name, "purge", lambda: soft_delete.purge(cloud, entry)
    )


class _SecondLook:
    """Azure is asked again about everything, side by side; only that is believed."""

    def __init__(self, plan: DownPlan, cloud: Cloud, types: Iterable[str]) -> None:
        self.left: list[str] = []
        self.unseen: list[tuple[str, AzlabsError]] = []
        groups = [(group, start(lambda of: read(_finding(cloud), of), group)) for group in plan.groups]
        inside = [(group, start(lambda of: read(_listing(cloud), of), group)) for group in plan.groups]
        outside = [(item.id, start(lambda of: read(lambda what: find(cloud, what), of), item.id)) for item in plan.outside]
        kept = start(lambda of: soft_delete.deleted_from(cloud, plan.origins, of), list(types))
        for group, listed in inside:
            self.left += [str(entry["id"]) for entry in self._take(group, listed) or []]
        self.left += [group for group, body in groups if self._take(group, body) is not None]
        self.left += [identifier for identifier, body in outside if self._take(identifier, body) is not None]
        self.kept, unread = kept.result()
        self.unseen += unread

    def _take(self, what: str, look: Future[Any]) -> Any:
        try:
            return look.result()
        except AzureError as problem:
            self.unseen.append((what, problem))
            return None


def _finding(cloud: Cloud) -> Callable[[str], dict[str, Any] | None]:
    return lambda group: cloud.find(group, GROUPS_API)


def _listing(cloud: Cloud) -> Callable[[str], list[dict[str, object]]]:
    return lambda group: resources(cloud, group)


def _report(
    plan: DownPlan, cloud: Cloud, reasons: Reasons, purged: list[str], seen: _SecondLook, sandbox: Sandbox
) -> DownReport:
    report = DownReport(sandbox.id, survivors=list(plan.refused))
    report.survivors += [survivor(cloud, sandbox, identifier, reasons) for identifier in dict.fromkeys(seen.left)]
    report.survivors += [kept_name(sandbox, entry, reasons.get(entry.id.lower())) for entry in seen.kept]
    told = {entry.id.lower() for entry in report.survivors}
    for what, problem in seen.unseen:
        if what.lower() not in told:
            report.survivors.append(
                Survivor(what, f"It could not be looked at again: {reason_of(problem)}", f"azlabs down -s {sandbox.id}")
            )
    report.survivors += [entry for entry in plan.unseen if not _is_settled(entry, plan, seen)]
    still = {entry.id.lower() for entry in report.survivors}
    unseen_groups = tuple(f"{group.lower()}/" for group in plan.groups if group.lower() in still)
    report.deleted = [
        identifier
        for identifier in plan.ids
        if identifier.lower() not in still and not _hidden(identifier, unseen_groups, seen)
    ]
    report.purged = [identifier for identifier in dict.fromkeys(purged) if identifier.lower() not in still]
    return report


def _hidden(identifier: str, groups: tuple[str, ...], seen: _SecondLook) -> bool:
    """Whether nothing is known of an id, because its group could not be listed again."""
    unread = {what.lower() for what, _problem in seen.unseen}
    return any(identifier.lower().startswith(group) and group.rstrip("/") in unread for group in groups)


def _is_settled(entry: Survivor, plan: DownPlan, seen: _SecondLook) -> bool:
    """Whether what could not be looked at lay in a group that is gone now, or was a list that has been read since."""
    if any(entry.id.endswith(f"/providers/{kind.listed}") for kind in soft_delete.KEPT):
        return all(what != entry.id for what, _problem in seen.unseen)
    left = {identifier.lower() for identifier in seen.left} | {what.lower() for what, _problem in seen.unseen}
    return any(
        entry.id.lower().startswith(f"{group.lower()}/") and group.lower() not in left for group in plan.groups
    )


def _unfinished(
    plan: DownPlan, cloud: Cloud, reasons: Reasons, purged: list[str], pending: list[str]
) -> DownReport:
    """What is known when nobody waits for the groups: what failed until then."""
    report = DownReport(plan.sandbox.id, survivors=[*plan.refused, *plan.unseen], purged=purged, pending=pending)
    waiting = tuple(f"{group.lower()}/" for group in pending)
    for identifier in [*plan.groups, *(item.id for item in plan.outside)]:
        if identifier.lower() in reasons:
            report.survivors.append(survivor(cloud, plan.sandbox, identifier, reasons))
    for entry in _SecondLook(DownPlan(plan.sandbox, outside=plan.outside), cloud, ()).kept:
        report.survivors.append(kept_name(plan.sandbox, entry, reasons.get(entry.id.lower())))
    told = {entry.id.lower() for entry in report.survivors}
    report.deleted = [
        item.id
        for item in plan.outside
        if item.id.lower() not in told and not item.id.lower().startswith(waiting)
    ]
    return report
