"""What the guide leaves to the learner costs no points."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .bench import CLOSE, Shop


def more_address_space(shop: Shop) -> None:
    shop.edit(
        "virtualNetworks", "vnet-tickets", lambda net: net["addressSpace"]["addressPrefixes"].append("10.9.0.0/16")
    )
    shop.subnet("spare", "10.9.1.0/24")


def private_subnets(shop: Shop) -> None:
    shop.subnet("snet-data", "172.20.42.64/26", "nsg-data", defaultOutboundAccess=False)


def service_endpoint(shop: Shop) -> None:
    endpoints = [{"service": "Microsoft.Storage"}]
    shop.subnet("snet-data", "172.20.42.64/26", "nsg-data", serviceEndpoints=endpoints)


def ssh_from_the_jump_machine_alone(shop: Shop) -> None:
    for nsg in ("nsg-flat", "nsg-app", "nsg-data"):
        shop.change(nsg, "ssh-from-mgmt", sourceAddressPrefix="172.20.41.4/32")


def no_https_from_inside(shop: Shop) -> None:
    shop.change("nsg-flat", "https-in", sourceAddressPrefix="Internet")
    shop.rule("nsg-flat", "probes", 110, source="AzureLoadBalancer", ports="443")


def split_and_shadowed_rules(shop: Shop) -> None:
    shop.drop("nsg-mgmt", "office-ssh")
    shop.rule("nsg-mgmt", "office-low", 500, source="203.0.113.64/29", ports="22")
    shop.rule("nsg-mgmt", "office-high", 501, source=["203.0.113.72/30", "203.0.113.76/30"], ports="22")
    shop.rule("nsg-mgmt", "never-reached", 4050, source="VirtualNetwork", ports="8443")
    shop.make("networkSecurityGroups", "nsg-leftover")
    shop.rule("nsg-leftover", "everything", 100, protocol="*")


def web_machines_moved(shop: Shop) -> None:
    shop.subnet("snet-web", "172.20.42.128/26", "nsg-flat")
    for nic in ("nic-web-01", "nic-web-02"):
        shop.move(nic, "snet-web")
    shop.change("nsg-app", "web-to-app", sourceAddressPrefix="172.20.42.128/26")
    shop.cloud.run("DELETE", f"{shop.id('virtualNetworks', 'vnet-tickets')}/subnets/snet-flat", "2024-05-01")


def a_group_on_subnet_and_interface(shop: Shop) -> None:
    shop.make("networkSecurityGroups", "nsg-own")
    for number, (source, port) in enumerate((("*", "443"), ("172.20.41.0/27", "22"))):
        shop.rule("nsg-own", f"in-{number}", 100 + number, source=source, ports=port)
    shop.rule("nsg-own", "close", 300, **CLOSE)
    where = {"id": shop.id("networkSecurityGroups", "nsg-own")}
    shop.edit("networkInterfaces", "nic-web-01", lambda nic: nic.update(networkSecurityGroup=where))


def letter_case_of_answers(shop: Shop) -> None:
    shop.answer(**{"office-to-db": {"verdict": "ALLOW", "rule": "Allow-Office-Remote"}})


def the_old_public_address_deleted(shop: Shop) -> None:
    shop.cloud.run("DELETE", shop.id("publicIPAddresses", "pip-db-01"), "2024-05-01")


@pytest.mark.parametrize(
    "change",
    [
        more_address_space,
        private_subnets,
        service_endpoint,
        ssh_from_the_jump_machine_alone,
        no_https_from_inside,
        split_and_shadowed_rules,
        web_machines_moved,
        a_group_on_subnet_and_interface,
        letter_case_of_answers,
        the_old_public_address_deleted,
    ],
    ids=lambda change: change.__name__,
)
def test_freedom_costs_no_points(shop: Shop, change: Callable[[Shop], None]) -> None:
    shop.at("reference")
    change(shop)
    report = shop.verify()
    assert report.score == 1000, [(c.id, c.found, c.decided_by) for c in report.checks if c.status != "pass"]
