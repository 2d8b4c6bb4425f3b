"""`run`, `logs`, and `deploy` without a file: the learner's own code in the lab's function app."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from azlabs.cli import completion
from azlabs.cli.call import Call, command

if TYPE_CHECKING:
    from azlabs.cloud import Cloud
    from azlabs.sandbox.app_logs import Line
    from azlabs.sandbox.apps import AppState, FunctionApp
    from azlabs.sandbox.model import Sandbox

app = typer.Typer()
STYLES = {"Warning": "yellow", "Error": "bold red", "Critical": "bold red", "Debug": "dim", "Trace": "dim"}
AppName = Annotated[str, typer.Option("--app", metavar="NAME", help="Which function app, when there are several.")]


@contextmanager
def _app_meant(call: Call, name: str) -> Iterator[tuple[Sandbox, Cloud, FunctionApp]]:
    from azlabs.catalog.labs import load_lab
    from azlabs.cli.places import cloud_meant, sandbox_meant
    from azlabs.sandbox.apps import find_app

    sandbox = sandbox_meant(call)
    with cloud_meant(call, sandbox) as cloud:
        yield sandbox, cloud, find_app(sandbox, load_lab(sandbox.lab_name), cloud, name)


def publish_app(call: Call, folder: Path | None, name: str) -> int:
    """Publish a folder, or the workspace's `app`, and say whether it runs; 1 when something of it does not."""
    from azlabs.sandbox.apps import state_of
    from azlabs.sandbox.publishing import publish

    with _app_meant(call, name) as (sandbox, cloud, found), call.progress(f"Publishing to {found.name}") as progress:
        publish(cloud, found.name, [folder or sandbox.workspace / "app"], progress)
        state = state_of(cloud, found)
    if call.json:
        functions = [{"name": one.name, "trigger": one.trigger, "url": one.url or None} for one in state.functions]
        call.give_json({"sandbox": sandbox.id, "app": found.name, "functions": functions, "problems": state.problems})
    else:
        call.out.print(f"Published to {found.name}.", markup=False)
        _show_state(call, state)
    return 1 if state.problems else 0


def _show_state(call: Call, state: AppState) -> None:
    for one in state.functions:
        call.out.print(f"  {one.name}: {one.url or one.trigger}", markup=False, soft_wrap=True)
    for text in state.problems:
        call.out.print(f"  {text}", style="bold red", markup=False, soft_wrap=True)


@command(app, "logs", "sandbox", "cloud", epilog="Example: azlabs logs -f --function ingest")
def logs(
    call: Call,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", metavar="N", min=0, help="How many lines at first.")] = 50,
    function: Annotated[str, typer.Option("--function", metavar="NAME", help="Only lines of this function.")] = "",
    level: Annotated[
        str,
        typer.Option(
            "--level", metavar="LEVEL", help="This level and worse.", autocompletion=completion.log_levels
        ),
    ] = "Information",
    app_name: AppName = "",
) -> None:
    """Read the log of the lab's function app: what its host says and what your code logs.

    On Azure the lines come from Application Insights, minutes after their time.
    """
    from azlabs.sandbox import app_logs

    least = _level(level)

    def wanted(line: Line) -> bool:
        known = app_logs.LEVELS.index(line.level) if line.level in app_logs.LEVELS else least
        return known >= least and (not function or line.function.lower() == function.lower())

    with _app_meant(call, app_name) as (sandbox, cloud, found):
        source = app_logs.source_of(cloud, found)
        first = [line for line in source.lines() if wanted(line)]
        first = first[-lines:] if lines else []
        if call.json and not follow:
            call.give_json({"sandbox": sandbox.id, "app": found.name, "lines": [line.to_json() for line in first]})
            return
        for line in first:
            _show(call, line)
        # Ctrl-C is how following ends, not a failure.
        with contextlib.suppress(KeyboardInterrupt):
            for line in app_logs.follow(cloud, source) if follow else ():
                if wanted(line):
                    _show(call, line)


def _level(word: str) -> int:
    from azlabs.errors import AzlabsError
    from azlabs.sandbox.app_logs import LEVELS

    lowered = [level.lower() for level in LEVELS]
    if word.lower() not in lowered:
        raise AzlabsError(f"'{word}' is not a level.", action=f"Use one of {', '.join(LEVELS)}.", code="UnknownLevel")
    return lowered.index(word.lower())


def _show(call: Call, line: Line) -> None:
    """A line on standard output; with --json one object for each, since there is no end to them."""
    if call.json:
        sys.stdout.write(json.dumps(line.to_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    where = f"{line.function}: " if line.function else ""
    moment = line.time.astimezone().strftime("%H:%M:%S")
    text = f"{moment} {where}{line.text}"
    call.out.print(text, style=STYLES.get(line.level, ""), markup=False, soft_wrap=True)


@command(app, "run", "sandbox", "cloud", epilog="Examples: azlabs run · azlabs run --debug-port 5678")
def run(
    call: Call,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="An app's folder; else `app` of the workspace.", show_default=False),
    ] = None,
    debug_port: Annotated[
        int, typer.Option("--debug-port", metavar="PORT", min=0, max=65535, help="Wait for a debugger on this port.")
    ] = 0,
    app_name: AppName = "",
) -> None:
    """Run the app of your folder in place of the published one, and again whenever a file changes.

    It has the settings and the identity of the published app, which Ctrl-C gives back. On the simulator only.
    """
    from azlabs.sandbox import app_logs
    from azlabs.sandbox.code_loop import CodeLoop

    with _app_meant(call, app_name) as (sandbox, cloud, found):
        place = (folder or sandbox.workspace / "app").absolute()
        with CodeLoop(cloud, found, place, debug_port) as loop:
            source = app_logs.source_of(cloud, found)
            source.lines()
            call.say(f"{found.name} runs {place} at https://{found.host}. Ctrl-C gives the published app back.")
            if debug_port:
                call.say(f"It waits for a debugger on 127.0.0.1:{debug_port} (debugpy).")
            else:
                _tell_state(call, cloud, found)
            try:
                for changed in loop.changes():
                    for line in source.lines():
                        _show(call, line)
                    if changed:
                        call.say(f"Changed: {', '.join(changed[:5])}. Starting again.")
                        if not debug_port:
                            _tell_state(call, cloud, found)
            except KeyboardInterrupt:
                call.say(f"{found.name} runs the published app again.")


def _tell_state(call: Call, cloud: Cloud, found: FunctionApp) -> None:
    from azlabs.errors import AzlabsError
    from azlabs.sandbox.apps import state_of

    try:
        _show_state(call, state_of(cloud, found))
    except AzlabsError as problem:
        call.say(problem.message)
