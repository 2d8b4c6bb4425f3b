"""Parameters of a template in a sandbox: given, known by name, or missing and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.cloud.base import Principal
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.templates import (
    TemplateProblem,
    every_resource,
    fill,
    parameters_given,
    reaches_outside,
    read_template,
)

Made = Callable[..., Sandbox]


def declared(**parameters: Any) -> dict[str, Any]:
    return {"parameters": parameters, "resources": []}


def test_location_and_outputs_of_the_start_are_filled_in_by_name(made: Made) -> None:
    box = made(outputs={"vnetName": "v"}, region="westeurope")
    found = declared(location={"type": "string"}, VNETNAME={"type": "string"}, sandboxId={"type": "string"})
    assert fill(found, box, None) == {"location": "westeurope", "VNETNAME": "v", "sandboxId": box.id}


def test_what_was_given_wins_and_a_default_of_the_location_stays(made: Made) -> None:
    box = made(outputs={"vnetName": "v"})
    found = declared(location={"type": "string", "defaultValue": "x"}, vnetName={"type": "string"})
    assert fill(found, box, {"vnetname": "mine"}) == {"vnetName": "mine"}


def test_missing_and_unknown_parameters_are_named(made: Made) -> None:
    with pytest.raises(TemplateProblem, match="a, b"):
        fill(declared(a={"type": "string"}, b={"type": "int"}, c={"type": "string", "nullable": True}), made(), {})
    with pytest.raises(TemplateProblem, match="'d'") as caught:
        fill(declared(a={"type": "string"}), made(), {"d": 1})
    assert "a" in caught.value.action


def test_a_secret_that_nobody_gave_is_made_up_and_kept_nowhere(made: Made) -> None:
    box = made()
    first = fill(declared(password={"type": "secureString"}), box, None)["password"]
    second = fill(declared(password={"type": "secureString"}), box, None)["password"]
    assert first != second and len(first) >= 16
    assert first not in str(box.to_json())


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("int", "3", 3), ("bool", "true", True), ("array", '["a"]', ["a"]), ("object", "{}", {}), ("string", "3", "3")],
)
def test_written_values_take_the_declared_type(made: Made, kind: str, text: str, value: object) -> None:
    assert fill(declared(p={"type": kind}), made(), {"p": text}) == {"p": value}


def test_a_written_value_of_another_type_is_refused(made: Made) -> None:
    with pytest.raises(TemplateProblem, match="int"):
        fill(declared(p={"type": "int"}), made(), {"p": "three"})


def test_parameters_come_as_pairs_and_files(tmp_path: Path) -> None:
    file = tmp_path / "p.json"
    file.write_text('{"parameters": {"a": {"value": 1}, "b": {"value": 2}}}')
    assert parameters_given([str(file), "a=x=y", "c="]) == {"a": "x=y", "b": {"value": 2}, "c": ""}
    with pytest.raises(TemplateProblem):
        parameters_given(["nothing"])


@pytest.mark.parametrize(("name", "text"), [("a.json", "{"), ("a.json", "[]"), ("a.json", "{}"), ("a.txt", "{}")])
def test_a_file_that_is_no_template_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(TemplateProblem, match="a\\."):
        read_template(tmp_path / name)
    with pytest.raises(TemplateProblem):
        read_template(tmp_path / "missing.json")


def test_resources_are_found_in_modules_and_below_others() -> None:
    inner = {"resources": {"a": {"type": "M.N/x"}, "b": {"type": "M.N/y", "existing": True}}}
    found = {
        "resources": [
            {"type": "Microsoft.Resources/deployments", "properties": {"template": inner}},
            {"type": "M.N/x", "resources": [{"type": "part"}]},
        ]
    }
    assert [resource["type"] for resource in every_resource(found)] == ["M.N/x", "M.N/x", "M.N/x/part"]


def test_only_templates_that_name_another_place_reach_outside() -> None:
    module = {"type": "Microsoft.Resources/deployments", "properties": {"template": {"resources": []}}}
    assert not reaches_outside({"resources": [{"type": "M.N/x"}, module]})
    assert reaches_outside({"resources": [{"type": "M.N/x", "scope": "/"}]})
    assert reaches_outside({"resources": [{**module, "resourceGroup": "other"}]})
    assert reaches_outside({"resources": [], "$schema": "https://x/2018-05-01/subscriptionDeploymentTemplate.json#"})


def test_the_account_that_deploys_is_known_by_name_and_asked_for_only_then(made: Made) -> None:
    def unknown() -> Principal:
        raise AssertionError("nobody asked who it is")

    assert fill(declared(location={"type": "string"}), made(region="x"), None, None, unknown) == {"location": "x"}
    found = declared(principalId={"type": "string"}, principalType={"type": "string", "defaultValue": "User"})
    told = fill(found, made(), None, None, lambda: Principal("oid", "ServicePrincipal"))
    assert told == {"principalId": "oid", "principalType": "ServicePrincipal"}


def test_a_token_tells_who_is_signed_in(cloud: ScratchCloud) -> None:
    assert cloud.principal.kind == "User"
    assert cloud.principal == cloud.read_only().principal
