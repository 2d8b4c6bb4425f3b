"""The value of template expressions.

A `Context` holds what an expression may ask for. An expression that needs the state of a resource and has no
`Runtime` raises `Deferred`; `fold` then computes what can be computed and leaves the rest as an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from azlabs.arm.errors import ExpressionError
from azlabs.arm.limits import COPY_COUNT, STRING_LENGTH
from azlabs.arm.scopes import Scope
from azlabs.arm.syntax import Access, Call, Literal, Node, is_expression, parse, unescape, unparse
from azlabs.arm.values import Budget, find_key, too_long, type_name


class Runtime(Protocol):
    """Answers about resources that exist, for the functions that are evaluated while a deployment runs."""

    def reference(self, resource_id: str, api_version: str | None, full: bool) -> Any:
        """The resource's properties, or with `full` the whole resource."""

    def list(self, function: str, resource_id: str, api_version: str | None, body: Any) -> Any:
        """The answer of a list action: `function` as written ("listKeys")."""

    def providers(self, namespace: str, kind: str | None) -> Any:
        """{"resourceType", "locations", "apiVersions"} of a type, or the whole provider; None when there is none."""


class Names(Protocol):
    """What `reference`, `references` and `list*` may name instead of an id: the resources of the template."""

    def resolve(self, name: str, context: Context) -> tuple[str, str | None] | None:
        """Id and API version of a resource by symbolic name, name or id; None when the template has none such."""

    def loop(self, name: str, context: Context) -> list[tuple[str, str | None]] | None:
        """Ids and API versions of the elements of a copy loop."""


class Deferred(Exception):
    """The value is known only when the deployment runs."""


@dataclass(frozen=True, slots=True)
class UserFunction:
    """A function of the template's `functions` section."""

    name: str
    parameters: tuple[Mapping[str, Any], ...]
    output: Mapping[str, Any]
    body: Any


@dataclass(frozen=True, slots=True)
class Context:
    """What expressions may ask for.

    `copies` holds the current index by loop name in lower case, "" for the innermost; `lambdas` the variables
    of lambdas. `allow` lists functions that only some places may use ("newguid", "utcnow").
    """

    scope: Scope = field(default_factory=Scope)
    parameters: Callable[[str], Any] | None = None
    variables: Callable[[str], Any] | None = None
    functions: Mapping[str, UserFunction] = field(default_factory=dict)
    copies: Mapping[str, int] = field(default_factory=dict)
    lambdas: Mapping[str, Any] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()
    runtime: Runtime | None = None
    names: Names | None = None
    budget: Budget = field(default_factory=Budget)
    check: Callable[[Mapping[str, Any], Any, str], Any] | None = None
    defer_copies: bool = False
    extra: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Functions that the caller brings, by lower-case name; they stand before the language's own (policy's `field`)."""

    def with_copy(self, name: str, index: int) -> Context:
        """The context of one turn of a loop."""
        return replace(self, copies={**self.copies, name.lower(): index, "": index})

    def with_lambda(self, variables: Mapping[str, Any]) -> Context:
        """The context of a lambda's body."""
        return replace(self, lambdas={**self.lambdas, **variables})


def evaluate(expression: str, context: Mapping[str, Any] | None = None) -> Any:
    """The value of one template expression ("[concat('a', 'b')]"); a string without brackets is itself.

    `context` may hold `subscriptionId`, `resourceGroup`, `managementGroup`, `tenantId`, `location`,
    `deploymentName`, `parameters` and `variables` as objects of values, and `functions`, callables by lower-case
    name that stand before the language's own. Raises ExpressionError; functions
    that need a running deployment (`reference`, `list*`) are errors here.
    """
    given = context or {}
    return evaluate_text(
        expression,
        Context(
            scope=Scope.of_context(given),
            parameters=_lookup("parameter", given.get("parameters", {})),
            variables=_lookup("variable", given.get("variables", {})),
            extra=given.get("functions", {}),
        ),
    )


