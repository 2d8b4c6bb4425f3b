"""`reap` and `down` in the ways in which scripts and janitors call them."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture
def mine(azlabs, tmp_path):
    made = azlabs("lab", "new", "one-door", "--json")
    assert made.code == 0
    return tmp_path / made.json["folder"]


@pytest.fixture
def up(azlabs, mine):
    """A sandbox whose time is over."""
    ran = azlabs("up", mine, "--yes", "--json", "--hours", "0.0001")
    assert ran.code == 0
    return ran.json


def test_reap_lists_and_asks_first(azlabs, up):
    ran = azlabs("reap")
    assert ran.code == 2
    assert up["sandbox"] in ran.err and "--yes" in ran.err
    dry = azlabs("reap", "--dry-run", "--json")
    assert dry.code == 0
    assert [entry["sandbox"] for entry in dry.json["would_remove"]] == [up["sandbox"]]
    assert azlabs("status", "--json").json["sandboxes"][0]["state"] == "expired"


def test_reap_removes_what_has_expired(azlabs, up):
    ran = azlabs("reap", "--yes", "--json", "--time-zone", "Europe/Stockholm")
    assert ran.code == 0
    assert set(ran.json) == {"cloud", "subscription", "time", "kept", "sandboxes"}
    (done,) = ran.json["sandboxes"]
    assert done["sandbox"] == up["sandbox"] and done["survivors"] == [] and done["deleted"]
    assert azlabs("status", "--json").json == {"sandboxes": []}
    assert "Nothing has expired." in azlabs("reap", "--yes").err


def test_reap_works_where_nothing_is_known_of_it(azlabs, up, tmp_path):
    shutil.rmtree(tmp_path / "home" / "sandboxes")
    ran = azlabs("reap", "--yes", "--json")
    assert ran.code == 0
    assert [entry["sandbox"] for entry in ran.json["sandboxes"]] == [up["sandbox"]]
    assert azlabs("status", "--find", "--json").json == {"sandboxes": []}


def test_reap_leaves_alone_what_is_in_its_grace_period(azlabs, up):
    ran = azlabs("reap", "--yes", "--grace", "2h", "--json")
    assert (ran.code, ran.json["sandboxes"]) == (0, [])
    assert "grace" in ran.json["kept"][0]["reason"]


@pytest.mark.parametrize("arguments", [["--grace", "soon"], ["--time-zone", "Mars"]])
def test_reap_says_what_it_does_not_understand(azlabs, arguments):
    ran = azlabs("reap", *arguments, "--json")
    assert ran.code == 2
    assert ran.error["action"]


def test_down_finds_a_sandbox_that_this_computer_has_lost(azlabs, up, tmp_path):
    shutil.rmtree(tmp_path / "home" / "sandboxes")
    ran = azlabs("down", "--yes", "--json", "--sandbox", up["sandbox"])
    assert ran.code == 0
    assert ran.json["sandbox"] == up["sandbox"] and ran.json["survivors"] == []


def test_down_all_takes_the_lost_and_the_known(azlabs, mine, up, tmp_path):
    shutil.rmtree(tmp_path / "home" / "sandboxes")
    second = azlabs("up", mine, "--yes", "--json").json
    ran = azlabs("down", "--all", "--yes", "--json")
    assert ran.code == 0
    assert {entry["sandbox"] for entry in ran.json["sandboxes"]} == {up["sandbox"], second["sandbox"]}
    assert azlabs("status", "--find", "--json").json == {"sandboxes": []}


def test_down_without_waiting_and_status_that_tells_when_it_is_over(azlabs, up):
    ran = azlabs("down", "--yes", "--no-wait", "--json")
    assert ran.code == 0
    assert ran.json["pending"] == [f"/subscriptions/{up['subscription']}/resourceGroups/{up['resource_groups'][0]}"]
    ran = azlabs("status", "--json")
    assert ran.json == {"sandboxes": []}
    assert f"{up['sandbox']} is gone" in ran.err


def test_what_survives_is_told_with_the_command_that_would_remove_it(azlabs, up, tmp_path):
    from azlabs.cloud import connect

    lock = f"/subscriptions/{up['subscription']}/providers/Microsoft.Authorization/locks/company"
    with connect("simulator", home=tmp_path / "home") as cloud:
        cloud.request("PUT", lock, "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    ran = azlabs("down", "--yes")
    assert ran.code == 4
    assert f"to remove it: az lock delete --ids {lock}" in ran.out
    ran = azlabs("reap", "--yes", "--json")
    assert ran.code == 4
    assert all(entry["reason"] and entry["command"] for entry in ran.json["sandboxes"][0]["survivors"])
    (row,) = azlabs("status", "--json").json["sandboxes"]
    assert row["state"] == "removing"


def test_status_does_not_show_what_is_no_longer_there(azlabs, up):
    assert azlabs("simulator", "reset", "--yes").code == 0
    ran = azlabs("status", "--json")
    assert ran.json == {"sandboxes": []}
    assert f"{up['sandbox']} is no longer there" in ran.err
