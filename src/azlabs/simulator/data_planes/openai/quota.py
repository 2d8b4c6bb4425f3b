"""How much a deployment may be asked: requests and tokens in a window of time, as its rate limits say.

A window begins with the first request in it. Counts are kept in memory, by the process that answers.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

RESOURCE = "https://aka.ms/oai/quotaincrease"


@dataclass(slots=True)
class Window:
    """What was used since `start`, in seconds."""

    start: float = 0.0
    used: int = 0


@dataclass(slots=True)
class Usage:
    """Windows by deployment and kind ("request", "token")."""

    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def usage_of(simulator: Simulator) -> Usage:
    """What the deployments of one simulator have used."""
    found: Usage = simulator.__dict__.setdefault("openai_usage", Usage())
    return found


def take(simulator: Simulator, deployment: Resource, tokens: int, operation: str, version: str) -> dict[str, str]:
    """Count one request; headers with what is left. Raises 429 with the time after which there is room again."""
    now, usage = simulator.clock.now(), usage_of(simulator)
    headers: dict[str, str] = {}
    with usage.lock:
        taken: list[tuple[Window, int]] = []
        for limit in deployment.body["properties"].get("rateLimits") or ():
            kind, size, period = limit["key"], int(limit["count"]), float(limit["renewalPeriod"])
            wanted = 1 if kind == "request" else tokens
            window = usage.windows.setdefault((deployment.key, kind), Window(now))
            if not window.start <= now < window.start + period:
                window.start, window.used = now, 0
            if window.used + wanted > size:
                raise _full(kind, window.start + period - now, operation, version)
            taken.append((window, wanted))
            name = f"x-ratelimit-{{}}-{kind}s"
            headers[name.format("limit")], headers[name.format("remaining")] = str(size), str(size - window.used - wanted)
        for window, wanted in taken:
            window.used += wanted
    return headers


def _full(kind: str, seconds: float, operation: str, version: str) -> Refused:
    what = "call rate" if kind == "request" else "token rate"
    whole = max(1, math.ceil(seconds))
    return Refused(
        429, "429",
        f"Requests to the {operation} Operation under Azure OpenAI API version {version} have exceeded {what} limit of your current OpenAI "
        f"S0 pricing tier. Please retry after {whole} seconds. Please go here: {RESOURCE} if you would like to further increase the "
        "default rate limit.",
        headers={
            "retry-after": str(whole), "retry-after-ms": str(max(1, math.ceil(seconds * 1000))), f"x-ratelimit-remaining-{kind}s": "0",
            f"x-ratelimit-reset-{kind}s": str(whole),
        },
    )  # fmt: skip
