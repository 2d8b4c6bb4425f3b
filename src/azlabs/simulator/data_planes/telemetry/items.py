"""Envelopes of telemetry as programs send them, and the rows they become. Limits are those of Application Insights."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from azlabs.simulator.data_planes.telemetry.tables import KINDS, Kind
from azlabs.simulator.http import dumps
from azlabs.simulator.kql import times

OLDEST, NEWEST = 48 * times.HOUR, 2 * times.HOUR
_COUNTER = re.compile(r"\\([^\\(]+)(?:\(([^)]*)\))?\\(.+)")
_SEVERITIES = {"verbose": 0, "information": 1, "warning": 2, "error": 3, "critical": 4}
_BUCKETS = (
    (250, "<250ms"), (500, "250ms-500ms"), (1000, "500ms-1sec"), (3000, "1sec-3sec"), (7000, "3sec-7sec"), (15_000, "7sec-15sec"),
    (30_000, "15sec-30sec"), (60_000, "30sec-1min"), (120_000, "1min-2min"), (300_000, "2min-5min"), (math.inf, ">=5min"),
)  # fmt: skip
Values = dict[str, Any]


class ItemRefused(Exception):
    """One envelope is not accepted; the others are."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


def _text(value: Any, most: int = 1024) -> str:
    """A text, cut to what is kept."""
    if value.__class__ is str:
        return str(value[:most])
    return "" if value is None else dumps(value)[:most] if isinstance(value, (dict, list)) else str(value)[:most]


def _number(value: Any) -> float | None:
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def _milliseconds(value: Any) -> float:
    """Of a duration like 0.00:00:01.234."""
    if value.__class__ is str and len(value) < 40:
        ticks = times.parse_span(value)
        if ticks is None and value.rfind(".") > value.rfind(":"):
            ticks = times.parse_span(value[: value.rfind(".") + 8])
        if ticks is not None:
            return ticks / 10_000
    return 0.0


def bucket(milliseconds: float) -> str:
    """The range that a duration falls into."""
    return next(name for end, name in _BUCKETS if milliseconds < end)


def _duration(data: Values) -> tuple[float, str]:
    found = _milliseconds(data.get("duration"))
    return found, bucket(found)


