"""Functions of dates; times are UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from azlabs.arm.dotnet import date, parse_date, parse_duration
from azlabs.arm.errors import ExpressionError
from azlabs.arm.functions import function, invalid
from azlabs.arm.functions.arguments import integer, string

_ISO = "yyyy-MM-ddTHH:mm:ssZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@function("dateTimeAdd", 2, 3)
def _date_time_add(base: Any, duration: Any, pattern: Any = _ISO) -> str:
    span = parse_duration(string("dateTimeAdd", duration))
    try:
        moment = parse_date(string("dateTimeAdd", base)) + span
    except OverflowError:
        raise invalid("dateTimeAdd", "result is not a date that can be represented.") from None
    return date(moment, string("dateTimeAdd", pattern) or _ISO)


@function("dateTimeFromEpoch", 1)
def _date_time_from_epoch(seconds: Any) -> str:
    try:
        return date(_EPOCH + timedelta(seconds=integer("dateTimeFromEpoch", seconds)), _ISO)
    except OverflowError:
        raise invalid("dateTimeFromEpoch", "parameter is not a time that can be represented.") from None


@function("dateTimeToEpoch", 1)
def _date_time_to_epoch(text: Any) -> int:
    return int((parse_date(string("dateTimeToEpoch", text)) - _EPOCH).total_seconds() // 1)


@function("utcNow", 0, 1, context=True)
def _utc_now(context: Any, pattern: Any = "yyyyMMddTHHmmssZ") -> str:
    if "utcnow" not in context.allow:
        raise ExpressionError(
            "The template function 'utcNow' is not expected at this location. "
            "Please see https://aka.ms/arm-functions for usage details."
        )
    return date(datetime.now(UTC), string("utcNow", pattern) or "G")
