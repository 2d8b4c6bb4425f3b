"""Expressions as Python source: what runs for each of many thousand items has to be plain Python, not a tree that is walked.

Only names that this module makes and `repr` of numbers, strings and property names get into the source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from azlabs.simulator.data_planes.cosmos.query import values
from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.functions import AGGREGATES, NOT_MODELLED, table
from azlabs.simulator.data_planes.cosmos.query.math_functions import OPERATORS
from azlabs.simulator.data_planes.cosmos.query.string_functions import concatenation, is_like, like
from azlabs.simulator.data_planes.cosmos.query.syntax import (
    Binary,
    Call,
    Conditional,
    Constant,
    Expression,
    In,
    Like,
    MakeArray,
    MakeObject,
    Member,
    Name,
    Parameter,
    Query,
    Subquery,
    Unary,
)
from azlabs.simulator.data_planes.cosmos.query.values import NUMBER, UNDEFINED

Scope = Mapping[str, str]
"""Python variables by alias."""
DistanceMaker = Callable[[Any, list[Any]], Any]
"""From the expression of a vector and the further arguments of VectorDistance (values) to a function of (item, vector)."""


MOST_ROWS = 2_000_000


def make_object(*members: tuple[str, Any]) -> dict[str, Any]:
    """An object without its undefined members."""
    return {name: value for name, value in members if value is not UNDEFINED}


def make_array(*items: Any) -> list[Any]:
    """An array without its undefined elements."""
    return [value for value in items if value is not UNDEFINED]


def single(value: Any) -> tuple[Any, ...]:
    """What FROM goes through without IN: the value, if there is one."""
    return () if value is UNDEFINED else (value,)


def first(found: list[Any]) -> Any:
    """The value of a scalar subquery."""
    return found[0] if found else UNDEFINED


def negative(value: Any) -> Any:
    """Minus."""
    return -value if value.__class__ in NUMBER else UNDEFINED


def positive(value: Any) -> Any:
    """Plus."""
    return value if value.__class__ in NUMBER else UNDEFINED


def complement(value: Any) -> Any:
    """`~`."""
    return ~int(value) if value.__class__ in NUMBER and value == int(value) else UNDEFINED


class Elements:
    """What JOIN and FROM go through with IN: the elements of an array, nothing else; in one query not more than `MOST_ROWS`."""

    def __init__(self) -> None:
        self.left = MOST_ROWS

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, list):
            return ()
        self.left -= len(value)
        if self.left < 0:
            raise QueryError("The query goes through more array elements than the simulator does.", "NotModelledBySimulator")
        return value


_COMPARE = {"=": "equal", "!=": "not_equal", "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
_SWAPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PYTHON = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_UNARY = {"-": "negative", "+": "positive", "~": "complement", "NOT": "negation"}
_NAMES: dict[str, Any] = {
    "U": UNDEFINED, "NUMBER": NUMBER, "equal": values.equal, "not_equal": values.not_equal, "less": values.less,
    "less_equal": values.less_equal, "greater": values.greater, "greater_equal": values.greater_equal,
    "negation": values.negation, "conjunction": values.conjunction, "disjunction": values.disjunction, "member": values.member,
    "within": values.within, "make_object": make_object, "make_array": make_array, "single": single,
    "first": first, "negative": negative, "positive": positive, "complement": complement, "concatenation": concatenation,
    "is_like": is_like,
}  # fmt: skip


class Generator:
    """Turns expressions into Python source over a namespace of its own."""

    def __init__(self, parameters: Mapping[str, Any], distance: DistanceMaker | None = None) -> None:
        self.parameters = parameters
        self.distance = distance
        self.names: dict[str, Any] = {"__builtins__": {}, **_NAMES, "bool": bool, "str": str, "enumerate": enumerate}
        self.names["elements"] = Elements()
        self.items: set[str] = set()
        """Variables that hold whole items: objects for certain."""
        self.aggregates: list[tuple[str, str]] | None = None
        """(function, source of its argument) while a projection with aggregates is made."""
        self._count = 0

    def name(self, prefix: str, value: Any = None) -> str:
        """A new name, bound to a value when there is one."""
        self._count += 1
        found = f"{prefix}{self._count}"
        if value is not None:
            self.names[found] = value
        return found

    def value(self, node: Expression, scope: Scope) -> str:
        """Source of an expression."""
        found: str = getattr(self, f"_{node.__class__.__name__.lower()}")(node, scope)
        return found

    def constant(self, node: Expression) -> Any:
        """The value of a literal or parameter (also of an array or object of them); raises LookupError for all else."""
        if isinstance(node, Constant):
            return node.value
        if isinstance(node, Parameter):
            return self._given(node)
        if isinstance(node, MakeArray):
            return make_array(*map(self.constant, node.items))
        if isinstance(node, MakeObject):
            return make_object(*((name, self.constant(value)) for name, value in node.members))
        raise LookupError(node)

    def _given(self, node: Parameter) -> Any:
        if node.name not in self.parameters:
            raise QueryError(f"The parameter '{node.name}' of the query is not given.", "SC2010")
        return self.parameters[node.name]

    def _literal(self, value: Any) -> str:
        if value is UNDEFINED:
            return "U"
        if value is None or value.__class__ in (bool, str) or (value.__class__ in NUMBER and abs(value) < 1e300):
            return f"({value!r})"
        return self.name("k", value)

    # --- one method for each kind of part -------------------------------------------------------------------------------
    def _constant(self, node: Constant, scope: Scope) -> str:  # noqa: ARG002
        return self._literal(node.value)

    def _parameter(self, node: Parameter, scope: Scope) -> str:  # noqa: ARG002
        return self._literal(self._given(node))

    def _name(self, node: Name, scope: Scope) -> str:
        if node.name not in scope:
            raise QueryError(f"Identifier '{node.name}' could not be resolved.", "SC2001", node.start, node.end)
        return scope[node.name]

    def _member(self, node: Member, scope: Scope) -> str:
        value = self.value(node.value, scope)
        name = self.value(node.name, scope)
        if value in self.items and isinstance(node.name, Constant) and isinstance(node.name.value, str):
            return f"{value}.get({name}, U)"
        return f"member({value}, {name})"

    def _unary(self, node: Unary, scope: Scope) -> str:
        return f"{_UNARY[node.sign]}({self.value(node.value, scope)})"

    def _binary(self, node: Binary, scope: Scope) -> str:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if node.sign in _COMPARE:
            return f"{_COMPARE[node.sign]}({left}, {right})"
        if node.sign in OPERATORS:
            return f"{self._bound('operator' + str(list(OPERATORS).index(node.sign)), OPERATORS[node.sign])}({left}, {right})"
        if node.sign == "??":
            function = self._bound("f_COALESCE", table()["COALESCE"].run)
            return f"{function}({left}, {right})"
        function = {"AND": "conjunction", "OR": "disjunction", "||": "concatenation"}[node.sign]
        return f"{function}({left}, {right})"

    def _bound(self, name: str, value: Any) -> str:
        self.names[name] = value
        return name

    def _conditional(self, node: Conditional, scope: Scope) -> str:
        test, yes, no = self._named(node.test, scope), self.value(node.yes, scope), self.value(node.no, scope)
        return f"({yes} if {test} is True else {no})"

    def _in(self, node: In, scope: Scope) -> str:
        choices = ", ".join(self.value(one, scope) for one in node.choices)
        return f"within({self.value(node.value, scope)}, ({choices},))"

    def _like(self, node: Like, scope: Scope) -> str:
        parts = [self.value(one, scope) for one in (node.value, node.pattern, node.escape) if one is not None]
        return f"is_like({', '.join(parts)})"

    def _makearray(self, node: MakeArray, scope: Scope) -> str:
        return f"make_array({', '.join(self.value(one, scope) for one in node.items)})"

    def _makeobject(self, node: MakeObject, scope: Scope) -> str:
        members = ", ".join(f"({name!r}, {self.value(value, scope)})" for name, value in node.members)
        return f"make_object({members})"

    def _call(self, node: Call, scope: Scope) -> str:
        if node.name in AGGREGATES:
            return self._aggregate(node, scope)
        if node.name == "VECTORDISTANCE":
            return self._vector_distance(node, scope)
        if node.name in ("FULLTEXTSCORE", "RRF"):
            raise QueryError(f"The {node.raw} function is only allowed in the ORDER BY RANK clause.", "SC2240", node.start, node.end)
        if node.name in NOT_MODELLED:
            raise QueryError(f"The function {node.raw} is not modelled by the simulator.", "NotModelledBySimulator", node.start, node.end)
        function = table().get(node.name)
        if function is None:
            raise QueryError(f"'{node.raw}' is not a recognized built-in function name.", "SC2005", node.start, node.end)
        count = len(node.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            wanted = f"{function.least}" if function.most == function.least else f"{function.least} to {function.most or 'more'}"
            raise QueryError(f"The {node.raw} function requires {wanted} argument(s).", "SC2050", node.start, node.end)
        arguments = ", ".join(self.value(one, scope) for one in node.arguments)
        return f"{self._bound(f'f_{node.name}', function.run)}({arguments})"

    def _aggregate(self, node: Call, scope: Scope) -> str:
        if self.aggregates is None:
            raise QueryError(f"Aggregate function '{node.raw}' is not allowed here.", "SC2102", node.start, node.end)
        if len(node.arguments) != 1:
            raise QueryError(f"The {node.raw} function requires 1 argument(s).", "SC2050", node.start, node.end)
        kept, self.aggregates = self.aggregates, None
        try:
            kept.append((node.name, self.value(node.arguments[0], scope)))
        finally:
            self.aggregates = kept
        return f"A[{len(kept) - 1}]"

    def _vector_distance(self, node: Call, scope: Scope) -> str:
        if not 2 <= len(node.arguments) <= 4 or self.distance is None:
            raise QueryError("The VectorDistance function requires 2 to 4 argument(s).", "SC2050", node.start, node.end)
        further: list[Any] = []
        for one in node.arguments[2:]:
            try:
                further.append(self.constant(one))
            except LookupError:
                raise QueryError("The options of VectorDistance have to be constants.", "SC2051", node.start, node.end) from None
        try:
            wanted = self.constant(node.arguments[1])
        except LookupError:
            wanted = UNDEFINED
        function = self.name("distance", self.distance(node.arguments[0], [wanted, *further]))
        arguments = ", ".join(self.value(one, scope) for one in node.arguments[:2])
        return f"{function}({arguments})"

    def _subquery(self, node: Subquery, scope: Scope) -> str:
        function = self.subquery(node.query, scope)
        outer = ", ".join(scope.values())
        if node.form == "EXISTS":
            return f"bool({function}({outer}))"
        return f"{function}({outer})" if node.form == "ARRAY" else f"first({function}({outer}))"

    def subquery(self, query: Query, scope: Scope) -> str:
        """The name of a function of the scope's variables that returns the results of a query."""
        raise NotImplementedError

    def _named(self, node: Expression, scope: Scope) -> str:
        """Source of an expression, where Python does not like literals: on the left of `is`."""
        return self._bound(self.name("k"), self.constant(node)) if isinstance(node, Constant | Parameter) else self.value(node, scope)

    # --- conditions -----------------------------------------------------------------------------------------------------
    def condition(self, node: Expression, scope: Scope) -> str:
        """Source that is truthy exactly where an expression is true; may assign names, so only for functions' bodies."""
        if isinstance(node, Binary):
            if node.sign in ("AND", "OR"):
                return f"({self.condition(node.left, scope)} {node.sign.lower()} {self.condition(node.right, scope)})"
            if node.sign in _COMPARE:
                quick = self._quick(node.sign, node.left, node.right, scope) or self._quick(
                    _SWAPPED[node.sign], node.right, node.left, scope
                )
                if quick:
                    return quick
        if isinstance(node, Unary) and node.sign == "NOT":
            return f"({self._named(node.value, scope)} is False)"
        if isinstance(node, In):
            choices = [one.value for one in node.choices if isinstance(one, Constant) and isinstance(one.value, str)]
            if len(choices) == len(node.choices):
                temporary = self.name("t")
                known = self.name("k", frozenset(choices))
                return f"(({temporary} := {self.value(node.value, scope)}).__class__ is str and {temporary} in {known})"
        if isinstance(node, Like) and isinstance(node.pattern, Constant) and node.escape is None and isinstance(node.pattern.value, str):
            temporary = self.name("t")
            matcher = self.name("k", like(node.pattern.value).fullmatch)
            return f"(({temporary} := {self.value(node.value, scope)}).__class__ is str and {matcher}({temporary}) is not None)"
        return f"({self._named(node, scope)} is True)"

    def _quick(self, sign: str, left: Expression, right: Expression, scope: Scope) -> str:
        """A comparison with a constant, whose type is known; "" where there is no quick way."""
        if not isinstance(right, Constant | Parameter):
            return ""
        wanted = self.constant(right)
        value = self._named(left, scope)
        literal = self._literal(wanted)
        if wanted.__class__ is str:
            if sign == "=":
                return f"({value} == {literal})"
            temporary = self.name("t")
            return f"(({temporary} := {value}).__class__ is str and {temporary} {_PYTHON[sign]} {literal})"
        if wanted.__class__ in NUMBER:
            if sign == "=" and wanted not in (0, 1):
                return f"({value} == {literal})"
            temporary = self.name("t")
            return f"(({temporary} := {value}).__class__ in NUMBER and {temporary} {_PYTHON[sign]} {literal})"
        if wanted.__class__ is bool and sign == "=":
            return f"({value} is {wanted})"
        return f"({value} is None)" if wanted is None and sign == "=" else ""
