"""`verify`: what is right already, what is not and why."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from azlabs.cli import completion
from azlabs.cli.call import Call, command
from azlabs.errors import AzlabsError, ExitCode

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab
    from azlabs.cloud import Cloud
    from azlabs.progress import Progress
    from azlabs.sandbox.model import Sandbox
    from azlabs.verify import Attempt, Report

app = typer.Typer()


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

    The exit code is 0 when passed (700 of 1000), 1 when not, 3 when something could not be judged. With TASK only
    these are judged, and the exit code tells whether they are done.
    """
    if watch and call.json:
        raise AzlabsError("--watch and --json do not go together.", action="Use one of them.", code="Usage")
    from azlabs.cli.places import cloud_meant, lab_named, sandbox_meant

    sandbox = sandbox_meant(call)
    lab = lab_named(call, sandbox.lab_name)
    only = [lab.task(name).id for name in tasks or []]
    with cloud_meant(call, sandbox) as cloud:
        judging = Judging(call, lab, sandbox, cloud, only, explain, junit)
        report = judging.once()
        if watch:
            report = judging.until_done(report, every)
    return judging.exit_code(report)


@dataclass(frozen=True)
class Judging:
    """Attempts at a lab's tasks, all or `only` some, and how they are shown."""

    call: Call
    lab: Lab
    sandbox: Sandbox
    cloud: Cloud
    only: list[str]
    explain: bool
    junit: Path | None

    def once(self) -> Report:
        """One attempt, shown and remembered."""
        if self.call.notes.is_terminal:
            with self.call.progress("Judging") as progress:
                report = self._run(progress)
        else:
            report = self._run()
        self._show(report)
        return report

    def until_done(self, report: Report, every: float) -> Report:
        """Attempts until everything is done or Ctrl-C; only what differs from the last one is shown and remembered."""
        try:
            while not self._is_done(report):
                if self.call.notes.is_terminal:
                    self.call.say(f"Watching, every {every:g} s; Ctrl-C ends.")
                before = report.to_json()
                while report.to_json() == before:
                    time.sleep(every)
                    report = self._run()
                if self.call.out.is_terminal:
                    self.call.out.clear()
                self._show(report)
        except KeyboardInterrupt:
            self.call.say("")
        return report

    def exit_code(self, report: Report) -> int:
        """That of the report; with `only`: are these tasks done, and if not, is it because they cannot be judged?"""
        if not self.only:
            return report.exit_code
        if self._is_done(report):
            return ExitCode.DONE
        unclear = any(check.status == "error" for check in report.checks if check.task in self.only)
        return ExitCode.UNREACHABLE if unclear else ExitCode.NOT_PASSED

    def _is_done(self, report: Report) -> bool:
        return all(task.done for task in report.tasks if not self.only or task.id in self.only)

    def _run(self, progress: Progress | None = None) -> Report:
        from azlabs.progress import silent
        from azlabs.verify import run

        return run(self.lab, self.sandbox, self.cloud, only=self.only or None, progress=progress or silent)

    def _show(self, report: Report) -> None:
        earlier = self._remember(report)
        if self.junit is not None:
            from azlabs.verify import write_junit

            write_junit(report, self.junit)
        if self.call.json:
            self.call.give_json(report.to_json())
            return
        from azlabs.cli.report_page import show_report

        show_report(self.call, report, explain=self.explain, only=self.only, earlier=earlier)

    def _remember(self, report: Report) -> list[Attempt]:
        """The attempts before this one. An attempt at some tasks says nothing about the others and is not kept."""
        if self.only:
            return []
        from azlabs.home import home
        from azlabs.verify import attempts, record

        folder = home() / "attempts" / self.sandbox.id
        earlier = attempts(folder)
        record(report, folder)
        return earlier
