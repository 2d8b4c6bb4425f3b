"""Slips in role assignments. Azure lets nobody edit one, so a slip is another assignment in its place."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from uuid import NAMESPACE_URL, uuid5

from azlabs.arm.ids import ResourceId
from azlabs.proof.mutant import Edit
from azlabs.proof.mutation import WHOLE, World
from azlabs.proof.state import Resource

KIND = "microsoft.authorization/roleassignments"
# Built-in roles that take the place of another, widest first (the ids are the same in every tenant).
OTHER_ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
}

Slip = tuple[str, str, str, tuple[Edit, ...]]


def assignment_slips(world: World, assignment: Resource) -> Iterator[Slip]:
    """Another role, a wider or narrower scope, another principal."""
    identifier = str(assignment["id"])
    scope = ResourceId.parse(identifier).scope
    role = str(assignment["properties"]["roleDefinitionId"])
    prefix, _, guid = role.rpartition("/")
    for name, other in OTHER_ROLES.items():
        if other != guid.lower():
            yield (
                "role",
                f"role {guid}",
                f"role {name}",
                _instead(assignment, scope, roleDefinitionId=f"{prefix}/{other}"),
            )
    above = _above(scope)
    if above:
        yield "raise scope", scope, above, _instead(assignment, above)
    for below in _below(world, scope):
        yield "lower scope", scope, below, _instead(assignment, below)
    principal = str(assignment["properties"]["principalId"])
    for other in _principals(world):
        if other.lower() != principal.lower():
            yield "principal", principal, other, _instead(assignment, scope, principalId=other)


def _instead(assignment: Resource, scope: str, **changes: str) -> tuple[Edit, ...]:
    old = str(assignment["id"])
    body = {"properties": deepcopy(assignment["properties"]) | changes}
    for name in ("scope", "createdOn", "updatedOn", "createdBy", "updatedBy"):
        body["properties"].pop(name, None)
    guid = uuid5(NAMESPACE_URL, f"{old}|{scope}|{sorted(changes.items())}")
    made = f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{guid}"
    return (Edit(old, None), Edit(made, body))


def _above(scope: str) -> str:
    """The scope one level up: of a resource its group, of a group its subscription."""
    resource = ResourceId.parse(scope)
    if resource.parent is not None:
        return str(resource.parent)
    return resource.scope if resource.scope not in ("/", scope) else ""


def _below(world: World, scope: str) -> list[str]:
    """Up to two resources that lie directly below a scope: one that is meant may be among them, the other is not."""
    inside = [
        str(resource["id"]) for resource in world.solved.values() if ResourceId.parse(resource["id"]).scope == scope
    ]
    return sorted(name for name in inside if KIND not in name.lower())[:2]


def _principals(world: World) -> list[str]:
    """Principals that a learner could mistake for one another: those with assignments, and identities."""
    found = {str(entry["properties"]["principalId"]) for entry in world.of_type(KIND)}
    for resource in world.solved.values():
        properties = resource.get("properties")
        owners = (properties, resource.get("identity"))
        found |= {str(owner["principalId"]) for owner in owners if isinstance(owner, dict) and "principalId" in owner}
    return sorted(found)


WHOLE[KIND] = assignment_slips
