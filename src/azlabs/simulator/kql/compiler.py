"""Turns scalar expressions into lines of Python over a row `r`, each result in a name of its own.

Types are known while compiling, so that a line is plain arithmetic on plain values; texts and numbers of the query are
never part of the source, they are passed in by name. What is constant is worked out at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.kql import dynamics, numbers, texts, values
from azlabs.simulator.kql.errors import KqlError, TooMuch
from azlabs.simulator.kql.lexer import wrapped
from azlabs.simulator.kql.syntax import (
    Binary,
    Call,
    Chain,
    Index,
    Listed,
    Literal,
    Member,
    Name,
    Node,
    Pipeline,
    Star,
    Unary,
)
from azlabs.simulator.kql.times import LAST

if TYPE_CHECKING:
    from azlabs.simulator.kql.evaluator import Environment

Column = tuple[str, str]
UNKNOWN: Any = object()
WHOLE = ("int", "long")
MOST_LINES = 20_000


@dataclass(slots=True)
class Typed:
    """A result: the name that holds it, its type, its value where that is constant; `solid`: never null."""

    source: str
    type: str
    value: Any = UNKNOWN
    solid: bool = False

    @property
    def constant(self) -> bool:
        return self.value is not UNKNOWN


class Compiler:
    """Lines for the expressions of one operator."""

    def __init__(self, columns: Sequence[Column], environment: Environment, operator: str) -> None:
        self.columns = list(columns)
        self.places = {name: place for place, (name, _) in enumerate(columns)}
        self.environment, self.operator = environment, operator
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"w": wrapped}
        self.depth = 0

    # --- pieces ---------------------------------------------------------------------------------------------------------
    def bind(self, value: Any) -> str:
        """A name for a value of the outside."""
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    def constant(self, value: Any, kind: str) -> Typed:
        return Typed(self.bind(value), kind, value, value is not None)

    def emit(self, source: str, kind: str, solid: bool = False) -> Typed:
        """A line that works out something."""
        if len(self.lines) > MOST_LINES:
            raise TooMuch("the size of an expression")
        name = f"t{len(self.lines)}"
        self.lines.append(f"{name} = {source}")
        return Typed(name, kind, solid=solid)

    def strict(self, source: str, kind: str, *parts: Typed) -> Typed:
        """A line whose result is null where a part is."""
        absent = [part.source for part in parts if not part.solid]
        if not absent:
            return self.emit(source, kind)
        return self.emit(f"None if {' or '.join(f'{one} is None' for one in absent)} else {source}", kind)

    def apply(self, call: Callable[..., Any], kind: str, *parts: Typed, pure: bool = True) -> Typed:
        """A call; of constants at once."""
        if pure and all(part.constant for part in parts):
            return self.constant(call(*(part.value for part in parts)), kind)
        return self.emit(f"{self.bind(call)}({', '.join(part.source for part in parts)})", kind, kind == "string")

    def fail(self, code: str, message: str, at: int = -1) -> KqlError:
        return KqlError(code, f"'{self.operator}' operator: {message}" if self.operator else message, at)

    def convert(self, value: Typed, kind: str, at: int = -1) -> Typed:
        """`to<kind>` of a value."""
        if value.type == kind:
            return value
        run = values.converter(value.type, kind)
        if run is None:
            raise self.fail("SEM0064", f"Cannot convert a value of type {value.type} to {kind}", at)
        if kind == "real" and value.type in WHOLE and not value.constant:
            return Typed(value.source, "real", solid=value.solid)
        return self.apply(run, kind, value)

    def text(self, value: Typed, at: int = -1) -> Typed:
        """A text operand: strings, and dynamic values as text."""
        if value.type == "string":
            return value
        if value.type == "dynamic":
            return self.apply(values.dynamic_text, "string", value)
        raise self.fail("SEM0008", f"an expression of type string is expected, not one of type {value.type}", at)

    def body(self, head: str, tail: str, indent: str = "        ") -> str:
        """The lines between a head and a tail."""
        return head + "".join(f"{indent}{line}\n" for line in self.lines) + tail

    def function(self, source: str) -> Callable[..., Any]:
        """The Python function `stage` of a source that uses the names of this compiler."""
        found: dict[str, Any] = dict(self.names)
        exec(compile(source, "<kql>", "exec"), found)
        stage: Callable[..., Any] = found["stage"]
        return stage

    # --- nodes ----------------------------------------------------------------------------------------------------------
    def compile(self, node: Node) -> Typed:
        """The result of an expression."""
        method = _NODES.get(type(node))
        if method is None:
            raise self.fail("SEM0003", "a scalar expression is expected here", getattr(node, "at", -1))
        self.depth += 1
        if self.depth > 300:
            raise TooMuch("the depth of an expression")
        found = method(self, node)
        self.depth -= 1
        return found

    def _literal(self, node: Literal) -> Typed:
        return self.constant(node.value, node.type)

    def _name(self, node: Name) -> Typed:
        place = self.places.get(node.name)
        if place is not None:
            kind = self.columns[place][1]
            return Typed(f"r[{place}]", kind, solid=kind == "string")
        found = self.environment.scalar(node.name)
        if found is not None:
            return self.constant(found.value, found.type)
        raise self.fail("SEM0100", f"Failed to resolve column or scalar expression named '{node.name}'", node.at)

    def _star(self, node: Star) -> Typed:
        raise self.fail("SEM0003", "'*' cannot stand here", node.at)

    def _member(self, node: Member) -> Typed:
        return self._at(self.compile(node.base), self.constant(node.name, "string"), node.at)

    def _index(self, node: Index) -> Typed:
        return self._at(self.compile(node.base), self.compile(node.index), node.at)

    def _at(self, base: Typed, index: Typed, at: int) -> Typed:
        if base.type != "dynamic":
            raise self.fail("SEM0220", f"A path or an index needs a value of type dynamic, not {base.type}", at)
        if index.type not in ("string", "dynamic", *WHOLE):
            raise self.fail("SEM0220", f"An index is a text or a whole number, not {index.type}", at)
        if base.constant and index.constant:
            return self.constant(dynamics.at(base.value, index.value), "dynamic")
        if index.constant and index.type == "string":
            return self.emit(f"{base.source}.get({index.source}) if {base.source}.__class__ is dict else None", "dynamic")
        return self.apply(dynamics.at, "dynamic", base, index)

    def _unary(self, node: Unary) -> Typed:
        value = self.compile(node.value)
        if value.type not in (*values.NUMBERS, "timespan"):
            raise self.fail("SEM0064", f"Cannot negate a value of type {value.type}", node.at)
        return self.strict(f"-{value.source}", value.type, value)

    def _chain(self, node: Chain) -> Typed:
        parts = [self.condition(item) for item in node.items]
        sources = [part.source for part in parts]
        both = f" {node.op} ".join(sources)
        if all(part.solid for part in parts):
            return self.emit(both, "bool", True)
        if node.op == "and":
            refused = " or ".join(f"{one} is False" for one in sources)
            return self.emit(f"True if {both} else (False if {refused} else None)", "bool")
        absent = " or ".join(f"{one} is None" for one in sources)
        return self.emit(f"True if {both} else (None if {absent} else False)", "bool")

    def condition(self, node: Node) -> Typed:
        """An operand of and, or, where: a bool."""
        value = self.compile(node)
        if value.type == "bool":
            return value
        if value.type in ("dynamic", *WHOLE):
            return self.convert(value, "bool")
        raise self.fail(
            "SEM0006", f"an expression of type bool is expected, not one of type {value.type}", getattr(node, "at", -1)
        )

    def _binary(self, node: Binary) -> Typed:
        left, right = self.compile(node.left), self.compile(node.right)
        if node.op in _ARITHMETIC:
            return self._arithmetic(node.op, left, right, node.at)
        if node.op in _COMPARISONS:
            return self.comparison(node.op, left, right, node.at)
        return self._textual(node.op, left, right, node.at)

    # --- arithmetic -----------------------------------------------------------------------------------------------------
    def _arithmetic(self, op: str, left: Typed, right: Typed, at: int) -> Typed:
        if left.constant and right.constant:
            inner = Compiler([], self.environment, self.operator)
            one, two = (Typed(f"r[{n}]", part.type) for n, part in enumerate((left, right)))
            found = inner._typed_arithmetic(op, one, two, at)
            stage = inner.function(inner.body("def stage(r):\n", f"    return {found.source}\n", "    "))
            return self.constant(stage((left.value, right.value)), found.type)
        return self._typed_arithmetic(op, left, right, at)

    def _typed_arithmetic(self, op: str, left: Typed, right: Typed, at: int) -> Typed:
        pair = left.type, right.type
        a, b = left.source, right.source
        spare = f"x{len(self.lines)}"
        if all(kind in values.NUMBERS for kind in pair):
            if "decimal" in pair and "real" in pair:
                left, right = self.convert(left, "real"), self.convert(right, "real")
                a, b = left.source, right.source
            kind = "real" if "real" in pair else "decimal" if "decimal" in pair else "long" if "long" in pair else "int"
            if kind in WHOLE:
                kind = "long" if kind == "long" or op != "%" else kind
            if op == "%":
                return self.strict(f"{self.bind(numbers.modulo)}({a}, {b})", kind, left, right)
            if op == "/":
                run = numbers.divide_whole if kind in WHOLE else numbers.divide_real
                if kind == "decimal":
                    return self.strict(f"({a} / {b} if {b} else None)", kind, left, right)
                return self.strict(f"{self.bind(run)}({a}, {b})", kind, left, right)
            if kind in WHOLE:
                fits = f"({spare} if {numbers.LOW} <= ({spare} := {a} {op} {b}) <= {numbers.HIGH} else w({spare}))"
                return self.strict(fits, kind, left, right)
            return self.strict(f"{a} {op} {b}", kind, left, right)
        kind = _TIMES.get((op, *pair), "")
        if kind == "datetime":
            return self.strict(f"({spare} if 0 <= ({spare} := {a} {op} {b}) <= {LAST} else None)", kind, left, right)
        if kind == "timespan" and op in "+-":
            fits = f"({spare} if {numbers.LOW} <= ({spare} := {a} {op} {b}) <= {numbers.HIGH} else None)"
            return self.strict(fits, kind, left, right)
        numeric = values.NUMBERS
        if op == "/" and pair == ("timespan", "timespan"):
            return self.strict(f"{self.bind(numbers.divide_real)}({a}, {b})", "real", left, right)
        if op == "%" and pair == ("timespan", "timespan"):
            return self.strict(f"{self.bind(numbers.modulo)}({a}, {b})", "timespan", left, right)
        if op == "*" and "timespan" in pair and (pair[0] in numeric or pair[1] in numeric):
            ticks, factor = (a, b) if pair[0] == "timespan" else (b, a)
            return self.strict(f"{self.bind(numbers.span_times)}({ticks}, float({factor}))", "timespan", left, right)
        if op == "/" and pair[0] == "timespan" and pair[1] in numeric:
            return self.strict(f"{self.bind(numbers.span_divided)}({a}, float({b}))", "timespan", left, right)
        raise self.fail("SEM0064", f"Arithmetic expression cannot be carried-out between {pair[0]} and {pair[1]}", at)

    # --- comparison -----------------------------------------------------------------------------------------------------
    def comparison(self, op: str, left: Typed, right: Typed, at: int) -> Typed:
        """==, !=, <, <=, >, >= by type."""
        left, right = self._comparable(left, right, op, at)
        if left.constant and right.constant:
            shown = [Typed(f"r[{n}]", part.type, solid=part.solid) for n, part in enumerate((left, right))]
            inner = Compiler([], self.environment, self.operator)
            found = inner.comparison(op, shown[0], shown[1], at)
            stage = inner.function(inner.body("def stage(r):\n", f"    return {found.source}\n", "    "))
            return self.constant(stage((left.value, right.value)), "bool")
        a, b = left.source, right.source
        if left.type == right.type == "dynamic":
            if op in ("==", "!="):
                found = self.apply(values.same, "bool", left, right)
                return found if op == "==" else self.strict(f"not {found.source}", "bool", found)
            return self.emit(f"{self.bind(values.compared)}({op!r}, {a}, {b})", "bool")
        if op in ("==", "!="):
            if left.solid or right.solid:
                return self.emit(f"{a} {op} {b}", "bool", True)
            absent = f"(None if {b} is None else {op == '!='})"
            return self.emit(f"{a} {op} {b} if {a} is not None else {absent}", "bool")
        found = self.strict(f"{a} {op} {b}", "bool", left, right)
        found.solid = left.solid and right.solid
        return found

    def _comparable(self, left: Typed, right: Typed, op: str, at: int) -> tuple[Typed, Typed]:
        one, two = left.type, right.type
        if {one, two} == {"decimal", "real"}:
            return self.convert(left, "real"), self.convert(right, "real")
        if one == two or (one in values.NUMBERS and two in values.NUMBERS):
            return left, right
        if "dynamic" in (one, two):
            if one == "dynamic":
                return self._from_dynamic(left, two), right
            return left, self._from_dynamic(right, one)
        if op in ("==", "!="):
            for mine, other in ((left, right), (right, left)):
                if mine.type == "bool" and other.type in ("string", *WHOLE):
                    converted = self.apply(values.to_bool, "bool", other)
                    return (left, converted) if mine is left else (converted, right)
                if mine.type == "guid" and other.type == "string":
                    converted = self.convert(mine, "string")
                    return (converted, right) if mine is left else (left, converted)
        raise self.fail("SEM0024", f"Cannot compare values of types {one} and {two}. Try adding explicit casts", at)

    def _from_dynamic(self, value: Typed, kind: str) -> Typed:
        if kind == "string":
            return self.text(value)
        if kind in values.NUMBERS:
            return self.apply(lambda one: one if one.__class__ in (int, float) else None, "real", value)
        if kind == "bool":
            return self.apply(lambda one: one if one.__class__ is bool else None, "bool", value)
        return self.convert(value, kind)

    def _textual(self, op: str, left: Typed, right: Typed, at: int) -> Typed:
        negated = op[0] == "!"
        name = "=~" if op == "!~" else op[1:] if negated else op
        one, two = self.text(left, at), self.text(right, at)
        if name == "matches regex":
            if two.constant:
                texts.pattern(two.value)
            found = self.apply(texts.matches, "bool", one, two)
        elif two.constant and not one.constant and name in ("contains", "=~", "startswith", "endswith"):
            low = self.bind(two.value.lower())
            form = {
                "contains": "{b} in {a}",
                "=~": "{a} == {b}",
                "startswith": "{a}.startswith({b})",
                "endswith": "{a}.endswith({b})",
            }
            found = self.emit(form[name].format(a=f"{one.source}.lower()", b=low), "bool")
        else:
            found = self.apply(texts.TESTS[name], "bool", one, two)
        if negated:
            found = self.constant(not found.value, "bool") if found.constant else self.emit(f"not {found.source}", "bool")
        found.solid = True
        return found

    def _listed(self, node: Listed) -> Typed:
        from azlabs.simulator.kql.lists import compile_listed

        return compile_listed(self, node)

    def _call(self, node: Call) -> Typed:
        from azlabs.simulator.kql.calls import compile_call

        return compile_call(self, node)

    def _pipeline(self, node: Pipeline) -> Typed:
        raise self.fail("SEM0003", "a table cannot stand where a single value is expected; use toscalar()", node.at)


_ARITHMETIC = frozenset("+-*/%")
_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_TIMES = {
    ("-", "datetime", "datetime"): "timespan", ("+", "datetime", "timespan"): "datetime", ("-", "datetime", "timespan"): "datetime",
    ("+", "timespan", "datetime"): "datetime", ("+", "timespan", "timespan"): "timespan", ("-", "timespan", "timespan"): "timespan",
}  # fmt: skip
_NODES: dict[type, Callable[[Compiler, Any], Typed]] = {
    Literal: Compiler._literal, Name: Compiler._name, Star: Compiler._star, Member: Compiler._member, Index: Compiler._index,
    Unary: Compiler._unary, Chain: Compiler._chain, Binary: Compiler._binary, Listed: Compiler._listed, Call: Compiler._call,
    Pipeline: Compiler._pipeline,
}  # fmt: skip
