"""Several azlabs programs at the same time on one home, as real processes; and the host process that goes with the last
sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

AZLABS = [sys.executable, "-m", "azlabs"]
SECONDS = 120


@pytest.fixture
def environment(tmp_path):
    dropped = ("AZLABS_CLOUD", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "AZLABS_HOME": str(tmp_path / "home")}


def start(environment, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*AZLABS, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=SECONDS)
    assert "Traceback" not in err
    return process.returncode, out, err


def run(environment, *arguments: str):
    code, out, _err = ended(start(environment, *arguments, "--json"))
    return code, json.loads(out)


def left_on_the_cloud(environment) -> list[str]:
    _code, told = run(environment, "simulator", "status")
    return list(told["resource_groups"])


def test_two_ups_make_one_sandbox_and_two_downs_leave_none(environment):
    ups = [start(environment, "up", "az104-vnet-nsg", "--yes", "--json") for _ in range(2)]
    results = [ended(process) for process in ups]
    assert [code for code, _out, _err in results] == [0, 0]
    told = [json.loads(out) for _code, out, _err in results]
    assert len({entry["sandbox"] for entry in told}) == 1
    assert sorted(entry["existing"] for entry in told) == [False, True]
    assert left_on_the_cloud(environment) == told[0]["resource_groups"]
    downs = [start(environment, "down", "--yes", "--json", "-s", told[0]["sandbox"]) for _ in range(2)]
    results = [ended(process) for process in downs]
    # The later one may come when there is nothing any more: then it says that nothing of this name is up.
    assert sorted(code for code, _out, _err in results)[0] == 0
    assert all(code in (0, 2) for code, _out, _err in results)
    assert left_on_the_cloud(environment) == []
    assert run(environment, "status") == (0, {"sandboxes": []})


def test_an_up_and_a_down_at_once_end_well_and_status_tells_how(environment):
    _code, first = run(environment, "up", "az104-vnet-nsg", "--yes")
    down = start(environment, "down", "--yes", "--json", "-s", first["sandbox"])
    up = start(environment, "up", "az104-vnet-nsg", "--yes", "--json")
    down_code, up_code = ended(down)[0], ended(up)[0]
    assert down_code == 0 and up_code == 0
    code, told = run(environment, "status")
    assert code == 0
    groups = [f"azlabs-{row['sandbox']}" for row in told["sandboxes"] if row["state"] == "ready"]
    assert left_on_the_cloud(environment) == groups
    assert run(environment, "down", "--all", "--yes")[0] == 0
    assert left_on_the_cloud(environment) == []


def test_the_last_down_ends_the_host_process_with_all_that_it_started(environment, tmp_path):
    home = Path(environment["AZLABS_HOME"])
    run(environment, "up", "az104-vnet-nsg", "--yes")
    code = f"from pathlib import Path; from azlabs.cloud import host; print(host.ensure(Path({str(home)!r}))['pid'])"
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=SECONDS)
    pid = int(told.stdout)
    family = [pid, *children_of(pid)]
    assert is_alive(pid)
    assert run(environment, "down", "--yes")[0] == 0
    give_up = time.monotonic() + 20
    while any(is_alive(number) for number in family) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not [number for number in family if is_alive(number)]
    assert not (home / "run" / "host.json").exists()


def children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for number in task.read_text().split():
            found += [int(number), *children_of(int(number))]
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