def _lookup(kind: str, values: Mapping[str, Any]) -> Callable[[str], Any]:
    def find(name: str) -> Any:
        found = find_key(values, name)
        if found is None:
            raise ExpressionError(
                f"The template {kind} '{name}' is not found. Please see "
                f"https://aka.ms/arm-syntax-{kind}s for usage details."
            )
        return values[found]

    return find


def evaluate_text(text: str, context: Context) -> Any:
    """The value of a string of a template; raises ExpressionError."""
    if not is_expression(text):
        return unescape(text)
    try:
        return context.budget.measure(evaluate_node(parse(text), context))
    except Deferred as deferred:
        raise ExpressionError(f"The template function '{deferred}' is not expected at this location.") from None
    except RecursionError:
        raise ExpressionError("The template language expression is nested too deeply.") from None


def evaluate_node(node: Node, context: Context) -> Any:
    """The value of a tree; raises ExpressionError and Deferred."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Call):
        return _call(node, context)
    base = evaluate_node(node.base, context)
    return member(base, evaluate_node(node.index, context))


def member(base: Any, index: Any) -> Any:
    """`base.index` or `base[index]`; raises ExpressionError as Azure words it."""
    if isinstance(base, dict) and isinstance(index, str):
        found = find_key(base, index)
        if found is None:
            raise ExpressionError(
                f"The language expression property '{index}' doesn't exist, available properties are "
                f"'{', '.join(base)}'."
            )
        return base[found]
    if isinstance(base, list) and isinstance(index, int) and not isinstance(index, bool):
        if not 0 <= index < len(base):
            raise ExpressionError(f"The language expression property array index '{index}' is out of bounds.")
        return base[index]
    if isinstance(base, list):
        raise ExpressionError(
            f"The language expression property '{index}' can't be evaluated, property name must be an integer index."
        )
    raise ExpressionError(
        f"The language expression property '{index}' can't be evaluated because the value is of type "
        f"'{type_name(base)}'."
    )


def _call(node: Call, context: Context) -> Any:
    from azlabs.arm.functions import find

    context.budget.spend(1)
    if "." in node.key:
        return _call_user(node, context)
    own = context.extra.get(node.key)
    if own is not None:
        return own(*(evaluate_node(argument, context) for argument in node.arguments))
    function = find(node.name)
    function.check_count(node.name, len(node.arguments))
    if function.lazy:
        return function.code(context, node)
    arguments = [evaluate_node(argument, context) for argument in node.arguments]
    result = function.code(context, *arguments) if function.needs_context else function.code(*arguments)
    if function.builds:
        if isinstance(result, str):
            if len(result) > STRING_LENGTH:
                raise too_long()
            context.budget.spend(len(result) >> 8)
        elif isinstance(result, (list, dict)):
            context.budget.measure(result)
    return result


def _call_user(node: Call, context: Context) -> Any:
    function = context.functions.get(node.key)
    if function is None:
        raise ExpressionError(
            f"The template function '{node.name}' is not valid. Please see https://aka.ms/arm-functions for usage"
            " details."
        )
    if len(node.arguments) != len(function.parameters):
        raise ExpressionError(
            f"Unable to evaluate template language function '{node.name}': function requires "
            f"{len(function.parameters)} argument(s) while {len(node.arguments)} were provided."
        )
    values: dict[str, Any] = {}
    for parameter, argument in zip(function.parameters, node.arguments, strict=True):
        value = evaluate_node(argument, context)
        name = str(parameter.get("name", ""))
        values[name] = context.check(parameter, value, name) if context.check else value
    inner = replace(
        context,
        parameters=_lookup("parameter", values),
        variables=None,
        copies={},
        lambdas={},
        runtime=None,
        names=None,
    )
    value = evaluate_json(function.body, inner)
    return context.check(function.output, value, node.name) if context.check else value


def evaluate_json(value: Any, context: Context) -> Any:
    """A JSON value of a template with every expression in it replaced by its value, property loops included."""
    if isinstance(value, str):
        return evaluate_node(parse(value), context) if is_expression(value) else unescape(value)
    if isinstance(value, dict):
        return _evaluate_object(value, context, evaluate_json)
    if isinstance(value, list):
        return [evaluate_json(item, context) for item in value]
    return value


Walk = Callable[[Any, Context], Any]


def _evaluate_object(value: Mapping[str, Any], context: Context, walk: Walk) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, item in value.items():
        if name == "copy" and is_property_copy(item):
            for loop in item:
                result[str(loop["name"])] = expand(loop, context, walk)
            continue
        if is_expression(name):
            name = str(evaluate_node(parse(name), context))
        elif name.startswith("[["):
            name = unescape(name)
        result[name] = walk(item, context)
    return result


def is_property_copy(value: Any) -> bool:
    """Is the member `copy` of an object a list of property loops?"""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(loop, dict) and "name" in loop and "count" in loop and "input" in loop for loop in value)
    )


def expand(loop: Mapping[str, Any], context: Context, walk: Walk) -> list[Any]:
    """The items that a loop of `name`, `count` and `input` makes."""
    name, count = str(loop.get("name", "")), copy_count(loop.get("count"), context)
    return [walk(loop.get("input"), context.with_copy(name, index)) for index in range(count)]


def copy_count(value: Any, context: Context) -> int:
    """The evaluated count of a loop; raises ExpressionError when it is no integer from 0 to 800."""
    count = evaluate_json(value, context)
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ExpressionError(
            "The template copy 'count' is not valid: it must be a non-negative integer, "
            f"got '{type_name(count)}'. Please see https://aka.ms/arm-resource-loops for usage details."
        )
    if count > COPY_COUNT:
        raise ExpressionError(
            f"The copy count '{count}' exceeds the limit of '{COPY_COUNT}'. "
            "Please see https://aka.ms/arm-resource-loops for usage details."
        )
    return count


def fold(node: Node, context: Context) -> Node:
    """A tree with everything replaced that has a value now; what needs a running deployment stays."""
    try:
        return Literal(evaluate_node(node, context))
    except Deferred:
        pass
    if isinstance(node, Access):
        return Access(fold(node.base, context), fold(node.index, context), node.dotted)
    if isinstance(node, Literal):
        return node
    if node.key == "if" and len(node.arguments) == 3:
        condition = fold(node.arguments[0], context)
        if isinstance(condition, Literal):
            return fold(node.arguments[1 if condition.value else 2], context)
    if node.key in ("lambda", "lambdavariables"):
        if node.key == "lambdavariables":
            return node
        return Call(node.name, node.key, (*node.arguments[:-1], fold(node.arguments[-1], context)))
    return Call(node.name, node.key, tuple(fold(argument, context) for argument in node.arguments))


def fold_json(value: Any, context: Context) -> Any:
    """As `evaluate_json`, but what is not known yet stays as an expression "[...]"; a literal "[" is escaped."""
    if isinstance(value, str):
        if not is_expression(value):
            return value
        return _kept(fold(parse(value), context))
    if isinstance(value, dict):
        return _evaluate_object(value, context, fold_json)
    if isinstance(value, list):
        return [fold_json(item, context) for item in value]
    return value


def _kept(node: Node) -> Any:
    if isinstance(node, Literal):
        return escape(node.value)
    return f"[{unparse(node)}]"


def escape(value: Any) -> Any:
    """A value as a template spells it: strings that would read as expressions get a second bracket."""
    if isinstance(value, str):
        return f"[{value}" if value.startswith("[") and value.endswith("]") else value
    if isinstance(value, list):
        return [escape(item) for item in value]
    if isinstance(value, dict):
        return {name: escape(item) for name, item in value.items()}
    return value
