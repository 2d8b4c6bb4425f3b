"""The wheel: it carries the labs and their index, and finds them without a checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The contents of a wheel that was built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    with zipfile.ZipFile(folder / built.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "unpacked")
    return folder / "unpacked"


def run(unpacked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "AZLABS_HOME": str(unpacked.parent / "home")}
    return subprocess.run(
        [sys.executable, "-m", "azlabs", *arguments],
        cwd=unpacked.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_wheel_carries_every_lab_and_its_templates(unpacked):
    content = unpacked / "azlabs" / "content"
    for folder in (ROOT / "labs").iterdir():
        if (folder / "lab.yaml").is_file():
            assert (content / "labs" / folder.name / "checks.py").is_file()
            assert (content / "bicep" / folder.name / "start.bicep").is_file()
    assert not list(unpacked.rglob("__pycache__"))
    assert (unpacked / "azlabs" / "py.typed").is_file()


def test_the_installed_package_lists_its_labs_from_the_index(unpacked):
    listed = json.loads(run(unpacked, "list", "--json").stdout)["labs"]
    indexed = json.loads((unpacked / "azlabs" / "content" / "index.json").read_text())["labs"]
    assert [lab["id"] for lab in listed] == [lab["id"] for lab in indexed]
    assert listed


def test_the_installed_package_brings_its_labs_up(unpacked):
    lab = json.loads(run(unpacked, "list", "--json").stdout)["labs"][0]["id"]
    assert run(unpacked, "lab", "validate", lab).returncode == 0
    assert run(unpacked, "up", lab, "--yes").returncode == 0
    verified = run(unpacked, "verify", "--json")
    assert (verified.returncode, json.loads(verified.stdout)["score"]) == (1, 0)
    assert run(unpacked, "down", "--yes").returncode == 0
