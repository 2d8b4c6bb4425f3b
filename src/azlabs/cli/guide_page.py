"""A lab's guide on the screen, with the state of its tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markdown import Markdown
from rich.text import Text

from azlabs.cli.screen import table

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab
    from azlabs.cli.call import Call
    from azlabs.sandbox.model import Sandbox


def show_guide(call: Call, lab: Lab, sandbox: Sandbox | None) -> None:
    """The guide and the tasks; with a sandbox also what was done at the last `verify`, and where to work."""
    from azlabs.cli.learning import attempts_of

    done = attempts_of(sandbox) if sandbox else set()
    text = lab.guide.read_text(encoding="utf-8")
    if call.json:
        tasks = [
            {"id": task.id, "title": task.title, "points": task.points, "done": task.id in done} for task in lab.tasks
        ]
        call.give_json({"lab": lab.id, "sandbox": sandbox.id if sandbox else None, "guide": text, "tasks": tasks})
        return
    out = call.out
    out.print(Markdown(text))
    out.print()
    shown = table("", "!task", ">!points", "what has to be true")
    for task in lab.tasks:
        sign = Text("ok", style="green") if task.id in done else Text("..", style="dim")
        shown.add_row(sign, task.id, str(task.points), task.title)
    out.print(shown)
    if sandbox is None:
        call.say(f"Not up yet: azlabs up {lab.id}.")
        return
    call.say(f"Resource group: {sandbox.resource_group}")
    call.say(f"Your folder: {sandbox.workspace}")
    todo = [task for task in lab.tasks if task.id not in done]
    if todo:
        call.say(f"Next: {todo[0].title} ({todo[0].id}). `azlabs hint {todo[0].id}` helps, `azlabs verify` judges.")
