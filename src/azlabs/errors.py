"""The one exception family that the command line turns into a sentence, an action and an exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every azlabs command."""

    DONE = 0
    NOT_PASSED = 1
    USAGE = 2
    UNREACHABLE = 3
    SURVIVORS = 4


class AzlabsError(Exception):
    """A failure that a person can act on.

    `message` is one sentence that says what failed, `action` one that says what to do, `code` a short
    stable word (Azure's own error code where Azure answered). Never put a secret into any of them.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, action: str = "", code: str = "", exit_code: ExitCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.code = code or type(self).__name__
        if exit_code is not None:
            self.exit_code = exit_code

    def to_json(self) -> dict[str, dict[str, str]]:
        """The shape that `--json` prints: {"error": {"code", "message", "action"}}."""
        return {"error": {"code": self.code, "message": self.message, "action": self.action}}
