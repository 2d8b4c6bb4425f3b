"""What stands where in a start state, worked out from its template."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlabs.catalog.labs import load_lab
from azlabs.catalog.start_state import BrokenTemplate, start_resources
from azlabs.catalog.topology import arrange, word_for

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/one"


@pytest.fixture
def lab(lab_folder):
    """`two-doors` with a start state in JSON."""
    (lab_folder / "bicep" / "start.bicep").unlink()
    (lab_folder / "bicep" / "start.json").write_text(Path(__file__).with_name("start.json").read_text())
    return load_lab(lab_folder)


def test_a_start_state_is_worked_out_without_a_cloud(lab):
    resources = start_resources(lab)
    names = [body["name"] for _, _, body in resources]
    assert names.count("vnet-tickets") == 1
    assert [name for name in names if name.startswith("nic-")] == [f"nic-web-0{number}" for number in range(1, 7)]


def test_modules_are_opened_and_conditions_heeded(lab):
    names = [body["name"] for _, _, body in start_resources(lab)]
    assert "asg-app" in names
    assert "never" not in names


def test_interfaces_stand_in_their_subnets_and_subnets_in_their_network(lab):
    topology = arrange(start_resources(lab))
    network = topology.boxes[0]
    assert (network.title, network.facts) == ("network vnet-tickets", ["172.20.40.0/22"])
    flat, management = network.inside
    assert [box.name for box in flat.inside] == [f"nic-web-0{number}" for number in range(2, 7)]
    # Its id is only known through reference() of the network.
    assert [box.name for box in management.inside] == ["nic-web-01"]


def test_groups_and_addresses_are_attached_to_what_names_them(lab):
    topology = arrange(start_resources(lab))
    flat = topology.boxes[0].inside[0]
    assert [box.title for box in flat.attached] == ["NSG nsg-flat"]
    assert [box.title for box in flat.inside[0].attached] == ["public address pip-web-01"]
    assert {box.name for box in topology.attachments} == {"nsg-flat", "pip-web-01"}


def test_rules_are_listed_in_the_order_in_which_azure_reads_them(lab):
    group = arrange(start_resources(lab)).attachments[0]
    assert group.rules == [
        "90 in deny any 198.51.100.0/24 -> any: any  (block)",
        "100 in allow TCP Internet -> any: 80,443  (allow-shop)",
    ]


def test_a_subnet_that_is_only_allowed_in_is_a_link_and_no_place(lab):
    storage = next(box for box in arrange(start_resources(lab)).everything() if box.name == "stfiles")
    assert [box.title for box in storage.links] == ["subnet snet-flat"]
    assert storage.facts == ["Standard_LRS", "StorageV2"]


def test_other_types_are_boxes_with_links(lab):
    app = next(box for box in arrange(start_resources(lab)).boxes if box.name == "api")
    assert (app.title, [box.title for box in app.links]) == ("container app api", ["managed environment env"])


def test_children_stand_in_their_parents_in_whatever_order_they_come():
    account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DocumentDB/databaseAccounts/a"
    kind = "Microsoft.DocumentDB/databaseAccounts"
    topology = arrange(
        [
            (f"{account}/sqlDatabases/d/containers/c", f"{kind}/sqlDatabases/containers", {}),
            (f"{account}/sqlDatabases/d", f"{kind}/sqlDatabases", {}),
            (account, kind, {}),
        ]
    )
    assert [box.title for box in topology.boxes[0].walk()] == ["Cosmos DB account a", "database d", "container c"]


def test_what_names_two_subnets_stands_in_neither():
    network = SUBNET.partition("/subnets")[0]
    subnets = [{"name": "one", "properties": {}}, {"name": "two", "properties": {}}]
    topology = arrange(
        [
            (network, "Microsoft.Network/virtualNetworks", {"name": "v", "properties": {"subnets": subnets}}),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n",
                "Microsoft.Network/networkInterfaces",
                {"properties": {"a": {"subnet": {"id": SUBNET}}, "b": {"subnet": {"id": f"{network}/subnets/two"}}}},
            ),
        ]
    )
    assert [box.name for box in topology.boxes] == ["v", "n"]


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("Microsoft.App/managedEnvironments", "managed environment"),
        ("Microsoft.KeyVault/vaults", "vault"),
        ("Microsoft.ContainerRegistry/registries", "registry"),
        ("Microsoft.Network/networkSecurityGroups", "NSG"),
        ("Microsoft.Foo/accesses", "access"),
    ],
)
def test_types_are_called_by_words_people_use(kind, word):
    assert word_for(kind) == word


def test_a_template_that_cannot_be_planned_says_why(lab):
    lab.start.write_text('{"resources": [{"type": "A/b", "name": "[nothing()]"}]}')
    with pytest.raises(BrokenTemplate, match="cannot be planned"):
        start_resources(lab)
