"""The Functions host: runs a learner's function apps as Azure runs them, each in a worker process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azlabs.simulator.functions.host import FunctionsHost

__all__ = ["FunctionsHost"]


def __getattr__(name: str) -> Any:
    if name == "FunctionsHost":
        from azlabs.simulator.functions.host import FunctionsHost

        return FunctionsHost
    raise AttributeError(name)
