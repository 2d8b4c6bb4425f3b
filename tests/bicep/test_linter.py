"""Findings that do not stop a compilation."""

from __future__ import annotations

from pathlib import Path

import pytest
from compiling import check, remarks

VNET = "resource net 'Microsoft.Network/virtualNetworks@2023-09-01' = {\n  name: 'net'\n}\n"


def test_what_is_declared_and_never_used_is_told(tmp_path: Path) -> None:
    text = ("param p string\nvar v = 1\nresource r 'Rp.X/y@2020-01-01' existing = {\n  name: 'r'\n}\n"
            "@export()\nvar shared = 2\nparam used string\noutput o string = used\n")
    template, found = check(tmp_path, text)
    assert template is not None
    assert [(d.line, d.column, d.level, d.code) for d in found] == [
        (1, 7, "Warning", "no-unused-params"), (2, 5, "Warning", "no-unused-vars"),
        (3, 10, "Warning", "no-unused-existing-resources")]
    assert str(found[0]).endswith(
        'Warning no-unused-params: Parameter "p" is declared but never used. '
        "[https://aka.ms/bicep/linter-diagnostics#no-unused-params]")


@pytest.mark.parametrize(("text", "rule"), [
    ("param a string\noutput o string = concat('x', a)", "prefer-interpolation"),
    ("param a string\noutput o string = '${a}'", "simplify-interpolation"),
    ("output o string = 'https://x.blob.core.windows.net/'", "no-hardcoded-env-urls"),
    ("output o object = { 'plain': 1 }", "prefer-unquoted-property-names"),
    ("param o object\noutput x string = o['plain']", "prefer-unquoted-property-names"),
    ("output o object? = json('null')", "simplify-json-null"),
    ("@secure()\nparam a string = 'literal'\noutput o bool = empty(a)", "secure-parameter-default"),
    ("@secure()\nparam a string\noutput o string = a", "outputs-should-not-contain-secrets"),
    ("output adminPassword string = 'x'", "outputs-should-not-contain-secrets"),
    ("param userPassword string\noutput o bool = empty(userPassword)", "secure-secrets-in-params"),
    ("resource r 'Rp.X/y@2020-01-01' = {\n  name: 'r'\n  properties: {\n    adminUsername: 'me'\n  }\n}",
     "adminusername-should-not-be-literal"),
    (VNET + "resource s 'Microsoft.Network/virtualNetworks/subnets@2023-09-01' = {\n  name: '${net.name}/s'\n}",
     "use-parent-property"),
    (VNET + "resource s 'Microsoft.Network/virtualNetworks/subnets@2023-09-01' = {\n  name: 'net/s'\n}",
     "use-parent-property"),
    (VNET + "resource s 'Microsoft.Network/virtualNetworks/subnets@2023-09-01' = {\n  parent: net\n  name: 's'\n"
     "  dependsOn: [\n    net\n  ]\n}", "no-unnecessary-dependson"),
    (VNET + "output o object = reference(net.id)", "use-resource-symbol-reference"),
    ("param now string = utcNow()\nresource r 'Rp.X/y@2020-01-01' = {\n  name: 'r${now}'\n}",
     "use-stable-resource-identifiers"),
    ("resource d 'Microsoft.Resources/deployments@2022-09-01' = {\n  name: 'd'\n}", "no-deployments-resources"),
    ("resource r 'Rp.X/y@2020-01-01' = {\n  name: 'r'\n  properties: {\n    imageReference: {\n      sku: 'x-preview'\n"
     "    }\n  }\n}", "use-stable-vm-image"),
    ("param o object\noutput x string = contains(o, 'a') ? o.a : ''", "use-safe-access"),
    ("@description('x')\n@metadata({ description: 'y' })\nparam a string\noutput o string = a",
     "no-conflicting-metadata"),
    ("\n".join(f"output o{i} int = {i}" for i in range(65)), "max-outputs"),
])
def test_each_rule_finds_what_it_is_for(tmp_path: Path, text: str, rule: str) -> None:
    assert rule in {name for _, name in remarks(tmp_path, text)}


@pytest.mark.parametrize("text", [
    "param a array\noutput o array = concat(a, ['x'])",
    "param a int\noutput o string = '${a}'",
    "output o string = 'https://schema.management.azure.com/schemas/x#'",
    "output o string = environment().suffixes.storage",
    "@secure()\nparam a string = newGuid()\nresource r 'Rp.X/y@2020-01-01' = {\n  name: 'r'\n  kind: a\n}",
    "@secure()\nparam a string\n@secure()\noutput o string = a",
    "param secretName string\noutput o string = secretName",
    VNET + "resource s 'Microsoft.Network/virtualNetworks/subnets@2023-09-01' = {\n  parent: net\n  name: 's'\n}",
    VNET + "resource r 'Rp.X/y@2020-01-01' = {\n  name: 'r'\n  dependsOn: [\n    net\n  ]\n}",
])
def test_what_is_right_is_left_alone(tmp_path: Path, text: str) -> None:
    assert remarks(tmp_path, text) == []


def test_directives_silence_a_rule_for_a_line_or_a_stretch(tmp_path: Path) -> None:
    text = ("#disable-next-line no-unused-params prefer-interpolation\nparam a string\nparam b string\n"
            "#disable-diagnostics no-unused-params\nparam c string\n#restore-diagnostics no-unused-params\n"
            "param d string\n")
    _, found = check(tmp_path, text)
    assert [d.line for d in found] == [3, 7]


def test_levels_come_from_bicepconfig(tmp_path: Path) -> None:
    (tmp_path / "bicepconfig.json").write_text(
        '{ "analyzers": { "core": { "rules": { "no-unused-params": { "level": "error" }, // strict\n'
        '"no-unused-vars": { "level": "off" } } } } }')
    template, found = check(tmp_path, "param a string\nvar b = 1\n")
    assert template is None
    assert [(d.level, d.code) for d in found] == [("Error", "no-unused-params")]
