"""Binding expressions: {name} from what started the function, %setting% from the app's settings.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from azlabs.simulator.functions.model import FunctionProblem

_SETTING = re.compile(r"%([^%]*)%")
_EXPRESSION = re.compile(r"\{([^{}]*)\}")
_DATE_PARTS = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "ffffff": "%f",
}  # fmt: skip
_DATE = re.compile("|".join(sorted(_DATE_PARTS, key=len, reverse=True)))


def settings(text: str, values: Mapping[str, str], what: str) -> str:
    """Replace %name% by settings. Raises `FunctionProblem` when one is missing."""
    lowered = {key.lower(): value for key, value in values.items()}

    def one(match: re.Match[str]) -> str:
        found = lowered.get(match[1].lower())
        if found is None:
            raise FunctionProblem(
                f"'%{match[1]}%' of {what} does not resolve to a value: there is no such app setting."
            )
        return found

    return _SETTING.sub(one, text) if "%" in text else text


def expand(text: str, values: Mapping[str, Any], now: float) -> str:
    """Replace {name}, {a.b}, {rand-guid}, {datetime:format} and {sys.utcnow}. Raises `FunctionProblem` for what has no value."""
    if "{" not in text:
        return text
    return _EXPRESSION.sub(lambda match: _one(match[1].strip(), values, now), text)


def names(text: str) -> list[str]:
    """The first parts of the names that a text's expressions use."""
    return [match[1].strip().partition(".")[0].partition(":")[0] for match in _EXPRESSION.finditer(text)]


def _one(expression: str, values: Mapping[str, Any], now: float) -> str:
    name, _, form = expression.partition(":")
    lowered = name.strip().lower()
    if lowered == "rand-guid":
        return _guid(form.strip() or "D")
    if lowered == "rand":
        raise FunctionProblem(f"The binding expression '{{{expression}}}' is not modelled by the simulator.")
    if lowered in ("datetime", "sys.utcnow"):
        return _moment(form.strip(), now)
    found: Any = values
    for part in name.strip().split("."):
        entry = _entry(found, part)
        if entry is None:
            raise FunctionProblem(
                f"No value for named parameter '{name.strip()}': the message that started the function has no such property, or its body "
                "is not a JSON object."
            )
        found = entry[0]
    if isinstance(found, str):
        return found
    if isinstance(found, bool):
        return "True" if found else "False"
    return json.dumps(found) if isinstance(found, (dict, list)) else "" if found is None else str(found)


def _entry(found: Any, part: str) -> tuple[Any] | None:
    if not isinstance(found, Mapping):
        return None
    if part in found:
        return (found[part],)
    for key, value in found.items():
        if str(key).lower() == part.lower():
            return (value,)
    return None


def _guid(form: str) -> str:
    made = uuid.uuid4()
    forms = {"N": made.hex, "D": str(made), "B": f"{{{made}}}", "P": f"({made})"}
    if form.upper() not in forms:
        raise FunctionProblem(f"The format '{form}' of rand-guid is not modelled by the simulator.")
    return forms[form.upper()]


def _moment(form: str, now: float) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    if not form:
        return moment.strftime("%Y-%m-%dT%H-%M-%SZ")
    return moment.strftime(_DATE.sub(lambda match: _DATE_PARTS[match[0]], form.replace("%", "%%")))
