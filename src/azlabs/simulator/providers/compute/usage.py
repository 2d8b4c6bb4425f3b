"""How many cores machines take, and how many a subscription may have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.compute import sizes
from azlabs.simulator.providers.compute.base import not_allowed, properties
from azlabs.simulator.resource_manager.locations import normalized
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader

Body = dict[str, Any]
MACHINES, SETS = "microsoft.compute/virtualmachines", "microsoft.compute/virtualmachinescalesets"
COUNTED = (
    ("availabilitySets", "Availability Sets", "microsoft.compute/availabilitysets", 2500),
    ("virtualMachines", "Virtual Machines", MACHINES, 25000),
    ("virtualMachineScaleSets", "Virtual Machine Scale Sets", SETS, 2500),
    ("dedicatedHosts", "Dedicated Hosts", "microsoft.compute/hostgroups/hosts", 3000),
)


def cores(reader: Reader, subscription: str, location: str, besides: str = "") -> Counter[str]:
    """Cores in use by family, and in "" all of them. Deallocated machines take none. `besides`: key of one that is left out."""
    used: Counter[str] = Counter()
    for kind in (MACHINES, SETS):
        for row in reader.store.in_subscription(subscription, kind):
            if row.location != location or row.key == besides:
                continue
            if kind == MACHINES:
                if row.hidden.get("powerState") == "deallocated":
                    continue
                name, count = properties(row.body).get("hardwareProfile", {}).get("vmSize", ""), 1
            else:
                if properties(row.body).get("orchestrationMode") == "Flexible":
                    continue
                sku = row.body.get("sku") or {}
                name, count = sku.get("name", ""), int(sku.get("capacity") or 0)
            size = sizes.find(str(name))
            if size is not None:
                used[size.family] += size.cores * count
                used[""] += size.cores * count
    return used


def check(reader: Reader, subscription: str, location: str, key: str, size: sizes.Size, count: int = 1) -> None:
    """Refuse what would go past the quota of the region or of the family; what `key` has by now does not count."""
    wanted = size.cores * count
    if wanted <= 0:
        return
    used = cores(reader, subscription, location, key)
    for family, words in (("", "Total Regional"), (size.family, size.family)):
        if used[family] + wanted > sizes.REGION_QUOTA:
            not_allowed(
                f"Operation could not be completed as it results in exceeding approved {words} Cores quota. Additional details - "
                f"Deployment Model: Resource Manager, Location: {location}, Current Limit: {sizes.REGION_QUOTA}, Current Usage: "
                f"{used[family]}, Additional Required: {wanted}, (Minimum) New Limit Required: {used[family] + wanted}. Submit a "
                "request for Quota increase at https://aka.ms/ProdportalCRP/ by specifying parameters listed in the 'Details' "
                "section for deployment to succeed. Please read more about quota limits at "
                "https://docs.microsoft.com/en-us/azure/azure-supportability/regional-quota-requests"
            )


def _item(name: str, words: str, current: int, limit: int) -> Body:
    return {"unit": "Count", "currentValue": current, "limit": limit, "name": {"value": name, "localizedValue": words}}


def usages(call: Call) -> Body:
    """What is used of the quotas of a region."""
    location, subscription = normalized(call.values["location"]), call.route.subscription
    items = []
    for name, words, kind, limit in COUNTED:
        count = call.store.count("type=? AND subscription=? AND location=?", (kind, subscription, location))
        items.append(_item(name, words, count, limit))
    used = cores(call, subscription, location)
    items.insert(1, _item("cores", "Total Regional vCPUs", used[""], sizes.REGION_QUOTA))
    for family in dict.fromkeys(size.family for size in sizes.sizes().values()):
        words = family.removeprefix("standard").removesuffix("Family")
        items.append(_item(family, f"Standard {words} Family vCPUs", used[family], sizes.REGION_QUOTA))
    return {"value": items}


ENDPOINTS = [
    Endpoint("GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages", usages),
]
