"""Managed HSMs as the control plane shows them; what they hold is not modelled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.key_vault.vaults import recovers
from azlabs.simulator.resource_manager import deletes, locations
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, ResourceType, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Deleted, Resource
    from azlabs.simulator.resource_manager.calls import Call, Write

HSM = "Microsoft.KeyVault/managedHSMs"
HSM_NAME = re.compile(r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]")
RETENTION = 90


class ManagedHSMs(ResourceType):
    """A pool of hardware security modules of one customer."""

    type = HSM
    name_rule = NameRule(HSM_NAME.pattern, "400", "The managed HSM name '{name}' is invalid.")
    members = frozenset({"sku", "identity"})
    system_data = True
    defaults = {
        "tags": {},
        "properties": {
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": RETENTION,
            "enablePurgeProtection": False,
            "networkAcls": {
                "bypass": "AzureServices",
                "defaultAction": "Allow",
                "ipRules": [],
                "virtualNetworkRules": [],
            },
            "publicNetworkAccess": "Enabled",
            "regions": [],
        },
    }
    required = ("properties.tenantId", "sku.name")
    creates = updates = patched = Announce(202, "Provisioning", headers=("location",), body=False, polls=1)
    deletes = Announce(202, headers=("location",), body=False, polls=1)
    delete_result = 200
    operation_paths = ("operations", "managedHsmOperationResults")
    soft_delete_days = RETENTION

    def kept_days(self, row: Resource) -> float:
        return float(row.body["properties"]["softDeleteRetentionInDays"])

    def buried(self, call: Call, deleted: Deleted) -> None:
        """The name of a deleted pool is taken until it is recovered or purged."""
        if not recovers(call):
            super().buried(call, deleted)
        body = deletes.recover(call, deleted).copy()
        call.set_json({name: body[name] for name in ("location", "sku", "tags", "properties") if name in body})

    def fill(self, write: Write) -> None:
        """Where the pool answers, and how it is doing."""
        mine = write.body["properties"]
        mine.pop("createMode", None)
        mine["hsmUri"] = f"https://{write.name.lower()}.managedhsm.azure.net/"
        mine["statusMessage"] = "The Managed HSM is provisioned and ready to use."
        mine["securityDomainProperties"] = write.old("properties.securityDomainProperties") or {
            "activationStatus": "NotActivated",
            "activationStatusMessage": "Your HSM has been provisioned, but cannot be used for cryptographic operations until it is "
            "activated. To activate the HSM, download the security domain.",
        }

    def validate(self, write: Write) -> None:
        """Other regions have to be regions."""
        known = sorted(locations.regions())
        for region in write.body["properties"]["regions"]:
            name = locations.normalized(str(region.get("name", "")))
            if name not in known:
                write.refuse(
                    "400", f"Invalid region name: {name} passed. The valid list of region names: {', '.join(known)}"
                )

    def deleting(self, write: Write) -> None:
        """A pool in several regions is not deleted."""
        names = ", ".join(str(region["name"]) for region in write.body["properties"]["regions"])
        if names:
            write.refuse(
                "400", f"Soft delete of a pool {write.name} that is extended to regions ({names}) is not allowed."
            )

    @action("regions", method="GET")
    def regions(self, _call: Call, body: Body) -> dict[str, Any]:
        """Where the pool is: its own region and those it was extended to."""
        names = [(body["location"], True), *((region["name"], False) for region in body["properties"]["regions"])]
        return {"value": [{"name": name, "provisioningState": "Succeeded", "isPrimary": own} for name, own in names]}
