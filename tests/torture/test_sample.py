"""A seeded sample of `make torture`, which tries everything."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from . import hosts, kills
from .__main__ import LABS, gather, points_of, spread
from .weather import Weather

ASKED = SimpleNamespace(jobs=2, seconds=0.0)
# About as many requests as a command of the larger lab makes; a point that is not reached is tried on a command that ends.
REACHED = {"up": 28, "solve": 40, "down": 30}


def tried(points: list[kills.Point], lab: str, folder: Path) -> list[kills.Found]:
    def worker(mine: Any) -> Iterator[kills.Found]:
        hosts.begin()
        grounds = kills.Grounds(folder, lab)
        for point in mine:
            yield kills.try_point(grounds, point)

    return spread(worker, points, ASKED)


def test_after_a_kill_one_down_leaves_nothing(tmp_path: Path) -> None:
    ((every,),) = gather([lambda: iter([points_of(LABS[0], tmp_path)])])
    points = random.Random(7).sample(every, 16)
    found = tried(points, LABS[0], tmp_path)
    assert [entry for each in found for entry in (str(each.point), *each.wrong) if each.wrong] == []
    # How often a deletion is looked at depends on how long it takes, so the last points may not be reached.
    assert sum(each.killed for each in found) >= 14


def test_after_a_kill_of_azlabs_or_of_the_host_one_down_leaves_nothing_of_the_larger_lab(tmp_path: Path) -> None:
    chance = random.Random(8)
    points = [
        kills.Point(LABS[1], "up", victim, chance.randint(1, most), chance.choice(kills.MOMENTS))
        for victim, most in (("azlabs", REACHED["up"]), ("host", 5))
    ]
    ((_made,),) = gather([lambda: iter([hosts.begin() or str(kills.Grounds(tmp_path, LABS[1]).template("up"))])])
    found = tried(points, LABS[1], tmp_path)
    assert [entry for each in found for entry in (str(each.point), *each.wrong) if each.wrong] == []
    assert all(each.killed for each in found)


def test_bad_weather_is_got_over_or_told() -> None:
    def worker(mine: Any) -> Iterator[Any]:
        weather = Weather(LABS[0])
        for seed in mine:
            yield weather.run(seed)
        weather.close()

    found = spread(worker, range(1000, 1016), ASKED)
    assert [entry for each in found for entry in (each.seed, *each.wrong) if each.wrong] == []
    assert sum(each.leftovers + each.foreign for each in found) == 0
    assert 0.17 < sum(each.struck for each in found) / sum(each.requests for each in found) < 0.23
