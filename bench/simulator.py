"""How quick the simulator is, next to the least that could be done: `python bench/simulator.py [--quick]`.

Baselines run in the same process right before: for memory a dict that stores the decoded body and encodes it again, for a
file one SQLite insert and one select per pair (same journal mode). Ratios say how many times longer we take than the baseline.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from azlabs.simulator import SUBSCRIPTION_ID, Request, Simulator

HOST = "https://management.azure.com"
GROUPS = f"{HOST}/subscriptions/{SUBSCRIPTION_ID}/resourceGroups"
VERSION = "?api-version=2024-11-01"
BODY = b'{"location":"westeurope","tags":{"environment":"bench"}}'
NETWORK = "?api-version=2024-05-01"


def rate(action: Callable[[int], object], count: int) -> float:
    """Calls per second, the best of three runs."""
    best = 0.0
    for run in range(3):
        start = time.perf_counter()
        for index in range(count):
            action(run * count + index)
        best = max(best, count / (time.perf_counter() - start))
    return best


def dict_pairs(count: int) -> float:
    """Baseline for memory: decode, store in a dict, encode; look up, encode."""
    store: dict[str, object] = {}

    def pair(index: int) -> None:
        key = f"/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg{index}"
        store[key] = json.loads(BODY)
        json.dumps(store[key]).encode()
        json.dumps(store[key]).encode()

    return rate(pair, count)


def sqlite_pairs(count: int, path: Path) -> float:
    """Baseline for a file: one insert in a transaction, one select."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("CREATE TABLE resources (key TEXT PRIMARY KEY, body TEXT)")

    def pair(index: int) -> None:
        key = f"/subscriptions/{SUBSCRIPTION_ID}/resourcegroups/rg{index}"
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO resources VALUES (?,?)", (key, BODY.decode()))
        connection.execute("COMMIT")
        connection.execute("SELECT body FROM resources WHERE key=?", (key,)).fetchone()

    found = rate(pair, count)
    connection.close()
    return found


def simulator_pairs(simulator: Simulator, count: int) -> float:
    """PUT and GET of a new resource group through `handle`."""
    headers = {"Authorization": f"Bearer {simulator.owner_token()}", "Content-Type": "application/json"}

    def pair(index: int) -> None:
        url = f"{GROUPS}/rg{index}{VERSION}"
        if simulator.handle(Request("PUT", url, headers, BODY)).status != 201:
            raise SystemExit("a PUT was not answered with 201")
        if simulator.handle(Request("GET", url, headers)).status != 200:
            raise SystemExit("a GET was not answered with 200")

    return rate(pair, count)


def milliseconds(action: Callable[[], int], repeats: int) -> float:
    """Median time of an action that has to answer 200."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        if action() != 200:
            raise SystemExit("a read was not answered with 200")
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def large(path: Path, count: int) -> tuple[float, float, float]:
    """(GET, page of one type, page of all types) in milliseconds with `count` route tables on a file."""
    with Simulator(path) as simulator:
        headers = {"Authorization": f"Bearer {simulator.owner_token()}"}
        put = {**headers, "Content-Type": "application/json"}
        groups = 100
        for index in range(groups):
            simulator.handle(Request("PUT", f"{GROUPS}/rg{index}{VERSION}", put, BODY))
        with simulator.store.writing():
            for index in range(count):
                url = f"{GROUPS}/rg{index % groups}/providers/Microsoft.Network/routeTables/rt{index}{NETWORK}"
                answer = simulator.handle(Request("PUT", url, put, b'{"location":"westeurope","properties":{}}'))
                if answer.status != 201:
                    raise SystemExit(f"a PUT was answered with {answer.status}: {answer.body!r}")
        one = f"{GROUPS}/rg7/providers/Microsoft.Network/routeTables/rt{count // groups * groups - groups + 7}{NETWORK}"
        of_type = f"{HOST}/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Network/routeTables{NETWORK}"
        of_all = f"{HOST}/subscriptions/{SUBSCRIPTION_ID}/resources{VERSION}"
        return (
            milliseconds(lambda: simulator.handle(Request("GET", one, headers)).status, 200),
            milliseconds(lambda: simulator.handle(Request("GET", of_type, headers)).status, 15),
            milliseconds(lambda: simulator.handle(Request("GET", of_all, headers)).status, 15),
        )


SERVER = """
import sys, pathlib
from azlabs.simulator import Simulator
from azlabs.simulator.server import serve
folder = pathlib.Path(sys.argv[1])
simulator = Simulator(folder / "state.db")
listener = serve(simulator, folder=folder / "tls")
print(listener.port, listener.authority, simulator.owner_token(), flush=True)
sys.stdin.read()
"""


def https(folder: Path, count: int) -> tuple[float, float]:
    """(seconds from process start to the first https answer on a new folder, PUTs a second on one connection, file-backed)."""
    import http.client
    import ssl

    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None or process.stdin is None:
            raise SystemExit("no pipes")
        port, authority, token = process.stdout.readline().split()
        connection = http.client.HTTPSConnection(
            "127.0.0.1", int(port), context=ssl.create_default_context(cafile=authority)
        )
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("GET", "/subscriptions?api-version=2022-12-01", headers=headers)
        connection.getresponse().read()
        first = time.perf_counter() - start

        def put(index: int) -> None:
            path = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg{index}{VERSION}"
            connection.request("PUT", path, body=BODY, headers=headers)
            connection.getresponse().read()

        found = rate(put, count)
        process.stdin.close()
    return first, found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    scale = 1 if parser.parse_args().quick else 10
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare, ours = dict_pairs(500 * scale), simulator_pairs(Simulator(), 500 * scale)
        print(
            f"memory  {ours:9.0f} pairs/s   {bare / ours:6.1f} x the time of a dict with json ({bare:.0f} pairs/s)   wanted >= 3000"
        )
        bare, ours = (
            sqlite_pairs(300 * scale, folder / "bare.db"),
            simulator_pairs(Simulator(folder / "state.db"), 300 * scale),
        )
        print(
            f"file    {ours:9.0f} pairs/s   {bare / ours:6.1f} x the time of one insert and one select ({bare:.0f} pairs/s)  wanted >= 1500"
        )
        get, of_type, of_all = large(folder / "large.db", 10_000 * scale)
        print(f"with {10_000 * scale} resources on a file: GET {get:.3f} ms (wanted < 2), page of a type {of_type:.1f} ms, "
              f"page of all {of_all:.1f} ms (wanted < 50)")  # fmt: skip
        (folder / "served").mkdir()
        first, puts = https(folder / "served", 100 * scale)
        print(
            f"https   first answer {first:.2f} s after process start (wanted < 0.5), {puts:.0f} PUT/s on one connection, file-backed"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
