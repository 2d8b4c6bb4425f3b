"""Work side by side keeps its order, its errors, and never the process."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from azlabs.sandbox import background


def test_results_come_in_the_order_of_the_items() -> None:
    assert background.each(lambda number: number * 2, list(range(50))) == [number * 2 for number in range(50)]
    assert background.each(str, []) == []


def test_no_more_than_the_limit_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(background.SIDE_BY_SIDE, timeout=20)

    def work(_item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait()
        with lock:
            running -= 1

    background.each(work, list(range(2 * background.SIDE_BY_SIDE)))
    assert most == background.SIDE_BY_SIDE


def test_an_exception_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        background.each(lambda number: 1 // number, [1, 0])


def test_unfinished_work_does_not_keep_the_process() -> None:
    code = "import time; from azlabs.sandbox import background as b; print(b.is_over(b.start(time.sleep, 600), 0.01))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "False\n"
