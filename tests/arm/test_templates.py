"""Templates become plans: parameters, loops, children, scopes, order, outputs, nested deployments."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.arm import TemplateError
from azlabs.arm.scopes import Scope
from azlabs.arm.template import Plan, prepare, snapshot

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
SCOPE = Scope(subscription_id=SUBSCRIPTION, resource_group="rg", group={"location": "westeurope", "tags": {"a": "b"}})
SUBSCRIPTION_SCOPE = Scope(kind="subscription", subscription_id=SUBSCRIPTION, location="westeurope")


class Answers:
    """A runtime that answers with what it was asked."""

    def reference(self, resource_id: str, api_version: str | None, full: bool) -> Any:
        return {"id": resource_id, "version": api_version, "full": full}

    def list(self, function: str, resource_id: str, api_version: str | None, body: Any) -> Any:
        return {"function": function, "id": resource_id, "version": api_version, "body": body}


def template(resources: Any = (), **members: Any) -> dict[str, Any]:
    head = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
    }
    return {**head, **members, "resources": resources if isinstance(resources, dict) else list(resources)}


def resource(name: str = "a", kind: str = "A.B/c", **members: Any) -> dict[str, Any]:
    return {"type": kind, "apiVersion": "2024-01-01", "name": name, **members}


def plan(resources: Any = (), scope: Scope = SCOPE, given: dict[str, Any] | None = None, **members: Any) -> Plan:
    return prepare(template(resources, **members), given, scope)


def outputs(found: Plan) -> dict[str, Any]:
    return {name: item["value"] for name, item in found.outputs(Answers()).items()}


def refused(
    resources: Any = (), scope: Scope = SCOPE, given: dict[str, Any] | None = None, **members: Any
) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        plan(resources, scope, given, **members)
    return caught.value


def ids(found: Plan) -> list[str]:
    return [item.id.removeprefix(GROUP + "/providers/") for item in found.resources]


def names(level: list[Any]) -> set[str]:
    return {item.name for item in level}


# Parameters


def test_parameters_take_values_defaults_and_null() -> None:
    declared = {
        "given": {"type": "string"},
        "default": {"type": "string", "defaultValue": "[concat(parameters('given'), '-', resourceGroup().location)]"},
        "absent": {"type": "string", "nullable": True},
    }
    out = {name: {"type": "string", "nullable": True, "value": f"[parameters('{name}')]"} for name in declared}
    found = plan(parameters=declared, outputs=out, given={"GIVEN": {"value": "x"}})
    assert outputs(found) == {"given": "x", "default": "x-westeurope", "absent": None}


def test_a_missing_parameter_is_named_with_its_place() -> None:
    problem = refused(parameters={"p": {"type": "string"}})
    assert problem.code == "InvalidTemplate"
    assert "The value for the template parameter 'p' at line '1' and column '1' is not provided." in problem.message
    assert problem.to_json()["additionalInfo"][0]["info"]["path"] == "properties.template.parameters.p"


def test_a_parameter_the_template_does_not_have_is_refused() -> None:
    problem = refused(parameters={"p": {"type": "string", "defaultValue": ""}}, given={"q": {"value": 1}})
    assert "do not correspond to any parameters defined in the template: 'q'" in problem.message


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "abc"], ["a", "abcd", 1, None]),
        ({"type": "int", "minValue": 1, "maxValue": 5}, [1, 5], [0, 6, "1", True, 1.5]),
        ({"type": "bool"}, [True], ["true", 1]),
        ({"type": "securestring", "allowedValues": ["a", "B"]}, ["a", "b"], ["c"]),
        ({"type": "array", "items": {"type": "int"}}, [[], [1]], [["a"], {}, "x"]),
        ({"type": "array", "allowedValues": ["a", "b"]}, [["a", "b"]], [["c"]]),
        ({"type": "array", "prefixItems": [{"type": "int"}, {"type": "string"}], "items": False}, [[1, "a"]], [[1], ["a", 1], [1, "a", 2]]),
        ({"type": "object", "properties": {"a": {"type": "int"}, "b": {"type": "int", "nullable": True}}},
         [{"a": 1}, {"A": 1, "c": 2}], [{}, {"a": "x"}]),
        ({"type": "object", "properties": {"a": {"type": "int"}}, "additionalProperties": False}, [{"a": 1}], [{"a": 1, "b": 2}]),
        ({"type": "object", "additionalProperties": {"type": "int"}}, [{}, {"x": 1}], [{"x": "y"}]),
        ({"$ref": "#/definitions/d"}, [{"kind": "x", "n": 1}], [{"kind": "y"}, {"n": 1}, {"kind": "x", "n": "s"}]),
        ({"type": "object", "properties": {"next": {"$ref": "#/definitions/tree"}}},
         [{"next": {"next": {"next": None}}}], [{"next": {"next": 1}}]),
    ],
)  # fmt: skip
def test_values_are_held_against_their_type(schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    choice = {"x": {"type": "object", "properties": {"n": {"type": "int"}}}}
    definitions = {
        "d": {"type": "object", "discriminator": {"propertyName": "kind", "mapping": choice}},
        "tree": {"type": "object", "nullable": True, "properties": {"next": {"$ref": "#/definitions/tree"}}},
    }
    for value in good:
        plan(parameters={"p": schema}, definitions=definitions, given={"p": {"value": value}})
    for value in bad:
        assert (
            refused(parameters={"p": schema}, definitions=definitions, given={"p": {"value": value}}).code
            == "InvalidTemplate"
        )


def test_secure_parameters_are_never_shown() -> None:
    found = plan(
        parameters={"p": {"type": "secureString"}, "q": {"type": "int"}}, given={"p": {"value": "x"}, "q": {"value": 1}}
    )
    assert found.shown_parameters() == {"p": {"type": "SecureString"}, "q": {"type": "Int", "value": 1}}


def test_a_secret_is_read_from_where_its_reference_points() -> None:
    reference = {"keyVault": {"id": "/v"}, "secretName": "s"}
    body = template(
        parameters={"p": {"type": "securestring"}}, outputs={"o": {"type": "string", "value": "[parameters('p')]"}}
    )
    found = prepare(body, {"p": {"reference": reference}}, SCOPE, secret=lambda asked: str(asked["secretName"]) + "!")
    assert outputs(found) == {"o": "s!"}
    with pytest.raises(TemplateError):
        prepare(body, {"p": {"reference": reference}}, SCOPE)


def test_new_guid_and_utc_now_belong_in_defaults() -> None:
    found = plan(parameters={"g": {"type": "string", "defaultValue": "[newGuid()]"}}, variables={"v": "[parameters('g')]"},
                 outputs={"same": {"type": "bool", "value": "[equals(variables('v'), parameters('g'))]"}})  # fmt: skip
    assert outputs(found) == {"same": True}
    assert refused(
        variables={"v": "[utcNow()]"},
        outputs={"o": {"type": "string", "value": "x"}},
        resources=[resource("[variables('v')]")],
    )


def test_parameters_that_need_each_other_are_refused() -> None:
    circle = {
        "a": {"type": "string", "defaultValue": "[parameters('b')]"},
        "b": {"type": "string", "defaultValue": "[parameters('a')]"},
    }
    assert "depends on itself" in refused(parameters=circle).message


# Variables, functions, loops of values


def test_variables_loop_and_refer_to_each_other() -> None:
    variables = {
        "copy": [{"name": "twice", "count": 3, "input": "[mul(copyIndex('twice'), 2)]"}],
        "sum": "[add(variables('twice')[1], variables('twice')[2])]",
        "object": {
            "copy": [
                {"name": "items", "count": "[length(variables('twice'))]", "input": {"n": "[copyIndex('items', 1)]"}}
            ]
        },
    }
    out = {
        "sum": {"type": "int", "value": "[variables('sum')]"},
        "items": {"type": "array", "value": "[variables('object').items]"},
    }
    assert outputs(plan(variables=variables, outputs=out)) == {"sum": 6, "items": [{"n": 1}, {"n": 2}, {"n": 3}]}


def test_user_functions_see_only_their_own_parameters() -> None:
    functions = [{"namespace": "my", "members": {
        "join": {"parameters": [{"name": "a", "type": "string"}, {"name": "b", "type": "int"}],
                 "output": {"type": "string", "value": "[concat(parameters('a'), parameters('b'))]"}},
        "outer": {"parameters": [], "output": {"type": "string", "value": "[my.join('x', 1)]"}},
        "leak": {"parameters": [], "output": {"type": "string", "value": "[parameters('p')]"}},
    }}]  # fmt: skip
    declared = {"p": {"type": "string", "defaultValue": "secret"}}
    out = {"o": {"type": "string", "value": "[concat(my.join('a', 2), MY.Outer())]"}}
    assert outputs(plan(functions=functions, outputs=out)) == {"o": "a2x1"}
    for call in ("my.leak()", "my.join('a', 'b')", "my.join('a')", "my.other()"):
        assert refused([resource(f"[{call}]")], functions=functions, parameters=declared)


def test_interpolated_keys_become_names() -> None:
    found = plan([resource(tags={"[concat('k', 1)]": "v"})])
    assert found.resources[0].folded["tags"] == {"k1": "v"}


# Resources


def test_a_loop_makes_its_resources_and_serial_batches_wait() -> None:
    loop = {"name": "loop", "count": 5, "mode": "serial", "batchSize": 2}
    found = plan([resource("[concat('r', copyIndex())]", copy=loop), resource("after", dependsOn=["loop"])])
    assert [sorted(names(level)) for level in found.levels] == [["r0", "r1"], ["r2", "r3"], ["r4"], ["after"]]
    assert found.resources[3].loop is not None
    assert (found.resources[3].loop.mode, found.resources[3].loop.batch_size) == ("serial", 2)


def test_children_in_a_parent_take_its_type_and_name() -> None:
    child = resource("child", "d", resources=[resource("grand", "e")])
    found = plan([resource("top", resources=[child])])
    assert ids(found) == ["A.B/c/top", "A.B/c/top/d/child", "A.B/c/top/d/child/e/grand"]


def test_extension_resources_sit_on_their_scope() -> None:
    found = plan([
        resource("lock", "Microsoft.Authorization/locks", scope="A.B/c/a"),
        resource("full", "Microsoft.Authorization/locks", scope=f"{GROUP}/providers/A.B/c/a"),
        resource("mg", "Microsoft.Authorization/policyAssignments", scope="/"),
    ])  # fmt: skip
    assert ids(found)[:2] == ["A.B/c/a/providers/Microsoft.Authorization/locks/" + name for name in ("lock", "full")]
    assert ids(found)[2] == "/providers/Microsoft.Authorization/policyAssignments/mg"


def test_groups_and_modules_of_a_subscription_have_their_ids() -> None:
    found = plan([
        resource("new", "Microsoft.Resources/resourceGroups", location="westeurope"),
        resource("module", "Microsoft.Resources/deployments", resourceGroup="new", properties={"template": {}},
                 dependsOn=["[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'new')]"]),
    ], SUBSCRIPTION_SCOPE)  # fmt: skip
    assert [item.id for item in found.resources] == [
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/new",
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/new/providers/Microsoft.Resources/deployments/module",
    ]
    assert [len(level) for level in found.levels] == [1, 1]


@pytest.mark.parametrize("entry", ["a", "A.B/c/a", "[resourceId('A.B/c', 'a')]", f"{GROUP}/PROVIDERS/a.b/C/A"])
def test_a_dependency_may_be_a_name_a_typed_name_or_an_id(entry: str) -> None:
    found = plan([resource("b", dependsOn=[entry]), resource("a")])
    assert [names(level) for level in found.levels] == [{"a"}, {"b"}]


def test_independent_resources_stand_side_by_side() -> None:
    found = plan([resource("a"), resource("b"), resource("c", dependsOn=["a"])])
    assert [names(level) for level in found.levels] == [{"a", "b"}, {"c"}]


def test_a_reference_is_a_dependency() -> None:
    found = plan(
        [resource("b", properties={"x": "[reference('a').x]", "y": "[listKeys('a', '2024-01-01').k]"}), resource("a")]
    )
    assert [names(level) for level in found.levels] == [{"a"}, {"b"}]
    body = plan([resource("b", properties={"x": "[reference('a').id]"}), resource("a")]).resources[0].body(Answers())
    assert body == {"properties": {"x": f"{GROUP}/providers/A.B/c/a"}}


def test_what_is_not_in_the_template_cannot_be_waited_for() -> None:
    assert (
        "The resource 'A.B/c/x' is not defined in the template."
        in refused([resource(dependsOn=["[resourceId('A.B/c', 'x')]"])]).message
    )
    assert "could not find template resource or resource copy" in refused([resource(dependsOn=["x"])]).message


def test_circles_are_reported_as_azure_reports_them() -> None:
    problem = refused([resource("a", dependsOn=["b"]), resource("b", dependsOn=["a"])])
    assert f"Circular dependency detected on resource: '{GROUP}/providers/A.B/c/a'." in problem.message
    assert "Circular dependency" in refused([resource("a", dependsOn=["a"])]).message


def test_a_condition_decides_and_the_same_id_may_stand_twice_then() -> None:
    found = plan([resource("a", condition="[equals(1, 2)]"), resource("a"), resource("b", dependsOn=["a"])][1:])
    assert all(item.condition for item in found.resources)
    both = [resource("a", condition="[equals(1, 2)]"), resource("a", condition=True)]
    assert [item.condition for item in plan(both).resources] == [False, True]
    assert "is defined multiple times in a template" in refused([resource("a"), resource("A")]).message


def test_what_a_false_condition_guards_is_not_evaluated() -> None:
    plan([resource("a", condition=False, properties={"x": "[int('no number')]"})])


@pytest.mark.parametrize(("kind", "name"), [("A.B/c", "a/b"), ("A.B/c/d", "a"), ("A.B", "a"), ("A.B/c/d", "a/")])
def test_types_and_names_have_to_pair_up(kind: str, name: str) -> None:
    assert "has incorrect segment lengths" in refused([resource(name, kind)]).message


def test_symbolic_names_and_existing_resources() -> None:
    resources = {
        "old": resource("old", existing=True, resourceGroup="other"),
        "loop": resource("[concat('l', copyIndex())]", copy={"name": "loop", "count": 2}),
        "new": resource("new", dependsOn=["loop", "[format('loop[{0}]', 1)]"], properties={
            "one": "[reference('old').id]", "all": "[references('loop')]", "full": "[reference('old', '2024-01-01', 'full')]"}),
        "last": resource("last", dependsOn=["new"]),
    }  # fmt: skip
    found = plan(resources, languageVersion="2.0")
    by_key = found.by_key()
    assert by_key["new"].depends_on == {"loop[0]", "loop[1]", "old"}
    assert by_key["old"].existing
    body = by_key["new"].body(Answers())["properties"]
    assert body["one"] == f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other/providers/A.B/c/old"
    assert [item["id"].rpartition("/")[2] for item in body["all"]] == ["l0", "l1"]
    assert body["full"]["full"] is True
    assert [sorted(names(level)) for level in found.levels] == [["l0", "l1", "old"], ["new"], ["last"]]


def test_property_loops_fill_their_member() -> None:
    found = plan(
        [resource(properties={"x": 1, "copy": [{"name": "list", "count": 2, "input": {"i": "[copyIndex('list')]"}}]})]
    )
    assert found.resources[0].folded["properties"] == {"x": 1, "list": [{"i": 0}, {"i": 1}]}


def test_a_broken_expression_in_a_body_is_framed_with_its_resource() -> None:
    problem = refused([resource(properties={"x": "[int('x')]"})])
    assert problem.message.startswith(
        "Deployment template validation failed: 'The template resource 'a' at line '1' and column '1' is not valid: "
    )


# Nested deployments


def module(inner: dict[str, Any], scope: str, **more: Any) -> dict[str, Any]:
    options = {"scope": scope} if scope else None
    properties: dict[str, Any] = {"mode": "Incremental", "template": inner, **more}
    if options:
        properties["expressionEvaluationOptions"] = options
    return resource("m", "Microsoft.Resources/deployments", properties=properties)


def test_an_inner_template_keeps_its_own_expressions() -> None:
    inner = template([resource("[parameters('n')]")], parameters={"n": {"type": "string"}})
    found = plan([module(inner, "inner", parameters={"n": {"value": "[resourceGroup().name]"}})])
    properties = found.resources[0].body(Answers())["properties"]
    assert properties["template"] == inner
    assert properties["parameters"] == {"n": {"value": "rg"}}


def test_an_outer_template_sees_the_parent_and_keeps_its_own_loops() -> None:
    loop = {"name": "l", "count": 2}
    inner = template([resource("[concat(parameters('p'), copyIndex())]", copy=loop, tags={"lit": "[[kept]"})])
    found = plan(
        [module(inner, "")], parameters={"p": {"type": "string", "defaultValue": "[[x]"}}, given={"p": {"value": "x"}}
    )
    nested = found.resources[0].body(Answers())["properties"]["template"]
    again = prepare(nested, {}, SCOPE)
    assert [item.name for item in again.resources] == ["x0", "x1"]
    assert again.resources[0].body(Answers()) == {"tags": {"lit": "[kept]"}}


# Outputs and snapshots


def test_outputs_loop_and_depend_on_conditions() -> None:
    out = {
        "list": {"type": "array", "copy": {"count": 2, "input": "[copyIndex()]"}},
        "gone": {"type": "string", "condition": False, "value": "[int('x')]"},
        "ref": {"type": "string", "value": "[reference('a').id]"},
    }
    found = plan([resource("a")], outputs=out)
    assert outputs(found) == {"list": [0, 1], "ref": f"{GROUP}/providers/A.B/c/a"}
    with pytest.raises(TemplateError):
        plan(outputs={"o": {"type": "int", "value": "text"}}).outputs(Answers())


def test_a_snapshot_keeps_what_is_not_known_as_an_expression() -> None:
    found = plan([resource("a", properties={"x": "[concat(toUpper('x'), reference('b', '2024-01-01').v)]"}), resource("b")],
                 outputs={"o": {"type": "object", "value": {"k": "[reference('b').v]", "n": 1}}})  # fmt: skip
    shown = snapshot(found)
    assert shown["predictedResources"][0]["properties"] == {"x": "[concat('X', reference('b', '2024-01-01').v)]"}
    assert shown["outputs"] == {"o": "[createObject('k', reference('b').v, 'n', 1)]"}


# Scopes and places


@pytest.mark.parametrize("kind", ["subscription", "managementGroup", "tenant"])
def test_functions_of_other_scopes_are_refused(kind: Any) -> None:
    scope = Scope(kind=kind, subscription_id=SUBSCRIPTION if kind == "subscription" else "", management_group="m")
    problem = refused(
        scope=scope, parameters={"location": {"type": "string", "defaultValue": "[resourceGroup().location]"}}
    )
    assert problem.path == "parameters.location"
    assert problem.message == (
        "Deployment template validation failed: 'The template resource 'location' at line '1' and column '1' is not valid: "
        "The template function 'RESOURCEGROUP' is not expected at this location. Please see https://aka.ms/arm-functions for "
        "usage details.. Please see https://aka.ms/arm-functions for usage details.'."
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("resourceGroup", f"{GROUP}/providers/A.B/c/a"),
        ("subscription", f"/subscriptions/{SUBSCRIPTION}/providers/A.B/c/a"),
        ("managementGroup", "/providers/Microsoft.Management/managementGroups/m/providers/A.B/c/a"),
        ("tenant", "/providers/A.B/c/a"),
    ],
)
def test_a_resource_lands_in_the_scope_of_the_deployment(kind: Any, expected: str) -> None:
    scope = Scope(kind=kind, subscription_id=SUBSCRIPTION, resource_group="rg", management_group="m")
    assert plan([resource("a")], scope).resources[0].id == expected


def test_reference_has_no_place_in_variables_names_and_conditions() -> None:
    assert refused(variables={"v": "[reference('a').x]"})
    assert refused([resource("[reference('a').x]"), resource("a")])
    assert refused([resource("b", condition="[reference('a').x]"), resource("a")])


# Limits and form


@pytest.mark.parametrize("change", [{"$schema": None}, {"contentVersion": None}, {"resources": None}, {"resources": "x"}, {"other": 1},
                                    {"parameters": []}, {"outputs": {"a": 1}}, {"functions": {}}, {"variables": 1}])  # fmt: skip
def test_the_form_of_a_template_is_checked(change: dict[str, Any]) -> None:
    body = {**template(), **change}
    with pytest.raises(TemplateError):
        prepare(body, {}, SCOPE)


def test_limits_are_those_of_azure() -> None:
    assert (
        "Limit: '256'" in refused(parameters={f"p{n}": {"type": "int", "defaultValue": n} for n in range(257)}).message
    )
    assert "Limit: '64'" in refused(outputs={f"o{n}": {"type": "int", "value": n} for n in range(65)}).message
    assert "Limit: '800'" in refused([resource(f"r{n}") for n in range(801)]).message
    assert "'800'" in refused([resource("[concat('r', copyIndex())]", copy={"name": "l", "count": 801})]).message
    loops = [resource(f"[concat('{n}-', copyIndex())]", copy={"name": f"l{n}", "count": 500}) for n in range(2)]
    assert "Limit: '800'" in refused(loops).message
    assert refused(variables={"big": "x" * 5_000_000}).code == "RequestContentTooLarge"


def test_the_count_of_a_property_loop_has_to_be_known() -> None:
    loop = {"name": "x", "count": "[length(reference('b').x)]", "input": 1}
    problem = refused([resource("a", properties={"copy": [loop]}), resource("b")])
    assert "The template function 'reference' is not expected at this location." in problem.message
    assert refused([resource("a", properties={"[reference('b').x]": 1}), resource("b")])
