"""The functions of the template language, by name.

A module of this package declares its functions with `@function`; `find` answers by name without regard to case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from azlabs.arm.errors import ExpressionError

_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how many arguments it takes, and its code.

    `lazy` code takes (context, call) and evaluates its arguments itself; `needs_context` code takes the context
    before the values; `builds` says that the result is new and counts against the budget.
    """

    name: str
    code: Callable[..., Any]
    least: int
    most: int
    lazy: bool
    needs_context: bool
    builds: bool

    def check_count(self, name: str, count: int) -> None:
        """Raises ExpressionError, in Azure's words, for a wrong number of arguments."""
        if self.least <= count <= self.most:
            return
        wanted = str(self.least) if self.least == self.most else f"{self.least} or more"
        if self.least < self.most < _MANY:
            wanted = f"{self.least} to {self.most}"
        raise ExpressionError(
            f"Unable to evaluate template language function '{name}': function requires {wanted} argument(s) while "
            f"{count} were provided. Please see https://aka.ms/arm-functions#{name} for usage details."
        )


FUNCTIONS: dict[str, Function] = {}


def function(
    name: str, least: int, most: int | None = -1, *, lazy: bool = False, context: bool = False, builds: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a function of the language; `most` None means any number, left out it equals `least`."""
    limit = _MANY if most is None else least if most == -1 else most

    def register(code: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS[name.lower()] = Function(name, code, least, limit, lazy, context, builds)
        return code

    return register


def find(name: str) -> Function:
    """The function of this name; every name that starts with `list` is one of the list functions."""
    lowered = name.lower()
    found = FUNCTIONS.get(lowered)
    if found is None:
        _load()
        found = FUNCTIONS.get(lowered)
    if found is None and lowered.startswith("list"):
        from azlabs.arm.functions.resources import list_function

        found = list_function(name)
    if found is None:
        raise ExpressionError(
            f"The template function '{name}' is not valid. Please see https://aka.ms/arm-functions for usage details."
        )
    return found


def invalid(name: str, reason: str) -> ExpressionError:
    """The error of a function that got the wrong kind of argument."""
    return ExpressionError(
        f"The template language function '{name}' {reason} Please see https://aka.ms/arm-functions#{name} for usage"
        " details."
    )


def _load() -> None:
    """Imports the modules that declare functions; late, so that the first use pays and not the import."""
    from azlabs.arm.functions import (  # noqa: F401
        arrays,
        cidr,
        dates,
        deployment,
        lambdas,
        logic,
        numbers,
        objects,
        resources,
        strings,
    )
