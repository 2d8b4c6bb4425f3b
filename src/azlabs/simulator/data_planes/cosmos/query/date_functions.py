"""Functions of dates: text as YYYY-MM-DDThh:mm:ss.fffffffZ, ticks of 100 ns since year 1, milliseconds since 1970."""

from __future__ import annotations

import re
import time
from datetime import UTC, date, datetime
from typing import Any

from azlabs.simulator.data_planes.cosmos.query.functions import Function, typed
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED, number

_TEXT = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?(Z|[+-]\d\d:\d\d)?)?")
_EPOCH = 621_355_968_000_000_000
_DAY = 864_000_000_000
_UNITS = {"day": _DAY, "hour": 36_000_000_000, "minute": 600_000_000, "second": 10_000_000, "millisecond": 10_000, "microsecond": 10}
_NAMES = {
    "year": "year", "yyyy": "year", "yy": "year", "month": "month", "mm": "month", "m": "month", "day": "day", "dd": "day", "d": "day",
    "hour": "hour", "hh": "hour", "minute": "minute", "mi": "minute", "n": "minute", "second": "second", "ss": "second", "s": "second",
    "millisecond": "millisecond", "ms": "millisecond", "microsecond": "microsecond", "mcs": "microsecond",
    "nanosecond": "nanosecond", "ns": "nanosecond", "weekday": "weekday", "dw": "weekday", "w": "weekday",
    "week": "week", "wk": "week", "ww": "week",
}  # fmt: skip


def ticks(text: str) -> int | None:
    """Ticks of a date text; None when it is none."""
    match = _TEXT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        days = date(year, month, day).toordinal() - 1
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    found = days * _DAY + (hour * 3600 + minute * 60 + second) * 10_000_000 + int((match.group(7) or "").ljust(7, "0"))
    zone = match.group(8)
    if zone and zone != "Z":
        shift = (int(zone[1:3]) * 60 + int(zone[4:])) * 600_000_000
        found -= shift if zone[0] == "+" else -shift
    return found


def text(value: int) -> Any:
    """The text of ticks; undefined outside of the calendar."""
    days, rest = divmod(value, _DAY)
    try:
        day = date.fromordinal(days + 1)
    except (ValueError, OverflowError):
        return UNDEFINED
    seconds, fraction = divmod(rest, 10_000_000)
    return f"{day.isoformat()}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:07d}Z"


def _now() -> int:
    return _EPOCH + time.time_ns() // 100


