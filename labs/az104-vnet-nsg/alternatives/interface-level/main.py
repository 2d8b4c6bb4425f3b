"""The same rules with the Python SDK, and every filter on the interfaces: no subnet of a tier has a group."""

from __future__ import annotations

from typing import Any

ALLOW = {"access": "Allow", "direction": "Inbound", "protocol": "Tcp", "sourcePortRange": "*"}
CLOSE = {
    "access": "Deny",
    "priority": 4000,
    "protocol": "*",
    "sourceAddressPrefix": "VirtualNetwork",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "*",
}
SSH = {
    "priority": 200,
    "sourceAddressPrefix": "172.20.41.0/27",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "22",
}
HTTPS = {
    "priority": 100,
    "sourceAddressPrefix": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "443",
}
OFFICE = {
    "priority": 100,
    "sourceAddressPrefix": "203.0.113.64/28",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "22",
}
DATA = "172.20.42.64/26"


def solve(lab: Any) -> None:
    """Groups first, then subnets, then the interfaces with their groups; the flat subnet's group comes off last."""
    from azure.mgmt.network import NetworkManagementClient

    network = lab.client(NetworkManagementClient)
    group = lab.resource_group
    asg = network.application_security_groups.begin_create_or_update(
        group, "asg-app", {"location": lab.region}
    ).result()
    members = [{"id": asg.id}]

    def filter_of(name: str, **rules: dict[str, Any]) -> str:
        body = {
            "location": lab.region,
            "properties": {
                "securityRules": [
                    {"name": rule.replace("_", "-"), "properties": ALLOW | settings} for rule, settings in rules.items()
                ]
            },
        }
        return network.network_security_groups.begin_create_or_update(group, name, body).result().id

    web = filter_of("nic-filter-web", https_in=HTTPS, ssh_from_mgmt=SSH, inside_closed=CLOSE)
    to_app = {
        "priority": 100,
        "sourceAddressPrefix": "172.20.40.0/24",
        "destinationApplicationSecurityGroups": members,
        "destinationPortRange": "8080",
    }
    app = filter_of("nic-filter-app", web_to_app=to_app, ssh_from_mgmt=SSH, inside_closed=CLOSE)
    to_sql = {
        "priority": 100,
        "sourceApplicationSecurityGroups": members,
        "destinationAddressPrefix": "*",
        "destinationPortRange": "1433",
    }
    partner = {"priority": 110, "destinationAddressPrefix": DATA, "destinationPortRange": "5022"}
    storage = {
        "priority": 100,
        "direction": "Outbound",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": f"Storage.{lab.region}",
        "destinationPortRange": "443",
    }
    data = filter_of(
        "nic-filter-data",
        app_to_sql=to_sql,
        replication=partner | {"sourceAddressPrefix": DATA},
        ssh_from_mgmt=SSH,
        inside_closed=CLOSE,
        storage_out=storage,
        replication_out=partner | {"direction": "Outbound", "sourceAddressPrefix": "*"},
        rest_closed=CLOSE | {"direction": "Outbound", "sourceAddressPrefix": "*"},
    )
    filter_of("nsg-mgmt", office_ssh=OFFICE, inside_closed=CLOSE)

    def subnet_of(name: str, prefix: str) -> str:
        body = {"properties": {"addressPrefix": prefix}}
        return network.subnets.begin_create_or_update(group, "vnet-tickets", name, body).result().id

    app_subnet, data_subnet = subnet_of("snet-app", "172.20.42.0/26"), subnet_of("snet-data", DATA)

    def change(nic: str, filter_id: str, subnet: str = "", **settings: Any) -> None:
        interface = network.network_interfaces.get(group, nic).as_dict()
        interface["properties"]["networkSecurityGroup"] = {"id": filter_id}
        (configuration,) = interface["properties"]["ipConfigurations"]
        properties = configuration["properties"]
        if subnet:
            properties |= {"subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic"}
            properties.pop("privateIPAddress", None)
            properties.pop("publicIPAddress", None)
        properties |= settings
        network.network_interfaces.begin_create_or_update(group, nic, interface).result()

    for nic in ("nic-web-01", "nic-web-02"):
        change(nic, web)
    for nic in ("nic-app-01", "nic-app-02"):
        change(nic, app, app_subnet, applicationSecurityGroups=members)
    change("nic-report-01", app, app_subnet)
    for nic in ("nic-db-01", "nic-db-02"):
        change(nic, data, data_subnet)
    subnet_of("snet-flat", "172.20.40.0/24")
