"""The binder: gives every declaration a symbol and every name the symbol it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from azlabs.bicep import functions, suggest
from azlabs.bicep import syntax as s
from azlabs.bicep.bind_files import import_file, module_file
from azlabs.bicep.model import TARGET_SCOPES, Model
from azlabs.bicep.resource_types import canonical_type
from azlabs.bicep.symbols import (
    DeployedSymbol,
    FunctionSymbol,
    ImportedSymbol,
    LocalSymbol,
    ModuleSymbol,
    NamespaceSymbol,
    OutputSymbol,
    ParameterSymbol,
    ResourceSymbol,
    Scope,
    Symbol,
    TypeSymbol,
    Unknown,
    VariableSymbol,
    WildcardSymbol,
    unwrap_body,
)

_TYPE = re.compile(r"^(?P<type>[^@\s/]+(?:/[^@\s/]+)+)@(?P<version>[A-Za-z0-9.\-]+)$")
_SEGMENT = re.compile(r"^(?P<type>[^@\s/]+(?:/[^@\s/]+)*)(?:@(?P<version>[A-Za-z0-9.\-]+))?$")
MAX_SUGGESTIONS = 100
_NAMESPACES = {"sys": NamespaceSymbol("sys"), "az": NamespaceSymbol("az")}


def bind(model: Model) -> None:
    """Declare and resolve every name in the model's file, and open the files it names."""
    _Binder(model).run()


