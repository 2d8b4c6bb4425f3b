"""Virtual network gateways, connections, firewalls, Bastion, resolvers and the rest."""

from __future__ import annotations

from typing import Any

from .conftest import Body, Net

STANDARD: dict[str, Any] = {"sku": {"name": "Standard"}}


def vpn(net: Net, subnet: str = "GatewaySubnet", **more: Any) -> Body:
    """Properties of a VPN gateway."""
    configuration = net.configuration(f"vnet/{subnet}", publicIPAddress=net.ref("publicIPAddresses/pip"))
    return {
        "gatewayType": "Vpn", "vpnType": "RouteBased", "sku": {"name": "VpnGw1AZ", "tier": "VpnGw1AZ"},
        "ipConfigurations": [configuration], **more,
    }  # fmt: skip


def prepared(net: Net) -> None:
    """A network with the subnets that services want, and a public address."""
    net.network(GatewaySubnet="10.0.0.0/24", AzureFirewallSubnet="10.0.1.0/24", AzureBastionSubnet="10.0.2.0/24", a="10.0.3.0/24")
    net.make("publicIPAddresses/pip", {"publicIPAllocationMethod": "Static"}, **STANDARD)


def test_a_gateway_speaks_bgp_once_it_is_there(net: Net) -> None:
    prepared(net)
    first = net.put("virtualNetworkGateways/gw", vpn(net)).json()["properties"]
    assert first["bgpSettings"]["asn"] == 0 and "vpnClientConfiguration" in first
    mine = net.get("virtualNetworkGateways/gw")["properties"]
    assert mine["bgpSettings"]["asn"] == 65515 and mine["bgpSettings"]["bgpPeeringAddress"] == "10.0.0.254"
    public = net.get("publicIPAddresses/pip")["properties"]["ipAddress"]
    assert mine["bgpSettings"]["bgpPeeringAddresses"][0]["tunnelIpAddresses"] == [public]
    assert mine["sku"]["capacity"] == 2 and "vpnClientConfiguration" not in mine


def test_a_gateway_speaks_bgp_at_the_address_asked_for(net: Net) -> None:
    prepared(net)
    asked = {"asn": 65010, "bgpPeeringAddress": "10.0.0.30"}
    first = net.put("virtualNetworkGateways/gw", vpn(net, enableBgp=True, bgpSettings=asked)).json()["properties"]
    assert first["bgpSettings"]["asn"] == 65010 and first["bgpSettings"]["bgpPeeringAddress"] == "10.0.0.30"
    mine = net.get("virtualNetworkGateways/gw")["properties"]["bgpSettings"]
    assert mine["bgpPeeringAddresses"][0]["defaultBgpIpAddresses"] == ["10.0.0.30"]


def test_clients_of_a_basic_gateway_have_one_protocol(net: Net) -> None:
    prepared(net)
    clients = {"vpnClientAddressPool": {"addressPrefixes": ["172.16.0.0/24"]}}
    sku = {"name": "Basic", "tier": "Basic"}
    first = net.put("virtualNetworkGateways/gw", vpn(net, sku=sku, vpnClientConfiguration=clients)).json()["properties"]
    assert "vpnClientConnectionHealth" not in first["vpnClientConfiguration"]
    mine = net.get("virtualNetworkGateways/gw")["properties"]["vpnClientConfiguration"]
    assert mine["vpnClientProtocols"] == ["SSTP"] and mine["vpnClientConnectionHealth"]["vpnClientConnectionsCount"] == 0


def test_a_gateway_wants_its_own_subnet_and_a_fitting_sku(net: Net) -> None:
    prepared(net)
    assert net.refused("virtualNetworkGateways/gw", vpn(net, "a")) == "InvalidSubnetNameForGateway"
    wrong = vpn(net, gatewayType="ExpressRoute")
    assert net.refused("virtualNetworkGateways/gw", wrong) == "InvalidGatewaySkuSpecifiedForGatewayDeploymentType"


def test_a_connection_holds_its_ends(net: Net) -> None:
    prepared(net)
    net.make("virtualNetworkGateways/gw", vpn(net))
    site = {"gatewayIpAddress": "203.0.113.9", "localNetworkAddressSpace": {"addressPrefixes": ["192.168.0.0/24"]}}
    net.make("localNetworkGateways/site", site)
    ends = {
        "virtualNetworkGateway1": {**net.ref("virtualNetworkGateways/gw"), "properties": {}},
        "localNetworkGateway2": net.ref("localNetworkGateways/site"),
    }
    mine = net.make("connections/vpn", {"connectionType": "IPsec", "sharedKey": "abc", **ends})["properties"]
    assert mine["virtualNetworkGateway1"] == net.ref("virtualNetworkGateways/gw") and mine["connectionProtocol"] == "IKEv2"
    assert net("GET", "connections/vpn/sharedkey").json() == {"value": "abc"}
    listed = net("GET", "virtualNetworkGateways/gw/connections").json()["value"]
    assert [item["name"] for item in listed] == ["vpn"]
    assert net.code(net("DELETE", "virtualNetworkGateways/gw")) == "VirtualNetworkGatewayCannotBeDeleted"
    assert net.code(net("DELETE", "localNetworkGateways/site")) == "LocalNetworkGatewayInUse"


