"""Warmup trigger: runs once when an instance of the app has started, before anything else does.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-warmup
"""

from __future__ import annotations

from typing import ClassVar

from azlabs.simulator.functions.model import Datum, Event
from azlabs.simulator.functions.triggers import Trigger


class WarmupTrigger(Trigger):
    """One function that runs at the start."""

    kind: ClassVar[str] = "warmupTrigger"

    def start(self) -> None:
        """Run it; its errors stop nothing."""
        self.app.invoke(self.function, self.by_hand(None))

    def stop(self) -> None:
        """It has run."""

    def by_hand(self, text: str | None) -> Event:  # noqa: ARG002
        """Nothing is handed over."""
        return Event(Datum("json", "{}"), reason="The app has started.")
