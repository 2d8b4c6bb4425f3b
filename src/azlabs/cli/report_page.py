"""A verification report as a person reads it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rich.text import Text

from azlabs.cli.screen import table

if TYPE_CHECKING:
    from azlabs.cli.call import Call
    from azlabs.verify import CheckResult, Report

SIGNS = {"pass": ("ok", "green"), "fail": ("no", "red"), "error": ("??", "yellow")}
DETAILS = (("found", "Found"), ("expected", "Expected"), ("decided_by", "Decided by"), ("fix", "Do"))


def show_report(call: Call, report: Report, *, explain: bool = False) -> None:
    """The tasks, the checks of the first task that is not done (all with `explain`), the score, the next step."""
    out = call.out
    out.print(Text(f"{report.lab} on the {report.cloud}, sandbox {report.sandbox}", style="bold"))
    out.print()
    shown = table("", "!task", ">!points", "what has to be true")
    for task in report.tasks:
        sign, style = _sign_of_task(task)
        points = f"{_figure(task.earned)}/{_figure(task.points)}"
        shown.add_row(Text(sign, style=style), task.id, points, report.titles.get(task.id, ""))
    out.print(shown)
    undone = [task.id for task in report.tasks if not task.done]
    detailed = [task.id for task in report.tasks] if explain else undone[:1]
    for name in detailed:
        _show_task(out, name, [check for check in report.checks if check.task == name], everything=explain)
    if explain:
        _show_objectives(out, report)
    _show_score(out, report)
    for remark in report.not_modelled:
        call.say(f"Not modelled by the {report.cloud}: {remark}")
    if not explain and undone:
        call.say("`azlabs verify --explain` shows every check.")
    call.say(report.note)
    out.print()
    out.print(Text.assemble(("Next: ", "bold"), report.next_step))


def _show_task(out: Any, name: str, checks: list[CheckResult], *, everything: bool) -> None:
    out.print()
    out.print(Text(name, style="bold"))
    for check in checks:
        if check.status == "pass" and not everything:
            continue
        sign, style = SIGNS[check.status]
        out.print(Text.assemble((f"  {sign} ", style), check.title, (_worth(check), "dim")))
        for field, word in DETAILS:
            text = getattr(check, field)
            if text and (check.status != "pass" or (everything and field in ("found", "decided_by"))):
                _indented(out, f"{word}: {text}")


def _indented(out: Any, text: str) -> None:
    from rich.padding import Padding

    out.print(Padding(Text(text), (0, 0, 0, 5)))


def _worth(check: CheckResult) -> str:
    if check.kind == "guard":
        return "  (must stay true)"
    return f"  ({check.earned}/{check.points})"


def _show_objectives(out: Any, report: Report) -> None:
    out.print()
    shown = table("!objective", ">!points")
    for entry in (*report.objectives, *report.domains):
        shown.add_row(entry.id, f"{_figure(entry.earned)}/{_figure(entry.points)}")
    out.print(shown)


def _show_score(out: Any, report: Report) -> None:
    words = {True: ("passed", "green"), False: ("not passed yet", "red"), None: ("cannot be told yet", "yellow")}
    word, style = words[report.passed]
    out.print()
    out.print(Text.assemble(("Score ", "bold"), f"{report.score} of 1000, ", (word, style), " (700 passes)."))


def _sign_of_task(task: Any) -> tuple[str, str]:
    if task.done:
        return SIGNS["pass"]
    return SIGNS["error"] if task.open else SIGNS["fail"]


def _figure(value: Fraction) -> str:
    return str(int(value)) if value.denominator == 1 else f"{float(value):.1f}"
