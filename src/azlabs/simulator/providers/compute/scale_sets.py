"""Virtual machine scale sets and their extensions."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.compute import instances, sizes, usage
from azlabs.simulator.providers.compute.base import (
    ASYNC,
    MACHINE_GONE,
    ComputeType,
    id_of,
    invalid,
    missing,
    properties,
    unchangeable,
)
from azlabs.simulator.providers.compute.machine_profiles import (
    check_os,
    complete_applications,
    complete_os,
    complete_storage,
    size_of,
)
from azlabs.simulator.providers.compute.scale_set_actions import ScaleSetActions
from azlabs.simulator.providers.compute.sources import reference_of
from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

Body = dict[str, Any]
CARDS = "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[*].properties."
ADDRESSES = CARDS + "ipConfigurations[*].properties."
NOT_FOUND = ("NotFound", "Resource {id} not found.", 404)
NETWORK = (
    "InvalidResourceReference",
    "Resource {id} referenced by resource {source} was not found. Please make sure that the referenced resource exists, and that "
    "both resources are in the same region.",
)
ROLLING: Body = {
    "maxBatchInstancePercent": 20, "maxUnhealthyInstancePercent": 20, "maxUnhealthyUpgradedInstancePercent": 20,
    "pauseTimeBetweenBatches": "PT0S", "maxSurge": False, "rollbackFailedInstancesOnPolicyBreach": False,
}  # fmt: skip
FLEXIBLE_CARD: Body = {"auxiliaryMode": "None", "auxiliarySku": "None", "deleteOption": "Delete"}
PROFILE = "virtualMachineProfile"


class ScaleSets(ScaleSetActions):
    """Machines that are all alike."""

    type = "Microsoft.Compute/virtualMachineScaleSets"
    name_rule = NameRule(
        r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?", "InvalidParameter",
        "The entity name 'name' is invalid: scale set names have 1 to 64 letters, digits, periods, hyphens and underscores. Name: {name}",
    )  # fmt: skip
    members = frozenset({"sku", "identity", "zones", "plan", "extendedLocation"})
    counted_etag = True
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    updates = Announce(200, "Updating", headers=ASYNC)
    patched = Announce(200, "Updating", headers=ASYNC, polls=1)
    deletes = MACHINE_GONE
    read_only = ("properties.uniqueId", "properties.timeCreated")
    secret = ("properties.virtualMachineProfile.osProfile.adminPassword", "properties.virtualMachineProfile.osProfile.customData")
    choices = {
        "properties.orchestrationMode": ("Uniform", "Flexible"),
        "properties.upgradePolicy.mode": ("Manual", "Automatic", "Rolling"),
        "properties.virtualMachineProfile.storageProfile.osDisk.createOption": ("FromImage", "Attach", "Empty"),
        "properties.virtualMachineProfile.storageProfile.osDisk.caching": ("None", "ReadOnly", "ReadWrite"),
        "properties.virtualMachineProfile.priority": ("Regular", "Low", "Spot"),
        "properties.virtualMachineProfile.evictionPolicy": ("Deallocate", "Delete"),
    }
    choices_code = ("InvalidParameter", "The value '{value}' of parameter '{path}' is invalid. Allowed values: {allowed}.")
    members_since = {
        "etag": "2024-03-01",
        "properties.timeCreated": "2021-11-01",
        "properties.virtualMachineProfile.timeCreated": "2024-07-01",
        "properties.constrainedMaximumCapacity": "2022-03-01",
    }
    references = (
        Reference(ADDRESSES + "subnet", "Microsoft.Network/virtualNetworks/subnets", *NETWORK),
        Reference(CARDS + "networkSecurityGroup", "Microsoft.Network/networkSecurityGroups", *NETWORK),
        Reference(ADDRESSES + "loadBalancerBackendAddressPools[*]", "Microsoft.Network/loadBalancers/backendAddressPools", *NETWORK),
        Reference(ADDRESSES + "loadBalancerInboundNatPools[*]", "Microsoft.Network/loadBalancers/inboundNatPools", *NETWORK),
        Reference(
            ADDRESSES + "applicationGatewayBackendAddressPools[*]", "Microsoft.Network/applicationGateways/backendAddressPools", *NETWORK
        ),
        Reference(ADDRESSES + "applicationSecurityGroups[*]", "Microsoft.Network/applicationSecurityGroups", *NETWORK),
        Reference("properties.proximityPlacementGroup", "Microsoft.Compute/proximityPlacementGroups", *NOT_FOUND),
    )

    def fill(self, write: Write) -> None:
        """What the caller left open."""
        mine = write.body.setdefault("properties", {})
        if write.before is not None:
            _keep(mine, properties(write.before))
            for member in ("zones", "plan", "sku"):
                if member in write.before:
                    write.body.setdefault(member, paths.fresh(write.before[member]))
        mine["uniqueId"] = write.old("properties.uniqueId") or str(uuid.uuid4())
        mine["timeCreated"] = write.old("properties.timeCreated") or stamp(write.now)
        mine.setdefault("orchestrationMode", "Flexible" if write.api_version >= "2023-11-01" and PROFILE not in mine else "Uniform")
        flexible = mine["orchestrationMode"] == "Flexible"
        if flexible:
            mine.setdefault("singlePlacementGroup", False)
            mine.setdefault("platformFaultDomainCount", 1)
            mine.setdefault("constrainedMaximumCapacity", False)
            mine.setdefault("upgradePolicy", {}).setdefault("mode", "Manual")
        else:
            mine.setdefault("singlePlacementGroup", True)
            mine.setdefault("platformFaultDomainCount", 1 if write.body.get("zones") else 5)
            mine.setdefault("overprovision", True)
            mine.setdefault("doNotRunExtensionsOnOverprovisionedVMs", False)
            if not (mine.get("upgradePolicy") or {}).get("mode"):
                missing("upgradePolicy.mode")
        if mine["upgradePolicy"]["mode"] == "Rolling":
            paths.merge_under(mine["upgradePolicy"].setdefault("rollingUpgradePolicy", {}), ROLLING)
        sku = write.body.get("sku")
        if isinstance(sku, dict):
            sku.setdefault("tier", "Standard")
            sku["capacity"] = sku.get("capacity", 0)

    def validate(self, write: Write) -> None:
        """Size, count, machines; a set in use keeps what its machines were made with."""
        mine = write.body["properties"]
        flexible = mine["orchestrationMode"] == "Flexible"
        sku = write.body.get("sku") or {}
        profile = mine.get(PROFILE)
        if write.before is not None and mine["orchestrationMode"] != write.old("properties.orchestrationMode"):
            unchangeable("orchestrationMode")
        if profile is None:
            if not flexible:
                missing(PROFILE)
            return
        names = [str(sku.get("name"))]
        if names == ["Mix"] and mine.get("skuProfile"):
            names = [str(one.get("name")) for one in mine["skuProfile"].get("vmSizes") or []] or [""]
        size = next(iter([size_of(name, write.location, "sku.name") for name in names]))
        capacity = sku.get("capacity", 0)
        if type(capacity) is not int or not 0 <= capacity <= (1000 if not mine["singlePlacementGroup"] else 100):
            invalid(f"The capacity {capacity} is out of range.", "sku.capacity")
        if any(str(zone) not in sizes.zones(write.location) for zone in write.body.get("zones") or []):
            write.refuse("AvailabilityZoneNotSupported",
                         f"The zone(s) of scale set '{{name}}' are not supported in location '{write.location}'.")  # fmt: skip
        _complete_profile(write, profile, size, flexible=flexible)
        if not flexible:
            usage.check(write, write.subscription, write.location, write.key, size, capacity)

    def written(self, write: Write) -> None:
        """As many machines as the set is to have."""
        instances.match(write)

    def deleting(self, write: Write) -> None:
        """Its machines go with it; those of a flexible set are resources of their own."""
        if write.get("properties.orchestrationMode") == "Flexible":
            instances.delete_flexible(write)


def _keep(mine: Body, old: Body) -> None:
    """Under a new document, what the stored one says and the new one does not."""
    for member, value in old.items():
        mine.setdefault(member, paths.fresh(value))
    profile, before = mine.get(PROFILE), old.get(PROFILE)
    if isinstance(profile, dict) and isinstance(before, dict):
        for member, value in before.items():
            profile.setdefault(member, paths.fresh(value))
        storage = profile.get("storageProfile")
        if isinstance(storage, dict):
            storage.setdefault("imageReference", paths.fresh(before["storageProfile"].get("imageReference", {})))
            if not storage["imageReference"]:
                del storage["imageReference"]


def _complete_profile(write: Write, profile: Body, size: sizes.Size, *, flexible: bool) -> None:
    storage = profile.setdefault("storageProfile", {})
    source = reference_of(write, storage)
    if source is None and not storage.get("osDisk", {}).get("image"):
        missing("virtualMachineProfile.storageProfile.imageReference")
    listed = "dataDisks" in storage
    complete_storage(storage, source, size, delete_option="Delete" if flexible else None)
    storage.get("imageReference", {}).pop("exactVersion", None)
    if not storage["dataDisks"] and not listed:
        del storage["dataDisks"]
    if not flexible and "diskControllerType" in storage and not write.get("properties.virtualMachineProfile.securityProfile"):
        del storage["diskControllerType"]
    profile["timeCreated"] = write.old("properties.virtualMachineProfile.timeCreated") or stamp(write.now)
    system = storage["osDisk"].get("osType", "Linux")
    os = profile.get("osProfile")
    if os is None:
        if source is None or not source.specialized:
            missing("virtualMachineProfile.osProfile")
    else:
        complete_os(os, system, patches=flexible)
        if not os.get("computerNamePrefix"):
            os["computerNamePrefix"] = write.name[:9 if system == "Windows" else 58]
        secret = write.hidden.get("properties", {}).get(PROFILE, {}).get("osProfile", {})
        if write.created:
            check_os(write, os, {**os, **secret}, system, "virtualMachineProfile.")
            if system == "Windows" and len(os["computerNamePrefix"]) > 9:
                invalid("Windows computer name prefix cannot be more than 9 characters long.", "computerNamePrefix")
    complete_applications(profile)
    _complete_network(profile, write.api_version, flexible=flexible)
    for extension in (profile.get("extensionProfile") or {}).get("extensions") or []:
        extension.setdefault("properties", {}).setdefault("autoUpgradeMinorVersion", False)
        extension["properties"].pop("protectedSettings", None)
    if str(profile.get("priority", "")) == "Spot":
        profile.setdefault("evictionPolicy", "Deallocate")


def _complete_network(profile: Body, version: str, *, flexible: bool) -> None:
    network = profile.get("networkProfile") or {}
    cards = network.get("networkInterfaceConfigurations") or []
    if not cards:
        missing("networkProfile.networkInterfaceConfigurations")
    if flexible and not network.get("networkApiVersion"):
        missing("networkProfile.networkApiVersion")
    if len(cards) > 1 and sum(bool(properties(card).get("primary")) for card in cards) != 1:
        invalid("Exactly one network interface configuration must be the primary one.", "networkInterfaceConfigurations")
    for card in cards:
        mine = card.setdefault("properties", {})
        for member in ("primary", "enableAcceleratedNetworking", "enableIPForwarding"):
            if isinstance(mine.get(member), str):  # templates of tools write "true"
                mine[member] = mine[member].lower() == "true"
        mine.setdefault("primary", len(cards) == 1)
        if version < "2023":
            mine.setdefault("enableAcceleratedNetworking", False)
        mine.setdefault("disableTcpStateTracking", False)
        mine.setdefault("enableIPForwarding", False)
        mine.setdefault("dnsSettings", {}).setdefault("dnsServers", [])
        if flexible:
            paths.merge_under(mine, FLEXIBLE_CARD)
        addresses = mine.get("ipConfigurations") or []
        if not addresses:
            missing("networkInterfaceConfiguration.ipConfigurations")
        for address in addresses:
            inner = address.setdefault("properties", {})
            inner.setdefault("privateIPAddressVersion", "IPv4")
            if not id_of(inner.get("subnet")):
                missing("ipConfiguration.subnet.id")
            if flexible:
                inner.setdefault("applicationSecurityGroups", [])
                inner.setdefault("applicationGatewayBackendAddressPools", [])


class ScaleSetExtensions(ComputeType):
    """A program on every machine of a set; lives in the set's document too."""

    type = "Microsoft.Compute/virtualMachineScaleSets/extensions"
    part_of = "properties.virtualMachineProfile.extensionProfile.extensions"
    located = tagged = False
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    updates = patched = Announce(200, "Updating", headers=ASYNC, polls=1)
    deletes = MACHINE_GONE
    defaults = {"properties": {"autoUpgradeMinorVersion": False}}
    required = ("properties.publisher", "properties.type", "properties.typeHandlerVersion")
    required_code = ("InvalidParameter", "Required parameter '{path}' is missing (null).")

    def fill(self, write: Write) -> None:
        """Protected settings are for the machine only. Older versions always show settings."""
        if write.api_version < "2023":
            write.body["properties"].setdefault("settings", {})
        for member in ("protectedSettings", "protectedSettingsFromKeyVault"):
            write.body["properties"].pop(member, None)

    def shown(self, body: Body, reader: Reader) -> Body:
        """In the set's document an extension has a name and its properties, no more."""
        if getattr(reader, "kind", None) is not self:
            for member in ("id", "type"):
                body.pop(member, None)
            paths.drop(body, "properties.provisioningState")
        return body


class ScaleSetMachines(instances.MachineOfSetActions):
    """One machine of a set."""

    type = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
    members = frozenset({"sku", "identity", "zones", "plan", "instanceId", "resources"})
    methods = frozenset({"GET", "HEAD", "DELETE"})
    counted_etag = True
    members_since = {"etag": "2024-03-01", "properties.timeCreated": "2021-11-01"}
    not_found = ("NotFound", "The entity was not found in this Azure location.")
    deletes = MACHINE_GONE

    def deleting(self, write: Write) -> None:
        """Its disks go with it, and the set has one less."""
        instances.taken_away(write)

    def shown(self, body: Body, reader: Reader) -> Body:
        """How it runs, on demand."""
        return instances.shown(body, reader)


