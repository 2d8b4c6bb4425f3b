"""Real templates: predicted as the real engine predicts them, and every one planned or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azlabs.arm import TemplateError
from azlabs.arm.scopes import Scope
from azlabs.arm.template import prepare, snapshot

SHARED = Path(__file__).resolve().parents[2] / "../shared"
ZERO = "00000000-0000-0000-0000-000000000000"
KINDS = {"subscriptiondeployment": "subscription", "managementgroup": "managementGroup", "tenant": "tenant"}


@pytest.mark.parametrize("name", ["basic", "outputs"])
def test_a_snapshot_equals_that_of_the_real_engine(name: str) -> None:
    folder = SHARED / "arm-functions/snapshots" / name
    if not folder.exists():
        pytest.skip("the snapshots are not at hand")
    from azlabs.bicep import compile_file, compile_params

    parameters = compile_params(folder / "main.bicepparam")["parameters"]
    scope = Scope(subscription_id=ZERO, resource_group="myRg")
    found = snapshot(prepare(compile_file(folder / "main.bicep"), parameters, scope))
    assert found == json.loads((folder / "main.snapshot.json").read_text())


def test_every_template_of_the_corpus_is_planned_or_refused() -> None:
    if not (SHARED / "bicep-corpus").exists():
        pytest.skip("the corpus is not at hand")
    planned = refused = 0
    for file in sorted((SHARED / "bicep-corpus").glob("*/*.json")):
        content = json.loads(file.read_text("utf-8-sig"))
        if "deploymentTemplate.json" not in str(content.get("$schema")) and "DeploymentTemplate.json" not in str(
            content.get("$schema")
        ):
            continue
        given = {name: {"value": value(item, content.get("definitions", {}))} for name, item in content.get("parameters", {}).items()
                 if "defaultValue" not in item and not item.get("nullable")}  # fmt: skip
        try:
            snapshot(prepare(content, given, scope_of(content)))
            planned += 1
        except TemplateError:
            refused += 1
    # What is refused has invented values for its parameters, or is a baseline that is only ever compiled.
    assert planned > 4 * refused > 0


def scope_of(content: dict[str, Any]) -> Scope:
    schema = content["$schema"].lower()
    kind: Any = next((kind for word, kind in KINDS.items() if word in schema), "resourceGroup")
    return Scope(kind=kind, subscription_id=ZERO, resource_group="rg", management_group="mg", location="westeurope",
                 group={"location": "westeurope"})  # fmt: skip


def value(schema: dict[str, Any], definitions: dict[str, Any], depth: int = 0) -> Any:
    """Some value that fits a parameter's type, more or less."""
    if "$ref" in schema:
        schema = {**definitions.get(schema["$ref"].rpartition("/")[2], {}), **schema}
    allowed = schema.get("allowedValues")
    kind = str(schema.get("type", "object")).lower()
    if allowed:
        return [allowed[0]] if kind == "array" and not isinstance(allowed[0], list) else allowed[0]
    if "discriminator" in schema:
        word, inner = next(iter(schema["discriminator"]["mapping"].items()))
        return {**value(inner, definitions, depth + 1), schema["discriminator"]["propertyName"]: word}
    if kind == "object" and depth < 5:
        members = schema.get("properties", {}).items()
        return {name: value(item, definitions, depth + 1) for name, item in members if not item.get("nullable")}
    if kind == "array":
        first = [value(item, definitions, depth + 1) for item in schema.get("prefixItems", [])]
        return first or (["a"] * schema.get("minLength", 1))
    plain = {"int": schema.get("minValue", 1), "bool": True, "object": {}, "secureobject": {}}
    return plain.get(kind, "x" * max(schema.get("minLength", 4), min(4, schema.get("maxLength", 4))))