def _months(value: int, count: int) -> int | None:
    day, rest = divmod(value, _DAY)
    old = date.fromordinal(day + 1)
    total = old.year * 12 + old.month - 1 + count
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:
        return None
    length = [31, 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    return (date(year, month + 1, min(old.day, length)).toordinal() - 1) * _DAY + rest


def _add(part: str, count: Any, moment: str) -> Any:
    start, unit = ticks(moment), _NAMES.get(part.lower())
    if start is None or unit is None:
        return UNDEFINED
    count = int(count)
    if unit in ("year", "month"):
        found = _months(start, count * 12 if unit == "year" else count)
        return UNDEFINED if found is None else text(found)
    if unit == "nanosecond":
        return text(start + count // 100)
    return text(start + count * _UNITS[unit]) if unit in _UNITS else UNDEFINED


def _difference(part: str, first: str, second: str) -> Any:
    start, end, unit = ticks(first), ticks(second), _NAMES.get(part.lower())
    if start is None or end is None or unit is None:
        return UNDEFINED
    if unit in ("year", "month"):
        old, new = date.fromordinal(start // _DAY + 1), date.fromordinal(end // _DAY + 1)
        years = new.year - old.year
        return years if unit == "year" else years * 12 + new.month - old.month
    if unit == "nanosecond":
        return number((end - start) * 100)
    return end // _UNITS[unit] - start // _UNITS[unit] if unit in _UNITS else UNDEFINED


def _part(part: str, moment: str) -> Any:
    value, unit = ticks(moment), _NAMES.get(part.lower())
    if value is None or unit is None:
        return UNDEFINED
    day, rest = date.fromordinal(value // _DAY + 1), value % _DAY
    seconds, fraction = divmod(rest, 10_000_000)
    return {
        "year": day.year, "month": day.month, "day": day.day, "hour": seconds // 3600, "minute": seconds // 60 % 60,
        "second": seconds % 60, "millisecond": fraction // 10_000, "microsecond": fraction // 10, "nanosecond": fraction * 100,
        "weekday": day.isoweekday() % 7 + 1, "week": int(day.strftime("%U")) + (0 if date(day.year, 1, 1).weekday() == 6 else 1),
    }[unit]  # fmt: skip


def _bin(moment: str, part: str, size: Any = 1, origin: str = "0001-01-01T00:00:00.0000000Z") -> Any:
    value, start, unit = ticks(moment), ticks(origin), _NAMES.get(part.lower())
    if value is None or start is None or unit not in _UNITS or size < 1:
        return UNDEFINED
    step = _UNITS[unit] * int(size)
    return text(start + (value - start) // step * step)


def _from_parts(year: Any, month: Any, day: Any, hour: Any = 0, minute: Any = 0, second: Any = 0, fraction: Any = 0) -> Any:
    if not 0 <= fraction < 10_000_000:
        return UNDEFINED
    spelled = f"{int(year):04d}-{int(month):02d}-{int(day):02d}T{int(hour):02d}:{int(minute):02d}:{int(second):02d}.{int(fraction):07d}Z"
    return spelled if ticks(spelled) is not None else UNDEFINED


def _to_ticks(moment: str) -> Any:
    value = ticks(moment)
    return UNDEFINED if value is None else value - _EPOCH


def _to_milliseconds(moment: str) -> Any:
    value = ticks(moment)
    return UNDEFINED if value is None else (value - _EPOCH) // 10_000


def _format(moment: str, pattern: str) -> Any:
    value = ticks(moment)
    if value is None:
        return UNDEFINED
    at = datetime.fromordinal(value // _DAY + 1).replace(tzinfo=UTC)
    seconds = value % _DAY // 10_000_000
    words = {
        "yyyy": f"{at.year:04d}", "yy": f"{at.year % 100:02d}", "MM": f"{at.month:02d}", "dd": f"{at.day:02d}",
        "HH": f"{seconds // 3600:02d}", "mm": f"{seconds // 60 % 60:02d}", "ss": f"{seconds % 60:02d}",
    }  # fmt: skip
    return re.sub("|".join(words), lambda match: words[match.group()], pattern)


def _current(step: int) -> Any:
    return lambda: (_now() - _EPOCH) // step


FUNCTIONS: dict[str, Function] = {
    "DATETIMEADD": Function(typed("s", "n", "s")(_add), 3, 3),
    "DATETIMEBIN": Function(typed("s", "s", "n", "s")(_bin), 2, 4),
    "DATETIMEDIFF": Function(typed("s")(_difference), 3, 3),
    "DATETIMEFORMAT": Function(typed("s")(_format), 2, 2),
    "DATETIMEFROMPARTS": Function(typed("i")(_from_parts), 3, 7),
    "DATETIMEPART": Function(typed("s")(_part), 2, 2),
    "DATETIMETOTICKS": Function(typed("s")(_to_ticks), 1, 1),
    "DATETIMETOTIMESTAMP": Function(typed("s")(_to_milliseconds), 1, 1),
    "TICKSTODATETIME": Function(typed("n")(lambda value: text(int(value) + _EPOCH)), 1, 1),
    "TIMESTAMPTODATETIME": Function(typed("n")(lambda value: text(int(value) * 10_000 + _EPOCH)), 1, 1),
    "GETCURRENTDATETIME": Function(lambda: text(_now()), 0, 0),
    "GETCURRENTTICKS": Function(_current(1), 0, 0),
    "GETCURRENTTIMESTAMP": Function(_current(10_000), 0, 0),
    "GETCURRENTDATETIMESTATIC": Function(lambda: text(_now()), 0, 0),
    "GETCURRENTTICKSSTATIC": Function(_current(1), 0, 0),
    "GETCURRENTTIMESTAMPSTATIC": Function(_current(10_000), 0, 0),
}
