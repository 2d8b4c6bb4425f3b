"""State: transactions, snapshots, several processes, kills, damaged files."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from azlabs.simulator import Request, Simulator
from azlabs.simulator.database import StateUnreadable, set_aside

from .library import HOST, SUBSCRIPTION, Arm

WRITERS, WRITES = 10, 30


def _writer(path: str, number: int) -> None:
    """Make groups of its own, and add a route to one table that all writers share."""
    with Simulator(path) as simulator:
        arm = Arm(simulator)
        for index in range(WRITES):
            answer = arm(
                "PUT",
                f"{SUBSCRIPTION}/resourceGroups/g-{number}-{index}",
                {"location": "westeurope", "tags": {"w": str(number)}},
            )
            assert answer.status == 201, answer.body
            if index % 10 == 0:
                route = f"{SUBSCRIPTION}/resourceGroups/shared/providers/Microsoft.Network/routeTables/rt/routes/r{number}-{index}"
                prefix = f"10.{number}.{index}.0/24"
                body = {"properties": {"addressPrefix": prefix, "nextHopType": "None"}}
                answer = arm("PUT", route, body, version="2024-05-01")
                assert answer.status == 201, answer.body


def test_ten_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Simulator(path) as simulator:
        arm = Arm(simulator)
        table = f"{arm.group('shared')}/providers/Microsoft.Network/routeTables/rt"
        assert arm("PUT", table, {"location": "westeurope"}, version="2024-05-01").status == 201
        context = multiprocessing.get_context("spawn")
        processes = [context.Process(target=_writer, args=(str(path), number)) for number in range(WRITERS)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(120)
        assert [process.exitcode for process in processes] == [0] * WRITERS
        groups = {group["name"] for group in arm("GET", f"{SUBSCRIPTION}/resourceGroups").json()["value"]}
        assert groups == {"shared"} | {f"g-{number}-{index}" for number in range(WRITERS) for index in range(WRITES)}
        routes = arm("GET", table, version="2024-05-01").json()["properties"]["routes"]
        assert len(routes) == WRITERS * len(range(0, WRITES, 10))
        counted = arm("GET", f"{SUBSCRIPTION}/tagNames").json()["value"][0]["count"]["value"]
        assert counted == WRITERS * WRITES
        assert simulator.store.sql.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_ten_processes_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    program = "import sys; from azlabs.simulator import Simulator; print(Simulator(sys.argv[1]).tokens.owner.object_id)"
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "new.db")], stdout=subprocess.PIPE, text=True)
        for _ in range(10)
    ]
    owners = {process.communicate(timeout=120)[0] for process in processes}
    assert len(owners) == 1 and "" not in owners
    assert all(process.returncode == 0 for process in processes)


KILLED = """
import sys
from azlabs.simulator import Request, Simulator, SUBSCRIPTION_ID
simulator = Simulator(sys.argv[1])
headers = {"Authorization": "Bearer " + simulator.owner_token()}
index = 0
while True:
    url = f"https://management.azure.com/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/g{index}?api-version=2024-11-01"
    assert simulator.handle(Request("PUT", url, headers, b'{"location":"westeurope","tags":{"a":"b"}}')).status == 201
    print(index, flush=True)
    index += 1
