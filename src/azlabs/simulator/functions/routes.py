"""Route templates of HTTP functions, as ASP.NET matches them: parameters, constraints, defaults, optional parts, catch-alls.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint
https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from azlabs.simulator.functions.model import FunctionProblem

LITERAL, MIXED, CONSTRAINED, FREE, REST = range(1, 6)
"""Ranks of segments, in the order in which they are tried."""
Check = Callable[[str], bool]
_PART = re.compile(r"\{((?:[^{}]|\{\{|\}\}|\{\d+(?:,\d*)?\})*)\}")
_GUID = re.compile(r"\{?\(?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\)?\}?", re.IGNORECASE)


def _number(text: str, kind: Callable[[str], object]) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def _whole(text: str, bits: int) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+", text)) and -(1 << bits - 1) <= int(text) < 1 << bits - 1


def _date(text: str) -> bool:
    for form in ("%m/%d/%Y", "%Y-%m-%d", "%m-%d-%Y"):
        if _number(text, lambda one, form=form: datetime.strptime(one, form)):  # type: ignore[misc]
            return True
    return _number(text, datetime.fromisoformat)


SIMPLE: dict[str, Check] = {
    "int": lambda text: _whole(text, 32),
    "long": lambda text: _whole(text, 64),
    "bool": lambda text: text.lower() in ("true", "false"),
    "guid": lambda text: _GUID.fullmatch(text) is not None,
    "float": lambda text: _number(text, float),
    "double": lambda text: _number(text, float),
    "decimal": lambda text: re.fullmatch(r"[+-]?[\d,]*\.?\d+", text) is not None,
    "datetime": _date,
    "alpha": lambda text: re.fullmatch(r"[A-Za-z]*", text) is not None,
    "required": lambda text: text != "",
}


def _with_numbers(name: str, numbers: list[int]) -> Check | None:
    """Constraints with arguments."""
    match name, numbers:
        case "minlength", [least]:
            return lambda text: len(text) >= least
        case "maxlength", [most]:
            return lambda text: len(text) <= most
        case "length", [exact]:
            return lambda text: len(text) == exact
        case "length", [least, most]:
            return lambda text: least <= len(text) <= most
        case "min", [least]:
            return lambda text: _whole(text, 64) and int(text) >= least
        case "max", [most]:
            return lambda text: _whole(text, 64) and int(text) <= most
        case "range", [least, most]:
            return lambda text: _whole(text, 64) and least <= int(text) <= most
    return None


def _constraint(text: str, template: str) -> Check:
    name, _, inner = text.partition("(")
    name = name.strip().lower()
    if not inner:
        found = SIMPLE.get(name)
    elif name == "regex":
        try:
            pattern = re.compile(inner.removesuffix(")").replace("{{", "{").replace("}}", "}"), re.IGNORECASE)
        except re.error as problem:
            raise FunctionProblem(
                f"The regular expression in the route '{template}' cannot be read: {problem}."
            ) from None
        return lambda value: pattern.search(value) is not None
    else:
        arguments = [part.strip() for part in inner.removesuffix(")").split(",")]
        numbers = [int(part) for part in arguments if re.fullmatch(r"-?\d+", part)]
        found = _with_numbers(name, numbers) if len(numbers) == len(arguments) else None
    if found is None:
        raise FunctionProblem(f"The route '{template}' has the constraint '{text}', which ASP.NET does not know.")
    return found


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named part of a template."""

    name: str
    checks: tuple[Check, ...]
    optional: bool
    default: str | None
    rest: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes. `pattern` has a group for each parameter; `rank`: smaller is tried first."""

    pattern: re.Pattern[str]
    parameters: tuple[Parameter, ...]
    rank: int

    @property
    def only(self) -> Parameter | None:
        """The parameter, where the segment is nothing else."""
        return self.parameters[0] if self.rank >= CONSTRAINED else None


@dataclass(frozen=True, slots=True)
class Route:
    """A template that was read. `match` gives the values of its parameters, None when a path does not fit."""

    template: str
    segments: tuple[Segment, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """Routes with a smaller order are tried first: literal parts before parameters, catch-alls last."""
        return tuple(segment.rank for segment in self.segments) or (0,)

    def match(self, path: str) -> dict[str, str] | None:
        """`path`: without a slash in front, still percent-encoded."""
        parts = [unquote(part) for part in path.split("/")] if path else []
        if parts and parts[-1] == "":
            parts.pop()
        values: dict[str, str] = {}
        for number, segment in enumerate(self.segments):
            only = segment.only
            if only is not None and only.rest:
                if not self._take(only, "/".join(parts[number:]) or None, values):
                    return None
                return values
            if number >= len(parts):
                if only is None or not self._take(only, None, values):
                    return None
                continue
            match = segment.pattern.fullmatch(parts[number])
            if match is None or not all(
                self._take(one, text, values) for one, text in zip(segment.parameters, match.groups(), strict=True)
            ):
                return None
        return values if len(parts) <= len(self.segments) else None

    @staticmethod
    def _take(parameter: Parameter, text: str | None, values: dict[str, str]) -> bool:
        if text is None or text == "":
            if parameter.default is not None:
                values[parameter.name] = parameter.default
                return True
            return parameter.optional or parameter.rest
        if not all(check(text) for check in parameter.checks):
            return False
        values[parameter.name] = text
        return True


def read(template: str) -> Route:
    """A template. Raises `FunctionProblem` when ASP.NET would not take it."""
    segments = []
    texts = [text for text in _split(template.strip("/")) if text]
    for number, text in enumerate(texts):
        segment = _segment(text, template)
        only = segment.only
        if only is not None and only.rest and number != len(texts) - 1:
            raise FunctionProblem(f"In the route '{template}' the catch-all parameter has to be the last part.")
        segments.append(segment)
    return Route(template, tuple(segments))


def _split(template: str) -> list[str]:
    """By slashes outside braces."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(template):
        if character in "{}":
            depth += 1 if character == "{" else -1
        elif character == "/" and depth == 0:
            parts.append(template[start:place])
            start = place + 1
    return [*parts, template[start:]]


