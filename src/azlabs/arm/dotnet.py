"""Composite formatting as .NET does it with the invariant culture: `format('{0,5:N2}', x)`, dates, durations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.limits import STRING_LENGTH
from azlabs.arm.values import bounded, compact, number_text, too_long

_ITEM = re.compile(r"\{\{|\}\}|\{\s*(\d{1,6})\s*(?:,\s*(-?\d{1,9})\s*)?(?::((?:[^{}]|\{\{|\}\})*))?\}|[{}]|[^{}]+")


def composite(pattern: str, arguments: Sequence[Any]) -> str:
    """.NET's String.Format of JSON values; raises ExpressionError for a bad pattern or index."""
    return bounded(_pieces(pattern, arguments))


def _pieces(pattern: str, arguments: Sequence[Any]) -> Iterator[str]:
    for match in _ITEM.finditer(pattern):
        text = match[0]
        if match[1] is not None:
            index = int(match[1])
            if index >= len(arguments):
                raise _bad(
                    "Index (zero based) must be greater than or equal to zero and less than the size of the"
                    " argument list."
                )
            yield _align(_value(arguments[index], match[3] or ""), int(match[2] or 0))
        elif text in ("{{", "}}"):
            yield text[0]
        elif text in ("{", "}"):
            raise _bad("Input string was not in a correct format.")
        else:
            yield text


def _bad(reason: str) -> ExpressionError:
    return ExpressionError(
        f"Unable to evaluate template language function 'format': '{reason}' "
        "Please see https://aka.ms/arm-functions#format for usage details."
    )


def _align(text: str, width: int) -> str:
    if abs(width) > STRING_LENGTH:
        raise too_long()
    return text.ljust(-width) if width < 0 else text.rjust(width)


def _value(value: Any, spec: str) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return number(value, spec)
    return compact(value).replace('"', "'")


def number(value: int | float, spec: str) -> str:
    """A number under a standard ("N2", "x8", "D5") or custom ("#,##0.00") format string."""
    if not spec:
        return number_text(value)
    standard = re.fullmatch(r"([A-Za-z])(\d{0,3})", spec)
    if standard is None:
        return _custom_number(value, spec)
    kind, digits = standard[1], int(standard[2]) if standard[2] else None
    whole = int(value)
    match kind.upper():
        case "D":
            sign = "-" if whole < 0 else ""
            return sign + str(abs(whole)).rjust(digits or 0, "0")
        case "X" | "B":
            raw = format(
                whole & (2**64 - 1 if not -(2**31) <= whole < 2**31 else 2**32 - 1), kind if kind != "B" else "b"
            )
            return raw.rjust(digits or 0, "0")
        case "N":
            return _fixed(value, 2 if digits is None else digits, ",")
        case "F":
            return _fixed(value, 2 if digits is None else digits, "")
        case "P":
            return _fixed(Decimal(str(value)) * 100, 2 if digits is None else digits, ",") + " %"
        case "C":
            text = _fixed(abs(value), 2 if digits is None else digits, ",")
            return f"(¤{text})" if value < 0 else f"¤{text}"
        case "E":
            mantissa, exponent = format(value, f".{6 if digits is None else digits}{kind}").split(kind)
            return f"{mantissa}{kind}{exponent[0]}{exponent[1:].rjust(3, '0')}"
        case "G" | "R":
            return number_text(value)
    raise _bad("Format specifier was invalid.")


def _fixed(value: int | float | Decimal, digits: int, group: str) -> str:
    exact = (
        Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
        if digits < 25
        else Decimal(str(value))
    )
    return format(exact, f"{group}.{digits}f")


def _custom_number(value: int | float, spec: str) -> str:
    sections = spec.split(";")
    section = sections[1] if value < 0 and len(sections) > 1 else sections[0]
    if value == 0 and len(sections) > 2:
        section = sections[2]
    pattern = re.search(r"[0#][0#,.]*", section)
    if pattern is None:
        return section
    whole, _, fraction = pattern[0].partition(".")
    digits = len(fraction)
    text = _fixed(abs(value), digits, "," if "," in whole.strip(",") else "")
    left, _, right = text.partition(".")
    least = whole.count("0")
    left = left.rjust(least, "0") if left != "0" or least else ""
    keep = fraction.rfind("0") + 1
    while len(right) > keep and right.endswith("0"):
        right = right[:-1]
    shown = left + (f".{right}" if right else "")
    sign = "-" if value < 0 and len(sections) < 2 else ""
    return sign + section[: pattern.start()].replace("'", "") + shown + section[pattern.end() :].replace("'", "")


