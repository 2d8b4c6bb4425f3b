"""Backup of file shares: accounts registered with a vault, shares protected, backed up, restored and let go, through
the real management client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from azlabs.cloud import Cloud, scratch
from azlabs.cloud.errors import AzureError

if TYPE_CHECKING:
    from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

GROUP, VAULT, ACCOUNT, FABRIC = "rg", "keeper", "azlabsshares", "Azure"
CONTAINER = f"StorageContainer;Storage;{GROUP};{ACCOUNT}"
STORAGE, SHARES = "backupManagementType eq 'AzureStorage'", "workloadType eq 'AzureFileShare'"
Body = dict[str, Any]


class Shares:
    """A vault beside an account with two shares."""

    def __init__(self, cloud: Cloud) -> None:
        from azure.mgmt.recoveryservicesbackup import RecoveryServicesBackupClient

        self.cloud = cloud
        self.group = f"/subscriptions/{cloud.subscription_id}/resourceGroups/{GROUP}"
        self.vault = f"{self.group}/providers/Microsoft.RecoveryServices/vaults/{VAULT}"
        self.account = f"{self.group}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}"
        cloud.run("PUT", self.group, "2024-11-01", {"location": "westeurope"})
        body: Body = {"location": "westeurope", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
        cloud.run("PUT", self.account, "2024-01-01", {**body, "properties": {}})
        for share in ("reports", "pictures"):
            cloud.run("PUT", f"{self.account}/fileServices/default/shares/{share}", "2024-01-01", {})
        vault: Body = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}}
        cloud.run("PUT", self.vault, "2024-04-01", vault)
        self.client: RecoveryServicesBackupClient = cloud.client(RecoveryServicesBackupClient)
        at = ["2026-01-01T02:00:00Z"]
        schedule = {"schedulePolicyType": "SimpleSchedulePolicy", "scheduleRunFrequency": "Daily", "scheduleRunTimes": at}
        kept = {"retentionTimes": at, "retentionDuration": {"count": 30, "durationType": "Days"}}
        policy = {
            "backupManagementType": "AzureStorage",
            "workLoadType": "AzureFileShare",
            "timeZone": "UTC",
            "schedulePolicy": schedule,
            "retentionPolicy": {"retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": kept},
        }
        self.policy = f"{self.vault}/backupPolicies/nightly"
        cloud.run("PUT", self.policy, "2024-04-01", {"properties": policy})

    def register(self, vault: str = VAULT) -> Any:
        about = {
            "backupManagementType": "AzureStorage",
            "containerType": "StorageContainer",
            "sourceResourceId": self.account,
        }
        containers = self.client.protection_containers
        begun = containers.begin_register(vault, GROUP, FABRIC, CONTAINER, {"properties": about})
        return begun.result()

    def inquire(self) -> None:
        self.client.protection_containers.inquire(VAULT, GROUP, FABRIC, CONTAINER, filter=SHARES)

    def protectable(self) -> dict[str, str]:
        found = self.client.backup_protectable_items.list(VAULT, GROUP, filter=f"{STORAGE} and {SHARES}")
        return {str(one.properties.friendly_name): str(one.name) for one in found}

    def protect(self, item: str, **more: Any) -> None:
        about = {
            "protectedItemType": "AzureFileShareProtectedItem",
            "sourceResourceId": self.account,
            "policyId": self.policy,
            **more,
        }
        items = self.client.protected_items
        items.begin_create_or_update(VAULT, GROUP, FABRIC, CONTAINER, item, {"properties": about}).result()

    def items(self) -> list[Any]:
        return list(self.client.backup_protected_items.list(VAULT, GROUP, filter=STORAGE))

    def jobs(self) -> list[str]:
        return [str(job.properties.operation) for job in self.client.backup_jobs.list(VAULT, GROUP, filter=STORAGE)]


@pytest.fixture
def shares() -> Iterator[Shares]:
    with scratch() as cloud:
        yield Shares(cloud)


def test_an_account_is_offered_registered_and_asked_for_its_shares(shares: Shares) -> None:
    found = list(shares.client.protectable_containers.list(VAULT, GROUP, FABRIC, filter=STORAGE))
    assert [one.name for one in found] == [CONTAINER]
    made = shares.register()
    assert made.properties.registration_status == "Registered" and made.properties.protected_item_count == 0
    assert not list(shares.client.protectable_containers.list(VAULT, GROUP, FABRIC, filter=STORAGE))
    assert shares.protectable() == {}
    shares.inquire()
    assert set(shares.protectable()) == {"reports", "pictures"}


def test_a_registered_account_is_locked_against_being_deleted(shares: Shares) -> None:
    shares.register()
    with pytest.raises(AzureError) as refused:
        shares.cloud.run("DELETE", shares.account, "2024-01-01")
    assert refused.value.code == "ScopeLocked"
    shares.client.protection_containers.unregister(VAULT, GROUP, FABRIC, CONTAINER)
    shares.cloud.run("DELETE", shares.account, "2024-01-01")


def test_shares_are_protected_only_in_a_registered_account_and_under_their_kind_of_policy(shares: Shares) -> None:
    with pytest.raises(HttpResponseError, match="not registered"):
        shares.protect("AzureFileShare;reports")
    shares.register()
    with pytest.raises(HttpResponseError, match="was not found"):
        shares.protect("AzureFileShare;nothing")
    with pytest.raises(HttpResponseError, match="not valid for given provider"):
        shares.protect("AzureFileShare;reports", policyId=f"{shares.vault}/backupPolicies/DefaultPolicy")
    assert shares.items() == []


def test_a_protected_share_is_an_item_of_its_account(shares: Shares) -> None:
    shares.register()
    shares.inquire()
    shares.protect(shares.protectable()["reports"])
    [item] = shares.items()
    assert (item.properties.friendly_name, item.properties.protection_state) == ("reports", "IRPending")
    assert set(shares.protectable()) == {"pictures"} and shares.jobs() == ["ConfigureBackup"]
    [container] = shares.client.backup_protection_containers.list(VAULT, GROUP, filter=STORAGE)
    assert container.properties.protected_item_count == 1
    shown = shares.client.protected_items.get(VAULT, GROUP, FABRIC, CONTAINER, item.name)
    assert shown.properties.extended_info.recovery_point_count == 0
    status = shares.client.backup_status.get(
        "westeurope",
        {"resourceType": "AzureFileShare", "resourceId": shares.account, "poLogicalName": "reports"},
    )
    assert (status.protection_status, status.vault_id) == ("Protected", shares.vault)


def test_a_backup_of_a_share_can_be_restored(shares: Shares) -> None:
    shares.register()
    shares.protect("AzureFileShare;reports")
    [item] = shares.items()
    request = {"properties": {"objectType": "AzureFileShareBackupRequest"}}
    shares.client.backups.trigger(VAULT, GROUP, FABRIC, CONTAINER, item.name, request)
    [point] = shares.client.recovery_points.list(VAULT, GROUP, FABRIC, CONTAINER, item.name)
    assert "reports?sharesnapshot=" in str(point.properties.file_share_snapshot_uri)
    assert shares.items()[0].properties.protection_state == "Protected"
    restore: Body = {
        "objectType": "AzureFileShareRestoreRequest",
        "recoveryType": "OriginalLocation",
        "sourceResourceId": shares.account,
        "copyOptions": "Overwrite",
        "restoreRequestType": "FullShareRestore",
    }
    path = (VAULT, GROUP, FABRIC, CONTAINER, item.name, point.name)
    shares.client.restores.begin_trigger(*path, {"properties": restore}).result()
    elsewhere = {"name": "nowhere", "targetResourceId": shares.account}
    with pytest.raises(HttpResponseError, match="nowhere"):
        asked = {**restore, "recoveryType": "AlternateLocation", "targetDetails": elsewhere}
        shares.client.restores.begin_trigger(*path, {"properties": asked}).result()
    assert shares.jobs() == ["Restore", "Backup", "ConfigureBackup"]


def test_a_deleted_item_is_kept_and_an_account_with_items_stays_registered(shares: Shares) -> None:
    shares.register()
    shares.protect("AzureFileShare;reports")
    [item] = shares.items()
    containers = shares.client.protection_containers
    shares.client.protected_items.delete(VAULT, GROUP, FABRIC, CONTAINER, item.name)
    assert shares.items()[0].properties.is_scheduled_for_deferred_delete is True
    with pytest.raises(HttpResponseError, match="still has protected items"):
        containers.unregister(VAULT, GROUP, FABRIC, CONTAINER)
    shares.protect(str(item.name), isRehydrate=True)
    assert shares.items()[0].properties.protection_state == "ProtectionStopped"
    config = {"properties": {"softDeleteFeatureState": "Disabled", "enhancedSecurityState": "Disabled"}}
    shares.client.backup_resource_vault_configs.update(VAULT, GROUP, config)
    shares.client.protected_items.delete(VAULT, GROUP, FABRIC, CONTAINER, item.name)
    assert shares.items() == []
    with pytest.raises(AzureError, match="cannot be deleted"):
        shares.cloud.run("DELETE", shares.vault, "2024-04-01")
    containers.unregister(VAULT, GROUP, FABRIC, CONTAINER)
    with pytest.raises(ResourceNotFoundError):
        containers.get(VAULT, GROUP, FABRIC, CONTAINER)
    shares.cloud.run("DELETE", shares.vault, "2024-04-01")


def test_an_account_belongs_to_one_vault(shares: Shares) -> None:
    shares.register()
    body: Body = {"location": "westeurope", "sku": {"name": "Standard"}, "properties": {}}
    shares.cloud.run("PUT", shares.vault.replace(VAULT, "second"), "2024-04-01", body)
    with pytest.raises(HttpResponseError, match="another vault"):
        shares.register("second")
