"""What may connect, by Microsoft's documentation of security groups, service tags, routes and peerings."""

from __future__ import annotations

import pytest

from azlabs.rules.network.judge import reach
from azlabs.rules.network.reach import AddressSet
from azlabs.rules.network.topology import Network, Undecidable

from .bodies import Json, nic, nsg, peering, route, rule, subnet, table, vnet
from .tickets import tickets


def small(
    *rules: Json,
    routes: list[Json] | None = None,
    groups: tuple[str, ...] = (),
    endpoints: list[Json] | None = None,
    public: bool = False,
) -> Network:
    """Two machines in one subnet with one group of these rules."""
    return Network.of(
        virtual_networks=[
            vnet("v", ["10.0.0.0/16"], subnet("s", "10.0.1.0/24", "g", "t" if routes else "", endpoints))
        ],
        network_interfaces=[
            nic("nic-a", "v", "s", "10.0.1.4", groups=groups, public=public),
            nic("nic-b", "v", "s", "10.0.1.5"),
        ],
        network_security_groups=[nsg("g", *rules)],
        route_tables=[table("t", *routes)] if routes else [],
    )


def test_the_lowest_number_that_matches_decides_not_the_most_specific_rule() -> None:
    network = tickets()
    engineer = reach(network, "203.0.113.10", "nic-db-01").only("Tcp/3389")
    supplier = reach(network, "198.51.100.20", "nic-db-01").only("Tcp/22")
    assert engineer.all("Tcp/3389")
    assert engineer.deciding_rule == "rule allow-office-remote (200) of nsg-flat"
    assert supplier.is_empty()
    assert supplier.deciding_rule == "rule block-db-remote (210) of nsg-flat"


def test_a_subnets_group_and_an_interfaces_group_must_both_let_traffic_in() -> None:
    found = reach(tickets(), "nic-web-01", "nic-app-02")
    assert not found.any("Tcp/8080")
    assert found.only("Tcp/8080").deciding_rule == "rule quarantine (100) of nsg-app-02"
    assert str(found) == "everything except TCP 8080"


def test_default_rules_are_named_where_they_decide() -> None:
    found = reach(tickets(), "Internet", "nic-jump-01").minus("Tcp/22, Tcp/3389")
    assert found.is_empty()
    assert found.deciding_rule == "default rule DenyAllInBound (65500) of nsg-mgmt"


def test_one_port_or_one_address_too_wide_shows() -> None:
    network = small(rule("office", 100, source="203.0.113.64/28", ports=["22", "80-81"]))
    found = reach(network, "Internet", "nic-a")
    assert not found.equals("Tcp/22, Tcp/80")
    assert found.sources("Tcp/22").equals("203.0.113.64/28")
    assert not found.sources("Tcp/22").equals("203.0.113.64/29")
    assert str(found) == "TCP 22, 80-81 from 203.0.113.64/28"


def test_a_rule_for_every_address_does_not_make_every_address_pass_where_a_deny_stands_before() -> None:
    network = small(
        rule("block", 100, "Deny", source="198.51.100.0/24", protocol="*"),
        rule("shop", 200, ports="443"),
    )
    found = reach(network, "Internet", "nic-a")
    assert found.any("Tcp/443")
    assert not found.all("Tcp/443")
    assert found.between(not_sources=AddressSet.of("198.51.100.0/24")).equals("Tcp/443")
    assert found.decided_by("Tcp/443") == "rule block (100) of g"


def test_an_allow_that_pins_the_clients_port_lets_no_client_in() -> None:
    found = reach(small(rule("swapped", 100, source="Internet", source_ports="443")), "Internet", "nic-a")
    assert found.is_empty()


def test_a_deny_for_some_client_ports_leaves_neither_an_open_nor_a_closed_port() -> None:
    network = small(
        rule("half", 100, "Deny", source="Internet", source_ports="50000-65535"), rule("shop", 200, ports="443")
    )
    found = reach(network, "Internet", "nic-a")
    assert not found.all("Tcp/443")
    assert not found.is_empty()
    assert "some client ports only" in str(found)


def test_without_any_group_a_standard_public_address_is_closed_and_the_inside_is_open() -> None:
    network = Network.of(
        virtual_networks=[vnet("v", ["10.0.0.0/16"], subnet("s", "10.0.1.0/24"))],
        network_interfaces=[nic("nic-a", "v", "s", "10.0.1.4", public=True), nic("nic-b", "v", "s", "10.0.1.5")],
    )
    assert reach(network, "Internet", "nic-a").is_empty()
    assert "closed without a network security group" in reach(network, "Internet", "nic-a").deciding_rule
    assert reach(network, "nic-b", "nic-a").equals("*")
    assert reach(network, "AzureLoadBalancer", "nic-a").equals("*")


