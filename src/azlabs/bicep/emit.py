"""Emission: a bound file to an ARM template."""

from __future__ import annotations

import hashlib
from typing import Any

from azlabs import __version__
from azlabs.bicep import syntax as s
from azlabs.bicep.bind_files import JsonTemplate, canonical_json
from azlabs.bicep.emit_imports import Imports, function_member
from azlabs.bicep.emit_resources import ResourceEmitter
from azlabs.bicep.expressions import Expressions
from azlabs.bicep.form import is_symbolic
from azlabs.bicep.model import Model
from azlabs.bicep.terms import TooLarge, call
from azlabs.bicep.type_schema import TypeSchemas

_SCHEMA = "https://schema.management.azure.com/schemas/"
SCHEMAS = {
    "resourceGroup": _SCHEMA + "2019-04-01/deploymentTemplate.json#",
    "subscription": _SCHEMA + "2018-05-01/subscriptionDeploymentTemplate.json#",
    "managementGroup": _SCHEMA + "2019-08-01/managementGroupDeploymentTemplate.json#",
    "tenant": _SCHEMA + "2019-08-01/tenantDeploymentTemplate.json#",
}
MAX_TEMPLATE_NODES = 1_000_000


def emit(model: Model, symbolic_names: bool) -> dict[str, Any]:
    """The template of a model without errors. `symbolic_names`: symbolic form even where classic would do."""
    cache: dict[bool, tuple[dict[str, Any], int]] = model.facts.setdefault("templates", {})
    if symbolic_names not in cache:
        emitter = Emitter(model, symbolic_names)
        cache[symbolic_names] = emitter.template(), emitter.expressions.written
    return cache[symbolic_names][0]


def emitted_size(model: Model, symbolic_names: bool) -> int:
    size: int = model.facts["templates"][symbolic_names][1]
    return size


class Emitter:
    def __init__(self, model: Model, symbolic_names: bool) -> None:
        self.model = model
        self.forced = symbolic_names
        self.symbolic = symbolic_names or is_symbolic(model)
        self.expressions = Expressions(model, self.symbolic)
        self.imports = Imports(model)
        self.expressions.name_of = self.imports.name
        self.schemas = TypeSchemas(self.expressions)
        self.resources = ResourceEmitter(self.expressions, self.module_template)

    def module_template(self, origin: Any) -> Any:
        if isinstance(origin, JsonTemplate):
            return origin.template
        template = emit(origin, self.forced)
        self.expressions.written += emitted_size(origin, self.forced)
        if self.expressions.written > MAX_TEMPLATE_NODES:
            raise TooLarge
        return template

    def template(self) -> dict[str, Any]:
        model = self.model
        number = self.expressions
        variables = self.variables()
        definitions = {name: self.schemas.declaration(symbol.node) for name, symbol in model.types.items()}
        functions = {name: self.function(symbol.node) for name, symbol in model.functions.items()}
        parameters = {name: self.parameter(symbol.node) for name, symbol in model.parameters.items()}
        resources = self.resources.all()
        outputs = {name: self.output(symbol.node) for name, symbol in model.outputs.items()}
        self.imports.write(definitions, functions, variables)
        variables |= number.loaded
        members = [{"namespace": "__bicep", "members": functions}] if functions else []
        template: dict[str, Any] = {"$schema": SCHEMAS[model.target_scope]}
        if self.symbolic:
            template["languageVersion"] = "2.0"
        template |= {"contentVersion": "1.0.0.0", "metadata": self.metadata()}
        for key, part in (("definitions", definitions), ("functions", members), ("parameters", parameters),
                          ("variables", variables)):
            if part:
                template[key] = part
        template["resources"] = resources
        if outputs:
            template["outputs"] = outputs
        generator = {"name": "bicep", "version": f"azlabs-{__version__}", "templateHash": template_hash(template)}
        template["metadata"] = {"_generator": generator, **template["metadata"]}
        return template

    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        exported = [self.exported_variable(v.node) for v in self.model.variables.values() if has(v.node, "export")]
        if exported:
            found["__bicep_exported_variables!"] = exported
        for statement in self.model.parsed.program.statements:
            if isinstance(statement, s.Metadata):
                found[statement.name.text] = self.expressions.value(statement.value, {})
        return found

    def exported_variable(self, node: s.Var) -> dict[str, Any]:
        described = next((d for d in node.decorators if d.call.name.text == "description"), None)
        found: dict[str, Any] = {"name": node.name.text}
        if described is not None and described.call.arguments:
            found["description"] = self.expressions.value(described.call.arguments[0], {})
        if node.type is not None:
            found["type"] = self.schemas.type(node.type)
        return found

    def variables(self) -> dict[str, Any]:
        copies: list[Any] = []
        plain: dict[str, Any] = {}
        for name, symbol in self.model.variables.items():
            if self.expressions.inlined(symbol):
                continue
            value = s.bare(symbol.node.value)
            if isinstance(value, s.For):
                copies.append(self.expressions.copy_value(name, value, {}))
            else:
                plain[name] = self.expressions.data(value)
        return {"copy": copies, **plain} if copies else plain

    def function(self, node: s.Function) -> dict[str, Any]:
        return function_member(self.expressions, self.schemas, node)

    def parameter(self, node: s.Param) -> dict[str, Any]:
        found = self.schemas.decorated(node.type, node.decorators) if node.type is not None else {}
        if node.default is not None:
            found["defaultValue"] = self.expressions.value(node.default, {})
        return found

    def output(self, node: s.Output) -> dict[str, Any]:
        found = self.schemas.decorated(node.type, node.decorators)
        value = s.bare(node.value)
        if isinstance(value, s.For):
            entry = self.expressions.copy_value("", value, {}, call("copyIndex"))
            found["copy"] = {"count": entry["count"], "input": entry["input"]}
        else:
            found["value"] = self.expressions.value(value, {})
        return found


def has(node: s.Statement, name: str) -> bool:
    """Whether a decorator of this name stands on the statement."""
    return any(d.call.name.text == name for d in node.decorators)


def template_hash(template: dict[str, Any]) -> str:
    """A number that changes when the template does."""
    digest = hashlib.sha256(canonical_json(template).encode()).digest()
    return str(int.from_bytes(digest[:8], "big"))
