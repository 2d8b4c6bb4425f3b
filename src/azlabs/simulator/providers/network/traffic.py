"""Traffic Manager, and firewall policies of Front Door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.providers.network.base import NAMES
from azlabs.simulator.resource_manager.resource_type import Announce, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

PROFILE = "Microsoft.Network/trafficManagerProfiles"
ENDPOINT = {
    "properties": {
        "endpointStatus": "Enabled", "endpointMonitorStatus": "Unmonitored", "targetResourceId": None, "weight": 1,
        "priority": 1, "endpointLocation": None, "minChildEndpoints": None,
    }
}  # fmt: skip


class TrafficManagerProfiles(ResourceType):
    """Answers DNS questions with the best endpoint."""

    type = PROFILE
    default_location = "global"
    name_rule = NAMES
    state = None
    creates, updates = Announce(201), Announce(200)
    defaults = {
        "properties": {
            "profileStatus": "Enabled",
            "monitorConfig": {
                "profileMonitorStatus": "Inactive", "intervalInSeconds": 30, "toleratedNumberOfFailures": 3,
                "timeoutInSeconds": 10,
            },
            "endpoints": [],
            "trafficViewEnrollmentStatus": "Disabled",
            "maxReturn": None,
            "recordType": None,
        }
    }  # fmt: skip
    required = ("properties.trafficRoutingMethod", "properties.dnsConfig")

    def fill(self, write: Write) -> None:
        """The name that clients ask for."""
        config = write.body["properties"]["dnsConfig"]
        config["fqdn"] = f"{config.get('relativeName', write.name)}.trafficmanager.net"


class _Endpoints(ResourceType):
    located = tagged = False
    state = None
    creates = updates = Announce(201)
    part_of = None
    defaults = ENDPOINT


for _kind in ("externalEndpoints", "azureEndpoints", "nestedEndpoints"):
    type(
        _kind[0].upper() + _kind[1:],
        (_Endpoints,),
        {"__doc__": "A place that a profile sends clients to.", "type": f"{PROFILE}/{_kind}"},
    )


class FrontDoorFirewallPolicies(ResourceType):
    """Rules against attacks for Front Door."""

    type = "Microsoft.Network/frontdoorWebApplicationFirewallPolicies"
    members = frozenset({"sku"})
    default_location = "Global"
    creates, updates = Announce(200), Announce(200)
    defaults = {
        "tags": {},
        "properties": {
            "policySettings": {
                "enabledState": "Enabled", "mode": "Prevention", "redirectUrl": None, "customBlockResponseStatusCode": None,
                "customBlockResponseBody": None, "requestBodyCheck": "Enabled",
            },
            "customRules": {"rules": []},
            "managedRules": {"managedRuleSets": []},
            "frontendEndpointLinks": [],
            "securityPolicyLinks": [],
            "resourceState": "Enabled",
        },
    }  # fmt: skip

    def fill(self, write: Write) -> None:
        """Conditions always have a selector and transforms."""
        for rule in write.body["properties"]["customRules"]["rules"]:
            for condition in rule.get("matchConditions") or []:
                condition.setdefault("selector", None)
                condition.setdefault("transforms", [])
