"""Virtual machines: what comes with them, how they run, what Azure refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from .conftest import NETWORK, Machines


def test_a_machine_gets_its_defaults_a_disk_and_a_running_state(machines: Machines) -> None:
    answer = machines("PUT", "virtualMachines/vm", machines.request("vm"))
    first = answer.json()["properties"]
    assert answer.status == 201 and first["provisioningState"] == "Creating" and "Azure-AsyncOperation" in answer.headers
    assert "name" not in first["storageProfile"]["osDisk"]
    mine = machines("GET", "virtualMachines/vm").json()
    disk = mine["properties"]["storageProfile"]["osDisk"]
    assert disk["osType"] == "Linux" and disk["diskSizeGB"] == 30 and disk["deleteOption"] == "Detach"
    assert mine["properties"]["osProfile"]["linuxConfiguration"]["provisionVMAgent"] is True
    assert "adminPassword" not in mine["properties"]["osProfile"] and mine["etag"] == '"1"'
    assert machines("GET", f"disks/{disk['name']}").json()["managedBy"] == mine["id"]
    assert machines.power() == "PowerState/running"


def test_an_operation_on_a_machine_is_not_done_at_the_first_poll(machines: Machines) -> None:
    url = machines("PUT", "virtualMachines/vm", machines.request("vm")).headers["Azure-AsyncOperation"]
    polls = [machines.arm("GET", url, version="").json() for _ in range(2)]
    assert [poll["status"] for poll in polls] == ["InProgress", "Succeeded"]
    assert set(polls[1]) == {"name", "status", "startTime", "endTime"}


@pytest.mark.parametrize(
    ("action", "state"),
    [("powerOff", "stopped"), ("deallocate", "deallocated"), ("restart", "running"), ("redeploy", "running")],
)
def test_actions_change_the_power_state(machines: Machines, action: str, state: str) -> None:
    machines.make()
    assert machines("POST", f"virtualMachines/vm/{action}").status == 202
    assert machines.power() == f"PowerState/{state}"
    assert machines("POST", "virtualMachines/vm/start").status == 202
    assert machines.power() == "PowerState/running"


def test_a_deallocated_machine_cannot_restart_and_its_disk_is_reserved(machines: Machines) -> None:
    name = machines.make()["properties"]["storageProfile"]["osDisk"]["name"]
    machines("POST", "virtualMachines/vm/deallocate")
    assert machines.refused("POST", "virtualMachines/vm/restart") == "OperationNotAllowed"
    disk = machines("GET", "virtualMachines/vm").json()["properties"]["storageProfile"]["osDisk"]
    assert "diskSizeGB" not in disk
    assert machines("GET", f"disks/{name}").json()["properties"]["diskState"] == "Reserved"


def test_a_generalized_machine_becomes_an_image_and_never_starts_again(machines: Machines) -> None:
    made = machines.make()
    image = {"location": "westeurope", "properties": {"sourceVirtualMachine": {"id": made["id"]}, "hyperVGeneration": "V2"}}
    assert machines.refused("PUT", "images/gold", image) == "OperationNotAllowed"
    assert machines("POST", "virtualMachines/vm/deallocate").status == 202
    assert machines("POST", "virtualMachines/vm/generalize").status == 200
    assert machines.refused("POST", "virtualMachines/vm/start") == "OperationNotAllowed"
    assert machines("PUT", "images/gold", image).status == 201
    stored = machines("GET", "images/gold").json()["properties"]["storageProfile"]["osDisk"]
    assert stored["osState"] == "Generalized" and stored["diskSizeGB"] == 30
    copied = machines.request("copy")
    copied["properties"]["storageProfile"] = {"imageReference": {"id": machines.id("images/gold")}}
    assert machines.make("copy", copied)["properties"]["storageProfile"]["osDisk"]["osType"] == "Linux"


def change(path: str, value: Any) -> Any:
    def apply(body: dict[str, Any]) -> None:
        *way, last = path.split(".")
        for step in way:
            body = body[step]
        if value is None:
            body.pop(last)
        else:
            body[last] = value

    return apply


NOWHERE = "/subscriptions/x/resourceGroups/y/providers/Microsoft.Compute/availabilitySets/z"
REFUSED = [
    (change("properties.hardwareProfile.vmSize", "Large"), "InvalidParameter"),
    (change("properties.hardwareProfile.vmSize", "Standard_Z9_v9"), "NotModelledBySimulator"),
    (change("properties.osProfile.adminUsername", "admin"), "InvalidParameter"),
    (change("properties.osProfile.adminPassword", "short"), "InvalidParameter"),
    (change("properties.osProfile.adminPassword", None), "InvalidParameter"),
    (change("properties.osProfile", None), "InvalidParameter"),
    (change("properties.storageProfile.imageReference.sku", "no-such-sku"), "NotModelledBySimulator"),
    (change("properties.networkProfile", None), "InvalidParameter"),
    (change("properties.storageProfile.dataDisks", [{"lun": 0, "createOption": "Empty"}]), "InvalidParameter"),
    (change("zones", ["9"]), "AvailabilityZoneNotSupported"),
    (change("properties.availabilitySet", {"id": NOWHERE}), "NotFound"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "code"), REFUSED)
def test_what_azure_refuses(machines: Machines, spoil: Any, code: str) -> None:
    body = machines.request("vm")
    spoil(body)
    assert machines.refused("PUT", "virtualMachines/vm", body) == code
    assert machines("GET", "virtualMachines/vm").status == 404
    assert machines("GET", "disks").json()["value"] == []


def test_windows_names_are_short(machines: Machines) -> None:
    body = machines.request("much-too-long-a-name")
    windows = {"publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2022-datacenter-g2", "version": "latest"}
    body["properties"]["storageProfile"]["imageReference"] = windows
    assert machines.refused("PUT", "virtualMachines/vm", body) == "InvalidParameter"
    body["properties"]["osProfile"]["computerName"] = "short"
    made = machines.make("vm", body)["properties"]
    assert made["osProfile"]["windowsConfiguration"]["patchSettings"]["patchMode"] == "AutomaticByOS"
    assert made["storageProfile"]["osDisk"]["diskSizeGB"] == 127


def test_what_a_machine_has_for_good(machines: Machines) -> None:
    made = machines.make()
    for path in ("osProfile.adminUsername", "osProfile.computerName"):
        body = copy.deepcopy(made)
        change(f"properties.{path}", "other")(body)
        assert machines.refused("PUT", "virtualMachines/vm", body) == "PropertyChangeNotAllowed"
    answer = machines("PUT", "virtualMachines/vm", made)
    assert answer.status == 200 and answer.json()["properties"]["vmId"] == made["properties"]["vmId"]
    resized = {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}}}
    assert machines("PATCH", "virtualMachines/vm", resized).status == 200
    assert machines("GET", "virtualMachines/vm").json()["etag"] == '"3"'


def test_cores_are_limited_by_region_and_given_back(machines: Machines) -> None:
    for name in ("one", "two"):
        machines.make(name, machines.request(name, hardwareProfile={"vmSize": "Standard_D48s_v5"}))
    third = machines.request("three", hardwareProfile={"vmSize": "Standard_D8s_v5"})
    answer = machines("PUT", "virtualMachines/three", third)
    assert answer.status == 409 and "exceeding approved Total Regional Cores quota" in answer.json()["error"]["message"]
    machines("POST", "virtualMachines/one/deallocate")
    assert machines("PUT", "virtualMachines/three", third).status == 201
    location = f"{machines.group.partition('/resourceGroups')[0]}/providers/Microsoft.Compute/locations/westeurope/usages"
    usage = machines.arm("GET", location, version="2024-07-01").json()["value"]
    assert next(item for item in usage if item["name"]["value"] == "cores")["currentValue"] == 56
    assert machines.refused("POST", "virtualMachines/one/start") == "OperationNotAllowed"


def test_a_card_belongs_to_one_machine_and_knows_it(machines: Machines) -> None:
    body = machines.request("vm")
    made = machines.make("vm", body)
    card = body["properties"]["networkProfile"]["networkInterfaces"][0]["id"]
    assert machines.arm("GET", card, version=NETWORK).json()["properties"]["virtualMachine"]["id"] == made["id"]
    other = machines.request("other", networkProfile={"networkInterfaces": [{"id": card}]})
    assert machines.refused("PUT", "virtualMachines/other", other) == "NicInUse"
    assert machines.arm("DELETE", card, version=NETWORK).json()["error"]["code"] == "NicInUse"


def test_a_running_machine_has_effective_rules_and_a_stopped_one_has_none(machines: Machines) -> None:
    body = machines.request("vm")
    card = body["properties"]["networkProfile"]["networkInterfaces"][0]["id"]
    machines.make("vm", body)
    assert machines.arm("POST", f"{card}/effectiveRouteTable", version=NETWORK).status == 202
    machines("POST", "virtualMachines/vm/deallocate")
    answer = machines.arm("POST", f"{card}/effectiveRouteTable", version=NETWORK)
    assert answer.json()["error"]["code"] == "NicMustBeAttachedToRunningVmToGetEffectiveRoutes"


def test_delete_takes_along_what_it_is_told_to(machines: Machines) -> None:
    keeps, drops = machines.request("keeps"), machines.request("drops")
    drops["properties"]["storageProfile"]["osDisk"] = {"createOption": "FromImage", "deleteOption": "Delete"}
    card = drops["properties"]["networkProfile"]["networkInterfaces"][0]
    card["properties"] = {"deleteOption": "Delete"}
    kept = machines.make("keeps", keeps)["properties"]["storageProfile"]["osDisk"]["name"]
    machines.make("drops", drops)
    for name in ("keeps", "drops"):
        assert machines("DELETE", f"virtualMachines/{name}").status == 202
    assert [disk["name"] for disk in machines("GET", "disks").json()["value"]] == [kept]
    assert machines.arm("GET", card["id"], version=NETWORK).status == 404


def test_a_system_assigned_identity_is_a_principal(machines: Machines) -> None:
    body = {**machines.request("vm"), "identity": {"type": "SystemAssigned"}}
    identity = machines.make("vm", body)["identity"]
    from azlabs.simulator.directory.kinds import SERVICE_PRINCIPALS

    principal = machines.arm.simulator.directory.get(SERVICE_PRINCIPALS, identity["principalId"])
    assert principal is not None and principal.body["servicePrincipalType"] == "ManagedIdentity"


def test_extensions_need_a_running_machine_and_hide_their_secrets(machines: Machines) -> None:
    machines.make()
    script = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
              "protectedSettings": {"commandToExecute": "true"}}  # fmt: skip
    body = {"location": "westeurope", "properties": script}
    assert machines("PUT", "virtualMachines/vm/extensions/setup", body).status == 201
    shown = machines("GET", "virtualMachines/vm").json()["resources"]
    assert [one["name"] for one in shown] == ["setup"] and "protectedSettings" not in shown[0]["properties"]
    assert machines.refused("PUT", "virtualMachines/vm/extensions/twice", body) == "BadRequest"
    machines("POST", "virtualMachines/vm/powerOff")
    body["properties"] = {**script, "type": "VMAccessForLinux"}
    assert machines.refused("PUT", "virtualMachines/vm/extensions/late", body) == "OperationNotAllowed"


def test_what_is_not_modelled_says_so(machines: Machines) -> None:
    machines.make()
    for action in ("runCommand", "assessPatches", "retrieveBootDiagnosticsData"):
        assert machines.refused("POST", f"virtualMachines/vm/{action}", {}) == "NotModelledBySimulator"


def test_only_spot_machines_are_evicted(machines: Machines) -> None:
    machines.make()
    assert machines.refused("POST", "virtualMachines/vm/simulateEviction") == "OperationNotAllowed"
    machines.make("spot", machines.request("spot", priority="Spot", evictionPolicy="Delete"))
    assert machines("POST", "virtualMachines/spot/simulateEviction").status == 204
    assert machines.refused("GET", "virtualMachines/spot") == "NotFound"
    assert machines.refused("GET", "virtualMachines/never") == "ResourceNotFound"
