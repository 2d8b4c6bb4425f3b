"""What is refused before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from ..library import SUBSCRIPTION, Arm, code
from .helpers import GROUP, SCHEMA, TYPE, VERSION, body, exists, nested, network, refused, security_group, template


@pytest.fixture(autouse=True)
def _group(arm: Arm) -> None:
    arm.group()


def details(error: dict[str, Any]) -> list[str]:
    assert error["code"] == "InvalidTemplateDeployment"
    return [item["code"] for item in error["details"]]


def test_a_missing_parameter_is_refused_with_its_line_and_column(arm: Arm) -> None:
    lines = [
        '{"properties": {"mode": "Incremental", "template": {',
        f'  "$schema": "{SCHEMA}", "contentVersion": "1.0.0.0",',
        '  "parameters": {',
        "    // a comment, as the Azure CLI sends it",
        '    "extra": {"type": "string"}',
        '  }, "resources": []}}}',
    ]
    text = "\n".join(lines).encode()
    answer = arm("POST", f"{GROUP}/{TYPE}/d/validate", text, version=VERSION)
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (400, "InvalidTemplate")
    assert "'extra' at line '5' and column '14' is not provided" in error["message"]
    assert error["additionalInfo"] == [
        {
            "type": "TemplateViolation",
            "info": {"lineNumber": 5, "linePosition": 14, "path": "properties.template.parameters.extra"},
        }
    ]


def test_one_bad_resource_keeps_all_from_being_made(arm: Arm) -> None:
    _, error = refused(arm, template(security_group("good"), security_group("bad name!")))
    assert details(error)
    assert error["details"][0]["target"].endswith("bad name!")
    assert not exists(arm, "networkSecurityGroups", "good")


def test_an_unknown_version_and_an_unknown_location_are_refused(arm: Arm) -> None:
    _, error = refused(arm, template({**security_group(), "apiVersion": "1999-01-01"}))
    assert details(error) == ["NoRegisteredProviderFound"]
    _, error = refused(arm, template(security_group(location="atlantis")))
    assert details(error) == ["LocationNotAvailableForResourceType"]


def test_a_type_that_is_not_modelled_is_refused_by_name(arm: Arm) -> None:
    other = {"type": "Contoso.Nowhere/things", "apiVersion": "2020-01-01", "name": "x"}
    status, error = refused(arm, template(security_group(), other))
    assert (status, error["code"]) == (501, "NotModelledBySimulator")
    assert "Contoso.Nowhere/things" in error["message"]
    assert not exists(arm, "networkSecurityGroups", "nsg")


def test_what_a_nested_template_has_wrong_is_found_too(arm: Arm) -> None:
    inner = template(security_group("bad name!"))
    assert details(refused(arm, template(security_group("good"), nested(inner)))[1])
    broken = nested(template(parameters={"p": {"type": "string"}}))
    assert refused(arm, template(broken))[1]["code"] == "InvalidTemplate"
    assert not exists(arm, "networkSecurityGroups", "good")


def test_a_module_needs_its_resource_group(arm: Arm) -> None:
    status, error = refused(arm, template(nested(template(), resourceGroup="nowhere")))
    assert (status, error["code"]) == (404, "ResourceGroupNotFound")
    status, error = refused(arm, template(), scope=f"{SUBSCRIPTION}/resourceGroups/nowhere")
    assert (status, error["code"]) == (404, "ResourceGroupNotFound")


def test_circles_and_names_and_modes_are_refused(arm: Arm) -> None:
    circle = template(security_group("a", dependsOn=["b"]), security_group("b", dependsOn=["a"]))
    assert "Circular dependency" in refused(arm, circle)[1]["message"]
    assert refused(arm, template(), mode="Sideways")[1]["code"] == "InvalidRequestContent"
    assert (
        refused(arm, template(), scope=SUBSCRIPTION, mode="Complete", location="westeurope")[1]["code"]
        == "InvalidDeploymentMode"
    )
    answer = arm("PUT", f"{GROUP}/{TYPE}/{'x' * 65}", body(template()), version=VERSION)
    assert (answer.status, code(answer)) == (400, "InvalidDeploymentName")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'{"properties": 1}',
        b'{"properties": {}}',
        b"\xff\xfe",
        b'{"properties": {"mode": "Incremental", "template": 1}}',
    ],
)
def test_broken_bodies_are_refused(arm: Arm, raw: bytes) -> None:
    for method, path in (("PUT", ""), ("POST", "/validate"), ("POST", "/whatIf")):
        answer = arm(method, f"{GROUP}/{TYPE}/d{path}", raw, version=VERSION)
        assert answer.status == 400, answer.body


def test_a_valid_template_is_answered_with_what_it_would_make(arm: Arm) -> None:
    content = template(network(dependsOn=["nsg"]), security_group(), nested(template(security_group("deep"))))
    answer = arm("POST", f"{GROUP}/{TYPE}/d/validate", body(content), version=VERSION)
    found = answer.json()["properties"]
    assert [item["id"].rpartition("/")[2] for item in found["validatedResources"]] == ["vnet", "nsg", "inner", "deep"]
    assert found["provisioningState"] == "Succeeded"
    assert not exists(arm, "networkSecurityGroups", "deep")
    assert arm("GET", f"{GROUP}/{TYPE}/d", version=VERSION).status == 404
