"""Runs the steps of `az_steps` with the real Azure CLI against a fresh simulator and writes the table of what passes.

    python tests/conformance/az_run.py [--only GROUP] [--write docs/conformance.md]

Needs `az` on the PATH. Every group has a resource group of its own; groups run two at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from az_steps import FILES, GROUPS, Step

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step: `problem` is empty when what had to come of it came."""

    command: str
    problem: str


class Runner:
    """Runs `az` as `azlabs shell -- az` does, in a home and a working folder of its own."""

    def __init__(self, folder: Path) -> None:
        from azlabs.cloud.shell import variables

        self.folder = folder
        self.environment = variables("simulator", folder / "home", os.environ).apply(os.environ)
        for name, text in FILES.items():
            (folder / name).write_text(text)

    def az(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["az", *words, "-o", "json"], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=180, check=False,
        )  # fmt: skip

    def group(self, name: str, steps: list[Step]) -> list[Outcome]:
        """The outcomes of a group's steps."""
        group = "c-" + "".join(letter for letter in name if letter.isalpha())
        if name != "group":
            self.az(["group", "create", "-n", group, "-l", "westeurope"])
        return [self.step(step, group) for step in steps]

    def step(self, step: Step, group: str) -> Outcome:
        words = {"rg": group, "subscription": SUBSCRIPTION, "id": f"/subscriptions/{SUBSCRIPTION}"}
        command = step.command.format(**words)
        arguments = shlex.split(command)
        done = self.az(arguments)
        if step.error:
            if done.returncode == 0:
                return Outcome(command, "succeeded, but had to fail")
            return Outcome(command, "" if step.error in done.stderr else f"failed with {_last(done.stderr)}")
        if done.returncode:
            return Outcome(command, _last(done.stderr))
        if not step.query:
            return Outcome(command, "")
        return Outcome(command, self.compare(step, done.stdout, words))

    def compare(self, step: Step, text: str, words: dict[str, str]) -> str:
        import jmespath

        found = jmespath.search(step.query, json.loads(text or "null"))
        wanted = step.value.format(**words) if isinstance(step.value, str) else step.value
        return "" if found == wanted else f"{step.query} is {found!r}, not {wanted!r}"


def _last(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip() and not line.startswith("WARNING")]
    return (lines[0] if lines else "no message")[:300]


def table(results: dict[str, list[Outcome]]) -> str:
    """The page for docs/: what passes by command group, and each step that does not."""
    total = sum(len(outcomes) for outcomes in results.values())
    good = sum(not outcome.problem for outcomes in results.values() for outcome in outcomes)
    lines = [
        "# The Azure CLI against the simulator",
        "",
        "Made by `make conformance`: the real `az`, unmodified, in `azlabs shell`. A step counts as passed when `az`",
        "succeeds (or is refused with Azure's error code, where it has to be) and shows what it has to show.",
        "",
        f"{good} of {total} steps pass.",
        "",
        "| command group | passed | steps |",
        "|---|---|---|",
    ]
    for name, outcomes in results.items():
        lines.append(f"| `az {name}` | {sum(not outcome.problem for outcome in outcomes)} | {len(outcomes)} |")
    failed = [
        (outcome.command, outcome.problem) for outcomes in results.values() for outcome in outcomes if outcome.problem
    ]
    if failed:
        lines += ["", "What does not pass:", "", *(f"- `az {command}`: {problem}" for command, problem in failed)]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run, print the table, and leave with 1 when a step does not pass."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="run the groups whose name contains this")
    parser.add_argument("--write", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    from azlabs.cloud import host

    chosen = {name: steps for name, steps in GROUPS.items() if arguments.only in name}
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder))
        try:
            with ThreadPoolExecutor(2) as pool:
                results = dict(zip(chosen, pool.map(runner.group, chosen, chosen.values()), strict=True))
        finally:
            host.stop(Path(folder) / "home")
    page = table(results)
    print(page)
    if arguments.write:
        arguments.write.write_text(page, "utf-8")
    return 0 if all(not outcome.problem for outcomes in results.values() for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
