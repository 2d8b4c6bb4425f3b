"""Resource providers: what they offer, and whether the subscription is registered for them (by default it is).

`manifests.json` holds providers as Azure itself lists them, with types that have no documents of their own (operations,
checkNameAvailability); source: recorded Azure traffic. Others list the types that the simulator models.
"""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager import api_versions, locations, registry
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Write
    from azlabs.simulator.store import Store
    from azlabs.simulator.tokens import Principal

UNREGISTERED = "microsoft.resources/unregistered"
"""Type of the rows that note which providers a subscription is not registered for."""
ALWAYS = frozenset(
    {
        "microsoft.resources",
        "microsoft.authorization",
        "microsoft.features",
        "microsoft.consumption",
        "microsoft.billing",
    }
)


@functools.cache
def manifests() -> dict[str, dict[str, Any]]:
    """Providers as Azure lists them, by lower-case namespace."""
    text = resources.files("azlabs.simulator.providers.resources").joinpath("manifests.json").read_text("utf-8")
    found: dict[str, dict[str, Any]] = json.loads(text)
    return found


def spelled(namespace: str) -> str:
    """A namespace as its types spell it; as it was asked for when the simulator models none of them."""
    key = namespace.lower()
    registry.load(key)
    return next(
        (kind.type.partition("/")[0] for name, kind in registry.TYPES.items() if name.startswith(key + "/")), namespace
    )


def describe(call: Call, namespace: str) -> dict[str, Any]:
    """A provider with the types that the simulator models."""
    key = namespace.lower()
    if key not in api_versions.namespaces():
        raise Refused(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")
    name = spelled(namespace)
    subscription = call.route.segments[1] if call.route.subscription else ""
    everywhere = [region["displayName"] for region in locations.regions().values()]
    types = []
    for kind_key, kind in sorted(registry.TYPES.items()):
        if kind_key.startswith(key + "/") and kind.addressable:
            types.append({
                "resourceType": kind.type.partition("/")[2],
                "locations": ([] if not kind.located else ["global"] if kind.default_location == "global" else everywhere),
                "apiVersions": list(api_versions.supported(kind)),
                "capabilities": "SupportsTags, SupportsLocation" if kind.tagged and kind.located else "None",
            })  # fmt: skip
    described: dict[str, Any] = {"namespace": name, "resourceTypes": types, **manifests().get(key, {})}
    if subscription:
        described = {"id": f"/subscriptions/{subscription}/providers/{name}", **described}
        described["registrationState"] = "NotRegistered" if call.store.exists(_row_key(call, key)) else "Registered"
        described["registrationPolicy"] = "RegistrationFree" if key in ALWAYS else "RegistrationRequired"
    return described


def _row_key(call: Call, namespace: str) -> str:
    return f"/subscriptions/{call.route.subscription}/providers/{namespace}/unregistered/default"


def get_provider(call: Call) -> dict[str, Any]:
    """One provider."""
    return describe(call, call.values["namespace"])


def list_providers(call: Call) -> dict[str, Any]:
    """All providers that the simulator knows."""
    return {"value": [describe(call, namespace) for namespace in api_versions.namespaces()]}


def register(call: Call) -> dict[str, Any]:
    """Register the subscription; done at once."""
    described = describe(call, call.values["namespace"])
    with call.store.writing():
        call.store.delete(_row_key(call, call.values["namespace"].lower()))
        call.manager.gates.touched(UNREGISTERED)
    return {**described, "registrationState": "Registered"}


def unregister(call: Call) -> dict[str, Any]:
    """Take the registration away; refused while resources of the provider exist."""
    key = call.values["namespace"].lower()
    described = describe(call, key)
    if key in ALWAYS:
        raise Refused(409, "CannotUnregisterProvider", f"The resource provider '{key}' cannot be unregistered.")
    in_use = call.store.select(
        "subscription=? AND type>? AND type<? LIMIT 1", (call.route.subscription, key + "/", key + "0")
    )
    if in_use:
        raise Refused(
            409, "CannotUnregisterRegisteredProvider",
            f"Failed to unregister namespace '{described['namespace']}': the subscription still has resources of it, '{in_use[0].id}'.",
        )  # fmt: skip
    row_key = _row_key(call, key)
    with call.store.writing():
        if not call.store.exists(row_key):
            scope = f"/subscriptions/{call.route.subscription}"
            row = Resource(
                0,
                row_key,
                row_key,
                UNREGISTERED,
                scope,
                call.route.subscription,
                "",
                "",
                "",
                call.now,
                call.now,
                None,
                "{}",
                None,
            )
            call.store.insert(row)
        call.manager.gates.touched(UNREGISTERED)
    return {**described, "registrationState": "Unregistered"}


def require_registration(store: Store, _principal: Principal, write: Write) -> None:
    """The gate: 409 MissingSubscriptionRegistration for writes to a provider that was unregistered."""
    namespace = write.kind.key.partition("/")[0]
    if store.exists(f"/subscriptions/{write.subscription}/providers/{namespace}/unregistered/default"):
        name = write.kind.type.partition("/")[0]
        code = "MissingSubscriptionRegistration"
        message = (
            f"The subscription is not registered to use namespace '{name}'. See https://aka.ms/rps-not-found for how to "
            "register subscriptions."
        )
        raise Refused(409, code, message, details=[{"code": code, "target": name, "message": message}])


ENDPOINTS = [
    Endpoint("GET", "/subscriptions/{subscription}/providers", list_providers),
    Endpoint("GET", "/subscriptions/{subscription}/providers/{namespace}", get_provider),
    Endpoint("POST", "/subscriptions/{subscription}/providers/{namespace}/register", register),
    Endpoint("POST", "/subscriptions/{subscription}/providers/{namespace}/unregister", unregister),
    Endpoint("GET", "/providers", list_providers),
    Endpoint("GET", "/providers/{namespace}", get_provider),
]
