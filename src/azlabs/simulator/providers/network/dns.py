"""Public DNS zones and their records."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network.base import BOTH
from azlabs.simulator.providers.network.dns_records import ZONE_NAMES, RecordSet, born_with, listed, records, single
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint, ResourceType, action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

ZONE = "Microsoft.Network/dnszones"
VERSION = "2023-07-01-preview"
LISTS = {
    "A": "ARecords", "AAAA": "AAAARecords", "CAA": "caaRecords", "DS": "DSRecords", "MX": "MXRecords",
    "NAPTR": "NAPTRRecords", "NS": "NSRecords", "PTR": "PTRRecords", "SRV": "SRVRecords", "TLSA": "TLSARecords",
    "TXT": "TXTRecords",
}  # fmt: skip
OPERATIONS = ("dnsOperationStatuses", "dnsOperationResults")
TARGETS = ("properties.targetResource", "properties.trafficManagementProfile")


class DnsZones(ResourceType):
    """A zone that the internet can ask."""

    type = ZONE
    name_rule = ZONE_NAMES
    located = True
    default_location = "global"
    etag = True
    state = None
    creates, updates = Announce(201), Announce(200)
    deletes = Announce(202, headers=BOTH, retry_after=3, body=False)
    operation_paths = OPERATIONS
    operation_body = "status"
    defaults = {
        "tags": {},
        "properties": {"maxNumberOfRecordSets": 10000, "maxNumberOfRecordsPerRecordSet": None, "zoneType": "Public"},
    }
    read_only = ("properties.nameServers", "properties.numberOfRecordSets")

    def fill(self, write: Write) -> None:
        """Four name servers of one of Azure's pools."""
        pool = int.from_bytes(hashlib.sha256(write.key.encode()).digest()[:2]) % 40 + 1
        write.body["properties"]["nameServers"] = write.old("properties.nameServers") or [
            f"ns{number}-{pool:02}.azure-dns.{domain}."
            for number, domain in enumerate(("com", "net", "org", "info"), start=1)
        ]

    def written(self, write: Write) -> None:
        """A new zone has its name servers and its start of authority."""
        if not write.created:
            return
        servers = write.get("properties.nameServers")
        born_with(write, "NS/@", VERSION, {"properties": {"TTL": 172800, "NSRecords": [{"nsdname": name} for name in servers]}})
        soa = {
            "email": "azuredns-hostmaster.microsoft.com", "expireTime": 2419200, "host": servers[0], "minimumTTL": 300,
            "refreshTime": 3600, "retryTime": 300, "serialNumber": 1,
        }  # fmt: skip
        born_with(write, "SOA/@", VERSION, {"properties": {"TTL": 3600, "SOARecord": soa}})

    def shown(self, body: Body, reader: Reader) -> Body:
        """How many record sets there are."""
        body["etag"] = str(body.get("etag", "")).removeprefix("W/").strip('"')
        body["properties"]["numberOfRecordSets"] = max(2, sum(1 for _ in records(reader, body["id"])))
        return body

    @action("recordsets", method="GET")
    def record_sets(self, call: Call, body: Body) -> Body:
        """Record sets of every type."""
        return listed(call, body)

    @action("all", method="GET")
    def all(self, call: Call, body: Body) -> Body:
        """Record sets of every type."""
        return listed(call, body)


class DnssecConfigs(ResourceType):
    """Signing of a zone."""

    type = f"{ZONE}/dnssecConfigs"
    located = tagged = False
    etag = True
    creates = Announce(201, "Creating")
    deletes = Announce(202, headers=BOTH, retry_after=3, body=False)
    operation_paths = OPERATIONS
    operation_body = "status"
    defaults = {"properties": {"signingKeys": []}}

    def handle(self, call: Call) -> Answer | None:
        """Clients turn signing on with an empty request."""
        if call.method == "PUT" and not call.raw:
            call.set_json({})
        return None


def references(call: Call) -> Body:
    """Which record sets point to these resources (alias records)."""
    wanted = [str(item.get("id", "")) for item in call.json().get("properties", {}).get("targetResources") or []]
    found = []
    for target in wanted:
        ids = [{"id": link.holder} for link in call.linked(target) if "/dnszones/" in link.source]
        if ids:
            found.append({"dnsResources": ids, "targetResource": {"id": target.lower()}})
    return {"properties": {"dnsResourceReferences": found}}


def _record_type(name: str) -> dict[str, Any]:
    from azlabs.simulator.resource_manager.resource_type import Reference

    return {
        "__doc__": f"{name} records of a public zone.",
        "type": f"{ZONE}/{name}",
        "defaults": {"properties": {"targetResource": {}, "trafficManagementProfile": {}}},
        "read_only": ("properties.fqdn",),
        "members_since": {"properties.trafficManagementProfile": "2023-07-01-preview"},
        "references": tuple(Reference(path) for path in TARGETS),
        **single(name),
        "several": LISTS.get(name),
    }


for _name in (*LISTS, "CNAME", "SOA"):
    type(f"Public{_name}", (RecordSet,), _record_type(_name))

ENDPOINTS = (
    Endpoint("POST", "/subscriptions/{subscription}/providers/Microsoft.Network/getDnsResourceReference", references),
)
