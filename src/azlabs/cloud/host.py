"""Finding, starting and ending the host process of a home. Light: shells call it before anything else is imported."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from azlabs.errors import AzlabsError, ExitCode
from azlabs.files import locked
from azlabs.home import writable_folder

START_SECONDS = 20.0
STOP_SECONDS = 10.0
_LOOK_SECONDS = 0.01


def find(home: Path) -> dict[str, Any] | None:
    """The record of the running host; None when none runs. A stale record is left for the next start to remove."""
    try:
        record = json.loads((home / "run" / "host.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and _alive(record) else None


def ensure(home: Path) -> dict[str, Any]:
    """The record of the running host, started now when none runs. Safe for several processes at once."""
    record = find(home)
    if record is not None:
        return record
    run = writable_folder(home / "run")
    with locked(run / "host.lock"):
        record = find(home)
        if record is not None:
            return record
        (run / "host.json").unlink(missing_ok=True)
        return _start(home, run)


def _start(home: Path, run: Path) -> dict[str, Any]:
    log = run / "host.log"
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "AZLABS_"))}
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "azlabs.simulator.host", str(home)],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            env=environment,
            cwd=str(home),
        )
    finally:
        os.close(descriptor)
    try:
        process.wait(START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    record = find(home)
    if record is not None:
        return record
    raise AzlabsError(
        "The simulator's host process did not start.",
        action=f"Look into {log}.",
        code="HostNotStarted",
        exit_code=ExitCode.UNREACHABLE,
    )


def stop(home: Path) -> bool:
    """End the host and wait until it is gone; False when none ran."""
    record = find(home)
    if record is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(record["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        if not _alive(record):
            break
        time.sleep(_LOOK_SECONDS)
    else:
        with contextlib.suppress(ProcessLookupError):
            os.kill(record["pid"], signal.SIGKILL)
    (home / "run" / "host.json").unlink(missing_ok=True)
    return True


def _alive(record: dict[str, Any]) -> bool:
    """Does the process of this record still run? Its start time guards against a number that was given out again."""
    pid = record.get("pid")
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return True
    return fields[0] != "Z" and record.get("started") in ("", fields[19])


def main() -> int:
    """`python -m azlabs.cloud.host`: start the host of this home when it does not run (called from open shells)."""
    from azlabs.home import home

    ensure(home())
    return 0


if __name__ == "__main__":
    sys.exit(main())
