"""The learner's own code in a lab's function app: published, run in place of the published one, its log read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.simulator.functions.scene import BLOB_CONTRIBUTOR, Scene, eventually, hello

from azlabs.errors import AzlabsError
from azlabs.sandbox import app_logs
from azlabs.sandbox.app_logs import Line, source_of
from azlabs.sandbox.apps import FunctionApp, NoSuchApp, find_app, state_of
from azlabs.sandbox.code_loop import CodeLoop
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.publishing import files_of, publish


class Workspace:
    """A folder with an app, a sandbox that knows nothing of it, and the function app `func-flex`."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene, self.cloud, self.folder = scene, scene.cloud, folder / "app"
        scene.flex()
        scene.allow(BLOB_CONTRIBUTOR)
        for name, text in hello().items():
            self.write(name, text)
        self.sandbox = Sandbox("lab-1", "lab", "simulator", scene.cloud.subscription_id, "westeurope", ["rg"], folder)
        self.lab: Any = SimpleNamespace(function_app=None)

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    @property
    def app(self) -> FunctionApp:
        return find_app(self.sandbox, self.lab, self.cloud)

    def answer(self) -> bytes:
        return self.scene.call("func-flex", "/api/hello").body


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Workspace]:
    with Scene() as scene:
        yield Workspace(scene, tmp_path)


def test_the_app_is_the_labs_the_named_or_the_only_one(work: Workspace) -> None:
    assert (work.app.name, work.app.host, work.app.engine) == (
        "func-flex", "func-flex.azurewebsites.net", "func-flex.scm.azurewebsites.net",
    )  # fmt: skip
    work.scene.dedicated("func-b1")
    with pytest.raises(NoSuchApp, match="several"):
        find_app(work.sandbox, work.lab, work.cloud)
    assert find_app(work.sandbox, work.lab, work.cloud, "FUNC-B1").name == "func-b1"
    with pytest.raises(NoSuchApp, match="no function app 'other'"):
        find_app(work.sandbox, work.lab, work.cloud, "other")
    work.lab.function_app, work.sandbox.outputs = "app", {"app": "func-flex"}
    assert find_app(work.sandbox, work.lab, work.cloud).name == "func-flex"
    work.sandbox.resource_groups = []
    with pytest.raises(NoSuchApp, match="has no function app"):
        find_app(work.sandbox, work.lab, work.cloud)


def test_after_publishing_the_state_tells_functions_or_what_is_wrong_and_where(work: Workspace) -> None:
    publish(work.cloud, work.app.name, [work.folder])
    state = state_of(work.cloud, work.app)
    assert state.problems == []
    assert [(one.name, one.trigger, one.url) for one in state.functions] == [
        ("hello", "httpTrigger", "https://func-flex.azurewebsites.net/api/hello")
    ]
    assert work.answer() == b"hello from the harbour"
    work.write("tides.py", "import nosuchthing\n")
    work.write("function_app.py", "import tides\n")
    publish(work.cloud, work.app.name, [work.folder])
    assert state_of(work.cloud, work.app).problem == "ModuleNotFoundError: No module named 'nosuchthing' (tides.py, line 1)"
    work.write("tides.py", "\ndepth = 1 / 0\n")
    publish(work.cloud, work.app.name, [work.folder])
    assert state_of(work.cloud, work.app).problem == "ZeroDivisionError: division by zero (tides.py, line 2)"


def test_the_code_loop_runs_the_folder_and_gives_the_published_app_back(work: Workspace) -> None:
    publish(work.cloud, work.app.name, [work.folder])
    text = (work.folder / "function_app.py").read_text()
    work.write("function_app.py", text.replace("the harbour", "the loop"))
    with CodeLoop(work.cloud, work.app, work.folder) as loop:
        assert work.answer() == b"hello from the loop"
        looks = loop.changes()
        assert next(looks) == []
        work.write("function_app.py", text.replace("the harbour", "the second loop"))
        assert eventually(lambda: next(looks)) == ["function_app.py"]
        assert work.answer() == b"hello from the second loop"
        work.write("function_app.py", "import nosuchthing\n")
        assert eventually(lambda: next(looks)) == ["function_app.py"]
        assert "nosuchthing" in state_of(work.cloud, work.app).problem
    assert work.answer() == b"hello from the harbour"


