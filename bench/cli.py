"""Whole processes of the command line against `python -c "import typer, rich.table"`, with their peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

BASELINE = [sys.executable, "-c", "import typer, rich.table"]
AZLABS = [str(Path(sys.executable).with_name("azlabs"))]
LAB = os.environ.get("LAB", "az104-vnet-nsg")
# What the project promises, for the sandbox commands in seconds and MB.
LIST_RATIO = 1.4
SECONDS = 1.5
MEGABYTES = 150


@dataclass
class Runs:
    """The wall-clock seconds and peak memory of one command, run several times."""

    seconds: list[float] = field(default_factory=list)
    peak: float = 0.0

    @property
    def typical(self) -> float:
        return statistics.median(self.seconds)

    def once(self, command: list[str], home: str, allowed: tuple[int, ...] = (0,)) -> None:
        """Run the command once and add what it took."""
        environment = {**os.environ, "AZLABS_HOME": home}
        begun = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds.append(time.perf_counter() - begun)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stderr.close()
        if process.returncode not in allowed:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said.decode()}")
        self.peak = max(self.peak, usage.ru_maxrss / 1024)


def main(rounds: int = 15, lives: int = 5) -> bool:
    """Measure and print, and tell whether a limit was not kept; baseline and commands take turns, so that both see the same machine."""
    names = ("baseline", "list", "list --json", "up", "verify", "down")
    runs = {name: Runs() for name in names}
    with tempfile.TemporaryDirectory(prefix="azlabs-bench-") as home:
        for _ in range(rounds + 1):
            runs["baseline"].once(BASELINE, home)
            runs["list"].once([*AZLABS, "list"], home)
            runs["list --json"].once([*AZLABS, "list", "--json"], home)
        for _ in range(lives):
            runs["up"].once([*AZLABS, "up", LAB, "--cloud", "simulator", "--yes"], home)
            runs["verify"].once([*AZLABS, "verify"], home, allowed=(0, 1))
            runs["down"].once([*AZLABS, "down", "--yes"], home)
    for name in ("baseline", "list", "list --json"):
        del runs[name].seconds[0]  # the first one may make the index and compile bytecode
    base = runs["baseline"].typical
    print(f"baseline: {' '.join(BASELINE[1:])}")
    print(f"{'':<12}{'ms':>8}{'x baseline':>12}{'peak MB':>9}   limit")
    missed = False
    for name in names:
        run = runs[name]
        limit = f"{LIST_RATIO} x" if name.startswith("list") else f"{SECONDS} s, {MEGABYTES} MB"
        shown = "" if name == "baseline" else limit
        kept = run.typical / base <= LIST_RATIO if name.startswith("list") else run.typical <= SECONDS
        missed |= not kept or run.peak > MEGABYTES
        print(f"{name:<12}{run.typical * 1000:>8.0f}{run.typical / base:>12.2f}{run.peak:>9.0f}   {shown}")
    return missed


if __name__ == "__main__":
    raise SystemExit(main())
