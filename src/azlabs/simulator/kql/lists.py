"""`in`, `has_any`, `has_all` and `between`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.kql import texts, values
from azlabs.simulator.kql.syntax import Listed, Name, Pipeline

if TYPE_CHECKING:
    from azlabs.simulator.kql.compiler import Compiler, Typed


def compile_listed(compiler: Compiler, node: Listed) -> Typed:
    """One of these operators."""
    negated = node.op.startswith("!")
    op = node.op.lstrip("!")
    found = _between(compiler, node) if op == "between" else _among(compiler, node, op)
    if not negated:
        return found
    if found.constant:
        return compiler.constant(None if found.value is None else not found.value, "bool")
    return (
        compiler.emit(f"not {found.source}", "bool", True)
        if found.solid
        else compiler.strict(f"not {found.source}", "bool", found)
    )


def _between(compiler: Compiler, node: Listed) -> Typed:
    value, low, high = compiler.compile(node.value), compiler.compile(node.items[0]), compiler.compile(node.items[1])
    if value.type == "datetime" and high.type == "timespan":
        high = compiler._arithmetic("+", low, high, node.at)
    above = compiler.comparison(">=", value, low, node.at)
    below = compiler.comparison("<=", value, high, node.at)
    if above.constant and below.constant:
        return compiler.constant(None if above.value is None or below.value is None else above.value and below.value, "bool")
    return compiler.strict(f"{above.source} and {below.source}", "bool", above, below)


def _items(compiler: Compiler, node: Listed) -> list[Typed] | None:
    """The values after the operator; None where a table or an array gives them (see `_of_one`)."""
    if len(node.items) == 1:
        one = node.items[0]
        table = isinstance(one, Pipeline) or (
            isinstance(one, Name) and one.name not in compiler.places and compiler.environment.scalar(one.name) is None
            and compiler.environment.has_table(one.name)
        )  # fmt: skip
        if table:
            found = compiler.environment.run(one)
            if not found.columns:
                return []
            kind = found.columns[0][1]
            return [compiler.constant([values.TO_DYNAMIC[kind](row[0]) for row in found.rows], "dynamic")] if kind == "dynamic" else [
                compiler.constant((kind, [row[0] for row in found.rows]), "set")
            ]  # fmt: skip
    return [compiler.compile(item) for item in node.items]


def _among(compiler: Compiler, node: Listed, op: str) -> Typed:
    left = compiler.compile(node.value)
    items = _items(compiler, node) or []
    if op in ("has_any", "has_all"):
        return _terms(compiler, left, items, op, node.at)
    plain: list[Any] = []
    others: list[Typed] = []
    for item in items:
        if item.type == "set":
            kind, found = item.value
            if found:
                sample = compiler.constant(found[0], kind)
                compiler._comparable(left, sample, "==", node.at)
            plain += [values.TO_TEXT[kind](one) for one in found] if left.type == "dynamic" and kind != "bool" else found
        elif item.constant and item.type == "dynamic" and isinstance(item.value, list):
            plain += [values.CASTS[left.type](one) if left.type in ("datetime", "timespan") else one for one in item.value]
        elif item.constant:
            fitting = compiler._comparable(left, item, "==", node.at)[1]
            plain.append(values.TO_TEXT[item.type](item.value) if left.type == "dynamic" else fitting.value)
        else:
            others.append(item)
    caseless = op == "in~"
    if left.type == "dynamic" or caseless:
        left = compiler.text(left, node.at)
    if left.type == "string":
        plain = [values.dynamic_text(one) for one in plain]
    if caseless:
        left = compiler.apply(str.lower, "string", left)
        plain = [one.lower() for one in plain]
    chosen = compiler.bind(frozenset(one for one in plain if not isinstance(one, (list, dict)) and one is not None))
    found = compiler.emit(f"{left.source} in {chosen}", "bool", True)
    if left.constant and not others:
        return compiler.constant(left.value in compiler.names[chosen], "bool")
    for item in others:
        if item.type == "dynamic":
            inside = compiler.emit(
                f"{item.source}.__class__ is list and {left.source} in {item.source} or {left.source} == {item.source}",
                "bool",
                True,
            )
        else:
            other = compiler.apply(str.lower, "string", compiler.text(item, node.at)) if caseless else item
            inside = compiler.comparison("==", left, other, node.at)
        found = compiler.emit(f"{found.source} or {inside.source} is True", "bool", True)
    return found


def _terms(compiler: Compiler, left: Typed, items: list[Typed], op: str, at: int) -> Typed:
    text = compiler.text(left, at)
    terms: list[Typed] = []
    for item in items:
        if item.type == "set":
            terms += [compiler.constant(values.dynamic_text(one), "string") for one in item.value[1]]
        elif item.type == "dynamic" and item.constant and isinstance(item.value, list):
            terms += [compiler.constant(values.dynamic_text(one), "string") for one in item.value]
        else:
            terms.append(compiler.text(item, at))
    test = any if op == "has_any" else all

    def run(subject: str, *wanted: str) -> bool:
        return test(texts.has(subject, term) for term in wanted)

    found = compiler.apply(run, "bool", text, *terms)
    found.solid = True
    return found
