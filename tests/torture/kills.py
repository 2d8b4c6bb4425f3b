"""A kill of azlabs or of its host at a moment of any request of a command, and what has to hold afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from azlabs.catalog.labs import Lab, load_lab
from azlabs.cloud import Cloud, connect, host
from azlabs.errors import AzlabsError
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.recover import recover
from azlabs.sandbox.solve import solve
from azlabs.sandbox.status import settled, status
from azlabs.sandbox.up import up

from . import hosts, rest

COMMANDS = ("up", "solve", "down")
MOMENTS = ("before", "commit", "reply")
VICTIMS = ("azlabs", "host")
SECONDS = 180


@dataclass(frozen=True, slots=True)
class Point:
    """Who dies at which moment of which request of a command; afterwards the ledger is there or not."""

    lab: str
    command: str
    victim: str
    number: int
    moment: str

    def __str__(self) -> str:
        return f"{self.lab}, {self.command}: {self.victim} killed at request {self.number}, {self.moment}"


@dataclass
class Found:
    """What a point has shown. `wrong`: sentences, empty when all is well."""

    point: Point
    killed: bool = False
    wrong: list[str] = field(default_factory=list)
    leftovers: int = 0
    looks: int = 0


def act(command: str, lab: Lab, home: Path) -> None:
    """Run a command as the command line does."""
    ledger = Ledger(home)
    with connect("simulator", home=home) as cloud:
        if command == "up":
            up(lab, cloud, ledger=ledger)
        elif command == "solve":
            solve(ledger.all()[0], lab, cloud, ledger=ledger)
        else:
            down(plan_down(ledger.all()[0], cloud), cloud, ledger=ledger)


def first_use(home: Path) -> None:
    """What the simulator makes for itself when it is first asked is there before."""
    with connect("simulator", home=home) as cloud:
        cloud.graph.send("GET", "https://graph.microsoft.com/v1.0/users", "")


class Grounds:
    """Homes in the state in which each command is run, made once."""

    def __init__(self, folder: Path, lab: str) -> None:
        self.folder, self.lab = folder, load_lab(lab)
        self.made = 0

    def template(self, command: str) -> Path:
        """The home before a command; made by the commands before it."""
        home = self.folder / f"before-{self.lab.id}-{command}"
        if not home.exists():
            draft = self.folder / f"draft-{self.lab.id}-{command}"
            at = COMMANDS.index(command)
            if at:
                copy_of(self.template(COMMANDS[at - 1]), draft)
                assert in_child(lambda: act(COMMANDS[at - 1], self.lab, draft)) == 0
            else:
                draft.mkdir(parents=True)
                assert in_child(lambda: first_use(draft)) == 0
            host.stop(draft)
            draft.rename(home)
        return home

    def home(self, command: str) -> Path:
        """A fresh home before a command."""
        self.made += 1
        home = self.folder / f"h{os.getpid()}-{self.made}"
        copy_of(self.template(command), home)
        return home

    def points(self, command: str) -> list[Point]:
        """Every point of a command: of azlabs' own requests, and of those that the host answers."""
        found = []
        for victim in VICTIMS:
            home = self.home(command)
            number, wrote = count(lambda home=home: act(command, self.lab, home), home, victim)  # type: ignore[misc]
            host.stop(home)
            shutil.rmtree(home, ignore_errors=True)
            found += [
                Point(self.lab.id, command, victim, at, moment)
                for at in range(1, number + 1)
                for moment in MOMENTS
                if moment != "commit" or at in wrote
            ]
        return found


def copy_of(home: Path, to: Path) -> None:
    """A copy of a home in which no host runs; the state is copied as one, whoever writes to it."""
    shutil.copytree(home, to, symlinks=True, ignore=shutil.ignore_patterns("run", "*.sqlite", "*.sqlite-wal", "*.sqlite-shm"))
    for path in (home / "simulator").glob("*.sqlite"):
        copy = to / "simulator" / path.name
        with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    for path in (to / "sandboxes").glob("*.json"):
        kept = json.loads(path.read_text())
        kept["workspace"] = str(to / "workspaces" / kept["id"])
        path.write_text(json.dumps(kept))


