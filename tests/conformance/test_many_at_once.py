"""Many real programs at once, some of them killed, leave a state that is true: what was answered is there."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlabs.cloud import connect, host
from azlabs.cloud.shell import variables

AZ = Path(__file__).resolve().parents[2] / ".venv-az" / "bin"
PATH = os.pathsep.join([str(AZ), os.environ["PATH"]])
SDK = """
import sys
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient
client = ResourceManagementClient(DefaultAzureCredential(), "00000000-0000-0000-0000-000000000000")
for number in range(5):
    client.resource_groups.create_or_update(f"{sys.argv[1]}-{number}", {"location": "westeurope"})
    print(f"{sys.argv[1]}-{number}", flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    host.stop(folder)


def programs(count: int) -> list[list[str]]:
    """Half az where there is an az, the others on the SDK."""
    has_az = shutil.which("az", path=PATH) is not None
    made = []
    for number in range(count):
        if has_az and number % 2:
            made.append(["az", "group", "create", "-n", f"az-{number}", "-l", "westeurope", "--query", "name", "-o", "tsv"])
        else:
            made.append([sys.executable, "-c", SDK, f"sdk-{number}"])
    return made


@pytest.mark.parametrize("count", [20 if os.environ.get("AZLABS_TORTURE") else 6])
def test_what_many_programs_were_told_is_true_though_some_and_the_host_are_killed(home: Path, count: int) -> None:
    inherited = os.environ | {"PATH": PATH}
    environment = variables("simulator", home, inherited).apply(inherited)
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in programs(count)
    ]
    time.sleep(1.5)
    for victim in running[::4]:
        victim.send_signal(signal.SIGKILL)
    record = host.find(home)
    assert record is not None
    os.kill(record["pid"], signal.SIGKILL)
    told = [name for process in running for name in process.communicate(timeout=120)[0].split()]
    with connect("simulator", home=home) as cloud:
        scope = f"/subscriptions/{cloud.subscription_id}/resourcegroups"
        there = {str(group["name"]) for group in cloud.items(scope, "2024-11-01")}
    assert told and set(told) <= there
    with sqlite3.connect(home / "simulator" / "state.sqlite") as state:
        assert state.execute("PRAGMA integrity_check").fetchone() == ("ok",)
