"""Which slips are made of a solved state, and what they are called."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from azlabs.proof.mutant import Mutant
from azlabs.proof.mutation import World, mutants
from azlabs.proof.state import changed, same, settings


def world(start: dict[str, Any], *steps: tuple[str, dict[str, Any]]) -> World:
    return World(start, list(steps), steps[-1][1])


def named(found: list[Mutant]) -> dict[str, Mutant]:
    return {mutant.name: mutant for mutant in found}


def rules_of(mutant: Mutant) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule["properties"] for rule in mutant.edit.body["properties"]["securityRules"]}


def test_what_the_solution_left_alone_is_not_mutated(build: Any) -> None:
    before = build.nsg("old", build.rule("a", 100))
    made = build.nsg("new", build.rule("a", 100))
    found = mutants(world(build.state(before), ("one", build.state(before, made))))
    assert {mutant.resource.rpartition("/")[2] for mutant in found} == {"new"}


def test_every_mutant_differs_from_the_solution_and_from_every_other(build: Any) -> None:
    solved = build.state(
        build.nsg("web", build.rule("a", 100), build.rule("b", 200, access="Deny")),
        build.nsg("app"),
        build.vnet(s=("10.0.0.0/24", "web"), t=("10.0.1.0/24", "")),
        build.nic("n", "10.0.0.4", "s"),
        build.resource("applicationSecurityGroups", "g"),
    )
    found = mutants(world({}, ("one", solved)))
    assert len(found) == len(named(found)) > 60
    for mutant in found:
        if mutant.edit.body is not None:
            assert not same(mutant.edit.body, solved[mutant.resource.lower()])
    bodies = [repr((mutant.edit.id, mutant.edit.body)) for mutant in found]
    assert len(set(bodies)) == len(bodies)


def test_making_mutants_leaves_the_state_as_it_is(build: Any) -> None:
    solved = build.state(build.nsg("web", build.rule("a", 100), build.rule("b", 200)))
    before = deepcopy(solved)
    mutants(world({}, ("one", solved)))
    assert solved == before


def test_a_mutant_names_the_setting_and_the_task_whose_step_made_it(build: Any) -> None:
    first = build.state(build.nsg("web", build.rule("a", 100)))
    second = build.state(build.nsg("web", build.rule("a", 100), build.rule("b", 200, destinationPortRange="22")))
    found = named(mutants(world(build.state(build.nsg("web")), ("one", first), ("two", second))))
    assert found["web/securityRules/a/destinationPortRange: 443 -> 444"].task == "one"
    assert found["web/securityRules/b/destinationPortRange: 22 -> 23"].task == "two"
    assert found["web/securityRules/b: b -> nothing"].operator == "remove"


def test_settings_of_the_start_in_a_changed_resource_belong_to_no_task(build: Any) -> None:
    before = build.state(build.nsg("web", build.rule("old", 300)))
    after = build.state(build.nsg("web", build.rule("old", 300), build.rule("new", 100)))
    found = named(mutants(world(before, ("one", after))))
    assert found["web/securityRules/old/access: Allow -> Deny"].task == ""
    assert found["web/securityRules/new/access: Allow -> Deny"].task == "one"


def test_what_azure_computes_is_never_mutated(build: Any) -> None:
    found = mutants(world({}, ("one", build.state(build.nsg("web", build.rule("a", 100))))))
    assert not [mutant for mutant in found if {"defaultSecurityRules", "etag", "provisioningState"} & set(mutant.path)]


def test_what_the_solution_removed_or_changed_can_come_back(build: Any) -> None:
    start = build.state(
        build.nsg("web", build.rule("vendor", 100), build.rule("kept", 200)),
        build.nsg("forgotten", build.rule("x", 100)),
    )
    solved = build.state(build.nsg("web", build.rule("new", 100), build.rule("kept", 200)))
    found = named(mutants(world(start, ("one", solved))))
    assert same(
        found["web: solved -> as at the start"].edit.body,
        start[found["web: solved -> as at the start"].resource.lower()],
    )
    assert found["forgotten: removed -> as at the start"].edit.body is not None
    back = rules_of(found["web/securityRules/vendor: nothing -> vendor"])
    assert set(back) == {"vendor", "new", "kept"}
    assert back["vendor"]["priority"] == 101


def test_a_made_resource_is_removed_and_a_changed_one_put_back(build: Any) -> None:
    found = named(mutants(world({}, ("one", build.state(build.nsg("web"))))))
    assert found["web: there -> removed"].edit.body is None
    assert "web: solved -> as at the start" not in found


def test_links_are_broken_made_and_led_elsewhere(build: Any) -> None:
    solved = build.state(
        build.nsg("web"),
        build.nsg("app"),
        build.vnet(s=("10.0.0.0/24", "web"), t=("10.0.1.0/24", "")),
        build.nic("n", "10.0.0.4", "s", applicationSecurityGroups=[build.link("applicationSecurityGroups/g")]),
        build.resource("applicationSecurityGroups", "g"),
        build.resource("applicationSecurityGroups", "h"),
        build.resource("publicIPAddresses", "free"),
    )
    found = named(mutants(world({}, ("one", solved))))
    expected = {
        "net/subnets/s/networkSecurityGroup: web -> nothing": "detach",
        "net/subnets/s/networkSecurityGroup: web -> app": "reference",
        "net/subnets/t/networkSecurityGroup: nothing -> app": "attach",
        "n/networkSecurityGroup: nothing -> app": "attach",
        "n/ipConfigurations/primary/publicIPAddress: nothing -> free": "attach",
        "n/ipConfigurations/primary/applicationSecurityGroups: g -> g, h": "join",
        "n/ipConfigurations/primary/applicationSecurityGroups/g: g -> nothing": "leave",
        "n/ipConfigurations/primary/applicationSecurityGroups/g: g -> h": "reference",
        "n/ipConfigurations/primary/subnet: s -> t": "reference",
    }
    assert {name: found[name].operator for name in expected if name in found} == expected
    assert "n/ipConfigurations/primary/subnet: s -> nothing" not in found


def test_a_priority_moves_past_each_neighbour_of_its_direction(build: Any) -> None:
    solved = build.state(
        build.nsg(
            "web",
            build.rule("a", 200),
            build.rule("b", 300),
            build.rule("c", 400),
            build.rule("out", 250, direction="Outbound"),
        )
    )
    found = [mutant for mutant in mutants(world({}, ("one", solved))) if mutant.operator == "priority"]
    moves = {(mutant.path[2], mutant.before, mutant.after) for mutant in found}
    assert moves == {("a", "200", "301"), ("b", "300", "199"), ("b", "300", "401"), ("c", "400", "299")}


def test_a_rule_at_the_first_number_changes_places_with_the_next(build: Any) -> None:
    solved = build.state(build.nsg("web", build.rule("a", 100), build.rule("b", 101)))
    found = named(mutants(world({}, ("one", solved))))
    swapped = rules_of(found["web/securityRules/b/priority: 101 -> 100 (exchanged)"])
    assert {name: rule["priority"] for name, rule in swapped.items()} == {"a": 101, "b": 100}


def test_sides_and_ports_of_a_rule_are_mixed_up(build: Any) -> None:
    group = [build.link("applicationSecurityGroups/g")]
    rule = build.rule("a", 100, sourceAddressPrefix="10.0.0.0/24", destinationApplicationSecurityGroups=group)
    del rule["properties"]["destinationAddressPrefix"]
    solved = build.state(build.nsg("web", rule), build.resource("applicationSecurityGroups", "g"))
    found = named(mutants(world({}, ("one", solved))))
    turned = rules_of(found["web/securityRules/a: to -> from"])["a"]
    assert turned["sourceApplicationSecurityGroups"] == group
    assert turned["destinationAddressPrefix"] == "10.0.0.0/24"
    assert "sourceAddressPrefix" not in turned
    pinned = rules_of(found["web/securityRules/a: to 443 -> from 443"])["a"]
    assert (pinned["sourcePortRange"], pinned["destinationPortRange"]) == ("443", "*")
    opened = rules_of(found["web/securityRules/a: destination g -> destination *"])["a"]
    assert opened["destinationAddressPrefix"] == "*"
    assert "destinationApplicationSecurityGroups" not in opened


def test_tags_of_any_resource_are_settings_too(build: Any) -> None:
    solved = build.resource("networkSecurityGroups", "web")
    solved["tags"] = {"owner": "ada"}
    found = named(mutants(world({}, ("one", build.state(solved)))))
    assert found["web/tags/owner: ada -> nothing"].edit.body["tags"] == {}
    assert found["web/tags/owner: ada -> ada-other"].edit.body["tags"] == {"owner": "ada-other"}


def test_a_new_etag_is_no_change(build: Any) -> None:
    before = build.state(build.nsg("web", build.rule("a", 100)))
    after = deepcopy(before)
    for resource in after.values():
        resource["etag"] = 'W/"2"'
    assert changed(before, after) == set()


def test_settings_hold_links_and_skip_what_azure_computes(build: Any) -> None:
    found = settings(build.vnet(s=("10.0.0.0/24", "web")))
    paths = {"/".join(path) for path in found}
    assert "properties/subnets/s/properties/networkSecurityGroup" in paths
    assert not [path for path in paths if "provisioningState" in path or path in ("id", "name", "etag")]


def test_a_role_assignment_is_replaced_by_a_wider_a_narrower_and_a_wrong_one(build: Any) -> None:
    reader, owner = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    roles = f"{build.group.rpartition('/resourceGroups')[0]}/providers/Microsoft.Authorization/roleDefinitions"
    given = {
        "id": f"{build.group}/providers/Microsoft.Authorization/roleAssignments/1",
        "name": "1",
        "properties": {"roleDefinitionId": f"{roles}/{reader}", "principalId": "ada", "scope": build.group},
    }
    solved = build.state(given, build.nsg("web")) | build.state(
        {**build.resource("networkInterfaces", "n"), "identity": {"principalId": "machine"}}
    )
    found = [mutant for mutant in mutants(world({}, ("one", solved))) if "roleAssignments/1" in mutant.resource]
    by_operator: dict[str, list[Mutant]] = {}
    for mutant in found:
        by_operator.setdefault(mutant.operator, []).append(mutant)
    assert {name: len(entries) for name, entries in by_operator.items()} == {
        "remove": 1,
        "role": 3,
        "raise scope": 1,
        "lower scope": 2,
        "principal": 1,
    }
    over = next(mutant for mutant in by_operator["role"] if mutant.after == "role Owner")
    assert [edit.body is None for edit in over.edits] == [True, False]
    assert over.edit.body["properties"] == {"roleDefinitionId": f"{roles}/{owner}", "principalId": "ada"}
    assert by_operator["raise scope"][0].edit.id.startswith(build.group.partition("/resourceGroups")[0] + "/providers/")
    assert by_operator["principal"][0].edit.body["properties"]["principalId"] == "machine"


def test_an_interface_with_a_fixed_address_is_moved_without_it(build: Any) -> None:
    nic = build.nic("n", "10.0.0.4", "s", privateIPAllocationMethod="Static")
    solved = build.state(build.vnet(s=("10.0.0.0/24", ""), t=("10.0.1.0/24", "")), nic)
    found = named(mutants(world({}, ("one", solved))))
    moved = found["n/ipConfigurations/primary/subnet: s -> t, any address"]
    settings_of_it = moved.edit.body["properties"]["ipConfigurations"][0]["properties"]
    assert settings_of_it["privateIPAllocationMethod"] == "Dynamic"
    assert settings_of_it["subnet"]["id"].endswith("/subnets/t")
    assert "privateIPAddress" not in settings_of_it


def test_what_came_back_belongs_to_the_task_that_took_it_away(build: Any) -> None:
    start = build.state(build.nsg("web", build.rule("vendor", 100)))
    first = build.state(build.nsg("web", build.rule("a", 100)))
    second = build.state(build.nsg("web", build.rule("a", 100), build.rule("b", 200)))
    found = named(mutants(world(start, ("one", first), ("two", second))))
    assert found["web/securityRules/vendor: nothing -> vendor"].task == "one"


def test_a_rule_turned_round_takes_a_free_number_where_its_own_is_taken(build: Any) -> None:
    rules = (build.rule("a", 100), build.rule("b", 100, direction="Outbound"), build.rule("c", 300))
    found = named(mutants(world({}, ("one", build.state(build.nsg("web", *rules))))))
    turned = rules_of(found["web/securityRules/a/direction: Inbound -> Outbound, priority 101"])["a"]
    assert (turned["direction"], turned["priority"]) == ("Outbound", 101)
    assert "web/securityRules/c/direction: Inbound -> Outbound" in found
    assert not [name for name in found if name.startswith("web/securityRules/c/direction: Inbound -> Outbound,")]
