"""Requests to Microsoft.CognitiveServices that are not about one living resource: deleted accounts, models, tiers, names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.cognitive_services import catalogue
from azlabs.simulator.providers.cognitive_services.accounts import ACCOUNT_KEY, Accounts, complete, domain_in_use
from azlabs.simulator.resource_manager import locations, operations
from azlabs.simulator.resource_manager.errors import Refused, refuse
from azlabs.simulator.resource_manager.gates import action_of
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Deleted
    from azlabs.simulator.resource_manager.calls import Call

PURGED = Announce(202, headers=("azure-asyncoperation", "location"))


def _shown(call: Call, deleted: Deleted) -> Body:
    from azlabs.simulator.clock import stamp

    body = json.loads(deleted.text)
    hidden = json.loads(deleted.hidden_text) if deleted.hidden_text else {}
    group, place = str(body["id"]).split("/")[4], hidden.get("location", body["location"])
    body = complete(body, hidden, [], [])
    body["properties"].update(
        deletionDate=stamp(deleted.at), scheduledPurgeDate=stamp(deleted.purge_at), provisioningState="Succeeded"
    )
    root = f"/subscriptions/{call.route.subscription}/providers/Microsoft.CognitiveServices/locations/{place}"
    body["id"] = f"{root}/resourceGroups/{group}/deletedAccounts/{deleted.name}"
    body["type"] = "Microsoft.CognitiveServices/deletedAccounts"
    return body


def _mine(call: Call) -> list[Deleted]:
    prefix = f"/subscriptions/{call.route.subscription}/"
    return [one for one in call.store.buried(ACCOUNT_KEY, call.now) if one.key.startswith(prefix)]


def deleted_accounts(call: Call) -> Body:
    """Accounts that can still come back."""
    return {"value": [_shown(call, one) for one in _mine(call)]}


def _found(call: Call) -> Deleted:
    group, name = call.values["group"].lower(), call.values["account"].lower()
    for one in _mine(call):
        if one.key.split("/")[4] == group and one.name.lower() == name:
            return one
    raise Refused(404, "DeletedAccountNotFound", f"The deleted account '{call.values['account']}' was not found.")


def deleted_account(call: Call) -> Body:
    """One deleted account."""
    return _shown(call, _found(call))


def purge(call: Call) -> Answer:
    """Nobody gets the account back."""
    call.manager.gates.check("action", call.principal, call)
    with call.store.writing():
        found = _found(call)
        call.store.purge(found.key)
        headers = operations.start(call, Accounts(), found.key, PURGED, location=found.location)
        call.store.note_activity(call.now, call.path().lower(), action_of(call), 202, "", call.principal.object_id)
    return Answer(202, headers)


def models(call: Call) -> Body:
    """Models of a region."""
    place = locations.normalized(call.values["location"])
    if place not in locations.regions():
        refuse("LocationNotAvailableForResourceType", f"The provided location '{call.values['location']}' is not available.")
    root = f"/subscriptions/{call.route.subscription}/providers/Microsoft.CognitiveServices/locations/{place}/models"
    found = []
    for one in catalogue.models():
        name = f"{one['format']}.{one['name']}.{one['version']}"
        kind = "Microsoft.CognitiveServices/locations/models"
        more = {"location": place, "kind": "OpenAI", "skuName": "S0", "model": one}
        found.append({"id": f"{root}/{name}", "type": kind, "name": name, **more})
    return {"value": found}


def usages(call: Call) -> Body:
    """Quotas of a region, with what deployments use of them."""
    from azlabs.simulator.providers.cognitive_services.children import QUOTA

    used: dict[tuple[str, str], int] = {}
    for row in call.store.of_type(f"{ACCOUNT_KEY}/deployments"):
        key = (row.body["sku"]["name"], row.body["properties"]["model"]["name"])
        used[key] = used.get(key, 0) + row.body["sku"]["capacity"]
    found = [dict(one) for one in catalogue.table("usages")]
    for (sku, model), amount in used.items():
        name = {"value": f"OpenAI.{sku}.{model}", "localizedValue": f"Tokens Per Minute (thousands) - {model}"}
        found.append({"name": name, "currentValue": amount, "limit": QUOTA, "unit": "Count"})
    return {"value": found}


def tiers(call: Call) -> Body:  # noqa: ARG001
    """Tiers of commitment plans."""
    return {"value": catalogue.table("commitmentTiers")}


def skus(call: Call) -> Body:  # noqa: ARG001
    """SKUs of every kind, everywhere."""
    places = [name.upper() for name in locations.regions()]
    return {
        "value": [
            {
                "resourceType": "accounts", "name": name, "tier": "Free" if name[0] == "F" else "Standard", "kind": kind,
                "locations": places, "restrictions": [],
            }
            for kind, names in catalogue.SKUS.items()
            for name in names
        ]
    }  # fmt: skip


def check_domain(call: Call) -> Answer:
    """Is a subdomain free in the world?"""
    asked = call.json()
    domain = asked.get("subdomainName")
    if not isinstance(domain, str):
        refuse("InvalidRequest", "The subdomainName is required.")
    free = not domain_in_use(call, domain)
    more = {} if free else {"reason": f"The subdomain name '{domain}' is already used by an existing resource."}
    known = {"subdomainName": domain, "type": asked.get("type"), "kind": asked.get("kind")}
    return json_answer({"isSubdomainAvailable": free, **known, **more})


_ROOT = "/subscriptions/{subscription}/providers/Microsoft.CognitiveServices"
_DELETED = f"{_ROOT}/locations/{{location}}/resourceGroups/{{group}}/deletedAccounts/{{account}}"
ENDPOINTS = [
    Endpoint("GET", f"{_ROOT}/deletedAccounts", deleted_accounts),
    Endpoint("GET", _DELETED, deleted_account),
    Endpoint("DELETE", _DELETED, purge),
    Endpoint("GET", f"{_ROOT}/locations/{{location}}/models", models),
    Endpoint("GET", f"{_ROOT}/locations/{{location}}/usages", usages),
    Endpoint("GET", f"{_ROOT}/locations/{{location}}/commitmentTiers", tiers),
    Endpoint("GET", f"{_ROOT}/skus", skus),
    Endpoint("POST", f"{_ROOT}/checkDomainAvailability", check_domain),
]
