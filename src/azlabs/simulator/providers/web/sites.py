"""Sites of all kinds and their slots."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from azlabs.simulator.http import dumps
from azlabs.simulator.providers.web import app_settings, shown
from azlabs.simulator.providers.web.base import (
    PLAN,
    PLAN_KEY,
    SITE,
    SITE_KEY,
    SLOT,
    SLOT_DEPTH,
    SLOT_KEY,
    WebType,
    conflict,
    is_function,
    missing,
    plan_of,
    time_of,
    written_by,
)
from azlabs.simulator.providers.web.plans import tier_of
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

READ_ONLY = (
    "state", "hostNames", "repositorySiteName", "usageState", "enabledHostNames", "availabilityState", "lastModifiedTimeUtc",
    "trafficManagerHostNames", "outboundIpAddresses", "possibleOutboundIpAddresses", "defaultHostName", "slotSwapStatus",
    "resourceGroup", "suspendedTill", "maxNumberOfWorkers", "isDefaultContainer", "inProgressOperationId", "targetSwapSlot",
    "hostNameSslStates", "sku", "homeStamp", "ftpUsername", "ftpsHostName", "selfLink", "webSpace", "deploymentId", "name",
    "siteProperties", "customDomainVerificationId", "eligibleLogCategories", "kind", "tags", "privateEndpointConnections",
    "inboundIpAddress", "possibleInboundIpAddresses", "owner", "inFlightFeatures", "cloningInfo",
)  # fmt: skip


class App(WebType):
    """What sites and slots have in common."""

    members = frozenset({"kind", "identity", "extendedLocation"})
    read_only = tuple(f"properties.{name}" for name in READ_ONLY)
    references = (
        Reference("properties.serverFarmId", PLAN, must_exist=False),
        Reference("properties.virtualNetworkSubnetId", "Microsoft.Network/virtualNetworks/subnets", "NotFound", status=404),
    )
    not_found = (
        "ResourceNotFound",
        "The Resource 'Microsoft.Web/sites/{names}' under resource group '{group}' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix",
    )
    creates = updates = patched = Announce(200, "Succeeded")

    def fill(self, write: Write) -> None:
        """Find the plan, take the settings out of the document, keep what is the site's own."""
        mine = write.body.setdefault("properties", {})
        mine["serverFarmId"] = _plan_id(write)
        plan = plan_of(write, write.body) or {}
        config = mine.pop("siteConfig", None)
        mine["siteConfig"] = config if isinstance(config, dict) else {}
        mine["reserved"] = bool((plan.get("properties") or {}).get("reserved"))
        mine["state"] = write.old("properties.state", "Running") if mine.get("enabled", True) else "Stopped"
        mine["lastModifiedTimeUtc"] = time_of(write.now)
        kind = str(write.body.get("kind") or write.old("kind") or "app")
        if mine["reserved"] and "linux" not in kind.split(","):
            kind += ",linux"
        write.body["kind"] = kind
        if write.before is None:
            write.hidden["password"] = secrets.token_urlsafe(45)

    def validate(self, write: Write) -> None:
        """Names are hosts and unique in the world; the plan says what settings a site may have."""
        host = shown.host_name(write.id)
        for row in write.store.select("type IN (?,?)", (SITE_KEY, SLOT_KEY)) if write.created else ():
            if row.key != write.key and shown.host_name(row.id).lower() == host.lower():
                conflict(f"Website with given name {write.name} already exists.")
        tier = tier_of(plan_of(write, write.body))
        if write.get("properties.siteConfig.alwaysOn") and not tier.always_on:
            conflict(
                "There was a conflict. AlwaysOn cannot be set for this site as the plan does not allow it. For more information on "
                "pricing and features, please see: https://aka.ms/appservicepricingdetails "
            )

    def written(self, write: Write) -> None:
        """The settings that came inside the document become settings of their own."""
        row = written_by(write)
        body = row.copy()
        app_settings.take(write, row, body["properties"].pop("siteConfig", {}), new=write.created)
        row.body = body
        write.store.update(row)

    def shown(self, body: Body, reader: Reader) -> Body:
        """With everything that Azure shows of a site."""
        return shown.site(body, reader)

    def accepted(self, write: Write, shown_body: Body) -> None:
        """The first answer knows less of the settings, and shows the restrictions that apply."""
        shown.first_answer(write, shown_body)

    @action("start")
    def start(self, call: Call, body: Body) -> None:
        """Run it."""
        _set_state(call, body, "Running")

    @action("stop")
    def stop(self, call: Call, body: Body) -> None:
        """Stop it; it is still there and still costs."""
        _set_state(call, body, "Stopped")

    @action("restart")
    def restart(self, call: Call, body: Body) -> None:
        """Start its code again; the control plane remembers only how often."""
        row = call.store.get(body["id"].lower())
        if row is not None:
            hidden = row.hidden
            row.hidden_text = dumps({**hidden, "restarts": int(hidden.get("restarts", 0)) + 1})
            call.store.update(row)

    @action("newpassword")
    def new_password(self, call: Call, body: Body) -> None:
        """Another password of the publishing user."""
        row = call.store.get(body["id"].lower())
        if row is not None:
            row.hidden_text = dumps({**row.hidden, "password": secrets.token_urlsafe(45)})
            call.store.update(row)

    @action("syncfunctiontriggers")
    def sync_triggers(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """Functions tell the platform what starts them."""
        if not is_function(body):
            refuse("BadRequest", f"The site '{body['name']}' is not a function app.")

    @action("applySlotConfig")
    def apply_slot_config(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """First half of a swap with preview."""
        raise not_modelled(f"{self.type}/applySlotConfig")


class Sites(App):
    """A web app, API app, function app or logic app."""

    type = SITE
    name_rule = NameRule(
        r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])?",
        "BadRequest",
        "The parameter name has an invalid value. Site name '{name}' is invalid.",
    )

    @action("slotsswap", announce=Announce(202, headers=("location",), body=False))
    def swap(self, call: Call, body: Body) -> None:
        """Swap production with a slot."""
        _swap(call, body["id"], f"{body['id']}/slots/{_target(call)}")


