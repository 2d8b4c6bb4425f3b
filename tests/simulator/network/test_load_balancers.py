"""Load balancers and application gateways: parts that name each other."""

from __future__ import annotations

from typing import Any

from .conftest import Body, Net

STANDARD: dict[str, Any] = {"sku": {"name": "Standard"}}


def balancer(net: Net, name: str = "lb") -> Body:
    """Properties of a load balancer with a rule, a probe and a pool."""
    return {
        "frontendIPConfigurations": [{"name": "front", "properties": {"publicIPAddress": net.ref("publicIPAddresses/pip")}}],
        "backendAddressPools": [{"name": "pool"}],
        "probes": [{"name": "alive", "properties": {"protocol": "Tcp", "port": 80}}],
        "loadBalancingRules": [
            {
                "name": "web",
                "properties": {
                    "protocol": "Tcp",
                    "frontendPort": 80,
                    "backendPort": 80,
                    "frontendIPConfiguration": net.ref(f"loadBalancers/{name}/frontendIPConfigurations/front"),
                    "backendAddressPool": net.ref(f"loadBalancers/{name}/backendAddressPools/pool"),
                    "probe": net.ref(f"loadBalancers/{name}/probes/alive"),
                },
            }
        ],
    }


def test_parts_of_a_balancer_know_who_uses_them(net: Net) -> None:
    net.make("publicIPAddresses/pip", {"publicIPAllocationMethod": "Static"}, **STANDARD)
    answer = net.put("loadBalancers/lb", balancer(net), **STANDARD)
    assert answer.status == 201 and answer.json()["properties"]["provisioningState"] == "Succeeded"
    mine = net.get("loadBalancers/lb")["properties"]
    rule = [net.ref("loadBalancers/lb/loadBalancingRules/web")]
    for part in ("frontendIPConfigurations", "backendAddressPools", "probes"):
        assert mine[part][0]["properties"]["loadBalancingRules"] == rule
    assert mine["loadBalancingRules"][0]["properties"]["idleTimeoutInMinutes"] == 4
    assert mine["inboundNatRules"] == mine["outboundRules"] == []
    pip = net.get("publicIPAddresses/pip")["properties"]
    assert pip["ipConfiguration"] == net.ref("loadBalancers/lb/frontendIPConfigurations/front")


def test_a_rule_may_not_name_what_is_not_there(net: Net) -> None:
    net.make("publicIPAddresses/pip", {"publicIPAllocationMethod": "Static"}, **STANDARD)
    broken = balancer(net)
    broken["probes"] = []
    assert net.refused("loadBalancers/lb", broken, **STANDARD) == "InvalidResourceReference"


def test_members_join_a_pool_from_their_side(net: Net) -> None:
    net.make("publicIPAddresses/pip", {"publicIPAllocationMethod": "Static"}, **STANDARD)
    net.make("loadBalancers/lb", balancer(net), **STANDARD)
    net.network(a="10.0.1.0/24")
    net.nic("nic", "vnet/a", loadBalancerBackendAddressPools=[net.ref("loadBalancers/lb/backendAddressPools/pool")])
    pool = net.get("loadBalancers/lb/backendAddressPools/pool")["properties"]
    assert pool["backendIPConfigurations"] == [net.ref("networkInterfaces/nic/ipConfigurations/primary")]


