"""Lowering expressions: syntax to JSON values and template expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlabs.bicep import syntax as s
from azlabs.bicep import terms
from azlabs.bicep.functions import LOADERS, SCOPES
from azlabs.bicep.references import ReferenceMixin, deployed, is_builtin
from azlabs.bicep.runtime import late_variable
from azlabs.bicep.symbols import (
    DeployedSymbol,
    FunctionSymbol,
    ImportedSymbol,
    LocalSymbol,
    NamespaceSymbol,
    ParameterSymbol,
    Symbol,
    VariableSymbol,
    WildcardSymbol,
)
from azlabs.bicep.terms import Term, TooLarge, call, integer, member, text

if TYPE_CHECKING:
    from azlabs.bicep.model import Model

# For each loop round the place that is being written: the term of its index there.
Env = dict[s.Node, Term]
Step = tuple[s.Node, Term, bool, bool]

_BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "<": "less", "<=": "lessOrEquals",
    ">": "greater", ">=": "greaterOrEquals", "==": "equals", "&&": "and", "||": "or", "??": "coalesce",
}
# Nodes written into one template; ARM takes 4 MB of JSON.
MAX_NODES = 500_000


class Expressions(ReferenceMixin):
    """The expressions of one file, in one of the two forms of output."""

    def __init__(self, model: Model, symbolic: bool) -> None:
        self.model = model
        self.symbolic = symbolic
        self.written = 0
        self.loaded: dict[str, Any] = {}
        self.loaded_names: dict[s.Node, str] = {}
        self.inline_all = False
        self.emitted = lambda _: True
        # Calls that only parameter files know; None: an ordinary call.
        self.special: Callable[[s.Call, Env], Term | None] = lambda _node, _env: None
        self.name_of: Callable[[Symbol], str] = lambda symbol: symbol.name
        self.terms: dict[type, Callable[[Any, Env], Term]] = {
            s.Text: self.text_term, s.Integer: lambda n, _: integer(n.value),
            s.Boolean: lambda n, _: terms.TRUE if n.value else terms.FALSE, s.Null: lambda _n, _e: terms.NULL,
            s.Object: self.object_term, s.Array: self.array_term, s.Variable: self.variable_term,
            s.Access: self.chain_term, s.Index: self.chain_term, s.Nested: self.nested_term,
            s.Call: self.call_term, s.Unary: self.unary_term, s.Binary: self.binary_term,
            s.Ternary: self.ternary_term, s.Assertion: lambda n, e: self.term(n.base, e),
            s.Group: lambda n, e: self.term(n.inner, e), s.Lambda: self.lambda_term,
            s.Skipped: lambda _n, _e: terms.NULL, s.For: self.misplaced_loop,
        }

    # --- JSON values ---

    def count(self, size: int = 1) -> None:
        self.written += size
        if self.written > MAX_NODES:
            raise TooLarge

    def value(self, node: s.Node, env: Env) -> Any:
        """The JSON value that stands for `node` in a template."""
        self.count()
        node = s.bare(node)
        if isinstance(node, s.Text) and not node.holes:
            return terms.escape(node.parts[0])
        if isinstance(node, s.Integer | s.Boolean):
            return node.value
        if isinstance(node, s.Null):
            return None
        if isinstance(node, s.Object) and not _has_spread(node.members):
            return self.object_value(node, env)
        if isinstance(node, s.Array) and not _has_spread(node.items):
            return [self.value(item, env) for item in node.items]
        if isinstance(node, s.Call):
            if node.name.text == "any" and node.arguments and node.symbol is None:
                return self.value(node.arguments[0], env)
            if node.name.text in SCOPES and node.arguments and node.symbol is None:
                return {}
        if isinstance(node, s.Variable):
            symbol = node.symbol
            if isinstance(symbol, VariableSymbol) and self.inlined(symbol):
                return self.value(symbol.node.value, env)
        return self.term(node, env).json()

    def data(self, node: s.Node) -> Any:
        """The value of a variable: what a file holds goes straight into it."""
        if isinstance(node, s.Call) and node.name.text in LOADERS and is_builtin(node):
            from azlabs.bicep.files import load

            return load(self.model, node)
        return self.value(node, {})

    def object_value(self, node: s.Object, env: Env) -> dict[str, Any]:
        found: dict[str, Any] = {}
        copies: list[Any] = []
        for entry in node.members:
            if not isinstance(entry, s.Property):
                continue
            value = s.bare(entry.value)
            if isinstance(value, s.For):
                copies.append(self.copy_value(entry.key.value or "", value, env))
                continue
            found[self.key(entry.key, env)] = self.value(value, env)
        if copies:
            found["copy"] = copies
        return found

    def key(self, key: s.Text, env: Env) -> str:
        if key.holes:
            return f"[{self.text_term(key, env).text}]"
        # A property of this name would be taken for a loop.
        return "[string('copy')]" if key.parts[0] == "copy" else terms.escape(key.parts[0])

    def copy_value(self, name: str, node: s.For, env: Env, index: Term | None = None) -> dict[str, Any]:
        """A `copy` entry: {name, count, input}; `index` if it is not `copyIndex('<name>')`."""
        inner = {**env, node: index or call("copyIndex", text(name))}
        return {
            "name": name,
            "count": f"[{call('length', self.term(node.source, env)).text}]",
            "input": self.loop_input(node.body, inner),
        }

    def loop_input(self, node: s.Node, env: Env) -> Any:
        """JSON for an object or a string, an expression for all else."""
        value = s.bare(node)
        if isinstance(value, s.Array | s.Boolean | s.Null):
            return f"[{self.term(value, env).text}]"
        if isinstance(value, s.Integer):
            return f"[int({integer(value.value).text})]"
        return self.value(value, env)

    # --- terms ---

    def term(self, node: s.Node, env: Env) -> Term:
        """`node` inside an expression."""
        self.count()
        return self.terms[type(node)](node, env)

    def misplaced_loop(self, node: s.For, _: Env) -> Term:
        self.model.report("BCP138", "For-expressions are not supported in this context. For-expressions may be used as "
                          "values of resource, module, variable, and output declarations, or values of resource and "
                          "module properties.", node)
        return terms.NULL

    def text_term(self, node: s.Text, env: Env) -> Term:
        if not node.holes:
            return text(node.parts[0])
        return terms.interpolation(node.parts, [self.term(hole, env) for hole in node.holes])

    def object_term(self, node: s.Object, env: Env) -> Term:
        groups: list[Term] = []
        current: list[Term] = []
        for entry in node.members:
            if isinstance(entry, s.Spread):
                if current:
                    groups.append(call("createObject", *current))
                    current = []
                groups.append(self.term(entry.value, env))
            elif isinstance(entry, s.Property):
                current += [self.text_term(entry.key, env), self.term(entry.value, env)]
        if not groups:
            return call("createObject", *current)
        if current:
            groups.append(call("createObject", *current))
        return call("shallowMerge", call("createArray", *groups))

    def array_term(self, node: s.Array, env: Env) -> Term:
        if not _has_spread(node.items):
            return call("createArray", *[self.term(item, env) for item in node.items])
        groups: list[Term] = []
        current: list[Term] = []
        for item in node.items:
            if isinstance(item, s.Spread):
                if current:
                    groups.append(call("createArray", *current))
                    current = []
                groups.append(self.term(item.value, env))
            else:
                current.append(self.term(item, env))
        if current:
            groups.append(call("createArray", *current))
        return call("flatten", call("createArray", *groups))

    def variable_term(self, node: s.Variable, env: Env) -> Term:
        symbol = node.symbol
        if isinstance(symbol, ParameterSymbol):
            return call("parameters", text(symbol.name))
        if isinstance(symbol, VariableSymbol):
            if self.inlined(symbol):
                return self.term(symbol.node.value, env)
            return call("variables", text(self.name_of(symbol)))
        if isinstance(symbol, LocalSymbol):
            return self.local_term(symbol, env)
        if isinstance(symbol, ImportedSymbol):
            return call("variables", text(self.name_of(symbol)))
        if isinstance(symbol, DeployedSymbol):
            return self.whole(symbol)
        return terms.NULL

    def local_term(self, symbol: LocalSymbol, env: Env) -> Term:
        if symbol.kind == "lambda":
            return call("lambdaVariables", text(symbol.name))
        if symbol.kind == "argument":
            return call("parameters", text(symbol.name))
        index = env.get(symbol.owner)
        if index is None:
            raise LookupError(symbol.name)
        if symbol.kind == "index":
            return index
        assert isinstance(symbol.owner, s.For)
        return member(self.term(symbol.owner.source, env), index)

    def nested_term(self, node: s.Nested, _: Env) -> Term:
        return self.whole(node.symbol) if isinstance(node.symbol, DeployedSymbol) else terms.NULL

    def chain_term(self, node: s.Access | s.Index, env: Env) -> Term:
        """`a.b[c].?d`: a resource's or module's properties, or plain access."""
        steps: list[Step] = []
        root: s.Node = node
        while isinstance(root, s.Access | s.Index):
            step = text(root.name.text) if isinstance(root, s.Access) else self.term(root.index, env)
            steps.append((root, step, root.safe, isinstance(root, s.Index) and root.from_end))
            root = root.base
            while isinstance(root, s.Assertion):
                root = root.base
        steps.reverse()
        inner = s.bare(root)
        symbol = deployed(inner)
        if symbol is not None:
            return self.deployed_chain(symbol, steps, env)
        symbol = getattr(inner, "symbol", None)
        if isinstance(symbol, NamespaceSymbol):
            return terms.NULL
        if isinstance(symbol, WildcardSymbol):
            found = symbol.members.get(str(steps[0][1].literal))
            base = call("variables", text(self.name_of(found))) if found else terms.NULL
            return self.walk(base, steps[1:])
        if isinstance(symbol, LocalSymbol) and symbol.element_of is not None:
            return self.element_chain(call("lambdaVariables", text(symbol.name)), symbol.element_of, steps)
        return self.walk(self.term(inner, env), steps)

    def walk(self, base: Term, steps: list[Step]) -> Term:
        position = 0
        while position < len(steps):
            _, name, safe, from_end = steps[position]
            position += 1
            if from_end:
                base = call("tryIndexFromEnd" if safe else "indexFromEnd", base, name)
            elif safe:
                names = [name]
                while position < len(steps) and not steps[position][2] and not steps[position][3]:
                    names.append(steps[position][1])
                    position += 1
                base = call("tryGet", base, *names)
            else:
                base = member(base, name)
        return base

    def call_term(self, node: s.Call, env: Env) -> Term:
        name = node.name.text
        symbol = node.symbol
        if isinstance(symbol, FunctionSymbol):
            return call(f"__bicep.{self.name_of(symbol)}", *[self.term(a, env) for a in node.arguments])
        if isinstance(symbol, ImportedSymbol):
            return call(f"__bicep.{self.name_of(symbol)}", *[self.term(a, env) for a in node.arguments])
        if node.base is not None:
            owner = getattr(s.bare(node.base), "symbol", None)
            if not isinstance(owner, NamespaceSymbol):
                return self.instance_call(node, env)
        special = self.special(node, env)
        if special is not None:
            return special
        if name == "any" and node.arguments:
            return self.term(node.arguments[0], env)
        if name == "nameof" and node.arguments:
            return text(name_of(node.arguments[0]))
        if name in LOADERS:
            return self.load_term(node)
        if name in SCOPES and node.arguments:
            return call("createObject")
        return call(name, *[self.term(a, env) for a in node.arguments])

    def load_term(self, node: s.Call) -> Term:
        from azlabs.bicep.files import load

        name = self.loaded_names.get(node)
        if name is None:
            name = self.loaded_names[node] = f"$fxv#{len(self.loaded_names)}"
            self.loaded[name] = load(self.model, node)
        return call("variables", text(name))

    def unary_term(self, node: s.Unary, env: Env) -> Term:
        operand = self.term(node.operand, env)
        return call("not", operand) if node.operator == "!" else call("sub", integer(0), operand)

    def binary_term(self, node: s.Binary, env: Env) -> Term:
        left, right = self.term(node.left, env), self.term(node.right, env)
        operator = node.operator
        if operator in ("=~", "!~"):
            left, right, operator = call("toLower", left), call("toLower", right), operator.replace("~", "=")
            operator = "==" if operator == "==" else "!="
        if operator == "!=":
            return call("not", call("equals", left, right))
        return call(_BINARY[operator], left, right)

    def ternary_term(self, node: s.Ternary, env: Env) -> Term:
        return call("if", self.term(node.condition, env), self.term(node.yes, env), self.term(node.no, env))

    def lambda_term(self, node: s.Lambda, env: Env) -> Term:
        names = [text(p.text) for p in node.parameters]
        return call("lambda", *names, self.term(node.body, env))

    # --- inlining ---

    def inlined(self, symbol: VariableSymbol) -> bool:
        """Whether a variable is written out at each use, since its value is known at run time only."""
        return self.inline_all or late_variable(symbol)


def _has_spread(members: list[s.Node]) -> bool:
    return any(isinstance(m, s.Spread) for m in members)


def name_of(node: s.Node) -> str:
    """What `nameof` gives: the last name in the expression."""
    node = s.bare(node)
    if isinstance(node, s.Access | s.Nested):
        return node.name.text
    if isinstance(node, s.Index):
        index = s.bare(node.index)
        return index.value or "" if isinstance(index, s.Text) else name_of(node.base)
    return node.name if isinstance(node, s.Variable) else ""
