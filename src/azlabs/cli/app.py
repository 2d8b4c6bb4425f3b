"""The commands by name, loaded one at a time, and what happens around every one of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from azlabs.cli.call import OPTIONS, Call, shared_option
from azlabs.cli.quick_parameters import quick

# Name of the command, module that holds it. The order is that of the help text.
COMMANDS = {
    "list": "choosing",
    "show": "choosing",
    "cost": "choosing",
    "up": "sandboxes",
    "guide": "learning",
    "verify": "verifying",
    "hint": "learning",
    "solve": "learning",
    "flow": "learning",
    "deploy": "learning",
    "run": "apps",
    "logs": "apps",
    "reset": "sandboxes",
    "status": "sandboxes",
    "extend": "sandboxes",
    "down": "sandboxes",
    "reap": "reaping",
    "shell": "shell",
    "lab": "lab_authors",
    "simulator": "simulators",
    "bicep": "bicep_files",
}


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        """The names, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]  # noqa: ARG002
        """The command of this name, or None."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        # An unknown name needs them all: Typer suggests from those that are there.
        for name in [cmd_name] if cmd_name in COMMANDS else COMMANDS:
            self.commands.setdefault(name, _load(name))
        return self.commands.get(cmd_name)


def _load(name: str) -> Any:
    """One command of a module, without building its neighbours."""
    module = import_module(f"azlabs.cli.{COMMANDS[name]}")
    app: typer.Typer = module.app
    if app.info.name == name:
        return quick(typer.main.get_command(app))
    alone = typer.Typer(add_completion=False)
    alone.registered_commands = [info for info in app.registered_commands if info.name == name]
    return quick(typer.main.get_command(alone))


def application() -> Any:
    """The whole command line as a command object."""
    app = typer.Typer(cls=LazyGroup, name="azlabs", invoke_without_command=True, rich_markup_mode="rich")

    @app.callback(epilog="Start with: azlabs list, azlabs up LAB, azlabs guide, azlabs verify, azlabs down.")
    def azlabs(
        context: typer.Context,
        version: Annotated[
            bool,
            typer.Option("--version", help="Show the version and leave.", is_eager=True, callback=_version),
        ] = False,
        json: Annotated[bool, shared_option("json")] = False,
        debug: Annotated[bool, shared_option("debug")] = False,
        yes: Annotated[bool, shared_option("yes")] = False,
        sandbox: Annotated[str, shared_option("sandbox")] = "",
        cloud: Annotated[str, shared_option("cloud")] = "",
    ) -> None:
        """Hands-on labs for Azure exams: bring one up, do its tasks, have them checked, take everything away.

        Labs run on the simulator inside azlabs (no account, no network, no cost) or on an Azure subscription.
        """
        del version
        context.obj.take(json=json, debug=debug, yes=yes, sandbox=sandbox, cloud=cloud)
        if context.invoked_subcommand is None:
            typer.echo(context.get_help())

    return quick(typer.main.get_command(app))


def _version(asked: bool) -> None:
    if asked:
        from azlabs import __version__

        typer.echo(f"azlabs {__version__}")
        raise typer.Exit(0)


def run(arguments: Sequence[str] | None = None) -> int:
    """Parse, call, and turn whatever goes wrong into a sentence, an action and an exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    own = given[: given.index("--")] if "--" in given else given
    # Known before parsing, so that a mistake in the arguments is reported in the form that was asked for.
    call = Call(json=OPTIONS["json"].name in own, debug=OPTIONS["debug"].name in own)
    try:
        code = application().main(args=given, prog_name="azlabs", standalone_mode=False, obj=call)
    except BaseException as problem:
        from azlabs.cli.failures import report

        return report(problem, call)
    if code == 130:  # Typer's own answer to Ctrl-C
        from azlabs.cli.failures import report

        return report(KeyboardInterrupt(), call)
    return int(code) if isinstance(code, int) else 0
