"""Faults: what happens to which requests, in memory and across processes, and what the real clients make of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azlabs.cloud import connect, scratch
from azlabs.cloud.errors import AzureError, CloudUnreachable
from azlabs.cloud.memory import ScratchCloud
from azlabs.simulator import SUBSCRIPTION_ID, Request, Simulator
from azlabs.simulator.faults import Fault
from azlabs.simulator.http import Dropped

GROUPS = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups"
GROUP = f"{GROUPS}/g"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"
BODY = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
API, NETWORK_API = "2024-11-01", "2024-05-01"


@pytest.fixture
def cloud() -> Iterator[ScratchCloud]:
    with scratch() as made:
        made.resource_group("g")
        yield made


def ask(simulator: Simulator, method: str = "GET", url: str = f"https://management.azure.com{GROUPS}?api-version={API}") -> Any:
    return simulator.handle(Request(method, url, {"Authorization": f"Bearer {simulator.owner_token()}"}))


def statuses(simulator: Simulator, count: int) -> list[int]:
    return [ask(simulator).status for _ in range(count)]


def test_the_nth_request_and_as_many_as_told_are_struck(cloud: ScratchCloud) -> None:
    cloud.simulator.faults.add(Fault("GET", "*/resourcegroups", 503, "ServerBusy", nth=3, times=2))
    assert statuses(cloud.simulator, 6) == [200, 200, 503, 503, 200, 200]
    assert not cloud.simulator.faults.waiting


def test_a_probability_with_a_seed_decides_the_same_again(cloud: ScratchCloud) -> None:
    runs = []
    for seed in (1, 1, 2):
        cloud.simulator.faults.clear()
        cloud.simulator.faults.add(Fault(probability=0.2, seed=seed, times=0))
        runs.append(statuses(cloud.simulator, 200))
    assert runs[0] == runs[1] != runs[2]
    assert 20 <= runs[0].count(500) <= 60


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault(host="*.vault.azure.net"), False),
        (Fault(host="management.azure.com"), True),
        (Fault(method="PUT"), False),
        (Fault(type="Microsoft.Resources/resourceGroups"), True),
        (Fault(type="Microsoft.Network/*"), False),
        (Fault(path="/subscriptions/*"), True),
    ],
)
def test_requests_are_chosen_by_method_host_path_and_type(cloud: ScratchCloud, fault: Fault, struck: bool) -> None:
    cloud.simulator.faults.add(fault)
    assert (ask(cloud.simulator).status == 500) is struck


def test_a_type_is_matched_wherever_its_resources_are(cloud: ScratchCloud) -> None:
    cloud.simulator.faults.add(Fault(type="microsoft.network/*", status=409, code="AnotherOperationInProgress"))
    assert cloud.find(GROUP, API)
    with pytest.raises(AzureError) as raised:
        cloud.run("PUT", NETWORK, NETWORK_API, BODY)
    assert raised.value.code == "AnotherOperationInProgress"


def test_processes_on_one_file_share_faults_and_count_together(tmp_path: Path) -> None:
    with Simulator(tmp_path / "state") as one, Simulator(tmp_path / "state") as other:
        one.faults.add(Fault(nth=2))
        assert other.faults.are_there()
        assert statuses(other, 1) == [200]
        assert statuses(one, 1) == [500]
        assert statuses(other, 1) == [200]
        assert not one.faults.are_there()


def test_a_delay_takes_its_time_and_changes_nothing_else(cloud: ScratchCloud) -> None:
    cloud.simulator.faults.add(Fault(kind="delay", seconds=0.05))
    began = time.monotonic()
    assert ask(cloud.simulator).status == 200
    assert time.monotonic() - began >= 0.05


def test_a_throttled_client_waits_and_goes_on(cloud: ScratchCloud) -> None:
    cloud.simulator.faults.add(Fault(kind="throttle", times=2, retry_after=1))
    assert cloud.find(GROUP, API)
    assert not cloud.simulator.faults.waiting


# --- connections -------------------------------------------------------------------------------------------------------------
def test_a_dropped_connection_before_or_after_the_commit(cloud: ScratchCloud) -> None:
    url = f"https://management.azure.com{GROUPS}/%s?api-version={API}"
    for kind, made in (("drop-before", False), ("drop-after", True)):
        cloud.simulator.faults.add(Fault("PUT", kind=kind))
        request = Request("PUT", url % kind, {"Authorization": f"Bearer {cloud.simulator.owner_token()}"}, b'{"location":"westeurope"}')
        assert isinstance(cloud.simulator.handle(request), Dropped)
        assert (cloud.find(f"{GROUPS}/{kind}", API) is not None) is made


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_clients_try_again_what_may_be_done_twice(cloud: ScratchCloud, kind: str) -> None:
    cloud.simulator.faults.add(Fault("PUT", kind=kind, times=2))
    cloud.run("PUT", NETWORK, NETWORK_API, BODY)
    assert not cloud.simulator.faults.waiting and cloud.find(NETWORK, NETWORK_API)


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_clients_do_not_repeat_what_may_not_be_done_twice(cloud: ScratchCloud, kind: str) -> None:
    cloud.simulator.faults.add(Fault("POST", kind=kind, times=2))
    with pytest.raises(CloudUnreachable):
        cloud.run("POST", f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Network/register", "2021-04-01")
    (left,) = cloud.simulator.faults.waiting
    assert left.struck == 1


def test_a_listener_ends_the_connection(tmp_path: Path) -> None:
    import http.client
    import ssl

    from azlabs.simulator.server import serve

    with Simulator() as simulator, serve(simulator, folder=tmp_path) as listener:
        trust = ssl.create_default_context(cafile=str(listener.authority))
        for kind in ("drop-before", "drop-after"):
            simulator.faults.add(Fault(kind=kind))
            connection = http.client.HTTPSConnection("127.0.0.1", listener.port, context=trust, timeout=10)
            connection.request("GET", "/metadata/endpoints?api-version=2022-09-01")
            with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
                connection.getresponse()
            connection.close()
        connection = http.client.HTTPSConnection("127.0.0.1", listener.port, context=trust, timeout=10)
        connection.request("GET", "/metadata/endpoints?api-version=2022-09-01")
        assert connection.getresponse().status == 200
        connection.close()


# --- operations --------------------------------------------------------------------------------------------------------------
def test_an_operation_that_fails_leaves_a_failed_resource(cloud: ScratchCloud) -> None:
    cloud.simulator.faults.add(Fault("PUT", type="Microsoft.Network/virtualNetworks", kind="operation-fails", code="InternalError"))
    with pytest.raises(AzureError) as raised:
        cloud.run("PUT", NETWORK, NETWORK_API, BODY)
    assert raised.value.code == "InternalError"
    assert cloud.get(NETWORK, NETWORK_API)["properties"]["provisioningState"] == "Failed"
    cloud.run("PUT", NETWORK, NETWORK_API, BODY)
    assert cloud.get(NETWORK, NETWORK_API)["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(("target", "version"), [(NETWORK, NETWORK_API), (GROUP, API)])
def test_a_deletion_that_fails_deletes_nothing(cloud: ScratchCloud, target: str, version: str) -> None:
    cloud.run("PUT", NETWORK, NETWORK_API, BODY)
    cloud.simulator.faults.add(Fault("DELETE", kind="operation-fails"))
    with pytest.raises(AzureError):
        cloud.run("DELETE", target, version)
    assert cloud.find(NETWORK, NETWORK_API) and cloud.find(GROUP, API)
    cloud.run("DELETE", target, version)
    assert cloud.find(target, version) is None


@pytest.mark.parametrize(("target", "version"), [(NETWORK, NETWORK_API), (GROUP, API)])
def test_a_deletion_that_hangs_goes_on_when_the_fault_is_cleared(cloud: ScratchCloud, target: str, version: str) -> None:
    cloud.run("PUT", NETWORK, NETWORK_API, BODY)
    cloud.simulator.faults.add(Fault("DELETE", kind="operation-hangs", times=0))
    cloud.arm._patience = 0.05
    with pytest.raises(AzureError) as raised:
        cloud.run("DELETE", target, version)
    assert raised.value.code == "OperationNotFinished"
    assert cloud.get(target, version)["properties"]["provisioningState"] == "Deleting"
    assert cloud.simulator.faults.clear() == 1
    assert cloud.find(target, version) is None


def test_requests_inside_a_deployment_are_struck_when_asked_for(cloud: ScratchCloud) -> None:
    from azlabs.cloud.deployments import deploy

    resource = {"type": "Microsoft.Network/virtualNetworks", "apiVersion": NETWORK_API, "name": "v", **BODY}
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "resources": [resource],
    }  # fmt: skip
    cloud.simulator.faults.add(Fault("PUT", type="Microsoft.Network/*", status=409, code="AnotherOperationInProgress"))
    deploy(cloud, "g", "one", template, {})
    assert len(cloud.simulator.faults.waiting) == 1
    cloud.simulator.faults.clear()
    cloud.simulator.faults.add(
        Fault("PUT", type="Microsoft.Network/*", status=409, code="AnotherOperationInProgress", inside=True)
    )
    with pytest.raises(AzureError) as raised:
        deploy(cloud, "g", "two", template, {})
    assert "AnotherOperationInProgress" in {detail.code for detail in raised.value.details} | {raised.value.code}


# --- throttling ----------------------------------------------------------------------------------------------------------------
def test_each_service_refuses_in_its_own_words(cloud: ScratchCloud) -> None:
    for host, status, word in (
        ("s.documents.azure.com", 429, b"Request rate is large"),
        ("s.blob.core.windows.net", 503, b"<Code>ServerBusy</Code>"),
        ("s.servicebus.windows.net", 429, b"<Error><Code>429</Code>"),
        ("k.vault.azure.net", 429, b'"code":"TooManyRequests"'),
        ("x.in.applicationinsights.azure.com", 429, b'"itemsAccepted":0'),
    ):
        cloud.simulator.faults.add(Fault(kind="throttle", host=host, retry_after=2))
        answer = ask(cloud.simulator, url=f"https://{host}/x")
        assert answer.status == status and word in answer.body, host
        assert {"Retry-After", "x-ms-retry-after-ms"} & set(answer.headers), host


def test_resource_managers_buckets_run_dry_and_fill_again(cloud: ScratchCloud) -> None:
    simulator = cloud.simulator
    assert not [name for name in ask(simulator).headers if "ratelimit" in name]
    simulator.faults.set_arm_limits(True)
    first = ask(simulator)
    assert first.headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert first.headers["x-ms-ratelimit-remaining-subscription-global-reads"] == "3749"
    answers = [ask(simulator) for _ in range(600)]
    refused = [answer for answer in answers if answer.status == 429]
    assert refused and answers[0].status == 200
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].json()["error"]["code"] == "SubscriptionRequestsThrottled"
    write = ask(simulator, "DELETE", f"https://management.azure.com{GROUPS}/none?api-version={API}")
    assert write.headers["x-ms-ratelimit-remaining-subscription-deletes"] == "199"
    simulator.clock.advance(10)
    assert ask(simulator).headers["x-ms-ratelimit-remaining-subscription-reads"] == "249"
    assert ask(simulator, url="https://management.azure.com/tenants?api-version=2022-12-01").headers[
        "x-ms-ratelimit-remaining-tenant-reads"
    ] == "249"
    assert simulator.faults.clear() == 1
    assert not [name for name in ask(simulator).headers if "ratelimit" in name]


def test_principals_have_buckets_of_their_own(tmp_path: Path) -> None:
    from azlabs.simulator import arm_limits

    with Simulator(tmp_path / "state") as one, Simulator(tmp_path / "state") as other:
        for _ in range(250):
            arm_limits.take(one.store, "GET", "s", "anna", 0.0)
        with pytest.raises(Exception, match="429"):
            arm_limits.take(other.store, "GET", "s", "anna", 0.0)
        left = arm_limits.take(other.store, "GET", "s", "bert", 0.0)
        assert left["x-ms-ratelimit-remaining-subscription-reads"] == "249"
        assert left["x-ms-ratelimit-remaining-subscription-global-reads"] == "3499"
        arm_limits.take(one.store, "GET", "s", "anna", 1.0)


def test_a_snapshot_holds_the_faults(cloud: ScratchCloud) -> None:
    before = cloud.snapshot()
    cloud.simulator.faults.add(Fault(times=0))
    cloud.restore(before)
    assert statuses(cloud.simulator, 1) == [200]


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no kind of fault"):
        Fault(kind="explode")


def test_a_file_that_other_processes_fill_is_read_by_clouds(tmp_path: Path) -> None:
    with connect("simulator", home=tmp_path) as cloud, Simulator(tmp_path / "simulator" / "state.sqlite") as other:
        cloud.request("PUT", GROUP, API, {"location": "westeurope"})
        other.faults.add(Fault("DELETE", status=403, code="AuthorizationFailed"))
        with pytest.raises(AzureError):
            cloud.run("DELETE", GROUP, API)
