"""App Service plans: SKUs, workers, what Azure computes of them."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azlabs.simulator.http import json_answer
from azlabs.simulator.providers.web.base import PLAN, SITE_KEY, SLOT_KEY, WebType, conflict, region, shapes, time_of
from azlabs.simulator.resource_manager import locations
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, InUse, NameRule, action

if TYPE_CHECKING:
    from azlabs.simulator.http import Answer
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write


@dataclass(frozen=True, slots=True)
class Tier:
    """`workers`: the most a plan may have. `sizes`: (workerSize, workerSizeId) of the SKUs 1, 2, 3. `slots`: beside production."""

    name: str
    family: str
    workers: int
    sizes: tuple[tuple[str, int], ...] = (("Default", 0), ("Medium", 1), ("Large", 2))
    compute: str = "Dedicated"
    site_mode: str | None = None
    kind: str = "app"
    slots: int = 20
    counted: bool = True
    """The SKU says how many workers there are."""
    always_on: bool = True
    zones: bool = False


_D = (("D1", 3), ("D2", 4), ("D3", 5))
_V3 = (("SmallV3", 6), ("MediumV3", 7), ("LargeV3", 8))
TIERS: dict[str, Tier] = {
    "F": Tier("Free", "F", 1, compute="Shared", site_mode="Limited", slots=0, counted=False, always_on=False),
    "D": Tier("Shared", "D", 1, compute="Shared", site_mode="Basic", slots=0, counted=False, always_on=False),
    "B": Tier("Basic", "B", 3, slots=0),
    "S": Tier("Standard", "S", 10, slots=5),
    "P": Tier("Premium", "P", 20),
    "Pv2": Tier("PremiumV2", "Pv2", 30, _D, zones=True),
    "Pv3": Tier("PremiumV3", "Pv3", 30, _V3, zones=True),
    "Pmv3": Tier("PremiumMV3", "Pmv3", 30, _V3, zones=True),
    "Iv2": Tier("IsolatedV2", "Iv2", 100, _D, zones=True),
    "EP": Tier("ElasticPremium", "EP", 20, _D, kind="elastic", always_on=False, zones=True),
    "WS": Tier("WorkflowStandard", "WS", 20, _D, kind="elastic", always_on=False, zones=True),
    "Y": Tier("Dynamic", "Y", 0, compute="Dynamic", kind="functionapp", slots=1, counted=False, always_on=False),
    "FC": Tier(
        "FlexConsumption", "FC", 0, (("Small", 0),), compute="Dynamic", kind="functionapp", slots=0, counted=False,
        always_on=False,
    ),
}  # fmt: skip
"""Tiers by the letters of their SKUs: "Pv2" for P1v2. https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-app-service-limits"""
_SKU = re.compile(r"(F|D|B|S|P|I|EP|WS|Y|FC)(\d)(mv3|v2|v3)?", re.I)
_SPELLED = {letters.lower(): letters for letters in TIERS}
KEPT = (
    "reserved", "perSiteScaling", "isXenon", "hyperV", "zoneRedundant", "isSpot", "hostingEnvironmentProfile",
    "maximumElasticWorkerCount", "elasticScaleEnabled", "kubeEnvironmentProfile", "asyncScalingEnabled",
)  # fmt: skip
"""What is kept of the properties in a request."""
ONLY_ONE = frozenset({"F", "D", "Y", "FC"})


def sku_of(name: object) -> tuple[str, Tier, int] | None:
    """(name as Azure spells it, tier, number) of a SKU; None when there is no such SKU."""
    found = _SKU.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        return None
    letters = _SPELLED.get((found[1] + (found[3] or "")).lower())
    number = int(found[2])
    high = 1 if letters in ONLY_ONE else 5 if letters == "Pmv3" else 6 if letters == "Iv2" else 3
    if letters is None or not (0 if letters == "Pv3" else 1) <= number <= high:
        return None
    return f"{found[1].upper()}{number}{(found[3] or '').lower()}", TIERS[letters], number


def tier_of(plan: Body | None) -> Tier:
    """The tier of a stored plan."""
    found = sku_of(((plan or {}).get("sku") or {}).get("name"))
    return found[1] if found is not None else TIERS["S"]


class Plans(WebType):
    """Workers that sites share."""

    type = PLAN
    name_rule = NameRule(r"[a-zA-Z0-9_-]{1,60}", "BadRequest", "The parameter name has an invalid value.")
    members = frozenset({"sku", "kind", "extendedLocation", "identity"})
    creates = updates = patched = Announce(200, "Succeeded")
    not_found = (
        "ResourceNotFound",
        "The Resource 'Microsoft.Web/serverFarms/{name}' under resource group '{group}' was not found. For more details please "
        "go to https://aka.ms/ARMResourceNotFoundFix",
    )
    in_use = InUse(
        "Conflict", "Server farm '{name}' cannot be deleted because it has web app(s) {user} assigned to it.", 409
    )
    members_since = {
        "properties.elasticScaleEnabled": "2021-01-01",
        "properties.kubeEnvironmentProfile": "2021-01-01",
        "properties.zoneRedundant": "2021-01-01",
        "properties.migrateToVMSS": "2022-03-01",
        "properties.vnetConnectionsUsed": "2022-03-01",
        "properties.vnetConnectionsMax": "2022-03-01",
        "properties.createdTime": "2022-03-01",
    }

    def fill(self, write: Write) -> None:
        """The SKU decides about almost everything."""
        sku = write.body.get("sku") or dict(write.old("sku") or {"name": "F1"})
        found = sku_of(sku.get("name") or "F1")
        if found is None:
            refuse("BadRequest", f"The parameter SKU.Name has an invalid value. '{sku.get('name')}' is not a valid SKU.")
        name, tier, _number = found
        asked = sku.get("capacity")
        capacity = (asked if isinstance(asked, int) and asked > 0 else 1) if tier.counted else 0
        write.body["sku"] = {"name": name, "tier": tier.name, "size": name, "family": tier.family, "capacity": capacity}
        mine = write.body.setdefault("properties", {})
        mine = {word: value for word, value in mine.items() if word in KEPT}
        kind = str(write.body.get("kind") or "").lower()
        mine["reserved"] = bool(mine.get("reserved", write.old("properties.reserved", False))) or kind == "linux"
        mine["zoneRedundant"] = bool(mine.get("zoneRedundant"))
        mine["elasticScaleEnabled"] = tier.kind == "elastic" or bool(mine.get("elasticScaleEnabled"))
        mine["maximumElasticWorkerCount"] = max(int(mine.get("maximumElasticWorkerCount") or 1), capacity)
        mine["serverFarmId"] = write.old("properties.serverFarmId") or zlib.crc32(write.key.encode()) % 90_000 + 1000
        mine["createdTime"] = write.old("properties.createdTime") or time_of(write.now)
        write.body["properties"] = mine
        write.body["kind"] = "linux" if mine["reserved"] and tier.kind == "app" else tier.kind

    def validate(self, write: Write) -> None:
        """Numbers of workers and features that a tier does not have."""
        tier, capacity = tier_of(write.body), write.body["sku"]["capacity"]
        if tier.workers and capacity > tier.workers:
            refuse(
                "BadRequest",
                f"The parameter NumberOfWorkers has an invalid value. The tier {tier.name} has {tier.workers} workers at most.",
            )
        if write.get("properties.zoneRedundant"):
            zones = locations.regions()[locations.normalized(write.location)].get("zones")
            if not tier.zones or not zones:
                refuse("Unauthorized", "Requested features are not supported in region. Please try another region.", status=401)
        if write.before is not None and bool(write.old("properties.reserved")) != write.get("properties.reserved"):
            conflict(f"Cannot change the operating system of server farm '{write.name}'.")
        if write.before is not None and not tier.slots and any(link_slot(write)):
            conflict("Cannot complete the operation because the sites in the plan have slots, which its new tier does not offer.")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Workers, mode and place of the plan, as Azure computes them."""
        sku, mine = body["sku"], body["properties"]
        group = body["id"].split("/")[4]
        place = region(body["location"])
        tier = tier_of(body)
        size, size_id = worker(body)
        sites = sum(link.source.count("/") < 10 for link in reader.linked(body["id"]))
        space = f"{group}-{place.replace(' ', '')}webspace" + ("-Linux" if mine["reserved"] else "")
        computed = {
            "name": body["name"], "workerSize": size, "workerSizeId": size_id, "numberOfWorkers": sku["capacity"],
            "currentWorkerSize": size, "currentWorkerSizeId": size_id, "currentNumberOfWorkers": sku["capacity"],
            "webSpace": space, "subscription": body["id"].split("/")[2], "maximumNumberOfWorkers": tier.workers,
            "computeMode": tier.compute, "siteMode": tier.site_mode, "geoRegion": place, "numberOfSites": sites,
            "tags": body.get("tags"), "kind": body["kind"], "resourceGroup": group, "vnetConnectionsUsed": 0,
            "mdmId": f"waws-prod-sim-001_{mine['serverFarmId']}",
        }  # fmt: skip
        body["properties"] = {**shapes()["plan"], **computed, **mine}
        body["location"] = place
        return body

    def accepted(self, write: Write, shown: Body) -> None:
        """The first answer repeats the SKU, and what was sent of the location; it does not know the limits yet."""
        mine = shown["properties"]
        mine["sku"], mine["tags"] = dict(shown["sku"]), None
        if write.created:
            mine.update(maximumNumberOfWorkers=0, vnetConnectionsUsed=None, vnetConnectionsMax=None)
            shown["location"] = write.request.get("location", shown["location"])

    @action("sites", method="GET")
    def sites(self, call: Call, body: Body) -> Answer:
        """The sites of the plan."""
        from azlabs.simulator.resource_manager import registry, views

        found = []
        for link in call.store.links_to(body["id"].lower()):
            row = call.store.get(link.source)
            kind = registry.find(row.type) if row is not None else None
            if row is not None and kind is not None and row.type == SITE_KEY:
                found.append(views.show(call, kind, row.copy(), row.key))
        return json_answer({"value": found, "nextLink": None, "id": None})

    @action("restartSites")
    def restart_sites(self, call: Call, body: Body) -> None:
        """Restarts what runs in the plan: nothing that the control plane remembers."""

    @action("skus", method="GET")
    def skus(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """SKUs that the plan may change to."""
        tiers = [tier for tier in TIERS.values() if tier.compute == tier_of(body).compute and tier.counted]
        return {
            "value": [
                {
                    "resourceType": PLAN,
                    "sku": {"name": f"{tier.family}1", "tier": tier.name},
                    "capacity": {"minimum": 1, "maximum": tier.workers, "default": 1, "scaleType": "Manual"},
                }
                for tier in tiers
                if "v" not in tier.family
            ]
        }


def worker(plan: Body) -> tuple[str, int]:
    """(workerSize, workerSizeId) of a plan."""
    found = sku_of(plan["sku"]["name"])
    if found is None:
        return "Default", 0
    _, tier, number = found
    return tier.sizes[min(max(number, 1), len(tier.sizes)) - 1]


def link_slot(write: Write) -> list[str]:
    """Keys of the slots that run in the plan."""
    return [link.source for link in write.linked(write.id) if (row := write.store.get(link.source)) and row.type == SLOT_KEY]
