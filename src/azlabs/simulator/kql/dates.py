"""Functions over points in time and durations."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from azlabs.simulator.kql.times import DAY, EPOCH, HOUR, LAST, MINUTE, SECOND, kept, of_date, to_date

_UNITS = {
    "day": DAY, "hour": HOUR, "minute": MINUTE, "second": SECOND, "millisecond": 10_000, "microsecond": 10, "nanosecond": 0,
    "week": 7 * DAY,
}  # fmt: skip
_FORMAT = re.compile(r"yyyy|yy|MM|M|dd|d|HH|H|hh|h|mm|m|ss|s|f{1,7}|F{1,7}|tt|[-/ :,._\[\]TZ]")
_SPAN_FORMAT = re.compile(r"d{1,8}|HH|H|hh|h|mm|m|ss|s|f{1,7}|F{1,7}|[-/ :,._\[\]]")


def _of(year: int, month: int, day: int = 1) -> int | None:
    years, place = divmod(month - 1, 12)
    year, month = year + years, place + 1
    return of_date(datetime(year, month, min(day, calendar.monthrange(year, month)[1]))) if 1 <= year <= 9999 else None


def _week(ticks: int) -> int:
    """Sunday, 00:00."""
    return ticks - ticks % DAY - (ticks // DAY + 1) % 7 * DAY


def _start(unit: str, ticks: int, offset: int = 0) -> int | None:
    if abs(offset) > 4_000_000:
        return None
    if unit == "day":
        return kept(ticks - ticks % DAY + offset * DAY)
    if unit == "week":
        return kept(_week(ticks) + offset * 7 * DAY)
    date = to_date(ticks)
    return _of(date.year, date.month + offset) if unit == "month" else _of(date.year + offset, 1)


def _end(unit: str, ticks: int, offset: int = 0) -> int | None:
    following = _start(unit, ticks, offset + 1)
    return LAST if following is None else following - 1


def add(part: str, amount: int, ticks: int) -> int | None:
    """`datetime_add`."""
    part = part.lower()
    if part in ("year", "quarter", "month"):
        date = to_date(ticks)
        moved = _of(date.year, date.month + amount * {"year": 12, "quarter": 3, "month": 1}[part], date.day)
        return None if moved is None else kept(moved + ticks % DAY)
    if part == "nanosecond":
        return kept(ticks + amount // 100)
    return kept(ticks + amount * _UNITS[part]) if part in _UNITS else None


def difference(part: str, later: int, earlier: int) -> int | None:
    """`datetime_diff`: borders between the two."""
    part = part.lower()
    if part in ("year", "quarter", "month"):
        one, two = to_date(later), to_date(earlier)
        months = (one.year - two.year) * 12 + one.month - two.month
        if part == "year":
            return one.year - two.year
        return months if part == "month" else (one.year * 4 + (one.month - 1) // 3) - (two.year * 4 + (two.month - 1) // 3)
    if part == "week":
        return (_week(later) - _week(earlier)) // (7 * DAY)
    if part == "nanosecond":
        return (later - earlier) * 100
    return later // _UNITS[part] - earlier // _UNITS[part] if part in _UNITS else None


def _iso_week(ticks: int) -> int:
    return to_date(ticks).isocalendar()[1]


_PARTS: dict[str, Callable[[int], int]] = {
    "year": lambda t: to_date(t).year, "month": lambda t: to_date(t).month, "day": lambda t: to_date(t).day,
    "quarter": lambda t: (to_date(t).month - 1) // 3 + 1, "hour": lambda t: t % DAY // HOUR, "minute": lambda t: t % HOUR // MINUTE,
    "second": lambda t: t % MINUTE // SECOND, "millisecond": lambda t: t % SECOND // 10_000,
    "microsecond": lambda t: t % SECOND // 10, "nanosecond": lambda t: t % SECOND * 100,
    "dayofyear": lambda t: to_date(t).timetuple().tm_yday, "weekofyear": _iso_week, "week_of_year": _iso_week,
}  # fmt: skip


def part_of(part: str, ticks: int) -> int | None:
    """`datetime_part`."""
    read = _PARTS.get(part.lower())
    return read(ticks) if read is not None else None


def _formatted(pattern: re.Pattern[str], form: str, values: dict[str, Any]) -> str:
    found: list[str] = []
    place = 0
    while place < len(form):
        match = pattern.match(form, place)
        if match is None:
            return ""
        word = match.group()
        if word[0] in "fF":
            digits = f"{values['part']:07d}"[: len(word)]
            found.append(digits if word[0] == "f" else digits.rstrip("0"))
        elif word in values:
            found.append(values[word])
        elif word[0] == "d" and "days" in values:
            found.append(f"{values['days']:0{len(word)}d}")
        else:
            found.append(word)
        place = match.end()
    return "".join(found)


def _clock(ticks: int) -> dict[str, Any]:
    hour, minute, second = ticks % DAY // HOUR, ticks % HOUR // MINUTE, ticks % MINUTE // SECOND
    half = (hour - 1) % 12 + 1
    return {
        "HH": f"{hour:02d}", "H": f"{hour}", "hh": f"{half:02d}", "h": f"{half}", "mm": f"{minute:02d}", "m": f"{minute}",
        "ss": f"{second:02d}", "s": f"{second}", "part": ticks % SECOND, "tt": "AM" if hour < 12 else "PM",
    }  # fmt: skip


def format_time(ticks: int, form: str) -> str:
    """`format_datetime`; "" for a format that Kusto does not have."""
    date = to_date(ticks)
    values = _clock(ticks) | {
        "yyyy": f"{date.year:04d}", "yy": f"{date.year % 100:02d}", "MM": f"{date.month:02d}", "M": f"{date.month}",
        "dd": f"{date.day:02d}", "d": f"{date.day}",
    }  # fmt: skip
    return _formatted(_FORMAT, form, values)


def format_span(ticks: int, form: str) -> str:
    """`format_timespan`."""
    values = _clock(abs(ticks))
    values |= {"hh": values["HH"], "h": values["H"], "days": abs(ticks) // DAY}
    return ("-" if ticks < 0 else "") + _formatted(_SPAN_FORMAT, form, values)


def make_time(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: float = 0.0) -> int | None:
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        return None
    return kept(of_date(datetime(year, month, day)) + hour * HOUR + minute * MINUTE + round(second * SECOND))


def make_span(*parts: float) -> int | None:
    days, hours, minutes, seconds = ((0.0, *parts, 0.0) if len(parts) == 2 else (0.0, *parts) if len(parts) == 3 else parts)[:4]
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60):
        return None
    return int(days) * DAY + int(hours) * HOUR + int(minutes) * MINUTE + round(seconds * SECOND)


def _unix(scale: int) -> Callable[[float], int | None]:
    return lambda value: kept(EPOCH + (value * scale if isinstance(value, int) else round(value * scale)))


def local(ticks: int, zone: str, back: bool = False) -> int | None:
    """`datetime_utc_to_local` and `datetime_local_to_utc`."""
    import zoneinfo

    try:
        known = zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None
    date = to_date(ticks)
    shift = date.replace(tzinfo=known).utcoffset() if back else (
        date.replace(tzinfo=zoneinfo.ZoneInfo("UTC")).astimezone(known).utcoffset()
    )  # fmt: skip
    moved = (shift or timedelta()).total_seconds()
    return kept(ticks + round(-moved if back else moved) * SECOND)


FUNCTIONS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    **{
        f"startof{unit}": ("d?l", "datetime", lambda t, n=0, unit=unit: _start(unit, t, n))
        for unit in ("day", "week", "month", "year")
    },
    **{
        f"endof{unit}": ("d?l", "datetime", lambda t, n=0, unit=unit: _end(unit, t, n))
        for unit in ("day", "week", "month", "year")
    },
    "dayofweek": ("d", "timespan", lambda t: (t // DAY + 1) % 7 * DAY),
    "dayofmonth": ("d", "int", lambda t: to_date(t).day),
    "dayofyear": ("d", "int", _PARTS["dayofyear"]),
    "monthofyear": ("d", "int", _PARTS["month"]),
    "getmonth": ("d", "int", _PARTS["month"]),
    "getyear": ("d", "int", _PARTS["year"]),
    "hourofday": ("d", "int", _PARTS["hour"]),
    "weekofyear": ("d", "long", _iso_week),
    "week_of_year": ("d", "long", _iso_week),
    "datetime_add": ("sld", "datetime", add),
    "datetime_diff": ("sdd", "long", difference),
    "datetime_part": ("sd", "long", part_of),
    "datetime_utc_to_local": ("ds", "datetime", local),
    "datetime_local_to_utc": ("ds", "datetime", lambda ticks, zone: local(ticks, zone, True)),
    "format_datetime": ("ds", "string", format_time),
    "format_timespan": ("ts", "string", format_span),
    "make_datetime": ("lll?lln", "datetime", make_time),
    "make_timespan": ("nn?nn", "timespan", make_span),
    "unixtime_seconds_todatetime": ("n", "datetime", _unix(SECOND)),
    "unixtime_milliseconds_todatetime": ("n", "datetime", _unix(10_000)),
    "unixtime_microseconds_todatetime": ("n", "datetime", _unix(10)),
    "unixtime_nanoseconds_todatetime": ("n", "datetime", lambda value: kept(EPOCH + int(value) // 100)),
}
