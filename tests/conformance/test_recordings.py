"""The simulator answers as recorded Azure did, and never less so than before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import recordings
from floors import raised
from replay import differences, replay

OWN = sorted(Path(__file__).with_name("own").glob("*.json"))


@pytest.mark.skipif(not recordings.available(), reason=f"there are no recordings at {recordings.RECORDINGS}")
def test_no_provider_falls_below_its_floor() -> None:
    replayed = recordings.replay()
    worse = [
        line
        for provider, floor in recordings.floors().items()
        if provider in replayed
        for line in recordings.shortfalls(floor, replayed[provider])
    ]
    assert worse == []


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_our_own_scenarios_are_answered_to_the_letter(file: Path) -> None:
    assert replay(json.loads(file.read_text("utf-8"))) == []


def test_there_are_scenarios_of_our_own() -> None:
    assert {file.stem for file in OWN} >= {"groups", "network", "roles", "deployments"}


def test_floors_only_go_up() -> None:
    old = {"microsoft.a": {"status": 90.0, "extra": 15.0}}
    shares = {"status": 89.0, "error": 50.44, "paths": None, "values": 1.0, "extra": 9.91}
    got = recordings.Replayed("microsoft.a", 100, 0, shares)
    small = recordings.Replayed("microsoft.b", 3, 0, shares)
    refused = recordings.Replayed("microsoft.c", 100, 60, shares)
    new = raised(old, {"microsoft.a": got, "microsoft.b": small, "microsoft.c": refused})
    assert new == {"microsoft.a": {"status": 90.0, "extra": 10.0, "error": 50.0, "values": 1.0}}


def test_a_figure_below_its_floor_is_named() -> None:
    got = recordings.Replayed("microsoft.a", 100, 0, {"status": 89.0, "extra": 6.0})
    assert recordings.shortfalls({"status": 90.0, "extra": 5.0}, got) == [
        "microsoft.a: status 89.0 %, was 90.0 %",
        "microsoft.a: extra 6.0 %, was 5.0 %",
    ]


def test_differences_are_found_at_any_depth() -> None:
    got = {"a": [{"b": 1, "more": 2}], "c": "x"}
    assert list(differences({"a": [{"b": 1}], "c": "*"}, got)) == []
    assert list(differences({"a": [{"b": 2}], "d": 1}, got)) == ["$.a[0].b is 1, not 2", "$.d is missing"]