def _bool(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return bool(value) if isinstance(value, (bool, int)) else None


def _severity(value: Any) -> int | None:
    if isinstance(value, str):
        return _SEVERITIES.get(value.lower())
    return value if isinstance(value, int) and 0 <= value <= 4 else None


# --- what is special about each kind ---------------------------------------------------------------------------------------
def _request(data: Values) -> list[Any]:
    return [_text(data.get("id"), 512), _text(data.get("name")), _text(data.get("url"), 2048), _bool(data.get("success", True)),
            _text(data.get("responseCode")), *_duration(data), _text(data.get("source"))]  # fmt: skip


def _dependency(data: Values) -> list[Any]:
    return [_text(data.get("id"), 512), _text(data.get("name")), _text(data.get("target")), _text(data.get("type")),
            _text(data.get("data"), 8192), _bool(data.get("success", True)), _text(data.get("resultCode")), *_duration(data)]  # fmt: skip


def _message(data: Values) -> list[Any]:
    return [_text(data.get("message"), 32_768), _severity(data.get("severityLevel"))]


def _exception(data: Values) -> list[Any]:
    found = [one for one in data.get("exceptions") or () if isinstance(one, dict)][:50]
    if not found:
        raise ItemRefused("Field 'exceptions' on type 'ExceptionData' is required but missing or empty.")
    outer, inner = found[0], found[-1]
    kind, method = _text(outer.get("typeName")), _method(outer)
    details = [
        {
            "severityLevel": data.get("severityLevel"), "outerId": str(one.get("outerId") or 0), "id": str(one.get("id") or 0),
            "message": _text(one.get("message"), 32_768), "type": _text(one.get("typeName")), "rawStack": _text(one.get("stack"), 32_768),
            "parsedStack": [frame for frame in one.get("parsedStack") or () if isinstance(frame, dict)][:100],
        }
        for one in found
    ]  # fmt: skip
    texts = [
        _text(data.get("problemId")) or (f"{kind} at {method}" if method else kind), _text(data.get("handledAt")), kind, "",
        _assembly(outer), method, kind, _text(outer.get("message"), 32_768), _assembly(outer), method, _text(inner.get("typeName")),
        _text(inner.get("message"), 32_768), _assembly(inner), _method(inner),
    ]  # fmt: skip
    return [*texts, _severity(data.get("severityLevel")), dumps(_finite(details))]


def _frame(one: Values, name: str) -> str:
    frames = one.get("parsedStack") or []
    return _text(frames[0].get(name)) if frames and isinstance(frames[0], dict) else ""


def _method(one: Values) -> str:
    return _frame(one, "method")


def _assembly(one: Values) -> str:
    return _frame(one, "assembly")


def _event(data: Values) -> list[Any]:
    return [_text(data.get("name"), 512)]


def _metric(data: Values) -> list[Any]:
    points = data.get("metrics")
    point = points[0] if isinstance(points, list) and points else None
    if not isinstance(point, dict) or not point.get("name"):
        raise ItemRefused("Field 'metrics' on type 'MetricData' is required but missing or empty.")
    value, count = _number(point.get("value")), point.get("count")
    if value is None:
        raise ItemRefused("Field 'value' on type 'DataPoint' is required but missing or not a number.")
    low, high = (value if found is None else found for found in (_number(point.get("min")), _number(point.get("max"))))
    return [
        _text(point["name"]),
        value,
        low,
        high,
        count if isinstance(count, int) and 0 < count < 1 << 31 else 1,
        _number(point.get("stdDev")) or 0.0,
    ]


def _counter(data: Values) -> list[Any]:
    """A metric with the path of a Windows performance counter as its name."""
    points = data.get("metrics") or [{}]
    name, value = (str(points[0].get("name")), points[0].get("value")) if "metrics" in data else ("", data.get("value"))
    match = _COUNTER.fullmatch(name)
    category, instance, counter = match.groups() if match is not None else (
        data.get("categoryName"), data.get("instanceName"), data.get("counterName")
    )  # fmt: skip
    return [_text(counter), _text(category), _text(counter), _text(instance), _number(value)]


def _page(data: Values) -> list[Any]:
    return [_text(data.get("id"), 512), _text(data.get("name")), _text(data.get("url"), 2048), *_duration(data)]


def _availability(data: Values) -> list[Any]:
    return [_text(data.get("id"), 512), _text(data.get("name")), _text(data.get("runLocation")), _bool(data.get("success")),
            _text(data.get("message"), 8192), _number(data.get("size")), *_duration(data)]  # fmt: skip


_OWN: dict[str, Callable[[Values], list[Any]]] = {
    "RequestData": _request, "RemoteDependencyData": _dependency, "MessageData": _message, "ExceptionData": _exception,
    "EventData": _event, "MetricData": _metric, "PageViewData": _page, "AvailabilityData": _availability,
    "PerformanceCounterData": _counter,
}  # fmt: skip
_TAGS = (
    "ai.operation.name", "ai.operation.id", "ai.operation.parentId", "ai.operation.syntheticSource", "ai.session.id", "ai.user.id",
    "ai.user.authUserId", "ai.user.accountId", "ai.application.ver", "ai.cloud.role", "ai.cloud.roleInstance",
)  # fmt: skip


def _finite(value: Any) -> Any:
    from azlabs.simulator.kql.values import plain

    return plain(value)


def _properties(given: Any) -> str | None:
    """Properties as JSON text: values are texts, cut to 8,192 characters."""
    if not isinstance(given, dict) or not given:
        return None
    return dumps({str(name)[:150]: _text(value, 8192) for name, value in given.items()})


def _measurements(given: Any) -> str | None:
    if not isinstance(given, dict) or not given:
        return None
    found = {str(name)[:150]: number for name, value in given.items() if (number := _number(value)) is not None}
    return dumps(found)


def row_of(envelope: Any, now: int) -> tuple[Kind, list[Any]]:
    """(kind, values in the order of its fields) of an envelope. `now` in ticks. Raises ItemRefused."""
    data = envelope.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("baseData"), dict):
        raise ItemRefused("Field 'data' on type 'Envelope' is required but missing or empty. Expected: object, Actual: undefined")
    own: Values = data["baseData"]
    base_type = data.get("baseType")
    if base_type == "MetricData":
        points = own.get("metrics")
        if (
            isinstance(points, list)
            and points
            and isinstance(points[0], dict)
            and str(points[0].get("name", "")).startswith("\\")
        ):
            base_type = "PerformanceCounterData"
    kind = KINDS.get(base_type) if isinstance(base_type, str) else None
    if kind is None or not isinstance(base_type, str):
        raise ItemRefused(
            f"Field 'baseType' on type 'Data' has the value '{_text(base_type, 60)}', which is not a type of telemetry."
        )
    stamp = envelope.get("time")
    moment = times.parse_time(stamp) if isinstance(stamp, str) else None
    if moment is None:
        raise ItemRefused("Field 'time' on type 'Envelope' is required but missing or not a date.")
    if moment < now - OLDEST:
        raise ItemRefused("Field 'time' on type 'Envelope' is older than the allowed min date. Expected: now - 172800000ms, "
                          f"Actual: now - {(now - moment) // 10_000}ms")  # fmt: skip
    if moment > now + NEWEST:
        raise ItemRefused("Field 'time' on type 'Envelope' is newer than the allowed max date. Expected: now + 7200000ms, "
                          f"Actual: now + {(moment - now) // 10_000}ms")  # fmt: skip
    tags = envelope.get("tags")
    tags = tags if isinstance(tags, dict) else {}
    rate = _number(envelope.get("sampleRate")) or 100.0
    found: list[Any] = [moment]
    found += [_text(tags.get(name)) for name in _TAGS]
    browser = tags.get("ai.device.type") == "Browser"
    found += ["Browser" if browser else "PC", _text(tags.get("ai.device.model")), _text(tags.get("ai.device.osVersion")),
              
              "0.0.0.0", "", "", "", _text(tags.get("ai.user.userAgent"), 256) if browser else "",
              _text(tags.get("ai.internal.sdkVersion"), 64),
              max(1, round(100 / rate)) if 1e-6 < rate <= 100 else 1, _properties(own.get("properties"))]  # fmt: skip
    found += _OWN[base_type](own)
    if kind.measured:
        found.append(_measurements(own.get("measurements")))
    return kind, found


def envelopes(body: bytes) -> list[Any]:
    """Envelopes of a body: a JSON array, one object, or one object a line. What is not JSON becomes an ItemRefused.

    Raises ValueError where nothing can be read.
    """
    text = body.decode("utf-8-sig", "replace").strip()
    if not text:
        raise ValueError("empty")
    if text.startswith("["):
        found = json.loads(text)
        return list(found)
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) > 1 and text.startswith("{"):
        parsed: list[Any] = []
        for line in lines:
            try:
                parsed.append(json.loads(line))
            except (ValueError, RecursionError):
                parsed.append(ItemRefused("The item is not valid JSON."))
        if not all(isinstance(one, ItemRefused) for one in parsed):
            return parsed
    return [json.loads(text)]
