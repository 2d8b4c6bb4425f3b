"""What-if: the changes a deployment would make."""

from __future__ import annotations

from typing import Any

import pytest

from ..library import Arm
from .helpers import GROUP, TYPE, VERSION, body, deploy, exists, nested, network, rule, security_group, template


@pytest.fixture(autouse=True)
def _group(arm: Arm) -> None:
    arm.group()


def changes(arm: Arm, content: dict[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    answer = arm("POST", f"{GROUP}/{TYPE}/d/whatIf", body(content, **more), version=VERSION)
    assert answer.status == 202, answer.body
    result = arm("GET", answer.headers["Location"]).json()
    assert result["status"] == "Succeeded"
    return {item["resourceId"].rpartition("/")[2]: item for item in result["properties"]["changes"]}


def kinds(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: item["changeType"] for name, item in found.items()}


def test_new_unchanged_and_untouched_resources_are_told_apart(arm: Arm) -> None:
    deploy(arm, template(security_group("same", [rule("r", 100)]), security_group("beside")))
    found = changes(
        arm,
        template(
            security_group("same", [rule("r", 100)]), network("new", None), nested(template(security_group("deep")))
        ),
    )
    assert kinds(found) == {"same": "NoChange", "beside": "Ignore", "new": "Create", "deep": "Create"}
    assert found["new"]["after"]["properties"]["addressSpace"] == {"addressPrefixes": ["10.0.0.0/16"]}
    assert not exists(arm, "virtualNetworks", "new")


def test_complete_mode_shows_what_would_be_deleted(arm: Arm) -> None:
    deploy(arm, template(security_group("old")))
    assert kinds(changes(arm, template(security_group("new")), mode="Complete")) == {"old": "Delete", "new": "Create"}


def test_changed_properties_are_listed_one_by_one(arm: Arm) -> None:
    deploy(arm, template(security_group(rules=[rule("a", 100), rule("gone", 200)], tags={"x": "1", "y": "2"})))
    changed = security_group(rules=[rule("a", 110), rule("new", 300)], tags={"x": "3"})
    delta = {item["path"]: item for item in changes(arm, template(changed))["nsg"]["delta"]}
    assert delta["tags.x"] == {"path": "tags.x", "propertyChangeType": "Modify", "before": "1", "after": "3"}
    assert delta["tags.y"] == {"path": "tags.y", "propertyChangeType": "Delete", "before": "2"}
    rules = delta["properties.securityRules"]
    assert rules["propertyChangeType"] == "Array"
    assert [item["propertyChangeType"] for item in rules["children"]] == ["Modify", "Create", "Delete"]
    assert rules["children"][0]["children"] == [
        {"path": "properties.priority", "propertyChangeType": "Modify", "before": 100, "after": 110}
    ]


def test_only_ids_are_told_when_only_ids_are_asked_for(arm: Arm) -> None:
    found = changes(arm, template(security_group()), whatIfSettings={"resultFormat": "ResourceIdOnly"})
    assert found["nsg"] == {
        "resourceId": f"{GROUP}/providers/Microsoft.Network/networkSecurityGroups/nsg",
        "changeType": "Deploy",
    }


def test_what_needs_a_running_deployment_counts_as_unchanged(arm: Arm) -> None:
    content = template(security_group(), security_group("b", tags={"of": "[reference('nsg').provisioningState]"}))
    deploy(arm, content)
    assert kinds(changes(arm, content)) == {"nsg": "NoChange", "b": "NoChange"}


def test_a_redeployment_of_a_whole_network_changes_nothing(arm: Arm) -> None:
    content = template(security_group(rules=[rule("r", 100)]), network(dependsOn=["nsg"]))
    deploy(arm, content)
    assert set(kinds(changes(arm, content)).values()) == {"NoChange"}
