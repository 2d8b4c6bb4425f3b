"""The deletions of a plan, and what each of them has to wait for.

Everything that does not wait for something else goes at once. A group goes last: its tags tell whose it is, so that a
kill before leaves something that is found again without the ledger. For the same reason it stays while a name that came
out of it could not be made free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.errors import AzlabsError
from azlabs.sandbox import backups, directory, soft_delete
from azlabs.sandbox.applying import api_version_of
from azlabs.sandbox.contents import LOCKS, delete, kind_and_name
from azlabs.sandbox.down_model import DownPlan, Item
from azlabs.sandbox.down_order import what_goes_first
from azlabs.sandbox.looking_outside import ASSIGNMENT, DEPLOYMENT, ROLE
from azlabs.sandbox.steps import Step

GROUPS_API = "2024-11-01"
_GROUP = "Microsoft.Resources/resourceGroups"
_AUTHORIZATION = "2022-04-01"


def key_of_purge(entry: soft_delete.Purge) -> str:
    """The key of the step that purges something."""
    return f"purge {entry.id}"


class StillNeeded(AzlabsError):
    """A group was not deleted, since a name that is still kept is found again by it alone."""


class _Names:
    """The names that could not be made free, while the steps go on."""

    def __init__(self, cloud: Cloud, groups: Iterable[str]) -> None:
        self._cloud = cloud
        self._groups = [f"{group.lower()}/" for group in groups]
        self._kept: dict[str, soft_delete.Purge] = {}

    def purge(self, entry: soft_delete.Purge) -> None:
        """Make a name free, and remember whether that went well."""
        self._kept[entry.id] = entry
        soft_delete.purge(self._cloud, entry)
        self._kept.pop(entry.id, None)

    def keep(self, group: str) -> None:
        """Raises StillNeeded when a name leads to this group, or to none, and can still be made free one day."""
        for entry in list(self._kept.values()):
            was = entry.was.lower()
            is_elsewhere = not was.startswith(f"{group.lower()}/") and was.startswith(tuple(self._groups))
            if not is_elsewhere and not soft_delete.is_settled(self._cloud, entry):
                raise StillNeeded(
                    f"{entry.name} was deleted and still holds its name; the group stays, as it is what azlabs finds that name by."
                )


def deletions(plan: DownPlan, cloud: Cloud, *, wait: bool = True) -> list[Step]:
    """All steps of a plan. Without `wait` the groups are deleted whole, and only what a person has to purge before."""
    unlocking = [_step(cloud, lock, "unlock", LOCKS.api_version) for lock in plan.locks]
    unlocked = _keys(unlocking)
    vaults = list(_backups(plan, cloud, unlocked))
    outside = list(_outside(plan, cloud, unlocked))
    names = _Names(cloud, plan.groups)
    inside = list(_inside(plan, cloud, names, unlocked, vaults, outside, everything=wait))
    earlier = [_purge(names, entry) for entry in plan.kept if not entry.is_protected]
    before = [*unlocking, *vaults, *outside, *inside, *earlier]
    return [*before, *(_group(cloud, group, names, _keys(before), wait=wait) for group in plan.groups)]


def _inside(
    plan: DownPlan,
    cloud: Cloud,
    names: _Names,
    unlocked: set[str],
    vaults: list[Step],
    outside: list[Step],
    *,
    everything: bool,
) -> Iterator[Step]:
    """The resources of the groups: users before what they use, and their names made free as soon as they are gone."""
    first = what_goes_first({item.id: item.type for item in plan.inside})
    holders = {step.key for step in outside if step.kind == ASSIGNMENT}
    for item in plan.inside:
        if item.id not in first:
            continue
        purge = soft_delete.once_deleted(item.id, item.type, item.location)
        query = soft_delete.PURGED_ON_DELETE.get(item.type.lower(), "")
        if not (everything or purge or query):
            continue
        after = unlocked | {f"delete {user}" for user in first[item.id]}
        # An identity is what its assignments are found by, so they go before it.
        after |= holders if item.has_identity else set()
        after |= {step.key for step in vaults if step.key.partition(" ")[2].lower().startswith(f"{item.id.lower()}/")}
        step = _step(cloud, item.id, "delete", after=after)
        step.act = _deleting(cloud, item, query)
        yield step
        if purge is not None:
            yield _purge(names, purge, {step.key})


def _deleting(cloud: Cloud, item: Item, query: str) -> Callable[[], None]:
    def act() -> None:
        version = api_version_of(cloud, item.id)
        delete(cloud, f"{item.id}?{query}&api-version={version}" if query else item.id, version)

    return act


def _outside(plan: DownPlan, cloud: Cloud, unlocked: set[str]) -> Iterator[Step]:
    """Assignments before the roles that they give, records of deployments last: they tell what was made."""
    inner = [_step(cloud, found, "delete", _AUTHORIZATION, after=unlocked) for found in plan.assignments]
    yield from inner
    by_type: dict[str, list[Item]] = {}
    for item in plan.outside:
        by_type.setdefault(item.type.lower(), []).append(item)
    records = by_type.pop(DEPLOYMENT.lower(), [])
    made: list[Step] = []
    assigned = _keys(inner) | {f"delete {item.id}" for item in by_type.get(ASSIGNMENT.lower(), [])}
    for kind, items in by_type.items():
        after = unlocked | (assigned if kind == ROLE.lower() else set())
        for item in items:
            step = _step(cloud, item.id, "delete", after=after, kind=item.type)
            query = soft_delete.PURGED_ON_DELETE.get(kind)
            if query:
                step.act = _deleting(cloud, item, query)
            made.append(step)
    yield from made
    yield from (_step(cloud, item.id, "delete", after=_keys(made) | unlocked, kind=item.type) for item in records)


def _backups(plan: DownPlan, cloud: Cloud, unlocked: set[str]) -> Iterator[Step]:
    """Soft delete off, then every item without protection and without data, then no account known any more."""
    for vault in plan.vaults:
        name = vault.id.rpartition("/")[2]
        off = Step(f"open {vault.id}/backupconfig", "soft delete", name, "turn off", _turning_off(cloud, vault), set(unlocked))
        yield off
        emptied = {off.key}
        for item in vault.items:
            after = unlocked | {off.key}
            if item.is_kept:
                back = Step(f"undelete {item.id}", "protected item", item.name, "undelete", _bringing_back(cloud, item), after)
                yield back
                after = {back.key}
            step = _step(cloud, item.id, "delete", backups.API, after=after, kind="protected item")
            step.name = item.name
            emptied.add(step.key)
            yield step
        for account in vault.accounts:
            step = _step(cloud, account, "unregister", backups.API, after=unlocked | emptied, kind="backup container")
            step.name = account.rpartition(";")[2]
            yield step


def _turning_off(cloud: Cloud, vault: backups.ProtectingVault) -> Callable[[], None]:
    return lambda: backups.turn_soft_delete_off(cloud, vault)


def _bringing_back(cloud: Cloud, item: backups.ProtectedItem) -> Callable[[], None]:
    return lambda: backups.bring_back(cloud, item)


def _group(cloud: Cloud, group: str, names: _Names, after: set[str], *, wait: bool) -> Step:
    def act() -> None:
        names.keep(group)
        if not wait:
            cloud.request("DELETE", group, GROUPS_API)
            return
        try:
            delete(cloud, group, GROUPS_API)
        except AzureError as problem:
            if problem.code == "ScopeLocked":
                raise
            # What has just gone may still be known to what it was used by: Azure is asked once more.
            cloud.sleep(cloud.place.poll_seconds)
            delete(cloud, group, GROUPS_API)

    word = "delete" if wait else "begin to delete"
    return Step(f"delete {group}", _GROUP, group.rpartition("/")[2], word, act, after)


def _purge(names: _Names, entry: soft_delete.Purge, after: Iterable[str] = ()) -> Step:
    return Step(
        key_of_purge(entry),
        entry.kind.type,
        entry.name,
        "purge",
        lambda: names.purge(entry),
        set(after),
    )


def _step(
    cloud: Cloud, identifier: str, word: str, version: str = "", *, after: Iterable[str] = (), kind: str = ""
) -> Step:
    def act() -> None:
        if directory.is_of_directory(identifier):
            directory.delete(cloud, identifier)
        else:
            delete(cloud, identifier, version)

    known, name = (kind, identifier.rpartition("/")[2]) if kind else kind_and_name(identifier)
    return Step(f"{word} {identifier}", known, name, word, act, set(after))


def _keys(steps: Iterable[Step]) -> set[str]:
    return {step.key for step in steps}
