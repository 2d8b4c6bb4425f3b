"""Checks of expressions: operators, members, loops and functions in places where they cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azlabs.bicep import functions, suggest
from azlabs.bicep import syntax as s
from azlabs.bicep.bind_files import JsonTemplate
from azlabs.bicep.kinds import kind_of, shown
from azlabs.bicep.model import Model
from azlabs.bicep.references import deployed, is_builtin, reference_parts
from azlabs.bicep.symbols import ModuleSymbol, NamespaceSymbol, Unknown, VariableSymbol, WildcardSymbol

_NUMBERS = {"+", "-", "*", "/", "%"}
_LOGIC = {"&&", "||"}
_ORDER = {"<", "<=", ">", ">="}


class ExpressionChecks:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.in_body = False

    def statement(self, statement: s.Statement) -> None:
        """Everything below one statement."""
        value = statement.default if isinstance(statement, s.Param) else getattr(statement, "value", None)
        allowed = isinstance(statement, s.Param) and not self.model.is_parameter_file
        self.in_body = isinstance(statement, s.Resource | s.Module)
        if isinstance(value, s.Node):
            loops = isinstance(statement, s.Var | s.Output | s.Resource | s.Module)
            self.visit(value, defaults=allowed, loop=loops)
        if isinstance(statement, s.Function):
            self.visit(statement.body, defaults=False, loop=False)
            self.function_body(statement)

    def visit(self, node: s.Node, defaults: bool, loop: bool, in_property_loop: bool = False) -> None:
        """`loop`: a for-expression may stand here; `defaults`: functions of parameter defaults may."""
        match node:
            case s.For():
                self.loop(node, loop)
                self.visit(node.source, defaults, False)
                self.visit(node.body, defaults, False, in_property_loop)
                return
            case s.Object():
                self.object(node, defaults, in_property_loop)
                return
            case s.Resource():
                self.visit(node.value, defaults, True)
                return
            case s.Conditional():
                if kind_of(node.condition) not in ("bool", "any"):
                    self.model.report("BCP046", f'Expected a value of type "bool" but got "{shown(node.condition)}".',
                                      node.condition)
            case s.Unary():
                self.unary(node)
            case s.Binary():
                self.binary(node)
            case s.Ternary():
                if kind_of(node.condition) not in ("bool", "any"):
                    self.model.report("BCP046", 'Expected a value of type "bool".', node.condition)
            case s.Access() | s.Index():
                self.access(node)
            case s.Call():
                self.call(node, defaults)
            case s.Variable():
                if isinstance(node.symbol, NamespaceSymbol | WildcardSymbol):
                    self.model.report("BCP062", f'The referenced declaration with name "{node.name}" is a namespace and '
                                      "cannot be used as a value.", node)
        for child in s.children(node):
            if isinstance(child, s.Variable) and isinstance(child.symbol, NamespaceSymbol | WildcardSymbol) \
                    and isinstance(node, s.Access | s.Call):
                continue
            self.visit(child, defaults, isinstance(node, s.Conditional) and loop, in_property_loop)

    def loop(self, node: s.For, allowed: bool) -> None:
        if not allowed:
            self.model.report("BCP138", "For-expressions are not supported in this context. For-expressions may be used "
                              "as values of resource, module, variable, and output declarations, or values of resource "
                              "and module properties.", node)
        kind = kind_of(node.source)
        if kind not in ("array", "any"):
            self.model.report("BCP137", f'Loop expected an expression of type "array" but the provided value is of type '
                              f'"{shown(node.source)}".', node.source)

    def object(self, node: s.Object, defaults: bool, in_property_loop: bool) -> None:
        seen: set[str] = set()
        for member in node.members:
            if not isinstance(member, s.Property):
                self.visit(member, defaults, False)
                continue
            name = member.key.value
            if name is not None and name.lower() in seen:
                self.model.report("BCP025", f'The property "{name}" is declared multiple times in this object. Remove or '
                                  "rename the duplicate properties.", member.key)
            seen.add((name or "").lower() if name is not None else f"${id(member)}")
            self.visit(member.key, defaults, False)
            value = s.bare(member.value)
            if isinstance(value, s.For):
                if in_property_loop:
                    self.model.report("BCP142", "Property value for-expressions cannot be nested.", value)
                if member.key.holes:
                    self.model.report("BCP143", "For-expressions cannot be used with properties whose names are also "
                                      "expressions.", member.key)
                self.visit(value, defaults, self.in_body, True)
            else:
                self.visit(member.value, defaults, False, in_property_loop)

    # --- operators ---

    def unary(self, node: s.Unary) -> None:
        kind = kind_of(node.operand)
        wanted = "bool" if node.operator == "!" else "int"
        if kind not in (wanted, "any"):
            self.model.report("BCP044", f'Cannot apply operator "{node.operator}" to operand of type '
                              f'"{shown(node.operand)}".', node)

    def binary(self, node: s.Binary) -> None:
        left, right = kind_of(node.left), kind_of(node.right)
        operator = node.operator
        known = {left, right} - {"any"}
        wrong = (operator in _NUMBERS and known - {"int"}) or (operator in _LOGIC and known - {"bool"}) \
            or (operator in _ORDER and (known - {"int", "string"} or len(known) > 1)) \
            or (operator in ("=~", "!~") and known - {"string"})
        if wrong:
            hint = " Use string interpolation instead." if operator == "+" and "string" in known else ""
            self.model.report("BCP045", f'Cannot apply operator "{operator}" to operands of type "{shown(node.left)}" '
                              f'and "{shown(node.right)}".{hint}', node)

    # --- members ---

    def access(self, node: s.Access | s.Index) -> None:
        base = s.bare(node.base)
        if isinstance(base, s.Variable) and isinstance(base.symbol, WildcardSymbol) and isinstance(node, s.Access):
            self.member_of(node.name, base.symbol.members, base.symbol.name)
            return
        if isinstance(base, s.Access) and base.name.text == "outputs" and isinstance(node, s.Access):
            owner = reference_parts(base)
            if owner is not None and isinstance(owner.symbol, ModuleSymbol) and owner.symbol.model is not None:
                self.member_of(node.name, module_outputs(owner.symbol), "outputs")
            return
        symbol = deployed(base)
        if symbol is not None or isinstance(getattr(base, "symbol", None), Unknown):
            if isinstance(symbol, ModuleSymbol) and symbol.loop is None and isinstance(node, s.Access) \
                    and node.name.text not in ("name", "outputs"):
                self.member_of(node.name, {"name": 0, "outputs": 0}, "module")
            return
        kind = kind_of(base)
        if isinstance(node, s.Access) and kind in ("string", "int", "bool", "array"):
            self.model.report("BCP055", f'Cannot access properties of type "{kind}". An "object" type is required.',
                              node.base)
        elif isinstance(node, s.Index) and kind in ("string", "int", "bool"):
            self.model.report("BCP076", f'Cannot index over expression of type "{kind}". Arrays or objects are '
                              "required.", node.base)
        elif isinstance(node, s.Access) and not node.safe:
            self.literal_member(node, base)

    def literal_member(self, node: s.Access, base: s.Node) -> None:
        """A member of a variable whose value is an object written out in full."""
        if isinstance(base, s.Variable) and isinstance(base.symbol, VariableSymbol) and base.symbol.node.type is None:
            base = s.bare(base.symbol.node.value)
        if not isinstance(base, s.Object):
            return
        names = {m.key.value: 0 for m in base.members if isinstance(m, s.Property) and m.key.value is not None}
        if len(names) == len(base.members):
            self.member_of(node.name, names, "object")

    def member_of(self, name: s.Name, known: Mapping[str, Any], owner: str) -> None:
        if name.text in known:
            return
        near = suggest.nearest(name.text, known)
        message = f'The type "{owner}" does not contain property "{name.text}".'
        if near:
            self.model.report("BCP083", f'{message} Did you mean "{near}"?', name)
        elif known:
            listed = ", ".join(f'"{k}"' for k in sorted(known))
            self.model.report("BCP053", f"{message} Available properties include {listed}.", name)
        else:
            self.model.report("BCP052", message, name)

    # --- calls ---

    def call(self, node: s.Call, defaults: bool) -> None:
        name = node.name.text
        if not is_builtin(node):
            return
        if name in functions.PARAMETER_DEFAULT_ONLY and not defaults:
            self.model.report("BCP065", f'Function "{name}" is not valid at this location. It can only be used as a '
                              "parameter default value.", node.name)
        if name == "getSecret" and not self.model.is_parameter_file:
            self.model.report("BCP351", f'Function "{name}" is not valid at this location. It can only be used when '
                              "directly assigning to a parameter.", node.name)

    def function_body(self, statement: s.Function) -> None:
        """A user-defined function sees its own parameters and other functions, nothing else."""
        pending = [statement.body]
        while pending:
            node = pending.pop()
            symbol = getattr(node, "symbol", None)
            if isinstance(node, s.Variable | s.Nested) and deployed(node) is not None:
                self.model.report("BCP062", f'"{symbol.name if symbol else ""}" cannot be used in a function.', node)
            if isinstance(node, s.Call) and is_builtin(node) and functions.needs_runtime(node.name.text):
                self.model.report("BCP341", "This expression is being used inside a function declaration, which requires "
                                  "a value that can be calculated at the start of the deployment.", node)
            pending += s.children(node)


def module_outputs(symbol: ModuleSymbol) -> dict[str, int]:
    if isinstance(symbol.model, JsonTemplate):
        return dict.fromkeys(symbol.model.template.get("outputs") or {}, 0)
    return dict.fromkeys(symbol.model.outputs, 0)
