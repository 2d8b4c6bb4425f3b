"""Vaults of Microsoft.RecoveryServices, and the backup of virtual machines in them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from azlabs.simulator import SUBSCRIPTION_ID, Answer, Simulator

from ..compute.conftest import Machines
from ..library import Arm, code

VERSION = "2024-04-01"
Body = dict[str, Any]


class Backup:
    """A vault beside a machine; paths are relative to the vault."""

    def __init__(self, simulator: Simulator) -> None:
        self.arm = Arm(simulator)
        self.machines = Machines(self.arm)
        self.group = self.machines.group
        self.vault = f"{self.group}/providers/Microsoft.RecoveryServices/vaults/keeper"
        self.made = self("PUT", "", {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}})

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        return self.arm(method, self.vault + path, body, version=VERSION)

    def item(self, name: str = "vm") -> str:
        tail = f"iaasvmcontainerv2;rg;{name}"
        return f"/backupFabrics/Azure/protectionContainers/IaasVMContainer;{tail}/protectedItems/VM;{tail}"

    def protect(self, name: str = "vm", policy: str = "DefaultPolicy", **more: Any) -> Answer:
        properties = {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "sourceResourceId": self.machines.id(f"virtualMachines/{name}"),
            "policyId": f"{self.vault}/backupPolicies/{policy}",
            **more,
        }
        return self("PUT", self.item(name), {"properties": properties})

    def soft_delete(self, state: str) -> Answer:
        return self("PATCH", "/backupconfig/vaultconfig", {"properties": {"softDeleteFeatureState": state}})

    def items(self) -> list[Body]:
        found: list[Body] = self("GET", "/backupProtectedItems").json()["value"]
        return found


@pytest.fixture
def backup() -> Iterator[Backup]:
    with Simulator() as simulator:
        yield Backup(simulator)


def test_a_vault_is_announced_as_being_provisioned_and_shows_what_azure_fills_in(backup: Backup) -> None:
    assert backup.made.status == 201
    assert backup.made.json()["properties"]["provisioningState"] == "Provisioning"
    polled = backup.arm("GET", backup.made.headers["Azure-AsyncOperation"]).json()
    assert set(polled) == {"id", "name", "status"} and polled["status"] == "Succeeded"
    mine = backup("GET", "").json()["properties"]
    assert mine["provisioningState"] == "Succeeded" and mine["backupStorageVersion"] == "Unassigned"
    assert mine["redundancySettings"]["standardTierStorageRedundancy"] == "GeoRedundant"
    assert mine["securitySettings"]["softDeleteSettings"]["softDeleteRetentionPeriodInDays"] == 14


def test_a_new_vault_has_three_policies(backup: Backup) -> None:
    names = {one["name"] for one in backup("GET", "/backupPolicies").json()["value"]}
    assert names == {"DefaultPolicy", "EnhancedPolicy", "HourlyLogBackup"}
    machines = backup(
        "GET", "/backupPolicies?$filter=backupManagementType eq 'AzureIaasVM'".replace(" ", "%20")
    ).json()["value"]
    assert {one["name"] for one in machines} == {"DefaultPolicy", "EnhancedPolicy"}


def test_a_vault_is_patched_with_202_and_no_body(backup: Backup) -> None:
    answer = backup("PATCH", "", {"identity": {"type": "SystemAssigned"}})
    assert answer.status == 202 and not answer.body
    first = backup.arm("GET", answer.headers["Azure-AsyncOperation"]).json()["status"]
    second = backup.arm("GET", answer.headers["Azure-AsyncOperation"]).json()["status"]
    assert (first, second) == ("InProgress", "Succeeded")
    assert backup("GET", "").json()["identity"]["principalId"]


def test_soft_delete_keeps_at_least_fourteen_days_and_always_on_stays_on(backup: Backup) -> None:
    answer = backup("PATCH", "/backupconfig/vaultconfig", {"properties": {"softDeleteRetentionPeriodInDays": 3}})
    assert answer.status == 400
    assert backup.soft_delete("AlwaysON").json()["properties"]["isSoftDeleteFeatureStateEditable"] is False
    assert backup.soft_delete("Disabled").status == 400


def test_policies_are_written_without_fractions_and_refused_without_a_schedule(backup: Backup) -> None:
    document = backup("GET", "/backupPolicies/DefaultPolicy").json()["properties"]
    document["schedulePolicy"]["scheduleRunTimes"] = ["2026-01-01T02:00:00.000Z"]
    made = backup("PUT", "/backupPolicies/nightly", {"properties": document})
    assert made.status == 200
    assert made.json()["properties"]["schedulePolicy"]["scheduleRunTimes"] == ["2026-01-01T02:00:00Z"]
    assert backup("PUT", "/backupPolicies/other", {"properties": {"backupManagementType": "AzureIaasVM"}}).status == 400
    document["instantRpRetentionRangeInDays"] = 6
    assert backup("PUT", "/backupPolicies/other", {"properties": document}).status == 400
    assert backup("DELETE", "/backupPolicies/nightly").status == 200


def test_protecting_a_machine_makes_an_item_a_container_and_a_job(backup: Backup) -> None:
    backup.machines.make()
    found = backup("GET", "/backupProtectableItems").json()["value"]
    assert [one["properties"]["friendlyName"] for one in found] == ["vm"]
    answer = backup.protect()
    assert answer.status == 202 and not answer.body
    operation = answer.headers["Azure-AsyncOperation"].partition("?")[0].rpartition("/")[2]
    running = backup("GET", f"/backupOperations/{operation}").json()
    done = backup("GET", f"/backupOperations/{operation}").json()
    assert (running["status"], done["status"]) == ("InProgress", "Succeeded")
    job = backup("GET", f"/backupJobs/{done['properties']['jobId']}").json()["properties"]
    assert (job["operation"], job["status"], job["entityFriendlyName"]) == ("ConfigureBackup", "Completed", "vm")
    item = backup("GET", backup.item()).json()
    assert item["properties"]["protectionState"] == "IRPending"
    assert item["properties"]["policyName"] == "DefaultPolicy"
    assert backup("GET", "/backupPolicies/DefaultPolicy").json()["properties"]["protectedItemsCount"] == 1
    assert len(backup("GET", "/backupProtectionContainers").json()["value"]) == 1
    assert backup("GET", "/backupProtectableItems").json()["value"] == []
    assert backup("GET", "").json()["properties"]["backupStorageVersion"] == "V2"


def test_what_cannot_be_protected_is_refused(backup: Backup) -> None:
    assert backup.protect("nobody").status == 400
    backup.machines.make()
    assert backup.protect(policy="missing").status == 400
    assert code(backup.protect(policy="HourlyLogBackup")) == "BMSUserErrorInvalidPolicyForGivenProvider"
    assert backup.protect(protectedItemType="AzureFileShareProtectedItem").status == 501
    other = f"{backup.group}/providers/Microsoft.RecoveryServices/vaults/second"
    backup.arm("PUT", other, {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}}, version=VERSION)
    assert backup.protect().status == 202
    first, backup.vault = backup.vault, other
    assert backup.protect().status == 400
    backup.vault = first
    assert backup.protect(policy="EnhancedPolicy").status == 202


def test_the_state_of_a_machine_says_where_it_is_protected(backup: Backup) -> None:
    backup.machines.make()
    path = f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.RecoveryServices/locations/westeurope/backupStatus"
    asked = {"resourceType": "VM", "resourceId": backup.machines.id("virtualMachines/vm")}
    assert backup.arm("POST", path, asked, version=VERSION).json()["protectionStatus"] == "NotProtected"
    backup.protect()
    status = backup.arm("POST", path, asked, version=VERSION).json()
    assert (status["protectionStatus"], status["vaultId"], status["policyName"]) == (
        "Protected",
        backup.vault,
        "DefaultPolicy",
    )


def test_a_backup_on_demand_leaves_a_recovery_point(backup: Backup) -> None:
    backup.machines.make()
    backup.protect()
    asked = {
        "properties": {"objectType": "IaasVMBackupRequest", "recoveryPointExpiryTimeInUTC": "2027-01-01T00:00:00Z"}
    }
    assert backup("POST", f"{backup.item()}/backup", asked).status == 202
    points = backup("GET", f"{backup.item()}/recoveryPoints").json()["value"]
    assert len(points) == 1 and points[0]["properties"]["osType"] == "Linux"
    assert backup("GET", f"{backup.item()}/recoveryPoints/{points[0]['name']}").status == 200
    assert backup("GET", backup.item()).json()["properties"]["lastBackupStatus"] == "Completed"
    jobs = backup("GET", "/backupJobs?$filter=operation%20eq%20'Backup'").json()["value"]
    assert len(jobs) == 1
    assert backup.protect(policyId="", protectionState="ProtectionStopped").status == 202
    assert backup("POST", f"{backup.item()}/backup", asked).status == 400
    assert len(backup("GET", f"{backup.item()}/recoveryPoints").json()["value"]) == 1


def test_a_vault_and_its_group_cannot_be_deleted_while_something_is_protected(backup: Backup) -> None:
    backup.machines.make()
    backup.protect()
    assert backup("DELETE", "/backupPolicies/DefaultPolicy").status == 400
    refused = backup("DELETE", "")
    assert code(refused) == "ServiceResourceNotEmptyWithContainerDetails"
    gone = backup.arm("DELETE", backup.group)
    assert code(backup.arm("GET", gone.headers["Location"])) == "ResourceGroupDeletionBlocked"
    assert backup("GET", "").status == 200
    backup.soft_delete("Disabled")
    assert backup("DELETE", backup.item()).status == 202
    assert backup("GET", backup.item()).status == 404
    deleted = backup("DELETE", "")
    assert deleted.status == 202
    assert [backup.arm("GET", deleted.headers["Azure-AsyncOperation"]).json()["status"] for _ in range(2)] == [
        "InProgress",
        "Succeeded",
    ]
    assert backup("GET", "").status == 404


def test_a_deleted_item_is_kept_and_can_be_brought_back(backup: Backup) -> None:
    backup.machines.make()
    backup.protect()
    assert backup("DELETE", backup.item()).status == 202
    [item] = backup.items()
    assert item["properties"]["isScheduledForDeferredDelete"] is True
    assert code(backup("DELETE", "")) == "ServiceResourceNotEmptyWithBackendMessage"
    assert backup.protect().status == 400
    assert backup.protect(isRehydrate=True).status == 202
    [item] = backup.items()
    assert "isScheduledForDeferredDelete" not in item["properties"]
    assert item["properties"]["protectionState"] == "ProtectionStopped"
    assert backup.protect(isRehydrate=True).status == 400
    assert backup.protect().status == 202
    assert backup.items()[0]["properties"]["protectionState"] == "IRPending"


def test_a_soft_deleted_item_is_gone_after_its_days(backup: Backup) -> None:
    backup.machines.make()
    backup.protect()
    backup("DELETE", backup.item())
    clock = backup.arm.simulator.clock
    clock.advance(15 * 86400)
    assert clock.now() > time.time()
    backup.arm.token = backup.arm.simulator.owner_token()
    assert backup.items() == []
    assert backup("GET", backup.item()).status == 404
    assert backup("DELETE", "").status == 202


def test_refreshing_containers_is_polled_to_204(backup: Backup) -> None:
    answer = backup("POST", "/backupFabrics/Azure/refreshContainers")
    assert answer.status == 202
    assert [backup.arm("GET", answer.headers["Location"]).status for _ in range(2)] == [202, 204]


def test_storage_is_locked_once_something_is_protected(backup: Backup) -> None:
    path = "/backupstorageconfig/vaultstorageconfig"
    assert backup("PATCH", path, {"properties": {"storageModelType": "LocallyRedundant"}}).status == 204
    assert (
        backup("GET", "").json()["properties"]["redundancySettings"]["standardTierStorageRedundancy"]
        == "LocallyRedundant"
    )
    backup.machines.make()
    backup.protect()
    assert backup("GET", path).json()["properties"]["storageTypeState"] == "Locked"
    assert backup("PATCH", path, {"properties": {"storageModelType": "GeoRedundant"}}).status == 400
