"""The lab ai200-rag, solved as a learner does: the commands of its hints in `azlabs shell`, the app's code, both ways to publish."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOLUTION = ROOT / "bicep" / "ai200-rag" / "solution"
AZ = ROOT / ".venv-az" / "bin"
PATH = os.pathsep.join([str(AZ), os.environ["PATH"]])
pytestmark = pytest.mark.skipif(
    shutil.which("az", path=PATH) is None, reason="the Azure CLI is not installed; `make conformance` installs it"
)
CONFIGURATION = ("queue", "vector-store", "keyless", "secret")

PUBLISH_BY_AZ = """
(cd app && python -m zipfile -c ../app.zip *)
az functionapp deployment source config-zip -g $RG -n $APP --src app.zip -o none
"""
SEARCH = """
TOKEN=$(az keyvault secret show --vault-name $KV -n search-token --query value -o tsv)
curl -sS -H "x-search-token: $TOKEN" $FUNCTION_APP_URL/api/search -d '{"question": "When is the winch inspected?", "k": 2}'
"""
FOLLOW = """
az monitor log-analytics query -w $WORKSPACE --analytics-query \
  "union AppRequests, AppDependencies | where OperationId == 'TRACE' | project TableName = Type, Name, Target, Properties"
"""


class Learner:
    """The command line in a home of its own, with az on the PATH and the workspace as the current folder."""

    def __init__(self, home: Path) -> None:
        self.environment = os.environ | {"AZLABS_HOME": str(home), "PATH": PATH}
        self.home = self.folder = home

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "azlabs", *words],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    def json(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json").stdout)

    def shell(self, script: str) -> str:
        """What a script prints in `azlabs shell`; every command of it has to succeed."""
        done = self.run("shell", "--", "bash", "-euc", script)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commands(self, task: str) -> str:
        """The commands in a task's last hint: its indented lines."""
        hints = [self.json("hint", task)]
        while hints[-1]["number"] < hints[-1]["of"]:
            hints.append(self.json("hint", task))
        return "\n".join(line for line in hints[-1]["hint"].splitlines() if line.startswith("    "))

    def write_code_of(self, *tasks: str) -> None:
        for task in tasks:
            shutil.copytree(SOLUTION / task, self.folder / "app", dirs_exist_ok=True)

    def verify(self) -> set[str]:
        """The tasks with all of their points."""
        return {task["id"] for task in self.json("verify")["tasks"] if task["earned"] == task["points"]}


@pytest.fixture
def learner(tmp_path: Path) -> Iterator[Learner]:
    (tmp_path / "home").mkdir()
    learner = Learner(tmp_path / "home")
    up = learner.json("up", "ai200-rag", "--yes")
    learner.folder = Path(up["workspace"])
    yield learner
    learner.folder = tmp_path
    learner.run("down", "--all", "--yes")


def test_the_lab_is_solved_by_its_hints(learner: Learner) -> None:
    for task in CONFIGURATION:
        learner.shell(learner.commands(task))
    assert learner.verify() == set(CONFIGURATION)

    learner.write_code_of("ingest", "search")
    published = learner.json("deploy")
    assert ([one["name"] for one in published["functions"]], published["problems"]) == (["health", "ingest", "search"], [])
    assert learner.verify() == {*CONFIGURATION, "ingest", "search"}

    learner.write_code_of("poison", "trace")
    setting = learner.commands("trace").split("    az monitor", 1)[0]
    learner.shell(setting + PUBLISH_BY_AZ)
    sent = learner.shell(f"{shlex.quote(sys.executable)} app/documents/send.py")
    traces = dict(re.findall(r"sent (\S+) revision \d+, trace (\w{32})", sent))
    assert len(traces) == 8

    assert learner.json("verify")["score"] == 1000
    assert len(json.loads(learner.shell(SEARCH))["results"]) == 2
    rows = json.loads(learner.shell(FOLLOW.replace("TRACE", traces["ops-014"])))
    assert {row["TableName"] for row in rows} == {"AppRequests", "AppDependencies"}
    assert any("ops-014" in row["Properties"] for row in rows)
    assert any(line["function"] == "ingest" for line in learner.json("logs")["lines"])

    assert learner.run("reset", "--yes").returncode == 0
    assert learner.verify() == set()
    down = learner.json("down", "--yes")
    assert down["survivors"] == []
    assert not list((learner.home / "functions").glob("func-*"))
