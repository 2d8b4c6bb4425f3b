"""Checks of arguments, with the function's name in the error."""

from __future__ import annotations

from typing import Any

from azlabs.arm.functions import invalid
from azlabs.arm.values import type_name


def string(name: str, value: Any) -> str:
    """A string, else ExpressionError."""
    if not isinstance(value, str):
        raise invalid(
            name, f"expects its parameter to be a string. The provided value is of type '{type_name(value)}'."
        )
    return value


def integer(name: str, value: Any) -> int:
    """An integer, else ExpressionError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(
            name, f"expects its parameter to be an integer. The provided value is of type '{type_name(value)}'."
        )
    return value


def boolean(name: str, value: Any) -> bool:
    """A boolean, else ExpressionError."""
    if not isinstance(value, bool):
        raise invalid(
            name, f"expects its parameter to be a boolean. The provided value is of type '{type_name(value)}'."
        )
    return value


def array(name: str, value: Any) -> list[Any]:
    """An array, else ExpressionError."""
    if not isinstance(value, list):
        raise invalid(
            name, f"expects its parameter to be an array. The provided value is of type '{type_name(value)}'."
        )
    return value


def mapping(name: str, value: Any) -> dict[str, Any]:
    """An object, else ExpressionError."""
    if not isinstance(value, dict):
        raise invalid(
            name, f"expects its parameter to be an object. The provided value is of type '{type_name(value)}'."
        )
    return value


def scalar_text(name: str, value: Any) -> str:
    """A string, number or boolean as text, else ExpressionError."""
    from azlabs.arm.values import text_of

    if isinstance(value, (str, int, float)):
        return text_of(value)
    raise invalid(name, f"expects its parameters to be literals. The provided value is of type '{type_name(value)}'.")
