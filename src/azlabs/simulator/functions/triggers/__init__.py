"""What starts functions: one class per trigger type, in a module of its own."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from azlabs.simulator.functions.model import Datum, Event, Function, FunctionProblem

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

KINDS = {
    "httpTrigger": "http:HttpTrigger",
    "timerTrigger": "timer:TimerTrigger",
    "serviceBusTrigger": "service_bus:ServiceBusTrigger",
    "blobTrigger": "blob:BlobTrigger",
    "queueTrigger": "queue:QueueTrigger",
    "eventGridTrigger": "event_grid:EventGridTrigger",
    "cosmosDBTrigger": "cosmos_db:CosmosDBTrigger",
    "warmupTrigger": "warmup:WarmupTrigger",
}
"""Trigger type -> module below this package, and class."""


class Trigger(ABC):
    """Listens on behalf of one function of a running app, in threads of its own.

    The app makes it (which may raise `FunctionProblem`: the function is then in error, the others run), starts it once the worker
    knows the function, and stops it before the worker ends. It calls `app.invoke(function, Event(...))`, which blocks until
    the invocation is over and says how it ended.
    """

    kind: ClassVar[str]

    def __init__(self, app: App, function: Function) -> None:
        self.app = app
        self.function = function

    @abstractmethod
    def start(self) -> None:
        """Begin to listen; returns at once."""

    @abstractmethod
    def stop(self) -> None:
        """Take no more events. Those that are being worked on are finished by whoever began them."""

    def by_hand(self, text: str | None) -> Event:
        """The event that `POST /admin/functions/<name>` with this input stands for."""
        return Event(Datum("string", text or ""), reason="This function was programmatically called via the host APIs.")


def trigger_of(app: App, function: Function) -> Trigger:
    """The listener of a function. Raises `FunctionProblem` for types that are not modelled and for what the trigger refuses."""
    where = KINDS.get(function.kind)
    if where is None:
        raise FunctionProblem(
            f"The trigger '{function.kind}' of function '{function.name}' is not modelled by the simulator; use one of "
            f"{', '.join(sorted(KINDS))}."
        )
    module, _, name = where.partition(":")
    try:
        loaded = importlib.import_module(f"{__name__}.{module}")
    except ModuleNotFoundError as problem:
        if problem.name != f"{__name__}.{module}":
            raise
        raise FunctionProblem(
            f"The trigger '{function.kind}' of function '{function.name}' is not modelled by the simulator."
        ) from None
    found: Trigger = getattr(loaded, name)(app, function)
    return found
