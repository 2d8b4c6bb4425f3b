"""Logs of a workspace, asked in KQL.

    lab.logs.query(lab.outputs["workspaceCustomerId"], "AppRequests | where OperationId == '...' | take 10")
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from azlabs.cloud.errors import error_from

__all__ = ["LogsProbe"]

_HOST = "https://api.loganalytics.io"


class CloudLike(Protocol):
    """A cloud as checks see it."""

    @property
    def send(self) -> Callable[..., Any]: ...


class LogsProbe:
    """Queries over the public API of Log Analytics."""

    def __init__(self, cloud: CloudLike) -> None:
        self._cloud = cloud

    def query(self, workspace: str, text: str, timespan: str = "PT1H") -> list[dict[str, Any]]:
        """The rows of the first table that a query gives, by column. `workspace`: its customer id (a GUID); `timespan`:
        an ISO 8601 duration or interval. Raises AzureError."""
        said = self._cloud.send(
            "POST",
            f"{_HOST}/v1/workspaces/{workspace}/query",
            headers={"content-type": "application/json"},
            content=json.dumps({"query": text, "timespan": timespan}).encode(),
            audience=_HOST,
        )
        if said.status >= 400 or not isinstance(said.json, dict):
            raise error_from(said.status, said.content, "POST a query of logs")
        tables = said.json.get("tables") or []
        if not tables:
            return []
        names = [str(column["name"]) for column in tables[0]["columns"]]
        return [dict(zip(names, row, strict=True)) for row in tables[0]["rows"]]
