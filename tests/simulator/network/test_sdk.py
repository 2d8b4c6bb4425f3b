"""The real network SDK works against the simulator: models, pollers, lists, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network import models as m

from azlabs.cloud import scratch

GROUP = "lab"
REGION = "swedencentral"


@pytest.fixture
def network() -> Iterator[Any]:
    """An SDK client of an empty cloud with one group."""
    cloud = scratch()
    cloud.request("PUT", f"/subscriptions/{cloud.subscription_id}/resourceGroups/{GROUP}", "2024-11-01", {"location": REGION})
    yield cloud.client(NetworkManagementClient)
    cloud.close()


def made(network: Any) -> Any:
    """A network with one subnet."""
    space = m.AddressSpace(address_prefixes=["172.20.40.0/22"])
    subnet = m.Subnet(name="web", address_prefix="172.20.40.0/24")
    body = m.VirtualNetwork(location=REGION, address_space=space, subnets=[subnet])
    return network.virtual_networks.begin_create_or_update(GROUP, "vnet", body).result()


def nic(network: Any, name: str, **more: Any) -> Any:
    """An interface in that subnet."""
    subnet = network.subnets.get(GROUP, "vnet", "web")
    configuration = m.NetworkInterfaceIPConfiguration(name="primary", subnet=m.Subnet(id=subnet.id), **more)
    body = m.NetworkInterface(location=REGION, ip_configurations=[configuration])
    return network.network_interfaces.begin_create_or_update(GROUP, name, body).result()


def test_a_network_its_subnets_and_interfaces(network: Any) -> None:
    vnet = made(network)
    assert vnet.provisioning_state == "Succeeded" and vnet.subnets[0].name == "web"
    network.subnets.begin_create_or_update(GROUP, "vnet", "app", m.Subnet(address_prefix="172.20.42.0/26")).result()
    assert [subnet.name for subnet in network.subnets.list(GROUP, "vnet")] == ["web", "app"]
    card = nic(network, "nic")
    assert card.ip_configurations[0].private_ip_address == "172.20.40.4"
    assert [item.name for item in network.network_interfaces.list_all()] == ["nic"]
    with pytest.raises(HttpResponseError) as refused:
        network.subnets.begin_delete(GROUP, "vnet", "web").result()
    assert refused.value.error is not None and refused.value.error.code == "InUseSubnetCannotBeDeleted"
    network.network_interfaces.begin_delete(GROUP, "nic").result()
    network.virtual_networks.begin_delete(GROUP, "vnet").result()
    with pytest.raises(ResourceNotFoundError):
        network.virtual_networks.get(GROUP, "vnet")


def test_rules_with_application_groups(network: Any) -> None:
    made(network)
    group = network.application_security_groups.begin_create_or_update(
        GROUP, "asg-app", m.ApplicationSecurityGroup(location=REGION)
    ).result()
    nic(network, "nic-app", application_security_groups=[m.ApplicationSecurityGroup(id=group.id)])
    rule = m.SecurityRule(
        name="web-to-app", priority=100, direction="Inbound", access="Allow", protocol="Tcp", source_port_range="*",
        source_address_prefix="172.20.40.0/24", destination_port_range="8080",
        destination_application_security_groups=[m.ApplicationSecurityGroup(id=group.id)],
    )  # fmt: skip
    body = m.NetworkSecurityGroup(location=REGION, security_rules=[rule])
    nsg = network.network_security_groups.begin_create_or_update(GROUP, "nsg", body).result()
    assert len(nsg.default_security_rules) == 6
    assert nsg.security_rules[0].destination_application_security_groups[0].id == group.id
    rule.priority = 50
    with pytest.raises(HttpResponseError) as refused:
        network.security_rules.begin_create_or_update(GROUP, "nsg", "web-to-app", rule).result()
    assert refused.value.error is not None and refused.value.error.code == "SecurityRuleInvalidPriority"


def test_public_addresses_and_a_private_endpoint(network: Any) -> None:
    made(network)
    body = m.PublicIPAddress(
        location=REGION, public_ip_allocation_method="Static", sku=m.PublicIPAddressSku(name="Standard")
    )
    pip = network.public_ip_addresses.begin_create_or_update(GROUP, "pip", body).result()
    assert pip.ip_address and pip.sku.tier == "Regional"
    subnet = network.subnets.get(GROUP, "vnet", "web")
    service = "/subscriptions/x/resourceGroups/lab/providers/Microsoft.KeyVault/vaults/safe"
    connection = m.PrivateLinkServiceConnection(name="safe", private_link_service_id=service, group_ids=["vault"])
    wish = m.PrivateEndpoint(
        location=REGION, subnet=m.Subnet(id=subnet.id), private_link_service_connections=[connection]
    )
    endpoint = network.private_endpoints.begin_create_or_update(GROUP, "pe", wish).result()
    assert endpoint.custom_dns_configs[0].fqdn == "safe.vault.azure.net"
    network.private_endpoints.begin_delete(GROUP, "pe").result()
    assert list(network.private_endpoints.list(GROUP)) == []


def test_effective_routes_are_refused_without_a_machine(network: Any) -> None:
    made(network)
    nic(network, "nic")
    with pytest.raises(HttpResponseError) as refused:
        network.network_interfaces.begin_get_effective_route_table(GROUP, "nic").result()
    error = refused.value.error
    assert error is not None and error.code == "NicMustBeAttachedToRunningVmToGetEffectiveRoutes"