class _Binder:
    def __init__(self, model: Model) -> None:
        self.model = model
        self.scopes: list[Scope] = [model.scope]
        self.unknowns = 0
        self.visitors: dict[type, Callable[[Any], None]] = {
            s.Variable: self.variable, s.Nested: self.nested, s.Call: self.call, s.Lambda: self.lambda_,
            s.For: self.loop, s.Resource: self.resource, s.Decorator: self.decorator,
        }

    def run(self) -> None:
        statements = self.model.parsed.program.statements
        for statement in statements:
            self.declare(statement)
        for statement in statements:
            self.statement(statement)

    # --- declarations ---

    def add(self, name: s.Name, symbol: Symbol, scope: Scope | None = None) -> bool:
        scope = self.model.scope if scope is None else scope
        if name.text in scope:
            self.model.report("BCP028", f'Identifier "{name.text}" is declared multiple times. Remove or rename the '
                              "duplicates.", name)
            return False
        scope[name.text] = symbol
        return True

    def declare(self, statement: s.Statement) -> None:
        model = self.model
        match statement:
            case s.TargetScope():
                self.target_scope(statement)
            case s.Param(name=name):
                parameter = ParameterSymbol(name.text, statement)
                parameter.secure = any(d.call.name.text == "secure" for d in statement.decorators)
                if model.is_parameter_file:
                    # A parameter file assigns to names of the other file; they share no scope with its variables.
                    if name.text in model.parameters:
                        model.report("BCP028", f'Identifier "{name.text}" is declared multiple times. Remove or '
                                     "rename the duplicates.", name)
                    model.parameters.setdefault(name.text, parameter)
                    model.scope.setdefault(name.text, parameter)
                elif self.add(name, parameter):
                    model.parameters[name.text] = parameter
            case s.Var(name=name):
                variable = VariableSymbol(name.text, statement)
                if self.add(name, variable):
                    model.variables[name.text] = variable
            case s.Output(name=name):
                if name.text in model.outputs:
                    model.report("BCP145", f'Output "{name.text}" is declared multiple times. Remove or rename the '
                                 "duplicates.", name)
                model.outputs.setdefault(name.text, OutputSymbol(name.text, statement))
            case s.TypeDeclaration(name=name):
                type_ = TypeSymbol(name.text, statement)
                if self.add(name, type_):
                    model.types[name.text] = type_
            case s.Function(name=name):
                function = FunctionSymbol(name.text, statement)
                if self.add(name, function):
                    model.functions[name.text] = function
            case s.Resource():
                self.declare_resource(statement, None, model.scope)
            case s.Module(name=name):
                body, loop, condition = unwrap_body(statement.value)
                if body is not None:
                    module = ModuleSymbol(name.text, statement, body, loop, condition)
                    if self.add(name, module):
                        module.model = module_file(model, statement)
                        model.modules.append(module)
            case s.Import():
                for imported in import_file(model, statement):
                    self.add(imported.alias, imported.symbol)

    def target_scope(self, statement: s.TargetScope) -> None:
        value = statement.value.value if isinstance(statement.value, s.Text) else None
        if value not in TARGET_SCOPES:
            allowed = " | ".join(f"'{name}'" for name in sorted(TARGET_SCOPES))
            self.model.report("BCP033", f'Expected a value of type "{allowed}" but the provided value is of type '
                              f'"{value!r}".', statement.value)
        elif "target_scope" in self.model.facts:
            self.model.report("BCP112", 'The "targetScope" cannot be declared multiple times in one file.', statement)
        else:
            self.model.facts["target_scope"] = statement
            self.model.target_scope = value

    def declare_resource(self, node: s.Resource, parent: ResourceSymbol | None, scope: Scope) -> None:
        body, loop, condition = unwrap_body(node.value)
        text = node.type.parts[0]
        match = (_SEGMENT if parent else _TYPE).match(text)
        if body is None:
            return
        if match is None:
            self.model.report(*self.type_problem(parent, text), node.type)
            if parent is None:
                scope.setdefault(node.name.text, Unknown(node.name.text))
            return
        version = match["version"] or (parent.api_version if parent else "")
        type_ = canonical_type(f"{parent.type}/{match['type']}" if parent else match["type"], version)
        symbol = ResourceSymbol(node.name.text, node, body, loop, condition, None, type_, version, parent,
                                existing=node.existing)
        if not self.add(node.name, symbol, scope):
            return
        if parent:
            parent.nested[symbol.name] = symbol
            if parent.loop:
                self.model.report("BCP160", "A nested resource cannot appear inside of a resource with a "
                                  "for-expression.", node.name)
        for member in body.members:
            if isinstance(member, s.Resource):
                self.declare_resource(member, symbol, symbol.nested)  # type: ignore[arg-type]
        self.order(symbol)

    def order(self, symbol: ResourceSymbol) -> None:
        """Nested resources are emitted before all others, the innermost first."""
        if symbol.nested_in is None:
            deep: list[ResourceSymbol] = []

            def gather(parent: ResourceSymbol) -> None:
                for child in parent.nested.values():
                    gather(child)
                deep.extend(parent.nested.values())

            gather(symbol)
            at = self.model.facts.get("nested", 0)
            self.model.resources[at:at] = deep
            self.model.facts["nested"] = at + len(deep)
            self.model.resources.append(symbol)

    def type_problem(self, parent: ResourceSymbol | None, text: str) -> tuple[str, str]:
        if parent:
            return "BCP156", (f'The resource type segment "{text}" is invalid. Nested resources must specify a single '
                              'type segment, and optionally can specify an API version using the format '
                              '"<type>@<apiVersion>".')
        return "BCP029", "The resource type is not valid. Specify a valid resource type of format " \
                         '"<type-name>@<apiVersion>".'

    # --- names ---

    def statement(self, statement: s.Statement) -> None:
        match statement:
            case s.TypeDeclaration() | s.Output() | s.Param() | s.Var():
                for decorator in statement.decorators:
                    self.decorator(decorator)
                type_ = getattr(statement, "type", None)
                if type_ is not None:
                    self.type(type_)
                value = statement.default if isinstance(statement, s.Param) else getattr(statement, "value", None)
                if value is not None:
                    self.visit(value)
            case s.Function():
                self.function(statement)
            case s.Resource():
                self.resource(statement)
            case s.TargetScope() | s.Import() | s.Using() | s.Extends():
                pass
            case _:
                self.visit(statement)

    def visit(self, node: s.Node) -> None:
        visitor = self.visitors.get(type(node))
        if visitor is not None:
            visitor(node)
        else:
            for child in s.children(node):
                self.visit(child)

    def find(self, name: str) -> Symbol | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return _NAMESPACES.get(name)

    def variable(self, node: s.Variable) -> None:
        symbol = self.find(node.name)
        if symbol is None:
            known = [name for scope in reversed(self.scopes) for name in scope]
            self.unknown("name", "BCP057", "BCP082", node.name, known, node)
            symbol = Unknown(node.name)
        node.symbol = symbol

    def unknown(self, kind: str, code: str, code_near: str, name: str, known: list[str], node: s.Node) -> None:
        # A file with very many unknown names is not one with spelling mistakes.
        self.unknowns += 1
        near = suggest.nearest(name, known) if self.unknowns <= MAX_SUGGESTIONS else None
        message = f'The name "{name}" does not exist in the current context.'
        if functions.find(name) and kind == "name":
            self.model.report("BCP063", f'The name "{name}" is not a parameter, variable, resource or module.', node)
        elif near:
            self.model.report(code_near, f'{message} Did you mean "{near}"?', node)
        else:
            self.model.report(code, message, node)

    def nested(self, node: s.Nested) -> None:
        self.visit(node.base)
        node.symbol = Unknown(node.name.text)
        base = s.bare(node.base)
        parent = getattr(base, "symbol", None)
        if isinstance(parent, ResourceSymbol):
            found = parent.nested.get(node.name.text)
            if found is not None:
                node.symbol = found
                return
            names = ", ".join(f'"{name}"' for name in parent.nested) or "(none)"
            self.model.report("BCP159", f'The resource "{parent.name}" does not contain a nested resource named '
                              f'"{node.name.text}". Known nested resources are: {names}.', node.name)
        elif not isinstance(parent, Unknown):
            self.model.report("BCP158", "Cannot access nested resources of type \"any\". A resource type is required.",
                              node.base)

    def call(self, node: s.Call) -> None:
        if node.base is not None:
            self.visit(node.base)
            owner = getattr(s.bare(node.base), "symbol", None)
            if isinstance(owner, NamespaceSymbol):
                self.builtin(node, owner.name)
            elif isinstance(owner, WildcardSymbol):
                node.symbol = self.wildcard_member(owner, node.name)
        else:
            symbol = self.find(node.name.text)
            if isinstance(symbol, FunctionSymbol) or (isinstance(symbol, ImportedSymbol)
                                                      and symbol.kind == "function"):
                node.symbol = symbol
            else:
                self.builtin(node, None)
        self.bind_arguments(node)

    def bind_arguments(self, node: s.Call) -> None:
        element: DeployedSymbol | None = None
        for position, argument in enumerate(node.arguments):
            self.visit(argument)
            symbol = getattr(s.bare(argument), "symbol", None)
            if position == 0 and isinstance(symbol, DeployedSymbol) and symbol.loop:
                element = symbol
            bare = s.bare(argument)
            if element is not None and isinstance(bare, s.Lambda) and bare.symbols:
                bare.symbols[0].element_of = element

    def wildcard_member(self, owner: WildcardSymbol, name: s.Name) -> Symbol:
        member = owner.members.get(name.text)
        if member is None:
            near = suggest.nearest(name.text, owner.members)
            hint = f' Did you mean "{near}"?' if near else ""
            self.model.report("BCP083" if near else "BCP053", f'The type "{owner.name}" does not contain property '
                              f'"{name.text}".{hint}', name)
            return Unknown(name.text)
        return member

    def builtin(self, node: s.Call, namespace: str | None) -> None:
        name = node.name.text
        facts = functions.find(name, namespace, self.model.is_parameter_file)
        if facts is None:
            node.symbol = Unknown(name)
            known = functions.names(self.model.is_parameter_file) + list(self.model.functions)
            if isinstance(self.find(name), Symbol) and namespace is None:
                self.model.report("BCP265", f'The name "{name}" is not a function.', node.name)
            else:
                self.unknown("function", "BCP057", "BCP082", name, known, node.name)
        elif not facts.least <= len(node.arguments) <= facts.most:
            count = str(facts.least) if facts.least == facts.most else \
                f"as least {facts.least}" if facts.most == functions.MANY else f"between {facts.least} and {facts.most}"
            plural = "argument" if count.endswith(" 1") or count == "1" else "arguments"
            self.model.report("BCP071", f"Expected {count} {plural}, but got {len(node.arguments)}.", node.name)

    def decorator(self, node: s.Decorator) -> None:
        call = node.call
        name = call.name.text
        if name not in functions.DECORATORS:
            near = suggest.nearest(name, functions.DECORATORS)
            message = f'The name "{name}" does not exist in the current context.'
            self.model.report("BCP082" if near else "BCP057", message + (f' Did you mean "{near}"?' if near else ""),
                              call.name)
        else:
            least, most, _ = functions.DECORATORS[name]
            if not least <= len(call.arguments) <= most:
                self.model.report("BCP071", f"Expected {least} argument{'s' * (least != 1)}, but got "
                                  f"{len(call.arguments)}.", call.name)
        for argument in call.arguments:
            self.visit(argument)

    # --- scopes ---

    def within(self, names: Scope, node: s.Node) -> None:
        self.scopes.append(names)
        self.visit(node)
        self.scopes.pop()

    def locals(self, names: list[s.Name], kinds: list[str], owner: s.Node) -> Scope:
        scope: Scope = {}
        for name, kind in zip(names, kinds, strict=True):
            self.add(name, LocalSymbol(name.text, kind, owner, name), scope)
        return scope

    def lambda_(self, node: s.Lambda) -> None:
        scope = self.locals(node.parameters, ["lambda"] * len(node.parameters), node)
        node.symbols = list(scope.values())
        self.within(scope, node.body)

    def loop(self, node: s.For) -> None:
        self.visit(node.source)
        names = [node.item] + ([node.index] if node.index else [])
        scope = self.locals(names, ["item", "index"][:len(names)], node)
        node.symbols = list(scope.values())
        self.within(scope, node.body)

    def resource(self, node: s.Resource) -> None:
        for decorator in node.decorators:
            self.decorator(decorator)
        symbol = self.find(node.name.text)
        if isinstance(symbol, ResourceSymbol) and symbol.node is node:
            self.within(symbol.nested, node.value)  # type: ignore[arg-type]
        else:
            self.visit(node.value)

    def function(self, node: s.Function) -> None:
        for decorator in node.decorators:
            self.decorator(decorator)
        for parameter in node.parameters:
            self.type(parameter.type)
        self.type(node.type)
        scope = self.locals([p.name for p in node.parameters], ["argument"] * len(node.parameters), node)
        node.symbols = list(scope.values())
        self.within(scope, node.body)

    def type(self, node: s.Node) -> None:
        if isinstance(node, s.TypeMember):
            for decorator in node.decorators:
                self.decorator(decorator)
            self.type(node.type)
        elif isinstance(node, s.Variable):
            symbol = self.model.scope.get(node.name)
            node.symbol = symbol if isinstance(symbol, TypeSymbol | WildcardSymbol) or (
                isinstance(symbol, ImportedSymbol) and symbol.kind == "type") else None
            if node.symbol is None and node.name not in AMBIENT_TYPES and node.name not in _NAMESPACES:
                known = [*AMBIENT_TYPES, *self.model.types]
                near = suggest.nearest(node.name, known)
                message = f'The name "{node.name}" does not exist in the current context.'
                if isinstance(symbol, Symbol):
                    self.model.report("BCP287", f"'{node.name}' refers to a value but is being used as a type here.",
                                      node)
                else:
                    self.model.report("BCP082" if near else "BCP302", message.replace("The name", "The name")
                                      + (f' Did you mean "{near}"?' if near else ""), node)
                node.symbol = Unknown(node.name)
        elif isinstance(node, s.TypeCall):
            if node.name.text not in ("resourceInput", "resourceOutput", "resource"):
                self.model.report("BCP302", f'The name "{node.name.text}" is not a valid type.', node.name)
        else:
            for child in s.children(node):
                self.type(child)


AMBIENT_TYPES = ("string", "int", "bool", "object", "array", "any")
