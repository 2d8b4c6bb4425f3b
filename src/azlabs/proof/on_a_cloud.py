"""The part of the lab contract that can be tried on any cloud, a real subscription too: all but the mutants.

Mutants need snapshots of the solved state. Start, steps, other solutions and what is left after `down` only need what a
learner uses: up, solve, reset, verify, down.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.errors import AzlabsError
from azlabs.progress import Event, Progress, silent
from azlabs.proof.report import ProofReport, Solution, Step
from azlabs.verify import Check, Report, load_checks, run

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab
    from azlabs.cloud import Cloud
    from azlabs.sandbox.ledger import Ledger
    from azlabs.sandbox.model import Sandbox
    from azlabs.sandbox.up import Confirm


def prove_on(
    lab: Lab,
    cloud: Cloud,
    *,
    solution: Path | None = None,
    progress: Progress = silent,
    confirm: Confirm | None = None,
    ledger: Ledger | None = None,
) -> ProofReport:
    """Try the contract in a sandbox of its own, which is taken away again whatever happens.

    `solution`: try only the solution in this folder. `confirm` is asked before anything is made, as in `up`. Raises
    what bringing the lab up raises; what goes wrong later is reported.
    """
    from azlabs.sandbox.ledger import Ledger
    from azlabs.sandbox.up import agree, up

    ledger = ledger or Ledger()
    checks = load_checks(lab.checks_file, lab.tasks)
    made = up(lab, cloud, progress=progress, confirm=confirm or agree, ledger=ledger, another=True).sandbox
    trial = _Trial(lab, cloud, made, checks, ledger, progress)
    try:
        found = trial.of_solution(solution) if solution is not None else trial.of_everything()
    finally:
        left = trial.take_away()
    return ProofReport(lab=lab.id, **found, residue=left, partial=solution is not None)


class _Trial:
    """One sandbox of the lab, and what it is tried with."""

    def __init__(
        self, lab: Lab, cloud: Cloud, sandbox: Sandbox, checks: list[Check], ledger: Ledger, progress: Progress
    ) -> None:
        self.lab = lab
        self.cloud = cloud
        self.sandbox = sandbox
        self.checks = checks
        self.ledger = ledger
        self.progress = progress

    def of_everything(self) -> dict[str, Any]:
        """The fields of a ProofReport for the start, the steps and the other solutions."""
        start = self._verify()
        steps, problems = self._steps()
        solved = self._verify()
        return {
            "start_score": start.score,
            "start_done": _done(start),
            "steps": steps,
            "solution_score": solved.score,
            "alternatives": [self._solution(folder) for folder in self.lab.alternatives],
            "extra": problems,
        }

    def of_solution(self, folder: Path) -> dict[str, Any]:
        """The same for one solution."""
        return {"start_score": self._verify().score, "alternatives": [self._solution(folder, back=False)]}

    def take_away(self) -> list[tuple[str, str]]:
        """What `down` leaves, with the reasons."""
        from azlabs.sandbox.down import down
        from azlabs.sandbox.down_plan import plan_down

        try:
            report = down(plan_down(self.sandbox, self.cloud), self.cloud, self.progress, self.ledger)
        except AzlabsError as problem:
            return [(self.sandbox.id, f"{problem.message} `azlabs down` removes it.")]
        return [(survivor.id, survivor.reason) for survivor in report.survivors]

    def _steps(self) -> tuple[list[Step], list[str]]:
        from azlabs.sandbox.solve import solve

        steps: list[Step] = []
        for task, _file in self.lab.steps:
            try:
                solve(self.sandbox, self.lab, self.cloud, task, self.progress, self.ledger)
            except AzlabsError as problem:
                return steps, [f"The step of {task} failed: {problem.message}"]
            steps.append(Step(task, (*(step.task for step in steps), task), _done(self._verify())))
            self.progress(Event("proof", task, "done" if steps[-1].exact else "failed"))
        return steps, []

    def _solution(self, folder: Path, *, back: bool = True) -> Solution:
        from azlabs.sandbox.reset import reset
        from azlabs.sandbox.solve import apply_steps, steps_in

        files = steps_in(folder, [task.id for task in self.lab.tasks])
        if not files:
            return Solution(folder.name, 0, (f"{folder} holds no step.",))
        try:
            if back:
                reset(self.sandbox, self.lab, self.cloud, progress=self.progress, ledger=self.ledger)
            with self.ledger.working(self.sandbox, "solve"):
                apply_steps(self.sandbox, self.cloud, files, self.progress, self.ledger.save)
        except AzlabsError as problem:
            self.progress(Event("proof", folder.name, "failed", problem.message))
            return Solution(folder.name, 0, (problem.message,))
        report = self._verify()
        wrong = tuple(
            f"{check.id}: {check.found or 'no reason given'}" for check in report.checks if check.status != "pass"
        )
        self.progress(Event("proof", folder.name, "failed" if wrong else "done", str(report.score)))
        return Solution(folder.name, report.score, wrong)

    def _verify(self) -> Report:
        return run(self.lab, self.sandbox, self.cloud, checks=self.checks)


def _done(report: Report) -> tuple[str, ...]:
    return tuple(task.id for task in report.tasks if task.done)
