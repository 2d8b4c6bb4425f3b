"""Packages of function apps: what goes in, what stays out, and how a refusal reads."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from azlabs.cloud.data_requests import Said
from azlabs.sandbox.publishing import PublishingFailed, package, publish


@pytest.fixture
def app(tmp_path: Path) -> Path:
    files = {
        "host.json": "{}",
        "function_app.py": "first",
        ".funcignore": "documents\n*.md\n# words\n",
        ".env": "A=1",
        "documents/a.json": "{}",
        "lib/b.py": "",
        "lib/notes.md": "",
        "lib/__pycache__/b.pyc": "",
    }
    for name, text in files.items():
        file = tmp_path / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "app"


def names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_package_holds_the_app_without_what_stays_at_home(app: Path) -> None:
    assert names(package([app])) == ["function_app.py", "host.json", "lib/b.py"]


def test_a_later_folder_replaces_files_and_the_same_files_give_the_same_bytes(app: Path, tmp_path: Path) -> None:
    over = tmp_path / "over"
    over.mkdir()
    (over / "function_app.py").write_text("second")
    made = package([app, over])
    assert zipfile.ZipFile(io.BytesIO(made)).read("function_app.py") == b"second"
    (over / "function_app.py").touch()
    assert package([app, over]) == made


def test_a_folder_that_is_no_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PublishingFailed, match=r"host\.json"):
        package([tmp_path])
    with pytest.raises(PublishingFailed, match="no folder"):
        package([tmp_path / "nowhere"])


class Engine:
    """A deployment engine that answers what it is told to."""

    place = SimpleNamespace(poll_seconds=0.01)

    def __init__(self, *answers: Said) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def send(self, method: str, url: str, **_options: Any) -> Said:
        self.asked.append(f"{method} {url}")
        return self.answers.pop(0)


def told(status: int, body: Any) -> Said:
    return Said(status, {}, json.dumps(body).encode() if not isinstance(body, str) else body.encode())


def test_it_waits_for_the_end_of_the_deployment(app: Path) -> None:
    engine = Engine(told(202, '"abc"'), told(200, {"status": 1}), told(200, {"status": 4}))
    publish(engine, "func-a", [app])  # type: ignore[arg-type]
    assert engine.asked[0].startswith("POST https://func-a.scm.azurewebsites.net/api/publish?")
    assert engine.asked[-1] == "GET https://func-a.scm.azurewebsites.net/api/deployments/abc"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([told(202, '"abc"'), told(200, {"status": 3, "status_text": "No such package: x."})], "No such package: x"),
        ([told(409, "The site is locked.")], "is locked"),
    ],
)
def test_a_failed_deployment_says_why(app: Path, answers: list[Said], words: str) -> None:
    with pytest.raises(PublishingFailed, match=words):
        publish(Engine(*answers), "func-a", [app])  # type: ignore[arg-type]


BUSY = "There is a deployment currently in progress. Please try again when it completes."


def test_a_deployment_that_was_begun_before_is_waited_for(app: Path) -> None:
    engine = Engine(told(409, BUSY), told(409, BUSY), told(202, '"abc"'), told(200, {"status": 4}))
    publish(engine, "func-a", [app])  # type: ignore[arg-type]
    assert len([asked for asked in engine.asked if asked.startswith("POST")]) == 3


def test_a_deployment_that_does_not_end_is_told(app: Path) -> None:
    with pytest.raises(PublishingFailed, match="currently in progress"):
        publish(Engine(told(409, BUSY)), "func-a", [app], patience_seconds=-1)  # type: ignore[arg-type]
