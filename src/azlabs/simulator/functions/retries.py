"""Retry policies that functions declare. Azure has them for some triggers only; messages are redelivered instead.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-error-pages#retries
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions.host_json import span
from azlabs.simulator.functions.model import Function, FunctionProblem

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

TRIGGERS = ("timerTrigger", "cosmosDBTrigger", "eventHubTrigger", "kafkaTrigger")
ENDLESS = 1 << 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often more, and after how many seconds: always `least`, or growing from `least` to `most_seconds`."""

    most: int = 0
    least: float = 0.0
    most_seconds: float = 0.0
    exponential: bool = False

    def delay(self, count: int) -> float:
        """Seconds before the retry of this number, from 1 on."""
        if not self.exponential:
            return self.least
        step = min(self.least * float(2 ** min(count - 1, 30)), self.most_seconds)
        return max(self.least, min(self.most_seconds, step * random.uniform(0.8, 1.2)))

    @property
    def most_text(self) -> str:
        """The number of retries for people."""
        return "no end" if self.most >= ENDLESS else str(self.most)


def policy_of(app: App, function: Function) -> RetryPolicy:
    """The policy that counts for a function. Raises `FunctionProblem` for one that Azure refuses."""
    given = function.retry
    if not given:
        return RetryPolicy()
    if function.kind not in TRIGGERS:
        app.log.write(
            "Warning",
            f"The retry policy of '{function.name}' has no effect: Azure has none for a {function.kind}, and delivers what failed again.",
            function.name,
        )
        return RetryPolicy()
    return _read(given, function.name)


def _read(given: Mapping[str, Any], name: str) -> RetryPolicy:
    fields = {key.replace("_", "").lower(): value for key, value in given.items()}
    try:
        most = int(str(fields.get("maxretrycount", "0")))
    except ValueError:
        raise FunctionProblem(f"The retry policy of '{name}' needs a whole number as max_retry_count.") from None
    most = ENDLESS if most < 0 else most
    strategy = str(fields.get("strategy", "")).replace("_", "").lower()
    if strategy == "fixeddelay":
        return RetryPolicy(most, span(fields.get("delayinterval"), f"The delay_interval of '{name}'"))
    if strategy == "exponentialbackoff":
        least = span(fields.get("minimuminterval"), f"The minimum_interval of '{name}'")
        longest = span(fields.get("maximuminterval"), f"The maximum_interval of '{name}'")
        return RetryPolicy(most, least, longest, exponential=True)
    raise FunctionProblem(f"The retry strategy of '{name}' has to be fixed_delay or exponential_backoff.")
