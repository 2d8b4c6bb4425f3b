"""What `azlabs show` prints of a lab."""

from __future__ import annotations

import sys
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
    from azlabs.catalog.start_state import BrokenTemplate, start_resources
    from azlabs.catalog.topology import arrange
    from azlabs.cli.draw_text import draw
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
        shown.add_row(
            task.id, str(task.points), task.title, "\n".join(short_objective(lab, name) for name in task.objectives)
        )
    out.print(shown)
    out.print()
    out.print(Text("What it starts from", style="bold"))
    try:
        picture = draw(arrange(start_resources(lab)))
    except BrokenTemplate as broken:
        call.say(f"The start cannot be drawn: {broken.message}")
        return
    out.print(picture, markup=False, soft_wrap=not out.is_terminal)


def short_objective(lab: Lab, name: str) -> str:
    """`network.nsg-rules`: without the exam, when it is the lab's own."""
    return name.removeprefix(lab.exam.replace("-", "") + ".")


def as_json(lab: Lab) -> dict[str, Any]:
    """The shape of `azlabs show --json`; `topology` is null when the start cannot be worked out."""
    from azlabs.catalog.start_state import BrokenTemplate, start_resources
    from azlabs.catalog.topology import arrange

    try:
        topology = arrange(start_resources(lab)).to_json()
    except BrokenTemplate:
        topology = None
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
        "topology": topology,
    }


def show_picture(call: Call, name: str, form: str) -> None:
    """Only the picture of the start state: `svg` or `mermaid`."""
    from azlabs.catalog.start_state import start_resources
    from azlabs.catalog.topology import arrange

    lab = load_lab(name)
    topology = arrange(start_resources(lab))
    if form == "svg":
        from azlabs.cli.draw_svg import draw as draw_svg

        picture = draw_svg(topology, f"{lab.id}: {lab.title}")
    else:
        from azlabs.cli.draw_mermaid import draw as draw_mermaid

        picture = draw_mermaid(topology)
    if call.json:
        call.give_json({"lab": lab.id, form: picture})
    else:
        sys.stdout.write(picture)
