"""Schedules of timers: NCRONTAB expressions with six fields (or five), and time spans.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azlabs.simulator.functions.host_json import span
from azlabs.simulator.functions.model import FunctionProblem

_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_DAYS = {name.lower(): (number + 1) % 7 for number, name in enumerate(calendar.day_abbr)}
_DAYS |= {name.lower(): (number + 1) % 7 for number, name in enumerate(calendar.day_name)}
FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("second", 0, 59, {}), ("minute", 0, 59, {}), ("hour", 0, 23, {}), ("day", 1, 31, {}), ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)  # fmt: skip
_PART = re.compile(r"(\*|[0-9A-Za-z]+(?:-[0-9A-Za-z]+)?)(?:/(\d+))?")
MOST_YEARS = 12


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a timer fires: at moments that fit every field, or each `every` seconds."""

    text: str
    fields: tuple[frozenset[int], ...] = ()
    every: float = 0.0

    def next(self, after: float) -> float:
        """The first moment after one, in seconds since the epoch (UTC)."""
        if self.every:
            return after + self.every
        return self._first(datetime.fromtimestamp(int(after), UTC) + timedelta(seconds=1)).timestamp()

    def _first(self, moment: datetime) -> datetime:
        seconds, minutes, hours, days, months, week = self.fields
        end = moment.year + MOST_YEARS
        while moment.year <= end:
            if moment.month not in months:
                moment = (moment.replace(day=1, hour=0, minute=0, second=0) + timedelta(days=32)).replace(day=1)
            elif moment.day not in days or (moment.weekday() + 1) % 7 not in week:
                moment = moment.replace(hour=0, minute=0, second=0) + timedelta(days=1)
            elif moment.hour not in hours:
                moment = moment.replace(minute=0, second=0) + timedelta(hours=1)
            elif moment.minute not in minutes:
                moment = moment.replace(second=0) + timedelta(minutes=1)
            elif moment.second not in seconds:
                moment += timedelta(seconds=1)
            else:
                return moment
        raise FunctionProblem(f"The schedule '{self.text}' never comes.")


def read(text: str, *, spans: bool) -> Schedule:
    """A schedule. `spans`: may it be a time span (plans that run all the time)? Raises `FunctionProblem`."""
    text = text.strip()
    if re.fullmatch(r"(?:\d+\.)?\d{1,2}:\d{1,2}(?::\d{1,2})?", text):
        if not spans:
            raise FunctionProblem(
                f"The schedule '{text}' is a time span, which only apps in an App Service plan may have; write an NCRONTAB."
            )
        return Schedule(text, every=max(1.0, span(text, "A timer's schedule")))
    parts = text.split()
    if len(parts) == 5:
        parts = ["0", *parts]
    if len(parts) != 6:
        raise FunctionProblem(
            f"The schedule expression '{text}' was not recognized: an NCRONTAB has six fields, the first is the second."
        )
    schedule = Schedule(text, tuple(_field(part, text, *field) for part, field in zip(parts, FIELDS, strict=True)))
    schedule.next(0.0)
    return schedule


def _field(part: str, text: str, name: str, least: int, most: int, names: dict[str, int]) -> frozenset[int]:
    found: set[int] = set()
    for one in part.split(","):
        match = _PART.fullmatch(one)
        if match is None:
            raise FunctionProblem(f"The schedule expression '{text}' was not recognized: '{part}' is no {name}.")
        whole, step = match[1], int(match[2] or 1)
        first, _, last = whole.partition("-")
        if whole == "*":
            start, end = least, most
        else:
            start = _number(first, text, name, least, most, names)
            end = _number(last, text, name, least, most, names) if last else most if match[2] else start
        if step < 1 or end < start:
            raise FunctionProblem(
                f"The schedule expression '{text}' was not recognized: '{one}' is no range of the {name}."
            )
        found.update(range(start, end + 1, step))
    return frozenset(found)


def _number(word: str, text: str, name: str, least: int, most: int, names: dict[str, int]) -> int:
    number = int(word) if word.isdigit() else names.get(word.lower(), -1)
    if not least <= number <= most:
        raise FunctionProblem(
            f"The schedule expression '{text}' was not recognized: '{word}' is no {name} from {least} to {most}."
        )
    return number
