"""Access is decided as Microsoft documents it; a brute-force reading checks the table."""

from __future__ import annotations

import fnmatch

from hypothesis import given
from hypothesis import strategies as st

from azlabs.rules.access import (
    EVERYONE,
    AccessTable,
    Assignment,
    DenyAssignment,
    Permission,
    Role,
    ancestors,
    assignable,
    matches_any,
)

SUBSCRIPTION = "/subscriptions/s1"
GROUP = SUBSCRIPTION + "/resourceGroups/rg"
VM = GROUP + "/providers/Microsoft.Compute/virtualMachines/vm1"
SUBNET = GROUP + "/providers/Microsoft.Network/virtualNetworks/v/subnets/a"

CONTRIBUTOR = Role(
    "contributor",
    "Contributor",
    (Permission(actions=("*",), not_actions=("Microsoft.Authorization/*/Write", "Microsoft.Authorization/*/Delete")),),
)
READER = Role("reader", "Reader", (Permission(actions=("*/read",)),))
BLOB_READER = Role(
    "blobs",
    "Storage Blob Data Reader",
    (Permission(data_actions=("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",)),),
)
ROLES = {role.id: role for role in (CONTRIBUTOR, READER, BLOB_READER)}


def table(*assignments: Assignment, **more: object) -> AccessTable:
    return AccessTable(ROLES, assignments, **more)  # type: ignore[arg-type]


def test_an_assignment_on_the_group_reaches_the_resources_inside_it() -> None:
    access = table(Assignment("a1", "Alice", "contributor", GROUP))
    decision = access.can("alice", "Microsoft.Compute/virtualMachines/start/action", VM.upper())
    assert decision.allowed is True
    assert decision.assignment is not None and decision.assignment.id == "a1"


def test_an_assignment_on_a_resource_does_not_reach_its_group() -> None:
    access = table(Assignment("a1", "alice", "contributor", VM))
    assert access.can("alice", "Microsoft.Resources/subscriptions/resourceGroups/read", GROUP).allowed is False


def test_not_actions_withhold_but_another_role_may_give_them_back() -> None:
    write = "Microsoft.Authorization/roleAssignments/write"
    only_contributor = table(Assignment("a1", "alice", "contributor", GROUP))
    assert only_contributor.can("alice", write, GROUP).allowed is False
    owner = Role("owner", "Owner", (Permission(actions=("*",)),))
    both = AccessTable(
        {**ROLES, "owner": owner},
        [Assignment("a1", "alice", "contributor", GROUP), Assignment("a2", "alice", "owner", GROUP)],
    )
    decision = both.can("alice", write, GROUP)
    assert decision.allowed is True and decision.role is owner


def test_control_actions_do_not_give_data_access() -> None:
    access = table(Assignment("a1", "alice", "contributor", GROUP))
    read = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    assert access.can("alice", read, GROUP, data=True).allowed is False
    reader = table(Assignment("a2", "alice", "blobs", GROUP))
    assert reader.can("alice", read, GROUP, data=True).allowed is True
    assert reader.can("alice", read, GROUP).allowed is False


def test_a_member_has_the_roles_of_its_group() -> None:
    access = table(Assignment("a1", "team", "reader", SUBSCRIPTION), groups={"alice": frozenset({"team"})})
    assert access.can("alice", "Microsoft.Compute/virtualMachines/read", VM).allowed is True
    assert access.can("bob", "Microsoft.Compute/virtualMachines/read", VM).allowed is False


def test_management_groups_pass_roles_down_to_their_subscriptions() -> None:
    parent, child = (f"/providers/Microsoft.Management/managementGroups/{name}" for name in ("root", "team"))
    access = table(
        Assignment("a1", "alice", "reader", parent),
        management_groups={SUBSCRIPTION: child.lower(), child.lower(): parent.lower()},
    )
    assert access.can("alice", "Microsoft.Compute/virtualMachines/read", VM).allowed is True


def test_a_deny_assignment_beats_every_role_and_spares_the_excluded() -> None:
    deny = DenyAssignment(
        "d1", GROUP, (Permission(actions=("*/delete",)),), frozenset({EVERYONE}), excluded=frozenset({"carol"})
    )
    access = table(
        Assignment("a1", "alice", "contributor", SUBSCRIPTION),
        Assignment("a2", "carol", "contributor", SUBSCRIPTION),
        denials=(deny,),
    )
    refused = access.can("alice", "Microsoft.Compute/virtualMachines/delete", VM)
    assert refused.allowed is False and refused.denied_by is deny
    assert access.can("carol", "Microsoft.Compute/virtualMachines/delete", VM).allowed is True
    assert access.can("alice", "Microsoft.Compute/virtualMachines/write", VM).allowed is True


def test_a_deny_assignment_that_stays_at_its_scope_does_not_reach_below() -> None:
    deny = DenyAssignment("d1", GROUP, (Permission(actions=("*",)),), frozenset({"alice"}), only_here=True)
    access = table(Assignment("a1", "alice", "contributor", SUBSCRIPTION), denials=(deny,))
    assert access.can("alice", "Microsoft.Compute/virtualMachines/write", VM).allowed is True
    assert access.can("alice", "Microsoft.Resources/subscriptions/resourceGroups/write", GROUP).allowed is False


def test_an_assignment_with_a_condition_cannot_be_judged() -> None:
    access = table(Assignment("a1", "alice", "contributor", GROUP, condition="@Resource[...] StringEquals 'x'"))
    assert access.can("alice", "Microsoft.Compute/virtualMachines/write", VM).allowed is None


def test_ancestors_climb_from_a_child_resource_to_the_root() -> None:
    assert list(ancestors(SUBNET)) == [
        SUBNET.lower(),
        SUBNET.lower().removesuffix("/subnets/a"),
        GROUP.lower(),
        SUBSCRIPTION,
        "/",
    ]


def test_ancestors_of_an_extension_resource_pass_through_what_it_sits_on() -> None:
    lock = VM + "/providers/Microsoft.Authorization/locks/keep"
    assert list(ancestors(lock))[:3] == [lock.lower(), VM.lower(), GROUP.lower()]


def test_a_custom_role_may_be_assigned_at_or_below_its_scopes() -> None:
    assert assignable(VM, [GROUP]) is True
    assert assignable(SUBSCRIPTION, [GROUP]) is False


ACTION = st.lists(
    st.sampled_from(["Microsoft.Network", "vnets", "subnets", "read", "write", "x"]), min_size=1, max_size=5
)
PATTERN = st.lists(
    st.sampled_from(["Microsoft.Network", "vnets", "*", "read", "write", "sub*"]), min_size=1, max_size=4
)


@given(ACTION.map("/".join), st.lists(PATTERN.map("/".join), max_size=4))
def test_patterns_agree_with_a_shell_glob(action: str, patterns: list[str]) -> None:
    expected = any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
    assert matches_any(action, patterns) is expected
