"""The lock gate: 409 ScopeLocked for what a management lock refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.rules.locks import Lock, blocking, message
from azlabs.simulator.resource_manager.calls import Call
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.gates import action_of

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write
    from azlabs.simulator.store import Store
    from azlabs.simulator.tokens import Principal

LOCKS = "microsoft.authorization/locks"
SUFFIX = "/providers/microsoft.authorization/locks/"


def locks(store: Store) -> list[Lock]:
    """Every lock of the store."""
    return [
        Lock(row.id, row.id[: row.key.rindex(SUFFIX)], str(row.body["properties"]["level"]))
        for row in store.of_type(LOCKS)
    ]


def check(store: Store, _principal: Principal, subject: Call | Write) -> None:
    """Raise 409 when a lock at the scope, above it or (for a delete) below it refuses."""
    call = subject if isinstance(subject, Call) else subject.call
    scope, action = call.path(), action_of(call)
    found = blocking(locks(store), action, scope)
    if found:
        raise Refused(409, "ScopeLocked", message(scope, action, found))
