"""The machines of scale sets: rows below a uniform set, virtual machines beside a flexible one."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer
from azlabs.simulator.providers.compute import instance_views, machine_disks
from azlabs.simulator.providers.compute.base import (
    ACCEPTED,
    ComputeType,
    hexadecimal,
    not_allowed,
    properties,
    query_of,
)
from azlabs.simulator.providers.compute.machine_actions import remember
from azlabs.simulator.providers.compute.sources import reference_of
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager import paths
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
MACHINES = "microsoft.compute/virtualmachinescalesets/virtualmachines"
SET_OF = "properties.virtualMachineScaleSet"
VM_VERSION = "2024-07-01"


def rows_of(reader: Reader, key: str) -> list[Resource]:
    """Machines below a uniform set."""
    return reader.store.at_scope(key, MACHINES)


def flexible_of(reader: Reader, id: str) -> list[Resource]:
    """Virtual machines that belong to a flexible set."""
    rows = [reader.store.get(link.source) for link in reader.linked(id) if link.path == SET_OF]
    return [row for row in rows if row is not None]


def match(write: Write) -> None:
    """Make or take away machines until the set has as many as its sku says; under an automatic policy all are brought up to date."""
    mine = write.body["properties"]
    capacity = int((write.body.get("sku") or {}).get("capacity") or 0)
    if "virtualMachineProfile" not in mine:
        return
    if mine["orchestrationMode"] == "Flexible":
        _match_flexible(write, capacity)
        return
    rows = rows_of(write, write.key)
    model = _model(write.body)
    changed = write.before is not None and _model(write.before) != model
    for row in rows:
        if changed:
            stored = row.copy()
            stored["properties"]["latestModelApplied"] = False
            row.body = stored
            write.store.update(row)
            if mine["upgradePolicy"]["mode"] != "Manual":
                upgrade(write.call, row, write.body)
    for _ in range(capacity - len(rows)):
        _make(write)
    for row in reversed(rows[capacity:]):
        _drop(write.call, row)


def _model(body: Body) -> Body:
    """What a machine of the set is made with."""
    profile = paths.fresh(properties(body)["virtualMachineProfile"])
    profile.pop("timeCreated", None)
    return {"profile": profile, "size": (body.get("sku") or {}).get("name")}


def _make(write: Write) -> None:
    """One more machine."""
    number = int(write.hidden.get("next", 0))
    write.hidden["next"] = number + 1
    body, id = write.body, f"{write.id}/virtualMachines/{number}"
    sku = body["sku"]
    zones = body.get("zones") or []
    made: Body = {
        "name": f"{write.name}_{number}", "id": id, "type": "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        "location": write.location, "tags": body.get("tags", {}), "instanceId": str(number),
        "sku": {"name": sku["name"], "tier": sku.get("tier", "Standard")}, "etag": '"1"',
        "properties": {
            **_described(write, body, id, number), "provisioningState": "Succeeded", "vmId": str(uuid.uuid4()),
            "timeCreated": stamp(write.now),
        },
    }  # fmt: skip
    if zones:
        made["zones"] = [zones[number % len(zones)]]
    source = reference_of(write, properties(body)["virtualMachineProfile"]["storageProfile"])
    row = Resource(0, id.lower(), id, MACHINES, write.key, write.subscription, write.location, "1", write.api_version, write.now, write.now,
                   None, None, None)  # fmt: skip
    row.body = made
    write.store.insert(row)
    remember(write.call, row, powerState="running", generation=source.generation if source is not None else "V1",
             domain=[number % 5, number % max(1, properties(body)["platformFaultDomainCount"])])  # fmt: skip
    own = write.resource
    if own is not None:
        remember(write.call, own, **write.hidden)


def _described(write: Write, body: Body, id: str, number: int) -> Body:
    """The properties of a machine as its set describes it, with disks made for it."""
    profile = paths.fresh(properties(body)["virtualMachineProfile"])
    storage = profile["storageProfile"]
    storage.setdefault("dataDisks", [])
    cards = profile["networkProfile"]["networkInterfaceConfigurations"]
    names = f"{write.name}_{write.name}_{number}"
    source = reference_of(write, storage)
    if source is not None and source.exact and "version" in storage.get("imageReference", {}):
        storage["imageReference"]["exactVersion"] = source.exact
    for index, disk in enumerate([storage["osDisk"], *storage["dataDisks"]]):
        name = f"{names}_OsDisk_1_{hexadecimal()}" if index == 0 else f"{names}_disk{index + 1}_{hexadecimal()}"
        disk["name"] = name
        disk.setdefault("managedDisk", {})["id"] = machine_disks.disk_id(write, name)
        if index:
            disk["toBeDetached"] = False
    os = profile.get("osProfile") or {}
    prefix = os.pop("computerNamePrefix", write.name[:9])
    described: Body = {
        "latestModelApplied": True, "modelDefinitionApplied": "VirtualMachineScaleSet",
        "networkProfileConfiguration": {"networkInterfaceConfigurations": cards},
        "hardwareProfile": {"vmSize": body["sku"]["name"], **(profile.get("hardwareProfile") or {})},
        "storageProfile": storage,
        "networkProfile": {"networkInterfaces": [{"id": f"{id}/networkInterfaces/{card['name']}"} for card in cards]},
    }  # fmt: skip
    if os:
        described["osProfile"] = {"computerName": f"{prefix}{number:06d}", **os}
    for member in ("priority", "evictionPolicy", "billingProfile", "securityProfile", "diagnosticsProfile", "licenseType"):
        if member in profile:
            described[member] = profile[member]
    return described


def upgrade(call: Call, row: Resource, body: Body) -> None:
    """A machine gets what its set describes now; disks and names stay."""
    if row.type != MACHINES:
        return
    stored = row.copy()
    profile = properties(body)["virtualMachineProfile"]
    mine = stored["properties"]
    mine["latestModelApplied"] = True
    mine["hardwareProfile"] = {"vmSize": body["sku"]["name"], **(profile.get("hardwareProfile") or {})}
    stored["sku"]["name"] = body["sku"]["name"]
    mine["networkProfileConfiguration"]["networkInterfaceConfigurations"] = paths.fresh(
        profile["networkProfile"]["networkInterfaceConfigurations"]
    )
    row.body = stored
    call.store.update(row)


# --- flexible sets: virtual machines of their own -------------------------------------------------------------------------
def _match_flexible(write: Write, capacity: int) -> None:
    rows = flexible_of(write, write.id)
    scope = write.id.partition("/providers/")[0]
    for _ in range(capacity - len(rows)):
        id = f"{scope}/providers/Microsoft.Compute/virtualMachines/{write.name}_{uuid.uuid4().hex[:8]}"
        machine_disks.through(write.call.internal("PUT", id, VM_VERSION, _machine(write)))
    for row in reversed(rows[capacity:]):
        machine_disks.through(write.call.internal("DELETE", row.id, VM_VERSION))


def _machine(write: Write) -> Body:
    """The request for a machine of a flexible set."""
    profile = paths.fresh(properties(write.body)["virtualMachineProfile"])
    os = profile.get("osProfile") or {}
    os.update(write.hidden.get("properties", {}).get("virtualMachineProfile", {}).get("osProfile", {}))
    if os:
        os["computerName"] = f"{os.pop('computerNamePrefix', write.name)[:9]}{uuid.uuid4().hex[:6].upper()}"
    mine: Body = {
        "hardwareProfile": {"vmSize": write.body["sku"]["name"], **(profile.get("hardwareProfile") or {})},
        "storageProfile": profile["storageProfile"], "networkProfile": profile["networkProfile"],
        "virtualMachineScaleSet": {"id": write.id},
    }  # fmt: skip
    if write.body["sku"]["name"] == "Mix":
        mine["hardwareProfile"]["vmSize"] = properties(write.body)["skuProfile"]["vmSizes"][0]["name"]
    if os:
        mine["osProfile"] = os
    for member in ("priority", "evictionPolicy", "billingProfile", "securityProfile", "diagnosticsProfile", "licenseType"):
        if member in profile:
            mine[member] = profile[member]
    body: Body = {"location": write.location, "properties": mine}
    if write.body.get("tags"):
        body["tags"] = write.body["tags"]
    zones = write.body.get("zones") or []
    if zones:
        body["zones"] = [zones[len(flexible_of(write, write.id)) % len(zones)]]
    return body


def delete_flexible(write: Write) -> None:
    """The machines of a flexible set go before it."""
    for row in flexible_of(write, write.id):
        machine_disks.through(write.call.internal("DELETE", row.id, VM_VERSION))


# --- some or all ----------------------------------------------------------------------------------------------------------
def chosen(call: Call, body: Body) -> list[Resource]:
    """The machines that a request names in `instanceIds`; all of them when it names none or "*". 404 for one that is not there."""
    asked = call.json() if call.raw else {}
    ids = [str(one) for one in asked.get("instanceIds") or []]
    if properties(body).get("orchestrationMode") == "Flexible":
        rows = flexible_of(call, body["id"])
    else:
        rows = rows_of(call, body["id"].lower())
    if not ids or ids == ["*"]:
        return rows
    by_name = {row.name: row for row in rows}
    unknown = next((one for one in ids if one not in by_name), None)
    if unknown is not None:
        refuse("InvalidParameter", f"The provided instanceId {unknown} is not an active Virtual Machine Scale Set VM instanceId.",
               target="instanceIds")  # fmt: skip
    return [by_name[one] for one in ids]


def set_power(call: Call, row: Resource, state: str) -> None:
    """Start, stop or deallocate one machine."""
    before = instance_views.power_state(row)
    if state == "stopped" and before == "deallocated":
        return
    remember(call, row, powerState=state)


def delete_chosen(call: Call, rows: list[Resource]) -> None:
    """Take machines away and make the set that much smaller."""
    for row in rows:
        if row.type == MACHINES:
            _drop(call, row)
        else:
            machine_disks.through(call.internal("DELETE", row.id, VM_VERSION))
    _resize(call, call.store.get(call.key), -len(rows))


def _drop(call: Call, row: Resource) -> None:
    call.store.delete(row.key)


def _resize(call: Call, owner: Resource | None, by: int) -> None:
    if owner is None or "sku" not in owner.body:
        return
    stored = owner.copy()
    stored["sku"]["capacity"] = max(0, int(stored["sku"].get("capacity") or 0) + by)
    owner.body = stored
    call.store.update(owner)


def taken_away(write: Write) -> None:
    """One machine is deleted by itself."""
    _resize(write.call, write.store.get(write.call.scope_key or write.key.rpartition("/virtualmachines/")[0]), -1)


# --- what is shown --------------------------------------------------------------------------------------------------------
def shown(body: Body, reader: Reader) -> Body:
    """A machine of a set, with its instance view on demand; `$select=instanceView` shows little else."""
    row = reader.store.get(body["id"].lower())
    query = query_of(reader)
    if row is None:
        return body
    mine = body["properties"]
    if "instanceview" in query.get("$expand", "").lower():
        mine["instanceView"] = view(reader, row)
    if query.get("$select", "").lower() == "instanceview":
        return {"id": body["id"], "instanceId": body["instanceId"],
                "properties": {name: mine[name] for name in ("latestModelApplied", "instanceView") if name in mine}}  # fmt: skip
    return body


def view(reader: Reader, row: Resource) -> Body:
    """How a machine of a set runs."""
    found = instance_views.view(reader, row, properties(row.body))
    owner = reader.store.get(row.key.rpartition("/virtualmachines/")[0])
    extensions: list[Body] = []
    if owner is not None:
        found["placementGroupId"] = str(uuid.uuid5(uuid.NAMESPACE_URL, properties(owner.body)["uniqueId"]))
        extensions = properties(owner.body)["virtualMachineProfile"].get("extensionProfile", {}).get("extensions") or []
    if extensions and instance_views.power_state(row) == "running":
        found["extensions"] = [
            {"name": one["name"], "type": f"{one['properties']['publisher']}.{one['properties']['type']}",
             "typeHandlerVersion": one["properties"]["typeHandlerVersion"], "statuses": [instance_views.succeeded()]}
            for one in extensions
        ]  # fmt: skip
    return found


def set_view(reader: Reader, body: Body) -> Body:
    """How many machines of a set are in which state."""
    flexible = properties(body).get("orchestrationMode") == "Flexible"
    rows = flexible_of(reader, body["id"]) if flexible else rows_of(reader, body["id"].lower())
    counts = Counter(instance_views.power_state(row) for row in rows)
    summary = [{"code": "ProvisioningState/succeeded", "count": len(rows)}] if rows else []
    summary += [{"code": f"PowerState/{state}", "count": count} for state, count in counts.items()]
    found: Body = {"virtualMachine": {"statusesSummary": summary}, "statuses": [instance_views.succeeded(stamp(reader.now))]}
    row = reader.store.get(body["id"].lower())
    if row is not None and "repairs" in row.hidden:
        found["orchestrationServices"] = [{"serviceName": "AutomaticRepairs", "serviceState": row.hidden["repairs"]}]
    return found


class MachineOfSetActions(ComputeType):
    """Actions of one machine of a set."""

    @action("start", announce=ACCEPTED)
    def start(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Run."""
        _change(call, "running")

    @action("powerOff", announce=ACCEPTED)
    def power_off(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Stop."""
        _change(call, "stopped")

    @action("deallocate", announce=ACCEPTED)
    def deallocate(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Stop, and give the place on the host back."""
        _change(call, "deallocated")

    @action("restart", announce=ACCEPTED)
    def restart(self, call: Call, body: Body) -> None:
        """Restart."""

    @action("redeploy", announce=ACCEPTED)
    def redeploy(self, call: Call, body: Body) -> None:
        """Move to another host."""

    @action("reimage", announce=ACCEPTED)
    def reimage(self, call: Call, body: Body) -> None:
        """Begin again with a fresh system disk."""

    @action("reimageall", announce=ACCEPTED)
    def reimage_all(self, call: Call, body: Body) -> None:
        """Begin again with all disks fresh."""

    @action("simulateEviction")
    def simulate_eviction(self, call: Call, body: Body) -> Answer:
        """What happens to a spot machine when Azure wants its place back."""
        mine = properties(body)
        if str(mine.get("priority", "")).lower() not in ("spot", "low"):
            not_allowed("Operation 'simulateEviction' is allowed only for Spot Virtual Machines")
        if mine.get("evictionPolicy") == "Delete":
            machine_disks.through(call.internal("DELETE", body["id"], call.api_version))
        else:
            _change(call, "deallocated")
        return Answer(204)

    @action("instanceView", method="GET")
    def instance_view(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """How it runs."""
        row = call.store.get(call.key)
        assert row is not None
        return view(call, row)


def _change(call: Call, state: str) -> None:
    row = call.store.get(call.key)
    if row is not None:
        set_power(call, row, state)