def test_a_balancer_in_a_network_takes_time_and_an_address(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    answer = net.put("loadBalancers/inside", {"frontendIPConfigurations": [net.configuration("vnet/a")]}, **STANDARD)
    assert answer.json()["properties"]["provisioningState"] == "Updating"
    front = net.get("loadBalancers/inside")["properties"]["frontendIPConfigurations"][0]["properties"]
    assert (front["privateIPAddress"], front["privateIPAddressVersion"]) == ("10.0.1.4", "IPv4")
    assert net.code(net("DELETE", "virtualNetworks/vnet/subnets/a")) == "InUseSubnetCannotBeDeleted"


def test_skus_of_a_balancer_and_its_address_go_together(net: Net) -> None:
    net.make("publicIPAddresses/pip", {"publicIPAllocationMethod": "Static"})
    assert net.refused("loadBalancers/lb", balancer(net), **STANDARD) == "DifferentSkuLoadBalancersAndPublicIPAddressNotAllowed"


def gateway(net: Net, tier: str, front: Body) -> Body:
    """Properties of an application gateway with one listener."""
    own = "applicationGateways/gw"
    return {
        "sku": {"name": tier, "tier": tier, "capacity": 2},
        "gatewayIPConfigurations": [{"name": "gw", "properties": {"subnet": net.ref("virtualNetworks/vnet/subnets/a")}}],
        "frontendIPConfigurations": [{"name": "front", "properties": front}],
        "frontendPorts": [{"name": "http", "properties": {"port": 80}}],
        "backendAddressPools": [{"name": "pool"}],
        "backendHttpSettingsCollection": [{"name": "http", "properties": {"port": 80, "protocol": "Http"}}],
        "httpListeners": [
            {
                "name": "listener",
                "properties": {
                    "frontendIPConfiguration": net.ref(f"{own}/frontendIPConfigurations/front"),
                    "frontendPort": net.ref(f"{own}/frontendPorts/http"),
                    "protocol": "Http",
                },
            }
        ],
        "requestRoutingRules": [
            {
                "Name": "rule",
                "properties": {
                    "priority": 1,
                    "httpListener": net.ref(f"{own}/httpListeners/listener"),
                    "backendAddressPool": net.ref(f"{own}/backendAddressPools/pool"),
                    "backendHttpSettings": net.ref(f"{own}/backendHttpSettingsCollection/http"),
                },
            }
        ],
    }


def test_an_application_gateway_starts_stopped_and_runs(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    net.make("publicIPAddresses/pip", {"publicIPAllocationMethod": "Static"}, **STANDARD)
    wish = gateway(net, "Standard_v2", {"publicIPAddress": net.ref("publicIPAddresses/pip")})
    first = net.put("applicationGateways/gw", wish).json()["properties"]
    assert (first["provisioningState"], first["operationalState"]) == ("Updating", "Stopped")
    mine = net.get("applicationGateways/gw")["properties"]
    assert mine["operationalState"] == "Running" and mine["trustedRootCertificates"] == []
    rule = [net.ref("applicationGateways/gw/requestRoutingRules/rule")]
    assert mine["backendAddressPools"][0]["properties"]["requestRoutingRules"] == rule
    assert net("POST", "applicationGateways/gw/stop").status == 202
    assert net.get("applicationGateways/gw")["properties"]["operationalState"] == "Stopped"
    health = net("POST", "applicationGateways/gw/backendhealth")
    result = net.arm("GET", health.headers["Location"], version=None).json()
    assert result["backendAddressPools"][0]["backendAddressPool"] == net.ref("applicationGateways/gw/backendAddressPools/pool")


def test_the_second_generation_needs_a_public_address(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    private = {"subnet": net.ref("virtualNetworks/vnet/subnets/a")}
    code = net.refused("applicationGateways/gw", gateway(net, "Standard_v2", private))
    assert code == "ApplicationGatewayFeatureCannotBeEnabledForSelectedSku"


def test_a_firewall_policy_in_use_stays(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    net.make("publicIPAddresses/pip", {"publicIPAllocationMethod": "Static"}, **STANDARD)
    policy = net.make("ApplicationGatewayWebApplicationFirewallPolicies/waf")["properties"]
    assert policy["policySettings"]["mode"] == "Detection" and policy["customRules"] == []
    wish = gateway(net, "WAF_v2", {"publicIPAddress": net.ref("publicIPAddresses/pip")})
    wish["firewallPolicy"] = net.ref("ApplicationGatewayWebApplicationFirewallPolicies/waf")
    net.make("applicationGateways/gw", wish)
    refused = net("DELETE", "ApplicationGatewayWebApplicationFirewallPolicies/waf")
    assert net.code(refused) == "ApplicationGatewayFirewallPolicyCannotBeDeletedWhileInUse"
