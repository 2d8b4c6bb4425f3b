"""The tables of Application Insights: columns by the names of a workspace (AppRequests) and by those of a component (requests).

Source: the reference of Azure Monitor Logs tables, and the schema of Application Insights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

Field = tuple[str, str, str, tuple[str, ...]]
"""(column as it is stored and as a workspace names it, its type, "" or the type as the component shows it, names of the component)."""


def _field(name: str, kind: str, *classic: str, shown: str = "") -> Field:
    return name, kind, shown or kind, classic


_COMMON = (
    _field("TimeGenerated", "datetime", "timestamp"),
    _field("OperationName", "string", "operation_Name"),
    _field("OperationId", "string", "operation_Id"),
    _field("ParentId", "string", "operation_ParentId"),
    _field("SyntheticSource", "string", "operation_SyntheticSource"),
    _field("SessionId", "string", "session_Id"),
    _field("UserId", "string", "user_Id"),
    _field("UserAuthenticatedId", "string", "user_AuthenticatedId"),
    _field("UserAccountId", "string", "user_AccountId"),
    _field("AppVersion", "string", "application_Version"),
    _field("AppRoleName", "string", "cloud_RoleName"),
    _field("AppRoleInstance", "string", "cloud_RoleInstance"),
    _field("ClientType", "string", "client_Type"),
    _field("ClientModel", "string", "client_Model"),
    _field("ClientOS", "string", "client_OS"),
    _field("ClientIP", "string", "client_IP"),
    _field("ClientCity", "string", "client_City"),
    _field("ClientStateOrProvince", "string", "client_StateOrProvince"),
    _field("ClientCountryOrRegion", "string", "client_CountryOrRegion"),
    _field("ClientBrowser", "string", "client_Browser"),
    _field("SDKVersion", "string", "sdkVersion"),
    _field("ItemCount", "int", "itemCount"),
    _field("Properties", "dynamic", "customDimensions"),
)
_MEASURED = _field("Measurements", "dynamic", "customMeasurements")
_DURATION = (_field("DurationMs", "real", "duration"), _field("PerformanceBucket", "string", "performanceBucket"))
_NAME, _ID = _field("Name", "string", "name"), _field("Id", "string", "id")
_SUCCESS, _RESULT = _field("Success", "bool", "success", shown="string"), _field("ResultCode", "string", "resultCode")
_SEVERITY = _field("SeverityLevel", "int", "severityLevel")
_EXCEPTION_TEXTS = (
    ("ProblemId", "problemId"), ("HandledAt", "handledAt"), ("ExceptionType", "type"), ("Message", "message"), ("Assembly", "assembly"),
    ("Method", "method"), ("OuterType", "outerType"), ("OuterMessage", "outerMessage"), ("OuterAssembly", "outerAssembly"),
    ("OuterMethod", "outerMethod"), ("InnermostType", "innermostType"), ("InnermostMessage", "innermostMessage"),
    ("InnermostAssembly", "innermostAssembly"), ("InnermostMethod", "innermostMethod"),
)  # fmt: skip
DERIVED = {
    "TenantId": "string", "ResourceGUID": "string", "IKey": "string", "SourceSystem": "string", "Type": "string", "_ResourceId": "string",
    "_SubscriptionId": "string", "_IsBillable": "string", "_BilledSize": "real",
}  # fmt: skip
"""Columns of a workspace that follow from where a row came from."""
CLASSIC_DERIVED = {
    "itemType": "string",
    "itemId": "string",
    "iKey": "string",
    "appId": "string",
    "appName": "string",
    "_ResourceId": "string",
}
"""The same for a component."""


@dataclass(frozen=True)
class Kind:
    """One kind of telemetry."""

    base_type: str
    table: str
    classic: str
    item_type: str
    own: tuple[Field, ...]
    measured: bool = True

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """What is stored, in the order of the store."""
        return (*_COMMON, *self.own, *((_MEASURED,) if self.measured else ()))

    @cached_property
    def columns(self) -> dict[str, tuple[str, str]]:
        """Name in a workspace: (stored column, type)."""
        stored = {name: (name, kind) for name, kind, _, _ in self.fields}
        return stored | {name: (name, kind) for name, kind in DERIVED.items()}

    @cached_property
    def classic_columns(self) -> dict[str, tuple[str, str]]:
        """Name in a component: (stored column, type)."""
        stored = {alias: (name, shown) for name, _, shown, aliases in self.fields for alias in aliases}
        return stored | {name: (name, kind) for name, kind in CLASSIC_DERIVED.items()}


KINDS = {
    kind.base_type: kind
    for kind in (
        Kind(
            "RequestData", "AppRequests", "requests", "request",
            (_ID, _NAME, _field("Url", "string", "url"), _SUCCESS, _RESULT, *_DURATION, _field("Source", "string", "source")),
        ),
        Kind(
            "RemoteDependencyData", "AppDependencies", "dependencies", "dependency",
            (
                _ID, _NAME, _field("Target", "string", "target"), _field("DependencyType", "string", "type"),
                _field("Data", "string", "data"),
                _SUCCESS, _RESULT, *_DURATION,
            ),
        ),
        Kind("MessageData", "AppTraces", "traces", "trace", (_field("Message", "string", "message"), _SEVERITY)),
        Kind(
            "ExceptionData", "AppExceptions", "exceptions", "exception",
            (*(_field(name, "string", classic) for name, classic in _EXCEPTION_TEXTS), _SEVERITY, _field("Details", "dynamic", "details")),
        ),
        Kind("EventData", "AppEvents", "customEvents", "customEvent", (_NAME,)),
        Kind(
            "MetricData", "AppMetrics", "customMetrics", "customMetric",
            (
                _NAME, _field("Sum", "real", "value", "valueSum"), _field("Min", "real", "valueMin"), _field("Max", "real", "valueMax"),
                _field("Count", "int", "valueCount"), _field("StdDev", "real", "valueStdDev"),
            ),
            measured=False,
        ),
        Kind("PageViewData", "AppPageViews", "pageViews", "pageView", (_ID, _NAME, _field("Url", "string", "url"), *_DURATION)),
        Kind(
            "AvailabilityData", "AppAvailabilityResults", "availabilityResults", "availabilityResult",
            (
                _ID, _NAME, _field("Location", "string", "location"), _field("Success", "bool", "success", shown="string"),
                _field("Message", "string", "message"), _field("Size", "real", "size"), *_DURATION,
            ),
        ),
        Kind(
            "PerformanceCounterData", "AppPerformanceCounters", "performanceCounters", "performanceCounter",
            (
                _NAME, _field("Category", "string", "category"), _field("Counter", "string", "counter"),
                _field("Instance", "string", "instance"), _field("Value", "real", "value"),
            ),
            measured=False,
        ),
    )
}  # fmt: skip
BY_TABLE = {kind.table: kind for kind in KINDS.values()}
BY_CLASSIC = {kind.classic: kind for kind in KINDS.values()}
_SQL = {
    "datetime": "INTEGER NOT NULL",
    "string": "TEXT NOT NULL",
    "int": "INTEGER",
    "bool": "INTEGER",
    "real": "REAL",
    "dynamic": "TEXT",
}


def statements() -> list[str]:
    """What makes the tables in the simulator's database."""
    found = [
        "CREATE TABLE IF NOT EXISTS telemetry_sources (number INTEGER PRIMARY KEY, component TEXT NOT NULL, workspace TEXT NOT NULL, "
        "ikey TEXT NOT NULL, app TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (component, workspace, ikey))"
    ]
    for kind in KINDS.values():
        columns = ", ".join(f'"{name}" {_SQL[one]}' for name, one, _, _ in kind.fields)
        found.append(
            f"CREATE TABLE IF NOT EXISTS telemetry_{kind.table} (_number INTEGER PRIMARY KEY, _source INTEGER NOT NULL, "
            f"_size INTEGER NOT NULL, {columns})"
        )
        found.append(
            f'CREATE INDEX IF NOT EXISTS telemetry_{kind.table}_by_time ON telemetry_{kind.table} (_source, "TimeGenerated")'
        )
    return found
