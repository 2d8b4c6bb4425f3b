"""References to resources and modules: names, ids, scopes, properties at run time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.bicep import syntax as s
from azlabs.bicep import terms
from azlabs.bicep.functions import SCOPES
from azlabs.bicep.symbols import DeployedSymbol, ModuleSymbol, NamespaceSymbol, ResourceSymbol
from azlabs.bicep.terms import Term, TooLarge, call, integer, member, text

if TYPE_CHECKING:
    from azlabs.bicep.model import Model

MODULE_TYPE = "Microsoft.Resources/deployments"
MODULE_VERSION = "2025-04-01"
# Extensions of extensions of ...: each id holds all before it.
MAX_EXTENSIONS = 40
# What the compiler knows of a resource without asking Azure.
DEPLOY_TIME = {"id", "name", "type", "apiVersion"}
_GROUPS = "microsoft.resources/resourcegroups"
_MANAGEMENT_GROUPS = "microsoft.management/managementgroups"
_SUBSCRIPTIONS = "microsoft.subscription/aliases"
_FILE_SCOPES = {"resourceGroup": "resourceId", "subscription": "subscriptionResourceId",
                "tenant": "tenantResourceId"}


@dataclass(slots=True)
class ReferenceParts:
    """`symbol[index].name...`; `others` are the index expressions in it."""

    symbol: DeployedSymbol
    root: s.Node
    index: s.Node | None
    index_node: s.Node | None
    name: str | None
    others: list[s.Node]


def deployed(node: s.Node) -> DeployedSymbol | None:
    """The resource or module that a name (or `a::b`) stands for."""
    symbol = node.symbol if isinstance(node, s.Variable | s.Nested) else None
    return symbol if isinstance(symbol, DeployedSymbol) else None


def reference_parts(node: s.Node) -> ReferenceParts | None:
    """Take `r[i].name.more` apart; None when no resource or module is at its root."""
    steps: list[s.Access | s.Index] = []
    node = s.bare(node)
    while isinstance(node, s.Access | s.Index):
        steps.append(node)
        node = s.bare(node.base)
    symbol = deployed(node)
    if symbol is None:
        return None
    steps.reverse()
    parts = ReferenceParts(symbol, node, None, None, None, [])
    if symbol.loop is not None and steps and isinstance(steps[0], s.Index):
        parts.index, parts.index_node = steps[0].index, steps[0]
        parts.others.append(steps[0].index)
        steps = steps[1:]
    if steps:
        first = steps[0]
        index = None if isinstance(first, s.Access) else s.bare(first.index)
        parts.name = first.name.text if isinstance(first, s.Access) else \
            index.value if isinstance(index, s.Text) else None
    parts.others += [step.index for step in steps if isinstance(step, s.Index)]
    return parts


@dataclass(slots=True)
class ScopeOf:
    """Where a resource or module lives. `kind`: "file" (the scope of the file itself), "tenant",
    "managementGroup", "subscription", "resourceGroup", "resource" (an extension of `owner`)."""

    kind: str
    name: Term | None = None
    subscription: Term | None = None
    owner: ResourceSymbol | None = None
    env: Any = None


class ReferenceMixin:
    """The part of `Expressions` that deals with resources and modules."""

    model: Model
    symbolic: bool
    # Whether symbolic code can name it: existing resources with names known late are not written.
    emitted: Callable[[DeployedSymbol], bool]
    extensions = 0

    def term(self, node: s.Node, env: Any) -> Term:
        raise NotImplementedError

    def walk(self, base: Term, steps: Any) -> Term:
        raise NotImplementedError

    # --- names and ids ---

    def own_name(self, symbol: DeployedSymbol, env: Any) -> Term:
        node = symbol.value("name")
        if node is None and isinstance(symbol, ModuleSymbol):
            return self.generated_name(symbol, env)
        return self.term(node, env) if node is not None else text("")

    def generated_name(self, symbol: ModuleSymbol, env: Any) -> Term:
        """A module without a name gets one from its symbol and the name of the deployment round it."""
        index = env.get(symbol.loop) if symbol.loop else None
        # 64 characters: the symbol, a hash of 13, hyphens and, in a loop, an index.
        prefix = symbol.name[:64 - 14 - (7 if symbol.loop else 0)]
        unique = call("uniqueString", text(symbol.name), member(call("deployment"), text("name")))
        if index is not None:
            return call("format", text(prefix + "-{0}-{1}"), index, unique)
        return call("format", text(prefix + "-{0}"), unique)

    def parent(self, symbol: DeployedSymbol, env: Any) -> tuple[ResourceSymbol, Any] | None:
        """The parent resource and the environment in which its own expressions are written."""
        if not isinstance(symbol, ResourceSymbol):
            return None
        if symbol.nested_in is not None:
            return symbol.nested_in, env
        node = symbol.value("parent")
        return self.resource_target(node, env) if node is not None else None

    def resource_target(self, node: s.Node, env: Any) -> tuple[ResourceSymbol, Any] | None:
        parts = reference_parts(node)
        if parts is None or not isinstance(parts.symbol, ResourceSymbol):
            return None
        return parts.symbol, self.env_of(parts.symbol, self.term(parts.index, env) if parts.index else None)

    def env_of(self, symbol: DeployedSymbol, index: Term | None) -> Any:
        return {symbol.loop: index if index is not None else call("copyIndex")} if symbol.loop else {}

    def chain(self, symbol: DeployedSymbol, env: Any) -> list[tuple[DeployedSymbol, Any]]:
        """The resource and its ancestors, outermost first."""
        found = [(symbol, env)]
        parent = self.parent(symbol, env)
        while parent is not None and len(found) < 40:
            found.append(parent)
            parent = self.parent(*parent)
        found.reverse()
        return found

    def full_name(self, symbol: DeployedSymbol, env: Any) -> Term:
        if self.parent(symbol, env) is None:
            return self.own_name(symbol, env)
        names = self.name_segments(symbol, env)
        return call("format", text("/".join(f"{{{i}}}" for i in range(len(names)))), *names)

    def name_segments(self, symbol: DeployedSymbol, env: Any) -> list[Term]:
        if isinstance(symbol, ModuleSymbol):
            return [self.own_name(symbol, env)]
        found: list[Term] = []
        known = 0
        for ancestor, ancestor_env in self.chain(symbol, env):
            assert isinstance(ancestor, ResourceSymbol)
            segments = ancestor.type.count("/") - known
            name = self.own_name(ancestor, ancestor_env)
            if segments <= 1:
                found.append(name)
            else:
                split = call("split", name, text("/"))
                found += [Term(f"{split.text}[{i}]") for i in range(segments)]
            known += segments
        return found

    def id(self, symbol: DeployedSymbol, env: Any) -> Term:
        """The resource id, as an expression."""
        kind = symbol.type if isinstance(symbol, ResourceSymbol) else MODULE_TYPE
        arguments = [text(kind), *self.name_segments(symbol, env)]
        scope = self.scope_of(symbol, env)
        if scope.kind == "file":
            function = _FILE_SCOPES.get(self.model.target_scope)
            if function:
                return call(function, *arguments)
            scope = ScopeOf("managementGroup")
        if scope.kind == "tenant":
            return call("tenantResourceId", *arguments)
        if scope.kind == "subscription":
            return call("subscriptionResourceId", *([scope.subscription] if scope.subscription else []), *arguments)
        if scope.kind == "resourceGroup" and scope.name is None:
            return call("resourceId", *arguments)
        return call("extensionResourceId", self.scope_id(scope), *arguments)

    def scope_id(self, scope: ScopeOf) -> Term:
        if scope.kind == "resourceGroup":
            assert scope.name is not None
            subscription = scope.subscription or Term("subscription().subscriptionId")
            return call("format", text("/subscriptions/{0}/resourceGroups/{1}"), subscription, scope.name)
        if scope.kind == "managementGroup":
            if scope.name is None:
                return Term("managementGroup().id")
            return call("tenantResourceId", text("Microsoft.Management/managementGroups"), scope.name)
        assert scope.owner is not None
        self.extensions += 1
        if self.extensions > MAX_EXTENSIONS:
            raise TooLarge
        try:
            return self.id(scope.owner, scope.env)
        finally:
            self.extensions -= 1

    # --- scopes ---

    def scope_of(self, symbol: DeployedSymbol, env: Any) -> ScopeOf:
        """The scope that the resource (or the root of its parents) or module asks for."""
        root, root_env = self.chain(symbol, env)[0]
        node = root.value("scope")
        return self.scope(node, root_env) if node is not None else ScopeOf("file")

    def scope(self, node: s.Node, env: Any) -> ScopeOf:
        node = s.bare(node)
        if isinstance(node, s.Call) and node.name.text in SCOPES and is_builtin(node):
            arguments = [self.term(a, env) for a in node.arguments]
            kind = node.name.text
            if kind == "subscription":
                return ScopeOf(kind, subscription=arguments[0] if arguments else None)
            if kind == "resourceGroup" and len(arguments) == 2:
                return ScopeOf(kind, name=arguments[1], subscription=arguments[0])
            return ScopeOf(kind, name=arguments[0] if arguments else None)
        target = self.resource_target(node, env)
        if target is None:
            return ScopeOf("file")
        owner, owner_env = target
        name = self.own_name(owner, owner_env)
        type_ = owner.type.lower()
        if type_ == _GROUPS:
            outer = self.scope_of(owner, owner_env)
            return ScopeOf("resourceGroup", name=name, subscription=outer.subscription)
        if type_ == _MANAGEMENT_GROUPS:
            return ScopeOf("managementGroup", name=name)
        if type_ == _SUBSCRIPTIONS:
            return ScopeOf("subscription", subscription=member(self.reference(owner, owner_env, False),
                                                               text("subscriptionId")))
        return ScopeOf("resource", owner=owner, env=owner_env)

    # --- references ---

    def symbolic_reference(self, symbol: DeployedSymbol, env: Any) -> Term | None:
        if not self.symbolic or not self.emitted(symbol):
            return None
        name = symbol.symbolic_name
        if symbol.loop is None:
            return text(name)
        return call("format", text(name + "[{0}]"), env[symbol.loop])

    def reference(self, symbol: DeployedSymbol, env: Any, full: bool) -> Term:
        """`reference(...)`, of the whole resource (`full`) or of its properties."""
        target = self.symbolic_reference(symbol, env)
        version = symbol.api_version if isinstance(symbol, ResourceSymbol) else MODULE_VERSION
        if target is not None:
            return call("reference", target, text(version), text("full")) if full else call("reference", target)
        arguments = [self.id(symbol, env), text(version)] + ([text("full")] if full else [])
        return call("reference", *arguments)

    def whole(self, symbol: DeployedSymbol) -> Term:
        """A resource, module or a whole loop of them as a value."""
        if symbol.loop is not None:
            full = [text("full")] if isinstance(symbol, ResourceSymbol) else []
            return call("references", text(symbol.symbolic_name), *full)
        return self.reference(symbol, {}, isinstance(symbol, ResourceSymbol))

    def deployed_chain(self, symbol: DeployedSymbol, steps: Any, env: Any) -> Term:
        """`r.id`, `r.properties.x`, `rs[i].location`, `m.outputs.x` ..."""
        index = None
        if symbol.loop is not None:
            node, index, _, from_end = steps[0]
            if from_end:
                count = call("length", self.term(symbol.loop.source, env))
                index = call("sub", count, index)
            if not isinstance(node, s.Index):
                return self.walk(self.whole(symbol), steps)
            steps = steps[1:]
        own = self.env_of(symbol, index)
        if not steps:
            return self.reference(symbol, own, isinstance(symbol, ResourceSymbol))
        if isinstance(symbol, ModuleSymbol):
            return self.module_chain(symbol, steps, own)
        _, name, safe, _ = steps[0]
        known = name.literal
        assert isinstance(symbol, ResourceSymbol)
        if known in DEPLOY_TIME and not (safe and symbol.condition):
            return self.walk(self.deploy_time(symbol, str(known), own), steps[1:])
        if known == "properties":
            rest = steps[1:]
            if safe and rest:
                # `reference` gives the properties themselves: the next step inherits the question mark.
                rest = [(rest[0][0], rest[0][1], True, rest[0][3]), *rest[1:]]
            return self.walk(self.guarded(symbol, own, False, steps[0:2]), rest)
        return self.walk(self.guarded(symbol, own, True, steps[0:1]), steps)

    def deploy_time(self, symbol: ResourceSymbol, name: str, env: Any) -> Term:
        if name == "id":
            return self.id(symbol, env)
        if name == "name":
            return self.own_name(symbol, env)
        return text(symbol.type if name == "type" else symbol.api_version)

    def guarded(self, symbol: DeployedSymbol, env: Any, full: bool, first: Any) -> Term:
        """A reference that gives null where a conditional resource is not deployed and `.?` asks for it."""
        reference = self.reference(symbol, env, full)
        if symbol.condition is not None and any(step[2] for step in first):
            return call("if", self.term(symbol.condition, env), reference, terms.NULL)
        return reference

    def module_chain(self, symbol: ModuleSymbol, steps: Any, env: Any) -> Term:
        name = steps[0][1].literal
        if name == "name" and not steps[0][2]:
            return self.walk(self.own_name(symbol, env), steps[1:])
        reference = self.guarded(symbol, env, False, steps[0:1])
        return self.walk(reference, _with_value(steps))

    def element_chain(self, base: Term, symbol: DeployedSymbol, steps: Any) -> Term:
        """The parameter of a lambda that runs over a loop of modules or resources."""
        return self.walk(base, _with_value(steps) if isinstance(symbol, ModuleSymbol) else steps)

    def instance_call(self, node: s.Call, env: Any) -> Term:
        """`r.listKeys()`."""
        assert node.base is not None
        parts = reference_parts(node.base)
        arguments = [self.term(a, env) for a in node.arguments]
        if parts is None or not isinstance(parts.symbol, ResourceSymbol):
            return call(node.name.text, *arguments)
        symbol = parts.symbol
        own = self.env_of(symbol, self.term(parts.index, env) if parts.index else None)
        target = self.symbolic_reference(symbol, own) or self.id(symbol, own)
        if not arguments:
            arguments = [text(symbol.api_version)]
        return call(node.name.text, target, *arguments)


def is_builtin(node: s.Call) -> bool:
    """Whether a call means a function of Bicep itself."""
    return node.symbol is None and (node.base is None or
                                    isinstance(getattr(s.bare(node.base), "symbol", None), NamespaceSymbol))


def _with_value(steps: Any) -> Any:
    """`outputs.x.y` reads `outputs.x.value.y` in the deployment's own data."""
    if len(steps) > 1 and steps[0][1].literal == "outputs":
        return [*steps[:2], (steps[1][0], text("value"), False, False), *steps[2:]]
    return steps


__all__ = ["MODULE_TYPE", "MODULE_VERSION", "ReferenceMixin", "ReferenceParts", "ScopeOf", "deployed", "integer",
           "is_builtin", "reference_parts"]
