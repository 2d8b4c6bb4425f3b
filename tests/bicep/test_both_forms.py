"""The classic and the symbolic output of one file mean the same deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from azlabs.arm.template import Plan, Scope, prepare
from azlabs.bicep import compile_file

FIXTURES = Path(__file__).parent / "fixtures"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
PARAMETERS: dict[str, dict[str, Any]] = {
    "references": {"deploy": True, "names": ["one", "two"]},
    "conditions": {"count": 3, "tags": {"a": "b"}},
    "strings": {},
    "loading": {},
    "modules": {},
    "scopes": {"subscriptionId": SUBSCRIPTION},
}


class Everything:
    """A runtime in which every resource has made-up properties that follow from its id."""

    def reference(self, resource_id: str, api_version: str | None, full: bool) -> Any:  # noqa: ARG002
        key = resource_id.lower()
        properties = {"primaryEndpoints": {"blob": f"blob of {key}"}, "vaultUri": f"uri of {key}",
                      "nameServers": [f"first of {key}", f"last of {key}"],
                      "outputs": {name: {"value": f"{name} of {key}"} for name in ("id", "group", "location", "name")}}
        return {"properties": properties, "kind": f"kind of {key}"} if full else properties

    def list(self, function: str, resource_id: str, api_version: str | None, body: Any) -> Any:  # noqa: ARG002
        return {"keys": [{"value": f"{function} of {resource_id.lower()}"}]}


def _plan(template: dict[str, Any], parameters: dict[str, Any]) -> Plan:
    kind: Any = "managementGroup" if "managementGroup" in template["$schema"] else "resourceGroup"
    scope = Scope(kind=kind, subscription_id=SUBSCRIPTION, resource_group="group", management_group="top",
                  location="westeurope", group={"location": "westeurope", "id": "g", "name": "group"})
    return prepare(template, {name: {"value": value} for name, value in parameters.items()}, scope)


def _without_templates(value: Any) -> Any:
    """A module's own template has the form of its file; what it does is compared through its parameters."""
    if isinstance(value, dict):
        return {key: _without_templates(item) for key, item in value.items() if key != "template"}
    return [_without_templates(item) for item in value] if isinstance(value, list) else value


def _state(plan: Plan) -> dict[str, Any]:
    made = [resource for resource in plan.resources if resource.condition and not resource.existing]
    return {resource.id.lower(): _without_templates(resource.body(Everything())) for resource in made}


@pytest.mark.parametrize("name", PARAMETERS)
def test_both_forms_make_the_same_resources_and_outputs(name: str) -> None:
    path = FIXTURES / name / "main.bicep"
    classic = _plan(compile_file(path), PARAMETERS[name])
    symbolic = _plan(compile_file(path, symbolic_names=True), PARAMETERS[name])
    assert isinstance(classic.template["resources"], list)
    assert isinstance(symbolic.template["resources"], dict)
    assert _state(symbolic) == _state(classic)
    assert symbolic.outputs(Everything()) == classic.outputs(Everything())
