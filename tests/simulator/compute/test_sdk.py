"""The real compute SDK works against the simulator: models, pollers, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient

from azlabs.cloud import scratch

GROUP, REGION = "lab", "swedencentral"


@pytest.fixture
def cloud() -> Iterator[Any]:
    found = scratch()
    root = f"/subscriptions/{found.subscription_id}/resourceGroups/{GROUP}"
    found.request("PUT", root, "2024-11-01", {"location": REGION})
    subnet = {"name": "web", "properties": {"addressPrefix": "10.0.0.0/24"}}
    network = {"location": REGION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [subnet]}}
    made = found.request("PUT", f"{root}/providers/Microsoft.Network/virtualNetworks/net", "2024-05-01", network).json
    address = {"name": "ip", "properties": {"subnet": {"id": made["properties"]["subnets"][0]["id"]}}}
    card = {"location": REGION, "properties": {"ipConfigurations": [address]}}
    found.request("PUT", f"{root}/providers/Microsoft.Network/networkInterfaces/nic", "2024-05-01", card)
    yield found
    found.close()


def test_a_machine_from_creation_to_deletion(cloud: Any) -> None:
    compute = cloud.client(ComputeManagementClient)
    root = f"/subscriptions/{cloud.subscription_id}/resourceGroups/{GROUP}/providers/Microsoft.Network"
    image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
    body = {"location": REGION, "properties": {
        "hardwareProfile": {"vmSize": "Standard_B2s"}, "storageProfile": {"imageReference": image},
        "osProfile": {"computerName": "vm", "adminUsername": "learner", "adminPassword": "Corr3ct-horse"},
        "networkProfile": {"networkInterfaces": [{"id": f"{root}/networkInterfaces/nic"}]},
    }}  # fmt: skip
    made = compute.virtual_machines.begin_create_or_update(GROUP, "vm", body).result()
    assert made.provisioning_state == "Succeeded" and made.storage_profile.os_disk.disk_size_gb == 30
    compute.virtual_machines.begin_deallocate(GROUP, "vm").result()
    statuses = compute.virtual_machines.instance_view(GROUP, "vm").statuses
    assert statuses[-1].code == "PowerState/deallocated"
    disk = compute.disks.begin_create_or_update(
        GROUP, "data", {"location": REGION, "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8}}
    ).result()
    assert disk.name == "data" and disk.disk_state == "Unattached"
    access = compute.disks.begin_grant_access(GROUP, "data", {"access": "Read", "durationInSeconds": 60}).result()
    assert access.access_sas.startswith("https://")
    with pytest.raises(HttpResponseError) as refused:
        compute.disks.begin_delete(GROUP, made.storage_profile.os_disk.name).result()
    assert refused.value.error is not None and refused.value.error.code == "OperationNotAllowed"
    compute.virtual_machines.begin_delete(GROUP, "vm").result()
    compute.disks.begin_delete(GROUP, made.storage_profile.os_disk.name).result()
    assert [one.name for one in compute.disks.list()] == ["data"]
