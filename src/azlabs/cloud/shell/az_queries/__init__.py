"""An extension of the Azure CLI for shells of the simulator: `az monitor log-analytics query`, `az monitor app-insights query`
and `az monitor app-insights component show`.

Microsoft's extensions of these names come from a download that a shell without a network cannot make. This one asks the
same addresses and prints the same. It runs in the interpreter of `az` and imports nothing of azlabs.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

from azure.cli.core import AzCommandsLoader
from azure.cli.core.commands import CliCommandType

LOGS, INSIGHTS = "https://api.loganalytics.io", "https://api.applicationinsights.io"
_OFFSET = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")


def _post(cmd: Any, resource: str, path: str, body: dict[str, Any]) -> Any:
    from azure.cli.core.util import send_raw_request

    given = {name: value for name, value in body.items() if value}
    answer = send_raw_request(
        cmd.cli_ctx, "POST", resource + path, headers=["Content-Type=application/json"], body=json.dumps(given), resource=resource
    )
    return answer.json()


def query_workspace(
    cmd: Any, workspace: str, analytics_query: str, timespan: str | None = None, workspaces: list[str] | None = None
) -> list[dict[str, str]]:
    """Query a Log Analytics workspace: one object for each row, its values as text."""
    body = {"query": analytics_query, "timespan": timespan, "workspaces": workspaces}
    found = _post(cmd, LOGS, f"/v1/workspaces/{workspace}/query", body)
    rows: list[dict[str, str]] = []
    for table in found["tables"]:
        names = [column["name"] for column in table["columns"]]
        for row in table["rows"]:
            rows.append({"TableName": table["name"], **{name: str(value) for name, value in zip(names, row)}})  # noqa: B905
    return rows


def _span(start: str | None, end: str | None, offset: str) -> str:
    if start and end:
        return f"{start}/{end}"
    match = _OFFSET.fullmatch(offset)
    if match is None or not any(match.groups()):
        from azure.cli.core.azclierror import InvalidArgumentValueError

        raise InvalidArgumentValueError(f"The offset '{offset}' is not like 1d2h30m.")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    length = f"PT{int(timedelta(days=days, hours=hours, minutes=minutes).total_seconds())}S"
    if start:
        return f"{start}/{length}"
    return f"{length}/{end or datetime.now(timezone.utc).isoformat()}"  # noqa: UP017


def _app_id(cmd: Any, name: str, group: str | None) -> Any:
    """The application id of a component by its id, its application id, or its name and group."""
    if re.fullmatch(r"[0-9a-fA-F-]{36}", name):
        return name
    from azure.cli.core.commands.client_factory import get_subscription_id
    from azure.cli.core.util import send_raw_request

    provider = "providers/Microsoft.Insights/components"
    if not name.startswith("/"):
        name = f"/subscriptions/{get_subscription_id(cmd.cli_ctx)}/resourceGroups/{group}/{provider}/{name}"
    return send_raw_request(cmd.cli_ctx, "GET", f"{name}?api-version=2020-02-02").json()["properties"]["AppId"]


def query_apps(
    cmd: Any,
    apps: list[str],
    analytics_query: str,
    start_time: str | None = None,
    end_time: str | None = None,
    offset: str = "1h",
    resource_group_name: str | None = None,
) -> Any:
    """Query Application Insights: the tables of the answer."""
    first, *others = (_app_id(cmd, app, resource_group_name) for app in apps)
    body = {"query": analytics_query, "timespan": _span(start_time, end_time, offset), "applications": others}
    return _post(cmd, INSIGHTS, f"/v1/apps/{first}/query", body)


def show_component(cmd: Any, resource_group_name: str, app: str | None = None) -> Any:
    """A component of Application Insights, or those of a resource group: what Azure keeps, one level deep."""
    from azure.cli.core.commands.client_factory import get_subscription_id
    from azure.cli.core.util import send_raw_request

    path = f"/subscriptions/{get_subscription_id(cmd.cli_ctx)}/resourceGroups/{resource_group_name}/providers/Microsoft.Insights/components"
    url = f"{path}/{app}" if app else path
    found = send_raw_request(cmd.cli_ctx, "GET", f"{url}?api-version=2020-02-02").json()
    return _flat(found, resource_group_name) if app else [_flat(one, resource_group_name) for one in found["value"]]


def _flat(component: dict[str, Any], group: str) -> dict[str, Any]:
    inner = {_camel(name): value for name, value in component["properties"].items()}
    return {**{name: value for name, value in component.items() if name != "properties"}, **inner, "resourceGroup": group}


def _camel(name: str) -> str:
    """`Application_Type` as `applicationType`."""
    joined = name.replace("_", "")
    return joined[:1].lower() + joined[1:]


class QueriesLoader(AzCommandsLoader):  # type: ignore[misc]
    """The three commands."""

    def __init__(self, cli_ctx: Any = None) -> None:
        own = CliCommandType(operations_tmpl="azext_azlabs_queries#{}")
        super().__init__(cli_ctx=cli_ctx, custom_command_type=own)

    def load_command_table(self, args: Any) -> Any:  # noqa: ARG002
        with self.command_group("monitor log-analytics") as group:
            group.custom_command("query", "query_workspace")
        with self.command_group("monitor app-insights") as group:
            group.custom_command("query", "query_apps")
        with self.command_group("monitor app-insights component") as group:
            group.custom_command("show", "show_component")
        return self.command_table

    def load_arguments(self, command: str) -> None:  # noqa: ARG002
        with self.argument_context("monitor log-analytics query") as given:
            given.argument("workspace", options_list=["--workspace", "-w"], help="GUID of the Log Analytics workspace.")
            given.argument("analytics_query", help="The query.")
            given.argument("timespan", options_list=["--timespan", "-t"], help="ISO 8601 duration or interval; all data without it.")
            given.argument("workspaces", nargs="+", help="Further workspaces, separated by spaces.")
        with self.argument_context("monitor app-insights component show") as given:
            given.argument("app", options_list=["--app", "-a"], help="Name of the component; those of the group without it.")
        with self.argument_context("monitor app-insights query") as given:
            given.argument("apps", options_list=["--apps", "--app", "-a"], nargs="+", help="Ids, application ids or names of components.")
            given.argument("analytics_query", help="The query.")
            given.argument("start_time", help="Begin, ISO 8601.")
            given.argument("end_time", help="End, ISO 8601.")
            given.argument("offset", help="How far back, like 1d2h30m; 1h without it.")


COMMAND_LOADER_CLS = QueriesLoader
