"""Disks, snapshots, sets of machines, galleries, keys, lists."""

from __future__ import annotations

from typing import Any

from .conftest import PASSWORD, UBUNTU, Machines

Body = dict[str, Any]


def test_a_disk_has_the_speed_of_its_size_and_only_grows(machines: Machines) -> None:
    machines.disk("data", 100)
    disk = machines("GET", "disks/data").json()
    assert disk["properties"]["tier"] == "P10" and disk["properties"]["diskIOPSReadWrite"] == 500
    assert disk["properties"]["diskState"] == "Unattached" and disk["sku"] == {"name": "Premium_LRS", "tier": "Premium"}
    assert machines("PATCH", "disks/data", {"properties": {"diskSizeGB": 200}}).status == 202
    assert machines("GET", "disks/data").json()["properties"]["tier"] == "P15"
    assert machines.refused("PATCH", "disks/data", {"properties": {"diskSizeGB": 64}}) == "OperationNotAllowed"
    body = {"location": "westeurope", "properties": {"creationData": {"createOption": "Empty"}}}
    assert machines.refused("PUT", "disks/none", body) == "InvalidParameter"


def test_disks_are_attached_to_one_machine_and_detached(machines: Machines) -> None:
    disk = machines.disk("data")
    machines.make()
    attach = {"dataDisksToAttach": [{"diskId": disk, "lun": 3}]}
    answer = machines("POST", "virtualMachines/vm/attachDetachDataDisks", attach)
    assert answer.status == 200 and answer.json()["dataDisks"][0]["diskSizeGB"] == 16
    assert machines.refused("DELETE", "disks/data") == "OperationNotAllowed"
    machines.make("other")
    assert machines.refused("POST", "virtualMachines/other/attachDetachDataDisks", attach) == "ConflictingUserInput"
    detach = {"dataDisksToDetach": [{"diskId": disk}]}
    assert machines("POST", "virtualMachines/vm/attachDetachDataDisks", detach).json()["dataDisks"][0]["toBeDetached"] is True
    assert machines("GET", "virtualMachines/vm").json()["properties"]["storageProfile"]["dataDisks"] == []
    assert machines("DELETE", "disks/data").status == 202
    assert machines.refused("GET", "disks/data") == "NotFound"


def test_a_size_holds_so_many_disks(machines: Machines) -> None:
    disks = [{"lun": lun, "createOption": "Empty", "diskSizeGB": 4} for lun in range(5)]
    body = machines.request("vm")
    body["properties"]["storageProfile"]["dataDisks"] = disks
    assert machines.refused("PUT", "virtualMachines/vm", body) == "OperationNotAllowed"
    body["properties"]["storageProfile"]["dataDisks"] = disks[:4]
    made = machines.make("vm", body)["properties"]["storageProfile"]["dataDisks"]
    assert [disk["lun"] for disk in made] == [0, 1, 2, 3] and len(machines("GET", "disks").json()["value"]) == 5
    body["properties"]["storageProfile"]["dataDisks"] = [disks[0], disks[0]]
    assert machines.refused("PUT", "virtualMachines/vm", body) == "InvalidParameter"


def test_a_snapshot_copies_a_disk_and_a_disk_copies_a_snapshot(machines: Machines) -> None:
    disk = machines.disk("data", 20)
    snapshot = {"location": "westeurope", "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": disk}}}
    assert machines("PUT", "snapshots/monday", snapshot).status == 202
    assert machines("GET", "snapshots/monday").json()["properties"]["diskSizeGB"] == 20
    snapshot["properties"]["creationData"]["sourceResourceId"] = machines.id("snapshots/monday")  # type: ignore[index]
    assert machines("PUT", "disks/again", snapshot).status == 202
    snapshot["properties"]["creationData"]["sourceResourceId"] = machines.id("snapshots/never")  # type: ignore[index]
    assert machines.refused("PUT", "disks/lost", snapshot) == "NotFound"


