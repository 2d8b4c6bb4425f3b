"""`.bicepparam`: evaluated while compiling."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlabs.bicep import BicepError, compile_params

MAIN = "param name string\nparam size int = 1\nparam note string?\noutput o string = '${name}${size}${note}'\n"


def _compile(folder: Path, text: str) -> dict[str, object]:
    (folder / "main.bicep").write_text(MAIN)
    (folder / "main.bicepparam").write_text(text)
    found: dict[str, object] = compile_params(folder / "main.bicepparam")["parameters"]
    return found


def test_values_are_evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZLABS_TEST_SIZE", "3")
    text = ("using 'main.bicep'\nvar words = ['a', 'b']\nparam name = join(map(words, w => toUpper(w)), '-')\n"
            "param size = int(readEnvironmentVariable('AZLABS_TEST_SIZE')) + length(words)\nparam note = null\n")
    assert _compile(tmp_path, text) == {"name": {"value": "A-B"}, "size": {"value": 5}, "note": {"value": None}}


def test_text_that_looks_like_an_expression_stays_text(tmp_path: Path) -> None:
    assert _compile(tmp_path, "using 'main.bicep'\nparam name = '[x]'\n") == {"name": {"value": "[x]"}}


@pytest.mark.parametrize(("text", "code"), [
    ("param name = 'x'", "BCP261"),
    ("using 'main.bicep'", "BCP258"),
    ("using 'main.bicep'\nparam name = 'x'\nparam nam = 'y'", "BCP259"),
    ("using 'main.bicep'\nparam name = 1", "BCP033"),
    ("using 'main.bicep'\nparam name = 'x'\nparam name = 'y'", "BCP028"),
    ("using 'main.bicep'\nparam name = readEnvironmentVariable('AZLABS_TEST_NO_SUCH')", "BCP338"),
    ("using 'main.bicep'\nparam name = substring('a', 5, 1)", "BCP338"),
    ("using 'main.bicep'\nparam name = resourceGroup().name", "BCP057"),
    ("using 'missing.bicep'\nparam name = 'x'", "BCP091"),
])
def test_what_is_wrong_has_the_code_that_people_know(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(BicepError) as raised:
        _compile(tmp_path, text)
    assert code in {d.code for d in raised.value.diagnostics}, raised.value.diagnostics


def test_an_extended_file_gives_what_is_not_assigned_again(tmp_path: Path) -> None:
    (tmp_path / "base.bicepparam").write_text("using none\nparam name = 'base'\nparam size = 7\n")
    text = "using 'main.bicep'\nextends 'base.bicepparam'\nparam name = 'own'\n"
    assert _compile(tmp_path, text) == {"name": {"value": "own"}, "size": {"value": 7}}


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "base.bicepparam").write_text("using none\nextends 'main.bicepparam'\n")
    with pytest.raises(BicepError):
        _compile(tmp_path, "using 'main.bicep'\nextends 'base.bicepparam'\nparam name = 'own'\n")
