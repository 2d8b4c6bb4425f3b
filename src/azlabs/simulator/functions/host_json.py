"""host.json: what of it decides here, with Azure's defaults and limits.

https://learn.microsoft.com/azure/azure-functions/functions-host-json
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azlabs.simulator.functions.model import FunctionProblem

FILE = "host.json"
_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?")
LEVELS = ("Trace", "Debug", "Information", "Warning", "Error", "Critical", "None")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a hosting plan allows a function: seconds by default and at most; None: no end."""

    default: float | None
    most: float | None


TIMEOUTS: Mapping[str, Limits] = {
    "Dynamic": Limits(300.0, 600.0),
    "FlexConsumption": Limits(1800.0, None),
    "ElasticPremium": Limits(1800.0, None),
}
"""By tier; others are dedicated plans.
https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout"""
DEDICATED = Limits(1800.0, None)


@dataclass(frozen=True, slots=True)
class HostJson:
    """A host.json that was read. `document`: all of it."""

    document: Mapping[str, Any] = field(default_factory=dict)
    timeout: float | None = 1800.0
    """Seconds that an invocation may take; None: no end."""

    def section(self, *names: str) -> dict[str, Any]:
        """The object at a path of names, compared without case; {} when there is none."""
        found: Any = self.document
        for name in names:
            if not isinstance(found, Mapping):
                return {}
            found = next((value for key, value in found.items() if key.lower() == name.lower()), None)
        return dict(found) if isinstance(found, Mapping) else {}

    def value(self, *names: str, default: Any = None) -> Any:
        """A value at a path of names, compared without case."""
        *path, last = names
        section = self.section(*path) if path else dict(self.document)
        return next(
            (value for key, value in section.items() if key.lower() == last.lower() and value is not None), default
        )

    def number(self, *names: str, default: int, least: int = 1) -> int:
        """A whole number. Raises `FunctionProblem` for anything else."""
        value = self.value(*names, default=default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise FunctionProblem(
                f"In host.json, {'.'.join(names)} has to be a whole number from {least} on, not {value!r}."
            )
        return value

    def flag(self, *names: str, default: bool) -> bool:
        """True or false. Raises `FunctionProblem` for anything else."""
        value = self.value(*names, default=default)
        if not isinstance(value, bool):
            raise FunctionProblem(f"In host.json, {'.'.join(names)} has to be true or false, not {value!r}.")
        return value

    def seconds(self, *names: str, default: float) -> float:
        """A time span ("00:05:00") in seconds. Raises `FunctionProblem`."""
        value = self.value(*names)
        return default if value is None else span(value, f"In host.json, {'.'.join(names)}")

    @property
    def open_telemetry(self) -> bool:
        """Does the host speak OpenTelemetry?"""
        return str(self.value("telemetryMode", default="ApplicationInsights")).lower() == "opentelemetry"

    @property
    def route_prefix(self) -> str:
        """What stands before the routes of HTTP functions."""
        return str(self.value("extensions", "http", "routePrefix", default="api")).strip("/")

    def level(self, category: str) -> str:
        """The lowest level that is logged of a category ("Function.ingest.User"): the longest prefix decides."""
        levels = self.section("logging", "logLevel")
        name = max((key for key in levels if category.lower().startswith(key.lower())), key=len, default="")
        found = (
            levels.get(name)
            if name
            else next((levels[key] for key in levels if key.lower() == "default"), "Information")
        )
        return next((one for one in LEVELS if one.lower() == str(found).lower()), "Information")

    def logs(self, category: str, level: str) -> bool:
        """Is a line of this category and level logged?"""
        least = self.level(category)
        return LEVELS.index(level) >= LEVELS.index(least) if level in LEVELS else True


def span(value: Any, name: str) -> float:
    """Seconds of a time span as .NET writes it. Raises `FunctionProblem`."""
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise FunctionProblem(f'{name} has to be a time span such as "00:05:00", not {value!r}.')
    days, hours, minutes, seconds = match.groups()
    return int(days or 0) * 86400.0 + int(hours) * 3600.0 + int(minutes) * 60.0 + float(seconds or 0)


def read(folder: Path, tier: str, overrides: Mapping[str, str]) -> HostJson:
    """The host.json of an app's folder, with the settings `AzureFunctionsJobHost__a__b` in place of its own values.

    Raises `FunctionProblem` with what is wrong.
    """
    try:
        text = (folder / FILE).read_text("utf-8-sig")
    except OSError:
        raise FunctionProblem(
            f"The package has no {FILE} at its root, so the host finds no functions; put the app's files at the top of the zip."
        ) from None
    try:
        document = json.loads(text)
    except ValueError as problem:
        raise FunctionProblem(f"{FILE} is not valid JSON: {problem}.") from None
    if not isinstance(document, dict):
        raise FunctionProblem(f"{FILE} has to hold a JSON object.")
    if document.get("version") != "2.0":
        raise FunctionProblem(f'{FILE} has to say "version": "2.0".')
    for name, value in overrides.items():
        parts = name.split("__") if "__" in name else name.split(":")
        if parts[0].lower() == "azurefunctionsjobhost" and len(parts) > 1:
            _override(document, parts[1:], value)
    limits = TIMEOUTS.get(tier, DEDICATED)
    given = next((value for key, value in document.items() if key.lower() == "functiontimeout"), None)
    timeout = (
        limits.default
        if given is None
        else None
        if str(given) == "-1"
        else span(given, "In host.json, functionTimeout")
    )
    if limits.most is not None and (timeout is None or timeout > limits.most):
        raise FunctionProblem(
            f"In host.json, functionTimeout may be {limits.most / 60:.0f} minutes at most in the app's plan."
        )
    return HostJson(document, timeout)


def _override(document: dict[str, Any], path: list[str], text: str) -> None:
    """Put a setting's text where it belongs."""
    place = document
    for name in path[:-1]:
        known = next((key for key in place if key.lower() == name.lower()), name)
        if not isinstance(place.get(known), dict):
            place[known] = {}
        place = place[known]
    known = next((key for key in place if key.lower() == path[-1].lower()), path[-1])
    try:
        place[known] = json.loads(text.lower() if text.lower() in ("true", "false") else text)
    except ValueError:
        place[known] = text
