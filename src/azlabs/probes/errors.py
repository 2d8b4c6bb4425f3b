"""What a probe raises when the facts at hand do not decide a question."""

from __future__ import annotations

from azlabs.errors import AzlabsError, ExitCode


class CannotJudge(AzlabsError):
    """The behaviour cannot be computed from what can be read: an unknown service tag, a condition language.

    A check that meets it ends as an error, which never counts against the learner.
    """

    exit_code = ExitCode.UNREACHABLE
