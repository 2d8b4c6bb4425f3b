"""The simulator for other programs: served on loopback, looked at, emptied."""

from __future__ import annotations

import json
import ssl
import urllib.request
from pathlib import Path

import pytest

from azlabs.cloud import connect
from azlabs.cloud.simulator_host import PortTaken, SimulatorServed, reset, serve, status

API = "2024-11-01"


def make_group(home: Path) -> str:
    with connect("simulator", home=home) as cloud:
        identifier = f"/subscriptions/{cloud.subscription_id}/resourceGroups/rg"
        cloud.request("PUT", identifier, API, {"location": "westeurope"})
        token: str = cloud.credential.get_token("x").token
    return token


def test_before_the_first_use_there_is_nothing_and_looking_makes_nothing(tmp_path: Path) -> None:
    found = status(tmp_path / "home")
    assert (found.size_bytes, found.resource_groups, found.resources, found.served) == (0, (), 0, None)
    assert not (tmp_path / "home").exists()
    assert not reset(tmp_path / "home")


def test_what_a_command_made_is_served_over_https(tmp_path: Path) -> None:
    token = make_group(tmp_path)
    with serve(home=tmp_path) as served:
        request = urllib.request.Request(
            f"{served.url}/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups?api-version={API}",
            headers={"Authorization": f"Bearer {token}"},
        )
        trust = ssl.create_default_context(cafile=str(served.authority))
        with urllib.request.urlopen(request, context=trust, timeout=20) as answer:
            assert [group["name"] for group in json.load(answer)["value"]] == ["rg"]
        found = status(tmp_path)
        assert found.served is not None and found.served.url == served.url
        with pytest.raises(SimulatorServed), serve(home=tmp_path):
            pass
        with pytest.raises(SimulatorServed):
            reset(tmp_path)
    assert status(tmp_path).served is None


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with serve(home=tmp_path / "a") as served:
        port = int(served.url.rpartition(":")[2])
        with pytest.raises(PortTaken, match=str(port)), serve(port, home=tmp_path / "b"):
            pass


def test_a_server_that_died_is_not_taken_for_a_living_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "simulator.json").write_text(
        '{"url": "https://127.0.0.1:1", "authority": "/x", "pid": 999999999}'
    )
    assert status(tmp_path).served is None
    with serve(home=tmp_path):
        pass


def test_reset_empties_it(tmp_path: Path) -> None:
    make_group(tmp_path)
    assert status(tmp_path).resource_groups == ("rg",)
    assert reset(tmp_path)
    assert status(tmp_path).resource_groups == ()
