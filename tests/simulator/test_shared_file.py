"""Two processes on one file: who reads does not make the other fail."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from azlabs.simulator.data_planes.cosmos import rows
from azlabs.simulator.store import Store


def test_a_write_waits_until_a_thread_has_read_what_is_no_longer_current(tmp_path: Path) -> None:
    here, there = Store(tmp_path / "state.db"), Store(tmp_path / "state.db")
    with here.writing():
        for number in range(50):
            here.set_meta(f"name-{number}", "value")
    reading = there.sql.execute("SELECT * FROM meta")
    reading.fetchone()
    with here.writing():
        here.set_meta("other", "value")
    ends = threading.Thread(target=lambda: (time.sleep(0.1), reading.close()))
    ends.start()
    with there.writing():
        there.set_meta("mine", "value")
    ends.join()
    assert here.meta("mine") == there.meta("other") == "value"
    for store in (here, there):
        store.close()


def test_tables_that_are_there_are_not_written_again(tmp_path: Path) -> None:
    with_tables = Store(tmp_path / "state.db")
    rows.prepare(with_tables)
    before = with_tables.sql.total_changes, with_tables.sql.execute("PRAGMA schema_version").fetchone()
    with Store(tmp_path / "state.db").writing():
        rows.prepare(with_tables)  # would wait for the other one's write
    assert (with_tables.sql.total_changes, with_tables.sql.execute("PRAGMA schema_version").fetchone()) == before
    with_tables.close()