def test_a_gateway_keeps_its_subnet_until_its_delete_is_over(net: Net) -> None:
    prepared(net)
    net.make("virtualNetworkGateways/gw", vpn(net))
    gone = net("DELETE", "virtualNetworkGateways/gw")
    assert gone.status == 202
    assert net.code(net("DELETE", "virtualNetworks/vnet")) == "InUseSubnetCannotBeDeleted"
    for _ in range(2):
        net.arm("GET", gone.headers["Azure-AsyncOperation"], version=None)
    assert net("DELETE", "virtualNetworks/vnet").status == 202


def test_a_firewall_with_its_policy(net: Net) -> None:
    prepared(net)
    net.make("firewallPolicies/rules")
    group = {"priority": 200, "ruleCollections": [{"name": "c", "ruleCollectionType": "FirewallPolicyFilterRuleCollection"}]}
    net.make("firewallPolicies/rules/ruleCollectionGroups/g", group)
    configuration = net.configuration("vnet/AzureFirewallSubnet", publicIPAddress=net.ref("publicIPAddresses/pip"))
    wish = {"ipConfigurations": [configuration], "firewallPolicy": net.ref("firewallPolicies/rules")}
    mine = net.make("azureFirewalls/fw", wish)["properties"]
    assert mine["ipConfigurations"][0]["properties"]["privateIPAddress"] == "10.0.1.4"
    policy = net.get("firewallPolicies/rules")["properties"]
    assert policy["firewalls"] == [net.ref("azureFirewalls/fw")]
    assert policy["ruleCollectionGroups"] == [net.ref("firewallPolicies/rules/ruleCollectionGroups/g")]
    assert net.code(net("DELETE", "firewallPolicies/rules")) == "FirewallPolicyCannotBeDeletedWhileInUse"
    wrong = {"ipConfigurations": [net.configuration("vnet/a")]}
    assert net.refused("azureFirewalls/other", wrong) == "AzureFirewallSubnetNameInvalid"


def test_bastion_wants_its_own_subnet(net: Net) -> None:
    prepared(net)
    wrong = {"ipConfigurations": [net.configuration("vnet/a")]}
    assert net.refused("bastionHosts/b", wrong) == "BastionHostSubnetNameInvalid"
    right = {"ipConfigurations": [net.configuration("vnet/AzureBastionSubnet", publicIPAddress=net.ref("publicIPAddresses/pip"))]}
    mine = net.make("bastionHosts/b", right)
    assert mine["sku"] == {"name": "Basic"} and mine["properties"]["dnsName"].endswith(".bastion.azure.com")


def test_a_resolver_forwards_names(net: Net) -> None:
    prepared(net)
    version = "2022-07-01"
    network = {"virtualNetwork": net.ref("virtualNetworks/vnet")}
    answer = net.put("dnsResolvers/r", network, version=version)
    assert answer.status == 202 and answer.json() == {}
    net.put("dnsResolvers/r/outboundEndpoints/out", {"subnet": net.ref("virtualNetworks/vnet/subnets/a")},
            version=version, location="westeurope")  # fmt: skip
    endpoint = net.ref("dnsResolvers/r/outboundEndpoints/out")
    net.put("dnsForwardingRulesets/set", {"dnsResolverOutboundEndpoints": [endpoint]}, version=version)
    rule = {"domainName": "corp.example.", "targetDnsServers": [{"ipAddress": "192.0.2.1", "port": 53}]}
    made = net.put("dnsForwardingRulesets/set/forwardingRules/corp", rule, version=version)
    assert made.status == 201 and made.json()["properties"]["forwardingRuleState"] == "Enabled"
    missing = net("GET", "dnsForwardingRulesets/set/forwardingRules/none", version=version)
    assert net.code(missing) == "NotFound"


def test_traffic_manager_answers_at_once(net: Net) -> None:
    wish = {"trafficRoutingMethod": "Priority", "dnsConfig": {"relativeName": "shop", "ttl": 30}}
    answer = net.put("trafficManagerProfiles/tm", wish, version="2022-04-01", location="global")
    assert answer.status == 201 and answer.json()["properties"]["dnsConfig"]["fqdn"] == "shop.trafficmanager.net"


def test_a_ddos_plan_in_use_stays(net: Net) -> None:
    net.make("ddosProtectionPlans/plan")
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "ddosProtectionPlan": net.ref("ddosProtectionPlans/plan")}
    net.make("virtualNetworks/vnet", space)
    assert net.get("ddosProtectionPlans/plan")["properties"]["virtualNetworks"] == [net.ref("virtualNetworks/vnet")]
    assert net.code(net("DELETE", "ddosProtectionPlans/plan")) == "InUseDdosProtectionPlanCannotBeDeleted"
