"""The access gate: may this principal do this here? 403 AuthorizationFailed, naming principal, action and scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from azlabs.simulator.resource_manager.errors import Refused, not_modelled
from azlabs.simulator.resource_manager.gates import action_of

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call
    from azlabs.simulator.store import Store
    from azlabs.simulator.tokens import Principal

# What everybody who signed in may read: themselves in the tenant, and lists that show only what they may see.
OPEN = frozenset({"microsoft.resources/tenants/read", "microsoft.resources/subscriptions/read"})

# Lists of a subscription that show what the caller may see, to whoever has a role anywhere in it.
FILTERED = frozenset({
    "microsoft.resources/subscriptions/resourcegroups/read", "microsoft.resources/subscriptions/resources/read",
})  # fmt: skip


def sees(call: Call) -> Callable[[str, str], bool] | None:
    """For lists that show only what the caller may read: does it see this (id, type)? None: it sees everything."""
    from azlabs.simulator.providers.authorization.table import access_table

    if call.principal.owner:
        return None
    table, caller = access_table(call.store), call.principal.object_id
    if table.can(caller, action_of(call), call.path()).allowed:
        return None
    return lambda id, type: table.can(caller, f"{type}/read", id).allowed is True


def knows(call: Call, scope: str) -> bool:
    """Has the caller anything to do with a scope: a role at it, above it or below it?"""
    from azlabs.simulator.providers.authorization.table import access_table

    return call.principal.owner or access_table(call.store).touches(call.principal.object_id, scope)


def check(store: Store, principal: Principal, call: Call) -> None:
    """Raise 403 when neither a role grants the action nor the owner asks, or when a deny assignment refuses it."""
    from azlabs.simulator.providers.authorization.table import access_table

    action = action_of(call)
    if action.lower() in OPEN:
        return
    scope = call.path()
    if action.lower() in FILTERED and len(call.route.segments) == 3 and knows(call, scope.rpartition("/")[0]):
        return
    decision = access_table(store).can(principal.object_id, action, scope)
    if decision.denied_by is not None:
        raise Refused(
            403,
            "DenyAssignmentAuthorizationFailed",
            f"{_client(principal)} has permission to perform action '{action}' on scope '{scope}'; however, the access is denied "
            f"because of the deny assignment with name '{decision.denied_by.id.rpartition('/')[2]}' and Id "
            f"'{decision.denied_by.id.rpartition('/')[2].replace('-', '')}' at scope '{decision.denied_by.scope}'.",
        )
    if decision.allowed or principal.owner:
        return
    if decision.allowed is None:
        raise not_modelled("conditions of role assignments")
    raise Refused(
        403,
        "AuthorizationFailed",
        f"{_client(principal)} does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. "
        "If access was recently granted, please refresh your credentials.",
    )


def _client(principal: Principal) -> str:
    name = principal.name if principal.kind == "User" else principal.app_id or principal.object_id
    return f"The client '{name or principal.object_id}' with object id '{principal.object_id}'"
