"""The gates that every request passes before its type is asked, in Azure's order: access, lock, policy.

(Authentication comes before, in `tokens`; validation, quota and the provider come after, in the type.)
A gate is a function `gate(store, principal, write)` that raises `Refused`, or changes `write.body` (policy's append and
modify). It is imported and called only when its facts exist, so that it costs nothing when there is nothing to check:
`when` names the types whose presence in the store switches it on.

The access gate sees every request (`Call`), lock and policy gates the `Change` that a request is about to make.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write
    from azlabs.simulator.store import Store
    from azlabs.simulator.tokens import Principal

READS = frozenset({"GET", "HEAD"})
READING_POSTS = frozenset({
    "microsoft.policyinsights/policystates/queryresults", "microsoft.policyinsights/policystates/summarize",
    "microsoft.policyinsights/remediations/listdeployments",
})  # fmt: skip
"""POSTs whose action Azure calls a read, so that a Reader may do them."""


@dataclass(frozen=True, slots=True)
class Gate:
    """`where`: "module:function", imported on first need. `stages`: "request" (any call), "write", "delete", "action".

    `others`: also on for every principal that is not the owner, whatever the store holds.
    """

    name: str
    where: str
    when: tuple[str, ...]
    stages: frozenset[str]
    others: bool = False


GATES: list[Gate] = [
    Gate(
        "registration",
        "azlabs.simulator.providers.resources.registrations:require_registration",
        ("microsoft.resources/unregistered",),
        frozenset({"write"}),
    ),
    Gate(
        "access", "azlabs.simulator.resource_manager.access_gate:check", ("microsoft.authorization/denyassignments",),
        frozenset({"request"}), others=True,
    ),
    Gate(
        "locks", "azlabs.simulator.resource_manager.lock_gate:check", ("microsoft.authorization/locks",),
        frozenset({"write", "delete", "action"}),
    ),
    Gate(
        "policy", "azlabs.simulator.resource_manager.policy_gate:check", ("microsoft.authorization/policyassignments",),
        frozenset({"write", "delete", "action"}),
    ),
]  # fmt: skip


class Gates:
    """Which gates are on, worked out again only when the store has changed in a way that matters."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watched = frozenset(kind for gate in GATES for kind in gate.when)
        self._external: int | None = None
        self._on: list[Gate] = []
        self._functions: dict[str, Callable[[Store, Principal, Any], None]] = {}

    def touched(self, type_key: str) -> None:
        """A resource of this type was written or deleted by this process."""
        if type_key in self._watched:
            self._external = None

    def forget(self) -> None:
        """Anything may have changed."""
        self._external = None

    def _refresh(self) -> None:
        external = self._store.generation()[1]
        if external != self._external:
            self._external = external
            self._on = [gate for gate in GATES if any(self._store.has_type(kind) for kind in gate.when)]

    def check(self, stage: str, principal: Principal, subject: Call | Write) -> None:
        """Pass the gates of a stage. Raises `Refused`."""
        self._refresh()
        if not self._on and principal.owner:
            return
        for gate in GATES:
            if stage in gate.stages and (gate in self._on or (gate.others and not principal.owner)):
                self._function(gate)(self._store, principal, subject)

    def _function(self, gate: Gate) -> Callable[[Store, Principal, Any], None]:
        function = self._functions.get(gate.name)
        if function is None:
            module, _, name = gate.where.partition(":")
            function = self._functions[gate.name] = getattr(importlib.import_module(module), name)
        return function


def action_of(call: Call) -> str:
    """The control-plane action that a request needs: "Microsoft.Network/virtualNetworks/subnets/write"."""
    route = call.route
    names = [route.namespace, *route.types]
    if call.method == "POST":
        return "/".join([*names, "read" if "/".join(names).lower() in READING_POSTS else "action"])
    if not route.namespace:
        names = ["Microsoft.Resources", "subscriptions" if route.subscription else "tenants"]
        if route.segments[2:]:
            names.append(route.segments[-1])
    elif route.namespace.lower() == "microsoft.resources" and [part.lower() for part in route.types[:1]] == [
        "resourcegroups"
    ]:
        names = ["Microsoft.Resources", "subscriptions", "resourceGroups"]
    verb = "read" if call.method in READS else "delete" if call.method == "DELETE" else "write"
    return "/".join([*names, verb])
