"""Points in time and durations as ticks of 100 nanoseconds; points count from 0001-01-01 UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND = 10_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
EPOCH = 621_355_968_000_000_000
LAST = 3_155_378_975_999_999_999
_FIRST = datetime(1, 1, 1)
_STAMP = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}:?\d{2})?\s*"
)
_SHORT = re.compile(r"\s*(\d{4})(?:-(\d{1,2}))?\s*")
_AMERICAN = re.compile(r"\s*(\d{1,2})/(\d{1,2})/(\d{4})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*")
_FORMATS = ("%a, %d %b %Y %H:%M:%S %Z", "%a, %d %b %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%d %b %Y", "%d %b %y %H:%M:%S")
_SPAN = re.compile(r"\s*(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?\s*")
_DAYS = re.compile(r"\s*(-?\d+)\s*")
_UNIT = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*([a-z]+)\s*")


def from_seconds(seconds: float) -> int:
    """Ticks of seconds since 1970."""
    return EPOCH + round(seconds * 1_000_000) * 10


def to_seconds(ticks: int) -> float:
    """Seconds since 1970 of ticks."""
    return (ticks - EPOCH) / SECOND


def to_date(ticks: int) -> datetime:
    """A naive datetime, cut to microseconds."""
    return _FIRST + timedelta(microseconds=ticks // 10)


def of_date(moment: datetime) -> int:
    """Ticks of a datetime; naive ones are UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    passed = moment - _FIRST
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds * 10


def kept(ticks: int | None) -> int | None:
    """A point in time, None where it lies outside of what a datetime can be."""
    return ticks if ticks is not None and 0 <= ticks <= LAST else None


def parse_time(text: str) -> int | None:
    """Ticks of a written point in time; None where it cannot be read."""
    match = _STAMP.fullmatch(text)
    try:
        if match is not None:
            year, month, day, hour, minute, second, part, zone = match.groups()
            ticks = of_date(datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0)))
            ticks += int((part or "0").ljust(7, "0")[:7])
            if zone and zone not in "Zz":
                shift = (int(zone[1:3]) * 60 + int(zone[-2:])) * MINUTE
                ticks += -shift if zone[0] == "+" else shift
            return kept(ticks)
        match = _SHORT.fullmatch(text)
        if match is not None:
            return of_date(datetime(int(match[1]), int(match[2] or 1), 1))
        match = _AMERICAN.fullmatch(text)
        if match is not None:
            month, day, year, hour, minute, second = (int(group or 0) for group in match.groups())
            return of_date(datetime(year, month, day, hour, minute, second))
    except (ValueError, OverflowError):
        return None
    for form in _FORMATS:
        try:
            return of_date(datetime.strptime(text.strip(), form))
        except (ValueError, OverflowError):
            continue
    return None


def parse_span(text: str) -> int | None:
    """Ticks of a written duration: 1.02:03:04.5, 5 (days), 1.5h; None where it cannot be read."""
    from azlabs.simulator.kql.lexer import UNITS, bounded

    match = _SPAN.fullmatch(text)
    if match is not None:
        sign, days, hours, minutes, seconds, part = match.groups()
        if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
            return None
        ticks = int(days or 0) * DAY + int(hours) * HOUR + int(minutes) * MINUTE + int(seconds or 0) * SECOND
        ticks += int((part or "0").ljust(7, "0"))
        return bounded(-ticks if sign else ticks)
    match = _DAYS.fullmatch(text)
    if match is not None:
        return bounded(int(match[1][:20]) * DAY)
    match = _UNIT.fullmatch(text)
    if match is not None and match[2] in UNITS:
        return bounded(float(match[1]) * UNITS[match[2]])
    return None


def show_time(ticks: int) -> str:
    """2026-01-31T08:15:30.1234567Z, as `tostring` writes it."""
    return f"{to_date(ticks).isoformat(timespec='seconds')}.{ticks % SECOND:07d}Z"


def answered_time(ticks: int) -> str:
    """The same without zeros at the end, as answers to queries have it."""
    text, part = to_date(ticks).isoformat(timespec="seconds"), ticks % SECOND
    return f"{text}.{part:07d}".rstrip("0") + "Z" if part else f"{text}Z"


def show_span(ticks: int) -> str:
    """1.02:03:04.5000000; days and parts of a second only where there are any."""
    sign, ticks = ("-", -ticks) if ticks < 0 else ("", ticks)
    days, rest = divmod(ticks, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, part = divmod(rest, SECOND)
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}"
    return f"{sign}{f'{days}.' if days else ''}{text}{f'.{part:07d}' if part else ''}"