_STANDARD_DATES = {
    "d": "MM/dd/yyyy",
    "D": "dddd, dd MMMM yyyy",
    "f": "dddd, dd MMMM yyyy HH:mm",
    "F": "dddd, dd MMMM yyyy HH:mm:ss",
    "g": "MM/dd/yyyy HH:mm",
    "G": "MM/dd/yyyy HH:mm:ss",
    "m": "MMMM dd",
    "M": "MMMM dd",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffffZ",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffffZ",
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "HH:mm",
    "T": "HH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ssZ",
    "U": "dddd, dd MMMM yyyy HH:mm:ss",
    "y": "yyyy MMMM",
    "Y": "yyyy MMMM",
}
_DATE_PART = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|%[A-Za-z]|y+|M+|d+|H+|h+|m+|s+|f+|F+|t+|z+|K|g+|.")


def date(moment: datetime, spec: str) -> str:
    """A UTC time under a .NET format string."""
    if len(spec) == 1:
        if spec not in _STANDARD_DATES:
            raise ExpressionError("Input string was not in a correct format: the date format is not known.")
        spec = _STANDARD_DATES[spec]
    return bounded(_date_part(moment, part) for part in _DATE_PART.findall(spec))


def _date_part(at: datetime, part: str) -> str:
    if part[0] in "'\"":
        return part[1:-1] if len(part) > 1 else part
    if part[0] in "\\%" and len(part) == 2:
        return part[1] if part[0] == "\\" else _date_part(at, part[1])
    length, kind = len(part), part[0]
    ticks = f"{at.microsecond:06d}0"
    match kind:
        case "y":
            return str(at.year).rjust(length, "0") if length > 2 else str(at.year % 100).rjust(length, "0")
        case "M" | "d" if length > 2:
            names = {("M", 3): "%b", ("d", 3): "%a"}
            return at.strftime(names.get((kind, length), "%B" if kind == "M" else "%A"))
        case "t":
            return at.strftime("%p")[: min(length, 2)]
        case "f" | "F":
            digits = ticks[: min(length, 7)]
            return digits if kind == "f" else digits.rstrip("0")
        case "z":
            return {1: "+0", 2: "+00"}.get(length, "+00:00")
        case "K":
            return "Z"
        case "g":
            return "A.D."
    numbers = {"M": at.month, "d": at.day, "H": at.hour, "h": at.hour % 12 or 12, "m": at.minute, "s": at.second}
    return str(numbers[kind]).rjust(min(length, 2), "0") if kind in numbers else part


_DATES = (
    re.compile(
        r"\s*(?P<y>\d{4})-(?P<M>\d\d?)-(?P<d>\d\d?)"
        r"(?:[T ]\s*(?P<H>\d\d?):(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<z>Z|[+-]\d\d:?\d\d)?)?\s*\Z",
        re.IGNORECASE,
    ),
    re.compile(
        r"\s*(?P<M>\d\d?)/(?P<d>\d\d?)/(?P<y>\d{4})"
        r"(?:\s+(?P<H>\d\d?):(?P<m>\d\d)(?::(?P<s>\d\d)(?P<f>(?!))?)?\s*(?P<z>Z|[+-]\d\d:?\d\d)?)?\s*\Z",
        re.IGNORECASE,
    ),
    re.compile(r"\s*(?P<y>\d{4})(?P<M>\d\d)(?P<d>\d\d)T(?P<H>\d\d)(?P<m>\d\d)(?P<s>\d\d)(?P<f>(?!))?(?P<z>Z)?\s*\Z"),
)


def parse_date(text: str) -> datetime:
    """Reads a date, UTC when it names no offset; raises ExpressionError."""
    match = next(filter(None, (pattern.match(text) for pattern in _DATES)), None)
    if match is None:
        raise ExpressionError(f"The value '{text[:60]}' is not a valid date and time.")
    part = match.groupdict()
    try:
        moment = datetime(
            int(part["y"]), int(part["M"]), int(part["d"]), int(part["H"] or 0), int(part["m"] or 0),
            int(part["s"] or 0), int((part["f"] or "0")[:6].ljust(6, "0")), tzinfo=UTC,
        )  # fmt: skip
        zone = part["z"] or "Z"
        if zone.upper() != "Z":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            moment = moment - offset if zone[0] == "+" else moment + offset
    except (ValueError, OverflowError) as problem:
        raise ExpressionError(f"The value '{text[:60]}' is not a valid date and time.") from problem
    return moment


_DURATION = re.compile(
    r"(-)?P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?\Z"
)


def parse_duration(text: str) -> timedelta:
    """Reads an ISO 8601 duration; a year is 365 days and a month 30, as .NET's XmlConvert has it."""
    match = _DURATION.match(text)
    if match is None:
        raise ExpressionError(f"The value '{text[:60]}' is not a valid duration of ISO 8601.")
    years, months, weeks, days, hours, minutes, seconds = (int((item or "0")[:12]) for item in match.groups()[1:8])
    fraction = float(f"0.{(match[9] or '0')[:9]}")
    try:
        span = timedelta(
            days=years * 365 + months * 30 + weeks * 7 + days, hours=hours, minutes=minutes, seconds=seconds + fraction
        )
    except OverflowError as problem:
        raise ExpressionError(f"The duration '{text[:60]}' is out of range.") from problem
    return -span if match[1] else span
