"""What `azlabs lab test` runs and shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from azlabs.cli.places import DEFAULT, cloud_meant, lab_named
from azlabs.cli.screen import facts

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab
    from azlabs.cli.call import Call
    from azlabs.proof import ProofReport
    from azlabs.sandbox.up import UpPlan

SHOWN = 20


def prove(call: Call, name: str, *, sample: int | None, seed: int, solution: Path | None) -> int:
    """Prove a lab, show the report, return the exit code."""
    lab = lab_named(call, name)
    if call.cloud and call.cloud != DEFAULT:
        report = _on_a_cloud(call, lab, solution)
    else:
        from azlabs.proof import prove as run

        with call.progress(f"Proving {lab.id}") as progress:
            report = run(lab, sample=sample, seed=seed, solution=solution, progress=progress)
    if call.json:
        call.give_json(report.to_json())
    else:
        show(call, report)
    return report.exit_code


def _on_a_cloud(call: Call, lab: Lab, solution: Path | None) -> ProofReport:
    """Everything but the mutants, in a sandbox of its own, which is taken away again."""
    from azlabs.cli.sandbox_pages import show_plan
    from azlabs.proof.on_a_cloud import prove_on

    def confirm(plan: UpPlan) -> bool:
        show_plan(call, plan)
        return call.confirm(f"Bring up {plan.lab}, solve it, and take it away again?")

    with cloud_meant(call) as cloud, call.progress(f"Proving {lab.id} on {call.cloud}") as progress:
        return prove_on(lab, cloud, solution=solution, progress=progress, confirm=confirm)


def show(call: Call, report: ProofReport) -> None:
    """The contract, point by point, then what is wrong."""
    rows = [] if report.partial else [("untouched start", f"{report.start_score} (has to be 0)")]
    if report.solution_score is not None:
        exact = sum(step.exact for step in report.steps)
        rows.append(("solution", f"{report.solution_score} of 1000; {exact} of {len(report.steps)} steps exact"))
    rows += [(f"solution {entry.name}", f"{entry.score} of 1000") for entry in report.alternatives]
    if report.mutants is not None:
        count = report.mutants.to_json()
        rows.append(("mistakes tried", f"{count['total']}, {count['caught']} noticed"))
        rows.append(("no change in behaviour", f"{count['equivalent']}, {count['declared']} of them by hand"))
        rows.append(("blamed without reason", str(count["over_strict"])))
    if not report.partial:
        rows.append(("left after down", str(len(report.residue))))
    call.out.print(Text(report.lab, style="bold"))
    call.out.print(facts(rows))
    for problem in report.problems[:SHOWN]:
        call.out.print(Text(f"- {problem}", style="red"))
    if len(report.problems) > SHOWN:
        call.out.print(f"and {len(report.problems) - SHOWN} more; --json lists them all.")
    if report.ok:
        call.out.print(Text("The lab keeps its contract.", style="green"))
