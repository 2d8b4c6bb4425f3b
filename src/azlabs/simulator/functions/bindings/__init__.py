"""Input and output bindings: values that an app's functions get and give beside their triggers."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions.model import Datum, Function, FunctionProblem, direction

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

Binding = Mapping[str, Any]
INPUTS = {"blob": "blob", "cosmosDB": "cosmos_db"}
OUTPUTS = {"blob": "blob", "queue": "queue", "serviceBus": "service_bus", "cosmosDB": "cosmos_db", "eventGrid": "event_grid"}
"""Binding type -> module below this package with `read`, `write` and `check`, each called with (app, function, binding, ...)."""


def read(app: App, function: Function, binding: Binding, values: Mapping[str, Any]) -> Datum | None:
    """The value of an input binding; None where there is nothing. Raises `FunctionProblem`: the invocation fails."""
    found: Datum | None = _module(INPUTS, binding, function).read(app, function, binding, values)
    return found


def write(app: App, function: Function, binding: Binding, datum: Datum, values: Mapping[str, Any]) -> None:
    """Put what a function gave where its output binding says. Raises `FunctionProblem`: the invocation fails."""
    _module(OUTPUTS, binding, function).write(app, function, binding, datum, values)


def check(app: App, function: Function, binding: Binding) -> str | None:
    """At the start of an app: why a binding cannot work, as a sentence; None when nothing is known against it."""
    try:
        _module(INPUTS if direction(binding) == "in" else OUTPUTS, binding, function).check(app, function, binding)
    except FunctionProblem as problem:
        return str(problem)
    return None


def _module(table: Mapping[str, str], binding: Binding, function: Function) -> Any:
    name = table.get(str(binding.get("type")))
    if name is None:
        way = "input" if table is INPUTS else "output"
        raise FunctionProblem(
            f"The {way} binding '{binding.get('type')}' of function '{function.name}' is not modelled by the simulator; use one of "
            f"{', '.join(sorted(table))}."
        )
    if direction(binding) == "inout":
        raise FunctionProblem(f"The direction 'inout' of the binding '{binding.get('name')}' is not modelled by the simulator.")
    return importlib.import_module(f"{__name__}.{name}")
