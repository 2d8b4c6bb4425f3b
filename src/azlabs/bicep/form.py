"""Which form of output a file asks for: classic, or with symbolic names (languageVersion 2.0)."""

from __future__ import annotations

from azlabs.bicep import syntax as s
from azlabs.bicep.model import Model
from azlabs.bicep.references import deployed
from azlabs.bicep.symbols import DeployedSymbol, ModuleSymbol, ResourceSymbol

_NEW_TYPES = (s.ArrayType, s.ObjectType, s.TupleType, s.UnionType, s.NullableType, s.Text, s.Integer, s.Boolean,
              s.Null, s.TypeCall, s.TypeAccess, s.TypeIndex, s.Assertion, s.Unary, s.Group)
_OPTIONS = {"onlyIfNotExists", "retryOn", "nullIfNotFound", "waitUntil"}


def is_symbolic(model: Model) -> bool:
    """Whether something in the file can only be written with symbolic names."""
    known = model.facts.get("symbolic")
    if known is None:
        model.facts["symbolic"] = False
        known = model.facts["symbolic"] = bool(
            model.types or model.functions or model.imports or model.wildcards
            or any(v.node.type is not None for v in model.variables.values())
            or any(isinstance(p.node.type, _NEW_TYPES) for p in model.parameters.values())
            or any(isinstance(o.node.type, _NEW_TYPES) for o in model.outputs.values())
            or has_secure_output(model)
            or any(_module(m) for m in model.modules)
            or any(_declaration(d) for d in [*model.resources, *model.modules])
            or _whole_loop(model)
        )
    return bool(known)


def has_secure_output(model: Model) -> bool:
    return any(d.call.name.text == "secure" for o in model.outputs.values() for d in o.node.decorators)


def _module(module: ModuleSymbol) -> bool:
    return module.value("name") is None or (isinstance(module.model, Model) and has_secure_output(module.model))


def _declaration(symbol: DeployedSymbol) -> bool:
    if any(d.call.name.text in _OPTIONS for d in symbol.node.decorators):
        return True
    # An existing resource is not in a classic template, and so could not wait there for anything.
    return isinstance(symbol, ResourceSymbol) and symbol.existing and symbol.value("dependsOn") is not None


def _whole_loop(model: Model) -> bool:
    """A loop of resources or modules used as a value."""
    if not any(d.loop for d in [*model.resources, *model.modules]):
        return False
    return any(_uses_loop(statement) for statement in model.parsed.program.statements)


def _uses_loop(statement: s.Node) -> bool:
    pending = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, s.Index):
            base = s.bare(node.base)
            pending.append(node.index)
            if deployed(base) is None:
                pending.append(base)
            continue
        if isinstance(node, s.Property) and node.key.value == "dependsOn":
            continue
        target = deployed(node)
        if target is not None and target.loop is not None:
            return True
        if isinstance(node, s.Call) and node.name.text == "nameof":
            continue
        pending += s.children(node)
    return False
