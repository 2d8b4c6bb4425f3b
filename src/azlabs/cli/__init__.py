"""The command line. `main` is its entry point; each command is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command (`sys.argv` unless arguments are given) and return its exit code."""
    from azlabs.cli.app import run

    return run(arguments)
