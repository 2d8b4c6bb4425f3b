"""Whatever a learner's code does costs no more than its own invocation, and is explained in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from azlabs.simulator import Answer
from azlabs.simulator.functions import crew, zygotes

from .conftest import Running
from .running import Packages, code
from .scene import Scene, eventually

APP = code(
    """
import ctypes, sys, threading, subprocess

@app.route("ok")
def ok(req: func.HttpRequest) -> str:
    return "ok"

@app.route("pid")
def pid(req: func.HttpRequest) -> str:
    return str(os.getpid())

@app.route("wait/{seconds}")
def wait(req: func.HttpRequest) -> str:
    time.sleep(float(req.route_params["seconds"]))
    return "waited"

@app.route("leave")
def leave(req: func.HttpRequest) -> str:
    print("about to leave")
    os._exit(3)

@app.route("exit")
def leave_politely(req: func.HttpRequest) -> str:
    sys.exit(4)

@app.route("exit-async")
async def leave_async(req: func.HttpRequest) -> str:
    sys.exit(5)

@app.route("segfault")
def segfault(req: func.HttpRequest) -> str:
    ctypes.string_at(0)
    return "no"

@app.route("spin")
def spin(req: func.HttpRequest) -> str:
    while True:
        pass

@app.route("spin-async")
async def spin_async(req: func.HttpRequest) -> str:
    while True:
        pass

@app.route("eat")
def eat(req: func.HttpRequest) -> str:
    eaten = []
    while True:
        eaten.append(b"x" * (16 << 20))

@app.route("recurse")
def recurse(req: func.HttpRequest) -> str:
    def deeper(n):
        return deeper(n + 1)
    return deeper(0)

@app.route("flood")
def flood(req: func.HttpRequest) -> str:
    for number in range(int(req.params["n"])):
        logging.info("line %d", number)
        print("line", number)
    return "flooded"

@app.route("raw")
def raw(req: func.HttpRequest) -> str:
    for number in range(2000):
        os.write(1, b"x" * 1000 + b"\\n")
    sys.stdout.buffer.write(b"bytes\\n")
    return "written"

@app.route("child")
def child(req: func.HttpRequest) -> str:
    return str(subprocess.Popen(["sleep", "60"]).pid)

@app.route("close")
def close(req: func.HttpRequest) -> str:
    os.closerange(3, 64)
    return "closed"
"""
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Scene() as scene:
        packages = Packages(scene, tmp_path_factory.mktemp("packages"))
        site = scene.dedicated("func-c")
        host = '{"version": "2.0", "functionTimeout": "00:00:02"}'
        packages.put(site, {"host.json": host, "function_app.py": APP})
        yield Running(scene, packages, site)


def call(app: Running, path: str) -> Answer:
    return app.scene.call("func-c", f"/api/{path}")


def errors(app: Running, function: str) -> list[str]:
    return app.packages.lines(app.site, function=function, level="Error")


@pytest.mark.parametrize(
    ("path", "function", "words"),
    [
        ("leave", "leave", "exit code 3: something in the app left Python (os._exit)"),
        ("segfault", "segfault", "SIGSEGV: it read memory that is not its own"),
        ("exit", "leave_politely", "SystemExit: 4"),
        ("exit-async", "leave_async", "SystemExit: 5"),
        ("recurse", "recurse", "RecursionError: maximum recursion depth exceeded"),
        ("close", "close", "closed files that are not its own"),
    ],
)
def test_code_that_leaves_is_explained_and_the_next_call_works(app: Running, path: str, function: str, words: str) -> None:
    assert call(app, path).status == 500
    assert words.lower() in errors(app, function)[0].lower()
    assert call(app, "ok").body == b"ok"


@pytest.mark.parametrize("path", ["spin", "spin-async"])
def test_an_endless_loop_ends_at_the_timeout_and_disturbs_nobody(app: Running, path: str) -> None:
    found: dict[str, Answer] = {}
    threads = [threading.Thread(target=lambda one=one: found.update({one: call(app, one)})) for one in (path, "wait/0.3")]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    assert call(app, "ok").body == b"ok"
    for thread in threads:
        thread.join()
    assert (found[path].status, found["wait/0.3"].body) == (500, b"waited")
    name = path.replace("-", "_")
    assert "longer than functionTimeout allows (00:00:02)" in errors(app, name)[0]
    assert call(app, "ok").body == b"ok"


@pytest.fixture
def patient(app: Running) -> Iterator[Running]:
    """The app with a minute for each invocation, however busy the machine is."""
    app.scene.settings(app.site, AzureFunctionsJobHost__functionTimeout="00:01:00")
    yield app
    app.scene.settings(app.site, AzureFunctionsJobHost__functionTimeout=None)


def test_memory_that_grows_without_end_is_stopped_at_the_limit(patient: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    app = patient
    monkeypatch.setattr(crew, "MEMORY", 200 * 1024 * 1024)
    app.packages.host.restart(app.site)
    assert call(app, "eat").status == 500
    assert "memory" in errors(app, "eat")[0].lower()
    monkeypatch.undo()
    app.packages.host.restart(app.site)
    assert call(app, "ok").body == b"ok"


def test_a_million_lines_cost_no_more_than_their_own_invocation(patient: Running) -> None:
    app = patient
    worker = call(app, "pid").body
    answer = call(app, "flood?n=100000")
    assert answer.status == 200
    lines = app.packages.lines(app.site, function="flood")
    assert sum(line.startswith("line") for line in lines) == 1000
    assert any(line.startswith("199000 more lines were dropped") for line in lines)
    assert call(app, "raw").body == b"written"
    assert call(app, "pid").body == worker


def test_the_log_on_disk_is_bounded(app: Running) -> None:
    folder = app.scene.cloud.home / "functions" / "func-c"
    log = app.packages.app(app.site).log
    for _ in range(100):
        log.write("Information", "x" * 60_000)
    assert sum(path.stat().st_size for path in folder.glob("log*.jsonl")) < 5_000_000


def test_what_the_app_started_ends_with_its_worker(app: Running) -> None:
    child = int(call(app, "child").body)
    assert _alive(child)
    app.packages.host.restart(app.site)
    call(app, "ok")
    eventually(lambda: not _alive(child))


def test_nothing_is_left_when_the_station_closes(tmp_path: Path) -> None:
    with Scene() as scene:
        packages = Packages(scene, tmp_path)
        site = scene.dedicated("func-l")
        packages.put(site, {"function_app.py": APP})
        worker = int(scene.call("func-l", "/api/pid").body)
        threading.Thread(target=lambda: scene.call("func-l", "/api/spin"), daemon=True).start()
        time.sleep(0.1)
        assert _alive(worker)
    eventually(lambda: not _alive(worker))


KILLED = """
import sys, threading, time
from pathlib import Path
from tests.simulator.functions.running import Packages
from tests.simulator.functions.scene import Scene
from tests.simulator.functions.test_containment import APP

