"""The access table of a store: what the rules need to decide, remembered until the store changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from azlabs.rules.access import EVERYONE, AccessTable, Assignment, DenyAssignment, Permission, Role
from azlabs.simulator.providers.authorization import builtin_roles

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.store import Store

ASSIGNMENTS = "microsoft.authorization/roleassignments"
DEFINITIONS = "microsoft.authorization/roledefinitions"
DENIALS = "microsoft.authorization/denyassignments"
GROUPS = "microsoft.management/managementgroups"
MEMBERSHIPS = "microsoft.management/managementgroups/subscriptions"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"

_tables: WeakKeyDictionary[Store, tuple[tuple[int, int], AccessTable]] = WeakKeyDictionary()


def access_table(store: Store) -> AccessTable:
    """Roles, assignments, deny assignments, management groups and memberships as they are now."""
    generation = store.generation()
    known = _tables.get(store)
    if known is not None and known[0] == generation:
        return known[1]
    table = AccessTable(
        roles={**builtin_roles.roles(), **{role.id: role for role in custom_roles(store)}},
        assignments=[_assignment(row) for row in store.of_type(ASSIGNMENTS)],
        denials=[_denial(row) for row in store.of_type(DENIALS)],
        management_groups=management_groups(store),
        groups=_memberships(store),
    )
    _tables[store] = (generation, table)
    return table


def custom_roles(store: Store) -> Iterator[Role]:
    """The custom roles that are defined."""
    for row in store.of_type(DEFINITIONS):
        properties = row.body["properties"]
        yield Role(
            row.name.lower(), properties["roleName"], tuple(Permission.of(block) for block in properties["permissions"])
        )


def management_groups(store: Store) -> dict[str, str]:
    """The parent group of each management group and of each subscription that is in one."""
    parents: dict[str, str] = {}
    for row in store.of_type(GROUPS):
        parent = ((row.body.get("properties") or {}).get("details") or {}).get("parent") or {}
        if parent.get("id"):
            parents[row.key] = str(parent["id"]).lower()
    for row in store.of_type(MEMBERSHIPS):
        parents[f"/subscriptions/{row.name.lower()}"] = row.scope
    return parents


def _memberships(store: Store) -> dict[str, frozenset[str]]:
    direct: dict[str, set[str]] = {}
    for row in store.of_type("microsoft.graph/groups"):
        for member in row.hidden.get("members", ()):
            direct.setdefault(member.lower(), set()).add(row.name.lower())
    return {member: _closure(member, direct) for member in direct}


def _closure(member: str, direct: dict[str, set[str]]) -> frozenset[str]:
    found: set[str] = set()
    open_ids = [member]
    while open_ids:
        for group in direct.get(open_ids.pop(), ()):
            if group not in found:
                found.add(group)
                open_ids.append(group)
    return frozenset(found)


def _assignment(row: Resource) -> Assignment:
    properties: dict[str, Any] = row.body["properties"]
    role = str(properties["roleDefinitionId"]).rpartition("/")[2].lower()
    return Assignment(row.id, properties["principalId"], role, properties["scope"], properties.get("condition") or "")


def _denial(row: Resource) -> DenyAssignment:
    properties: dict[str, Any] = row.body["properties"]
    return DenyAssignment(
        row.id,
        properties["scope"],
        tuple(Permission.of(block) for block in properties["permissions"]),
        frozenset(EVERYONE if p.get("type") == "SystemDefined" else p["id"].lower() for p in properties["principals"]),
        frozenset(p["id"].lower() for p in properties.get("excludePrincipals") or ()),
        bool(properties.get("doNotApplyToChildScopes")),
    )