def test_a_code_loop_that_falls_silent_gives_the_published_app_back(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from azlabs.simulator.functions.publishing import loop as loops

    monkeypatch.setattr(loops, "SILENT_SECONDS", 3.0)
    publish(work.cloud, work.app.name, [work.folder])
    elsewhere = work.folder.with_name("elsewhere")
    shutil.copytree(work.folder, elsewhere)
    (elsewhere / "function_app.py").write_text((work.folder / "function_app.py").read_text().replace("the harbour", "the loop"))
    CodeLoop(work.cloud, work.app, elsewhere).__enter__()
    assert work.answer() == b"hello from the loop"
    assert eventually(lambda: work.answer() == b"hello from the harbour")


def test_the_code_loop_refuses_what_it_cannot_do(work: Workspace) -> None:
    with pytest.raises(AzlabsError, match=r"host\.json"), CodeLoop(work.cloud, work.app, work.folder.parent):
        pass
    work.cloud.place.costs_money = True
    with pytest.raises(AzlabsError, match="on the simulator only"), CodeLoop(work.cloud, work.app, work.folder):
        pass


def test_the_log_is_read_in_parts_also_when_its_file_begins_anew(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from azlabs.simulator.functions import log

    monkeypatch.setattr(log, "MOST_BYTES", 1000)
    written = log.Log(work.cloud.home, "func-flex")
    source = source_of(work.cloud, work.app)
    seen: list[Line] = []
    for number in range(60):
        written.write("Information", f"line {number}", "hello")
        if number % 7 == 0:
            seen += source.lines()
    seen += source.lines()
    assert [line.text for line in seen] == [f"line {number}" for number in range(60)]
    assert (seen[0].level, seen[0].function) == ("Information", "hello")
    assert source.lines() == []


def test_on_azure_lines_come_from_application_insights_each_once(work: Workspace) -> None:
    asked: list[dict[str, Any]] = []
    now = datetime.now(UTC).isoformat()
    rows = [[now, 1, "hello", "first", "a"], [now, 3, None, "ValueError: no", "b"]]

    class Azure:
        costs_money = True

        def request(self, *_: Any) -> Any:
            return SimpleNamespace(json={"properties": settings})

        def send(self, method: str, url: str, **more: Any) -> Any:
            asked.append({"method": method, "url": url, **more})
            return SimpleNamespace(status=200, json={"tables": [{"rows": list(rows)}]})

    cloud: Any = Azure()
    settings: dict[str, str] = {}
    with pytest.raises(AzlabsError, match="APPLICATIONINSIGHTS_CONNECTION_STRING"):
        source_of(cloud, work.app)
    settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] = "InstrumentationKey=1;ApplicationId=app-2"
    source = source_of(cloud, work.app)
    assert [(line.level, line.text) for line in source.lines()] == [("Information", "first"), ("Error", "ValueError: no")]
    assert asked[0]["url"] == "https://api.applicationinsights.io/v1/apps/app-2/query"
    assert b"cloud_RoleName =~ 'func-flex'" in asked[0]["content"]
    assert source.lines() == []
    rows.append([now, 2, "hello", "third", "c"])
    assert [line.text for line in app_logs.source_of(cloud, work.app).lines()] == ["first", "ValueError: no", "third"]
    assert [line.text for line in source.lines()] == ["third"]


def test_what_belongs_to_the_learners_machine_is_not_looked_at(work: Workspace) -> None:
    for name in (".venv/lib/site.py", "__pycache__/a.pyc", "local.settings.json", ".env", "sub/__pycache__/b.pyc", "sub/c.py"):
        work.write(name, "x")
    assert [name for name, _ in files_of(work.folder)] == ["function_app.py", "host.json", "requirements.txt", "sub/c.py"]
