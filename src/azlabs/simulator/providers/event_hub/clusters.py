"""Dedicated clusters of Event Hubs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.messaging.base import BOTH, Body, bad
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Endpoint, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write


class Clusters(ResourceType):
    """Machines for one customer, on which namespaces may be put."""

    type = "Microsoft.EventHub/clusters"
    members = frozenset({"sku"})
    defaults = {"sku": {"name": "Dedicated", "capacity": 1}, "properties": {"supportsScaling": False}}
    choices = {"sku.name": ("Dedicated",)}
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    creates = Announce(202, "Creating", headers=BOTH)
    updates = patched = Announce(202, "Succeeded", headers=BOTH)
    deletes = Announce(202, headers=BOTH, body=False)
    operation_paths = ("operationStatus", "clusterOperationResults")
    operation_body = "named"
    operation_waiting = ("Running",)

    def fill(self, write: Write) -> None:
        """Units and times."""
        units = write.body["sku"]["capacity"]
        if type(units) is not int or not 1 <= units <= 10:
            bad("The capacity of a cluster has to be between 1 and 10 units.")
        mine = write.body["properties"]
        if units > 1 and not mine["supportsScaling"]:
            bad("A cluster that does not support scaling has a capacity of 1 unit.")
        if write.before is not None and write.old("properties.supportsScaling") != mine["supportsScaling"]:
            bad("The property supportsScaling of a cluster cannot be changed.")
        mine["createdAt"] = write.old("properties.createdAt") or stamp(write.now)
        mine["updatedAt"], mine["status"], mine["metricId"] = stamp(write.now), "Active", write.name

    def accepted(self, write: Write, shown: Body) -> None:
        """A new cluster is being made."""
        if write.before is None:
            shown["properties"]["status"], shown["properties"]["metricId"] = "Creating", ""


def namespaces(call: Call) -> Body:
    """The namespaces on a cluster."""
    key = call.path().lower().rpartition("/")[0]
    if not call.store.exists(key):
        raise Refused(404, "ResourceNotFound", f"The cluster {call.values['cluster']} was not found.")
    holders = {link.source for link in call.store.links_to(key)}
    rows = [row for row in map(call.store.get, sorted(holders)) if row is not None]
    return {"value": [{"id": row.id} for row in rows]}


ENDPOINTS = [
    Endpoint(
        "GET",
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.EventHub/clusters/{cluster}/namespaces",
        namespaces,
    )
]
