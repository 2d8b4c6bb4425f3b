"""The built-in functions: a table from the name to the function and how many arguments it takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from azlabs.simulator.data_planes.cosmos.query.values import NUMBER, UNDEFINED


class Function(NamedTuple):
    """`run` gets values that may be undefined; `most` None: any number of arguments."""

    run: Callable[..., Any]
    least: int
    most: int | None


AGGREGATES = frozenset({"COUNT", "SUM", "AVG", "MIN", "MAX", "COUNTIF", "MAKELIST", "MAKESET"})
"""Functions over groups."""


NOT_MODELLED = frozenset({"ST_AREA", "ST_INTERSECTS", "DOCUMENTID"})
"""Functions of the language that the simulator refuses by name."""


def typed(*kinds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Arguments of these kinds (n number, i whole number, s string, a array, o object, b boolean, x anything defined),
    else undefined; the last kind holds for all further arguments."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        checks = [_CHECKS[kind] for kind in kinds]

        def checked(*values: Any) -> Any:
            for place, value in enumerate(values):
                if not checks[min(place, len(checks) - 1)](value):
                    return UNDEFINED
            return function(*values)

        return checked

    return wrap


def is_number(value: Any) -> bool:
    """A number, not a boolean."""
    return value.__class__ in NUMBER


def is_whole(value: Any) -> bool:
    """A number without a fraction."""
    return value.__class__ is int or (value.__class__ is float and value.is_integer())


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "n": is_number,
    "i": is_whole,
    "s": lambda value: value.__class__ is str,
    "a": lambda value: isinstance(value, list),
    "o": lambda value: value.__class__ is dict,
    "b": lambda value: value.__class__ is bool,
    "x": lambda value: value is not UNDEFINED,
}


@cache
def table() -> dict[str, Function]:
    """All scalar functions by upper-case name."""
    from azlabs.simulator.data_planes.cosmos.query import (
        array_functions,
        date_functions,
        full_text,
        math_functions,
        spatial,
        string_functions,
        type_functions,
    )

    found: dict[str, Function] = {}
    for module in (array_functions, date_functions, full_text, math_functions, spatial, string_functions, type_functions):
        found.update(module.FUNCTIONS)
    return found