scene = Scene()
packages = Packages(scene, Path(sys.argv[1]))
packages.put(scene.dedicated("func-k"), {"function_app.py": APP})
pid = scene.call("func-k", "/api/pid").body.decode()
threading.Thread(target=lambda: scene.call("func-k", "/api/spin"), daemon=True).start()
time.sleep(0.1)
print(pid, *(zygote.pid for zygote in packages.host._zygotes.values()), flush=True)
time.sleep(60)
"""


def test_a_host_that_is_killed_takes_its_workers_with_it_even_one_that_never_ends(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    command, environment = [sys.executable, "-c", KILLED, str(tmp_path)], {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        assert all(_alive(pid) for pid in pids)
        process.kill()
    eventually(lambda: not any(_alive(pid) for pid in pids))


def test_where_forking_is_not_to_be_relied_on_each_worker_is_a_process_of_its_own(
    scene: Scene, packages: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zygotes, "FORKS", False)
    site = scene.dedicated("func-own")
    packages.put(site, {"function_app.py": APP})
    first = int(scene.call("func-own", "/api/pid").body)
    assert scene.call("func-own", "/api/leave").status == 500
    assert any("exit code 3" in line for line in packages.lines(site, function="leave", level="Error"))
    second = int(scene.call("func-own", "/api/pid").body)
    assert first != second
    scene.cloud.close()
    eventually(lambda: not _alive(second))


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"function_app.py": "import nowhere_to_be_found\n"}, "No module named 'nowhere_to_be_found'"),
        ({"function_app.py": "x = (\n"}, "SyntaxError: '(' was never closed (function_app.py, line 1)"),
        ({"function_app.py": "import os\nos._exit(9)\n"}, "While function_app.py was being loaded, the worker process ended"),
        ({"function_app.py": "import azurefunctions.extensions.bindings.servicebus as servicebus\n"}, "explicit settlement of messages"),
        ({"function_app.py": "app = 1\n"}, "Could not find top level function app instances in function_app.py."),
        ({"other.py": "x = 1\n"}, "There is no function_app.py in the app's folder"),
        ({"host.json": "{", "function_app.py": ""}, "host.json is not valid JSON"),
        ({"host.json": '{"version": "1.0"}', "function_app.py": ""}, '"version": "2.0"'),
        (
            {"function_app.py": code('@app.route("a")\ndef f(r: func.HttpRequest, x: int) -> str:\n    return ""\n')},
            "cannot load the f function",
        ),
        (
            {"function_app.py": code(
                '@app.service_bus_queue_trigger(arg_name="m", queue_name="q", connection="B")\ndef f(m: str) -> None:\n    pass\n'
            )},
            'type of m binding in the function definition "serviceBusTrigger" does not match its Python annotation "str"',
        ),
    ],
)  # fmt: skip
def test_an_app_that_cannot_be_loaded_says_why(scene: Scene, packages: Packages, files: dict[str, str], words: str) -> None:
    site = scene.dedicated("func-b")
    packages.put(site, files)
    answer = scene.call("func-b", "/api/a")
    assert answer.status in (404, 503)
    assert words in answer.headers["X-Azlabs-Problem"]
    assert any(words in line for line in packages.lines(site, level="Error"))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
