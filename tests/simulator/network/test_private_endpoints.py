"""Private endpoints, zone groups and private link services."""

from __future__ import annotations

from typing import Any

from .conftest import Body, Net, address

ACCOUNT = "/subscriptions/x/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/shop"


def endpoint(net: Net, **more: Any) -> Body:
    """An endpoint for the blobs of a storage account."""
    return {
        "subnet": net.ref("virtualNetworks/vnet/subnets/a"),
        "privateLinkServiceConnections": [
            {"name": "blob", "properties": {"privateLinkServiceId": ACCOUNT, "groupIds": ["blob"]}}
        ],
        **more,
    }


def test_an_endpoint_comes_with_an_interface_and_names(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    first = net.put("privateEndpoints/pe", endpoint(net)).json()["properties"]
    assert first["provisioningState"] == "Updating" and first["customDnsConfigs"] == []
    mine = net.get("privateEndpoints/pe")["properties"]
    assert mine["customDnsConfigs"] == [{"fqdn": "shop.blob.core.windows.net", "ipAddresses": ["10.0.1.4"]}]
    state = mine["privateLinkServiceConnections"][0]["properties"]["privateLinkServiceConnectionState"]
    assert state == {"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}
    card = net.arm("GET", mine["networkInterfaces"][0]["id"], version="2024-05-01").json()
    assert address(card) == "10.0.1.4" and card["properties"]["privateEndpoint"] == net.ref("privateEndpoints/pe")
    assert net.get("virtualNetworks/vnet/subnets/a")["properties"]["privateEndpoints"] == [net.ref("privateEndpoints/pe")]
    assert net.code(net.arm("DELETE", mine["networkInterfaces"][0]["id"], version="2024-05-01")) == "NicInUse"


def test_a_deleted_endpoint_stays_until_its_operation_is_polled(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    net.make("privateEndpoints/pe", endpoint(net))
    gone = net("DELETE", "privateEndpoints/pe")
    assert gone.status == 202
    url = gone.headers["Azure-AsyncOperation"]
    assert [net.arm("GET", url, version=None).json()["status"] for _ in range(2)] == ["InProgress", "Succeeded"]
    assert net.code(net("GET", "privateEndpoints/pe")) == "ResourceNotFound"
    assert net("DELETE", "virtualNetworks/vnet").status == 202


def test_a_manual_connection_waits_for_approval(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    wish = endpoint(net)
    wish["manualPrivateLinkServiceConnections"] = wish.pop("privateLinkServiceConnections")
    mine = net.make("privateEndpoints/pe", wish)["properties"]["manualPrivateLinkServiceConnections"][0]["properties"]
    assert mine["privateLinkServiceConnectionState"]["status"] == "Pending"


def test_a_zone_group_publishes_the_addresses(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    zone = "privateDnsZones/privatelink.blob.core.windows.net"
    net.put(zone, version="2020-06-01", location="global")
    net.make("privateEndpoints/pe", endpoint(net))
    config = {"name": "blob", "properties": {"privateDnsZoneId": net.id(zone)}}
    group = net.make("privateEndpoints/pe/privateDnsZoneGroups/default", {"privateDnsZoneConfigs": [config]})
    record = group["properties"]["privateDnsZoneConfigs"][0]["properties"]["recordSets"][0]
    assert (record["recordSetName"], record["ipAddresses"]) == ("shop", ["10.0.1.4"])
    published = net.get(f"{zone}/A/shop", version="2020-06-01")["properties"]
    assert published["aRecords"] == [{"ipv4Address": "10.0.1.4"}]
    assert net.get("privateEndpoints/pe")["properties"]["customDnsConfigs"] == []
    net("DELETE", "privateEndpoints/pe/privateDnsZoneGroups/default")
    assert net("GET", f"{zone}/A/shop", version="2020-06-01").status == 404
    assert net.get("privateEndpoints/pe")["properties"]["customDnsConfigs"]


def test_an_endpoint_needs_a_subnet_that_is_there(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    lost = endpoint(net, subnet=net.ref("virtualNetworks/vnet/subnets/none"))
    assert net.refused("privateEndpoints/pe", lost) == "InvalidResourceReference"
    assert net.refused("privateEndpoints/pe", endpoint(net), location="eastus") == "InvalidResourceReference"


def test_a_private_link_service_offers_a_frontend_or_an_address_not_both(net: Net) -> None:
    net.network(a="10.0.1.0/24")
    front = net.configuration("vnet/a")
    net.make("loadBalancers/lb", {"frontendIPConfigurations": [front]}, sku={"name": "Standard"})
    offer: Body = {"ipConfigurations": [net.configuration("vnet/a")]}
    balanced = {**offer, "loadBalancerFrontendIpConfigurations": [net.ref("loadBalancers/lb/frontendIPConfigurations/primary")]}
    wanted = "EitherOneLoadBalancerFrontendIpConfigurationOrDestinationIPAddressRequiredOnPrivateLinkService"
    assert net.refused("privateLinkServices/pls", offer) == wanted
    assert net.refused("privateLinkServices/pls", {**balanced, "destinationIPAddress": "10.0.1.9"}) == wanted
    mine = net.make("privateLinkServices/pls", balanced)["properties"]
    assert mine["alias"].startswith("pls.") and mine["alias"].endswith(".westeurope.azure.privatelinkservice")
