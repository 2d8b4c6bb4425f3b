"""What the proof of a lab came to, as a person and a program read it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from azlabs.errors import ExitCode
from azlabs.proof.equivalent import LARGEST_SHARE
from azlabs.proof.trial import Trial
from azlabs.verify.score import MAX_SCORE

LEAST_ALTERNATIVES = 3
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Step:
    """What was green after a step; `wanted` is this task and those before it."""

    task: str
    wanted: tuple[str, ...]
    green: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """Exactly the tasks that were done are green."""
        return self.wanted == self.green


@dataclass(frozen=True, slots=True)
class Solution:
    """A solution that was tried: its score, and what was wrong with it (empty when nothing was)."""

    name: str
    score: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MutantSummary:
    """What became of all mutants that were tried. `made`: how many there are; more than were tried in a sample."""

    made: int
    trials: tuple[Trial, ...]

    def of(self, *results: str) -> list[Trial]:
        """The trials with one of these results."""
        return [trial for trial in self.trials if trial.result in results]

    @property
    def total(self) -> int:
        """Changes that Azure accepts and that are changes."""
        return len(self.trials) - len(self.of("refused", "idle"))

    @property
    def declared_share(self) -> float:
        """The part that a person declared equivalent."""
        return len(self.of("declared")) / self.total if self.total else 0.0

    def to_json(self) -> dict[str, Any]:
        """The counts of `lab test --json`. `equivalent` holds those that a machine, the tasks or a person excuse."""
        counts = Counter(trial.result for trial in self.trials)
        return {
            "total": self.total,
            "caught": counts["caught"],
            "equivalent": counts["equivalent"] + counts["unasked"] + counts["declared"],
            "over_strict": counts["over-strict"],
            "made": self.made,
            "refused": counts["refused"],
            "unasked": counts["unasked"],
            "declared": counts["declared"],
            "survivors": [describe(trial) for trial in self.of("survived")],
            "over_strict_mutants": [describe(trial) for trial in self.of("over-strict")],
        }


def describe(trial: Trial) -> dict[str, str]:
    """A mutant that went wrong: what was changed, what should have noticed, what it does."""
    return {
        "mutant": trial.mutant.name,
        "operator": trial.mutant.operator,
        "task": trial.task or trial.mutant.task,
        "check": trial.check or ", ".join(trial.should),
        "difference": trial.difference,
        "note": trial.note,
    }


@dataclass(frozen=True)
class ProofReport:
    """The lab contract, point by point. `problems` lists what is not as it has to be, in sentences."""

    lab: str
    start_score: int
    start_done: tuple[str, ...] = ()
    steps: Sequence[Step] = ()
    solution_score: int | None = None
    alternatives: Sequence[Solution] = ()
    mutants: MutantSummary | None = None
    residue: Sequence[tuple[str, str]] = ()
    stale: Sequence[str] = ()
    partial: bool = False
    extra: Sequence[str] = field(default_factory=tuple)

    @property
    def problems(self) -> list[str]:
        """Everything that breaks the contract; empty for a lab that keeps it."""
        return [*self.extra, *self._of_start(), *self._of_solutions(), *self._of_mutants(), *self._of_down()]

    @property
    def ok(self) -> bool:
        """The lab keeps the contract."""
        return not self.problems

    @property
    def exit_code(self) -> ExitCode:
        """4 when something survived `down`, 1 for another broken promise, 0 for none."""
        if self.residue:
            return ExitCode.SURVIVORS
        return ExitCode.DONE if self.ok else ExitCode.NOT_PASSED

    def _of_start(self) -> list[str]:
        found = []
        if self.start_score:
            found.append(f"The untouched start scores {self.start_score}, not 0.")
        if self.start_done:
            found.append(f"At the start these tasks are done already: {', '.join(self.start_done)}.")
        for step in self.steps:
            if not step.exact:
                missing = [task for task in step.wanted if task not in step.green]
                early = [task for task in step.green if task not in step.wanted]
                found.append(
                    f"After the step of {step.task}"
                    + (f" these tasks are not green: {', '.join(missing)}" if missing else "")
                    + (" and" if missing and early else "")
                    + (f" these tasks are green too early: {', '.join(early)}" if early else "")
                    + "."
                )
        return found

    def _of_solutions(self) -> list[str]:
        found = []
        if self.solution_score is not None and self.solution_score != MAX_SCORE:
            found.append(f"The solution scores {self.solution_score}, not {MAX_SCORE}.")
        for entry in self.alternatives:
            if entry.score != MAX_SCORE:
                more = len(entry.problems) - _SHOWN
                why = "; ".join(entry.problems[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
                found.append(f"The solution '{entry.name}' scores {entry.score}, not {MAX_SCORE}. {why}".rstrip())
        if not self.partial and len(self.alternatives) < LEAST_ALTERNATIVES:
            found.append(f"There are {len(self.alternatives)} alternatives; {LEAST_ALTERNATIVES} are needed.")
        return found

    def _of_mutants(self) -> list[str]:
        if self.mutants is None:
            return []
        found = [
            f"Nothing noticed {trial.mutant.name}; {_who(trial)} should fail. {trial.difference}. {trial.note}".rstrip()
            for trial in self.mutants.of("survived")
        ]
        found += [
            f"The check {trial.check} of {trial.task} fails although nothing that is asked for changed: "
            f"{trial.mutant.name}. {trial.note}".rstrip()
            for trial in self.mutants.of("over-strict")
        ]
        if self.mutants.declared_share > LARGEST_SHARE:
            found.append(
                f"{len(self.mutants.of('declared'))} of {self.mutants.total} mutants are declared equivalent by hand; "
                f"{LARGEST_SHARE:.0%} are allowed."
            )
        found += [f"equivalent.yaml names '{name}', which is no surviving mutant." for name in self.stale]
        return found

    def _of_down(self) -> list[str]:
        return [f"After down there is still {name}: {reason}" for name, reason in self.residue]

    def to_json(self) -> dict[str, Any]:
        """The object that `lab test --json` prints."""
        data: dict[str, Any] = {
            "lab": self.lab,
            "start_score": self.start_score,
            "solution_score": self.solution_score,
            "alternatives": [{"name": entry.name, "score": entry.score} for entry in self.alternatives],
            "mutants": self.mutants.to_json() if self.mutants else None,
            "residue": [{"id": name, "reason": reason} for name, reason in self.residue],
            "steps": [{"task": step.task, "green": list(step.green), "exact": step.exact} for step in self.steps],
            "ok": self.ok,
            "problems": self.problems,
        }
        return data


def _who(trial: Trial) -> str:
    """The task and the checks that should have noticed a survivor."""
    names = ", ".join(trial.should[:_SHOWN]) + (" or another" if len(trial.should) > _SHOWN else "")
    task = f"the task {trial.mutant.task}" if trial.mutant.task else "a task"
    return f"{task} ({names})" if names else task
