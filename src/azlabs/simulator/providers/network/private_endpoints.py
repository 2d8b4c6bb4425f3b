"""Private endpoints and the DNS zone groups that publish their addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network.base import (
    NetworkType,
    Part,
    SlowType,
    only_ids,
    properties,
    reference_id,
    same_region,
)
from azlabs.simulator.providers.network.private_names import names_of
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.resource_type import Body, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

ENDPOINT = "Microsoft.Network/privateEndpoints"
VERSION = "2024-05-01"
ZONE_VERSION = "2020-06-01"
RECORD_TTL = 10
CONNECTIONS = {
    "privateLinkServiceConnections": {"status": "Approved", "description": "Auto Approved", "actionsRequired": "None"},
    "manualPrivateLinkServiceConnections": {
        "status": "Pending", "description": "Awaiting Approval", "actionsRequired": "None",
    },
}  # fmt: skip
"""State of a new connection before the service has been asked: approved when the caller may, pending when somebody else
has to."""
APPROVED = {
    "microsoft.network": "Auto Approved", "microsoft.storage": "Auto-Approved", "microsoft.servicebus": "Auto-Approved",
    "microsoft.dbforpostgresql": "Auto-Approved", "microsoft.documentdb": "", "microsoft.keyvault": "", "microsoft.synapse": "",
}  # fmt: skip
"""How services describe what they have approved by themselves; most say "Auto-approved"."""
NO_ACTIONS = frozenset({"microsoft.dbforpostgresql", "microsoft.synapse"})
"""Services that leave the actions empty instead of naming none."""


class PrivateEndpoints(SlowType):
    """An address in a subnet that stands for a service."""

    type = ENDPOINT
    members = frozenset({"extendedLocation"})
    guid = "properties.resourceGuid"
    defaults = {
        "properties": {
            **{name: [] for name in CONNECTIONS},
            "customNetworkInterfaceName": "",
            "ipConfigurations": [],
            "ipVersionType": "IPv4",
        }
    }
    members_since = {
        "properties.customNetworkInterfaceName": "2021-03-01",
        "properties.ipConfigurations": "2021-03-01",
        "properties.ipVersionType": "2024-10-01",
    }
    read_only = ("properties.networkInterfaces", "properties.customDnsConfigs")
    references = (
        Reference("properties.subnet", "Microsoft.Network/virtualNetworks/subnets"),
        Reference("properties.networkInterfaces[*]", "Microsoft.Network/networkInterfaces"),
        *(Reference(f"properties.{name}[*].properties.privateLinkServiceId", must_exist=False) for name in CONNECTIONS),
    )

    def fill(self, write: Write) -> None:
        """The subnet is kept by id; nothing is published before the endpoint has addresses."""
        only_ids(write.body["properties"], "subnet")
        write.body["properties"].setdefault("customDnsConfigs", [])

    def validate(self, write: Write) -> None:
        """An endpoint names a subnet and a service; its interface is made with it."""
        mine = properties(write.body)
        same_region(write, "properties.subnet")
        subnet = reference_id(mine.get("subnet"))
        if subnet is None:
            refuse("SubnetReferenceRequired", f"Private endpoint {write.id} must reference a subnet.")
        if not any(mine[name] for name in CONNECTIONS):
            refuse(
                "PrivateLinkServiceConnectionsRequired",
                f"Private endpoint {write.id} must have at least one private link service connection.",
            )
        if not mine.get("networkInterfaces") and write.find(subnet) is not None:
            mine["networkInterfaces"] = [{"id": _interface(write, subnet, mine)}]
        if not write.store.at_scope(write.key, f"{ENDPOINT}/privateDnsZoneGroups".lower()):
            mine["customDnsConfigs"] = dns_configs(write, write.body)

    def accepted(self, write: Write, shown: Body) -> None:
        """Names of the service are known once the endpoint is there."""
        if not write.created:
            return
        shown["properties"]["customDnsConfigs"] = []
        for name, state in CONNECTIONS.items():
            for connection in shown["properties"].get(name) or []:
                connection["properties"]["privateLinkServiceConnectionState"] = dict(state)

    def deleting(self, write: Write) -> None:
        """Records and the interface go with the endpoint."""
        for group in write.store.at_scope(write.key, f"{ENDPOINT}/privateDnsZoneGroups".lower()):
            forget(write, group.body)
        write.store.set_links(write.key, [])
        for item in properties(write.body).get("networkInterfaces") or []:
            write.call.internal("DELETE", item["id"], VERSION)


def _interface(write: Write, subnet: str, mine: Body) -> str:
    """Make the interface of a new endpoint; its id."""
    group = write.id.partition("/providers/")[0]
    name = mine.get("customNetworkInterfaceName") or f"{write.name}.nic.{write.guid()}"
    id = f"{group}/providers/Microsoft.Network/networkInterfaces/{name}"
    configuration: Body = {"name": f"privateEndpointIpConfig.{write.guid()}", "properties": {"subnet": {"id": subnet}}}
    asked = next((properties(item).get("privateIPAddress") for item in mine.get("ipConfigurations") or []), None)
    if asked:
        configuration["properties"].update(privateIPAllocationMethod="Static", privateIPAddress=asked)
    body: Body = {"location": write.location, "properties": {"ipConfigurations": [configuration]}}
    answer = write.call.internal("PUT", id, VERSION, body)
    if answer.status >= 300:
        error = answer.json().get("error", {})
        raise Refused(answer.status, error.get("code", "InvalidResourceReference"), error.get("message", ""))
    row = write.store.get(id.lower())
    if row is not None:
        body = row.copy()
        body["properties"]["privateEndpoint"] = {"id": write.id}
        row.body = body
        write.store.update(row)
    return id


def dns_configs(reader: Reader, endpoint: Body) -> list[Body]:
    """Names of the service behind an endpoint with the endpoint's addresses."""
    mine = properties(endpoint)
    addresses = []
    for item in mine.get("networkInterfaces") or []:
        found = properties(reader.find(item["id"]) or {}).get("ipConfigurations") or []
        addresses += [properties(one).get("privateIPAddress") for one in found]
    return [
        {"fqdn": name, "ipAddresses": addresses}
        for connection in mine.get("privateLinkServiceConnections") or []
        for name in names_of(
            str(properties(connection).get("privateLinkServiceId")), properties(connection).get("groupIds") or []
        )
    ]


