"""The lab contract, tried from the start state to `down` on a simulator of its own."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.errors import AzlabsError
from azlabs.progress import Event, Progress, silent
from azlabs.proof.answers import answer_mutants
from azlabs.proof.asked import Asked
from azlabs.proof.behaviour import Behaviour
from azlabs.proof.code_trial import Code, mutants_of
from azlabs.proof.equivalent import Equivalents, read_equivalents
from azlabs.proof.mutation import World, mutants
from azlabs.proof.pool import trials
from azlabs.proof.report import MutantSummary, ProofReport, Solution, Step
from azlabs.proof.state import State, read_state
from azlabs.proof.trial import Bench, Trial, reads_of
from azlabs.verify import Check, Report, load_checks, run
from azlabs.verify.reads import Reads

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab
    from azlabs.cloud.memory import ScratchCloud
    from azlabs.sandbox.model import Sandbox

_RESOURCES_API = "2021-04-01"


def prove(
    lab: Lab,
    *,
    sample: int | None = None,
    seed: int = 0,
    solution: Path | None = None,
    progress: Progress = silent,
    jobs: int | None = None,
) -> ProofReport:
    """Tries the lab contract on a simulator in memory; nothing of the user's is touched.

    `sample`: only so many mutants, chosen by `seed`. `solution`: try only the solution in this folder. `jobs`: how
    many processes try mutants. Runs the lab's code: whoever calls has asked about labs from outside. Raises
    BrokenChecks, BrokenEquivalents and what deploying the start state raises; what goes wrong later is reported.
    """
    from azlabs.cloud import scratch

    checks = load_checks(lab.checks_file, lab.tasks)
    equivalents = read_equivalents(lab.equivalent)
    with tempfile.TemporaryDirectory(prefix="azlabs-proof-") as folder, closing(scratch()) as cloud:
        proof = _Proof(lab, cloud, checks, equivalents, Path(folder), progress)
        if solution is not None:
            return proof.of_solution(solution)
        return proof.whole(sample, seed, jobs)


@dataclass(frozen=True)
class _Moment:
    """The cloud, the workspace's answers and the ledger's copy of the sandbox at one time."""

    cloud: Any
    answers: str
    sandbox: dict[str, Any]


class _Proof:
    """One lab on one scratch cloud. Solutions start from the moment after `up`."""

    def __init__(
        self,
        lab: Lab,
        cloud: ScratchCloud,
        checks: Sequence[Check],
        equivalents: Equivalents,
        folder: Path,
        progress: Progress,
    ) -> None:
        from azlabs.sandbox.ledger import Ledger
        from azlabs.sandbox.up import up

        self.lab = lab
        self.cloud = cloud
        self.checks = checks
        self.equivalents = equivalents
        self.progress = progress
        self.ledger = Ledger(folder)
        self.before_up = _everything(cloud)
        self.code: Code | None = None
        self._tell("start", "running")
        # The same names in every proof, so that mutants keep theirs.
        made = up(lab, cloud, workspace=folder / "workspace", ledger=self.ledger, identifier=f"{lab.id}-proof")
        self.sandbox: Sandbox = made.sandbox
        self._tell("start", "done")
        self.start = self._moment()

    def of_solution(self, folder: Path) -> ProofReport:
        """Only the score of one solution."""
        start = self._verify()
        result = self._solution(folder)
        problems = [] if folder.is_dir() else [f"There is no folder {folder}."]
        return ProofReport(
            self.lab.id, start.score, alternatives=[result], partial=True, solution_score=None, extra=problems
        )

    def whole(self, sample: int | None, seed: int, jobs: int | None) -> ProofReport:
        """All of the contract."""
        start = self._verify()
        state = self._state()
        steps, states, problems = self._steps()
        solved = self._verify()
        alternatives_from = self._moment()
        summary: MutantSummary | None = None
        stale: list[str] = []
        if not problems:
            world = World(state, states, states[-1][1] if states else state)
            summary, stale = self._mutants(world, sample, seed, jobs)
        self._go_back(self.start)
        alternatives = [self._solution(folder) for folder in self.lab.alternatives]
        self._go_back(alternatives_from)
        return ProofReport(
            lab=self.lab.id,
            start_score=start.score,
            start_done=_green(start),
            steps=steps,
            solution_score=solved.score,
            alternatives=alternatives,
            mutants=summary,
            residue=self._residue(),
            stale=stale,
            extra=problems,
        )

    def _steps(self) -> tuple[list[Step], list[tuple[str, State]], list[str]]:
        """Each step applied, what was green after it, and the state it led to."""
        from azlabs.sandbox.solve import apply_steps

        steps: list[Step] = []
        states: list[tuple[str, State]] = []
        done: list[str] = []
        for task, file in self.lab.steps:
            self._tell(task, "running")
            try:
                apply_steps(self.sandbox, self.cloud, [(task, file)], save=self.ledger.save, published=self._note_code)
            except AzlabsError as problem:
                self._tell(task, "failed", problem.message)
                return steps, states, [f"The step of {task} failed: {problem.message}"]
            done.append(task)
            steps.append(Step(task, tuple(done), _green(self._verify())))
            states.append((task, self._state()))
            self._tell(task, "done" if steps[-1].exact else "failed")
        return steps, states, []

    def _note_code(self, app: str, folders: tuple[Path, ...]) -> None:
        self.code = Code(app, folders)

    def _solution(self, folder: Path) -> Solution:
        """Someone's solution from the start state; the cloud stays as it left it."""
        from azlabs.sandbox.solve import apply_steps, steps_in

        self._go_back(self.start)
        self._tell(folder.name, "running")
        files = steps_in(folder, [task.id for task in self.lab.tasks])
        try:
            if not files:
                return Solution(folder.name, 0, (f"{folder} holds no step.",))
            apply_steps(self.sandbox, self.cloud, files, save=self.ledger.save)
        except AzlabsError as problem:
            self._tell(folder.name, "failed", problem.message)
            return Solution(folder.name, 0, (problem.message,))
        report = self._verify()
        wrong = tuple(
            f"{check.id}: {check.found or 'no reason given'}" for check in report.checks if check.status != "pass"
        )
        self._tell(folder.name, "failed" if wrong else "done", str(report.score))
        return Solution(folder.name, report.score, wrong)

    def _mutants(
        self, world: World, sample: int | None, seed: int, jobs: int | None
    ) -> tuple[MutantSummary, list[str]]:
        moment = self._moment()
        made = [*mutants(world), *answer_mutants(moment.answers, world.start, self._task_of_answers())]
        if self.code is not None:
            made += mutants_of(self.code, self.lab.folder)
        chosen = made if sample is None or sample >= len(made) else random.Random(seed).sample(made, sample)
        bench = Bench(
            cloud=self.cloud,
            sandbox=self.sandbox,
            checks=self.checks,
            equivalents=self.equivalents,
            snapshot=moment.cloud,
            solved=world.solved,
            behaviour=Behaviour(world.solved),
            outside=tuple(self.sandbox.outside),
            asked=Asked(world.start, world.solved, self.equivalents.asked),
            answers=moment.answers,
            reads=reads_of(self.checks, self.sandbox, self.cloud),
            code=self.code,
        )
        # Trials run in processes forked from this one, which has to be quiet for that.
        self.cloud.end_station()
        results = list(self._told(trials(bench, chosen, jobs), len(chosen)))
        self._go_back(moment)
        order = {mutant.name: place for place, mutant in enumerate(made)}
        results.sort(key=lambda trial: order[trial.mutant.name])
        surviving = {trial.mutant.name for trial in results if trial.result == "declared"}
        tried = {mutant.name for mutant in chosen}
        whole = len(chosen) == len(made)
        stale = [name for name in self.equivalents.mutants or {} if name not in surviving and (whole or name in tried)]
        return MutantSummary(len(made), tuple(results)), stale

    def _told(self, results: Iterable[Trial], count: int) -> Iterable[Trial]:
        for number, trial in enumerate(results, 1):
            bad = trial.result in ("survived", "over-strict")
            self.progress(
                Event("mutant", trial.mutant.name, "failed" if bad else "done", f"{number}/{count} {trial.result}")
            )
            yield trial

    def _task_of_answers(self) -> str:
        """The task whose checks read the answers; empty when there is none."""
        reads = reads_of(self.checks, self.sandbox, self.cloud)
        return next((check.tasks[0] for check in self.checks if "answers" in reads[check.id]), "")

    def _residue(self) -> list[tuple[str, str]]:
        """What is left after `down`: what it says itself, and what a look at the whole subscription finds."""
        from azlabs.sandbox.down import down
        from azlabs.sandbox.down_plan import plan_down

        self._tell("down", "running")
        try:
            report = down(plan_down(self.sandbox, self.cloud), self.cloud, ledger=self.ledger)
        except AzlabsError as problem:
            return [(self.sandbox.id, problem.message)]
        left = {survivor.id.lower(): (survivor.id, survivor.reason) for survivor in report.survivors}
        for identifier in sorted(_everything(self.cloud) - self.before_up):
            left.setdefault(identifier.lower(), (identifier, "It was not there before up, and down did not name it."))
        self._tell("down", "failed" if left else "done")
        return list(left.values())

    def _state(self) -> State:
        return read_state(Reads(self.cloud), self.sandbox.resource_groups, self.sandbox.outside)

    def _verify(self) -> Report:
        return run(self.lab, self.sandbox, self.cloud, checks=self.checks)

    def _moment(self) -> _Moment:
        file = self.sandbox.answers_file
        answers = file.read_text(encoding="utf-8") if file.is_file() else ""
        return _Moment(self.cloud.snapshot(), answers, self.sandbox.to_json())

    def _go_back(self, moment: _Moment) -> None:
        self.cloud.restore(moment.cloud)
        if moment.answers:
            self.sandbox.answers_file.write_text(moment.answers, encoding="utf-8")
        else:
            self.sandbox.answers_file.unlink(missing_ok=True)
        self.sandbox = type(self.sandbox).from_json(moment.sandbox)
        self.ledger.save(self.sandbox)

    def _tell(self, subject: str, state: Any, detail: str = "") -> None:
        self.progress(Event("proof", subject, state, detail))


def _green(report: Report) -> tuple[str, ...]:
    return tuple(task.id for task in report.tasks if task.done)


def _everything(cloud: ScratchCloud) -> set[str]:
    """The ids of all groups and resources of the subscription."""
    base = f"/subscriptions/{cloud.subscription_id}"
    found: set[str] = set()
    for path in ("resourceGroups", "resources"):
        found |= {str(entry["id"]) for entry in cloud.items(f"{base}/{path}", _RESOURCES_API)}
    return found
