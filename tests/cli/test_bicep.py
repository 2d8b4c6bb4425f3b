"""`azlabs bicep`."""

from __future__ import annotations

import json

GOOD = "param name string\nvar doubled = '${name}${name}'\noutput twice string = doubled\n"


def test_build_prints_or_writes_the_template(azlabs, tmp_path):
    (tmp_path / "a.bicep").write_text(GOOD)
    printed = azlabs("bicep", "build", "a.bicep", "--stdout")
    assert json.loads(printed.out)["outputs"]["twice"]["type"] == "string"
    assert azlabs("bicep", "build", "a.bicep").code == 0
    assert json.loads((tmp_path / "a.json").read_text()) == json.loads(printed.out)
    assert azlabs("bicep", "build", "a.bicep", "-o", "no/such/folder.json", "--json").code == 2


def test_symbolic_names_are_asked_for(azlabs, tmp_path):
    (tmp_path / "a.bicep").write_text(GOOD)
    template = json.loads(azlabs("bicep", "build", "a.bicep", "--stdout", "--symbolic-names").out)
    assert template["languageVersion"] == "2.0"


def test_an_error_is_named_as_compilers_do_and_ends_with_1(azlabs, tmp_path):
    (tmp_path / "b.bicep").write_text("var x = nothing\n")
    ran = azlabs("bicep", "build", "b.bicep", "--stdout")
    assert (ran.code, ran.out) == (1, "")
    assert "b.bicep(1,9) : Error BCP057: " in ran.err
    shown = azlabs("bicep", "lint", "b.bicep", "--json")
    assert shown.code == 1
    (found,) = [entry for entry in shown.json["diagnostics"] if entry["level"] == "Error"]
    assert (found["line"], found["column"], found["code"]) == (1, 9, "BCP057")


def test_a_file_that_is_not_there_is_said(azlabs):
    assert azlabs("bicep", "lint", "nowhere.bicep", "--json").error["code"] == "FileNotFound"