def in_child(work: Callable[[], None], prepare: Callable[[], None] = lambda: None, log: Path | None = None) -> int:
    """Run in a forked process; its exit code, negative for the signal that killed it. An error that azlabs tells is no crash."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            signal.alarm(SECONDS)
            if log is not None:
                descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                os.dup2(descriptor, 1)
                os.dup2(descriptor, 2)
            prepare()
            try:
                work()
                code = 0
            except AzlabsError:
                traceback.print_exc()
                code = 3
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def count(work: Callable[[], None], home: Path, victim: str) -> tuple[int, set[int]]:
    """How many requests a command makes, or the host answers meanwhile, and which of them write."""
    told = home / "counted"

    def counting() -> None:
        if victim == "host":
            hosts.next_point[:] = [0, ""]
            hosts.next_point.append(str(told))
            work()
            return
        counter = hosts.deadly()
        work()
        told.write_text(f"{counter.number} {' '.join(map(str, sorted(counter.wrote)))}")

    assert in_child(counting) == 0
    if victim == "host" and host.find(home) is not None:
        host.stop(home)
    numbers = [int(word) for word in told.read_text().split()] if told.exists() else [0]
    return numbers[0], set(numbers[1:])


def try_point(grounds: Grounds, point: Point) -> Found:
    """Kill, then look: with the ledger and, in a copy, without it."""
    found = Found(point)
    home = grounds.home(point.command)
    before = rest.rows_of(grounds.template("up"))
    log = home.with_name(home.name + ".log")

    def prepare() -> None:
        if point.victim == "host":
            hosts.next_point[:] = [point.number, point.moment]
        else:
            hosts.deadly(point.number, point.moment)

    code = in_child(lambda: act(point.command, grounds.lab, home), prepare, log)
    return judged(found, home, before, log, code)


def judged(found: Found, home: Path, before: dict[str, str], log: Path, code: int) -> Found:
    """What a home shows after the command ended with `code`: with its ledger and, in a copy, without it."""
    point = found.point
    if point.victim == "azlabs":
        found.killed = code == -signal.SIGKILL
    else:
        found.killed = (home / "died").exists()
    if code not in (0, 3, -signal.SIGKILL):
        found.wrong.append(f"the command ended with {code}")
    bare = home.with_name(home.name + "-bare")
    copy_of(home, bare)
    shutil.rmtree(bare / "sandboxes", ignore_errors=True)
    for place, with_ledger in ((home, True), (bare, False)):
        found.looks += 1
        record = host.find(place)
        wrong = place.with_name(place.name + ".wrong")
        code = in_child(lambda: look(place, point, wrong, with_ledger=with_ledger), log=log)  # noqa: B023
        kind = "with" if with_ledger else "without"
        if code:
            found.wrong.append(f"{kind} the ledger: the look ended with {code}")
        if wrong.exists():
            found.wrong += [f"{kind} the ledger: {line}" for line in wrong.read_text().splitlines()]
        over = rest.left_over(place, before, record)
        found.leftovers += len(over)
        found.wrong += [f"{kind} the ledger: left: {entry}" for entry in over]
    if found.wrong:
        found.wrong += log.read_text(errors="replace").splitlines()[-12:]
    for place in (home, bare):
        host.stop(place)
        shutil.rmtree(place, ignore_errors=True)
        place.with_name(place.name + ".wrong").unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    return found


def try_moment(grounds: Grounds, command: str, seconds: float, chance: random.Random) -> Found:
    """Run the real program, and kill it (or its host, when it has one) at some moment of the `seconds` that it takes."""
    victim = chance.choice(VICTIMS)
    found = Found(Point(grounds.lab.id, command, victim, 0, f"real process, {seconds:.1f} s"))
    home = grounds.home(command)
    before = rest.rows_of(grounds.template("up"))
    log = home.with_name(home.name + ".log")
    program, run = started(grounds, command, home, log)
    time.sleep(chance.uniform(0, seconds))
    record = host.find(home) if victim == "host" else None
    with contextlib.suppress(ProcessLookupError):
        os.kill(record["pid"] if record else program.pid, signal.SIGKILL)
        (home / "died").touch()
    code = program.wait(SECONDS)
    run.close()
    # A command that is told of an error ends with 1 to 4; only a crash of its own would be wrong.
    return judged(found, home, before, log, code if code == -signal.SIGKILL else 1 if b"Traceback" in log.read_bytes() else 0)


def started(grounds: Grounds, command: str, home: Path, log: Path) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """The program, at work in a home."""
    arguments = {"up": ["up", grounds.lab.id, "--cloud", "simulator"], "solve": ["solve"], "down": ["down"]}[command]
    run = log.open("wb")
    environment = {**os.environ, "AZLABS_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    program = [sys.executable, "-c", "import sys; from azlabs.cli import main; sys.exit(main(sys.argv[1:]))", *arguments, "--yes"]
    return subprocess.Popen(program, stdout=run, stderr=run, env=environment, cwd=home, start_new_session=True), run


def duration(grounds: Grounds, command: str) -> float:
    """Seconds that the real program takes."""
    home = grounds.home(command)
    log = home.with_name(home.name + ".log")
    began = time.monotonic()
    program, run = started(grounds, command, home, log)
    code = program.wait(SECONDS)
    took = time.monotonic() - began
    run.close()
    assert code == 0, log.read_text()
    host.stop(home)
    shutil.rmtree(home, ignore_errors=True)
    log.unlink()
    return took


def look(home: Path, point: Point, told: Path, *, with_ledger: bool) -> None:
    """`status`, whether it tells the truth, and one `down`."""
    wrong = []
    ledger = Ledger(home)
    with connect("simulator", home=home) as cloud:
        wrong += cloud.notices
        if not with_ledger:
            recover(cloud, ledger)
        known = status(ledger)
        wrong += ledger.notices
        there = groups(cloud)
        named = {name for row in known for name in row.sandbox.resource_groups}
        wrong += [f"status does not know the group {name}" for name in there if name not in named]
        for row in known:
            if row.state == "ready":
                wrong += not_there(cloud, row.sandbox.start, solved=point.command != "up")
            elif row.state not in ("failed", "removing"):
                wrong.append(f"status says {row.state}")
            if not row.detail and row.state != "ready" and with_ledger:
                wrong.append(f"status says {row.state} and not why")
            if row.is_being_removed and settled(row.sandbox, cloud, ledger) == "":
                continue
            report = down(plan_down(ledger.load(row.sandbox.id), cloud), cloud, ledger=ledger)
            wrong += [f"survivor {entry.id}: {entry.reason}" for entry in report.survivors]
    if wrong:
        told.write_text("\n".join(line.replace("\n", " ") for line in wrong))


def not_there(cloud: Cloud, identifiers: list[str], *, solved: bool) -> list[str]:
    """What "ready" promises and is not there; a solution may have taken away what the start state made."""
    if solved:
        return []
    gone = [one for one in identifiers if cloud.find(one, cloud.api_version(type_of(one))) is None]
    return [f"status says ready, and {one} is not there" for one in gone]


def type_of(identifier: str) -> str:
    from azlabs.arm.ids import ResourceId

    return ResourceId.parse(identifier).type


def groups(cloud: Cloud) -> list[str]:
    return [str(group["name"]) for group in cloud.items(f"/subscriptions/{cloud.subscription_id}/resourcegroups", "2024-11-01")]
