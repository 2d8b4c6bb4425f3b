"""One host process per home: started once, found again, replaced after a crash, and gone without a trace when stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlabs.cloud import host


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    yield folder
    host.stop(folder)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def await_end(pid: int) -> None:
    deadline = time.monotonic() + 15
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(pid)


def test_a_host_is_started_once_and_found_again(home: Path) -> None:
    assert host.find(home) is None
    first = host.ensure(home)
    assert host.ensure(home)["pid"] == first["pid"] == (host.find(home) or {})["pid"]
    assert listens(first["https_port"]) and listens(first["proxy_port"])


def test_its_record_holds_a_secret_and_is_private(home: Path) -> None:
    host.ensure(home)
    assert stat.S_IMODE((home / "run" / "host.json").stat().st_mode) == 0o600


def test_many_who_need_it_at_once_start_one(home: Path) -> None:
    command = [sys.executable, "-c", "import sys; from pathlib import Path; from azlabs.cloud import host; "
               "print(host.ensure(Path(sys.argv[1]))['pid'])", str(home)]  # fmt: skip
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert len({process.communicate(timeout=60)[0] for process in running}) == 1


def test_a_killed_host_is_replaced_on_the_same_ports_with_the_same_state(home: Path) -> None:
    first = host.ensure(home)
    os.kill(first["pid"], signal.SIGKILL)
    await_end(first["pid"])
    second = host.ensure(home)
    assert second["pid"] != first["pid"]
    names = ("https_port", "proxy_port", "owner", "tenant_id")
    assert [second[name] for name in names] == [first[name] for name in names]


def test_a_record_of_another_process_with_the_same_number_is_not_believed(home: Path) -> None:
    record = host.ensure(home)
    host.stop(home)
    path = home / "run" / "host.json"
    path.write_text(json.dumps({"pid": os.getpid(), "started": "1"}))
    assert host.find(home) is None
    assert host.ensure(home)["pid"] not in (os.getpid(), record["pid"])


def test_after_a_stop_no_process_and_no_port_is_left(home: Path) -> None:
    record = host.ensure(home)
    assert host.stop(home) is True
    assert host.find(home) is None and host.stop(home) is False
    assert not listens(record["https_port"]) and not listens(record["proxy_port"])
    assert not runs(record["pid"])


def test_a_host_whose_record_is_taken_away_leaves(home: Path) -> None:
    record = host.ensure(home)
    (home / "run" / "host.json").unlink()
    await_end(record["pid"])


def test_after_the_last_down_no_host_is_left(home: Path) -> None:
    environment = os.environ | {"AZLABS_HOME": str(home)}

    def azlabs(*words: str) -> int:
        return subprocess.run(
            [sys.executable, "-m", "azlabs", *words], env=environment, capture_output=True, check=False
        ).returncode

    assert azlabs("up", "az104-vnet-nsg", "--yes") == 0
    assert azlabs("shell", "--", "true") == 0
    record = host.find(home)
    assert record is not None
    assert azlabs("down", "--yes") == 0
    assert host.find(home) is None and not listens(record["https_port"]) and not listens(record["proxy_port"])
