"""Private DNS zones, their links to networks, and their records."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from azlabs.simulator.providers.network.base import BOTH
from azlabs.simulator.providers.network.dns_records import (
    ZONE_NAMES,
    RecordSet,
    born_with,
    listed,
    records,
    single,
)
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Reference, ResourceType, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

ZONE = "Microsoft.Network/privateDnsZones"
VERSION = "2018-09-01"
ACCEPTED = Announce(202, headers=BOTH, retry_after=30, body="{}", polls=1)
LISTS = {"A": "aRecords", "AAAA": "aaaaRecords", "MX": "mxRecords", "PTR": "ptrRecords", "SRV": "srvRecords", "TXT": "txtRecords"}
LIMITS = {
    "maxNumberOfRecordSets": 25000,
    "maxNumberOfVirtualNetworkLinks": 1000,
    "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
}
OPERATIONS = ("privateDnsOperationStatuses", "privateDnsOperationResults")


class _PrivateType(ResourceType):
    """Private DNS accepts writes with 202 and an empty object."""

    located = True
    default_location = "global"
    etag = True
    creates = updates = patched = ACCEPTED
    deletes = Announce(202, headers=BOTH, retry_after=30, body=False, lingers=True)
    operation_paths = OPERATIONS
    operation_body = "status"
    operation_running = 202


class PrivateDnsZones(_PrivateType):
    """A zone that only linked networks see."""

    type = ZONE
    name_rule = ZONE_NAMES
    defaults = {"properties": dict(LIMITS)}
    read_only = (*(f"properties.{name}" for name in LIMITS), "properties.internalId")
    members_since = {"properties.internalId": "2020-06-01"}

    def fill(self, write: Write) -> None:
        """An opaque id that never changes."""
        text = f"ImmutableZoneIdentity;{write.guid()};0"
        kept = write.old("properties.internalId")
        write.body["properties"]["internalId"] = kept or base64.b64encode(text.encode()).decode()

    def written(self, write: Write) -> None:
        """A new zone has its start of authority."""
        if write.created:
            soa = {
                "email": "azureprivatedns-host.microsoft.com", "expireTime": 2419200, "host": "azureprivatedns.net",
                "minimumTtl": 10, "refreshTime": 3600, "retryTime": 300, "serialNumber": 1,
            }  # fmt: skip
            born_with(write, "SOA/@", VERSION, {"properties": {"ttl": 3600, "soaRecord": soa}})

    def deleting(self, write: Write) -> None:
        """Links go first."""
        for key, kind in write.store.keys_below(write.key):
            if kind.endswith("/virtualnetworklinks"):
                name = (write.store.get(key) or write.resource).name  # type: ignore[union-attr]
                refuse(
                    "CannotDeleteResource",
                    "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
                    f"'{ZONE}/{write.name}/virtualNetworkLinks/{name}'. Please delete all nested resources before deleting "
                    "this resource.",
                    status=409,
                )

    def shown(self, body: Body, reader: Reader) -> Body:
        """Counters of records and links."""
        links = reader.store.at_scope(body["id"].lower(), f"{ZONE}/virtualNetworkLinks".lower())
        body["properties"].update(
            numberOfRecordSets=sum(1 for _ in records(reader, body["id"])),
            numberOfVirtualNetworkLinks=len(links),
            numberOfVirtualNetworkLinksWithRegistration=sum(
                bool(link.body["properties"].get("registrationEnabled")) for link in links
            ),
        )
        return body

    @action("ALL", method="GET")
    def all(self, call: Call, body: Body) -> Body:
        """Record sets of every type."""
        return listed(call, body)


class VirtualNetworkLinks(_PrivateType):
    """Lets a network resolve, and perhaps register, names of the zone."""

    type = f"{ZONE}/virtualNetworkLinks"
    defaults = {"properties": {"registrationEnabled": False}}
    required = ("properties.virtualNetwork",)
    choices = {"properties.resolutionPolicy": ("Default", "NxDomainRedirect")}
    members_since = {"properties.resolutionPolicy": "2024-06-01"}
    read_only = ("properties.virtualNetworkLinkState",)
    references = (Reference("properties.virtualNetwork", "Microsoft.Network/virtualNetworks"),)

    def fill(self, write: Write) -> None:
        """Zones of private link services say how they resolve what they do not hold."""
        mine = write.body["properties"]
        mine["virtualNetworkLinkState"] = "Completed"
        if write.id.split("/")[8].lower().startswith("privatelink."):
            mine.setdefault("resolutionPolicy", "Default")

    def validate(self, write: Write) -> None:
        """A network is linked once to a zone, and registers in one zone only."""
        target = str(write.get("properties.virtualNetwork.id")).lower()
        for row in write.store.of_type(self.key):
            other = row.body["properties"]
            if row.key == write.key or str(other["virtualNetwork"]["id"]).lower() != target:
                continue
            if row.scope == write.key.rpartition("/virtualnetworklinks/")[0]:
                refuse(
                    "Conflict",
                    f"A virtual network cannot be linked to a zone more than once. The virtual network {target} is already "
                    f"linked by {row.id}.",
                    status=409,
                )
            if other.get("registrationEnabled") and write.get("properties.registrationEnabled"):
                refuse(
                    "Conflict",
                    f"A virtual network can only be linked to one zone with registration enabled. {target} is linked by {row.id}.",
                    status=409,
                )


for _name in (*LISTS, "CNAME", "SOA"):
    type(
        f"Private{_name}",
        (RecordSet,),
        {
            "__doc__": f"{_name} records of a private zone.",
            "type": f"{ZONE}/{_name}",
            "state": None,
            "defaults": {"properties": {"isAutoRegistered": False}},
            "read_only": ("properties.fqdn", "properties.isAutoRegistered"),
            **single(_name),
            "several": LISTS.get(_name),
        },
    )
