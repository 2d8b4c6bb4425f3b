"""Complete mode and stacks: taking away what a template no longer has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.arm.ids import ResourceId
from azlabs.arm.template import Plan
from azlabs.simulator.providers.deployments.runtime import newest

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Body, Call
    from azlabs.simulator.tokens import Principal

# Not resources of a group that a deployment could delete.
KEPT = ("microsoft.resources/", "microsoft.authorization/")


def others(call: Call, plan: Plan) -> list[str]:
    """Ids of the top-level resources of the group that a plan does not name, children of the template's included."""
    named = {resource.id.lower() for resource in plan.resources if resource.condition}
    group = plan.scope.id.lower()
    found = []
    for key, type_key in call.store.keys_below(group):
        if type_key.startswith(KEPT) or type_key.count("/") != 1 or key in named:
            continue
        if "/providers/" in key[len(group) + len("/providers/") :]:
            continue
        row = call.store.get(key)
        if row is not None:
            found.append(row.id)
    return found


def remove_others(call: Call, principal: Principal, plan: Plan, hidden: Body) -> list[Body]:
    """Deletes them; the errors of those that would not go."""
    removed, problems = remove(call, principal, others(call, plan))
    hidden["removed"] = removed
    return problems


def remove(call: Call, principal: Principal, ids: list[str]) -> tuple[list[Body], list[Body]]:
    """Deletes resources, those in use after those that use them; (an entry for each, the errors)."""
    waiting, entries = list(ids), []
    while waiting:
        errors: list[tuple[str, int, Body]] = []
        for found in waiting:
            parsed = ResourceId.parse(found)
            answer = call.manager.perform(principal, "DELETE", found, newest(parsed), base=call.base)
            if answer.status >= 400:
                error = (answer.json() or {}).get("error") or {"code": "Conflict", "message": ""}
                errors.append((found, answer.status, error))
            else:
                entries.append(_entry(call, parsed, "Succeeded", answer.status, None))
        if len(errors) == len(waiting):
            entries += [
                _entry(call, ResourceId.parse(found), "Failed", status, error) for found, status, error in errors
            ]
            return entries, [error for _, _, error in errors]
        waiting = [found for found, _, _ in errors]
    return entries, []


def _entry(call: Call, parsed: ResourceId, state: str, status: int, error: Body | None) -> Body:
    entry: Body = {
        "id": str(parsed), "state": state, "started": call.now, "at": call.now, "status": status,
        "target": {"id": str(parsed), "resourceType": parsed.type, "resourceName": parsed.full_name},
    }  # fmt: skip
    if error is not None:
        entry["error"] = error
    return entry
