"""The table of traffic in the guide, flow by flow, on the reference solution and on every other correct one."""

from __future__ import annotations

import pytest

from azlabs.probes.network import NetworkProbe
from azlabs.verify.reads import Reads

from .bench import Shop

SOLUTIONS = [
    "reference",
    "deny-all",
    "interface-level",
    "lists-and-tags",
    "quarantine-turned",
    "shared-group",
    "two-levels",
]
OPEN = """
    203.0.113.70        nic-web-01      Tcp/443
    198.51.100.7        nic-web-02      Tcp/443
    AzureLoadBalancer   nic-web-01      Tcp/443
    nic-web-01          nic-app-01      Tcp/8080
    nic-web-02          nic-app-02      Tcp/8080
    nic-app-01          nic-db-01       Tcp/1433
    nic-app-02          nic-db-02       Tcp/1433
    nic-db-01           nic-db-02       Tcp/5022
    nic-db-02           nic-db-01       Tcp/5022
    nic-jump-01         nic-web-01      Tcp/22
    nic-jump-01         nic-app-02      Tcp/22
    nic-jump-01         nic-report-01   Tcp/22
    nic-jump-01         nic-db-01       Tcp/22
    203.0.113.64        nic-jump-01     Tcp/22
    203.0.113.79        nic-jump-01     Tcp/22
    nic-db-01           Storage.SwedenCentral   Tcp/443
    nic-report-01       Internet        Tcp/443
    nic-jump-01         Internet        Tcp/443
    nic-db-02           AzurePlatformDNS    Udp/53
"""
SHUT = """
    Internet        nic-web-01      Tcp/80
    Internet        nic-web-01      Tcp/22
    Internet        nic-web-02      Tcp/3389
    Internet        nic-web-02      Tcp/8443
    Internet        nic-web-01      Udp/443
    Internet        nic-web-01      Icmp
    198.51.100.7    nic-web-01      Tcp/8080
    198.51.100.7    nic-db-01       *
    203.0.113.70    nic-web-01      Tcp/22
    nic-app-01      nic-web-01      Tcp/8080
    nic-web-01      nic-report-01   Tcp/8080
    nic-report-01   nic-app-01      Tcp/8080
    nic-jump-01     nic-app-01      Tcp/8080
    nic-db-01       nic-app-01      Tcp/8080
    nic-web-01      nic-app-01      Tcp/8081
    nic-web-01      nic-app-01      Tcp/443
    nic-web-01      nic-app-01      Udp/8080
    nic-web-01      nic-db-01       Tcp/1433
    nic-jump-01     nic-db-01       Tcp/1433
    nic-report-01   nic-db-02       Tcp/1433
    nic-app-01      nic-db-01       Tcp/5022
    nic-app-01      nic-db-01       Tcp/443
    nic-db-01       nic-db-02       Tcp/1433
    nic-web-01      nic-web-02      Tcp/22
    nic-app-01      nic-db-01       Tcp/22
    172.20.41.40    nic-app-01      Tcp/22
    203.0.113.63    nic-jump-01     Tcp/22
    203.0.113.80    nic-jump-01     Tcp/22
    Internet        nic-jump-01     Tcp/3389
    nic-app-01      nic-jump-01     Tcp/22
    nic-db-01       203.0.113.9     Tcp/443
    nic-db-01       203.0.113.9     Tcp/80
    nic-db-02       203.0.113.9     Udp/53
    nic-db-01       Storage.NorwayEast      Tcp/443
    nic-db-01       Storage.SwedenCentral   Tcp/80
    nic-db-01       nic-web-01      Tcp/443
    nic-db-01       nic-jump-01     Tcp/22
"""


def flows(text: str) -> list[tuple[str, str, str]]:
    return [
        (source, destination, service) for source, destination, service in map(str.split, text.strip().splitlines())
    ]


@pytest.mark.parametrize("solution", SOLUTIONS)
def test_every_solution_lets_through_what_the_company_wants_and_nothing_else(shop: Shop, solution: str) -> None:
    shop.at(solution)
    probe = NetworkProbe.read(Reads(shop.cloud.read_only()), shop.sandbox)
    shut = [row for row in flows(OPEN) if not probe.reach(row[0], row[1]).all(row[2])]
    leaking = [row for row in flows(SHUT) if probe.reach(row[0], row[1]).any(row[2])]
    assert (shut, leaking) == ([], [])


def test_the_start_breaks_the_table_in_many_places(shop: Shop) -> None:
    shop.at("start")
    probe = NetworkProbe.read(Reads(shop.cloud.read_only()), shop.sandbox)
    leaking = [row for row in flows(SHUT) if probe.reach(row[0], row[1]).any(row[2])]
    assert len(leaking) > 20
    assert not probe.reach("nic-web-01", "nic-app-02").any("Tcp/8080")
