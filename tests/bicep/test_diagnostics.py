"""What the compiler refuses: where, with which code, in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiling import check, errors

from azlabs.bicep import BicepError, Diagnostic, compile_file, format_diagnostics

ACCOUNT = "resource account 'Microsoft.Storage/storageAccounts@2023-01-01' = {\n  name: 'a'\n}\n"


def test_an_error_names_file_line_column_and_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.bicep").write_text("param name string\n\noutput x string = nam\n")
    with pytest.raises(BicepError) as raised:
        compile_file("main.bicep")
    message = 'The name "nam" does not exist in the current context. Did you mean "name"?'
    assert str(raised.value) == f"main.bicep(3,19) : Error BCP082: {message}"
    assert raised.value.diagnostics == [Diagnostic("main.bicep", 3, 19, "Error", "BCP082", message)]
    assert format_diagnostics(raised.value.diagnostics) == str(raised.value)


def test_several_errors_are_told_at_once(tmp_path: Path) -> None:
    text = "param a strin\nvar b = \nvar c = [1, 2\nvar d = 'x\noutput e string = missing\nvar ok = 1\nvar ok = 2\n"
    found = errors(tmp_path, text)
    assert [(line, code) for line, _, code in found] == [
        (1, "BCP082"), (2, "BCP009"), (4, "BCP018"), (4, "BCP004"), (5, "BCP057"), (7, "BCP028")]


def test_an_error_inside_an_object_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    found = errors(tmp_path, "var a = {\n  one: 1 +\n  two: nope\n  3\n  four: [1, )\n}\n")
    assert [(line, code) for line, _, code in found] == [
        (2, "BCP009"), (3, "BCP057"), (4, "BCP022"), (5, "BCP009"), (6, "BCP018")]


@pytest.mark.parametrize(("text", "code"), [
    ("var a = b", "BCP057"),
    ("var a = utcNo()", "BCP082"),
    ("var a = resourceGroup", "BCP063"),
    ("var a = a", "BCP079"),
    ("var a = b\nvar b = a", "BCP080"),
    ("param a int = 'x'", "BCP033"),
    ("@allowed(['x', 'y'])\nparam a string = 'z'", "BCP033"),
    ("output a string = 1", "BCP033"),
    ("param a", "BCP014"),
    ("param a strng", "BCP082"),
    ("param a nothing", "BCP302"),
    ("output a = 1", "BCP146"),
    ("var a = 'x' + 1", "BCP045"),
    ("var a = !1", "BCP044"),
    ("var a = 1 ? 2 : 3", "BCP046"),
    ("var a = 'x'.length", "BCP055"),
    ("var a = true[0]", "BCP076"),
    ("var a = { b: 1 }.c", "BCP053"),
    ("var a = { one: 1 }.onee", "BCP083"),
    ("var a = { b: 1, b: 2 }", "BCP025"),
    ("var a = [1,\n2]", "BCP238"),
    ("var a = concat()", "BCP071"),
    ("var a = guid", "BCP063"),
    ("var a = utcNow()", "BCP065"),
    ("var a = { b: [for i in [1]: i] }", "BCP138"),
    ("var a = union([for i in [1]: i], [])", "BCP138"),
    ("var a = [for i in 'x': i]", "BCP137"),
    ("var a = 99999999999999999999", "BCP010"),
    ('var a = "x"', "BCP103"),
    ("var a = '\\q'", "BCP006"),
    ("var a = 'x", "BCP004"),
    ("var a = '''x", "BCP140"),
    ("/* x", "BCP002"),
    ("var a = `x`", "BCP001"),
    ("var a = loadTextContent('missing.txt')", "BCP091"),
    ("foo bar", "BCP007"),
    ("@minValue(1)\nparam a string", "BCP124"),
    ("@allowed([1])\nvar a = 1", "BCP126"),
    ("@secured()\nparam a string", "BCP082"),
    ("targetScope = 'region'", "BCP033"),
    ("resource a 'Rp' = { name: 'x' }", "BCP029"),
    ("resource a 'Rp.X/y@2020-01-01' = {}", "BCP035"),
    ("resource a 'Rp.X/y@2020-01-01' = 1", "BCP118"),
    ("resource a 'Microsoft.Resources/resourceGroups@2024-03-01' = { name: 'x' }", "BCP135"),
    (ACCOUNT + "resource b 'Rp.X/y@2020-01-01' = { name: account.properties.x }", "BCP120"),
    (ACCOUNT + "resource b 'Rp.X/y@2020-01-01' = if (account.properties.x) { name: 'x' }", "BCP177"),
    (ACCOUNT + "resource b 'Rp.X/y@2020-01-01' = [for i in account.properties.x: { name: i }]", "BCP178"),
    (ACCOUNT + "resource b 'Rp.X/y@2020-01-01' = {\n  parent: account\n  name: 'x'\n}", "BCP036"),
    (ACCOUNT + "resource b 'Rp.X/y@2020-01-01' = {\n  name: 'x'\n  dependsOn: ['account']\n}", "BCP034"),
    (ACCOUNT + "var b = account::nothing", "BCP159"),
    ("resource a 'Rp.X/y@2020-01-01' = {\n  scope: resourceGroup('other')\n  name: 'x'\n}", "BCP139"),
    ("resource a 'Rp.X/y/z@2020-01-01' = { name: 'x' }", "BCP169"),
    ("type a = { b: a }", "BCP079"),
    ("func f(x int) int => y", "BCP057"),
    ("module a 'br:registry/x:1' = { name: 'x' }", "unsupported-feature"),
    ("module a 'ts/x:1' = { name: 'x' }", "unsupported-feature"),
    ("extension graph", "unsupported-feature"),
    ("import 'kubernetes@1.0.0'", "unsupported-feature"),
    ("assert a = true", "unsupported-feature"),
    ("param a resource 'Rp.X/y@2020-01-01'", "unsupported-feature"),
    ("module a 'missing.bicep' = { name: 'x' }", "BCP091"),
    ("module a 'main.bicep' = { name: 'x' }", "BCP278"),
    ("module a '/main.bicep' = { name: 'x' }", "BCP051"),
    ("module a 'x\\\\main.bicep' = { name: 'x' }", "BCP098"),
])
def test_what_is_wrong_has_the_code_that_people_know(tmp_path: Path, text: str, code: str) -> None:
    template, found = check(tmp_path, text)
    assert template is None
    assert code in {d.code for d in found if d.level == "Error"}, format_diagnostics(found)


PART = "param name string\nparam size int = 1\nparam extra string?\noutput id string = '${name}${size}${extra}'\n"


@pytest.mark.parametrize(("params", "expected"), [
    ("name: 'x'", []),
    ("size: 1", [("BCP035", '"name"')]),
    ("nam: 'x', name: 'y'", [("BCP089", 'Did you mean "name"?')]),
    ("other: 'x', name: 'y'", [("BCP037", 'include "extra", "name", "size"')]),
    ("name: 1", [("BCP036", 'expected a value of type "string"')]),
])
def test_parameters_of_a_module_are_checked(tmp_path: Path, params: str, expected: list[tuple[str, str]]) -> None:
    text = f"module part 'part.bicep' = {{ name: 'p', params: {{ {params} }} }}\noutput o string = part.outputs.id\n"
    _, found = check(tmp_path, text, part=PART)
    assert len(found) == len(expected)
    for diagnostic, (code, words) in zip(found, expected, strict=True):
        assert diagnostic.code == code
        assert words in diagnostic.message


def test_outputs_and_scopes_of_modules_are_checked(tmp_path: Path) -> None:
    text = "module part 'part.bicep' = { name: 'p', params: { name: 'x' } }\noutput o string = part.outputs.ids\n"
    _, found = check(tmp_path, text, part=PART)
    assert [(d.code, d.message.split("? ")[-1]) for d in found] == [
        ("BCP083", 'The type "outputs" does not contain property "ids". Did you mean "id"?')]
    assert errors(tmp_path, "module part 'part.bicep' = { name: 'p' }\n", part="targetScope = 'tenant'") == [
        (1, 8, "BCP134")]


def test_errors_of_a_module_are_shown_in_its_own_file(tmp_path: Path) -> None:
    _, found = check(tmp_path, "module part 'part.bicep' = { name: 'p' }\n", part="var a = b\n")
    assert [(Path(d.file).name, d.code) for d in found] == [("main.bicep", "BCP104"), ("part.bicep", "BCP057")]


def test_modules_in_a_circle_are_refused(tmp_path: Path) -> None:
    _, found = check(tmp_path, "module a 'a.bicep' = { name: 'a' }", a="module b 'b.bicep' = { name: 'b' }",
                     b="module m 'main.bicep' = { name: 'm' }")
    assert "BCP095" in {d.code for d in found}


def test_an_import_of_what_is_not_exported_is_refused(tmp_path: Path) -> None:
    _, found = check(tmp_path, "import { colour } from 'part.bicep'\n", part="@export()\nvar color = 'red'\n")
    assert [d.code for d in found] == ["BCP360"]
    assert 'Did you mean "color"?' in found[0].message


def test_a_file_that_cannot_be_read_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(BicepError, match="BCP091"):
        compile_file(tmp_path / "missing.bicep")
    (tmp_path / "latin.bicep").write_bytes(b"var a = '\xe9'\n")
    with pytest.raises(BicepError, match="BCP091"):
        compile_file(tmp_path / "latin.bicep")
