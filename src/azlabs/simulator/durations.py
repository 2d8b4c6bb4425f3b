"""How long Azure says that operations take; off by default, `resource_manager.set_latency(real=True)` turns them on.

Durations pass on the simulator's clock: `simulator.clock.advance(seconds)` makes them pass at once.
"""

from __future__ import annotations

from collections.abc import Mapping

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
