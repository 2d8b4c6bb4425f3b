"""The simulator's clock: real time plus an offset that faults and tests may move."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since the epoch, never before the last one asked for in this process."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        """Seconds since the epoch, with the offset."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        if seconds < 0:
            raise ValueError("the clock does not run backwards")
        self.offset += seconds


def stamp(seconds: float) -> str:
    """ISO 8601 in UTC with seven digits, as Azure writes times: 2026-01-31T08:15:30.1234567Z."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}0Z"
