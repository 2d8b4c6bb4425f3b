"""Which requests only read, and transports that let nothing else through.

ARM reads with POST in many places (keys, effective routes, queries). The table names them; what it does not name is a
write. Sources: the operations of Microsoft's REST reference whose description is "lists", "gets", "checks",
"validates" or "queries" and which take POST.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline.transport import AsyncHttpTransport, HttpTransport

from azlabs.cloud.errors import WriteRefused

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CONTROL_PLANES = frozenset({"management.azure.com", "graph.microsoft.com"})

_MANAGEMENT_READS = re.compile(
    r"/("
    r"list[A-Za-z]*|"  # listKeys, listSecrets, config/appsettings/list, ...
    r"get[A-Z][A-Za-z]*|"  # getBackendHealth, getLearnedRoutes, ...
    r"effectiveNetworkSecurityGroups|effectiveRouteTable|ipFlowVerify|nextHop|securityGroupView|"
    r"queryConnectionMonitors|networkConfigurationDiagnostic|connectivityCheck|topology|"
    r"checkAccess|checkNameAvailability|checkDnsNameAvailability|checkPolicyRestrictions|"
    r"CheckIPAddressAvailability|checkResourceName|"
    r"validate|whatIf|exportTemplate|calculateTemplateHash|validateMoveResources|"
    r"Microsoft\.ResourceGraph/resources|Microsoft\.ResourceGraph/resourcesHistory|"
    r"Microsoft\.CostManagement/query|Microsoft\.CostManagement/forecast|"
    r"policyStates/[^/]+/(queryResults|summarize)|policyEvents/[^/]+/queryResults|"
    r"workspaces/[^/]+/(query|search)|components/[^/]+/query|"
    r"metrics:getBatch|metricBaselines"
    r")$",
    re.IGNORECASE,
)
# (host suffix, path, header that must be present): POST on a data plane that only reads.
_DATA_PLANE_READS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("login.microsoftonline.com", re.compile(r"/oauth2(/v2\.0)?/token$", re.IGNORECASE), ""),
    (".documents.azure.com", re.compile(r"/docs/?$", re.IGNORECASE), "x-ms-documentdb-isquery"),
    (".documents.azure.com", re.compile(r"/docs/?$", re.IGNORECASE), "x-ms-cosmos-is-query-plan-request"),
    ("api.loganalytics.io", re.compile(r"/(query|\$batch)$", re.IGNORECASE), ""),
    ("api.applicationinsights.io", re.compile(r"/query$", re.IGNORECASE), ""),
    (".search.windows.net", re.compile(r"/docs/(search(\.post\.search)?|suggest|autocomplete)$", re.IGNORECASE), ""),
    (".openai.azure.com", re.compile(r"/embeddings$", re.IGNORECASE), ""),
    (".cognitiveservices.azure.com", re.compile(r"/embeddings$", re.IGNORECASE), ""),
    (".vault.azure.net", re.compile(r"/keys/[^/]+/[^/]*/?(verify)$", re.IGNORECASE), ""),
    ("graph.microsoft.com", re.compile(r"/(getByIds|getMemberObjects|checkMemberObjects|checkMemberGroups)$"), ""),
)


def only_reads(method: str, url: str, headers: Mapping[str, str]) -> bool:
    """Whether a request leaves everything as it is, on the control plane and on data planes."""
    if method.upper() in _SAFE_METHODS:
        return True
    if method.upper() != "POST":
        return False
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host == "management.azure.com" and _MANAGEMENT_READS.search(parts.path):
        return True
    names = {name.lower() for name in headers}
    return any(
        host.endswith(suffix) and path.search(parts.path) and (not header or header in names)
        for suffix, path, header in _DATA_PLANE_READS
    )


def _let_through(request: Any, acts: bool) -> None:
    """Raise WriteRefused unless the request reads, or `acts` and it goes to a data plane."""
    if only_reads(request.method, request.url, request.headers):
        return
    host = (urlsplit(request.url).hostname or "").lower()
    if acts and host not in _CONTROL_PLANES:
        return
    raise WriteRefused(request.method, request.url)


class ReadOnlyTransport(HttpTransport):  # type: ignore[misc]
    """Another transport behind a gate that only reading requests pass; `acts` opens it for data planes."""

    def __init__(self, inner: Any, *, acts: bool = False) -> None:
        self._inner = inner
        self._acts = acts

    def send(self, request: Any, **options: Any) -> Any:
        _let_through(request, self._acts)
        return self._inner.send(request, **options)

    def open(self) -> None:
        self._inner.open()

    def close(self) -> None:
        self._inner.close()

    def sleep(self, duration: float) -> None:
        self._inner.sleep(duration)

    def __enter__(self) -> ReadOnlyTransport:
        self._inner.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        self._inner.__exit__(*details)


class AsyncReadOnlyTransport(AsyncHttpTransport):  # type: ignore[misc]
    """The same gate for aio clients."""

    def __init__(self, inner: Any, *, acts: bool = False) -> None:
        self._inner = inner
        self._acts = acts

    async def send(self, request: Any, **options: Any) -> Any:
        _let_through(request, self._acts)
        return await self._inner.send(request, **options)

    async def open(self) -> None:
        await self._inner.open()

    async def close(self) -> None:
        await self._inner.close()

    async def sleep(self, duration: float) -> None:
        await self._inner.sleep(duration)

    async def __aenter__(self) -> AsyncReadOnlyTransport:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._inner.__aexit__(*details)
