"""Public addresses and prefixes of them."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network import addresses
from azlabs.simulator.providers.network.base import BY_LOCATION, NetworkType, properties, reference_id, updating
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, InUse, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
POOLS = {"IPv4": ipaddress.ip_network("20.64.0.0/10"), "IPv6": ipaddress.ip_network("2603:1030::/32")}
"""Where the simulator takes public addresses from: ranges that belong to Azure."""
SINGLE = {"IPv4": 32, "IPv6": 128}
IDLE_MINUTES = range(4, 31)
CONFIGURATIONS = (
    "properties.ipConfigurations[*].properties.publicIPAddress",
    "properties.frontendIPConfigurations[*].properties.publicIPAddress",
    "properties.managementIpConfiguration.properties.publicIPAddress",
)
SKUS = ("Basic", "Standard", "StandardV2")


class PublicIPAddresses(NetworkType):
    """One public address."""

    type = "Microsoft.Network/publicIPAddresses"
    members = frozenset({"sku", "zones", "extendedLocation"})
    guid = "properties.resourceGuid"
    creates, updates = updating(201, 1), updating(200, 1)
    defaults = {
        "sku": {"name": "Basic", "tier": "Regional"},
        "properties": {
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Dynamic",
            "idleTimeoutInMinutes": 4,
            "ipTags": [],
            "ddosSettings": {"protectionMode": "VirtualNetworkInherited"},
        },
    }
    members_since = {"sku.tier": "2020-05-01", "properties.ddosSettings": "2022-05-01"}
    choices = {
        "sku.name": SKUS,
        "sku.tier": ("Regional", "Global"),
        "properties.publicIPAddressVersion": ("IPv4", "IPv6"),
        "properties.publicIPAllocationMethod": ("Dynamic", "Static"),
    }
    read_only = ("properties.ipAddress", "properties.ipConfiguration", "properties.natGateway")
    references = (
        Reference("properties.publicIPPrefix", "Microsoft.Network/publicIPPrefixes", "NotFound", "Resource {id} not found.", 404),
        Reference("properties.ddosSettings.ddosProtectionPlan", "Microsoft.Network/ddosProtectionPlans"),
    )
    back_references = (
        BackReference("properties.ipConfiguration", CONFIGURATIONS, single=True),
        BackReference("properties.natGateway", "properties.publicIpAddresses[*]", single=True, holder=False),
    )
    in_use = InUse(
        "PublicIPAddressCannotBeDeleted",
        "Public IP address {id} can not be deleted since it is still allocated to resource {user}. In order to delete the "
        "public IP, disassociate/detach the Public IP address from the resource.  To learn how to do this, see "
        "aka.ms/deletepublicip.",
    )

    def fill(self, write: Write) -> None:
        """A static address stays; the name that Azure's DNS gives is label, location and domain."""
        mine = write.body["properties"]
        kept = write.old("properties.ipAddress")
        if kept:
            mine["ipAddress"] = kept
        settings = mine.get("dnsSettings")
        if isinstance(settings, dict) and settings.get("domainNameLabel"):
            settings["fqdn"] = f"{settings['domainNameLabel']}.{write.location}.cloudapp.azure.com"

    def validate(self, write: Write) -> None:
        """Standard is static; the SKU stays; timeouts are 4 to 30 minutes; a DNS label is taken once in a region."""
        mine = write.body["properties"]
        sku = write.get("sku.name")
        if sku != "Basic" and mine["publicIPAllocationMethod"] != "Static":
            refuse(
                "StandardAndStandardV2SkuPublicIPAddressesMustBeStatic",
                f"{sku} sku publicIp {write.id} must have AllocationMethod set to Static.",
            )
        if sku == "Basic" and write.get("sku.tier") == "Global":
            refuse(
                "GlobalPublicIPAddressNotSupportedForBasicPublicIpAddress",
                "Global publicIP addresses are only supported for standard SKU public IP addresses. Public IP address "
                f"{write.id} is not standard SKU.",
            )
        if write.before is not None and write.old("sku.name") not in (None, sku):
            refuse(
                "PublicIPAddressSkuCannotBeUpdated",
                f"Sku property is set at creation time and cannot be changed from {write.old('sku.name')} to {sku} on "
                f"resource update for resource {write.id}.",
            )
        minutes = mine["idleTimeoutInMinutes"]
        if type(minutes) is not int or minutes not in IDLE_MINUTES:
            refuse(
                "PublicIPIdleTimeoutOutOfRange",
                f"Idle timeout {minutes} of public IP address {write.id} is out of range. It must be between 4 and 30 minutes.",
            )
        self._check_label(write)
        self._allocate(write)

    def _check_label(self, write: Write) -> None:
        name = write.get("properties.dnsSettings.fqdn")
        if name is None or name == write.old("properties.dnsSettings.fqdn"):
            return
        for other in write.store.of_type(self.key):
            if other.key != write.key and properties(other.body).get("dnsSettings", {}).get("fqdn") == name:
                refuse("DnsRecordInUse", f"DNS record {name} is already used by another public IP.")

    def _allocate(self, write: Write) -> None:
        """Static addresses exist from the start; a dynamic one as long as somebody uses it."""
        mine = write.body["properties"]
        prefix = reference_id(mine.get("publicIPPrefix"))
        if prefix is not None and write.find(prefix) is None:
            return
        if mine["publicIPAllocationMethod"] == "Static" and "ipAddress" not in mine:
            mine["ipAddress"] = new_address(write, mine)

    def accepted(self, write: Write, shown: Body) -> None:
        """A new address is not known yet when the request is accepted."""
        if write.created:
            shown["properties"].pop("ipAddress", None)

    @action("ddosProtectionStatus", announce=BY_LOCATION)
    def ddos_status(self, _call: Call, body: Body) -> Body:
        """Is the address protected, and by which plan?"""
        mode = properties(body).get("ddosSettings", {}).get("protectionMode")
        return {
            "publicIpAddressId": body["id"],
            "publicIpAddress": properties(body).get("ipAddress"),
            "isWorkloadProtected": "True" if mode == "Enabled" else "False",
        }


