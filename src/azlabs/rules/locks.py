"""How management locks refuse writes and deletes.

Source: Microsoft's documentation "Lock your resources to prevent unexpected changes". A lock counts for its scope and
for everything below; a delete is also refused when something below what is deleted carries a lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from azlabs.rules.access import ancestors, scope_key

Level = Literal["CanNotDelete", "ReadOnly"]

# What each level refuses. Reading POSTs such as listKeys are writes to a ReadOnly lock, as on Azure.
REFUSED: dict[str, frozenset[str]] = {
    "cannotdelete": frozenset({"delete"}),
    "readonly": frozenset({"delete", "write", "action"}),
}


@dataclass(frozen=True, slots=True)
class Lock:
    """`scope` is the id of what is locked: a subscription, a resource group, a resource."""

    id: str
    scope: str
    level: str


def operation_of(action: str) -> str:
    """delete, write, read or action: the last word of a control action."""
    return action.rsplit("/", 1)[-1].lower()


def blocking(locks: Iterable[Lock], action: str, scope: str) -> list[Lock]:
    """The locks that refuse this action at this scope; [] lets it through.

    Locks themselves may be written and deleted under a lock, else nobody could take one off.
    """
    operation = operation_of(action)
    if operation == "read" or "microsoft.authorization/locks/" in action.lower():
        return []
    above = set(ancestors(scope))
    below = scope_key(scope) + "/"
    found = []
    for lock in locks:
        if operation not in REFUSED.get(lock.level.lower(), ()):
            continue
        key = scope_key(lock.scope)
        if key in above or (operation == "delete" and key.startswith(below)):
            found.append(lock)
    return found


def message(scope: str, action: str, locks: Iterable[Lock]) -> str:
    """Azure's sentence for the error ScopeLocked."""
    operation = "delete" if operation_of(action) == "delete" else "write"
    scopes = ",".join(f"'{lock.scope}'" for lock in locks)
    return (
        f"The scope '{scope}' cannot perform {operation} operation because following scope(s) are locked: {scopes}. "
        "Please remove the lock and try again."
    )
