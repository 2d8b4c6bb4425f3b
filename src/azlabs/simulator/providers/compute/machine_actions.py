"""What can be done with a machine beside writing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, dumps, json_answer
from azlabs.simulator.providers.compute import instance_views, machine_disks, sizes, usage
from azlabs.simulator.providers.compute.base import (
    ACCEPTED,
    ASYNC,
    ComputeType,
    id_of,
    invalid,
    not_allowed,
    properties,
    remember_gone,
)
from azlabs.simulator.resource_manager import operations, paths
from azlabs.simulator.resource_manager.errors import not_modelled
from azlabs.simulator.resource_manager.resource_type import Announce, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call

Body = dict[str, Any]


def row_of(call: Call) -> Resource:
    """The stored machine that an action is about."""
    row = call.store.get(call.key)
    assert row is not None  # the envelope looked it up
    return row


def remember(call: Call, row: Resource, **facts: Any) -> None:
    """Keep facts beside a document; None takes one away."""
    hidden = {**row.hidden, **facts}
    row.hidden_text = dumps({name: value for name, value in hidden.items() if value is not None}) or None
    row.changed = call.now
    call.store.update(row)


class MachineActions(ComputeType):
    """Actions of virtual machines."""

    @action("start", announce=ACCEPTED)
    def start(self, call: Call, body: Body) -> None:
        """Run; takes cores of the quota again when it had given them back."""
        row = row_of(call)
        _not_generalized(row, "start")
        if instance_views.power_state(row) == "deallocated":
            size = sizes.find(properties(body).get("hardwareProfile", {}).get("vmSize", ""))
            if size is not None:
                usage.check(call, call.route.subscription, row.location, row.key, size)
        remember(call, row, powerState="running")

    @action("powerOff", announce=ACCEPTED)
    def power_off(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Stop, and keep (and pay for) the place on the host."""
        row = row_of(call)
        if instance_views.power_state(row) != "deallocated":
            remember(call, row, powerState="stopped")

    @action("deallocate", announce=ACCEPTED)
    def deallocate(self, call: Call, body: Body) -> None:
        """Stop, and give the place on the host back."""
        if call.query.get("hibernate", "").lower() == "true":
            if not properties(body).get("additionalCapabilities", {}).get("hibernationEnabled"):
                not_allowed("The Hibernate-Deallocate Operation cannot be performed on a VM that does not have Hibernation Enabled.")
            raise not_modelled("hibernation of virtual machines")
        remember(call, row_of(call), powerState="deallocated")

    @action("restart", announce=ACCEPTED)
    def restart(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Restart what runs."""
        row = row_of(call)
        _not_generalized(row, "restart")
        if instance_views.power_state(row) != "running":
            not_allowed("The operation requires the VM to be running (or set to run).")
        remember(call, row)

    @action("redeploy", announce=ACCEPTED)
    def redeploy(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Move to another host."""
        row = row_of(call)
        if instance_views.power_state(row) == "deallocated":
            not_allowed("The operation requires the VM to be running (or set to run).")
        remember(call, row, powerState="running")

    @action("reapply", announce=ACCEPTED)
    def reapply(self, call: Call, body: Body) -> None:
        """Apply the model again."""

    @action("reimage", announce=ACCEPTED)
    def reimage(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Begin again with a fresh system disk."""
        _not_generalized(row_of(call), "reimage")

    @action("performMaintenance", announce=ACCEPTED)
    def maintenance(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Only while Azure announces maintenance, which it never does here."""
        not_allowed(
            f"Operation 'performMaintenance' is not allowed on VM '{call.route.names[0]}' since the Subscription of this VM is not "
            "eligible."
        )

    @action("generalize")
    def generalize(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Mark a stopped machine as one to make images of; it never starts again."""
        row = row_of(call)
        state = instance_views.power_state(row)
        remember(call, row, generalized=True, powerState="stopped" if state == "running" else state)

    @action("capture")
    def capture(self, call: Call, body: Body) -> None:
        """Only machines with unmanaged disks can be captured; others become images."""
        if not row_of(call).hidden.get("generalized"):
            not_allowed(f"Operation 'capture' is not allowed on VM '{call.route.names[0]}' since the VM is not generalized.")
        if "vhd" not in properties(body)["storageProfile"]["osDisk"]:
            not_allowed("Capture operation on VMs with Managed Disks is not supported. Please use the Images API.")
        raise not_modelled("capture of virtual machines with unmanaged disks")

    @action("simulateEviction")
    def simulate_eviction(self, call: Call, body: Body) -> Answer:
        """What happens to a spot machine when Azure wants its place back."""
        mine = properties(body)
        if str(mine.get("priority", "")).lower() not in ("spot", "low"):
            not_allowed("Operation 'simulateEviction' is allowed only for Spot Virtual Machines")
        if mine.get("evictionPolicy") == "Delete":
            remember_gone(call, row_of(call))
            machine_disks.through(call.internal("DELETE", body["id"], call.api_version))
        else:
            remember(call, row_of(call), powerState="deallocated")
        return Answer(204)

    @action("instanceView", method="GET")
    def instance_view(self, call: Call, body: Body) -> Body:
        """How it runs."""
        return instance_views.view(call, row_of(call), properties(body))

    @action("vmSizes", method="GET")
    def vm_sizes(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Sizes that it could have."""
        return {"value": [size.listed() for size in sizes.sizes().values()]}

    @action("attachDetachDataDisks")
    def attach_detach(self, call: Call, body: Body) -> Answer:
        """Attach and detach disks by id; the answer is the storage profile, with what leaves still in it."""
        asked = call.json()
        profile = paths.fresh(properties(body)["storageProfile"])
        leaving = {str(item.get("diskId", "")).lower() for item in asked.get("dataDisksToDetach") or []}
        held = {id_of(disk.get("managedDisk")).lower() for disk in profile["dataDisks"]}
        if leaving - held:
            invalid(f"Disk '{next(iter(leaving - held))}' is not attached to VM '{call.route.names[0]}'.", "dataDisksToDetach")
        staying = [disk for disk in profile["dataDisks"] if id_of(disk.get("managedDisk")).lower() not in leaving]
        for item in asked.get("dataDisksToAttach") or []:
            staying.append(_attached(item, staying))
        before = [disk for disk in profile["dataDisks"] if disk not in staying]
        change = {"properties": {"storageProfile": {"dataDisks": staying}}}
        shown = machine_disks.through(call.internal("PATCH", body["id"], call.api_version, change))
        answer: Body = shown["properties"]["storageProfile"]
        answer["dataDisks"] = [*({**disk, "toBeDetached": True} for disk in before), *answer["dataDisks"]]
        announce = Announce(200, headers=ASYNC, polls=1)
        headers = operations.start(call, self, call.key, announce, location=row_of(call).location, method="POST")
        return json_answer(answer, 200, headers)


def _attached(item: Body, others: list[Body]) -> Body:
    taken = {disk.get("lun") for disk in others}
    disk = {name: value for name, value in item.items() if name != "diskId"}
    disk.update(
        createOption="Attach", managedDisk={"id": item.get("diskId")}, deleteOption=item.get("deleteOption", "Detach"),
        caching=item.get("caching", "None"),
    )  # fmt: skip
    disk.setdefault("lun", next(lun for lun in range(64) if lun not in taken))
    return disk


def _not_generalized(row: Resource, operation: str) -> None:
    if row.hidden.get("generalized"):
        not_allowed(f"Operation '{operation}' is not allowed on VM '{row.name}' since the VM is generalized.")

