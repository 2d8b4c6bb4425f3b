"""`guide`, `hint`, `solve`, `deploy`, `flow`: what a learner works with between `up` and `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from azlabs.cli import completion
from azlabs.cli.call import Call, command

if TYPE_CHECKING:
    from azlabs.sandbox.model import Sandbox

app = typer.Typer()
Task = Annotated[
    str, typer.Argument(metavar="TASK", autocompletion=completion.task_ids, help="A task's id.", show_default=False)
]
OptionalTask = Annotated[
    str,
    typer.Argument(
        metavar="TASK", autocompletion=completion.task_ids, help="A task's id; else all.", show_default=False
    ),
]


@command(app, "guide", "sandbox", epilog="Example: azlabs guide | less -R")
def guide(
    call: Call,
    lab: Annotated[
        str,
        typer.Argument(
            metavar="LAB", help="Else the lab that is up.", autocompletion=completion.lab_ids, show_default=False
        ),
    ] = "",
) -> None:
    """Read a lab's guide, and see which tasks are done."""
    from azlabs.catalog.labs import load_lab
    from azlabs.cli.guide_page import show_guide
    from azlabs.cli.places import sandbox_meant

    sandbox = None if lab else sandbox_meant(call)
    show_guide(call, load_lab(sandbox.lab_name if sandbox else lab), sandbox)


@command(app, "hint", "sandbox", epilog="Example: azlabs hint segment, and again for a plainer one")
def hint(
    call: Call,
    task: Task,
    number: Annotated[
        int, typer.Option("--number", "-n", metavar="N", min=0, help="This hint, not the next.", show_default=False)
    ] = 0,
) -> None:
    """Get a hint for a task: each time a plainer one, the last is exact."""
    from azlabs.catalog.labs import load_lab
    from azlabs.cli.places import sandbox_meant
    from azlabs.home import home
    from azlabs.sandbox.hints import next_hint

    sandbox = sandbox_meant(call)
    lab = load_lab(sandbox.lab_name)
    given = next_hint(lab.task(task), sandbox.id, home(), number=number or None)
    if call.json:
        call.give_json({**given.to_json(), "docs": lab.task(task).docs})
        return
    call.out.print(f"Hint {given.number} of {given.count} for {task}:", style="bold")
    _print_hint(call, given.text)
    call.notes.print(f"To read: {lab.task(task).docs}", markup=False, soft_wrap=True)
    if given.number < given.count:
        call.say(f"`azlabs hint {task}` again gives a plainer one.")


def _print_hint(call: Call, text: str) -> None:
    """A hint is Markdown; its indented lines are commands, printed as they are so that they can be copied."""
    from itertools import groupby

    from rich.markdown import Markdown

    for indented, lines in groupby(text.splitlines(), lambda line: line.startswith("    ")):
        if indented:
            call.out.print(*lines, sep="\n", markup=False, highlight=False, soft_wrap=True)
        elif words := "\n".join(lines).strip():
            call.out.print(Markdown(words))


@command(app, "solve", "sandbox", "cloud", "yes", epilog="Example: azlabs solve segment --show")
def solve(
    call: Call,
    task: OptionalTask = "",
    show: Annotated[bool, typer.Option("--show", help="Print the solution instead of applying it.")] = False,
) -> None:
    """Apply the reference solution: of the whole lab, or of one task (after those before it)."""
    from azlabs.catalog.labs import load_lab
    from azlabs.cli.places import cloud_meant, lab_named, sandbox_meant

    sandbox = sandbox_meant(call)
    if show:
        from azlabs.sandbox.solve import show as steps_of

        steps = steps_of(load_lab(sandbox.lab_name), task or None)
        if call.json:
            call.give_json(
                {"steps": [{"task": step.task, "file": step.path.name, "text": step.text} for step in steps]}
            )
            return
        for step in steps:
            call.say(f"{step.task}: {step.path.name}")
            call.out.print(step.text, markup=False, soft_wrap=True)
        return
    lab = lab_named(call, sandbox.lab_name)
    what = f"the task {task}" if task else "the whole lab"
    call.must_agree(f"Apply the reference solution of {what} to {sandbox.id}?")
    from azlabs.sandbox.solve import solve as apply

    with cloud_meant(call, sandbox) as cloud, call.progress("Solving") as progress:
        done = apply(sandbox, lab, cloud, task or None, progress)
    if call.json:
        call.give_json({"sandbox": sandbox.id, "solved": done})
    else:
        call.out.print(f"Applied: {', '.join(done)}. Next: azlabs verify.")


@command(
    app,
    "deploy",
    "sandbox",
    "cloud",
    epilog="Examples: azlabs deploy · azlabs deploy main.bicep --parameters count=2",
)
def deploy(
    call: Call,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="A Bicep file, an ARM template (JSON), or the folder of an app.", show_default=False
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameters", "-p", metavar="NAME=VALUE", help="A value, or a parameters file.", show_default=False
        ),
    ] = None,
    app_name: Annotated[
        str, typer.Option("--app", metavar="NAME", help="Which function app, when there are several.")
    ] = "",
) -> int | None:
    """Publish the app of your workspace to the lab's function app; with FILE, deploy it into the lab's group.

    Parameters that are named like an output of the start, and `location`, are filled in for you.
    """
    if file is None or file.is_dir():
        from azlabs.cli.apps import publish_app

        return publish_app(call, file, app_name)
    from azlabs.cli.parameters import given_parameters
    from azlabs.cli.places import cloud_meant, sandbox_meant
    from azlabs.sandbox.deploy import deploy as apply

    sandbox = sandbox_meant(call)
    given = given_parameters(parameters or [])
    with cloud_meant(call, sandbox) as cloud, call.progress(f"Deploying {file.name}") as progress:
        deployed = apply(sandbox, cloud, file, given, progress)
    if call.json:
        data = {"deployment": deployed.id, "resources": list(deployed.resources), "outputs": deployed.outputs}
        call.give_json({"sandbox": sandbox.id, **data})
        return None
    count = len(deployed.resources)
    call.out.print(f"Deployed {file.name}: {count} resource{'' if count == 1 else 's'}.", markup=False)
    for name, value in deployed.outputs.items():
        call.out.print(f"  {name}: {value}", markup=False, soft_wrap=True)
    return None


@command(app, "flow", "sandbox", "cloud", epilog="Example: azlabs flow 203.0.113.10 nic-web-01 443")
def flow(
    call: Call,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="An interface, address or service tag.", show_default=False)
    ],
    destination: Annotated[str, typer.Argument(metavar="DESTINATION", help="The same.", show_default=False)],
    port: Annotated[str, typer.Argument(metavar="PORT", help="443, Udp/53, or Icmp.", show_default=False)],
) -> int:
    """Ask whether a connection is let through, and which rule or route decides.

    The exit code is 0 when it is, 1 when it is not.
    """
    from azlabs.cli.flow_page import ask

    return ask(call, source, destination, port)


def attempts_of(sandbox: Sandbox) -> set[str]:
    """The tasks that were done at the last attempt."""
    from azlabs.home import home
    from azlabs.verify import attempts

    history = attempts(home() / "attempts" / sandbox.id)
    return set(history[-1].done) if history else set()
