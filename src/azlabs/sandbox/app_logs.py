"""The log of a function app: on the simulator the host's own lines, on Azure what Application Insights has kept.

A stream of an app's log (`/logstream`) is not there for Flex Consumption on Azure, so lines are asked for again and again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from azlabs.errors import AzlabsError, ExitCode
from azlabs.sandbox.apps import WEB_API, FunctionApp

if TYPE_CHECKING:
    from azlabs.cloud import Cloud

LEVELS = ("Trace", "Debug", "Information", "Warning", "Error", "Critical")
MOST = 1000
_FOLDER = "api/vfs/LogFiles/Application/Functions/Host"
_AUDIENCE = "https://management.azure.com"
_INSIGHTS = "https://api.applicationinsights.io"
_SETTING = "APPLICATIONINSIGHTS_CONNECTION_STRING"
_LOOK_SECONDS = {"simulator": 0.3, "azure": 15.0}
_LATE = timedelta(minutes=10)
"""How long after its time a line may still appear on Azure."""


@dataclass(frozen=True, slots=True)
class Line:
    """`function`: "" for lines of the host itself; `key`: the same for the same line."""

    time: datetime
    level: str
    function: str
    text: str
    key: str = ""

    def to_json(self) -> dict[str, str]:
        """The shape that `--json` prints."""
        return {"time": self.time.isoformat(), "level": self.level, "function": self.function, "text": self.text}


class Source(Protocol):
    """Where lines come from."""

    def lines(self) -> list[Line]:
        """Those that are new since the last call, oldest first; at first all that are kept, `MOST` at most."""


def source_of(cloud: Cloud, app: FunctionApp) -> Source:
    """The log of an app on a cloud. Raises AzlabsError where nothing is kept."""
    return _Insights(cloud, app, _application(cloud, app)) if cloud.costs_money else _Files(cloud, app)


def follow(cloud: Cloud, source: Source) -> Iterator[Line]:
    """New lines as they come, without end."""
    pause = _LOOK_SECONDS["azure" if cloud.costs_money else "simulator"]
    while True:
        yield from source.lines()
        time.sleep(pause)


@dataclass(slots=True)
class _Files:
    """Two files of JSON lines that the simulator's host writes: the second follows the first."""

    cloud: Cloud
    app: FunctionApp
    _mark: str = ""
    _offset: int = 0

    def lines(self) -> list[Line]:
        raw = b""
        if not self._mark:
            raw = self._read("log.1.jsonl", 0)[1]
        mark, content = self._read("log.jsonl", self._offset)
        if mark != self._mark and self._mark:
            # The file has begun anew: what was written to the old one in the meantime stands in the older file.
            raw, (mark, content) = self._read("log.1.jsonl", self._offset)[1], self._read("log.jsonl", 0)
            self._offset = 0
        whole, _, _ = content.rpartition(b"\n")
        if whole:
            self._offset += len(whole) + 1
        self._mark = mark or self._mark
        return [line for one in (raw + (whole + b"\n" if whole else b"")).splitlines() if (line := _line(one))][-MOST:]

    def _read(self, name: str, offset: int) -> tuple[str, bytes]:
        headers = {"range": f"bytes={offset}-"} if offset else {}
        found = self.cloud.send("GET", f"https://{self.app.engine}/{_FOLDER}/{name}", headers=headers, audience=_AUDIENCE)
        mark = found.headers.get("etag", "")
        return mark, found.content if found.status in (200, 206) else b""


def _line(raw: bytes) -> Line | None:
    try:
        one = json.loads(raw)
        moment = datetime.fromtimestamp(float(one["time"]), UTC)
        return Line(moment, str(one["level"]), str(one["function"]), str(one["text"]))
    except (ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class _Insights:
    """Traces and exceptions in Application Insights; they arrive minutes after their time."""

    cloud: Cloud
    app: FunctionApp
    application: str
    _seen: dict[str, datetime] = field(default_factory=dict)
    _since: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=1))

    def lines(self) -> list[Line]:
        query = (
            f"union traces, exceptions | where timestamp > datetime({self._since.isoformat()}) "
            f"| where cloud_RoleName =~ '{self.app.name}' "
            "| extend text = iff(itemType == 'exception', strcat(type, ': ', outerMessage), message) "
            f"| project timestamp, severityLevel, operation_Name, text, itemId | order by timestamp asc | take {MOST}"
        )
        content = json.dumps({"query": query}).encode()
        url = f"{_INSIGHTS}/v1/apps/{self.application}/query"
        said = self.cloud.send("POST", url, headers={"content-type": "application/json"}, content=content, audience=_INSIGHTS)
        if said.status != 200:
            from azlabs.cloud.errors import error_from

            raise error_from(said.status, said.content, f"the logs of {self.app.name}")
        found = [line for row in said.json["tables"][0]["rows"] if (line := _of_row(row)).key not in self._seen]
        now = datetime.now(UTC)
        self._seen = {key: at for key, at in self._seen.items() if now - at < 2 * _LATE} | {line.key: line.time for line in found}
        self._since = max(self._since, now - _LATE)
        return found


def _of_row(row: list[Any]) -> Line:
    moment = datetime.fromisoformat(str(row[0]).replace("Z", "+00:00"))
    level = LEVELS[min(int(row[1] if row[1] is not None else 1) + 1, len(LEVELS) - 1)]
    return Line(moment, level, str(row[2] or ""), str(row[3] or ""), str(row[4]))


def _application(cloud: Cloud, app: FunctionApp) -> str:
    """The application id in Application Insights that an app's settings name."""
    settings = cloud.request("POST", f"{app.id}/config/appsettings/list", WEB_API).json["properties"]
    parts = dict(part.partition("=")[::2] for part in str(settings.get(_SETTING) or "").split(";"))
    if not parts.get("ApplicationId"):
        raise AzlabsError(
            f"Nothing keeps the log of {app.name}: the setting {_SETTING} is missing.",
            action=f"Set {_SETTING} to the connection string of an Application Insights component.",
            code="NoLogs",
            exit_code=ExitCode.UNREACHABLE,
        )
    return parts["ApplicationId"]
