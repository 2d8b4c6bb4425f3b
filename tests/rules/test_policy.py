"""Policies change, deny and report writes as Microsoft documents the effects."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from azlabs.rules.policy import Assignment, Definition, Exemption, Member, Policies, Target, denial
from azlabs.rules.policy_conditions import PolicyError

SUBSCRIPTION = "/subscriptions/s"
GROUP = SUBSCRIPTION + "/resourceGroups/rg"
ACCOUNT = GROUP + "/providers/Microsoft.Storage/storageAccounts/acc"
STORAGE = "Microsoft.Storage/storageAccounts"


def evaluate(text: str, functions: Mapping[str, Callable[..., Any]], _context: Mapping[str, Any]) -> Any:
    """Enough of the expression language for these tests: one call with text arguments, and members after it."""
    call = re.fullmatch(r"\[(\w+)\(((?:'[^']*'(?:,\s*)?)*)\)((?:\.\w+)*)\]", text)
    assert call, text
    value = functions[call[1].lower()](*re.findall(r"'([^']*)'", call[2]))
    for member in call[3].split(".")[1:]:
        value = value[member]
    return value


def policies(
    rule: dict[str, Any], *, mode: str = "All", declared: dict[str, Any] | None = None, **more: Any
) -> Policies:
    definition = Definition("/def", "def", rule, declared or {}, mode)
    exemptions = more.pop("exemptions", ())
    assignment = Assignment("/assign", "assign", more.pop("scope", GROUP), (Member(definition),), **more)
    return Policies([assignment], evaluate, exemptions)


def account(**body: Any) -> Target:
    return Target(ACCOUNT, STORAGE, {"location": "westeurope", **body}, resource_group={"tags": {"env": "prod"}})


HTTPS_ONLY = {
    "if": {
        "allOf": [
            {"field": "type", "equals": STORAGE},
            {"field": f"{STORAGE}/supportsHttpsTrafficOnly", "notEquals": "true"},
        ]
    },
    "then": {"effect": "[parameters('effect')]"},
}
EFFECT = {"effect": {"type": "String", "defaultValue": "deny"}}


def test_deny_refuses_a_write_and_names_assignment_and_definition() -> None:
    outcome = policies(HTTPS_ONLY, declared=EFFECT).write(account(properties={"supportsHttpsTrafficOnly": False}))
    assert [effect.effect for effect in outcome.denials] == ["deny"]
    error = denial("acc", outcome.denials)
    assert error["code"] == "RequestDisallowedByPolicy"
    assert '"id":"/assign"' in error["message"] and '"id":"/def"' in error["message"]


def test_a_boolean_equals_its_word() -> None:
    target = account(properties={"supportsHttpsTrafficOnly": True})
    assert policies(HTTPS_ONLY, declared=EFFECT).write(target).denials == ()


def test_an_assigned_parameter_replaces_the_default() -> None:
    found = policies(HTTPS_ONLY, declared=EFFECT, parameters={"Effect": "Audit"}).write(account())
    assert found.denials == () and [effect.effect for effect in found.audits] == ["audit"]


def test_disabled_does_nothing() -> None:
    found = policies(HTTPS_ONLY, declared=EFFECT, parameters={"effect": "Disabled"}).write(account())
    assert found.denials == () and found.audits == ()


def test_an_assignment_that_is_not_enforced_only_reports() -> None:
    found = policies(HTTPS_ONLY, declared=EFFECT, enforced=False).write(account())
    assert found.denials == () and len(found.audits) == 1


@pytest.mark.parametrize(
    "place",
    [{"scope": "/subscriptions/other"}, {"scope": SUBSCRIPTION, "not_scopes": (GROUP.upper(),)}],
)
def test_an_assignment_counts_only_inside_its_scope(place: dict[str, Any]) -> None:
    assert policies(HTTPS_ONLY, declared=EFFECT, **place).write(account()).denials == ()


def test_an_exemption_takes_a_resource_out() -> None:
    found = policies(HTTPS_ONLY, declared=EFFECT, exemptions=(Exemption(ACCOUNT, "/ASSIGN"),))
    assert found.write(account()).denials == ()


def test_mode_indexed_does_not_look_at_resource_groups() -> None:
    rule = {"if": {"field": "tags['env']", "exists": "false"}, "then": {"effect": "deny"}}
    group = Target(GROUP, "Microsoft.Resources/subscriptions/resourceGroups", {"location": "westeurope"})
    assert policies(rule, mode="Indexed").write(group).denials == ()
    assert len(policies(rule, mode="All").write(group).denials) == 1


def test_modify_adds_a_tag_from_the_resource_group() -> None:
    operation = {"operation": "add", "field": "tags['env']", "value": "[resourceGroup().tags.env]"}
    rule = {
        "if": {"field": "tags['env']", "exists": "false"},
        "then": {"effect": "modify", "details": {"operations": [operation]}},
    }
    target = account(tags={"own": "1"})
    assert policies(rule).write(target).body["tags"] == {"own": "1", "env": "prod"}
    assert target.body["tags"] == {"own": "1"}


def test_what_modify_changed_is_what_deny_looks_at() -> None:
    modify = Definition(
        "/m",
        "m",
        {
            "if": {"field": "type", "equals": STORAGE},
            "then": {
                "effect": "modify",
                "details": {
                    "operations": [
                        {"operation": "addOrReplace", "field": f"{STORAGE}/supportsHttpsTrafficOnly", "value": True}
                    ]
                },
            },
        },
    )
    deny = Definition("/d", "d", HTTPS_ONLY, EFFECT)
    both = [Assignment(f"/{d.name}", d.name, GROUP, (Member(d),)) for d in (deny, modify)]
    outcome = Policies(both, evaluate).write(account(properties={"supportsHttpsTrafficOnly": False}))
    assert outcome.denials == () and outcome.body["properties"]["supportsHttpsTrafficOnly"] is True


def test_append_fills_what_is_absent_and_denies_what_differs() -> None:
    field = f"{STORAGE}/minimumTlsVersion"
    rule = {
        "if": {"field": "type", "equals": STORAGE},
        "then": {"effect": "append", "details": [{"field": field, "value": "TLS1_2"}]},
    }
    filled = policies(rule).write(account(properties={}))
    assert filled.body["properties"] == {"minimumTlsVersion": "TLS1_2"} and filled.denials == ()
    assert len(policies(rule).write(account(properties={"minimumTlsVersion": "TLS1_0"})).denials) == 1


def test_an_initiative_hands_its_parameters_to_its_members() -> None:
    member = Member(Definition("/d", "d", HTTPS_ONLY, EFFECT), "https", {"effect": "[parameters('all')]"})
    assignment = Assignment(
        "/a",
        "a",
        GROUP,
        (member,),
        parameters={"all": "audit"},
        initiative_id="/set",
        initiative_parameters={"all": {}},
    )
    found = Policies([assignment], evaluate).write(account())
    assert [effect.effect for effect in found.audits] == ["audit"] and found.denials == ()


RULES = {"properties": {"securityRules": [{"name": "a", "port": 22}, {"name": "b", "port": 443}]}}
NSG = "Microsoft.Network/networkSecurityGroups"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"field": f"{NSG}/securityRules[*].port", "equals": 22}, False),
        ({"field": f"{NSG}/securityRules[*].port", "in": [22, 443]}, True),
        ({"not": {"field": f"{NSG}/securityRules[*].port", "notEquals": 22}}, True),
        (
            {
                "count": {
                    "field": f"{NSG}/securityRules[*]",
                    "where": {"field": f"{NSG}/securityRules[*].port", "equals": 22},
                },
                "greaterOrEquals": 1,
            },
            True,
        ),
        ({"count": {"field": f"{NSG}/securityRules[*]"}, "equals": 3}, False),
        (
            {
                "count": {"value": [1, 2, 3], "name": "n", "where": {"value": "[current('n')]", "greater": 1}},
                "equals": 2,
            },
            True,
        ),
        ({"field": "name", "like": "NSG-*"}, True),
        ({"field": "name", "match": "nsg-#"}, True),
        ({"field": "name", "match": "NSG-#"}, False),
        ({"field": "name", "matchInsensitively": "NSG-#"}, True),
        ({"field": "location", "in": ["WestEurope"]}, True),
        ({"field": "tags", "containsKey": "ENV"}, True),
        ({"field": "tags.env", "contains": "RO"}, True),
        ({"field": "Microsoft.Storage/storageAccounts/sku.name", "exists": "false"}, True),
        ({"field": "Microsoft.Storage/storageAccounts/sku.name", "equals": "x"}, False),
        ({"anyOf": [{"field": "kind", "exists": "true"}, {"value": 2, "lessOrEquals": 2}]}, True),
    ],
)
def test_conditions(condition: dict[str, Any], holds: bool) -> None:
    body = {"location": "West Europe", "tags": {"env": "prod"}, **RULES}
    target = Target(GROUP + f"/providers/{NSG}/nsg-1", NSG, body)
    found = policies({"if": condition, "then": {"effect": "audit"}}).write(target).audits
    assert bool(found) is holds


@pytest.mark.parametrize(
    "condition",
    [{"field": "name", "resembles": "x"}, {"equals": "x"}, "yes", {"value": "[parameters('none')]", "equals": 1}],
)
def test_a_condition_that_is_not_one_is_an_error_not_a_verdict(condition: Any) -> None:
    with pytest.raises(PolicyError):
        policies({"if": condition, "then": {"effect": "deny"}}).write(account())


def test_if_not_exists_looks_for_a_related_resource_that_fulfils_the_condition() -> None:
    details = {"type": "Microsoft.Insights/diagnosticSettings", "existenceCondition": {"field": "name", "like": "ok*"}}
    rule = {
        "if": {"field": "type", "equals": STORAGE},
        "then": {"effect": "auditIfNotExists", "details": details},
    }
    found = policies(rule)
    target = account()
    (effect,) = found.write(target).after
    good = Target(ACCOUNT + "/providers/Microsoft.Insights/diagnosticSettings/ok1", details["type"], {})
    bad = Target(ACCOUNT + "/providers/Microsoft.Insights/diagnosticSettings/no", details["type"], {})
    assert found.missing(effect, target, [bad]) is True
    assert found.missing(effect, target, [bad, good]) is False


def test_deny_action_refuses_a_delete() -> None:
    rule = {
        "if": {"field": "type", "equals": STORAGE},
        "then": {"effect": "denyAction", "details": {"actionNames": ["delete"]}},
    }
    assert len(policies(rule).delete(account())) == 1
