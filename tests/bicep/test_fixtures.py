"""Whole files against templates that were read line by line when they were made; `--update` writes them again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from azlabs.bicep import check_file, compile_file, compile_params

FIXTURES = Path(__file__).parent / "fixtures"
NAMES = sorted(p.parent.name for p in FIXTURES.glob("*/main.bicep"))


def _text(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("symbolic", [False, True], ids=["natural", "symbolic"])
def test_a_file_compiles_to_its_template(name: str, symbolic: bool, golden: Callable[[str, str], None]) -> None:
    template = compile_file(FIXTURES / name / "main.bicep", symbolic_names=symbolic)
    golden(f"{name}{'.symbolic' if symbolic else ''}.json", _text(template))


def test_a_parameter_file_is_evaluated(golden: Callable[[str, str], None]) -> None:
    golden("parameters.values.json", _text(compile_params(FIXTURES / "parameters" / "main.bicepparam")))


@pytest.mark.parametrize("name", NAMES)
def test_compiling_twice_gives_the_same(name: str) -> None:
    path = FIXTURES / name / "main.bicep"
    assert _text(compile_file(path)) == _text(compile_file(path))


def test_the_form_of_output_follows_from_the_source() -> None:
    forms = {name: isinstance(compile_file(FIXTURES / name / "main.bicep")["resources"], dict) for name in NAMES}
    assert {name for name, symbolic in forms.items() if symbolic} == {"imports", "symbolic", "types"}


def test_symbolic_names_on_demand_reach_into_modules() -> None:
    template = compile_file(FIXTURES / "modules" / "main.bicep", symbolic_names=True)
    inner = template["resources"]["other"]["properties"]["template"]
    assert template["languageVersion"] == inner["languageVersion"] == "2.0"
    assert set(inner["resources"]) == {"group", "role", "inside"}


def test_the_generator_is_named_and_its_hash_follows_the_content(tmp_path: Path) -> None:
    def generator(text: str) -> dict[str, str]:
        (tmp_path / "main.bicep").write_text(text)
        found: dict[str, str] = compile_file(tmp_path / "main.bicep")["metadata"]["_generator"]
        return found

    one, same, other = generator("output a int = 1"), generator("output a  int = 1 // same"), generator("output a int = 2")
    assert one["name"] == "bicep"
    assert one["version"]
    assert one["templateHash"] == same["templateHash"] != other["templateHash"]


def test_no_fixture_has_errors_and_every_remark_has_a_place() -> None:
    for name in NAMES:
        template, diagnostics = check_file(FIXTURES / name / "main.bicep")
        assert template is not None
        assert all(d.level != "Error" and d.line >= 1 and d.column >= 1 for d in diagnostics)