"""


def test_a_kill_during_writes_leaves_what_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(200):
            last = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest = [int(line) for line in process.stdout if line.strip().isdigit()]
        last = max([last, *rest])
    with Simulator(path) as simulator:
        arm = Arm(simulator)
        kept = {int(group["name"][1:]) for group in arm("GET", f"{SUBSCRIPTION}/resourceGroups").json()["value"]}
        assert set(range(last + 1)) <= kept <= set(range(last + 3))
        assert arm("GET", f"{SUBSCRIPTION}/tagNames").json()["value"][0]["count"]["value"] == len(kept)
        assert simulator.store.sql.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert arm("PUT", f"{SUBSCRIPTION}/resourceGroups/after", {"location": "westeurope"}).status == 201


@pytest.mark.parametrize("on_file", [False, True])
def test_a_snapshot_brings_everything_back(tmp_path: Path, on_file: bool) -> None:
    with Simulator(tmp_path / "state.db" if on_file else None) as simulator:
        arm = Arm(simulator)
        arm.group("kept", tags={"a": "b"})
        snapshot = simulator.snapshot()
        arm.group("later")
        arm("DELETE", f"{SUBSCRIPTION}/resourceGroups/kept")
        for _ in range(2):
            simulator.restore(snapshot)
            assert [group["name"] for group in arm("GET", f"{SUBSCRIPTION}/resourceGroups").json()["value"]] == ["kept"]
            arm.group("again")
        with Simulator() as other:
            other.restore(snapshot)
            assert Arm(other)("GET", f"{SUBSCRIPTION}/resourceGroups/kept").status == 200


def test_state_outlives_the_process_and_tokens_hold_across_processes(tmp_path: Path) -> None:
    with Simulator(tmp_path / "state.db") as simulator:
        Arm(simulator).group()
        token = simulator.owner_token()
    with Simulator(tmp_path / "state.db") as simulator:
        arm = Arm(simulator)
        arm.token = token
        assert arm("GET", f"{SUBSCRIPTION}/resourceGroups/rg").status == 200


def test_two_simulators_on_one_file_see_each_other(tmp_path: Path) -> None:
    with Simulator(tmp_path / "state.db") as one, Simulator(tmp_path / "state.db") as two:
        Arm(one).group()
        assert Arm(two)("GET", f"{SUBSCRIPTION}/resourceGroups/rg").status == 200
        assert Arm(two)("DELETE", f"{SUBSCRIPTION}/resourceGroups/rg").status == 202
        assert Arm(one)("GET", f"{SUBSCRIPTION}/resourceGroups/rg").status == 404


def test_the_state_file_is_for_its_owner_only(tmp_path: Path) -> None:
    with Simulator(tmp_path / "state.db") as simulator:
        Arm(simulator).group()
        assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


def test_a_damaged_file_is_named_and_can_be_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StateUnreadable) as caught:
        Simulator(path)
    assert str(path) in caught.value.message
    kept = set_aside(path)
    assert kept.read_bytes().startswith(b"this is no database")
    with Simulator(path) as simulator:
        Arm(simulator).group()


def test_a_hundred_threads_of_requests_are_answered_one_after_the_other(arm: Arm) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def put(index: int) -> int:
        return arm("PUT", f"{SUBSCRIPTION}/resourceGroups/g{index}", {"location": "westeurope"}).status

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(put, range(100))) == {201}
    assert len(arm("GET", f"{SUBSCRIPTION}/resourceGroups").json()["value"]) == 100


def test_operations_with_latency_take_their_time_on_the_virtual_clock(tmp_path: Path) -> None:
    with Simulator(tmp_path / "state.db") as simulator:
        arm = Arm(simulator)
        simulator.resource_manager.set_latency(real=True)
        network = f"{arm.group()}/providers/Microsoft.Network/virtualNetworks/one"
        body = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
        made = arm("PUT", network, body, version="2024-05-01")

        def state() -> str:
            return str(arm("GET", network, version="2024-05-01").json()["properties"]["provisioningState"])

        assert arm("GET", made.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress"
        assert state() == "Updating"
        simulator.clock.advance(11)
        assert arm("GET", made.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"
        assert state() == "Succeeded"
        deleted = arm("DELETE", network, version="2024-05-01")
        assert state() == "Deleting"
        assert arm("GET", deleted.headers["Location"]).status == 202
        simulator.clock.advance(11)
        assert arm("GET", network, version="2024-05-01").status == 404
        assert arm("GET", deleted.headers["Location"]).status == 204


def test_faults_strike_as_often_as_they_were_told(arm: Arm) -> None:
    from azlabs.simulator.faults import Fault

    path = f"{SUBSCRIPTION}/resourceGroups"
    arm.simulator.resource_manager.faults.add(
        Fault("GET", "*/resourceGroups", 429, "TooManyRequests", times=2, retry_after=3)
    )
    answers = [arm("GET", path) for _ in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "3"


def test_a_request_that_fails_inside_is_an_error_answer_and_is_rolled_back(
    arm: Arm, monkeypatch: pytest.MonkeyPatch
) -> None:
    from azlabs.simulator.store import Store

    def fail(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "set_tags", fail)
        request = Request(
            "PUT", f"{HOST}{SUBSCRIPTION}/resourceGroups/x?api-version=2024-11-01",
            {"Authorization": f"Bearer {arm.token}"}, b'{"location":"westeurope","tags":{"a":"b"}}',
        )  # fmt: skip
        answer = arm.simulator.handle(request)
    assert answer.status == 500
    assert arm("GET", f"{SUBSCRIPTION}/resourceGroups/x").status == 404
