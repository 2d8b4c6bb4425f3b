"""The command line. `main` is its entry point; each command is loaded when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence

_GARBAGE_THRESHOLD = 50_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Without arguments it is the whole process: those of `sys.argv`."""
    if arguments is not None:
        return _run(list(arguments))
    import gc

    # A short process gains nothing from looking for cycles: neither on the way (a tenth of `list`) nor at the end.
    gc.set_threshold(_GARBAGE_THRESHOLD)
    try:
        return _run(sys.argv[1:])
    finally:
        gc.freeze()


def _run(given: list[str]) -> int:
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