def test_an_availability_set_knows_its_machines_and_outlives_them(machines: Machines) -> None:
    body = {"location": "westeurope", "sku": {"name": "Aligned"}, "properties": {"platformFaultDomainCount": 2}}
    answer = machines("PUT", "availabilitySets/set", body)
    assert answer.status == 200 and "virtualMachines" not in answer.json()["properties"]
    member = {"availabilitySet": {"id": machines.id("availabilitySets/set")}}
    made = machines.make("vm", machines.request("vm", **member))
    assert machines("GET", "availabilitySets/set").json()["properties"]["virtualMachines"] == [{"id": made["id"]}]
    assert machines.refused("DELETE", "availabilitySets/set") == "OperationNotAllowed"
    machines("DELETE", "virtualMachines/vm")
    assert machines("DELETE", "availabilitySets/set").status == 200


def scale_set(machines: Machines, capacity: int, **properties: Any) -> Body:
    subnet = {"id": f"{machines.group}/providers/Microsoft.Network/virtualNetworks/net/subnets/web"}
    card = {"primary": True, "ipConfigurations": [{"name": "ip", "properties": {"subnet": subnet}}]}
    profile = {
        "storageProfile": {"imageReference": dict(UBUNTU)},
        "osProfile": {"computerNamePrefix": "web", "adminUsername": "learner", "adminPassword": PASSWORD},
        "networkProfile": {"networkInterfaceConfigurations": [{"name": "nic", "properties": card}]},
    }
    mine = {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": profile, **properties}
    return {"location": "westeurope", "sku": {"name": "Standard_D2s_v5", "capacity": capacity}, "properties": mine}


def test_a_scale_set_has_as_many_machines_as_it_says(machines: Machines) -> None:
    root = "virtualMachineScaleSets/web"
    assert machines("PUT", root, scale_set(machines, 3)).status == 201
    found = machines("GET", f"{root}/virtualMachines").json()["value"]
    assert [one["instanceId"] for one in found] == ["0", "1", "2"]
    assert found[0]["properties"]["osProfile"]["computerName"] == "web000000"
    assert machines("PATCH", root, {"sku": {"name": "Standard_D2s_v5", "capacity": 1}}).status == 200
    assert len(machines("GET", f"{root}/virtualMachines").json()["value"]) == 1
    assert machines("POST", f"{root}/deallocate", {"instanceIds": ["0"]}).status == 202
    summary = machines("GET", f"{root}/instanceView").json()["virtualMachine"]["statusesSummary"]
    assert {"code": "PowerState/deallocated", "count": 1} in summary
    assert machines.refused("POST", f"{root}/start", {"instanceIds": ["7"]}) == "InvalidParameter"
    assert machines.refused("PUT", root, scale_set(machines, 60)) == "OperationNotAllowed"
    assert machines("DELETE", f"{root}/virtualMachines/0").status == 202
    assert machines("GET", root).json()["sku"]["capacity"] == 0
    assert machines("DELETE", root).status == 202


def test_machines_of_a_flexible_set_are_virtual_machines(machines: Machines) -> None:
    body = scale_set(machines, 2, orchestrationMode="Flexible", platformFaultDomainCount=1)
    body["properties"]["virtualMachineProfile"]["networkProfile"]["networkApiVersion"] = "2020-11-01"
    assert machines("PUT", "virtualMachineScaleSets/flex", body).status == 201
    found = machines("GET", "virtualMachines").json()["value"]
    owners = [one["properties"]["virtualMachineScaleSet"]["id"] for one in found]
    assert owners == [machines.id("virtualMachineScaleSets/flex")] * 2
    assert machines("DELETE", "virtualMachineScaleSets/flex").status == 202
    assert machines("GET", "virtualMachines").json()["value"] == [] and machines("GET", "disks").json()["value"] == []


def test_a_gallery_holds_versions_of_one_definition(machines: Machines) -> None:
    disk = machines.disk("gold", 32, osType="Linux", hyperVGeneration="V2")
    root = "galleries/shared"
    assert machines("PUT", root, {"location": "westeurope"}, version="2023-07-03").status == 201
    definition = {"osType": "Linux", "osState": "Specialized", "hyperVGeneration": "V2",
                  "identifier": {"publisher": "lab", "offer": "web", "sku": "1"}}  # fmt: skip
    image = {"location": "westeurope", "properties": definition}
    assert machines("PUT", f"{root}/images/web", image, version="2023-07-03").status == 201
    version = {"location": "westeurope", "properties": {
        "publishingProfile": {"targetRegions": [{"name": "westeurope"}, {"name": "North Europe"}]},
        "storageProfile": {"osDiskImage": {"source": {"id": disk}}},
    }}  # fmt: skip
    assert machines("PUT", f"{root}/images/web/versions/1.0", version, version="2023-07-03").json()["error"]["code"] == "InvalidParameter"
    assert machines("PUT", f"{root}/images/web/versions/1.0.0", version, version="2023-07-03").status == 201
    shown = machines("GET", f"{root}/images/web/versions/1.0.0", version="2023-07-03").json()["properties"]
    assert [region["name"] for region in shown["publishingProfile"]["targetRegions"]] == ["West Europe", "North Europe"]
    assert shown["storageProfile"]["osDiskImage"]["sizeInGB"] == 32
    assert machines("DELETE", root, version="2023-07-03").json()["error"]["code"] == "OperationNotAllowed"
    body = machines.request("vm", storageProfile={"imageReference": {"id": machines.id(f"{root}/images/web")}})
    del body["properties"]["osProfile"]
    assert machines.make("vm", body)["properties"]["storageProfile"]["osDisk"]["diskSizeGB"] == 32


def test_a_key_pair_is_generated_once(machines: Machines) -> None:
    assert machines("PUT", "sshPublicKeys/key", {"location": "westeurope"}).status == 201
    pair = machines("POST", "sshPublicKeys/key/generateKeyPair", {"encryptionType": "Ed25519"}).json()
    assert pair["publicKey"].startswith("ssh-ed25519 ") and "PRIVATE KEY" in pair["privateKey"]
    assert machines("GET", "sshPublicKeys/key").json()["properties"]["publicKey"] == pair["publicKey"]
    assert machines.refused("POST", "sshPublicKeys/key/generateKeyPair", {}) == "KeyPairAlreadyGenerated"


def test_lists_of_what_azure_offers(machines: Machines) -> None:
    root = f"{machines.group.partition('/resourceGroups')[0]}/providers/Microsoft.Compute"

    def listed(path: str, version: str = "2024-07-01") -> Any:
        return machines.arm("GET", f"{root}/{path}", version=version).json()

    newest = listed(
        "locations/westus/publishers/Canonical/artifacttypes/vmimage/offers/0001-com-ubuntu-server-jammy/skus/22_04-lts-gen2/"
        "versions?$top=1&$orderby=name desc"
    )
    assert len(newest) == 1 and newest[0]["name"].startswith("22.04.")
    assert any(size["name"] == "Standard_B2s" for size in listed("locations/westus/vmSizes")["value"])
    skus = listed("skus?$filter=location eq 'westus'", "2021-07-01")["value"]
    assert {sku["resourceType"] for sku in skus} >= {"virtualMachines", "disks"}
    assert listed("locations/westus/publishers/Nobody/artifacttypes/vmimage/offers")["error"]["code"] == "NotFound"


def test_a_restore_point_keeps_what_a_machine_was(machines: Machines) -> None:
    made = machines.make()
    body = {"location": "westeurope", "properties": {"source": {"id": made["id"]}}}
    assert machines("PUT", "restorePointCollections/all", body).status == 201
    answer = machines("PUT", "restorePointCollections/all/restorePoints/first", {})
    assert answer.status == 201 and answer.json()["properties"]["sourceMetadata"]["vmId"] == made["properties"]["vmId"]
    kept = machines("GET", "restorePointCollections/all/restorePoints/first").json()["properties"]["sourceMetadata"]
    assert "/diskRestorePoints/" in kept["storageProfile"]["osDisk"]["diskRestorePoint"]["id"]
