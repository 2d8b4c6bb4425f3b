"""The hosts of apps and of their deployment sites (`<app>.azurewebsites.net`, `<app>.scm.azurewebsites.net`): whoever attends answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.attendant import unattended
from azlabs.simulator.http import Answer, Request, split_url

if TYPE_CHECKING:
    from azlabs.simulator import Simulator


def handle(simulator: Simulator, request: Request, path: str, query: str) -> Answer:
    """Pass the request to the station, which may be in another process."""
    attendant = simulator.attendant
    if attendant is None:
        return unattended(split_url(request.url)[0])
    return attendant.answer(request, path, query)
