"""Connect the app with Application Insights, and let it continue the trace that a message brings along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
STAGES = ("ingest", "search", "poison", "trace")
SITES, COMPONENTS = "2024-04-01", "2020-02-02"


def solve(lab: Any) -> None:
    """The setting first, so that the app starts once."""
    component = lab.cloud.get(lab.outputs["componentId"], COMPONENTS)
    app = lab.outputs["functionAppId"]
    settings = lab.cloud.request("POST", f"{app}/config/appsettings/list", SITES).json["properties"]
    settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] = component["properties"]["ConnectionString"]
    lab.cloud.run("PUT", f"{app}/config/appsettings", SITES, {"properties": settings})
    lab.publish(lab.app, *(HERE / stage for stage in STAGES))
