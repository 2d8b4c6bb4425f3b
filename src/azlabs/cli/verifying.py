"""`verify`: what is right already, what is not and why."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from azlabs.cli import completion
from azlabs.cli.call import Call, command
from azlabs.errors import AzlabsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from azlabs.catalog.labs import Lab
    from azlabs.cloud import Cloud
    from azlabs.sandbox.model import Sandbox
    from azlabs.verify import Report

app = typer.Typer()
MAX_SCORE = 1000


@command(app, "verify", "sandbox", "cloud", "yes", epilog="Example: azlabs verify --junit report.xml")
def verify(
    call: Call,
    tasks: Annotated[
        list[str] | None,
        typer.Argument(metavar="TASK", autocompletion=completion.task_ids, show_default=False),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Judge again and again until everything is done.")] = False,
    every: Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.2, help="The pause of --watch.")] = 3.0,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write a JUnit report too.", show_default=False)
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show every check, and the score by objective.")] = False,
) -> int:
    """Judge the tasks of a lab that is up: points, what was found, what was expected, and the next step.

    The exit code is 0 when passed (700 of 1000), 1 when not, 3 when something could not be judged.
    """
    if watch and call.json:
        raise AzlabsError("--watch and --json do not go together.", action="Use one of them.", code="Usage")
    from azlabs.cli.places import cloud_meant, lab_named, sandbox_meant

    sandbox = sandbox_meant(call)
    lab = lab_named(call, sandbox.lab_name)
    only = [lab.task(name).id for name in tasks or []]
    with cloud_meant(call, sandbox) as cloud:
        report = _attempt(call, lab, sandbox, cloud, only)
        _show(call, report, explain, junit)
        if watch:
            report = _watch(
                call, lab, sandbox, cloud, only, report, every, lambda new: _show(call, new, explain, junit)
            )
    return report.exit_code


def _watch(
    call: Call,
    lab: Lab,
    sandbox: Sandbox,
    cloud: Cloud,
    only: list[str],
    report: Report,
    every: float,
    show: Callable[[Report], None],
) -> Report:
    """Judge until everything is done or Ctrl-C; only what differs from the last attempt is shown and remembered."""
    from azlabs.verify import run

    try:
        while report.score < MAX_SCORE:
            if call.notes.is_terminal:
                call.say(f"Watching, every {every:g} s; Ctrl-C ends.")
            before = report.to_json()
            while report.to_json() == before:
                time.sleep(every)
                report = run(lab, sandbox, cloud, only=only or None)
            _remember(report, sandbox)
            if call.out.is_terminal:
                call.out.clear()
            show(report)
    except KeyboardInterrupt:
        call.say("")
    return report


def _attempt(call: Call, lab: Lab, sandbox: Sandbox, cloud: Cloud, only: list[str]) -> Report:
    from azlabs.verify import run

    if call.notes.is_terminal:
        with call.progress("Judging") as progress:
            report = run(lab, sandbox, cloud, only=only or None, progress=progress)
    else:
        report = run(lab, sandbox, cloud, only=only or None)
    _remember(report, sandbox)
    return report


def _remember(report: Report, sandbox: Sandbox) -> None:
    from azlabs.home import home
    from azlabs.verify import record

    record(report, home() / "attempts" / sandbox.id)


def _show(call: Call, report: Report, explain: bool, junit: Path | None) -> None:
    if junit is not None:
        from azlabs.verify import write_junit

        write_junit(report, junit)
    if call.json:
        call.give_json(report.to_json())
        return
    from azlabs.cli.report_page import show_report

    show_report(call, report, explain=explain)
