"""Emission of resources and modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azlabs.bicep import syntax as s
from azlabs.bicep.dependencies import Dependency, dependencies
from azlabs.bicep.expressions import Env, Expressions
from azlabs.bicep.references import MODULE_TYPE, MODULE_VERSION, ScopeOf, deployed, is_builtin, reference_parts
from azlabs.bicep.runtime import is_runtime
from azlabs.bicep.symbols import DeployedSymbol, ModuleSymbol, ResourceSymbol
from azlabs.bicep.terms import Term, call, text

_COMPUTED = {"parent", "scope", "name", "dependsOn"}
# Decorators that become entries of `@options`.
_OPTIONS = {"onlyIfNotExists", "retryOn", "waitUntil", "nullIfNotFound"}


class ResourceEmitter:
    def __init__(self, expressions: Expressions, module_template: Callable[[Any], Any]) -> None:
        self.expressions = expressions
        self.model = expressions.model
        self.symbolic = expressions.symbolic
        self.module_template = module_template
        self.late: dict[DeployedSymbol, bool] = {}
        expressions.emitted = self.emitted

    def all(self) -> Any:
        """The `resources` of the template: a list, or in the symbolic form an object."""
        found: dict[str, Any] = {}
        for resource in self.model.resources:
            if not resource.existing or self.declared(resource):
                found[resource.symbolic_name] = self.resource(resource)
        for module in self.model.modules:
            found[module.symbolic_name] = self.module(module)
        return found if self.symbolic else list(found.values())

    def declared(self, symbol: ResourceSymbol) -> bool:
        """Whether an existing resource is an entry of the template."""
        return self.symbolic and self.emitted(symbol)

    def emitted(self, symbol: DeployedSymbol) -> bool:
        """Existing resources whose place is known at run time only cannot be declared."""
        if not isinstance(symbol, ResourceSymbol) or not symbol.existing:
            return True
        if symbol not in self.late:
            self.late[symbol] = False
            places = [symbol.value(name) for name in ("name", "scope", "parent")]
            late = False
            for place in places:
                target = deployed(s.bare(place)) if place is not None else None
                if place is None:
                    continue
                parts = reference_parts(place)
                if target is not None or (parts is not None and parts.name is None):
                    owner = target or (parts.symbol if parts else None)
                    late = late or (owner is not None and not self.emitted(owner))
                else:
                    late = late or is_runtime(place)
            if symbol.nested_in is not None:
                late = late or not self.emitted(symbol.nested_in)
            self.late[symbol] = late
        return not self.late[symbol]

    # --- resources ---

    def resource(self, symbol: ResourceSymbol) -> dict[str, Any]:
        env = self.expressions.env_of(symbol, None)
        found = self.head(symbol, env)
        if symbol.existing:
            found["existing"] = True
        options = self.options(symbol)
        if options:
            found["@options"] = options
        found |= {"type": symbol.type, "apiVersion": symbol.api_version}
        found |= self.resource_scope(symbol, env)
        found["name"] = self.expressions.full_name(symbol, env).json()
        body = s.Object(symbol.body.start, symbol.body.end,
                        [m for m in symbol.body.members if isinstance(m, s.Property)
                         and m.key.value not in _COMPUTED])
        if not symbol.existing:
            found |= self.expressions.object_value(body, env)
        return self.tail(symbol, found, env)

    def head(self, symbol: DeployedSymbol, env: Env) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if symbol.loop is not None:
            count = call("length", self.expressions.term(symbol.loop.source, {}))
            copy: dict[str, Any] = {"name": symbol.symbolic_name, "count": f"[{count.text}]"}
            for decorator in symbol.node.decorators:
                if decorator.call.name.text == "batchSize" and decorator.call.arguments:
                    copy |= {"mode": "serial",
                             "batchSize": self.expressions.value(decorator.call.arguments[0], {})}
            found["copy"] = copy
        condition = self.condition(symbol, env)
        if condition is not None:
            found["condition"] = condition
        return found

    def condition(self, symbol: DeployedSymbol, env: Env) -> Any:
        """The symbol's own condition, and those of the resources it is nested in."""
        nodes: list[s.Node] = []
        current: DeployedSymbol | None = symbol
        while current is not None:
            if current.condition is not None:
                nodes.append(current.condition)
            current = current.nested_in if isinstance(current, ResourceSymbol) else None
        nodes.reverse()
        if not nodes:
            return None
        if len(nodes) == 1:
            return self.expressions.value(nodes[0], env)
        combined = self.expressions.term(nodes[0], env)
        for node in nodes[1:]:
            combined = call("and", combined, self.expressions.term(node, env))
        return combined.json()

    def options(self, symbol: DeployedSymbol) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for decorator in symbol.node.decorators:
            name = decorator.call.name.text
            if name not in _OPTIONS:
                continue
            arguments = [self.expressions.value(a, {}) for a in decorator.call.arguments]
            if name == "retryOn":
                codes: dict[str, Any] = {"exceptionCodes": arguments[0]}
                if len(arguments) > 1:
                    codes["retryCount"] = arguments[1]
                found[name] = codes
            elif name == "waitUntil":
                found[name] = {"expression": arguments[0], "maxWaitTime": arguments[1]}
            else:
                found[name] = True
        return found

    def resource_scope(self, symbol: ResourceSymbol, env: Env) -> dict[str, Any]:
        scope = self.expressions.scope_of(symbol, env)
        return {} if scope.kind == "file" else self.scope_members(scope)

    def scope_members(self, scope: ScopeOf) -> dict[str, Any]:
        """The members that place a deployment or an existing resource somewhere else."""
        here = self.model.target_scope
        if scope.kind == "tenant":
            return {"scope": "/"}
        if scope.kind == "managementGroup":
            if scope.name is None:
                if here == "managementGroup":
                    return {}
                return {"scope": "[managementGroup().id]"}
            if here in ("tenant", "managementGroup"):
                return {"scope": call("format", text("Microsoft.Management/managementGroups/{0}"), scope.name).json()}
            return {"scope": self.expressions.scope_id(scope).json()}
        if scope.kind == "subscription":
            if scope.subscription is not None:
                return {"subscriptionId": scope.subscription.json()}
            return {"subscriptionId": "[subscription().subscriptionId]"} if here == "resourceGroup" else {}
        if scope.kind == "resourceGroup":
            found = {}
            if scope.subscription is not None:
                found["subscriptionId"] = scope.subscription.json()
            if scope.name is not None:
                found["resourceGroup"] = scope.name.json()
            return found
        return {"scope": self.expressions.scope_id(scope).json()}

    # --- dependsOn ---

    def tail(self, symbol: DeployedSymbol, found: dict[str, Any], env: Env) -> dict[str, Any]:
        waits = [self.dependency(d, env) for d in dependencies(symbol, self.declared)]
        if waits:
            found["dependsOn"] = waits
        for decorator in symbol.node.decorators:
            if decorator.call.name.text == "description" and decorator.call.arguments:
                found["metadata"] = {"description": self.expressions.value(decorator.call.arguments[0], {})}
        return found

    def dependency(self, dependency: Dependency, env: Env) -> str:
        symbol = dependency.symbol
        name = symbol.symbolic_name
        if symbol.loop is not None and dependency.index is None:
            return name
        index: Term | None = None
        if dependency.index is not None:
            index = self.expressions.term(dependency.index, env)
        if self.symbolic:
            if index is None:
                return name
            return f"[{call('format', text(name + '[{0}]'), index).text}]"
        return f"[{self.expressions.id(symbol, self.expressions.env_of(symbol, index)).text}]"

    # --- modules ---

    def module(self, symbol: ModuleSymbol) -> dict[str, Any]:
        env = self.expressions.env_of(symbol, None)
        scope = self.expressions.scope_of(symbol, env)
        found = self.head(symbol, env)
        options = self.options(symbol)
        if options:
            found["@options"] = options
        found |= {"type": MODULE_TYPE, "apiVersion": MODULE_VERSION,
                  "name": self.expressions.own_name(symbol, env).json()}
        if scope.kind != "file":
            found |= self.scope_members(scope)
        here = self.model.target_scope
        target = here if scope.kind == "file" else scope.kind
        if target != "resourceGroup":
            found["location"] = "[resourceGroup().location]" if here == "resourceGroup" else "[deployment().location]"
        properties: dict[str, Any] = {"expressionEvaluationOptions": {"scope": "inner"}, "mode": "Incremental"}
        params = symbol.value("params")
        if params is not None:
            properties["parameters"] = self.parameters(params, env)
        properties["template"] = self.module_template(symbol.model)
        found["properties"] = properties
        return self.tail(symbol, found, env)

    def parameters(self, params: s.Node, env: Env) -> Any:
        params = s.bare(params)
        if not isinstance(params, s.Object) or any(isinstance(m, s.Spread) for m in params.members):
            source = self.expressions.term(params, env)
            wrapped = call("lambda", text("x"), call("createObject", text("value"), Term("lambdaVariables('x')")))
            return f"[{call('mapValues', source, wrapped).text}]"
        found: dict[str, Any] = {}
        for member in params.members:
            if isinstance(member, s.Property):
                found[self.expressions.key(member.key, env)] = self.parameter(s.bare(member.value), env)
        return found

    def parameter(self, value: s.Node, env: Env) -> Any:
        if isinstance(value, s.For):
            return {"copy": [self.expressions.copy_value("value", value, env)]}
        if is_secret(value):
            assert isinstance(value, s.Call)
            return self.secret(value, env)
        if has_secret(value):
            return f"[{self.secret_term(value, env).text}]"
        return {"value": self.expressions.value(value, env)}

    def secret(self, node: s.Call, env: Env) -> dict[str, Any]:
        """`vault.getSecret(name, version)` as a reference that ARM follows."""
        names = [self.expressions.value(a, env) for a in node.arguments]
        return {"reference": {"keyVault": {"id": self.vault(node, env).json()}, "secretName": names[0]}
                | ({"secretVersion": names[1]} if len(names) > 1 else {})}

    def vault(self, node: s.Call, env: Env) -> Term:
        target = self.expressions.resource_target(node.base, env) if node.base is not None else None
        return self.expressions.id(*target) if target is not None else text("")

    def secret_term(self, node: s.Node, env: Env) -> Term:
        node = s.bare(node)
        if isinstance(node, s.Ternary):
            return call("if", self.expressions.term(node.condition, env), self.secret_term(node.yes, env),
                        self.secret_term(node.no, env))
        if is_secret(node):
            assert isinstance(node, s.Call)
            names = [self.expressions.term(a, env) for a in node.arguments]
            arguments = [text("keyVault"), call("createObject", text("id"), self.vault(node, env)),
                         text("secretName"), names[0]]
            if len(names) > 1:
                arguments += [text("secretVersion"), names[1]]
            return call("createObject", text("reference"), call("createObject", *arguments))
        return call("createObject", text("value"), self.expressions.term(node, env))


def is_secret(node: s.Node) -> bool:
    node = s.bare(node)
    return isinstance(node, s.Call) and node.name.text == "getSecret" and node.base is not None \
        and not is_builtin(node)


def has_secret(node: s.Node) -> bool:
    """Whether a secret is one of the outcomes of nested conditions."""
    node = s.bare(node)
    if isinstance(node, s.Ternary):
        return has_secret(node.yes) or has_secret(node.no)
    return is_secret(node)
