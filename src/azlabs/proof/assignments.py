"""Slips in role assignments. Azure lets nobody edit one, so a slip is another assignment in its place."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from uuid import NAMESPACE_URL, uuid5

from azlabs.arm.ids import ResourceId
from azlabs.proof.mutant import Edit
from azlabs.proof.mutation import WHOLE, Slip, World
from azlabs.proof.state import Resource

KIND = "microsoft.authorization/roleassignments"
# Built-in roles that take the place of another, widest first (the ids are the same in every tenant).
OTHER_ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
}

# Roles that a learner could take for one another, by what they are for.
NEIGHBOURS: tuple[dict[str, str], ...] = (
    {
        "Azure Service Bus Data Owner": "090c5cfd-751d-490a-894a-3ce6f1109419",
        "Azure Service Bus Data Receiver": "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
        "Azure Service Bus Data Sender": "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
    },
    {
        "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        "Cognitive Services OpenAI Contributor": "a001fd3d-188f-4b5d-821b-7da978bf7442",
        "Cognitive Services User": "a97b65f3-24c7-4388-baec-2e87135dc908",
        "Cognitive Services Contributor": "25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68",
    },
    {
        "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
        "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    },
    {
        "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    },
)

def assignment_slips(world: World, assignment: Resource) -> Iterator[Slip]:
    """Another role, a wider or narrower scope, another principal."""
    identifier = str(assignment["id"])
    scope = ResourceId.parse(identifier).scope
    role = str(assignment["properties"]["roleDefinitionId"])
    prefix, _, guid = role.rpartition("/")
    for name, other in _others(guid.lower()).items():
        if other != guid.lower():
            yield (
                "role",
                f"role {guid}",
                f"role {name}",
                _instead(assignment, scope, roleDefinitionId=f"{prefix}/{other}"),
            )
    above = _above(scope)
    while above:
        yield "raise scope", scope, above, _instead(assignment, above)
        # A group is as high as a slip goes, unless it began there.
        above = _above(above) if "/providers/" in above else ""
    for below in _below(world, scope):
        yield "lower scope", scope, below, _instead(assignment, below)
    principal = str(assignment["properties"]["principalId"])
    names = _names(world)
    for other in _principals(world):
        if other.lower() != principal.lower():
            before, after = (names.get(one.lower(), "another account") for one in (principal, other))
            yield "principal", before, after, _instead(assignment, scope, principalId=other)


def _others(role: str) -> dict[str, str]:
    family = next((roles for roles in NEIGHBOURS if role in roles.values()), {})
    return {**family, **OTHER_ROLES}


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


def _names(world: World) -> dict[str, str]:
    """What the identities of resources are called, by object id."""
    found = {}
    for resource in world.solved.values():
        for owner in (resource.get("properties"), resource.get("identity")):
            if isinstance(owner, dict) and "principalId" in owner and "roleDefinitionId" not in owner:
                found[str(owner["principalId"]).lower()] = str(resource["name"])
    return found


def _principals(world: World) -> list[str]:
    """Principals that a learner could mistake for one another: those with assignments, and identities."""
    found = {str(entry["properties"]["principalId"]) for entry in world.of_type(KIND)}
    for resource in world.solved.values():
        properties = resource.get("properties")
        owners = (properties, resource.get("identity"))
        found |= {str(owner["principalId"]) for owner in owners if isinstance(owner, dict) and "principalId" in owner}
    return sorted(found)


WHOLE[KIND] = assignment_slips
