"""What kind of value an expression gives, as far as that can be said without Azure's schemas.

Kinds: string, int, bool, object, array, null, any. "any" means: not known, and never a reason for an error.
"""

from __future__ import annotations

from typing import Any

from azlabs.bicep import functions
from azlabs.bicep import syntax as s
from azlabs.bicep.references import is_builtin
from azlabs.bicep.symbols import FunctionSymbol, LocalSymbol, ParameterSymbol, TypeSymbol, VariableSymbol
from azlabs.bicep.type_literals import literal

_COMPARISONS = {"==", "!=", "=~", "!~", "<", "<=", ">", ">=", "&&", "||"}
_PRIMITIVES = {"string", "int", "bool", "object", "array"}
_MAX_STEPS = 40


def kind_of(node: s.Node, depth: int = 0) -> str:
    """The kind of an expression's value."""
    if depth > _MAX_STEPS:
        return "any"
    match node:
        case s.Text():
            return "string"
        case s.Integer():
            return "int"
        case s.Boolean():
            return "bool"
        case s.Null():
            return "null"
        case s.Object():
            return "object"
        case s.Array() | s.For():
            return "array"
        case s.Group():
            return kind_of(node.inner, depth + 1)
        case s.Assertion():
            kind = kind_of(node.base, depth + 1)
            return "any" if kind == "null" else kind
        case s.Unary():
            return "bool" if node.operator == "!" else "int"
        case s.Binary():
            return "bool" if node.operator in _COMPARISONS else "any" if node.operator == "??" else "int"
        case s.Ternary():
            yes, no = kind_of(node.yes, depth + 1), kind_of(node.no, depth + 1)
            return yes if yes == no else "any"
        case s.Variable():
            return _symbol(node.symbol, depth + 1)
        case s.Call():
            return _call(node, depth)
    return "any"


def _call(node: s.Call, depth: int) -> str:
    if isinstance(node.symbol, FunctionSymbol):
        return type_kind(node.symbol.node.type, depth + 1)
    if not is_builtin(node):
        return "any"
    facts = functions.find(node.name.text)
    return facts.result if facts else "any"


def _symbol(symbol: Any, depth: int) -> str:
    if isinstance(symbol, VariableSymbol):
        if symbol.kind is None:
            symbol.kind = "any"  # while it is being asked for: a circle, which the checker tells
            type_ = symbol.node.type
            symbol.kind = type_kind(type_, depth) if type_ is not None else kind_of(symbol.node.value, depth)
        return symbol.kind
    if isinstance(symbol, ParameterSymbol):
        return type_kind(symbol.node.type, depth) if symbol.node.type is not None else "any"
    if isinstance(symbol, LocalSymbol) and symbol.kind == "argument" and isinstance(symbol.owner, s.Function):
        for parameter in symbol.owner.parameters:
            if parameter.name.text == symbol.name:
                return type_kind(parameter.type, depth)
    if isinstance(symbol, LocalSymbol) and symbol.kind == "index":
        return "int"
    return "any"


def type_kind(node: s.Node, depth: int = 0) -> str:
    """The kind of the values of a type; "any" for nullable and mixed ones."""
    if depth > _MAX_STEPS:
        return "any"
    match node:
        case s.Group():
            return type_kind(node.inner, depth + 1)
        case s.Variable():
            if isinstance(node.symbol, TypeSymbol):
                if node.symbol.kind is None:
                    node.symbol.kind = "any"
                    node.symbol.kind = type_kind(node.symbol.node.type, depth + 1)
                return node.symbol.kind
            return node.name if node.symbol is None and node.name in _PRIMITIVES else "any"
        case s.ArrayType() | s.TupleType():
            return "array"
        case s.ObjectType():
            return "object"
        case s.UnionType():
            kinds = {type_kind(member, depth + 1) for member in node.members}
            return kinds.pop() if len(kinds) == 1 else "any"
        case s.Text():
            return "string"
        case s.Integer():
            return "int"
        case s.Boolean():
            return "bool"
    return "any"


def shown(node: s.Node) -> str:
    """The type of an expression as messages print it: literals by their value."""
    bare = s.bare(node)
    value = literal(bare) if isinstance(bare, s.Text | s.Integer | s.Boolean | s.Null) else None
    if value is None:
        return kind_of(bare)
    if isinstance(value[0], str):
        return "'" + value[0].replace("'", "\\'") + "'"
    return "null" if value[0] is None else str(value[0]).lower()


def fits(kind: str, wanted: str) -> bool:
    """Whether a value of one kind may stand where another is wanted."""
    return "any" in (kind, wanted) or kind == wanted


def constant(node: s.Node) -> Any:
    """The value of a literal, or of a variable or parameter default that is one; else None."""
    for _ in range(_MAX_STEPS):
        node = s.bare(node)
        symbol = node.symbol if isinstance(node, s.Variable) else None
        if isinstance(symbol, VariableSymbol):
            node = symbol.node.value
        elif isinstance(symbol, ParameterSymbol) and symbol.node.default is not None:
            node = symbol.node.default
        else:
            break
    if isinstance(node, s.Text):
        return node.value
    return node.value if isinstance(node, s.Integer | s.Boolean) else None
