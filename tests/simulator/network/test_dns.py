"""Public and private zones with their records."""

from __future__ import annotations

import pytest

from .conftest import Net

PUBLIC, PRIVATE = "2018-05-01", "2020-06-01"


def private_zone(net: Net, name: str = "lab.internal") -> str:
    """Make a private zone; its path."""
    path = f"privateDnsZones/{name}"
    answer = net.put(path, version=PRIVATE, location="global")
    assert answer.status == 202 and answer.json() == {}
    return path


def test_a_private_zone_is_accepted_and_takes_two_polls(net: Net) -> None:
    answer = net.put("privateDnsZones/lab.internal", version=PRIVATE, location="global")
    polls = [net.arm("GET", answer.headers["Azure-AsyncOperation"], version=None) for _ in range(3)]
    assert [(one.status, one.json()["status"]) for one in polls] == [
        (202, "InProgress"), (200, "Succeeded"), (200, "Succeeded"),
    ]  # fmt: skip
    zone = net.get("privateDnsZones/lab.internal", version=PRIVATE)
    assert zone["location"] == "global" and zone["properties"]["numberOfRecordSets"] == 1
    soa = net.get("privateDnsZones/lab.internal/SOA/@", version=PRIVATE)["properties"]
    assert soa["soaRecord"]["host"] == "azureprivatedns.net" and soa["fqdn"] == "lab.internal."


def test_records_of_a_private_zone(net: Net) -> None:
    zone = private_zone(net)
    record = {"ttl": 300, "aRecords": [{"ipv4Address": "10.0.0.4"}]}
    answer = net.put(f"{zone}/A/web", record, version=PRIVATE)
    assert answer.status == 201 and answer.json()["properties"]["fqdn"] == "web.lab.internal."
    assert net.put(f"{zone}/a/web", record, version=PRIVATE).status == 200
    assert net.get(f"{zone}/A/web", version=PRIVATE)["properties"]["isAutoRegistered"] is False
    assert net.make(f"{zone}/TXT/note", {"ttl": 1}, version=PRIVATE)["properties"]["txtRecords"] == []
    every = net("GET", f"{zone}/ALL", version=PRIVATE).json()["value"]
    assert [(item["type"].rpartition("/")[2], item["name"]) for item in every] == [
        ("SOA", "@"), ("TXT", "note"), ("A", "web"),
    ]  # fmt: skip
    assert net.get(zone, version=PRIVATE)["properties"]["numberOfRecordSets"] == 3
    assert net("DELETE", f"{zone}/A/web", version=PRIVATE).status == 200
    assert net.code(net("GET", f"{zone}/A/web", version=PRIVATE)) == "NotFound"
    assert net("DELETE", f"{zone}/A/web", version=PRIVATE).status == 204


def test_a_stale_etag_is_refused(net: Net) -> None:
    zone = private_zone(net)
    first = net.make(f"{zone}/A/web", {"ttl": 300}, version=PRIVATE)["etag"]
    assert net("PUT", f"{zone}/A/web", {"properties": {"ttl": 60}}, version=PRIVATE, If_Match=first).status == 200
    again = net("PUT", f"{zone}/A/web", {"properties": {"ttl": 30}}, version=PRIVATE, If_Match=first)
    assert (again.status, net.code(again)) == (412, "PreconditionFailed")


def test_a_zone_with_links_stays(net: Net) -> None:
    zone = private_zone(net)
    net.network()
    link = {"virtualNetwork": net.ref("virtualNetworks/vnet"), "registrationEnabled": True}
    assert net.put(f"{zone}/virtualNetworkLinks/link", link, version=PRIVATE, location="global").status == 202
    assert net.get(zone, version=PRIVATE)["properties"]["numberOfVirtualNetworkLinksWithRegistration"] == 1
    twice = net.put(f"{zone}/virtualNetworkLinks/again", link, version=PRIVATE, location="global")
    assert (twice.status, net.code(twice)) == (409, "Conflict")
    refused = net("DELETE", zone, version=PRIVATE)
    assert (refused.status, net.code(refused)) == (409, "CannotDeleteResource")
    gone = net("DELETE", f"{zone}/virtualNetworkLinks/link", version=PRIVATE)
    assert gone.status == 202 and net.code(net("DELETE", zone, version=PRIVATE)) == "CannotDeleteResource"
    net.arm("GET", gone.headers["Azure-AsyncOperation"], version=None)
    assert net("DELETE", zone, version=PRIVATE).status == 202


def test_a_public_zone_comes_with_name_servers(net: Net) -> None:
    zone = net.make("dnsZones/contoso.example", version=PUBLIC, location="global")
    servers = zone["properties"]["nameServers"]
    assert len(servers) == 4 and zone["properties"]["numberOfRecordSets"] == 2
    apex = net.get("dnsZones/contoso.example/NS/@", version=PUBLIC)["properties"]["NSRecords"]
    assert [item["nsdname"] for item in apex] == servers
    assert net.code(net("DELETE", "dnsZones/contoso.example/SOA/@", version=PUBLIC)) == "BadRequest"
    record = net.make("dnsZones/contoso.example/CNAME/www", {"TTL": 5, "CNAMERecord": {"cname": "x.example"}}, version=PUBLIC)
    assert record["properties"]["provisioningState"] == "Succeeded" and record["properties"]["targetResource"] == {}
    listed = net("GET", "dnsZones/contoso.example/recordsets", version=PUBLIC).json()["value"]
    assert {item["type"].rpartition("/")[2] for item in listed} == {"NS", "SOA", "CNAME"}


@pytest.mark.parametrize("kind", ["A", "AAAA", "CAA", "MX", "PTR", "SRV", "TXT"])
def test_every_type_of_records_has_its_list(net: Net, kind: str) -> None:
    net.make("dnsZones/contoso.example", version=PUBLIC, location="global")
    mine = net.make(f"dnsZones/contoso.example/{kind}/one", {"TTL": 60}, version=PUBLIC)["properties"]
    lists = [name for name, value in mine.items() if value == []]
    assert len(lists) == 1 and lists[0].lower() == f"{kind}records".lower()


def test_a_start_of_authority_stands_at_the_apex(net: Net) -> None:
    net.make("dnsZones/contoso.example", version=PUBLIC, location="global")
    assert net.refused("dnsZones/contoso.example/SOA/www", {"TTL": 60}, version=PUBLIC) == "BadRequest"
