"""The checker: what the compiler refuses after parsing and binding."""

from __future__ import annotations

from collections.abc import Iterator

from azlabs.bicep import syntax as s
from azlabs.bicep.check_declarations import check_module, check_resource
from azlabs.bicep.check_expressions import ExpressionChecks
from azlabs.bicep.functions import DECORATORS
from azlabs.bicep.kinds import fits, kind_of, shown, type_kind
from azlabs.bicep.model import Model
from azlabs.bicep.symbols import DeployedSymbol, FunctionSymbol, Symbol, TypeSymbol, VariableSymbol, unwrap_body

_DECORATED = {
    s.Param: ("param", "BCP125", "parameter"), s.Var: ("var", "BCP126", "variable"),
    s.Resource: ("resource", "BCP127", "resource"), s.Module: ("module", "BCP128", "module"),
    s.Output: ("output", "BCP129", "output"), s.TypeDeclaration: ("type", "BCP298", "type"),
    s.Function: ("func", "BCP344", "function"),
}
# Kinds of values that a decorator suits.
_SUITS = {
    "minLength": {"string", "array", "any"}, "maxLength": {"string", "array", "any"}, "minValue": {"int", "any"},
    "maxValue": {"int", "any"}, "secure": {"string", "object", "any"},
}


def check(model: Model) -> None:
    """Report every error that the tree and its symbols show."""
    check_cycles(model)
    expressions = ExpressionChecks(model)
    for statement in model.parsed.program.statements:
        _decorators(model, statement)
        _assignment(model, statement)
        expressions.statement(statement)
    for resource in model.resources:
        check_resource(model, resource)
    for module in model.modules:
        check_module(model, module)
    for statement in model.parsed.program.statements:
        if isinstance(statement, s.Resource | s.Module) and unwrap_body(statement.value)[0] is None:
            model.report("BCP167", 'Expected the "{" character or the "if" keyword at this location.',
                         statement.value)


def _decorators(model: Model, statement: s.Statement) -> None:
    place = _DECORATED.get(type(statement))
    for decorator in statement.decorators:
        name = decorator.call.name.text
        if place is None:
            model.report("BCP132", "Expected a declaration after the decorator.", decorator)
            continue
        facts = DECORATORS.get(name)
        if facts is None or (model.is_parameter_file and isinstance(statement, s.Param)):
            continue
        if place[0] not in facts[2].split():
            model.report(place[1], f'Function "{name}" cannot be used as a {place[2]} decorator.', decorator)
        type_ = getattr(statement, "type", None)
        if name in _SUITS and isinstance(type_, s.Node):
            kind = type_kind(type_)
            if kind not in _SUITS[name]:
                wanted = " | ".join(sorted(_SUITS[name] - {"any"}))
                model.report("BCP124", f'The decorator "{name}" can only be attached to targets of type "{wanted}", '
                             f'but the target has type "{kind}".', decorator)


def _assignment(model: Model, statement: s.Statement) -> None:
    """Declared type against the value given."""
    type_ = getattr(statement, "type", None)
    value = statement.default if isinstance(statement, s.Param) else getattr(statement, "value", None)
    if not isinstance(statement, s.Param | s.Var | s.Output) or type_ is None or value is None:
        return
    wanted, kind = type_kind(type_), kind_of(value)
    if not fits(kind, wanted):
        model.report("BCP033", f'Expected a value of type "{wanted}" but the provided value is of type '
                     f'"{shown(value)}".', value)
        return
    if isinstance(statement, s.Param):
        _allowed(model, statement, value)


def _allowed(model: Model, statement: s.Param, value: s.Node) -> None:
    calls = [d.call for d in statement.decorators if d.call.name.text == "allowed" and d.call.arguments]
    value = s.bare(value)
    if not calls or not isinstance(value, s.Text | s.Integer) or value.value is None:
        return
    listed = s.bare(calls[0].arguments[0])
    items = [s.bare(i) for i in listed.items] if isinstance(listed, s.Array) else []
    values = [i.value for i in items if isinstance(i, s.Text | s.Integer)]
    if items and len(values) == len(items) and value.value not in values:
        union = " | ".join(sorted(shown(i) for i in items))
        model.report("BCP033", f'Expected a value of type "{union}" but the provided value is of type '
                     f'"{shown(value)}".', value)


# --- cycles ---


def check_cycles(model: Model) -> None:
    """Declarations that need each other."""
    state: dict[Symbol, int] = {}
    for root in list(model.scope.values()):
        if root not in state and isinstance(root, VariableSymbol | DeployedSymbol | FunctionSymbol | TypeSymbol):
            _search(model, root, state)


def _search(model: Model, root: Symbol, state: dict[Symbol, int]) -> None:
    path: list[tuple[Symbol, Iterator[tuple[Symbol, s.Node]]]] = [(root, iter(_uses(root)))]
    state[root] = 1
    while path:
        symbol, uses = path[-1]
        found = next(uses, None)
        if found is None:
            state[symbol] = 2
            path.pop()
            continue
        target, node = found
        if state.get(target) == 1:
            names = [entry[0].name for entry in path]
            names = names[[entry[0] for entry in path].index(target):]
            if len(names) == 1:
                model.report("BCP079", "This expression is referencing its own declaration, which is not allowed.",
                             node)
            else:
                circle = '" -> "'.join([*names, names[0]])
                model.report("BCP080", f'The expression is involved in a cycle ("{circle}").', node)
        elif target not in state:
            state[target] = 1
            path.append((target, iter(_uses(target))))


def _uses(symbol: Symbol) -> list[tuple[Symbol, s.Node]]:
    """The declarations that a declaration needs before it has a value."""
    if isinstance(symbol, TypeSymbol):
        return list(_required_types(symbol.node.type))
    node = getattr(symbol, "node", None)
    value = node.body if isinstance(node, s.Function) else getattr(node, "value", None)
    found: list[tuple[Symbol, s.Node]] = []
    pending = [value] if isinstance(value, s.Node) else []
    while pending:
        current = pending.pop()
        target = getattr(current, "symbol", None)
        if isinstance(target, VariableSymbol | DeployedSymbol | FunctionSymbol):
            found.append((target, current))
        if isinstance(current, s.Call) and current.name.text == "nameof" and current.symbol is None:
            continue
        if not isinstance(current, s.Resource):
            pending += s.children(current)
    parent = getattr(symbol, "nested_in", None)
    return [*found, (parent, node)] if parent is not None and isinstance(node, s.Node) else found


def _required_types(node: s.Node) -> Iterator[tuple[Symbol, s.Node]]:
    """Types that a value of this type cannot do without: not behind `?`, not the items of an array."""
    if isinstance(node, s.Variable) and isinstance(node.symbol, TypeSymbol):
        yield node.symbol, node
    elif isinstance(node, s.Group):
        yield from _required_types(node.inner)
    elif isinstance(node, s.UnionType):
        for member in node.members:
            if isinstance(member, s.Variable | s.Group):
                yield from _required_types(member)
    elif isinstance(node, s.ObjectType | s.TupleType):
        parts = node.members if isinstance(node, s.ObjectType) else node.items
        for part in parts:
            if not any(d.call.name.text == "discriminator" for d in part.decorators):
                yield from _required_types(part.type)
