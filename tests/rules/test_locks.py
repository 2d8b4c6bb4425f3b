"""Locks refuse what Microsoft's documentation says they refuse."""

from __future__ import annotations

import pytest

from azlabs.rules.locks import Lock, blocking, message

GROUP = "/subscriptions/s/resourceGroups/rg"
ACCOUNT = GROUP + "/providers/Microsoft.Storage/storageAccounts/acc"
KEEP = Lock("l1", GROUP, "CanNotDelete")
FREEZE = Lock("l2", GROUP, "ReadOnly")


@pytest.mark.parametrize(
    ("lock", "action", "refused"),
    [
        (KEEP, "Microsoft.Storage/storageAccounts/delete", True),
        (KEEP, "Microsoft.Storage/storageAccounts/write", False),
        (KEEP, "Microsoft.Storage/storageAccounts/listKeys/action", False),
        (FREEZE, "Microsoft.Storage/storageAccounts/delete", True),
        (FREEZE, "Microsoft.Storage/storageAccounts/write", True),
        (FREEZE, "Microsoft.Storage/storageAccounts/listKeys/action", True),
        (FREEZE, "Microsoft.Storage/storageAccounts/read", False),
    ],
)
def test_a_lock_on_the_group_counts_for_the_resources_inside(lock: Lock, action: str, refused: bool) -> None:
    assert bool(blocking([lock], action, ACCOUNT)) is refused


def test_a_locked_resource_keeps_its_group_from_being_deleted_but_not_changed() -> None:
    lock = Lock("l", ACCOUNT, "ReadOnly")
    assert blocking([lock], "Microsoft.Resources/subscriptions/resourceGroups/delete", GROUP) == [lock]
    assert blocking([lock], "Microsoft.Resources/subscriptions/resourceGroups/write", GROUP) == []


def test_a_lock_does_not_reach_a_neighbour_whose_name_only_begins_alike() -> None:
    lock = Lock("l", ACCOUNT, "CanNotDelete")
    assert blocking([lock], "Microsoft.Storage/storageAccounts/delete", ACCOUNT + "2") == []


def test_a_lock_can_be_taken_off_under_itself() -> None:
    assert blocking([FREEZE], "Microsoft.Authorization/locks/delete", GROUP) == []


def test_the_message_names_the_scope_and_the_lock() -> None:
    text = message(ACCOUNT, "Microsoft.Storage/storageAccounts/delete", [KEEP])
    assert f"'{ACCOUNT}' cannot perform delete operation" in text and f"locked: '{GROUP}'" in text
