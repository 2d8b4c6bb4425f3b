"""Templates and requests for the tests of deployments."""

from __future__ import annotations

from typing import Any

from azlabs.simulator import Answer

from ..library import SUBSCRIPTION, Arm

VERSION = "2025-04-01"
NETWORK = "2024-05-01"
TYPE = "providers/Microsoft.Resources/deployments"
SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"


def template(*resources: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", **members, "resources": list(resources)}


def security_group(name: str = "nsg", rules: list[dict[str, Any]] | None = None, **members: Any) -> dict[str, Any]:
    return {
        "type": "Microsoft.Network/networkSecurityGroups", "apiVersion": NETWORK, "name": name,
        "location": "westeurope", "properties": {"securityRules": rules or []}, **members,
    }  # fmt: skip


def rule(name: str, priority: int, port: str = "443") -> dict[str, Any]:
    return {"name": name, "properties": {
        "priority": priority, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
        "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": port,
    }}  # fmt: skip


def network(name: str = "vnet", group: str | None = "nsg", **members: Any) -> dict[str, Any]:
    subnet: dict[str, Any] = {"addressPrefix": "10.0.0.0/24"}
    if group is not None:
        subnet["networkSecurityGroup"] = {"id": f"[resourceId('Microsoft.Network/networkSecurityGroups', '{group}')]"}
    return {
        "type": "Microsoft.Network/virtualNetworks", "apiVersion": NETWORK, "name": name, "location": "westeurope",
        "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [{"name": "a", "properties": subnet}]},
        **members,
    }  # fmt: skip


def nested(inner: dict[str, Any], name: str = "inner", scope: str = "inner", **members: Any) -> dict[str, Any]:
    parameters = members.pop("parameters", None)
    properties: dict[str, Any] = {
        "mode": "Incremental",
        "expressionEvaluationOptions": {"scope": scope},
        "template": inner,
    }
    if parameters is not None:
        properties["parameters"] = parameters
    return {
        "type": "Microsoft.Resources/deployments",
        "apiVersion": "2022-09-01",
        "name": name,
        "properties": properties,
        **members,
    }


def body(
    content: dict[str, Any], mode: str = "Incremental", parameters: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    given = {name: {"value": value} for name, value in (parameters or {}).items()}
    location = {"location": more.pop("location")} if "location" in more else {}
    return {**location, "properties": {"mode": mode, "template": content, "parameters": given, **more}}


def accept(arm: Arm, content: dict[str, Any], name: str = "d", scope: str = GROUP, **more: Any) -> Answer:
    """The accepted deployment's answer."""
    answer = arm("PUT", f"{scope}/{TYPE}/{name}", body(content, **more), version=VERSION)
    assert answer.status in (200, 201), answer.body
    return answer


def deploy(arm: Arm, content: dict[str, Any], name: str = "d", scope: str = GROUP, **more: Any) -> dict[str, Any]:
    """Accepts, polls, and reads: the properties of the finished deployment."""
    accepted = accept(arm, content, name, scope, **more)
    arm("GET", accepted.headers["Azure-AsyncOperation"])
    found: dict[str, Any] = arm("GET", f"{scope}/{TYPE}/{name}", version=VERSION).json()["properties"]
    return found


def refused(
    arm: Arm, content: dict[str, Any], scope: str = GROUP, name: str = "d", **more: Any
) -> tuple[int, dict[str, Any]]:
    """Status and error of a deployment that is not accepted; validation says the same, and nothing is there after."""
    answers = [
        arm("PUT", f"{scope}/{TYPE}/{name}", body(content, **more), version=VERSION),
        arm("POST", f"{scope}/{TYPE}/{name}/validate", body(content, **more), version=VERSION),
    ]
    for answer in answers:
        assert answer.status >= 400, answer.body
    errors = [answer.json()["error"] for answer in answers]
    assert errors[0]["code"] == errors[1]["code"]
    assert arm("GET", f"{scope}/{TYPE}/{name}", version=VERSION).status == 404
    return answers[0].status, errors[0]


def exists(arm: Arm, kind: str, name: str, group: str = GROUP) -> bool:
    return arm("GET", f"{group}/providers/Microsoft.Network/{kind}/{name}", version=NETWORK).status == 200


def operations(arm: Arm, name: str = "d", scope: str = GROUP) -> dict[str, dict[str, Any]]:
    """The operations of a deployment by the name of their resource ("" for its outputs)."""
    listed = arm("GET", f"{scope}/{TYPE}/{name}/operations", version=VERSION).json()["value"]
    return {item["properties"].get("targetResource", {}).get("resourceName", ""): item["properties"] for item in listed}
