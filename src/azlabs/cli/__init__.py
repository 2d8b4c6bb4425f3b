"""The command line. `main` is its entry point; each command is loaded when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command (`sys.argv` unless arguments are given) and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:2] == ["shell", "--"] and len(given) > 2:
        return _quick_shell(given)
    from azlabs.cli.app import run

    return run(given)


def _quick_shell(given: list[str]) -> int:
    """The command of `azlabs shell -- COMMAND` starts before any parser is loaded; failures take the ordinary way."""
    from azlabs.errors import AzlabsError
    from azlabs.sandbox.shell import current, prepare

    try:
        prepare(given[2:], sandbox=current()).execute()
    except AzlabsError:
        from azlabs.cli.app import run

        return run(given)
    return 0
