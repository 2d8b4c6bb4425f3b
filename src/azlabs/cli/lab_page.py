"""What `azlabs show` prints of a lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.catalog.labs import load_lab

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab
    from azlabs.cli.call import Call


def show_lab(call: Call, name: str) -> None:
    """The whole page."""
    lab = load_lab(name)
    if call.json:
        call.give_json(as_json(lab))
        return
    from rich.text import Text

    from azlabs.catalog.exams import exam
    from azlabs.cli.screen import dollars, minutes, table

    out = call.out
    out.print(Text(lab.title, style="bold"))
    out.print(f"{exam(lab.exam).code}, {lab.level}, {minutes(lab.minutes)}, {lab.points} points", markup=False)
    out.print(f"On the simulator: free. On Azure: {dollars(lab.cost_per_hour_usd)} USD an hour.")
    out.print()
    out.print(lab.summary, markup=False)
    out.print()
    shown = table("!task", ">!points", "what has to be true", "objectives")
    for task in lab.tasks:
        shown.add_row(task.id, str(task.points), task.title, "\n".join(task.objectives))
    out.print(shown)
    out.print()


def as_json(lab: Lab) -> dict[str, Any]:
    """The shape of `azlabs show --json`."""
    return {
        "id": lab.id,
        "title": lab.title,
        "summary": lab.summary,
        "exam": lab.exam,
        "domains": lab.domains,
        "level": lab.level,
        "minutes": lab.minutes,
        "points": lab.points,
        "services": lab.services,
        "regions": lab.regions,
        "cost_per_hour_usd": lab.cost_per_hour_usd,
        "tasks": [
            {
                "id": task.id,
                "title": task.title,
                "points": task.points,
                "objectives": task.objectives,
                "docs": task.docs,
            }
            for task in lab.tasks
        ],
    }


def show_picture(call: Call, name: str, form: str) -> None:
    """Only the picture."""
    raise NotImplementedError
