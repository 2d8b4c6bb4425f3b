"""Everything, with two processes at work: `make torture`. Prints the points, the runs and what was left, which must be nothing.

    python -m tests.torture [--kills N] [--real N] [--runs N] [--rag-runs N] [--seconds N] [--jobs N]

`--kills`, `--runs` and `--rag-runs` take a seeded sample in place of all; `--seconds` ends each part after that time and says how
much of it was done.
"""

from __future__ import annotations

import argparse
import os
import pickle
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import hosts, kills
from .weather import Weather

LABS = ("az104-vnet-nsg", "ai200-rag")
RUNS = {"az104-vnet-nsg": 500, "ai200-rag": 50}


def main() -> int:
    parser = argparse.ArgumentParser(prog="torture")
    parser.add_argument("--kills", type=int, default=0, help="points of each lab; 0: all")
    parser.add_argument("--runs", type=int, default=RUNS["az104-vnet-nsg"])
    parser.add_argument("--rag-runs", type=int, default=RUNS["ai200-rag"])
    parser.add_argument("--seconds", type=float, default=0.0, help="for each part; 0: until it is done")
    parser.add_argument("--real", type=int, default=30, help="real programs that are killed, of each lab")
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="azlabs-torture-"))
    began, bad = time.monotonic(), 0
    hosts.warm()
    print("part\tasked\tdone\tkilled\tlooks\tleftovers\twrong\tseconds", flush=True)
    try:
        for lab in LABS:
            bad += kill(lab, folder, asked)
            bad += real(lab, folder, asked) if asked.real else 0
        for lab, count in ((LABS[0], asked.runs), (LABS[1], asked.rag_runs)):
            bad += bad_weather(lab, count, asked)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{'nothing was left, nothing was wrong' if not bad else f'{bad} WRONG'}; {(time.monotonic() - began) / 60:.1f} minutes")
    return 1 if bad else 0


def kill(lab: str, folder: Path, asked: Any) -> int:
    """All points of a lab."""
    points = one(lambda: points_of(lab, folder))
    if asked.kills:
        points = random.Random(lab).sample(points, min(asked.kills, len(points)))
    else:
        random.Random(lab).shuffle(points)  # a part of them is a sample of all

    def worker(mine: Sequence[kills.Point]) -> Iterator[kills.Found]:
        hosts.begin()
        grounds = kills.Grounds(folder, lab)
        for point in mine:
            yield kills.try_point(grounds, point)

    began = time.monotonic()
    found = spread(worker, points, asked)
    left, wrong = sum(each.leftovers for each in found), sum(bool(each.wrong) for each in found)
    killed, looks = sum(each.killed for each in found), sum(each.looks for each in found)
    for victim in kills.VICTIMS:
        for command in kills.COMMANDS:
            these = [each for each in found if (each.point.victim, each.point.command) == (victim, command)]
            if these:
                print(f"  {lab}: {command}, {victim} killed\t\t{len(these)}\t{sum(each.killed for each in these)}")
    print(f"kills {lab}\t{len(points)}\t{len(found)}\t{killed}\t{looks}\t{left}\t{wrong}\t{time.monotonic() - began:.0f}", flush=True)
    for each in found:
        if each.wrong:
            print(f"{each.point}", *each.wrong, sep="\n    ", flush=True)
    return wrong + left


def real(lab: str, folder: Path, asked: Any) -> int:
    """Real programs, killed at any moment."""

    def worker(mine: Sequence[int]) -> Iterator[kills.Found]:
        hosts.begin()
        grounds = kills.Grounds(folder, lab)
        seconds = {command: kills.duration(grounds, command) for command in kills.COMMANDS}
        for seed in mine:
            command = kills.COMMANDS[seed // asked.jobs % len(kills.COMMANDS)]
            yield kills.try_moment(grounds, command, seconds[command], random.Random(seed))

    began = time.monotonic()
    found = spread(worker, range(asked.real), asked)
    left, wrong = sum(each.leftovers for each in found), sum(bool(each.wrong) for each in found)
    killed, looks = sum(each.killed for each in found), sum(each.looks for each in found)
    print(f"real {lab}\t{asked.real}\t{len(found)}\t{killed}\t{looks}\t{left}\t{wrong}\t{time.monotonic() - began:.0f}", flush=True)
    for each in found:
        if each.wrong:
            print(f"{each.point}", *each.wrong, sep="\n    ", flush=True)
    return wrong + left


def points_of(lab: str, folder: Path) -> list[kills.Point]:
    """The points of every command; makes the templates on the way."""
    hosts.begin()
    grounds = kills.Grounds(folder, lab)
    return [point for command in kills.COMMANDS for point in grounds.points(command)]


def bad_weather(lab: str, count: int, asked: Any) -> int:
    """Seeded runs of a lab."""

    def worker(mine: Sequence[int]) -> Iterator[Any]:
        weather = Weather(lab)
        for seed in mine:
            yield weather.run(seed)
        weather.close()

    began = time.monotonic()
    found = spread(worker, range(count), asked)
    left, foreign = sum(each.leftovers for each in found), sum(each.foreign for each in found)
    wrong = sum(bool(each.wrong) for each in found)
    print(f"weather {lab}\t{count}\t{len(found)}\t\t\t{left}\t{wrong}\t{time.monotonic() - began:.0f}")
    ended = Counter(word for each in found for word in each.done)
    said = Counter(word.partition(":")[0] for each in found for word in each.said)
    struck, requests = sum(each.struck for each in found), sum(each.requests for each in found)
    for word in ("up", "verify", "down"):
        print(f"  {word}\tended right {ended[word]}, said what is not done {said[word]}")
    print(f"  requests {requests}, struck {struck}; foreign resources touched {foreign}", flush=True)
    for each in found:
        if each.wrong:
            print(f"{each.lab}, seed {each.seed}", *each.wrong, sep="\n    ", flush=True)
    return wrong + left + foreign


def one(work: Callable[[], Any]) -> Any:
    """Do something in a forked process, which may fork again and open what it likes; its result."""
    (found,) = gather([lambda: iter([work()])])
    return found[0]


def spread(worker: Callable[[Sequence[Any]], Iterator[Any]], items: Sequence[Any], asked: Any) -> list[Any]:
    """The results of forked workers, each with its share of the items, for as long as was asked for."""

    def share(place: int) -> Iterator[Any]:
        end = time.monotonic() + asked.seconds if asked.seconds else float("inf")
        for result in worker(items[place :: asked.jobs]):
            yield result
            if time.monotonic() > end:
                return

    return [
        result
        for results in gather([lambda place=place: share(place) for place in range(asked.jobs)])  # type: ignore[misc]
        for result in results
    ]


def gather(works: Sequence[Callable[[], Iterator[Any]]]) -> list[list[Any]]:
    """What forked processes yield; one that ends badly is an error."""
    with tempfile.TemporaryDirectory(prefix="azlabs-torture-told-") as folder:
        told = [Path(folder) / str(place) for place in range(len(works))]
        children = [_forked(work, path) for work, path in zip(works, told, strict=True)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        if any(codes):
            raise RuntimeError(f"The workers ended with {codes}.")
        return [list(_read(path)) for path in told]


def _forked(work: Callable[[], Iterator[Any]], path: Path) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with path.open("wb") as file:
                for result in work():
                    pickle.dump(result, file)
                    file.flush()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def _read(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


if __name__ == "__main__":
    sys.exit(main())