def test_from_the_internet_the_address_that_an_interface_has_counts_only_where_it_is_asked_for() -> None:
    rules = rule("shop", 100, source="Internet", ports="443")
    assert reach(small(rules), "Internet", "nic-a").equals("Tcp/443")
    assert reach(small(rules), "Internet", "nic-a", as_if_public=False).is_empty()
    assert reach(small(rules, public=True), "Internet", "nic-a", as_if_public=False).equals("Tcp/443")


@pytest.mark.parametrize(
    ("tag", "same_region", "other_region", "internet"),
    [
        ("Storage.SwedenCentral", True, False, False),
        ("storage.swedencentral", True, False, False),
        ("Storage", True, True, False),
        ("AzureCloud.swedencentral", True, False, False),
        ("AzureCloud", True, True, False),
        ("Internet", True, True, True),
        ("0.0.0.0/0", True, True, True),
        ("Sql.SwedenCentral", False, False, False),
    ],
)
def test_regional_tags_are_part_of_their_service_and_all_of_azure_is_part_of_the_internet(
    tag: str, same_region: bool, other_region: bool, internet: bool
) -> None:
    network = small(
        rule("out", 100, direction="Outbound", destination=tag, ports="443"),
        rule("closed", 4000, "Deny", "Outbound", protocol="*"),
    )
    assert reach(network, "nic-a", "Storage.SwedenCentral").equals("Tcp/443") is same_region
    assert reach(network, "nic-a", "Storage.NorwayEast").equals("Tcp/443") is other_region
    assert reach(network, "nic-a", "8.8.4.0/24").any() is internet if internet else True
    assert reach(network, "nic-a", "Internet").any() is (same_region or "Sql" in tag)
    assert reach(network, "nic-a", "Internet").equals("Tcp/443") is internet


def test_odd_region_names_of_azure_cloud_are_known() -> None:
    network = small(
        rule("out", 100, direction="Outbound", destination="AzureCloud.norwaye", ports="443"),
        rule("closed", 4000, "Deny", "Outbound", protocol="*"),
    )
    assert reach(network, "nic-a", "Storage.NorwayEast").equals("Tcp/443")


def test_an_unknown_tag_makes_only_what_it_could_change_undecidable() -> None:
    network = small(rule("new", 100, source="BrandNewService", ports="443"), rule("shop", 200, ports="80"))
    found = reach(network, "Internet", "nic-a")
    assert found.all("Tcp/80")
    assert not found.any("Tcp/22")
    with pytest.raises(Undecidable, match="new"):
        found.any("Tcp/443")
    assert not found.all("Tcp/443")
    assert not found.equals("Tcp/80, Tcp/22")
    with pytest.raises(Undecidable):
        found.equals("Tcp/80")
    assert reach(network, "nic-b", "nic-a").equals("*")


def test_literal_public_prefixes_and_services_tags_overlap_in_a_way_nobody_knows() -> None:
    network = small(
        rule("some", 100, direction="Outbound", destination="20.60.0.0/16", ports="443"),
        rule("closed", 4000, "Deny", "Outbound", protocol="*"),
    )
    with pytest.raises(Undecidable):
        reach(network, "nic-a", "Storage.SwedenCentral").any("Tcp/443")
    assert not reach(network, "nic-a", "Storage.SwedenCentral").any("Tcp/80")
    assert reach(network, "nic-a", "20.60.1.0/24").equals("Tcp/443")
    tagged = small(
        rule("store", 100, direction="Outbound", destination="Storage", ports="443"),
        rule("closed", 4000, "Deny", "Outbound", protocol="*"),
    )
    with pytest.raises(Undecidable):
        reach(tagged, "nic-a", "20.60.1.0/24").any("Tcp/443")
    assert reach(tagged, "nic-a", "203.0.113.9").is_empty()


