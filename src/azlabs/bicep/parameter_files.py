"""Parameter files (`.bicepparam`): evaluated while compiling, to a deploymentParameters document."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from azlabs.bicep import suggest
from azlabs.bicep import syntax as s
from azlabs.bicep.bind_files import JsonTemplate, open_file
from azlabs.bicep.check_declarations import nullable
from azlabs.bicep.diagnostics import BicepError, Diagnostic
from azlabs.bicep.emit import Emitter
from azlabs.bicep.kinds import constant, fits, type_kind
from azlabs.bicep.model import Model, Workspace
from azlabs.bicep.references import is_builtin
from azlabs.bicep.symbols import ParameterSymbol
from azlabs.bicep.terms import Term, TooLarge, call, text

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
_VAULT = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/{}"
_KINDS = {bool: "bool", int: "int", str: "string", list: "array", dict: "object"}
MAX_EXTENDS = 10


def compile_params(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The parameters document of a `.bicepparam` file; raises BicepError."""
    from azlabs.bicep.compiler import all_diagnostics

    target = Path(path).resolve()
    workspace = Workspace(target.parent)
    shown = workspace.shown(target)
    try:
        model = workspace.open(target)
        document = ParameterFile(model).document() if not model.has_errors else None
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise BicepError([Diagnostic(shown, 1, 1, "Error", "BCP091",
                                     f"An error occurred reading file. {reason}")]) from error
    except (TooLarge, MemoryError) as error:
        raise BicepError([Diagnostic(shown, 1, 1, "Error", "size-limit",
                                     "The parameters that this file makes are too large.")]) from error
    except RecursionError as error:
        raise BicepError([Diagnostic(shown, 1, 1, "Error", "nesting-limit",
                                     "The code is nested too deeply.")]) from error
    found = all_diagnostics(workspace)
    if document is None or any(d.level == "Error" for d in found):
        raise BicepError(found)
    return document


