"""Aggregate functions: each gets the values of one group."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from azlabs.simulator.kql.dynamics import MOST, merged
from azlabs.simulator.kql.lexer import wrapped
from azlabs.simulator.kql.values import key

Values = list[Any]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`run(values, extra)`: values of the first argument, `extra` the constants after it.

    `takes`: what the first argument may be: "" none, n number, o ordered, g anything, j bags. `when`: the last argument is
    a condition. `result`: a type, or "same", or "dynamic".
    """

    takes: str
    result: str
    run: Callable[[Values, Sequence[Any]], Any]
    when: bool = False
    label: str = ""
    extra: int = 0


def _filled(values: Values) -> Values:
    return [value for value in values if value is not None]


def _sum(values: Values, _extra: Sequence[Any]) -> Any:
    found = _filled(values)
    total = sum(found) if found else 0
    return wrapped(total) if isinstance(total, int) else total


def _mean(values: Values, _extra: Sequence[Any]) -> Any:
    found = _filled(values)
    return sum(found) / len(found) if found else math.nan


def _spread(root: bool, whole: bool) -> Callable[[Values, Sequence[Any]], Any]:
    def run(values: Values, _extra: Sequence[Any]) -> float:
        found = [float(value) for value in values if value is not None]
        count = len(found) - (0 if whole else 1)
        if count <= 0:
            return 0.0 if found else math.nan
        try:
            middle = math.fsum(found) / len(found)
            spread = math.fsum((value - middle) ** 2 for value in found) / count
        except (OverflowError, ValueError):
            return math.nan
        return math.sqrt(spread) if root else spread

    return run


def _least(values: Values, _extra: Sequence[Any]) -> Any:
    found = _filled(values)
    return min(found) if found else None


def _most(values: Values, _extra: Sequence[Any]) -> Any:
    found = _filled(values)
    return max(found) if found else None


def percentile(ordered: Values, share: float) -> Any:
    """The nearest rank in sorted values."""
    if not ordered:
        return None
    return ordered[min(len(ordered), max(1, math.ceil(share / 100 * len(ordered)))) - 1]


def _percentile(values: Values, extra: Sequence[Any]) -> Any:
    return percentile(sorted(_filled(values)), extra[0])


def _distinct(values: Values, _extra: Sequence[Any]) -> int:
    try:
        return len(set(values) - {None})
    except TypeError:
        return len({key(value) for value in values if value is not None})


def _size(extra: Sequence[Any]) -> int:
    return min(MOST, int(extra[0])) if extra and extra[0] is not None else MOST


def _listed(values: Values, extra: Sequence[Any]) -> Values:
    return _filled(values)[: _size(extra)]


def _set(values: Values, extra: Sequence[Any]) -> Values:
    seen: dict[Any, Any] = {}
    for value in values:
        if value is not None:
            seen.setdefault(key(value), value)
    return list(seen.values())[: _size(extra)]


def _any(values: Values, _extra: Sequence[Any]) -> Any:
    return next((value for value in values if value is not None and value != ""), values[0] if values else None)


def _bits(call: Callable[[int, int], int], start: int) -> Callable[[Values, Sequence[Any]], int]:
    def run(values: Values, _extra: Sequence[Any]) -> int:
        found = start
        for value in _filled(values):
            found = call(found, value)
        return found

    return run


def _count(values: Values, _extra: Sequence[Any]) -> int:
    return len(values)


_RANK = Aggregate("o", "same", _percentile, extra=1)
AGGREGATES: dict[str, Aggregate] = {
    "count": Aggregate("", "long", _count),
    "countif": Aggregate("", "long", _count, when=True),
    "dcount": Aggregate("g", "long", _distinct, extra=1),
    "dcountif": Aggregate("g", "long", _distinct, when=True, extra=1),
    "count_distinct": Aggregate("g", "long", _distinct),
    "count_distinctif": Aggregate("g", "long", _distinct, when=True),
    "sum": Aggregate("n", "sum", _sum),
    "sumif": Aggregate("n", "sum", _sum, when=True),
    "avg": Aggregate("n", "mean", _mean),
    "avgif": Aggregate("n", "mean", _mean, when=True),
    "min": Aggregate("o", "same", _least),
    "minif": Aggregate("o", "same", _least, when=True),
    "max": Aggregate("o", "same", _most),
    "maxif": Aggregate("o", "same", _most, when=True),
    "stdev": Aggregate("n", "real", _spread(True, False)),
    "stdevif": Aggregate("n", "real", _spread(True, False), when=True),
    "stdevp": Aggregate("n", "real", _spread(True, True)),
    "variance": Aggregate("n", "real", _spread(False, False)),
    "varianceif": Aggregate("n", "real", _spread(False, False), when=True),
    "variancep": Aggregate("n", "real", _spread(False, True)),
    "percentile": _RANK,
    "make_list": Aggregate("g", "dynamic", _listed, label="list", extra=1),
    "make_list_if": Aggregate("g", "dynamic", _listed, when=True, label="list", extra=1),
    "make_list_with_nulls": Aggregate("g", "dynamic", lambda values, _: values[:MOST], label="list"),
    "makelist": Aggregate("g", "dynamic", _listed, label="list", extra=1),
    "make_set": Aggregate("g", "dynamic", _set, label="set", extra=1),
    "make_set_if": Aggregate("g", "dynamic", _set, when=True, label="set", extra=1),
    "makeset": Aggregate("g", "dynamic", _set, label="set", extra=1),
    "make_bag": Aggregate("j", "dynamic", lambda values, _: merged(*values), label="bag"),
    "make_bag_if": Aggregate("j", "dynamic", lambda values, _: merged(*values), when=True, label="bag"),
    "any": Aggregate("g", "same", _any),
    "anyif": Aggregate("g", "same", _any, when=True),
    "take_any": Aggregate("g", "same", _any),
    "take_anyif": Aggregate("g", "same", _any, when=True),
    "binary_all_and": Aggregate("l", "long", _bits(lambda one, two: one & two, -1)),
    "binary_all_or": Aggregate("l", "long", _bits(lambda one, two: one | two, 0)),
    "binary_all_xor": Aggregate("l", "long", _bits(lambda one, two: one ^ two, 0)),
}
SEVERAL = frozenset({"arg_max", "arg_min", "argmax", "argmin", "percentiles", "percentiles_array"})
"""Aggregates that give several columns, or rows of them: `summarizing` knows them."""
REFUSED = frozenset({
    "hll", "hll_if", "hll_merge", "tdigest", "tdigest_merge", "buildschema", "covariance", "covarianceif", "covariancep",
    "percentilew", "percentilesw", "make_datetime_list",
})  # fmt: skip
