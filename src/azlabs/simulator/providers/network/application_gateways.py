"""Application gateways and their firewall policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.network import public_use, usage
from azlabs.simulator.providers.network.base import (
    BY_BOTH,
    BY_LOCATION,
    Child,
    NetworkType,
    Part,
    SlowType,
    properties,
    reference_id,
    updating,
)
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import BackReference, Body, InUse, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

GATEWAY = "Microsoft.Network/applicationGateways"
POLICY = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
ALWAYS = (
    "gatewayIPConfigurations", "sslCertificates", "frontendIPConfigurations", "frontendPorts", "backendAddressPools",
    "backendHttpSettingsCollection", "httpListeners", "urlPathMaps", "requestRoutingRules", "probes", "rewriteRuleSets",
    "redirectConfigurations", "privateEndpointConnections",
)  # fmt: skip
SECOND = (
    "trustedRootCertificates", "trustedClientCertificates", "sslProfiles", "backendSettingsCollection", "listeners",
    "routingRules", "loadDistributionPolicies", "privateLinkConfigurations",
)  # fmt: skip
"""Lists that only the second generation of gateways has."""
FIRST = ("authenticationCertificates",)
"""Lists that only the first generation has."""
INNER = (
    ("httpListeners", "frontendIPConfiguration", "frontendIPConfigurations"),
    ("httpListeners", "frontendPort", "frontendPorts"),
    ("httpListeners", "sslCertificate", "sslCertificates"),
    ("httpListeners", "sslProfile", "sslProfiles"),
    ("requestRoutingRules", "httpListener", "httpListeners"),
    ("requestRoutingRules", "backendAddressPool", "backendAddressPools"),
    ("requestRoutingRules", "backendHttpSettings", "backendHttpSettingsCollection"),
    ("requestRoutingRules", "urlPathMap", "urlPathMaps"),
    ("requestRoutingRules", "redirectConfiguration", "redirectConfigurations"),
    ("requestRoutingRules", "rewriteRuleSet", "rewriteRuleSets"),
    ("urlPathMaps", "defaultBackendAddressPool", "backendAddressPools"),
    ("urlPathMaps", "defaultBackendHttpSettings", "backendHttpSettingsCollection"),
    ("urlPathMaps", "defaultRedirectConfiguration", "redirectConfigurations"),
    ("backendHttpSettingsCollection", "probe", "probes"),
    ("frontendIPConfigurations", "privateLinkConfiguration", "privateLinkConfigurations"),
)
"""Which part names which other part of the same gateway: list, member, list of the target."""
DEFAULTS: dict[str, Body] = {
    "frontendIPConfigurations": {"privateIPAllocationMethod": "Dynamic"},
    "backendAddressPools": {"backendAddresses": []},
    "backendHttpSettingsCollection": {
        "cookieBasedAffinity": "Disabled", "requestTimeout": 30, "pickHostNameFromBackendAddress": False,
    },
    "httpListeners": {"hostNames": [], "requireServerNameIndication": False, "enableHttp3": False},
    "requestRoutingRules": {"ruleType": "Basic"},
}  # fmt: skip


def _path(holder: str, member: str) -> str:
    return f"properties.{holder}[*].properties.{member}"


class ApplicationGateways(SlowType):
    """Balances HTTP by host, path and listener."""

    type = GATEWAY
    members = frozenset({"zones", "identity"})
    guid = "properties.resourceGuid"
    creates, updates = updating(201, 5, polls=1), updating(200, 5, polls=1)
    defaults = {"properties": {name: [] for name in ALWAYS}}
    read_only = ("properties.operationalState", "properties.privateEndpointConnections")
    required = ("properties.sku",)
    members_since = {
        "properties.httpListeners": "2015-01-01",
        "properties.defaultPredefinedSslPolicy": "2023-02-01",
        "properties.backendSettingsCollection": "2021-08-01",
        "properties.listeners": "2021-08-01",
        "properties.routingRules": "2021-08-01",
    }
    references = (
        Reference(_path("gatewayIPConfigurations", "subnet"), "Microsoft.Network/virtualNetworks/subnets"),
        Reference(_path("frontendIPConfigurations", "subnet"), "Microsoft.Network/virtualNetworks/subnets"),
        Reference(_path("frontendIPConfigurations", "publicIPAddress"), "Microsoft.Network/publicIPAddresses"),
        Reference("properties.firewallPolicy", POLICY),
        *(Reference(_path(holder, member), f"{GATEWAY}/{target}") for holder, member, target in INNER),
    )

    def fill(self, write: Write) -> None:
        """Lists and generation follow the sku."""
        mine = write.body["properties"]
        sku = mine["sku"]
        second = str(sku.get("name", "")).endswith("_v2") or sku.get("name") == "Basic"
        for name in SECOND if second else FIRST:
            mine.setdefault(name, [])
        for name in FIRST if second else SECOND:
            if not mine.get(name):
                mine.pop(name, None)
        sku.setdefault("family", (write.old("properties.sku") or {}).get("family", "Generation_1"))
        mine["operationalState"] = write.old("properties.operationalState", "Running")
        if not mine.get("sslPolicy"):
            mine["defaultPredefinedSslPolicy"] = "AppGwSslPolicy20150501"

    def validate(self, write: Write) -> None:
        """The second generation needs a public frontend; addresses have to be free."""
        mine = properties(write.body)
        fronts = mine["frontendIPConfigurations"]
        tier = str(mine["sku"].get("tier"))
        if tier.endswith("_v2") and not any("publicIPAddress" in properties(front) for front in fronts):
            refuse(
                "ApplicationGatewayFeatureCannotBeEnabledForSelectedSku",
                f"Application Gateway {write.id} does not support Application Gateway without Public IP for the selected SKU tier "
                f"{tier}. Supported SKU tiers are Standard,WAF.",
            )
        static = [front for front in fronts if properties(front).get("privateIPAllocationMethod") == "Static"]
        dynamic = [front for front in fronts if front not in static and "subnet" in properties(front)]
        usage.assign(write, static + dynamic, write.old("properties.frontendIPConfigurations") or [])
        public_use.check(write, fronts)

    def accepted(self, write: Write, shown: Body) -> None:
        """A new gateway does not run yet and has no dynamic address."""
        if write.created:
            shown["properties"]["operationalState"] = "Stopped"
        for front in shown["properties"]["frontendIPConfigurations"]:
            if properties(front).get("privateIPAllocationMethod") == "Dynamic":
                front["properties"].pop("privateIPAddress", None)

    @action("start", announce=BY_BOTH)
    def start(self, call: Call, _body: Body) -> None:
        """Run again."""
        _set_state(call, "Running")

    @action("stop", announce=BY_BOTH)
    def stop(self, call: Call, _body: Body) -> None:
        """Stop, keeping the configuration."""
        _set_state(call, "Stopped")

    @action("backendhealth", announce=BY_LOCATION)
    def health(self, _call: Call, body: Body) -> Body:
        """Health per pool: the servers that are named by address are taken to be healthy."""
        mine = properties(body)
        pools = []
        for rule in mine["requestRoutingRules"]:
            pool, settings = properties(rule).get("backendAddressPool"), properties(rule).get("backendHttpSettings")
            found = next((item for item in mine["backendAddressPools"] if item["id"] == reference_id(pool)), None)
            if found is not None:
                servers = [
                    {"address": one.get("ipAddress") or one.get("fqdn"), "health": "Healthy"}
                    for one in properties(found).get("backendAddresses", [])
                ]
                pools.append(
                    {
                        "backendAddressPool": {"id": found["id"]},
                        "backendHttpSettingsCollection": [{"backendHttpSettings": settings, "servers": servers}],
                    }
                )
        return {"backendAddressPools": pools}

    @action("privateLinkResources", method="GET")
    def link_resources(self, _call: Call, body: Body) -> Body:
        """Frontends that private endpoints can use."""
        return {
            "value": [
                {
                    "name": front["name"],
                    "id": f"{body['id']}/privateLinkResources/{front['name']}",
                    "type": f"{GATEWAY}/privateLinkResources",
                    "properties": {"groupId": front["name"], "requiredMembers": [front["name"]], "requiredZoneNames": []},
                }
                for front in properties(body)["frontendIPConfigurations"]
                if "privateLinkConfiguration" in properties(front)
            ]
        }


def _set_state(call: Call, state: str) -> None:
    with call.store.writing():
        row = call.store.get(call.key)
        if row is not None:
            body = row.copy()
            body["properties"]["operationalState"] = state
            row.body = body
            call.store.update(row)


def _part(name: str) -> None:
    used: dict[str, list[str]] = {}
    for holder, member, target in INNER:
        if target == name:
            used.setdefault(holder, []).append(_path(holder, member))
    attributes: dict[str, Any] = {
        "__doc__": f"An item of {name} of an application gateway.",
        "type": f"{GATEWAY}/{name}",
        "part_of": f"properties.{name}",
        "defaults": {"properties": DEFAULTS.get(name, {})},
        "back_references": tuple(BackReference(f"properties.{holder}", tuple(found)) for holder, found in used.items()),
    }
    if name == "httpListeners":
        attributes["members_since"] = {"properties.enableHttp3": "2023-02-01"}
    if name == "sslCertificates":
        attributes["secret"] = ("properties.data", "properties.password")
    base: type[Part] = Child if name == "privateEndpointConnections" else Part
    type(name[0].upper() + name[1:], (base,), attributes)


for _name in (*ALWAYS, *SECOND, *FIRST):
    _part(_name)


class PathRules(Part):
    """A path of a map and where it goes."""

    type = f"{GATEWAY}/urlPathMaps/pathRules"
    part_of = "properties.pathRules"


class LinkConfigurationAddresses(Part):
    """An address for private link of a gateway."""

    type = f"{GATEWAY}/privateLinkConfigurations/ipConfigurations"
    part_of = "properties.ipConfigurations"


class WebApplicationFirewallPolicies(NetworkType):
    """Rules against attacks for gateways."""

    type = POLICY
    updates = updating(200)
    defaults = {
        "properties": {
            "customRules": [],
            "policySettings": {
                "requestBodyCheck": True, "maxRequestBodySizeInKb": 128, "fileUploadLimitInMb": 100, "state": "Disabled",
                "mode": "Detection", "requestBodyInspectLimitInKB": 128, "fileUploadEnforcement": True,
                "requestBodyEnforcement": True,
            },
            "managedRules": {"managedRuleSets": [], "exclusions": []},
        }
    }  # fmt: skip
    back_references = (
        BackReference("properties.applicationGateways", "properties.firewallPolicy", holder=False),
        BackReference("properties.httpListeners", _path("httpListeners", "firewallPolicy")),
    )
    in_use = InUse(
        "ApplicationGatewayFirewallPolicyCannotBeDeletedWhileInUse",
        "Web application firewall policy {id} cannot be deleted because it is in use by {user}.",
    )

    def fill(self, write: Write) -> None:
        """Empty lists and switched-off states of rules."""
        mine = write.body["properties"]
        for rule in mine["customRules"]:
            rule.setdefault("state", "Enabled")
            rule.setdefault("skippedManagedRuleSets", [])
            for condition in rule.get("matchConditions") or []:
                condition.setdefault("transforms", [])
        for rules in mine["managedRules"]["managedRuleSets"]:
            for override in rules.setdefault("ruleGroupOverrides", []):
                for rule in override.get("rules") or []:
                    rule.setdefault("state", "Disabled")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Custom rules used to know no skipped rule sets."""
        if reader.api_version < "2024-01-01":
            for rule in body["properties"]["customRules"]:
                rule.pop("skippedManagedRuleSets", None)
        return body