class ParameterFile:
    """One parameter file after binding; files that it extends are parameter files of their own."""

    def __init__(self, model: Model, depth: int = 0) -> None:
        self.model = model
        self.depth = depth
        self.emitter = Emitter(model, False)
        self.expressions = self.emitter.expressions
        self.expressions.special = self.special
        self.external: dict[str, Any] = {}
        self.external_names: dict[s.Node, str] = {}
        self.values: dict[str, Any] = {}
        self.variables: dict[str, Any] = {}
        self.functions: dict[str, Any] = {}
        self.target: Any = None

    def document(self) -> dict[str, Any]:
        self.target = self.used()
        parameters = self.parameters()
        if self.target is not None:
            self.compare(self.target, parameters)
        found: dict[str, Any] = {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": parameters}
        if self.external:
            found["externalInputDefinitions"] = dict(sorted(self.external.items()))
        return found

    def parameters(self) -> dict[str, Any]:
        """The assignments, those of the extended file first."""
        found = self.extended()
        self.variables = self.emitter.variables()
        self.emitter.imports.write({}, self.functions, self.variables)
        self.functions |= {name: self.emitter.function(f.node) for name, f in self.model.functions.items()}
        for name, symbol in self.model.parameters.items():
            if symbol.node.default is not None:
                found[name] = self.assignment(symbol)
        return found

    def used(self) -> Any:
        statements = [x for x in self.model.parsed.program.statements if isinstance(x, s.Using)]
        if not statements:
            self.model.report("BCP261", "A using declaration must be present in this parameters file.", 0)
            return None
        if len(statements) > 1:
            self.model.report("BCP259", "More than one using declaration is present.", statements[1])
        path = statements[0].path
        return open_file(self.model, path) if path is not None else None

    def extended(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for statement in self.model.parsed.program.statements:
            if not isinstance(statement, s.Extends):
                continue
            base = open_file(self.model, statement.path) if self.depth < MAX_EXTENDS else None
            if not isinstance(base, Model):
                continue
            self.model.workspace.opening.append(self.model.path)
            try:
                outer = ParameterFile(base, self.depth + 1)
                found |= outer.parameters()
                self.external |= outer.external
            finally:
                self.model.workspace.opening.pop()
        return found

    # --- assignments ---

    def assignment(self, symbol: ParameterSymbol) -> dict[str, Any]:
        node = s.bare(symbol.node.default or s.Skipped(0, 0))
        if isinstance(node, s.Call) and node.name.text == "getSecret" and is_builtin(node):
            return {"reference": self.secret(node)}
        before = len(self.external_names)
        value = self.expressions.value(node, {})
        if len(self.external_names) > before or self.is_external(node):
            self.expressions.inline_all = True
            expression = self.expressions.term(node, {}).json()
            self.expressions.inline_all = False
            return {"expression": expression}
        return {"value": self.evaluate(value, node)}

    def is_external(self, node: s.Node) -> bool:
        pending, seen = [node], set()
        while pending:
            current = pending.pop()
            if current in self.external_names:
                return True
            declaration = getattr(getattr(current, "symbol", None), "node", None)
            if isinstance(declaration, s.Var) and declaration not in seen:
                seen.add(declaration)
                pending.append(declaration.value)
            pending += s.children(current)
        return False

    def evaluate(self, value: Any, node: s.Node) -> Any:
        """The value of what was written for a parameter, or null with an error told."""
        from azlabs.arm.errors import ExpressionError
        from azlabs.arm.evaluator import Deferred, evaluate_json

        try:
            return evaluate_json(value, self.context())
        except (ExpressionError, Deferred) as error:
            self.model.report("BCP338", f"Failed to evaluate parameter: {error}", node)
        return None

    def context(self) -> Any:
        from azlabs.arm.evaluator import Context, UserFunction

        functions = {f"__bicep.{name}".lower(): UserFunction(
            f"__bicep.{name}", tuple(f["parameters"]), f["output"], f["output"].get("value"))
            for name, f in self.functions.items()}
        return Context(variables=self.variable, parameters=self.parameter, functions=functions)

    def variable(self, name: str) -> Any:
        from azlabs.arm.evaluator import evaluate_json

        key = f"var {name}"
        if key not in self.values:
            copies = [c for c in self.variables.get("copy", []) if c["name"] == name]
            loaded = self.expressions.loaded.get(name)
            if copies:
                value = evaluate_json({"copy": copies}, self.context())[name]
            elif name in self.expressions.loaded:
                value = evaluate_json(loaded, self.context())
            else:
                value = evaluate_json(self.variables.get(name), self.context())
            self.values[key] = value
        return self.values[key]

    def parameter(self, name: str) -> Any:
        from azlabs.arm.evaluator import evaluate_json

        key = f"param {name}"
        if key not in self.values:
            self.values[key] = None
            default = self.model.parameters[name].node.default
            if default is not None:
                self.values[key] = evaluate_json(self.expressions.value(default, {}), self.context())
        return self.values[key]

    # --- functions of parameter files ---

    def special(self, node: s.Call, _: Any) -> Term | None:
        """Calls that are answered here and not by ARM."""
        name = node.name.text
        if name == "readEnvironmentVariable":
            return self.environment(node)
        if name == "externalInput":
            return call("externalInputs", text(self.external_input(node)))
        return None

    def environment(self, node: s.Call) -> Term:
        names = [constant(argument) for argument in node.arguments]
        value = os.environ.get(str(names[0]))
        if value is None and len(names) > 1:
            value = str(names[1])
        if value is None:
            known = suggest.nearest(str(names[0]), os.environ)
            hint = f' Did you mean "{known}"?' if known else ""
            self.model.report("BCP338", f'Failed to evaluate parameter: Environment variable "{names[0]}" does not '
                              f"exist, and no default value set.{hint}", node)
        return text(value or "")

    def external_input(self, node: s.Call) -> str:
        name = self.external_names.get(node)
        if name is None:
            kind = str(constant(node.arguments[0]))
            name = f"{re.sub('[^A-Za-z0-9_]', '_', kind)}_{len(self.external_names)}"
            self.external_names[node] = name
            self.external[name] = {"kind": kind}
            if len(node.arguments) > 1:
                self.external[name]["config"] = self.expressions.value(node.arguments[1], {})
        return name

    def secret(self, node: s.Call) -> dict[str, Any]:
        """`getSecret(subscription, group, vault, secret, version)` as a reference that ARM follows."""
        terms = [self.expressions.term(argument, {}) for argument in node.arguments]
        if any(self.is_external(argument) for argument in node.arguments):
            identity = call("resourceId", *terms[:2], text("Microsoft.KeyVault"), text("vaults"), terms[2]).json()
            names = [term.json() for term in terms[3:]]
        else:
            values = [self.evaluate(t.json(), a) for t, a in zip(terms, node.arguments, strict=True)]
            identity = _VAULT.format(*values[:3])
            names = values[3:]
        found = {"keyVault": {"id": identity}, "secretName": names[0]}
        return found | ({"secretVersion": names[1]} if len(names) > 1 else {})

    # --- against the Bicep file ---

    def compare(self, target: Any, parameters: dict[str, Any]) -> None:
        if isinstance(target, JsonTemplate):
            declared = {name: (str(body.get("type", "any")).lower().removeprefix("secure"),
                               "defaultValue" not in body and not body.get("nullable"))
                        for name, body in (target.template.get("parameters") or {}).items()}
        else:
            declared = {name: (type_kind(p.node.type) if p.node.type else "any",
                               p.node.default is None and not nullable(p.node.type))
                        for name, p in target.parameters.items()}
        for name, symbol in self.model.parameters.items():
            if name not in declared:
                near = suggest.nearest(name, declared)
                hint = f' Did you mean "{near}"?' if near else ""
                self.model.report("BCP259", f'The parameter "{name}" is assigned in the params file without being '
                                  f"declared in the Bicep file.{hint}", symbol.node.name)
                continue
            value = parameters.get(name, {}).get("value")
            kind = _KINDS.get(type(value), "any")
            if value is not None and not fits(kind, declared[name][0]) and symbol.node.default is not None:
                self.model.report("BCP033", f'Expected a value of type "{declared[name][0]}" but the provided value is '
                                  f'of type "{kind}".', symbol.node.default)
        missing = sorted(name for name, (_, needed) in declared.items() if needed and name not in parameters)
        if missing:
            listed = ", ".join(f'"{name}"' for name in missing)
            self.model.report("BCP258", "The following parameters are declared in the Bicep file but are missing an "
                              f"assignment in the params file: {listed}.", 0)
