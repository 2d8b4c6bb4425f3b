"""A read-only view lets reading requests through, whatever their method, and stops everything else unsent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azlabs.cloud.base import Cloud
from azlabs.cloud.errors import WriteRefused
from azlabs.cloud.reading import only_reads

ARM = "https://management.azure.com/subscriptions/s/resourceGroups/g/providers"
READS = [
    ("GET", f"{ARM}/Microsoft.Network/virtualNetworks/v?api-version=1", {}),
    ("HEAD", "https://management.azure.com/subscriptions/s/resourceGroups/g", {}),
    ("POST", f"{ARM}/Microsoft.Storage/storageAccounts/a/listKeys?api-version=1", {}),
    ("POST", f"{ARM}/Microsoft.Web/sites/w/config/appsettings/list?api-version=1", {}),
    ("POST", f"{ARM}/Microsoft.Network/networkInterfaces/n/effectiveNetworkSecurityGroups?api-version=1", {}),
    ("POST", f"{ARM}/Microsoft.Network/networkInterfaces/n/effectiveRouteTable", {}),
    ("POST", f"{ARM}/Microsoft.Network/networkWatchers/n/ipFlowVerify", {}),
    ("POST", "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=1", {}),
    ("POST", "https://api.loganalytics.io/v1/workspaces/w/query", {}),
    ("POST", "https://x.documents.azure.com/dbs/a/colls/b/docs/", {"x-ms-documentdb-isquery": "true"}),
    ("POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token", {}),
    ("POST", "https://x.search.windows.net/indexes/i/docs/search", {}),
]
WRITES = [
    ("PUT", f"{ARM}/Microsoft.Network/virtualNetworks/v", {}),
    ("PATCH", f"{ARM}/Microsoft.Network/virtualNetworks/v", {}),
    ("DELETE", f"{ARM}/Microsoft.Network/virtualNetworks/v", {}),
    ("POST", f"{ARM}/Microsoft.Storage/storageAccounts/a/regenerateKey?api-version=1", {}),
    ("POST", f"{ARM}/Microsoft.Compute/virtualMachines/v/start", {}),
    ("POST", f"{ARM}/Microsoft.Compute/virtualMachines/v/runCommand", {}),
    ("POST", "https://x.documents.azure.com/dbs/a/colls/b/docs/", {}),
    ("POST", "https://x.servicebus.windows.net/q/messages", {}),
    ("POST", "https://evil.example/listKeys", {}),
    ("POST", "https://management.azure.com.evil.example/x/listKeys", {}),
]


@pytest.mark.parametrize(("method", "url", "headers"), READS)
def test_reading_passes(method: str, url: str, headers: dict[str, str]) -> None:
    assert only_reads(method, url, headers)


@pytest.mark.parametrize(("method", "url", "headers"), WRITES)
def test_writing_does_not(method: str, url: str, headers: dict[str, str]) -> None:
    assert not only_reads(method, url, headers)


def test_a_refused_write_never_leaves(cloud_over: Callable[..., Cloud]) -> None:
    seen: list[str] = []

    def handler(method: str, _url: str, _headers: Any, _body: Any) -> tuple[int, dict[str, str], bytes]:
        seen.append(method)
        return 200, {}, b"{}"

    cloud = cloud_over(handler)
    reading = cloud.read_only()
    reading.get("/subscriptions/s", "1")
    with pytest.raises(WriteRefused):
        reading.request("PUT", "/subscriptions/s/resourceGroups/g", "1", {})
    with pytest.raises(WriteRefused):
        cloud.read_only(acts=True).request("DELETE", "/subscriptions/s/resourceGroups/g", "1")
    assert seen == ["GET"]
    cloud.request("PUT", "/subscriptions/s/resourceGroups/g", "1", {})
    assert seen == ["GET", "PUT"]


def test_a_check_that_acts_may_write_to_data_planes_only(cloud_over: Callable[..., Cloud]) -> None:
    from azure.core.pipeline.transport import HttpRequest

    from azlabs.cloud.reading import ReadOnlyTransport
    from azlabs.cloud.transport import InProcessTransport

    inner = InProcessTransport(lambda *_request: (201, {}, b""))
    send = HttpRequest("POST", "https://x.servicebus.windows.net/q/messages")
    assert ReadOnlyTransport(inner, acts=True).send(send).status_code == 201
    with pytest.raises(WriteRefused):
        ReadOnlyTransport(inner).send(send)
    with pytest.raises(WriteRefused):
        ReadOnlyTransport(inner, acts=True).send(HttpRequest("PUT", "https://graph.microsoft.com/v1.0/users/u"))