class PublicIPPrefixes(NetworkType):
    """A run of public addresses."""

    type = "Microsoft.Network/publicIPPrefixes"
    members = frozenset({"sku", "zones", "extendedLocation"})
    guid = "properties.resourceGuid"
    creates, updates = updating(201, 3), updating(200, 3)
    defaults = {
        "sku": {"name": "Standard", "tier": "Regional"},
        "properties": {"publicIPAddressVersion": "IPv4", "ipTags": []},
    }
    choices = {"sku.name": SKUS, "sku.tier": ("Regional", "Global"), "properties.publicIPAddressVersion": ("IPv4", "IPv6")}
    required = ("properties.prefixLength",)
    read_only = ("properties.ipPrefix", "properties.publicIPAddresses", "properties.loadBalancerFrontendIpConfiguration")
    references = (Reference("properties.customIPPrefix", "Microsoft.Network/customIpPrefixes"),)
    back_references = (
        BackReference("properties.publicIPAddresses", "properties.publicIPPrefix", holder=False),
        BackReference("properties.natGateway", "properties.publicIpPrefixes[*]", single=True, holder=False),
    )
    in_use = InUse(
        "InUsePublicIPPrefixCannotBeDeleted",
        "Public IP prefix {id} is in use by {user} and cannot be deleted.",
    )

    def accepted(self, write: Write, shown: Body) -> None:
        """A new prefix is not known yet when the request is accepted."""
        if write.created:
            shown["properties"].pop("ipPrefix", None)

    def validate(self, write: Write) -> None:
        """The length is fixed at creation and within what Azure offers."""
        length, family = write.get("properties.prefixLength"), write.get("properties.publicIPAddressVersion")
        longest = SINGLE[family] - 1 if family == "IPv4" else 127
        if type(length) is not int or not (21 if family == "IPv4" else 124) <= length <= longest:
            refuse("InvalidPublicIPPrefixLength", f"Prefix length {length} of public IP prefix {write.id} is not supported.")
        if write.old("properties.prefixLength", length) != length:
            refuse("PublicIPPrefixLengthCannotBeChanged", f"Prefix length of public IP prefix {write.id} cannot be changed.")
        write.put("properties.ipPrefix", write.old("properties.ipPrefix") or _new_prefix(write, family, length))


def new_address(write: Write, mine: Body) -> str:
    """A public address that nobody has, out of the named prefix when there is one."""
    taken = {
        properties(row.body).get("ipAddress")
        for row in write.store.of_type("microsoft.network/publicipaddresses")
        if row.key != write.key
    }
    prefix = reference_id(mine.get("publicIPPrefix"))
    if prefix is not None:
        area = addresses.network(str(properties(write.find(prefix) or {}).get("ipPrefix", "")))
        found = next((str(one) for one in area or () if str(one) not in taken), None)
        if found is None:
            refuse("PublicIPPrefixHasNoFreeAddress", f"Public IP prefix {prefix} has no free IP address.")
        return found
    pool = POOLS[str(mine["publicIPAddressVersion"])]
    start = int.from_bytes(hashlib.sha256(write.key.encode()).digest()[:8])
    for step in range(pool.num_addresses):
        address = str(pool[(start + step) % pool.num_addresses])
        if address not in taken:
            return address
    raise AssertionError("the pool of public addresses is empty")


def _new_prefix(write: Write, family: str, length: int) -> str:
    taken = [str(properties(row.body).get("ipPrefix")) for row in write.store.of_type("microsoft.network/publicipprefixes")]
    pool, size = POOLS[family], 1 << (SINGLE[family] - length)
    start = int.from_bytes(hashlib.sha256(write.key.encode()).digest()[:8])
    for step in range(pool.num_addresses // size):
        first = pool[(start // size + step) * size % pool.num_addresses]
        prefix = f"{first}/{length}"
        if not any(addresses.overlap(prefix, other) for other in taken):
            return prefix
    raise AssertionError("the pool of public prefixes is empty")


def address_of(reader: Reader, public: str | None) -> str | None:
    """The address text of a public address by id."""
    found = properties(reader.find(public) or {}).get("ipAddress") if public else None
    return found if isinstance(found, str) else None
