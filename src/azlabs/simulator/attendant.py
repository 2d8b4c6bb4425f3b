"""Who answers for what needs a process of its own: function apps, which run as long as their simulator is attended.

In a process with a station it is the station. In a command's process, on a simulator in a file, it passes requests on to the
host process. A simulator that is not attended refuses them.
"""

from __future__ import annotations

from typing import Protocol

from azlabs.simulator.http import Answer, Request, json_answer


class Attendant(Protocol):
    """What a simulator calls; both are quick to return when there is nothing to do."""

    def answer(self, request: Request, path: str, query: str) -> Answer:
        """Answer a request to a host that needs the process. Never raises."""

    def needed(self) -> None:
        """Something that has to run may have appeared or changed: a function app, its settings, its package."""


def unattended(host: str) -> Answer:
    """The answer of a simulator that nobody attends."""
    message = f"'{host}' needs the simulator's host process, and this simulator has none."
    return json_answer({"error": {"code": "SimulatorNotAttended", "message": message, "target": host}}, 503)
