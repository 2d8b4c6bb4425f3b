"""Load balancers with their frontends, pools, rules and probes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network import public_use, usage
from azlabs.simulator.providers.network.base import (
    Child,
    NetworkType,
    Part,
    properties,
    reference_id,
    same_region,
    settled,
    updating,
)
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, BackReference, Body, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

BALANCER = "Microsoft.Network/loadBalancers"
READ = frozenset({"GET", "HEAD"})
FRONTEND, POOL, PROBE = "frontendIPConfigurations", "backendAddressPools", "probes"
RULES = ("loadBalancingRules", "inboundNatRules", "outboundRules", "inboundNatPools")
FLAGS: dict[str, Any] = {
    "enableFloatingIP": False, "enableTcpReset": False, "allowBackendPortConflict": False,
    "enableDestinationServiceEndpoint": False, "idleTimeoutInMinutes": 4,
}  # fmt: skip
LISTS = (FRONTEND, POOL, "loadBalancingRules", PROBE, "inboundNatRules", "outboundRules", "inboundNatPools")
INNER = (
    ("loadBalancingRules", "frontendIPConfiguration", FRONTEND),
    ("loadBalancingRules", "backendAddressPool", POOL),
    ("loadBalancingRules", "backendAddressPools[*]", POOL),
    ("loadBalancingRules", "probe", PROBE),
    ("inboundNatRules", "frontendIPConfiguration", FRONTEND),
    ("inboundNatRules", "backendAddressPool", POOL),
    ("outboundRules", "frontendIPConfigurations[*]", FRONTEND),
    ("outboundRules", "backendAddressPool", POOL),
    ("inboundNatPools", "frontendIPConfiguration", FRONTEND),
)
"""Which rule names which other part of the same load balancer: list, member, list of the target."""


TUNNEL_PORTS = {"Internal": 10800, "External": 10801}


def _asked_tunnels(write: Write) -> list[Body]:
    found = properties(write.call.json()).get("tunnelInterfaces")
    return [item if isinstance(item, dict) else {} for item in found] if isinstance(found, list) else []


def _path(holder: str, member: str) -> str:
    return f"properties.{holder}[*].properties.{member}"


def _used_by(target: str, *holders: str) -> tuple[BackReference, ...]:
    """Members of a part that list the rules which name it."""
    return tuple(
        BackReference(f"properties.{holder}", tuple(_path(one, member) for one, member, to in INNER if one == holder and to == target))
        for holder in holders
    )


class LoadBalancers(NetworkType):
    """Spreads flows over the machines of a pool."""

    type = BALANCER
    members = frozenset({"sku", "extendedLocation"})
    guid = "properties.resourceGuid"
    creates, updates = settled(201, 3), settled(200, 3)
    defaults = {"sku": {"name": "Basic", "tier": "Regional"}, "properties": {name: [] for name in LISTS}}
    members_since = {
        "sku.tier": "2020-05-01",
        "properties.outboundRules": "2018-07-01",
    }
    choices = {"sku.name": ("Basic", "Standard", "Gateway"), "sku.tier": ("Regional", "Global")}
    references = (
        Reference(_path(FRONTEND, "subnet"), "Microsoft.Network/virtualNetworks/subnets"),
        Reference(_path(FRONTEND, "publicIPAddress"), "Microsoft.Network/publicIPAddresses"),
        Reference(_path(FRONTEND, "publicIPPrefix"), "Microsoft.Network/publicIPPrefixes"),
        Reference(_path(FRONTEND, "gatewayLoadBalancer"), f"{BALANCER}/{FRONTEND}"),
        Reference(_path(POOL, "virtualNetwork"), "Microsoft.Network/virtualNetworks"),
        *(Reference(_path(holder, member), f"{BALANCER}/{target}") for holder, member, target in INNER),
    )

    def fill(self, write: Write) -> None:
        """A private address that is not asked for is dynamic; the sku stays."""
        if write.before is not None and "sku" not in write.request:
            write.body["sku"] = write.old("sku")

    def validate(self, write: Write) -> None:
        """Addresses of the frontends, and skus that go together."""
        same_region(write, _path(FRONTEND, "subnet"))
        fronts = properties(write.body)[FRONTEND]
        usage.assign(write, fronts, write.old(f"properties.{FRONTEND}") or [])
        public_use.check(write, fronts)
        sku = write.get("sku.name")
        if write.old("sku.name", sku) != sku:
            refuse(
                "LoadBalancerSkuCannotBeChanged",
                f"Sku of load balancer {write.id} is set at creation time and cannot be changed from {write.old('sku.name')} to {sku}.",
            )
        for front in fronts:
            public = write.find(reference_id(properties(front).get("publicIPAddress")) or "")
            if public is not None and public.get("sku", {}).get("name", "Basic").removesuffix("V2") != sku:
                refuse(
                    "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed",
                    f"{sku} sku load balancer {write.id} cannot reference {public.get('sku', {}).get('name')} sku publicIP "
                    f"{public['id']}.",
                )

    def announced(self, write: Write, announce: Announce) -> Announce:
        """What touches a virtual network takes time; the rest is done at once."""
        if any(_in_network(body) for body in (write.body, write.before or {})):
            return super().announced(write, replace(announce, state="Updating", parts_state="Updating"))
        return announce


def _in_network(body: Body) -> bool:
    mine = properties(body)
    return any("subnet" in properties(front) for front in mine.get(FRONTEND, [])) or any(
        "virtualNetwork" in properties(item) or "subnet" in properties(item)
        for pool in mine.get(POOL, [])
        for item in properties(pool).get("loadBalancerBackendAddresses", [])
    )


class Frontends(Child):
    """An address that clients use."""

    type = f"{BALANCER}/{FRONTEND}"
    part_of = f"properties.{FRONTEND}"
    methods = READ
    defaults = {"properties": {"privateIPAllocationMethod": "Dynamic"}}
    back_references = _used_by(FRONTEND, *RULES)

    def fill(self, write: Write) -> None:
        """Private frontends have a version."""
        if "subnet" in properties(write.body):
            write.body["properties"].setdefault("privateIPAddressVersion", "IPv4")


class BackendPools(Child):
    """Machines that take the flows."""

    type = f"{BALANCER}/{POOL}"
    part_of = f"properties.{POOL}"
    creates, updates = updating(201, 3), updating(200, 3)
    defaults = {"properties": {"loadBalancerBackendAddresses": []}}
    members_since = {"properties.loadBalancerBackendAddresses": "2020-05-01"}
    back_references = (
        BackReference(
            "properties.backendIPConfigurations", "properties.ipConfigurations[*].properties.loadBalancerBackendAddressPools[*]"
        ),
        *_used_by(POOL, "loadBalancingRules", "inboundNatRules", "outboundRules"),
    )

    def fill(self, write: Write) -> None:
        """Tunnels of a gateway load balancer."""
        for tunnel in properties(write.body).get("tunnelInterfaces") or []:
            tunnel.setdefault("port", TUNNEL_PORTS.get(tunnel.get("type"), 0))

    def accepted(self, write: Write, shown: Body) -> None:
        """Ports that were not asked for are chosen later."""
        for tunnel, asked in zip(properties(shown).get("tunnelInterfaces") or [], _asked_tunnels(write), strict=False):
            if "port" not in asked:
                tunnel["port"] = 0


class BackendAddresses(Part):
    """A machine of a pool by its address."""

    type = f"{BALANCER}/{POOL}/loadBalancerBackendAddresses"
    part_of = "properties.loadBalancerBackendAddresses"


class LoadBalancingRules(Child):
    """Which flows of a frontend go to which pool."""

    type = f"{BALANCER}/loadBalancingRules"
    part_of = "properties.loadBalancingRules"
    methods = READ
    defaults = {"properties": {**FLAGS, "loadDistribution": "Default", "disableOutboundSnat": False}}
    members_since = {"properties.disableOutboundSnat": "2020-05-01", "properties.backendAddressPools": "2020-11-01"}
    required = ("properties.protocol", "properties.frontendPort")
    choices = {"properties.protocol": ("Tcp", "Udp", "All", "Quic")}

    def fill(self, write: Write) -> None:
        """One pool may be named in the older way, several in the newer; the answer shows both."""
        mine = write.body["properties"]
        pool = mine.get("backendAddressPool")
        if pool and not mine.get("backendAddressPools"):
            mine["backendAddressPools"] = [pool]
        elif len(mine.get("backendAddressPools") or []) == 1 and not pool:
            mine["backendAddressPool"] = mine["backendAddressPools"][0]


class Probes(Child):
    """How a machine is found to be alive."""

    type = f"{BALANCER}/{PROBE}"
    part_of = f"properties.{PROBE}"
    methods = READ
    defaults = {"properties": {"intervalInSeconds": 15, "numberOfProbes": 2, "probeThreshold": 1}}
    members_since = {"properties.probeThreshold": "2021-08-01"}
    required = ("properties.protocol", "properties.port")
    choices = {"properties.protocol": ("Http", "Https", "Tcp")}
    back_references = _used_by(PROBE, "loadBalancingRules")


class InboundNatRules(Child):
    """A port of a frontend for one machine, or a range for a pool."""

    type = f"{BALANCER}/inboundNatRules"
    part_of = "properties.inboundNatRules"
    defaults = {"properties": {**FLAGS, "frontendPort": 0}}
    back_references = (
        BackReference(
            "properties.backendIPConfiguration",
            "properties.ipConfigurations[*].properties.loadBalancerInboundNatRules[*]",
            single=True,
        ),
    )


class OutboundRules(Child):
    """Addresses that a pool uses to reach the internet."""

    type = f"{BALANCER}/outboundRules"
    part_of = "properties.outboundRules"
    methods = READ
    defaults = {
        "properties": {
            "allocatedOutboundPorts": 0,
            "enableTcpReset": False,
            "idleTimeoutInMinutes": 4,
            "allocationPolicy": {"onDemandAllocation": False, "portReuse": "FirstAvailable"},
        }
    }
    members_since = {"properties.allocationPolicy": "2023-01-01"}


class InboundNatPools(Part):
    """Ports of a frontend for the machines of a scale set."""

    type = f"{BALANCER}/inboundNatPools"
    part_of = "properties.inboundNatPools"
    defaults = {"properties": FLAGS}
