"""Against what Microsoft's compiler made of the same files. The corpus lies beside the repository, if at all."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from azlabs.bicep import check_file, compile_params
from azlabs.bicep.parser import parse
from azlabs.bicep.printer import print_program
from azlabs.bicep.syntax import shape

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
CORPUS = SHARED / "bicep-corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real templates is not beside the repository")

# What was reached; a change that loses a pair is a step back.
EQUAL = 1.0
EQUAL_SYMBOLIC = 1.0


@pytest.fixture(scope="module")
def differ() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bicep_diff", SHARED / "tools" / "bicep_diff.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _differences(differ: ModuleType, expected_name: str, symbolic: bool) -> tuple[int, dict[str, Any]]:
    found: dict[str, Any] = {}
    folders = sorted(p.parent for p in CORPUS.glob(f"*/{expected_name}"))
    for folder in folders:
        template, diagnostics = check_file(folder / "main.bicep", symbolic_names=symbolic)
        if template is None:
            found[folder.name] = [str(d) for d in diagnostics if d.level == "Error"]
            continue
        expected = differ.load(folder / expected_name)
        lines = differ.differences(expected, json.loads(json.dumps(template)), 3)
        if isinstance(expected["resources"], dict) != isinstance(template["resources"], dict):
            lines.append("the other form of output")
        if lines:
            found[folder.name] = lines
    return len(folders), found


def test_templates_equal_those_of_the_real_compiler(differ: ModuleType) -> None:
    count, different = _differences(differ, "main.json", False)
    assert count >= 80
    assert (count - len(different)) / count >= EQUAL, different


def test_symbolic_templates_equal_those_of_the_real_compiler(differ: ModuleType) -> None:
    count, different = _differences(differ, "main.symbolicnames.json", True)
    assert count >= 50
    assert (count - len(different)) / count >= EQUAL_SYMBOLIC, different


@pytest.mark.parametrize("folder", sorted(CORPUS.glob("bicepparam-*")), ids=lambda p: p.name)
def test_parameter_files_equal_those_of_the_real_compiler(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("stringEnvVariableName", "test")
    monkeypatch.setenv("intEnvVariableName", "100")
    monkeypatch.setenv("boolEnvironmentVariable", "true")
    made = json.loads(json.dumps(compile_params(folder / "parameters.bicepparam")))
    assert made == json.loads((folder / "parameters.json").read_text(encoding="utf-8-sig"))


def test_printing_every_file_and_parsing_it_again_gives_the_same_tree() -> None:
    for path in sorted(CORPUS.rglob("*.bicep*")):
        parsed = parse(path.read_bytes().decode("utf-8-sig"))
        printed = print_program(parsed)
        again = parse(printed)
        assert not again.problems, path
        assert shape(again.program) == shape(parsed.program), path
        assert print_program(again) == printed, path
        assert len(again.lexed.comments) == len(parsed.lexed.comments), path
