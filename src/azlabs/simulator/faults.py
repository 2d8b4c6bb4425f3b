"""Latency, throttling and failures on demand; off by default.

    simulator.resource_manager.set_latency(real=True)     operations take as long as Azure states that they do
    simulator.resource_manager.faults.add(Fault("GET", "*/virtualNetworks/*", 429, "TooManyRequests", times=2, retry_after=1))

Durations pass on the simulator's clock: `simulator.clock.advance(seconds)` makes them pass at once.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass

from azlabs.simulator.resource_manager.errors import Refused

MINUTE = 60.0
# Durations that Microsoft's documentation states ("can take up to 45 minutes"), rounded to what is usual; seconds.
_STATED: Mapping[str, tuple[float, float]] = {
    # type: (create or update, delete)
    "microsoft.network/virtualnetworkgateways": (45 * MINUTE, 10 * MINUTE),
    "microsoft.network/applicationgateways": (6 * MINUTE, 3 * MINUTE),
    "microsoft.network/azurefirewalls": (10 * MINUTE, 5 * MINUTE),
    "microsoft.network/bastionhosts": (10 * MINUTE, 5 * MINUTE),
    "microsoft.network/expressroutecircuits": (5 * MINUTE, 5 * MINUTE),
    "microsoft.network/privateendpoints": (2 * MINUTE, MINUTE),
    "microsoft.network/virtualnetworks": (10.0, 10.0),
    "microsoft.network/networkinterfaces": (10.0, 10.0),
    "microsoft.network/publicipaddresses": (10.0, 10.0),
    "microsoft.network/networksecuritygroups": (10.0, 10.0),
    "microsoft.network/loadbalancers": (10.0, 10.0),
    "microsoft.resources/resourcegroups": (0.0, MINUTE),
    "microsoft.compute/virtualmachines": (1.5 * MINUTE, MINUTE),
    "microsoft.compute/disks": (10.0, 10.0),
    "microsoft.documentdb/databaseaccounts": (5 * MINUTE, 5 * MINUTE),
    "microsoft.servicebus/namespaces": (MINUTE, MINUTE),
    "microsoft.cognitiveservices/accounts": (30.0, 20.0),
    "microsoft.keyvault/vaults": (30.0, 10.0),
    "microsoft.storage/storageaccounts": (20.0, 10.0),
    "microsoft.operationalinsights/workspaces": (30.0, 20.0),
    "microsoft.insights/components": (15.0, 10.0),
    "microsoft.web/serverfarms": (15.0, 10.0),
    "microsoft.web/sites": (30.0, 20.0),
    "microsoft.recoveryservices/vaults": (30.0, 30.0),
}
REAL: Mapping[tuple[str, str], float] = {
    (kind, method): seconds
    for kind, (write, delete) in _STATED.items()
    for method, seconds in (("PUT", write), ("PATCH", write), ("DELETE", delete))
}
"""Seconds by (lower-case type, method); operations of other types are done at once."""


@dataclass(slots=True)
class Fault:
    """Requests that match fail with this status and code, `times` times. `path` is a shell pattern, compared without case."""

    method: str
    path: str
    status: int
    code: str
    message: str = "The simulator was told to fail this request."
    times: int = 1
    retry_after: float | None = None


class Faults:
    """The faults that are waiting to happen, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let requests fail from now on."""
        self.waiting.append(fault)

    def strike(self, method: str, path: str) -> None:
        """Raise the first fault that matches a request, and use it up."""
        for fault in self.waiting:
            if fault.method in ("*", method) and fnmatch.fnmatchcase(path.lower(), fault.path.lower()):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                headers = {}
                if fault.retry_after is not None:
                    headers = {"Retry-After": format(fault.retry_after, "g")}
                raise Refused(fault.status, fault.code, fault.message, headers=headers)
