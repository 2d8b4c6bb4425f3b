"""Virtual machines and their extensions."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.compute import instance_views, machine_cards, machine_disks, sizes, usage
from azlabs.simulator.providers.compute.base import (
    ASYNC,
    MACHINE_GONE,
    VM_LINKS,
    ComputeType,
    absent,
    id_of,
    invalid,
    missing,
    not_allowed,
    properties,
    query_of,
    unchangeable,
)
from azlabs.simulator.providers.compute.machine_actions import MachineActions
from azlabs.simulator.providers.compute.machine_profiles import (
    check_computer_name,
    check_data_disks,
    check_os,
    complete_applications,
    complete_os,
    complete_storage,
    size_of,
)
from azlabs.simulator.providers.compute.sources import reference_of
from azlabs.simulator.resource_manager import paths, reads
from azlabs.simulator.resource_manager.resource_type import Announce, NameRule, Reference

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
NOT_FOUND = ("NotFound", "Resource {id} not found.", 404)
KEPT = ("hardwareProfile", "osProfile", "networkProfile", "storageProfile")
FIXED = (
    "osProfile.adminUsername", "osProfile.computerName", "availabilitySet.id", "virtualMachineScaleSet.id",
    "storageProfile.imageReference", "priority",
)  # fmt: skip
"""Members that a machine has for good."""


class VirtualMachines(MachineActions):
    """A virtual machine."""

    type = "Microsoft.Compute/virtualMachines"
    name_rule = NameRule(
        r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9_-])?", "InvalidParameter",
        "The entity name 'name' is invalid according to its validation rule: virtual machine names have 1 to 64 letters, digits, "
        "periods, hyphens and underscores. Name: {name}",
    )  # fmt: skip
    members = frozenset({"identity", "zones", "plan", "extendedLocation"})
    counted_etag = True
    gone_words = "The entity was not found in this Azure location."
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    updates = patched = Announce(200, "Updating", headers=ASYNC, polls=1)
    deletes = MACHINE_GONE
    required = ("properties.storageProfile",)
    required_code = ("InvalidParameter", "Required parameter 'storageProfile' is missing (null).")
    read_only = ("resources", "properties.vmId", "properties.timeCreated", "properties.instanceView", "instanceId")
    secret = ("properties.osProfile.adminPassword", "properties.osProfile.customData")
    choices = {
        "properties.priority": ("Regular", "Low", "Spot"),
        "properties.evictionPolicy": ("Deallocate", "Delete"),
        "properties.storageProfile.osDisk.createOption": ("FromImage", "Attach", "Empty", "Restore"),
        "properties.storageProfile.osDisk.caching": ("None", "ReadOnly", "ReadWrite"),
        "properties.storageProfile.osDisk.osType": ("Windows", "Linux"),
        "properties.storageProfile.osDisk.deleteOption": ("Delete", "Detach"),
        "properties.storageProfile.dataDisks[*].createOption": ("FromImage", "Attach", "Empty", "Copy", "Restore"),
        "properties.storageProfile.dataDisks[*].caching": ("None", "ReadOnly", "ReadWrite"),
        "properties.storageProfile.dataDisks[*].deleteOption": ("Delete", "Detach"),
        "properties.networkProfile.networkInterfaces[*].properties.deleteOption": ("Delete", "Detach"),
        "properties.securityProfile.securityType": ("Standard", "TrustedLaunch", "ConfidentialVM"),
    }
    choices_code = ("InvalidParameter", "The value '{value}' of parameter '{path}' is invalid. Allowed values: {allowed}.")
    members_since = {
        "etag": "2024-03-01",
        "properties.timeCreated": "2021-11-01",
        "properties.storageProfile.osDisk.deleteOption": "2021-03-01",
        "properties.storageProfile.diskControllerType": "2022-08-01",
        "properties.osProfile.linuxConfiguration.patchSettings": "2020-12-01",
        "properties.osProfile.windowsConfiguration.patchSettings": "2020-06-01",
        "properties.osProfile.linuxConfiguration.patchSettings.assessmentMode": "2021-03-01",
        "properties.osProfile.windowsConfiguration.patchSettings.assessmentMode": "2021-03-01",
        "properties.osProfile.requireGuestProvisionSignal": "2019-03-01",
    }
    references = (
        Reference(machine_cards.CARDS, "Microsoft.Network/networkInterfaces", *NOT_FOUND),
        *(Reference(path, "Microsoft.Compute/disks", *NOT_FOUND) for path in VM_LINKS),
        Reference("properties.availabilitySet", "Microsoft.Compute/availabilitySets", *NOT_FOUND),
        Reference("properties.proximityPlacementGroup", "Microsoft.Compute/proximityPlacementGroups", *NOT_FOUND),
        Reference("properties.virtualMachineScaleSet", "Microsoft.Compute/virtualMachineScaleSets", *NOT_FOUND),
        Reference("properties.capacityReservation.capacityReservationGroup", "Microsoft.Compute/capacityReservationGroups", *NOT_FOUND),
        Reference("properties.host", "Microsoft.Compute/hostGroups/hosts", *NOT_FOUND),
    )

    def fill(self, write: Write) -> None:
        """What the caller left open, or leaves as it is."""
        write.request = paths.fresh(write.request)  # the first answer needs it as it was
        mine = write.body["properties"]
        if write.before is not None:
            old = properties(write.before)
            for member in KEPT:
                if member in old and member not in mine:
                    mine[member] = paths.fresh(old[member])
            machine_disks.keep(mine["storageProfile"], paths.fresh(old["storageProfile"]))
            for member in ("zones", "plan"):
                if member in write.before:
                    write.body.setdefault(member, write.before[member])
        mine["vmId"] = write.old("properties.vmId") or str(uuid.uuid4())
        mine["timeCreated"] = write.old("properties.timeCreated") or stamp(write.now)
        if str(mine.get("priority", "")) in ("Spot", "Low"):
            mine.setdefault("evictionPolicy", "Deallocate")

    def validate(self, write: Write) -> None:
        """Size, place, system, disks and interfaces; then the disks that come with the machine are made."""
        mine = write.body["properties"]
        size = size_of(mine.get("hardwareProfile", {}).get("vmSize"), write.location)
        machine_cards.check(write, mine)
        _check_place(write, mine)
        source = reference_of(write, mine["storageProfile"])
        if write.created and source is None and "vhd" not in (mine["storageProfile"].get("osDisk") or {}):
            missing("storageProfile.imageReference")
        if write.created and source is not None and (mine["storageProfile"].get("osDisk") or {}).get("createOption") != "Attach":
            taken = {disk.get("lun") for disk in mine["storageProfile"].get("dataDisks") or []}
            mine["storageProfile"].setdefault("dataDisks", []).extend(
                {"lun": disk["lun"], "createOption": "FromImage", "diskSizeGB": disk.get("diskSizeGB")}
                for disk in source.data_disks
                if disk["lun"] not in taken
            )
        complete_storage(mine["storageProfile"], source, size)
        complete_applications(mine)
        system = mine["storageProfile"]["osDisk"].get("osType", "")
        _check_system(write, mine, system, specialized=source is not None and source.specialized)
        check_data_disks(write, mine["storageProfile"]["dataDisks"], size)
        _check_changes(write, mine)
        other_size = size.name.lower() != str(write.old("properties.hardwareProfile.vmSize", "")).lower()
        if other_size and write.hidden.get("powerState") != "deallocated":
            usage.check(write, write.subscription, write.location, write.key, size)
        if source is not None:
            write.hidden["generation"] = source.generation
        machine_disks.settle(write, mine["storageProfile"], source)
        machine_cards.make(write, mine)

    def accepted(self, write: Write, shown: Body) -> None:
        """Disks get their names only while the machine is made."""
        if not write.created:
            return
        asked = properties(write.request).get("storageProfile", {})
        storage = shown["properties"]["storageProfile"]
        named = {disk.get("lun"): disk for disk in asked.get("dataDisks") or []}
        for disk, request in [(storage["osDisk"], asked.get("osDisk") or {}),
                              *((disk, named.get(disk["lun"], {})) for disk in storage["dataDisks"])]:  # fmt: skip
            if "name" not in request:
                disk.pop("name", None)
            if not id_of(request.get("managedDisk")):
                disk.get("managedDisk", {}).pop("id", None)

    def deleting(self, write: Write) -> None:
        """What is to go with it goes first."""
        machine_disks.delete_with(write)

    def shown(self, body: Body, reader: Reader) -> Body:
        """Its extensions, and on demand how it runs. What lies on no host has no size or kind to tell."""
        row = reader.store.get(body["id"].lower())
        if row is None:
            return body
        mine = body["properties"]
        query = query_of(reader)
        extensions = reader.store.at_scope(row.key, instance_views.EXTENSION)
        if extensions:
            body["resources"] = [one.copy() for one in extensions]
        if query.get("$expand", "").lower() == "instanceview" or query.get("statusonly", "").lower() == "true":
            mine["instanceView"] = instance_views.view(reader, row, mine)
        if instance_views.power_state(row) == "deallocated":
            storage = mine["storageProfile"]
            for disk in [storage["osDisk"], *storage["dataDisks"]]:
                if "vhd" not in disk:
                    disk.pop("diskSizeGB", None)
                    disk.get("managedDisk", {}).pop("storageAccountType", None)
        return body

    def handle(self, call: Call) -> Answer | None:
        """Lists of the machines of one scale set."""
        text = call.query.get("$filter")
        if call.method != "GET" or text is None or len(call.route.names) == len(call.route.types):
            return super().handle(call)
        left, _, right = text.partition(" eq ")
        if left.strip().strip("'").lower() != "virtualmachinescaleset/id":
            invalid(f"The filter '{text}' is not supported.", "$filter")
        import json

        wanted = right.strip().strip("'").lower()
        found = json.loads(reads.collection(call, self).body)
        chosen = [one for one in found["value"] if id_of(one["properties"].get("virtualMachineScaleSet")).lower() == wanted]
        return json_answer({**found, "value": chosen})


def _check_place(write: Write, mine: Body) -> None:
    zones = write.body.get("zones") or []
    known = sizes.zones(write.location)
    if any(str(zone) not in known for zone in zones):
        write.refuse(
            "AvailabilityZoneNotSupported",
            f"The zone(s) '{','.join(map(str, zones))}' for resource 'Microsoft.Compute/virtualMachines/{{name}}' is not supported. The "
            f"supported zones for location '{write.location}' are '{','.join(known)}'",
        )
    if len(zones) > 1:
        invalid("A virtual machine can be in one zone only.", "zones")
    if zones and id_of(mine.get("availabilitySet")):
        invalid("Availability Zone and Availability Set cannot be specified together.", "availabilitySet")
    if write.before is not None and zones != (write.before.get("zones") or []):
        unchangeable("zones")
    members = id_of(mine.get("availabilitySet"))
    row = write.store.get(members.lower()) if members else None
    if row is not None:
        if row.location != write.location:
            invalid(f"Availability Set '{row.name}' is in location '{row.location}', the machine in '{write.location}'.", "availabilitySet")
        if write.created:
            others = [link for link in write.linked(members) if link.path == "properties.availabilitySet"]
            domains = properties(row.body)
            write.hidden["domain"] = [len(others) % domains["platformUpdateDomainCount"], len(others) % domains["platformFaultDomainCount"]]


def _check_system(write: Write, mine: Body, system: str, *, specialized: bool) -> None:
    """Accounts and names; a machine on an attached or specialized disk brings its own."""
    profile = mine.get("osProfile")
    if specialized or ("vhd" in mine["storageProfile"]["osDisk"] and profile is None):
        if profile is not None and write.created and mine["storageProfile"]["osDisk"]["createOption"] == "Attach":
            invalid("Parameter 'osProfile' is not allowed.", "osProfile")
        if profile is not None:
            complete_os(profile, system)
        return
    if profile is None:
        if write.created:
            missing("osProfile")
        return
    complete_os(profile, system)
    if write.created:
        check_computer_name(profile.get("computerName"), system)
        check_os(write, profile, {**profile, **write.hidden.get("properties", {}).get("osProfile", {})}, system)


def _check_changes(write: Write, mine: Body) -> None:
    if write.before is None:
        return
    old = properties(write.before)
    for path in FIXED:
        before, now = paths.get(old, path), paths.get(mine, path)
        if path.endswith(".id"):
            before, now = str(before or "").lower(), str(now or "").lower()
        if before != now and before not in (None, ""):
            unchangeable(path)
    if write.hidden.get("powerState", "running") == "running":
        before = {id_of(card).lower() for card in old.get("networkProfile", {}).get("networkInterfaces") or []}
        now = {id_of(card).lower() for card in mine.get("networkProfile", {}).get("networkInterfaces") or []}
        if before != now:
            write.refuse(
                "CannotAddOrRemoveNetworkInterfacesFromARunningVirtualMachine",
                "Secondary network interfaces cannot be added to or removed from a running virtual machine. Virtual machine: {id}.",
                409,
            )
        disks = [id_of(one["storageProfile"]["osDisk"].get("managedDisk")) for one in (old, mine)]
        if disks[0].lower() != disks[1].lower():
            if write.find(disks[1]) is None:
                raise absent(disks[1])
            not_allowed("The OS disk can be swapped only while the virtual machine is stopped or deallocated.")


class Extensions(ComputeType):
    """A program that the agent of a machine installs."""

    type = "Microsoft.Compute/virtualMachines/extensions"
    defaults = {"properties": {"autoUpgradeMinorVersion": False}}
    required = ("properties.publisher", "properties.type", "properties.typeHandlerVersion")
    required_code = ("InvalidParameter", "Required parameter '{path}' is missing (null).")
    secret = ("properties.protectedSettings", "properties.protectedSettingsFromKeyVault")
    read_only = ("properties.instanceView",)
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    updates = patched = Announce(200, "Updating", headers=ASYNC, polls=1)
    deletes = MACHINE_GONE

    def fill(self, write: Write) -> None:
        """Older versions always show settings."""
        if write.api_version < "2023":
            write.body["properties"].setdefault("settings", {})

    def validate(self, write: Write) -> None:
        """One extension of a type; only where extensions are allowed and something runs to install them."""
        machine = write.store.get(write.call.scope_key)
        if machine is None:
            return
        if properties(machine.body).get("osProfile", {}).get("allowExtensionOperations") is False:
            not_allowed("This operation cannot be performed when extension operations are disallowed. To allow, please ensure VM Agent is "
                        "installed on the VM and the osProfile.allowExtensionOperations property is true.")  # fmt: skip
        if instance_views.power_state(machine) != "running":
            not_allowed("Cannot modify extensions in the VM when the VM is not running.")
        for row in write.store.at_scope(machine.key, instance_views.EXTENSION):
            other = properties(row.body)
            if row.key != write.key and all(other.get(part) == write.get(f"properties.{part}") for part in ("publisher", "type")):
                write.refuse(
                    "BadRequest",
                    f"Multiple VMExtensions per handler not supported for OS type. VMExtension '{{name}}' with handler "
                    f"'{other['publisher']}.{other['type']}' already added or specified in input.",
                )

    def shown(self, body: Body, reader: Reader) -> Body:
        """On demand what the agent says of it."""
        if query_of(reader).get("$expand", "").lower() == "instanceview":
            mine = properties(body)
            body["properties"]["instanceView"] = {
                "name": body["name"], "type": f"{mine['publisher']}.{mine['type']}", "typeHandlerVersion": mine["typeHandlerVersion"],
                "statuses": [{**instance_views.succeeded(), "message": "Enable succeeded."}],
            }  # fmt: skip
        return body



