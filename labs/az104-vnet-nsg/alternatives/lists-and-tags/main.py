"""Written with tags and lists: customers and probes have a rule each, and the servers know the web machines by
address."""

from __future__ import annotations

from typing import Any

TEMPLATE = {
    "access": "Allow",
    "direction": "Inbound",
    "protocol": "Tcp",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
}
DENY_INSIDE = {
    "access": "Deny",
    "protocol": "*",
    "sourceAddressPrefix": "VirtualNetwork",
    "destinationPortRange": "*",
    "priority": 4000,
}
APP, DATA = "172.20.42.0/26", "172.20.42.128/26"


def solve(lab: Any) -> None:
    """Subnets and machines first, then one rule after the other, as somebody at a keyboard would."""
    from azure.mgmt.network import NetworkManagementClient

    network = lab.client(NetworkManagementClient)
    group = lab.resource_group

    def group_of(name: str) -> None:
        network.network_security_groups.begin_create_or_update(group, name, {"location": lab.region}).result()

    def rule(nsg: str, name: str, **settings: Any) -> None:
        chosen = {member: value for member, value in (TEMPLATE | settings).items() if value is not None}
        body = {"properties": chosen}
        network.security_rules.begin_create_or_update(group, nsg, name, body).result()

    def drop(nsg: str, *names: str) -> None:
        for name in names:
            network.security_rules.begin_delete(group, nsg, name).result()

    for name in ("app", "data"):
        group_of(name)
    subnets = {}
    for name, prefix in (("app", APP), ("data", DATA)):
        filter_id = network.network_security_groups.get(group, name).id
        body = {"properties": {"addressPrefix": prefix, "networkSecurityGroup": {"id": filter_id}}}
        subnets[name] = network.subnets.begin_create_or_update(group, "vnet-tickets", name, body).result().id
    asg = network.application_security_groups.begin_create_or_update(group, "app", {"location": lab.region}).result()

    def move(nic: str, subnet: str, *, member: bool = False) -> None:
        interface = network.network_interfaces.get(group, nic).as_dict()
        interface["properties"].pop("networkSecurityGroup", None)
        settings = {"subnet": {"id": subnets[subnet]}, "privateIPAllocationMethod": "Dynamic"}
        if member:
            settings["applicationSecurityGroups"] = [{"id": asg.id}]
        interface["properties"]["ipConfigurations"] = [{"name": "primary", "properties": settings}]
        network.network_interfaces.begin_create_or_update(group, nic, interface).result()

    for nic in ("nic-app-01", "nic-app-02"):
        move(nic, "app", member=True)
    move("nic-report-01", "app")
    for nic in ("nic-db-01", "nic-db-02"):
        move(nic, "data")
    network.network_security_groups.begin_delete(group, "nsg-app-02").result()

    web_addresses = [
        network.network_interfaces.get(group, nic).as_dict()["properties"]["ipConfigurations"][0]["properties"][
            "privateIPAddress"
        ]
        for nic in ("nic-web-01", "nic-web-02")
    ]
    ssh = {"priority": 150, "sourceAddressPrefix": "172.20.41.0/27", "destinationPortRange": "22"}
    drop("nsg-flat", "allow-shop", "allow-office-remote", "block-db-remote", "allow-vendor", "allow-any-remote")
    rule("nsg-flat", "customers", priority=100, sourceAddressPrefix="Internet", destinationPortRange="443")
    rule("nsg-flat", "probes", priority=110, sourceAddressPrefix="AzureLoadBalancer", destinationPortRange="443")
    members = [{"id": asg.id}]
    rule(
        "app",
        "orders",
        priority=100,
        sourceAddressPrefixes=web_addresses,
        destinationAddressPrefix=None,
        destinationApplicationSecurityGroups=members,
        destinationPortRanges=["8080"],
    )
    rule("data", "queries", priority=100, sourceApplicationSecurityGroups=members, destinationPortRange="1433")
    rule("data", "mirror", priority=110, sourceAddressPrefix=DATA, destinationPortRange="5022")
    for nsg in ("nsg-flat", "app", "data"):
        rule(nsg, "administration", **ssh)
        rule(nsg, "inside", **DENY_INSIDE)
    drop("nsg-mgmt", "ssh-in", "rdp-in")
    rule("nsg-mgmt", "office", priority=100, sourceAddressPrefix="203.0.113.64/28", destinationPortRange="22")
    rule("nsg-mgmt", "inside", **DENY_INSIDE)
    out = {"direction": "Outbound", "sourceAddressPrefix": "*"}
    storage = f"Storage.{lab.region}"
    rule("data", "backups", **out, priority=100, destinationAddressPrefix=storage, destinationPortRange="443")
    rule("data", "mirror-out", **out, priority=110, destinationAddressPrefix=DATA, destinationPortRange="5022")
    rule("data", "stay", **DENY_INSIDE | out)
