"""`list`, `show`, `cost`."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest


@pytest.fixture(autouse=True)
def _in_the_house(house):
    return house


def test_list_gives_the_labs_as_one_object(azlabs):
    ran = azlabs("list", "--json")
    assert ran.code == 0
    assert ran.json == {
        "labs": [
            {
                "id": "two-doors",
                "title": "Close one of two doors",
                "exam": "az-104",
                "domains": ["az104.network"],
                "level": "beginner",
                "minutes": 10,
                "points": 15,
                "cost_per_hour_usd": 0.01,
            }
        ]
    }


def test_list_shows_a_table_that_fits_80_columns(azlabs):
    ran = azlabs("list")
    assert "two-doors" in ran.out
    assert "Close one of two" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (["--exam", "az-104"], True),
        (["--exam", "AZ104"], True),
        (["--exam", "ai-200"], False),
        (["--domain", "network"], True),
        (["--domain", "az104.network"], True),
        (["--domain", "storage"], False),
        (["--objective", "az104.network.vnets"], True),
        (["--objective", "az104.network.dns"], False),
        (["--service", "virtual net"], True),
        (["--service", "cosmos"], False),
        (["--level", "beginner"], True),
        (["--level", "advanced"], False),
        (["--exam", "az-104", "--level", "beginner", "--service", "network"], True),
    ],
)
def test_list_filters(azlabs, filters, found):
    ran = azlabs("list", "--json", *filters)
    assert ran.code == 0
    assert len(ran.json["labs"]) == found


@pytest.mark.parametrize(
    ("filters", "code", "action"),
    [
        (["--exam", "az-105"], "UnknownExam", "az-104"),
        (["--domain", "netwrok"], "UnknownFilter", "network"),
        (["--objective", "az104.network.nsg"], "UnknownObjective", "az104.network.nsg-rules"),
        (["--service", "virtul network"], "UnknownFilter", "Azure Virtual Network"),
        (["--level", "expert"], "UnknownFilter", "intermediate"),
    ],
)
def test_a_filter_that_names_nothing_names_the_nearest(azlabs, filters, code, action):
    ran = azlabs("list", "--json", *filters)
    assert ran.code == 2
    assert ran.error["code"] == code
    assert action in ran.error["action"]


def test_list_shows_which_objectives_have_a_lab(azlabs):
    ran = azlabs("list", "--objectives", "--exam", "az-104", "--json")
    by_id = {entry["id"]: entry["labs"] for entry in ran.json["objectives"]}
    assert len(by_id) == 82
    assert {name for name, labs in by_id.items() if labs} == {"az104.network.nsg-rules", "az104.network.vnets"}
    assert by_id["az104.network.vnets"] == ["two-doors"]


def test_objectives_are_shown_with_their_whole_ids(azlabs):
    ran = azlabs("list", "--objectives", "--domain", "az104.identity")
    assert "az104.identity.users-groups-properties" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "0 of 15 objectives have a lab" in ran.err


def test_a_broken_lab_is_said_and_does_not_hide_the_others(azlabs, house):
    path = house / "labs" / "two-doors" / "lab.yaml"
    path.write_text(path.read_text().replace("minutes: 10", "minutes: soon"))
    ran = azlabs("list")
    assert ran.code == 0
    assert "two-doors is broken" in ran.err
    assert "line 6" in ran.err


def test_show_tells_tasks_and_start(azlabs):
    ran = azlabs("show", "two-doors")
    assert ran.code == 0
    for words in ("Close one of two doors", "AZ-104", "back-door", "vnet-tickets", "└─ interface nic-web-01"):
        assert words in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_show_gives_everything_as_one_object(azlabs):
    shown = azlabs("show", "two-doors", "--json").json
    assert [task["id"] for task in shown["tasks"]] == ["back-door", "front-door"]
    assert shown["topology"][0]["inside"][0]["attached"] == ["nsg-flat"]
    assert "hints" not in shown["tasks"][0]


def test_the_picture_is_a_well_formed_svg_with_every_box(azlabs):
    ran = azlabs("show", "two-doors", "--svg")
    root = ElementTree.fromstring(ran.out)
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"network vnet-tickets", "interface nic-web-06", "container app api", "+ NSG nsg-flat"} <= texts


def test_the_picture_as_a_mermaid_diagram(azlabs):
    out = azlabs("show", "two-doors", "--mermaid").out
    assert out.startswith("flowchart LR\n")
    assert 'subgraph n0["network vnet-tickets<br/>172.20.40.0/22"]' in out
    assert out.count("subgraph") == out.count("end\n")


def test_show_of_an_unknown_lab_names_the_nearest(azlabs):
    ran = azlabs("show", "two-dors", "--json")
    assert (ran.code, ran.error["code"]) == (2, "UnknownLab")
    assert "two-doors" in ran.error["action"]


def test_cost_is_told_for_the_time_of_the_lab_or_for_hours(azlabs):
    told = azlabs("cost", "two-doors", "--hours", "8", "--json").json
    assert (told["cost_per_hour_usd"], told["hours"], told["cost_usd"]) == (0.01, 8.0, 0.08)
    address = {"type": "Microsoft.Network/publicIPAddresses", "count": 1, "usd_per_hour_each": 0.005}
    assert address in told["items"]
    shown = azlabs("cost", "two-doors").out
    assert "simulator: free" in shown
    assert "public address" in shown
