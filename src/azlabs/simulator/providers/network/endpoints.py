"""Requests to Microsoft.Network that are not about one resource: names, quotas, delegations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network.base import properties
from azlabs.simulator.providers.network.delegations import available
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

Body = dict[str, Any]
SUBSCRIPTION = "/subscriptions/{subscription}/providers/Microsoft.Network"
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"
LABEL = re.compile(r"[a-z][a-z0-9-]{1,61}[a-z0-9]")
QUOTAS = (
    # name, words, limit, type that is counted
    ("VirtualNetworks", "Virtual Networks", 1000, "virtualnetworks"),
    ("StaticPublicIPAddresses", "Static Public IP Addresses", 1000, None),
    ("NetworkSecurityGroups", "Network Security Groups", 5000, "networksecuritygroups"),
    ("PublicIPAddresses", "Public IP Addresses", 1000, "publicipaddresses"),
    ("PublicIpPrefixes", "Public Ip Prefixes", 2147483647, "publicipprefixes"),
    ("NatGateways", "Nat Gateways", 2147483647, "natgateways"),
    ("NetworkInterfaces", "Network Interfaces", 65536, "networkinterfaces"),
    ("PrivateEndpoints", "Private Endpoints", 65536, "privateendpoints"),
    ("LoadBalancers", "Load Balancers", 1000, "loadbalancers"),
    ("ApplicationGateways", "Application Gateways", 1000, "applicationgateways"),
    ("RouteTables", "Route Tables", 200, "routetables"),
    ("RouteFilters", "Route Filters", 1000, "routefilters"),
    ("NetworkWatchers", "Network Watchers", 1, "networkwatchers"),
    ("ApplicationSecurityGroups", "Application Security Groups.", 3000, "applicationsecuritygroups"),
    ("DDoSProtectionPlans", "DDoS Protection Plans.", 1, "ddosprotectionplans"),
    ("PrivateLinkServices", "Private Link Services", 2147483647, "privatelinkservices"),
    ("AzureFirewalls", "Azure Firewalls", 2147483647, "azurefirewalls"),
)


def delegations(call: Call) -> Body:
    """Services to which a subnet can be delegated."""
    return {"value": available(call.values["subscription"])}


def check_dns_name(call: Call) -> Body:
    """Is a label free for a public address in a region?"""
    label = call.query.get("domainnamelabel", "")
    if LABEL.fullmatch(label) is None:
        refuse(
            "InvalidDomainNameLabel",
            f"The domain name label {label} is invalid. It must conform to the following regular expression: "
            "^[a-z][a-z0-9-]{1,61}[a-z0-9]$.",
        )
    name = f"{label}.{call.values['location'].lower()}.cloudapp.azure.com"
    taken = any(
        properties(row.body).get("dnsSettings", {}).get("fqdn") == name
        for row in call.store.of_type("microsoft.network/publicipaddresses")
    )
    return {"available": not taken}


def usages(call: Call) -> Body:
    """How much of each quota of a region is used."""
    location, subscription = call.values["location"].lower(), call.values["subscription"]
    rows = []
    for name, words, limit, kind in QUOTAS:
        used = 0
        if kind is not None:
            used = sum(row.location == location for row in call.store.in_subscription(subscription, f"microsoft.network/{kind}"))
        rows.append(
            {
                "id": f"/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/usages/{name}",
                "currentValue": used,
                "limit": limit,
                "name": {"localizedValue": words, "value": name},
                "unit": "Count",
            }
        )
    return {"value": rows}


def auto_approved(call: Call) -> Body:
    """Private link services that approve connections of this subscription by themselves."""
    subscription = call.values["subscription"]
    return {
        "value": [
            {"privateLinkService": properties(row.body)["alias"]}
            for row in call.store.of_type("microsoft.network/privatelinkservices")
            if subscription in (properties(row.body).get("autoApproval") or {}).get("subscriptions", [])
        ]
    }


ENDPOINTS = (
    Endpoint("GET", SUBSCRIPTION + "/locations/{location}/availableDelegations", delegations),
    Endpoint("GET", GROUP + "/locations/{location}/availableDelegations", delegations),
    Endpoint("GET", SUBSCRIPTION + "/locations/{location}/CheckDnsNameAvailability", check_dns_name),
    Endpoint("GET", SUBSCRIPTION + "/locations/{location}/usages", usages),
    Endpoint("GET", SUBSCRIPTION + "/locations/{location}/autoApprovedPrivateLinkServices", auto_approved),
    Endpoint("GET", GROUP + "/locations/{location}/autoApprovedPrivateLinkServices", auto_approved),
)
