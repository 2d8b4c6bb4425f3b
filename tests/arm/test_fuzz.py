"""However broken a template is: it is planned or refused, and never crashes the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azlabs.arm import TemplateError, parameter_files
from azlabs.arm.lenient import LenientError, loads, locate
from azlabs.arm.scopes import Scope
from azlabs.arm.template import prepare, snapshot

TEXTS = st.sampled_from([
    "a", "a/b", "", "A.B/c", "A.B/c/d", "Microsoft.Resources/deployments", "Microsoft.Resources/resourceGroups", "[", "[]", "[[x]",
    "[concat('a', 'b')]", "[parameters('p')]", "[variables('v')]", "[reference('a').x]", "[copyIndex()]", "[resourceGroup().id]",
    "[resourceId('A.B/c', 'a')]", "inner", "string", "object", "int", "[deployment()]", "[json('{')]", "/", "/subscriptions/s",
    "[reduce(range(0, 40), 'x', lambda('a', 'b', createArray(lambdaVariables('a'), lambdaVariables('a'))))]", "2.0", "serial",
])  # fmt: skip
KEYS = st.sampled_from([
    "type", "name", "apiVersion", "properties", "copy", "count", "input", "mode", "batchSize", "condition", "dependsOn", "scope",
    "existing", "resources", "template", "parameters", "variables", "outputs", "value", "defaultValue", "items", "$ref", "nullable",
    "definitions", "functions", "namespace", "members", "output", "location", "tags", "p", "v", "a", "allowedValues", "$schema",
    "contentVersion", "languageVersion", "subscriptionId", "resourceGroup", "expressionEvaluationOptions", "discriminator",
])  # fmt: skip
VALUES = st.recursive(
    st.one_of(TEXTS, st.none(), st.booleans(), st.integers(-5, 900)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=6)),
    max_leaves=25,
)
RESOURCE = st.fixed_dictionaries(
    {"type": TEXTS, "name": TEXTS, "apiVersion": st.just("2024-01-01")},
    optional=dict.fromkeys(
        ("properties", "copy", "condition", "dependsOn", "scope", "resources", "existing", "tags"), VALUES
    ),
)
TEMPLATE = st.fixed_dictionaries(
    {
        "$schema": st.just("https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"),
        "contentVersion": st.just("1.0.0.0"),
        "resources": st.one_of(st.lists(RESOURCE, max_size=4), st.dictionaries(TEXTS, RESOURCE, max_size=4), VALUES),
    },
    optional=dict.fromkeys(
        ("parameters", "variables", "outputs", "definitions", "functions", "languageVersion"), VALUES
    ),
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(TEMPLATE, VALUES, st.sampled_from(["resourceGroup", "subscription", "managementGroup", "tenant"]))
def test_a_template_is_planned_or_refused(body: dict[str, Any], given_parameters: Any, kind: Any) -> None:
    scope = Scope(kind=kind, subscription_id="s", resource_group="g", management_group="m")
    try:
        snapshot(prepare(body, given_parameters, scope))
    except TemplateError as problem:
        assert problem.code and problem.message


@settings(max_examples=300, deadline=None)
@given(st.text("{}[]:,'\"\\/*ab01.-\n ", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        loads(text)
    except LenientError as problem:
        assert problem.line >= 1 and problem.column >= 1
    locate(text, "a.b[0]")


def test_what_the_azure_cli_sends_is_read() -> None:
    text = """{"properties": {"mode": "Incremental", template:{
      // a comment
      "a": 'single', /* another */ "b": "two
lines", "c": [1, 2.5, -3,], "d": "\\u0041\\n",
    }}}"""
    assert loads(text)["properties"]["template"] == {"a": "single", "b": "two\nlines", "c": [1, 2.5, -3], "d": "A\n"}
    assert locate(text, "properties.template.c[1]") == (4, 18)
    assert locate(text, "properties.template.x") is None


def test_parameter_files_are_read_and_written() -> None:
    text = json.dumps(parameter_files.write({"a": 1, "b": ["x"]}))
    assert parameter_files.read("// of a person\n" + text) == {"a": {"value": 1}, "b": {"value": ["x"]}}
    secret = {"reference": {"keyVault": {"id": "/v"}, "secretName": "s"}}
    assert parameter_files.read(json.dumps({"p": secret})) == {"p": secret}
    for broken in ("{", "[]", '{"p": 1}', '{"parameters": 1}'):
        with pytest.raises(TemplateError):
            parameter_files.read(broken)
