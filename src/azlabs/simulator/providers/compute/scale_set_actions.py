"""What can be done with the machines of a scale set, all of them or some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.compute import instances, sizes
from azlabs.simulator.providers.compute.base import ACCEPTED, ComputeType, invalid, missing, properties
from azlabs.simulator.providers.compute.machine_actions import remember
from azlabs.simulator.resource_manager.errors import not_modelled
from azlabs.simulator.resource_manager.resource_type import action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

Body = dict[str, Any]


def _power(state: str) -> Any:
    def change(_self: ComputeType, call: Call, body: Body) -> None:
        for row in instances.chosen(call, body):
            instances.set_power(call, row, state)

    change.__doc__ = f"The chosen machines are {state}."
    return change


def _nothing(what: str) -> Any:
    def change(_self: ComputeType, call: Call, body: Body) -> None:
        instances.chosen(call, body)

    change.__doc__ = what
    return change


class ScaleSetActions(ComputeType):
    """Actions of scale sets."""

    start = action("start", announce=ACCEPTED)(_power("running"))
    power_off = action("powerOff", announce=ACCEPTED)(_power("stopped"))
    deallocate = action("deallocate", announce=ACCEPTED)(_power("deallocated"))
    restart = action("restart", announce=ACCEPTED)(_nothing("The chosen machines restart."))
    redeploy = action("redeploy", announce=ACCEPTED)(_nothing("The chosen machines move to other hosts."))
    reapply = action("reapply", announce=ACCEPTED)(_nothing("The model is applied again."))
    reimage = action("reimage", announce=ACCEPTED)(_nothing("The chosen machines begin again with fresh system disks."))
    reimage_all = action("reimageall", announce=ACCEPTED)(_nothing("The chosen machines begin again with all disks fresh."))

    @action("manualupgrade", announce=ACCEPTED)
    def manual_upgrade(self, call: Call, body: Body) -> None:
        """The chosen machines get the model of the set."""
        if not (call.json().get("instanceIds") if call.raw else None):
            missing("instanceIds")
        for row in instances.chosen(call, body):
            instances.upgrade(call, row, body)

    @action("delete", announce=ACCEPTED)
    def delete_machines(self, call: Call, body: Body) -> None:
        """The chosen machines go, and the set is smaller."""
        if not (call.json().get("instanceIds") if call.raw else None):
            missing("instanceIds")
        instances.delete_chosen(call, instances.chosen(call, body))

    @action("extensionRollingUpgrade", announce=ACCEPTED)
    def extension_upgrade(self, call: Call, body: Body) -> None:
        """Every machine gets the extensions of the set."""
        for row in instances.chosen(call, body):
            instances.upgrade(call, row, body)

    @action("osRollingUpgrade", announce=ACCEPTED)
    def system_upgrade(self, call: Call, body: Body) -> None:
        """Every machine gets the newest image."""
        for row in instances.chosen(call, body):
            instances.upgrade(call, row, body)

    @action("setOrchestrationServiceState", announce=ACCEPTED)
    def orchestration_state(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Suspend or resume automatic repairs."""
        asked = call.json()
        if str(asked.get("serviceName", "")).lower() != "automaticrepairs":
            raise not_modelled(f"orchestration service {asked.get('serviceName')}")
        if str(asked.get("action", "")).lower() not in ("suspend", "resume"):
            invalid(f"The value '{asked.get('action')}' of parameter 'action' is invalid.", "action")
        row = call.store.get(call.key)
        assert row is not None
        remember(call, row, repairs="Suspended" if asked["action"].lower() == "suspend" else "Running")

    @action("instanceView", method="GET")
    def instance_view(self, call: Call, body: Body) -> Body:
        """How many machines are in which state."""
        return instances.set_view(call, body)

    @action("skus", method="GET")
    def skus(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Sizes that the set could have."""
        return {
            "value": [
                {"resourceType": self.type, "sku": {"name": size.name, "tier": "Standard"},
                 "capacity": {"minimum": 0, "maximum": 1000, "defaultCapacity": 1, "scaleType": "Automatic"}}
                for size in sizes.sizes().values()
            ]
        }  # fmt: skip

    @action("osUpgradeHistory", method="GET")
    def upgrade_history(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Nothing was upgraded by Azure."""
        return {"value": []} if properties(body) else {}