class Slots(App):
    """Another deployment of a site, with a host name and settings of its own."""

    type = SLOT
    name_rule = NameRule(r"[A-Za-z0-9-]{1,59}", "BadRequest", "The parameter name has an invalid value.")

    def fill(self, write: Write) -> None:
        """A slot runs in the site's plan unless told otherwise, and is of the site's kind."""
        site = write.find("/".join(write.id.split("/")[: SLOT_DEPTH - 2])) or {}
        mine = write.body.setdefault("properties", {})
        mine.setdefault("serverFarmId", (site.get("properties") or {}).get("serverFarmId"))
        write.body.setdefault("kind", site.get("kind", "app"))
        super().fill(write)

    def validate(self, write: Write) -> None:
        """A tier has so many slots."""
        super().validate(write)
        if not write.created:
            return
        tier = tier_of(plan_of(write, write.body))
        parent = write.key.rpartition("/slots/")[0]
        if len(write.store.at_scope(parent, SLOT_KEY)) >= tier.slots:
            conflict(
                "Cannot complete the operation because the site will exceed the number of slots allowed for the "
                f"'{tier.name}' SKU."
            )

    @action("slotsswap", announce=Announce(202, headers=("location",), body=False))
    def swap(self, call: Call, body: Body) -> None:
        """Swap a slot with another one or with production."""
        site = body["id"].rpartition("/slots/")[0]
        target = _target(call)
        _swap(call, body["id"], site if target.lower() == "production" else f"{site}/slots/{target}")


def _plan_id(write: Write) -> str:
    """The id of the plan: a request may name it by its id or, in the same group, by its name."""
    given = write.get("properties.serverFarmId") or write.old("properties.serverFarmId")
    if not given:
        if write.get("properties.managedEnvironmentId"):
            raise not_modelled("Microsoft.Web/sites in a managed environment")
        raise not_modelled("Microsoft.Web/sites without a serverFarmId")
    id = str(given)
    if not id.startswith("/"):
        id = f"{write.id.partition('/providers/')[0]}/providers/{PLAN}/{id}"
    row = write.store.get(id.rstrip("/").lower())
    if row is None or row.type != PLAN_KEY:
        missing("serverFarm", id.rpartition("/")[2])
    return row.id


def _set_state(call: Call, body: Body, state: str) -> None:
    row = call.store.get(body["id"].lower())
    if row is not None:
        document = row.copy()
        document["properties"]["state"] = state
        row.body = document
        call.store.update(row)


def _target(call: Call) -> str:
    target = call.json().get("targetSlot")
    if not isinstance(target, str) or not target:
        refuse("BadRequest", "The parameter targetSlot has an invalid value.")
    return target


def _swap(call: Call, first: str, second: str) -> None:
    """Change places: settings and content move, what is bound to a slot stays."""
    rows: list[Resource | None] = [call.store.get(id.lower()) for id in (first, second)]
    if rows[0] is None or rows[1] is None:
        missing("slot", second.rpartition("/")[2])
    app_settings.swap(call, rows[0], rows[1])
