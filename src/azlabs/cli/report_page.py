"""A verification report as a person reads it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rich.text import Text

from azlabs.cli.screen import hanging, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from azlabs.cli.call import Call
    from azlabs.verify import Attempt, CheckResult, Report

SIGNS = {"pass": ("ok", "green"), "fail": ("no", "red"), "error": ("??", "yellow")}
DETAILS = (("found", "Found"), ("expected", "Expected"), ("decided_by", "Decided by"), ("fix", "Do"))


def show_report(
    call: Call,
    report: Report,
    *,
    explain: bool = False,
    only: Sequence[str] = (),
    earlier: Sequence[Attempt] = (),
) -> None:
    """The tasks, the checks of the first task that is not done (all with `explain`), the score, the next step.

    With `only` it is about these tasks: what was not judged is left out, and so is the score.
    """
    out = call.out
    tasks = [task for task in report.tasks if not only or task.id in only]
    out.print(Text(f"{report.lab} on the {report.cloud}, sandbox {report.sandbox}", style="bold"))
    out.print()
    shown = table("!", "!task", ">!points", "what has to be true")
    if out.is_terminal and not explain:
        _keep_to_one_line(shown, out.width, tasks)
    for task in tasks:
        sign, style = _sign_of_task(task)
        points = f"{figure(task.earned)}/{figure(task.points)}"
        shown.add_row(Text(sign, style=style), task.id, points, report.titles.get(task.id, ""))
    out.print(shown)
    undone = [task.id for task in tasks if not task.done]
    detailed = [task.id for task in tasks] if explain or only else undone[:1]
    for name in detailed:
        _show_task(out, name, [check for check in report.checks if check.task == name], everything=explain)
    if explain and not only:
        _show_objectives(out, report)
    for remark in report.not_modelled:
        call.say(f"Not modelled by the {report.cloud}: {remark}")
    if only:
        return
    _show_score(out, report)
    if earlier:
        best = max(attempt.score for attempt in earlier)
        call.say(f"Attempt {len(earlier) + 1}; the best before was {best}, the last {earlier[-1].score}.")
    call.say(report.note)
    if not explain and undone:
        call.say("`azlabs verify --explain` shows every check.")
    out.print()
    out.print(Text.assemble(("Next: ", "bold"), report.next_step))


def _keep_to_one_line(shown: Table, width: int, tasks: Sequence[Any]) -> None:
    """Cut the last column, so that the whole report fits a terminal of 24 lines; --explain and `guide` cut nothing."""
    longest = max((len(task.id) for task in tasks), default=0)
    last = shown.columns[-1]
    last.no_wrap, last.overflow = True, "ellipsis"
    last.max_width = max(width - longest - len("ok" + "points") - 3 * (len(shown.columns) - 1), 20)


def _show_task(out: Any, name: str, checks: list[CheckResult], *, everything: bool) -> None:
    shown = [check for check in checks if everything or check.status != "pass"]
    if shown:
        out.print()
        out.print(Text(name, style="bold"))
    for check in shown:
        sign, style = SIGNS[check.status]
        out.print(hanging(Text(f"  {sign}", style=style), Text.assemble(check.title, (_worth(check), "dim"))))
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
        shown.add_row(entry.id, f"{figure(entry.earned)}/{figure(entry.points)}")
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


def figure(value: Fraction) -> str:
    """Points as people write them: `10`, `7.5`."""
    return str(int(value)) if value.denominator == 1 else f"{float(value):.1f}"