def _segment(text: str, template: str) -> Segment:
    pattern, parameters, end = "", [], 0
    for match in _PART.finditer(text):
        parameter = _parameter(match[1], template)
        pattern += re.escape(text[end : match.start()]) + ("(.+?)" if match.end() < len(text) else "(.+)")
        parameters.append(parameter)
        end = match.end()
    tail = text[end:]
    if "{" in tail or "}" in tail:
        raise FunctionProblem(f"The route '{template}' has braces that do not match.")
    pattern += re.escape(tail)
    whole = len(parameters) == 1 and _PART.fullmatch(text) is not None
    if not parameters:
        rank = LITERAL
    elif not whole:
        rank = MIXED
    else:
        rank = REST if parameters[0].rest else CONSTRAINED if parameters[0].checks else FREE
    return Segment(re.compile(pattern, re.IGNORECASE | re.DOTALL), tuple(parameters), rank)


def _parameter(inner: str, template: str) -> Parameter:
    rest = inner.startswith("*")
    inner = inner.lstrip("*")
    name, *constraints = _constraints(inner)
    default: str | None = None
    last = constraints[-1] if constraints else name
    if "=" in last:
        last, _, default = last.partition("=")
    optional = last.endswith("?") and default is None
    last = last.removesuffix("?") if optional else last
    if constraints:
        constraints[-1] = last
    else:
        name = last
    if not name or re.search(r"[/{}?*]", name):
        raise FunctionProblem(f"The route '{template}' has a parameter without a valid name.")
    return Parameter(name, tuple(_constraint(one, template) for one in constraints), optional, default, rest)


def _constraints(inner: str) -> list[str]:
    """By colons outside brackets."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(inner):
        if character in "()":
            depth += 1 if character == "(" else -1
        elif character == ":" and depth == 0:
            parts.append(inner[start:place])
            start = place + 1
    return [*parts, inner[start:]]
