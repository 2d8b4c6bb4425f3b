"""Function calls in scalar expressions: forms that depend on types, functions of the query, and the tables of the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azlabs.simulator.kql import aggregates, dates, dynamics, numbers, texts, values
from azlabs.simulator.kql.compiler import WHOLE, Compiler, Typed
from azlabs.simulator.kql.errors import NotModelled
from azlabs.simulator.kql.refused import FUNCTIONS as REFUSED
from azlabs.simulator.kql.syntax import Call, Function, Literal, Name, Node, replaced
from azlabs.simulator.kql.times import kept

Table = dict[str, tuple[str, str, Callable[..., Any]]]
STRICT: Table = texts.FUNCTIONS | dates.FUNCTIONS | numbers.FUNCTIONS | dynamics.FUNCTIONS
TABLE: Table = STRICT | dynamics.LENIENT
_CASTS = {
    "tostring": "string", "tolong": "long", "toint": "int", "toreal": "real", "todouble": "real", "todecimal": "decimal",
    "tobool": "bool", "toboolean": "bool", "todatetime": "datetime", "totimespan": "timespan", "toguid": "guid", "todynamic": "dynamic",
    "parse_json": "dynamic", "parsejson": "dynamic", "toobject": "dynamic",
}  # fmt: skip
_PARAMETER_CASTS = {kind: f"to{kind}" for kind in ("long", "int", "real", "bool", "datetime", "timespan", "guid", "decimal")}
KEEPS_NAME = frozenset(_CASTS) | {
    "bin", "floor", "ceiling", "startofday", "startofweek", "startofmonth", "startofyear", "endofday", "endofweek",
    "endofmonth", "endofyear", "round", "abs", "toupper", "tolower", "trim", "bin_at",
}  # fmt: skip
"""Functions whose column keeps the name of their argument."""


def compile_call(compiler: Compiler, node: Call) -> Typed:
    """The result of a call."""
    name = node.name
    function = compiler.environment.function(name)
    if function is not None:
        return _inlined(compiler, node, function)
    if name in _CASTS:
        _count(compiler, node, 1, 1)
        return compiler.convert(compiler.compile(node.args[0]), _CASTS[name], node.at)
    form = _FORMS.get(name)
    if form is not None:
        low, high, run = form
        _count(compiler, node, low, high)
        return run(compiler, node)
    if name in TABLE:
        return _of_table(compiler, node)
    if name in aggregates.AGGREGATES or name in aggregates.SEVERAL:
        raise compiler.fail("SEM0002", f"the aggregate function '{name}' can only be used in summarize", node.at)
    if name in REFUSED or name in aggregates.REFUSED:
        raise NotModelled(f"the function {name}()", node.at)
    raise compiler.fail("SEM0260", f"Unknown function: '{name}'", node.at)


def _count(compiler: Compiler, node: Call, low: int, high: int | None) -> None:
    given = len(node.args)
    if given < low or (high is not None and given > high):
        wanted = f"{low}" if low == high else f"{low} or more" if high is None else f"{low} to {high}"
        raise compiler.fail("SEM0219", f"{node.name}(): function expects {wanted} argument(s), {given} given", node.at)


def _inlined(compiler: Compiler, node: Call, function: Function) -> Typed:
    compiler.environment.spend()
    body, lets = expanded(compiler, node, function)
    for name, value in lets:
        body = replaced(body, {name: value})
    return compiler.compile(body)


def expanded(compiler: Compiler, node: Call, function: Function) -> tuple[Node, list[tuple[str, Node]]]:
    """Body and inner lets of a function of the query with its arguments in place."""
    required = sum(default is None for _, _, default in function.parameters)
    _count(compiler, node, required, len(function.parameters))
    given: dict[str, Node] = {}
    for place, (name, kind, default) in enumerate(function.parameters):
        argument = node.args[place] if place < len(node.args) else default
        scalar = not isinstance(argument, Literal) and kind not in ("table", "dynamic", "string")
        given[name] = Call(_PARAMETER_CASTS[kind], [argument], node.at) if scalar else argument
    lets: list[tuple[str, Node]] = []
    for name, value in function.lets:
        value = replaced(value, given | dict(lets))
        lets.append((name, value))
    return replaced(function.body, given), lets


# --- functions of the tables -----------------------------------------------------------------------------------------------
def _signature(codes: str) -> tuple[str, int, bool]:
    """(codes without marks, how many are required, whether the last repeats)."""
    repeats = codes.endswith("*")
    required = len(codes.partition("?")[0].rstrip("*"))
    return codes.replace("?", "").rstrip("*"), required, repeats


def _guard(call: Callable[..., Any], empty: Any, strict: bool) -> Callable[..., Any]:
    def run(*given: Any) -> Any:
        if strict:
            for one in given:
                if one is None:
                    return empty
        try:
            found = call(*given)
        except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError):
            return empty
        return empty if found is None else found

    return run


_guarded: dict[str, Callable[..., Any]] = {}
_ALLOWED = {"n": values.NUMBERS, "r": values.NUMBERS, "N": (*values.NUMBERS, "timespan"), "l": WHOLE, "b": ("bool",), "d": ("datetime",),
            "t": ("timespan",), "j": ("dynamic",)}  # fmt: skip
_CAST_OF = {"n": "real", "r": "real", "N": "real", "l": "long", "b": "bool", "d": "datetime", "t": "timespan"}
_WORDS = {"n": "a number", "N": "a number", "r": "a number", "l": "a whole number", "b": "bool", "d": "datetime", "t": "timespan",
          "j": "dynamic"}  # fmt: skip


def _argument(compiler: Compiler, node: Call, place: int, code: str) -> Typed:
    value = compiler.compile(node.args[place])
    if code == "s":
        if value.type in ("string", "dynamic"):
            return compiler.text(value)
        wanted = "string"
    elif code == "a":
        return compiler.convert(value, "string", node.at)
    elif code == "v":
        return value if value.type == "string" else compiler.convert(value, "dynamic", node.at)
    elif code == "g" or value.type in _ALLOWED[code]:
        return value
    elif value.type == "dynamic" and code in _CAST_OF:
        return compiler.convert(value, _CAST_OF[code], node.at)
    elif code == "l" and value.type == "real" and value.constant and value.value is not None and float(value.value).is_integer():
        return compiler.constant(int(value.value), "long")
    else:
        wanted = _WORDS[code]
    raise compiler.fail(
        "SEM0232", f"{node.name}(): argument #{place + 1} is expected to be {wanted}, it is {value.type}", node.at
    )


def _of_table(compiler: Compiler, node: Call) -> Typed:
    parameters, kind, call = TABLE[node.name]
    codes, required, repeats = _signature(parameters)
    _count(compiler, node, required, None if repeats else len(codes))
    parts = [_argument(compiler, node, place, codes[min(place, len(codes) - 1)]) for place in range(len(node.args))]
    if kind == "same":
        kind = parts[0].type
    run = _guarded.get(node.name)
    if run is None:
        run = _guarded[node.name] = _guard(call, values.null(kind), node.name in STRICT)
    return compiler.apply(run, kind, *parts, pure=node.name not in numbers.IMPURE)


# --- forms -----------------------------------------------------------------------------------------------------------------
def common(compiler: Compiler, parts: list[Typed], at: int) -> str:
    """One type for several results."""
    kinds = {part.type for part in parts if not (part.constant and part.value is None)} or {parts[0].type}
    if len(kinds) == 1:
        return kinds.pop()
    if kinds <= set(values.NUMBERS):
        return "real" if "real" in kinds else "decimal" if "decimal" in kinds else "long"
    if "dynamic" in kinds:
        return "dynamic"
    raise compiler.fail("SEM0062", f"the results have different types: {', '.join(sorted(kinds))}", at)


def _alike(compiler: Compiler, parts: list[Typed], at: int) -> tuple[list[Typed], str]:
    kind = common(compiler, parts, at)
    found = []
    for part in parts:
        if part.type == kind or (kind == "long" and part.type == "int"):
            found.append(part)
        elif part.constant and part.value is None:
            found.append(compiler.constant(values.null(kind), kind))
        else:
            found.append(part if kind == "dynamic" and part.type == "string" else compiler.convert(part, kind, at))
    return found, kind


def _iff(compiler: Compiler, node: Call) -> Typed:
    return _case_of(compiler, [node.args[0]], node.args[1:], node.at)


def _case(compiler: Compiler, node: Call) -> Typed:
    if len(node.args) % 2 == 0:
        raise compiler.fail("SEM0219", "case(): an odd number of arguments is expected", node.at)
    return _case_of(compiler, node.args[:-1:2], [*node.args[1:-1:2], node.args[-1]], node.at)


def _case_of(compiler: Compiler, conditions: list[Node], results: list[Node], at: int) -> Typed:
    tests = [compiler.condition(one) for one in conditions]
    parts, kind = _alike(compiler, [compiler.compile(one) for one in results], at)
    if all(part.constant for part in (*tests, *parts)):
        return compiler.constant(
            next((part.value for test, part in zip(tests, parts, strict=False) if test.value), parts[-1].value), kind
        )
    source = parts[-1].source
    for test, part in zip(reversed(tests), reversed(parts[:-1]), strict=True):
        source = compiler.emit(f"{part.source} if {test.source} else {source}", kind).source
    return Typed(source, kind, solid=all(part.solid for part in parts))


def _coalesce(compiler: Compiler, node: Call) -> Typed:
    parts, kind = _alike(compiler, [compiler.compile(one) for one in node.args], node.at)
    source = parts[-1].source
    for part in reversed(parts[:-1]):
        test = part.source if kind == "string" else f"{part.source} is not None"
        source = compiler.emit(f"{part.source} if {test} else {source}", kind).source
    return Typed(source, kind, solid=kind == "string")


def _absent(negated: bool, empty: bool) -> Callable[[Compiler, Call], Typed]:
    def run(compiler: Compiler, node: Call) -> Typed:
        value = compiler.compile(node.args[0])
        if value.type == "string":
            source = f"{value.source} == ''" if empty else "False"
        elif value.type == "dynamic" and empty:
            source = f"{value.source} is None or {value.source} == ''"
        else:
            source = f"{value.source} is None"
        return compiler.emit(f"not ({source})" if negated else f"({source})", "bool", True)

    return run


def _not(compiler: Compiler, node: Call) -> Typed:
    value = compiler.condition(node.args[0])
    if value.constant:
        return compiler.constant(None if value.value is None else not value.value, "bool")
    found = compiler.strict(f"not {value.source}", "bool", value)
    found.solid = value.solid
    return found


def _bin(compiler: Compiler, node: Call) -> Typed:
    value = compiler.compile(node.args[0])
    step = compiler.compile(node.args[1]) if len(node.args) > 1 else compiler.constant(1, "long")
    if value.type == "dynamic":
        value = compiler.convert(value, "real")
    return _binned(compiler, value, step, node)


def _binned(compiler: Compiler, value: Typed, step: Typed, node: Call) -> Typed:
    both = (value.type, step.type)
    if both[0] in values.NUMBERS and both[1] in values.NUMBERS:
        if both[0] in WHOLE and both[1] in WHOLE:
            return _floored(compiler, value, step, "long" if "long" in both else "int")
        run = _guard(lambda one, two: numbers.floor_to(float(one), float(two)), None, True)
        return compiler.apply(run, "real", value, step)
    if both in (("datetime", "timespan"), ("timespan", "timespan")):
        return _floored(compiler, value, step, value.type)
    raise compiler.fail("SEM0231", f"{node.name}(): cannot round {both[0]} to {both[1]}", node.at)


def _floored(compiler: Compiler, value: Typed, step: Typed, kind: str) -> Typed:
    if step.constant and step.value and step.value > 0 and not value.constant:
        return compiler.strict(f"{value.source} - {value.source} % {step.source}", kind, value)
    return compiler.apply(_guard(lambda one, two: one - one % abs(two), None, True), kind, value, step)


def _bin_at(compiler: Compiler, node: Call) -> Typed:
    value, step, fixed = (compiler.compile(one) for one in node.args)
    if value.type != fixed.type or (value.type, step.type) not in (
        ("datetime", "timespan"),
        ("timespan", "timespan"),
        ("long", "long"),
    ):
        raise compiler.fail("SEM0231", f"bin_at(): cannot round {value.type} to {step.type}", node.at)
    return compiler.apply(_guard(lambda v, s, f: v - (v - f) % abs(s), None, True), value.type, value, step, fixed)


def _moment(back: bool) -> Callable[[Compiler, Call], Typed]:
    def run(compiler: Compiler, node: Call) -> Typed:
        shift = compiler.compile(node.args[0]) if node.args else compiler.constant(0, "timespan")
        if shift.type != "timespan":
            raise compiler.fail("SEM0232", f"{node.name}(): argument #1 is expected to be timespan, it is {shift.type}", node.at)
        start = compiler.environment.now
        call = _guard(lambda ticks: kept(start - ticks if back else start + ticks), None, True)
        return compiler.apply(call, "datetime", shift)

    return run


def _extreme(least: bool) -> Callable[[Compiler, Call], Typed]:
    def choose(*given: Any) -> Any:
        found = [one for one in given if one is not None]
        return (min(found) if least else max(found)) if found else None

    def run(compiler: Compiler, node: Call) -> Typed:
        parts, kind = _alike(compiler, [compiler.compile(one) for one in node.args], node.at)
        if kind == "dynamic":
            raise compiler.fail("SEM0232", f"{node.name}(): dynamic values have no order", node.at)
        return compiler.apply(choose, kind, *parts)

    return run


def _range(compiler: Compiler, node: Call) -> Typed:
    parts = [compiler.compile(one) for one in node.args]
    kind = parts[0].type
    if any(part.type not in (*values.NUMBERS, "datetime", "timespan") for part in parts):
        raise compiler.fail("SEM0232", "range(): numbers or points in time are expected", node.at)
    found = compiler.apply(_passing(dynamics.numbers), "dynamic", *parts)
    if kind not in ("datetime", "timespan"):
        return found
    shown = values.TO_DYNAMIC[kind]
    return compiler.apply(_guard(lambda array: [shown(one) for one in array], None, True), "dynamic", found)


def _passing(call: Callable[..., Any]) -> Callable[..., Any]:
    def run(*given: Any) -> Any:
        try:
            return call(*given)
        except (ValueError, TypeError, ArithmeticError):
            return None

    return run


def _to_scalar(compiler: Compiler, node: Call) -> Typed:
    table = compiler.environment.run(node.args[0])
    if not table.columns:
        raise compiler.fail("SEM0003", "toscalar(): the table has no column", node.at)
    kind = table.columns[0][1]
    return compiler.constant(table.rows[0][0] if table.rows else values.null(kind), kind)


def _type_of(compiler: Compiler, node: Call) -> Typed:
    value = compiler.compile(node.args[0])
    if value.type != "dynamic":
        return compiler.constant(value.type, "string")
    kinds = {bool: "bool", int: "long", float: "real", str: "string", list: "array", dict: "dictionary", type(None): "null"}
    return compiler.apply(lambda one: kinds.get(type(one), "dynamic"), "string", value)


def _all_columns(compiler: Compiler, _node: Call) -> Typed:
    parts = [compiler.convert(compiler.compile(Name(name, -1)), "dynamic") for name, _ in compiler.columns]
    parts = [
        Typed(f"r[{place}]", "string", solid=True) if kind == "string" else part
        for place, ((_, kind), part) in enumerate(zip(compiler.columns, parts, strict=True))
    ]
    names = [name for name, _ in compiler.columns]
    return compiler.apply(lambda *row: dict(zip(names, row, strict=True)), "dynamic", *parts, pure=False)


def _if_exists(compiler: Compiler, node: Call) -> Typed:
    wanted = node.args[0]
    name = wanted.value if isinstance(wanted, Literal) else wanted.name if isinstance(wanted, Name) else None
    known = isinstance(name, str) and name in compiler.places
    return compiler.compile(Name(str(name), node.at) if known else node.args[1])


def _materialized(compiler: Compiler, node: Call) -> Typed:
    raise compiler.fail("SEM0003", f"{node.name}() gives a table, a single value is expected", node.at)


_FORMS: dict[str, tuple[int, int | None, Callable[[Compiler, Call], Typed]]] = {
    "iff": (3, 3, _iff), "iif": (3, 3, _iff), "case": (3, None, _case), "coalesce": (2, None, _coalesce), "not": (1, 1, _not),
    "isnull": (1, 1, _absent(False, False)), "isnotnull": (1, 1, _absent(True, False)), "isempty": (1, 1, _absent(False, True)),
    "isnotempty": (1, 1, _absent(True, True)), "notempty": (1, 1, _absent(True, True)), "notnull": (1, 1, _absent(True, False)),
    "bin": (2, 2, _bin), "floor": (1, 2, _bin), "bin_at": (3, 3, _bin_at), "ago": (1, 1, _moment(True)), "now": (0, 1, _moment(False)),
    "min_of": (2, None, _extreme(True)), "max_of": (2, None, _extreme(False)), "range": (2, 3, _range), "toscalar": (1, 1, _to_scalar),
    "gettype": (1, 1, _type_of), "pack_all": (0, 1, _all_columns), "column_ifexists": (2, 2, _if_exists),
    "columnifexists": (2, 2, _if_exists),
    "materialize": (1, 1, _materialized), "datatable": (0, None, _materialized),
}  # fmt: skip
