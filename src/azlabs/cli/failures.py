"""How a failure ends a command: a sentence, what to do, an exit code; under `--json` the same as an object."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from azlabs.errors import AzlabsError, ExitCode

if TYPE_CHECKING:
    from azlabs.cli.call import Call

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


class NobodyToAsk(AzlabsError):
    """A question without a terminal to ask it on."""

    exit_code = ExitCode.USAGE

    def __init__(self, question: str) -> None:
        super().__init__(f"This needs an answer: {question}", action="Add --yes to answer it, or run it on a terminal.")


class Declined(AzlabsError):
    """The person said no."""

    exit_code = ExitCode.NOT_PASSED

    def __init__(self, done: str = "Nothing was done.") -> None:
        super().__init__(done, action="Run the command again when you want it.")


def report(problem: BaseException, call: Call) -> int:
    """Tell the person, and return the exit code."""
    if isinstance(problem, SystemExit):
        return problem.code if isinstance(problem.code, int) else int(problem.code is not None)
    if isinstance(problem, BrokenPipeError):
        return _pipe_closed()
    known = _explained(problem)
    if call.debug and not isinstance(problem, KeyboardInterrupt):
        import traceback

        traceback.print_exception(problem, file=sys.stderr)
    if call.json:
        call.give_json(known.to_json())
    _tell(known, call)
    return INTERRUPTED if isinstance(problem, KeyboardInterrupt) else int(known.exit_code)


def _explained(problem: BaseException) -> AzlabsError:
    if isinstance(problem, AzlabsError):
        return problem
    if isinstance(problem, KeyboardInterrupt):
        return AzlabsError(
            "Stopped.",
            action="`azlabs status` shows what exists; `azlabs down` removes it.",
            code="Interrupted",
        )
    if type(problem).__name__ == "Abort":  # Typer: Ctrl-C or end of input at a question
        return AzlabsError("Nothing was done.", action="Answer the question, or add --yes.", code="NotAnswered")
    explain = getattr(problem, "format_message", None)
    if explain is not None:
        return _usage(problem, str(explain()))
    if any(kind.__module__.startswith("azure.") for kind in type(problem).__mro__):
        from azlabs.cloud.errors import from_exception

        known = from_exception(problem)  # what an SDK client raised where nobody translated it
        if known is not None:
            return known
    return AzlabsError(
        f"azlabs failed unexpectedly: {type(problem).__name__}: {problem}",
        action="Run the command again with --debug for the details, and report them.",
        code="Unexpected",
        exit_code=ExitCode.UNREACHABLE,
    )


def _usage(problem: Any, message: str) -> AzlabsError:
    """A mistake in the arguments, as Typer words it."""
    path = getattr(getattr(problem, "ctx", None), "command_path", "azlabs")
    sentence = message if message.endswith((".", "?", ")")) else f"{message}."
    return AzlabsError(sentence, action=f"`{path} --help` shows how it is used.", code="Usage")


def _tell(known: AzlabsError, call: Call) -> None:
    from rich.text import Text

    code = known.code if known.code not in (type(known).__name__, "AzlabsError", "Usage", "Interrupted") else ""
    notes = call.notes
    whole = not notes.is_terminal
    notes.print(Text.assemble((known.message, "bold red"), f" ({code})" if code else ""), soft_wrap=whole)
    meaning = getattr(getattr(known, "explanation", None), "means", "")
    if meaning:
        notes.print(Text(meaning), soft_wrap=whole)
    if known.action:
        notes.print(Text(known.action), soft_wrap=whole)


def _pipe_closed() -> int:
    """The reader went away (`azlabs list | head`): nothing to say, and nothing to flush at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
