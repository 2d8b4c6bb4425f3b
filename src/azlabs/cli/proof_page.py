"""What `azlabs lab test` runs and shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from azlabs.cli.places import lab_named
from azlabs.cli.screen import facts
from azlabs.errors import AzlabsError

if TYPE_CHECKING:
    from azlabs.cli.call import Call
    from azlabs.proof import ProofReport

SHOWN = 20


def prove(call: Call, name: str, *, sample: int | None, seed: int, solution: Path | None) -> int:
    """Prove a lab, show the report, return the exit code."""
    from azlabs.cloud import can_be_photographed

    if call.cloud and not can_be_photographed(call.cloud):
        raise AzlabsError(
            "A whole lab cannot be proved on Azure yet: its mutants need snapshots.",
            action="On Azure, check the solution by hand: azlabs up LAB --cloud azure, azlabs solve, azlabs verify.",
            code="NotOnThisCloud",
        )
    from azlabs.proof import prove as run

    lab = lab_named(call, name)
    with call.progress(f"Proving {lab.id}") as progress:
        report = run(lab, sample=sample, seed=seed, solution=solution, progress=progress)
    if call.json:
        call.give_json(report.to_json())
    else:
        show(call, report)
    return report.exit_code


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
