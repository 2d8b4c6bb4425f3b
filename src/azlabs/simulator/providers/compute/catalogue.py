"""What Azure offers: sizes of machines, skus with their capabilities, documents of run commands, operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.compute import sizes
from azlabs.simulator.providers.compute.performance import SKUS
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.locations import normalized, regions
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

Body = dict[str, Any]
LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
RUN_COMMANDS: tuple[tuple[str, str, str, str], ...] = (
    ("RunShellScript", "Linux", "Executes a Linux shell script", "Custom multiline shell script should be defined in script property."),
    ("ifconfig", "Linux", "List network configuration", "Get the configuration of all network interfaces."),
    ("RunPowerShellScript", "Windows", "Executes a PowerShell script",
     "Custom multiline PowerShell script should be defined in script property."),
    ("IPConfig", "Windows", "List IP configuration", "Shows detailed information for the IP address, subnet mask and default gateway."),
    ("EnableRemotePS", "Windows", "Enable remote PowerShell", "Configures the machine to enable remote PowerShell."),
    ("RDPSettings", "Windows", "Verify RDP Listener Settings", "Checks registry settings and domain policy settings."),
)  # fmt: skip


def _region(call: Call) -> str:
    location = normalized(call.values["location"])
    if location not in regions():
        refuse("NoRegisteredProviderFound", f"No registered resource provider found for location '{call.values['location']}'.")
    return location


def vm_sizes(call: Call) -> Body:
    """Sizes of a region."""
    _region(call)
    return {"value": [size.listed() for size in sizes.sizes().values()]}


def _capabilities(size: sizes.Size) -> list[Body]:
    facts = {
        "MaxResourceVolumeMB": size.temporary, "OSVhdSizeMB": sizes.OS_DISK_MB, "vCPUs": size.cores,
        "MemoryPreservingMaintenanceSupported": True, "HyperVGenerations": size.generations, "MemoryGB": f"{size.memory / 1024:g}",
        "MaxDataDiskCount": size.disks, "CpuArchitectureType": "Arm64" if "ps_" in size.name else "x64",
        "LowPriorityCapable": not size.name.startswith("Standard_B"), "PremiumIO": size.premium, "VMDeploymentTypes": "IaaS",
        "vCPUsAvailable": size.cores, "vCPUsPerCore": size.per_core, "EphemeralOSDiskSupported": size.temporary > 0 and size.premium,
        "EncryptionAtHostSupported": size.premium, "AcceleratedNetworkingEnabled": size.cores > 1, "RdmaEnabled": False,
        "MaxNetworkInterfaces": max(2, min(8, size.cores)),
    }  # fmt: skip
    return [{"name": name, "value": str(value)} for name, value in facts.items()]


def skus(call: Call) -> Body:
    """Skus of machines and disks, `$filter=location eq 'westus'`; without one, of every region."""
    wanted = re.fullmatch(r"\s*location\s+eq\s+'([^']*)'\s*", call.query.get("$filter", ""), re.I)
    if "$filter" in call.query and wanted is None:
        refuse("InvalidFilter", f"The filter '{call.query['$filter']}' is not supported; use location eq '<region>'.")
    places = [normalized(wanted[1])] if wanted else sorted(regions())
    items = []
    for place in places:
        if place not in regions():
            continue
        where: Body = {
            "locations": [place], "locationInfo": [{"location": place, "zones": sizes.zones(place), "zoneDetails": []}],
            "restrictions": [],
        }  # fmt: skip
        for name in ("Classic", "Aligned"):
            items.append({"resourceType": "availabilitySets", "name": name, **where,
                          "capabilities": [{"name": "MaximumPlatformFaultDomainCount", "value": "3"}]})  # fmt: skip
        for size in sizes.sizes().values():
            items.append({
                "resourceType": "virtualMachines", "name": size.name, "tier": "Standard", "size": size.name.partition("_")[2],
                "family": size.family, **where, "capabilities": _capabilities(size),
            })  # fmt: skip
        items.extend({"resourceType": "disks", "name": name, "tier": tier, **where} for name, tier in SKUS.items())
    return {"value": items}


def _command(row: tuple[str, str, str, str]) -> Body:
    name, os, label, words = row
    return {"$schema": "http://schema.management.azure.com/schemas/2016-11-17/runcommands.json", "id": name, "osType": os,
            "label": label, "description": words}  # fmt: skip


def run_commands(call: Call) -> Body:
    """Documents of commands that a machine can be asked to run."""
    _region(call)
    return {"value": [_command(row) for row in RUN_COMMANDS]}


def run_command(call: Call) -> Body:
    found = next((row for row in RUN_COMMANDS if row[0].lower() == call.values["command"].lower()), None)
    if found is None:
        refuse("NotFound", f"The entity {call.values['command']} was not found.", status=404)
    return {**_command(found), "script": [], "parameters": []}


OPERATIONS = ("read", "write", "delete")
RESOURCES = (
    "availabilitySets", "disks", "galleries", "images", "proximityPlacementGroups", "snapshots", "virtualMachines",
    "virtualMachineScaleSets",
)  # fmt: skip


def operations(_call: Call) -> Body:
    """Operations that roles may name."""
    return {
        "value": [
            {
                "name": f"Microsoft.Compute/{resource}/{verb}",
                "display": {"provider": "Microsoft Compute", "resource": resource, "operation": f"{verb.capitalize()} {resource}",
                            "description": f"{verb.capitalize()} {resource}"},
            }
            for resource in RESOURCES
            for verb in OPERATIONS
        ]
    }  # fmt: skip


ENDPOINTS = [
    Endpoint("GET", LOCATION + "/vmSizes", vm_sizes),
    Endpoint("GET", LOCATION + "/runCommands", run_commands),
    Endpoint("GET", LOCATION + "/runCommands/{command}", run_command),
    Endpoint("GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/skus", skus, api_versions=("2021-07-01",)),
    Endpoint("GET", "/providers/Microsoft.Compute/operations", operations),
]