def test_a_deny_for_the_virtual_network_also_stops_the_load_balancers_probes() -> None:
    closing = rule("inside-closed", 4000, "Deny", protocol="*", source="VirtualNetwork")
    assert reach(small(closing), "AzureLoadBalancer", "nic-a").is_empty()
    assert reach(small(closing), "AzureLoadBalancer", "nic-a").deciding_rule == "rule inside-closed (4000) of g"
    probes = rule("probes", 300, source="AzureLoadBalancer", ports="443")
    assert reach(small(probes, closing), "AzureLoadBalancer", "nic-a").equals("Tcp/443")


def test_traffic_inside_one_subnet_is_filtered_too() -> None:
    closing = rule("inside-closed", 4000, "Deny", protocol="*", source="VirtualNetwork")
    assert reach(small(closing), "nic-a", "nic-b").is_empty()


def test_a_rule_for_a_group_covers_its_members_and_nobody_else() -> None:
    network = small(
        rule("to-group", 100, source="VirtualNetwork", ports="8080", destination_groups=["asg"]),
        rule("inside-closed", 4000, "Deny", protocol="*", source="VirtualNetwork"),
        groups=("asg",),
    )
    assert reach(network, "nic-b", "nic-a").equals("Tcp/8080")
    assert reach(network, "nic-a", "nic-b").is_empty()
    member, key = network.with_copy(network.interface("nic-a").key, groups=True)  # type: ignore[union-attr]
    stranger, other = network.with_copy(network.interface("nic-a").key, groups=False)  # type: ignore[union-attr]
    assert reach(member, "nic-b", key).equals("Tcp/8080")
    assert reach(stranger, "nic-b", other).is_empty()
    assert reach(network, "nic-b", "nic-a").equals("Tcp/8080")


def test_azures_name_resolution_is_closed_only_by_its_own_tag() -> None:
    everything = rule("rest-closed", 4000, "Deny", "Outbound", protocol="*")
    assert reach(small(everything), "nic-a", "168.63.129.16").equals("*")
    assert reach(small(everything), "nic-a", "169.254.169.254").equals("*")
    named = rule("dns", 100, "Deny", "Outbound", protocol="*", destination="AzurePlatformDNS")
    assert reach(small(named), "nic-a", "AzurePlatformDNS").is_empty()
    assert reach(small(named), "nic-a", "AzurePlatformIMDS").equals("*")


def test_the_longest_prefix_wins_and_a_users_route_wins_at_the_same_prefix() -> None:
    dropped = small(routes=[route("nowhere", "0.0.0.0/0", "None"), route("here", "203.0.113.0/24", "Internet")])
    assert reach(dropped, "nic-a", "198.51.100.7").is_empty()
    assert reach(dropped, "nic-a", "198.51.100.7").deciding_rule == "route nowhere of t"
    assert reach(dropped, "nic-a", "203.0.113.7").equals("*")
    assert reach(dropped, "nic-a", "nic-b").equals("*")
    same = small(routes=[route("cut", "10.0.0.0/16", "None")])
    assert reach(same, "nic-a", "nic-b").is_empty()


def test_a_route_for_a_tag_is_more_specific_than_the_default_route() -> None:
    network = small(
        routes=[route("nowhere", "0.0.0.0/0", "None"), route("storage", "Storage.SwedenCentral", "Internet")]
    )
    assert reach(network, "nic-a", "Storage.SwedenCentral").equals("*")
    assert reach(network, "nic-a", "Storage.NorwayEast").is_empty()
    endpoint = small(
        routes=[route("nowhere", "0.0.0.0/0", "None")],
        endpoints=[{"service": "Microsoft.Storage", "locations": ["swedencentral"]}],
    )
    assert reach(endpoint, "nic-a", "Storage.SwedenCentral").equals("*")
    assert reach(endpoint, "nic-a", "Storage.NorwayEast").is_empty()


def test_what_an_appliance_lets_through_cannot_be_told_unless_it_does_not_forward() -> None:
    away = small(routes=[route("firewall", "0.0.0.0/0", "VirtualAppliance", "10.0.9.4")])
    with pytest.raises(Undecidable, match="firewall"):
        reach(away, "nic-a", "Internet").any()
    idle = small(routes=[route("firewall", "0.0.0.0/0", "VirtualAppliance", "10.0.1.5")])
    assert reach(idle, "nic-a", "Internet").is_empty()


def test_prefixes_of_a_users_routes_join_the_virtual_network_tag() -> None:
    closing = rule("inside-closed", 4000, "Deny", protocol="*", source="VirtualNetwork")
    shop = rule("shop", 4001, ports="443")
    assert reach(small(shop, closing), "203.0.113.7", "nic-a").equals("Tcp/443")
    routed = small(shop, closing, routes=[route("office", "203.0.113.0/24", "VirtualNetworkGateway")])
    assert reach(routed, "203.0.113.7", "nic-a").is_empty()


