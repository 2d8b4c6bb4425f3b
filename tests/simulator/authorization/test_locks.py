"""Locks stop deletes and writes at every scope, and can be taken off again."""

from __future__ import annotations

from .conftest import AUTHORIZATION, SUBSCRIPTION, Azure

VERSION = "2016-09-01"
TAGS = {
    "location": "westeurope",
    "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
    "tags": {"a": "b"},
}


def lock(azure: Azure, scope: str, level: str) -> str:
    path = f"{scope}{AUTHORIZATION}/locks/keep"
    azure.ok("PUT", path, VERSION, {"properties": {"level": level}})
    return path


def test_a_lock_against_deletes_stops_deletes_only(azure: Azure) -> None:
    path = lock(azure, azure.group, "CanNotDelete")
    assert azure.refused("DELETE", azure.network, "2024-05-01") == "409 ScopeLocked"
    azure.ok("PUT", azure.network, "2024-05-01", TAGS)
    azure.ok("DELETE", path, VERSION)
    azure.ok("DELETE", azure.network, "2024-05-01")


def test_a_read_only_lock_stops_writes_too(azure: Azure) -> None:
    lock(azure, azure.network, "ReadOnly")
    assert azure.refused("PUT", azure.network, "2024-05-01", TAGS) == "409 ScopeLocked"
    subnet = f"{azure.network}/subnets/a"
    body = {"properties": {"addressPrefix": "10.0.0.0/24"}}
    assert azure.refused("PUT", subnet, "2024-05-01", body) == "409 ScopeLocked"
    azure.ok("GET", azure.network, "2024-05-01")


def test_a_locked_resource_keeps_its_group(azure: Azure) -> None:
    lock(azure, azure.network, "CanNotDelete")
    assert azure.refused("DELETE", azure.group, "2024-11-01") == "409 ScopeLocked"
    azure.ok("GET", azure.network, "2024-05-01")


def test_a_lock_on_the_subscription_counts_everywhere(azure: Azure) -> None:
    lock(azure, SUBSCRIPTION, "ReadOnly")
    assert (
        azure.refused("PUT", f"{SUBSCRIPTION}/resourceGroups/new", "2024-11-01", {"location": "westeurope"})
        == "409 ScopeLocked"
    )
    assert azure.refused("PUT", azure.network, "2024-05-01", TAGS) == "409 ScopeLocked"


def test_a_list_shows_the_locks_at_a_scope_and_below(azure: Azure) -> None:
    lock(azure, azure.network, "CanNotDelete")
    for scope in (SUBSCRIPTION, azure.group, azure.network):
        shown = azure.ok("GET", f"{scope}{AUTHORIZATION}/locks", VERSION)["value"]
        assert [item["properties"] for item in shown] == [{"level": "CanNotDelete"}]


def test_an_unknown_level_is_refused(azure: Azure) -> None:
    path = f"{azure.group}{AUTHORIZATION}/locks/x"
    assert azure.refused("PUT", path, VERSION, {"properties": {"level": "Mostly"}}).startswith("400 ")