def _state(status: str, service: str) -> Body:
    """The state of a new connection to a service, in the service's words."""
    namespace = service.lower().rpartition("/providers/")[2].partition("/")[0]
    description = APPROVED.get(namespace, "Auto-approved") if status == "Approved" else ""
    return {"status": status, "description": description, "actionsRequired": "" if namespace in NO_ACTIONS else "None"}


def _connection(name: str, status: str) -> None:
    def fill(self: Part, write: Write) -> None:  # noqa: ARG001
        mine = write.body.setdefault("properties", {})
        service = str(mine.get("privateLinkServiceId", ""))
        old = write.old("properties.privateLinkServiceConnectionState")
        mine["privateLinkServiceConnectionState"] = old or _state(status, service)
        row = write.store.get(service.lower())
        if row is not None and row.location and row.type == "microsoft.network/applicationgateways":
            mine["resolvedPrivateLinkServiceLocation"] = row.location

    attributes: dict[str, Any] = {
        "__doc__": "A connection of an endpoint to a service.",
        "type": f"{ENDPOINT}/{name}",
        "part_of": f"properties.{name}",
        "state_follows": False,
        "fill": fill,
    }
    type(name[0].upper() + name[1:], (Part,), attributes)


for _name, _new in CONNECTIONS.items():
    _connection(_name, _new["status"])


class PrivateDnsZoneGroups(NetworkType):
    """Zones that hold the names of an endpoint."""

    type = f"{ENDPOINT}/privateDnsZoneGroups"
    located = tagged = False
    defaults = {"properties": {"privateDnsZoneConfigs": []}}
    references = (
        Reference("properties.privateDnsZoneConfigs[*].properties.privateDnsZoneId", "Microsoft.Network/privateDnsZones"),
    )

    def written(self, write: Write) -> None:
        """The endpoint's names become records of the zones, and are no longer shown at the endpoint."""
        parent = write.store.get(write.key.rpartition("/privatednszonegroups/")[0])
        if parent is None:
            return
        for config in properties(write.body)["privateDnsZoneConfigs"]:
            for record in properties(config)["recordSets"]:
                body = {"properties": {"ttl": RECORD_TTL, "aRecords": [{"ipv4Address": one} for one in record["ipAddresses"]]}}
                zone = properties(config)["privateDnsZoneId"]
                write.call.internal("PUT", f"{zone}/A/{record['recordSetName']}", ZONE_VERSION, body)
        body = parent.copy()
        body["properties"]["customDnsConfigs"] = []
        parent.body = body
        write.store.update(parent)

    def deleting(self, write: Write) -> None:
        """The records go, the endpoint shows its names again."""
        forget(write, write.body)
        parent = write.store.get(write.key.rpartition("/privatednszonegroups/")[0])
        if parent is not None:
            body = parent.copy()
            body["properties"]["customDnsConfigs"] = dns_configs(write, body)
            parent.body = body
            write.store.update(parent)


class PrivateDnsZoneConfigs(Part):
    """One zone of a group, with the records that the endpoint has in it."""

    type = f"{ENDPOINT}/privateDnsZoneGroups/privateDnsZoneConfigs"
    part_of = "properties.privateDnsZoneConfigs"

    def fill(self, write: Write) -> None:
        """Names in the public zone of a service are repeated in its privatelink zone."""
        mine = write.body.setdefault("properties", {})
        zone = str(mine.get("privateDnsZoneId", "")).rpartition("/")[2].lower()
        endpoint = write.find("/".join(write.id.split("/")[:9])) or {}
        mine["recordSets"] = [
            {
                "recordType": "A",
                "recordSetName": config["fqdn"].removesuffix("." + zone.removeprefix("privatelink.")),
                "fqdn": config["fqdn"].removesuffix("." + zone.removeprefix("privatelink.")) + "." + zone,
                "ttl": RECORD_TTL,
                "provisioningState": "Succeeded",
                "ipAddresses": config["ipAddresses"],
            }
            for config in dns_configs(write, endpoint)
            if config["fqdn"].endswith("." + zone.removeprefix("privatelink."))
        ]


def forget(write: Write, group: Body) -> None:
    """Delete the records that a zone group made."""
    for config in properties(group).get("privateDnsZoneConfigs") or []:
        for record in properties(config).get("recordSets") or []:
            write.call.internal("DELETE", f"{properties(config)['privateDnsZoneId']}/A/{record['recordSetName']}", ZONE_VERSION)
