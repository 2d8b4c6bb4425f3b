"""Whole processes: pipes, terminals, Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

AZLABS = [sys.executable, "-m", "azlabs"]
COLOUR = re.compile(r"\x1b\[(?:\d+;)*[349]\d(?:;\d+)*m")


@pytest.fixture
def environment(tmp_path):
    """An empty home, no terminal settings of whoever runs the tests."""
    dropped = ("NO_COLOR", "FORCE_COLOR", "AZLABS_CLOUD", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "AZLABS_HOME": str(tmp_path / "home"), "TERM": "xterm-256color"}


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*AZLABS, *arguments], env=environment, capture_output=True, text=True, timeout=60)


def on_a_terminal(environment: dict[str, str], *arguments: str) -> str:
    """What a command writes when both of its outputs are a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*AZLABS, *arguments], env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not part:
            break
        written += part
    process.wait(timeout=60)
    os.close(ours)
    return written.decode()


def test_json_alone_is_on_standard_output(environment):
    ran = run(environment, "list", "--json")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["labs"]
    failed = run(environment, "show", "nothing-of-the-kind", "--json")
    assert failed.returncode == 2
    assert json.loads(failed.stdout)["error"]["code"] == "UnknownLab"


def test_colour_is_for_terminals_that_want_it(environment):
    assert COLOUR.search(on_a_terminal(environment, "show", "nothing-of-the-kind"))
    assert not COLOUR.search(on_a_terminal({**environment, "NO_COLOR": "1"}, "show", "nothing-of-the-kind"))
    ran = run(environment, "show", "nothing-of-the-kind")
    assert not COLOUR.search(ran.stdout + ran.stderr)


def test_a_reader_that_goes_away_is_no_failure(environment):
    process = subprocess.Popen(
        [*AZLABS, "list", "--objectives", "--exam", "az-104"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=60)
    assert "Traceback" not in (said or "")
    assert process.returncode in (0, 1)


@pytest.mark.parametrize("after", [0.15, 0.35, 0.55])
def test_control_c_at_any_moment_leaves_what_status_shows_and_down_removes(environment, tmp_path, after):
    made = run(environment, "lab", "new", "one-door", "--in", str(tmp_path), "--json")
    folder = json.loads(made.stdout)["folder"]
    process = subprocess.Popen(
        [*AZLABS, "up", folder, "--yes"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(after)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    # Before Python has set its own handler the signal ends the process; after the work it comes too late.
    assert process.returncode in (130, 1, 0, -signal.SIGINT), said
    if process.returncode == 130:
        assert "azlabs status" in said
    shown = json.loads(run(environment, "status", "--json").stdout)["sandboxes"]
    ended = run(environment, "down", "--all", "--yes", "--json")
    assert ended.returncode == 0
    assert len(json.loads(ended.stdout)["sandboxes"]) == len(shown)
    state = json.loads(run(environment, "simulator", "status", "--json").stdout)
    assert state["resource_groups"] == []


def test_the_simulator_is_served_until_it_is_ended(environment):
    process = subprocess.Popen(
        [*AZLABS, "simulator", "serve", "--json"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        told = b""
        while not told.rstrip().endswith(b"}"):
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            told += line
        served = json.loads(told)
        assert served["url"].startswith("https://127.0.0.1:")
        assert Path(served["authority"]).is_file()
        status = json.loads(run(environment, "simulator", "status", "--json").stdout)
        assert status["served"]["pid"] == process.pid
        assert run(environment, "simulator", "reset", "--yes").returncode == 2
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert run(environment, "simulator", "reset", "--yes").returncode == 0


def test_a_short_process_looks_for_no_garbage(environment):
    code = (
        "import gc, sys; from azlabs.cli import main; sys.argv = ['azlabs', 'list', '--json']; code = main(); "
        "print(code, gc.get_threshold()[0] > 10_000, gc.get_freeze_count() > 0, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert ran.stderr.strip() == "0 True True"