def three(state: str = "Connected", access: bool = True) -> Network:
    """One is peered with two, two with three; one and three are not."""
    return Network.of(
        virtual_networks=[
            vnet(
                "one",
                ["10.1.0.0/16"],
                subnet("s", "10.1.1.0/24", "g"),
                peerings=[peering("to-two", "two", "10.2.0.0/16", state=state, access=access)],
            ),
            vnet(
                "two",
                ["10.2.0.0/16"],
                subnet("s", "10.2.1.0/24", "g"),
                peerings=[
                    peering("to-one", "one", "10.1.0.0/16", state=state, access=access),
                    peering("to-three", "three", "10.3.0.0/16"),
                ],
            ),
            vnet(
                "three",
                ["10.3.0.0/16"],
                subnet("s", "10.3.1.0/24", "g"),
                peerings=[peering("to-two", "two", "10.2.0.0/16")],
            ),
        ],
        network_interfaces=[
            nic(f"nic-{name}", name, "s", f"10.{number}.1.4") for number, name in enumerate(("one", "two", "three"), 1)
        ],
        network_security_groups=[nsg("g")],
    )


def test_peers_reach_each_other_and_peering_is_not_transitive() -> None:
    assert reach(three(), "nic-one", "nic-two").equals("*")
    assert reach(three(), "nic-two", "nic-three").equals("*")
    assert reach(three(), "nic-one", "nic-three").is_empty()
    assert "DenyAllOutBound" in reach(three(), "nic-one", "nic-three").deciding_rule


def test_a_peering_that_is_not_connected_or_denies_access_closes_the_default_rules() -> None:
    assert reach(three(state="Initiated"), "nic-one", "nic-two").is_empty()
    assert reach(three(access=False), "nic-one", "nic-two").is_empty()


def test_a_question_without_an_end_in_the_network_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        reach(tickets(), "203.0.113.1", "198.51.100.1")
    with pytest.raises(ValueError, match="neither an interface"):
        reach(tickets(), "300.1.1.1", "nic-web-01")
    with pytest.raises(Undecidable):
        reach(tickets(), "NoSuchTag", "nic-web-01")


def dual(*rules: Json) -> Network:
    """One subnet with both families; a machine with an address of each, and one with IPv4 only."""
    both = nic("nic-both", "v", "s", "10.0.1.4")
    second = {
        "privateIPAddress": "fd00:1::4",
        "subnet": both["properties"]["ipConfigurations"][0]["properties"]["subnet"],
    }
    both["properties"]["ipConfigurations"].append({"name": "six", "properties": second})
    where = subnet("s", "10.0.1.0/24", "g")
    where["properties"]["addressPrefixes"] = ["10.0.1.0/24", "fd00:1::/64"]
    return Network.of(
        virtual_networks=[vnet("v", ["10.0.0.0/16", "fd00:1::/48"], where)],
        network_interfaces=[both, nic("nic-four", "v", "s", "10.0.1.5")],
        network_security_groups=[nsg("g", *rules)],
    )


def test_both_families_are_filtered_and_do_not_mix() -> None:
    six_only = rule("six", 100, source="2001:db8::/32", ports="443")
    assert reach(dual(six_only), "2001:db8::7", "nic-both").equals("Tcp/443")
    assert reach(dual(six_only), "203.0.113.7", "nic-both").is_empty()
    with pytest.raises(ValueError, match="neither"):
        reach(dual(six_only), "2001:db8::7", "nic-four")
    anyone = rule("anyone", 100, source="*", ports="443")
    assert reach(dual(anyone), "Internet", "nic-both").equals("Tcp/443")
    four_only = rule("four", 100, source="0.0.0.0/0", ports="443")
    assert not reach(dual(four_only), "Internet", "nic-both").equals("Tcp/443")
    assert reach(dual(four_only), "Internet", "nic-four").equals("Tcp/443")


def test_two_halves_of_the_address_space_are_the_whole() -> None:
    halves = rule("halves", 100, direction="Outbound", destination=["0.0.0.0/1", "128.0.0.0/1"], ports="443")
    closed = rule("closed", 4000, "Deny", "Outbound", protocol="*")
    assert reach(small(halves, closed), "nic-a", "Storage.SwedenCentral").equals("Tcp/443")
