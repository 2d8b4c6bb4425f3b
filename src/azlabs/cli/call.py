"""One run of a command: the options that every command understands, and where its words go."""

from __future__ import annotations

import functools
import inspect
import json as json_module
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from azlabs.cli.live import Board, Lines

PANEL = "Options of every command"


class Shared(NamedTuple):
    """An option that every command accepts, in front of the command's name or behind it."""

    name: str
    kind: type
    help: str
    short: str | None = None
    metavar: str | None = None


OPTIONS = {
    "json": Shared("--json", bool, "Print one JSON object on standard output."),
    "yes": Shared("--yes", bool, "Answer every question with yes.", short="-y"),
    "sandbox": Shared("--sandbox", str, "Which sandbox, when there are several.", short="-s", metavar="ID"),
    "cloud": Shared("--cloud", str, "Where: simulator or azure.", metavar="NAME"),
    "debug": Shared("--debug", bool, "Show the traceback of a failure."),
}


def shared_option(name: str, *, hidden: bool = False) -> Any:
    """The Typer option of this name."""
    from azlabs.cli import completion

    shared = OPTIONS[name]
    names = [shared.name] if shared.short is None else [shared.name, shared.short]
    return typer.Option(
        *names,
        help=shared.help,
        metavar=shared.metavar,
        hidden=hidden,
        show_default=False,
        rich_help_panel=PANEL,
        autocompletion=completion.OF_OPTIONS.get(name),
    )


@dataclass
class Call:
    """What was asked for, and where to write: results to standard output, everything else to standard error."""

    json: bool = False
    debug: bool = False
    yes: bool = False
    sandbox: str = ""
    cloud: str = ""
    _consoles: dict[str, Console] = field(default_factory=dict, repr=False)

    def take(self, **options: bool | str) -> None:
        """Note options; one that was given in front of the command's name stays when it is not repeated behind it."""
        for name, value in options.items():
            if value:
                setattr(self, name, value)

    @property
    def out(self) -> Console:
        """Standard output: what was asked for. Coloured on a terminal only."""
        return self._console("stdout")

    @property
    def notes(self) -> Console:
        """Standard error: progress, remarks, questions."""
        return self._console("stderr")

    def _console(self, name: str) -> Console:
        if name not in self._consoles:
            from rich.console import Console

            self._consoles[name] = Console(file=getattr(sys, name), highlight=False, emoji=False)
        return self._consoles[name]

    def say(self, text: str) -> None:
        """A remark for the person; whole lines where they go to a file or another program."""
        self.notes.print(text, markup=False, soft_wrap=not self.notes.is_terminal)

    def give_json(self, data: Mapping[str, Any]) -> None:
        """The one object that `--json` puts on standard output."""
        sys.stdout.write(json_module.dumps(data, indent=2, ensure_ascii=False) + "\n")

    @property
    def can_ask(self) -> bool:
        """True when somebody sits at a terminal who can answer."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """The answer to a yes-or-no question; `--yes` answers it, and without a terminal it cannot be answered."""
        if self.yes:
            return True
        if not self.can_ask:
            from azlabs.cli.failures import NobodyToAsk

            raise NobodyToAsk(question)
        return typer.confirm(question, default=default, err=True)

    def must_agree(self, question: str) -> None:
        """Go on only with a yes; raises Declined."""
        if not self.confirm(question):
            from azlabs.cli.failures import Declined

            raise Declined

    def progress(self, title: str) -> Lines | Board:
        """Live progress on standard error: `with call.progress("Deploying") as progress:`."""
        from azlabs.cli.live import progress

        return progress(self, title)


def command(app: typer.Typer, name: str, *shown: str, **settings: Any) -> Callable[[Callable[..., Any]], Any]:
    """Register a function as a command.

    The function gets a `Call` first and then its own arguments. All shared options are accepted; those in `shown`
    (besides --json and --debug) appear in the help text. What the function returns is the exit code, None for 0.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(function, eval_str=True)
        _call, *parameters = own.parameters.values()

        @functools.wraps(function)
        def run(context: typer.Context, **arguments: Any) -> Any:
            call: Call = context.obj
            call.take(**{option: arguments.pop(option) for option in OPTIONS})
            return function(call, **arguments)

        context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
        shared = [
            inspect.Parameter(
                option,
                inspect.Parameter.KEYWORD_ONLY,
                default=shared.kind(),
                annotation=Annotated[
                    shared.kind, shared_option(option, hidden=option not in (*shown, "json", "debug"))
                ],
            )
            for option, shared in OPTIONS.items()
        ]
        everything = [context, *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters), *shared]
        run.__signature__ = own.replace(parameters=everything)  # type: ignore[attr-defined]
        run.__annotations__ = {entry.name: entry.annotation for entry in everything}
        app.command(name, **settings)(run)
        return run

    return register
