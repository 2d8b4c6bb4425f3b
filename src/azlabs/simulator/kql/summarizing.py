"""`summarize`: groups, aggregates, and expressions over aggregates."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.kql import values
from azlabs.simulator.kql.aggregates import AGGREGATES, REFUSED, SEVERAL, Aggregate
from azlabs.simulator.kql.compiler import Column, Compiler, Typed
from azlabs.simulator.kql.errors import NotModelled
from azlabs.simulator.kql.evaluator import Table
from azlabs.simulator.kql.operators import _mapped, column_names, free, name_of
from azlabs.simulator.kql.syntax import Call, Literal, Name, Named, Node, Operator, Star, Unary, replaced

if TYPE_CHECKING:
    from azlabs.simulator.kql.evaluator import Environment

_ORDERED = ("int", "long", "real", "decimal", "datetime", "timespan", "string", "bool", "guid")
_SUMMED = ("int", "long", "real", "decimal", "timespan")


@dataclass(slots=True)
class _Slot:
    """One list (or count) in each group, and what becomes of it."""

    value: str
    when: str
    run: Any
    extra: Sequence[Any]
    kind: str


class _Groups:
    """Collects the slots of one summarize."""

    def __init__(self, step: Operator, table: Table, environment: Environment) -> None:
        self.step, self.environment = step, environment
        self.compiler = Compiler(table.columns, environment, "summarize")
        self.slots: list[_Slot] = []

    # --- one aggregate --------------------------------------------------------------------------------------------------
    def add(self, node: Call) -> int:
        """The place of the slot of an aggregate call."""
        compiler = self.compiler
        if node.name in REFUSED:
            raise NotModelled(f"the aggregate function {node.name}()", node.at)
        aggregate = AGGREGATES[node.name]
        args = list(node.args)
        when = ""
        least = (1 if aggregate.takes else 0) + aggregate.when
        required = least + (1 if node.name == "percentile" else 0)
        if not required <= len(args) <= least + aggregate.extra:
            raise compiler.fail("SEM0219", f"{node.name}(): function expects {required} argument(s), {len(args)} given", node.at)
        if aggregate.when:
            place = 1 if aggregate.takes else 0
            when = compiler.condition(args.pop(place)).source
        value = compiler.compile(args[0]) if aggregate.takes else None
        extra = [self._fixed(node, one) for one in args[1:]]
        if value is not None:
            value = self._fitting(node, aggregate, value)
        kind = self._result(aggregate, value)
        run = aggregate.run
        if aggregate.result == "mean" and kind == "timespan":
            run = _mean_span
        source = "" if value is None else self._kept(node, value)
        self.slots.append(_Slot(source, when, run, extra, kind))
        return len(self.slots) - 1

    def _kept(self, node: Call, value: Typed) -> str:
        """Times inside lists are texts."""
        if AGGREGATES[node.name].result == "dynamic" and value.type in ("datetime", "timespan", "decimal"):
            return self.compiler.convert(value, "dynamic").source
        return value.source

    def _fixed(self, node: Call, one: Node) -> Any:
        value = self.compiler.compile(one)
        known = value.constant and value.type in values.NUMBERS and value.value is not None
        if not known or not -(2**53) < value.value < 2**53:
            raise self.compiler.fail("SEM0233", f"{node.name}(): a constant number is expected", node.at)
        return value.value

    def _fitting(self, node: Call, aggregate: Aggregate, value: Typed) -> Typed:
        compiler = self.compiler
        allowed = {"n": _SUMMED, "o": _ORDERED, "l": ("int", "long"), "j": ("dynamic",)}.get(aggregate.takes)
        if allowed is None or value.type in allowed:
            return value
        if value.type == "dynamic" and aggregate.takes == "n":
            return compiler._from_dynamic(value, "real")
        if value.type in ("bool", "datetime") and node.name in ("avg", "avgif", "sum", "sumif") and value.type == "bool":
            return compiler.convert(value, "long")
        raise compiler.fail("SEM0232", f"{node.name}(): argument #1 cannot be of type {value.type}", node.at)

    @staticmethod
    def _result(aggregate: Aggregate, value: Typed | None) -> str:
        if value is None or aggregate.result not in ("same", "sum", "mean"):
            return aggregate.result
        if aggregate.result == "sum":
            return "long" if value.type == "int" else value.type
        if aggregate.result == "mean":
            return "timespan" if value.type == "timespan" else "real"
        return value.type

    def best(self, node: Call, by: list[str]) -> tuple[int, list[Column]]:
        """arg_max and arg_min: the place of a slot that gives a row, and the columns of it."""
        compiler = self.compiler
        if len(node.args) < 1:
            raise compiler.fail("SEM0219", f"{node.name}(): an argument is missing", node.at)
        parts = [(node.args[0], compiler.compile(node.args[0]))]
        for argument in node.args[1:]:
            if isinstance(argument, Star):
                main = name_of(node.args[0])
                parts += [
                    (Name(name, -1), compiler.compile(Name(name, -1))) for name, _ in compiler.columns if name not in (main, *by)
                ]
            else:
                parts.append((argument, compiler.compile(argument)))
        if parts[0][1].type == "dynamic":
            raise compiler.fail("SEM0232", f"{node.name}(): argument #1 cannot be of type dynamic", node.at)
        names = column_names([Named([], one, -1) for one, _ in parts], set(), f"{node.name.replace('_', '')}_")
        least = "min" in node.name
        empty = tuple(values.null(value.type) for _, value in parts)

        def run(rows: list[Any], _extra: Sequence[Any]) -> Any:
            filled = [row for row in rows if row[0] is not None]
            if not filled:
                return rows[0] if rows else empty
            return (min if least else max)(filled, key=lambda row: row[0])

        source = f"({', '.join(value.source for _, value in parts)},)"
        self.slots.append(_Slot(source, "", run, (), "row"))
        return len(self.slots) - 1, [(name, value.type) for name, (_, value) in zip(names, parts, strict=True)]

    # --- all of them ----------------------------------------------------------------------------------------------------
    def rows(self, keys: list[Typed], rows: list[Any]) -> list[Any]:
        """(key..., result of each slot...) for every group."""
        made = ", ".join("0" if not slot.value else "[]" for slot in self.slots)
        key = keys[0].source if len(keys) == 1 else f"({', '.join(one.source for one in keys)})" if keys else "()"
        head = "def stage(rows):\n    groups = {}\n    find = groups.get\n    for r in rows:\n"
        tail = f"        k = {key}\n        g = find(k)\n        if g is None: g = groups[k] = [{made}]\n"
        for place, slot in enumerate(self.slots):
            update = f"g[{place}].append({slot.value})" if slot.value else f"g[{place}] += 1"
            tail += f"        if {slot.when}: {update}\n" if slot.when else f"        {update}\n"
        groups = self.compiler.function(self.compiler.body(head, tail + "    return groups\n"))(rows)
        if not keys and not groups:
            groups = {(): [0 if not slot.value else [] for slot in self.slots]}
        found = []
        for mark, lists in groups.items():
            before = mark if len(keys) != 1 else (mark,)
            found.append((*before, *(
                slot.run(one, slot.extra) if slot.value else one for slot, one in zip(self.slots, lists, strict=True)
            )))  # fmt: skip
        return found


def _mean_span(given: list[Any], _extra: Sequence[Any]) -> int | None:
    filled = [one for one in given if one is not None]
    return round(sum(filled) / len(filled)) if filled else None


def _label(node: Call) -> str:
    aggregate = AGGREGATES[node.name]
    if node.name in ("take_any", "take_anyif"):
        return name_of(node.args[0]) if node.args else ""
    label = aggregate.label or node.name
    name = name_of(node.args[0]) if node.args and aggregate.takes else ""
    if node.name == "percentile" and len(node.args) == 2 and isinstance(node.args[1], Literal):
        return f"percentile_{name}_{values.dynamic_text(node.args[1].value)}"
    return f"{label}_{name}"


def _unfolded(items: list[Named]) -> list[Named]:
    """percentiles(x, 5, 95) as several percentile()s."""
    found: list[Named] = []
    for item in items:
        call = item.value
        if isinstance(call, Call) and call.name == "percentiles" and len(call.args) > 1:
            for place, share in enumerate(call.args[1:]):
                names = [item.names[place]] if place < len(item.names) else []
                found.append(Named(names, Call("percentile", [call.args[0], share], call.at), item.at))
        elif isinstance(call, Call) and call.name == "percentiles_array" and len(call.args) > 1:
            parts: list[Node] = [Call("percentile", [call.args[0], share], call.at) for share in call.args[1:]]
            name = item.names or [f"percentiles_{name_of(call.args[0])}"]
            found.append(Named(name, Call("pack_array", parts, call.at), item.at))
        else:
            found.append(item)
    return found


def _extract(node: Node, groups: _Groups, found: dict[str, int]) -> Node:
    """The expression with its aggregate calls replaced by names of slots."""
    if isinstance(node, Call):
        if node.name in AGGREGATES or node.name in REFUSED:
            name = f"\0{groups.add(node)}"
            found[name] = int(name[1:])
            return Name(name, node.at)
        if node.name in SEVERAL:
            raise groups.compiler.fail("SEM0002", f"{node.name}() cannot be part of an expression", node.at)
        return Call(node.name, [_extract(one, groups, found) for one in node.args], node.at)
    if isinstance(node, Unary):
        return Unary(node.op, _extract(node.value, groups, found), node.at)
    if hasattr(node, "left"):
        return type(node)(node.op, _extract(node.left, groups, found), _extract(node.right, groups, found), node.at)
    if hasattr(node, "items") and hasattr(node, "value"):
        return type(node)(
            node.op, _extract(node.value, groups, found), [_extract(one, groups, found) for one in node.items], node.at
        )
    if hasattr(node, "items"):
        return type(node)(node.op, [_extract(one, groups, found) for one in node.items], node.at)
    if hasattr(node, "base"):
        base = _extract(node.base, groups, found)
        return replaced(type(node)(base, node.name if hasattr(node, "name") else node.index, node.at), {})
    return node


def summarize(step: Operator, table: Table, environment: Environment) -> Table:
    """Groups of rows."""
    groups = _Groups(step, table, environment)
    compiler = groups.compiler
    by: list[Named] = step.args["by"]
    items = _unfolded(step.args["items"])
    taken: set[str] = {item.names[0] for item in (*by, *items) if item.names}
    keys = [compiler.compile(item.value) for item in by]
    by_names = column_names(by, taken)
    for name, key in zip(by_names, keys, strict=True):
        if key.type == "dynamic":
            message = (
                f"Summarize group key '{name}' is of a 'dynamic' type. Please use an explicit cast (for example, 'summarize ... "
                f"by tostring({name})') as grouping by a 'dynamic' type is not supported."
            )
            raise compiler.fail("SEM0080", message, step.at)
    outputs: list[tuple[str, Node | tuple[int, int, str]]] = []
    for item in items:
        call = item.value
        if isinstance(call, Call) and call.name in SEVERAL and call.name.startswith("arg"):
            place, columns = groups.best(call, by_names)
            for index, (name, kind) in enumerate(columns):
                wanted = item.names[index] if index < len(item.names) else name
                outputs.append((wanted if item.names[index : index + 1] else free(wanted, taken), (place, index, kind)))
                taken.add(outputs[-1][0])
            continue
        plain = isinstance(call, Call) and call.name in AGGREGATES
        inner = _extract(call, groups, {})
        if item.names:
            name = item.names[0]
        elif plain:
            name = free(_label(call), taken)
        else:
            name = next(one for number in itertools.count(1) if (one := f"Column{number}") not in taken)
        taken.add(name)
        outputs.append((name, inner))
    rows = groups.rows(keys, table.rows)
    return _finished(groups, list(zip(by_names, keys, strict=True)), outputs, rows)


def _finished(
    groups: _Groups, keys: list[tuple[str, Typed]], outputs: list[tuple[str, Node | tuple[int, int, str]]], rows: list[Any]
) -> Table:
    width = len(keys)
    columns: list[Column] = [(name, key.type) for name, key in keys]
    columns += [(f"\0{place}", slot.kind) for place, slot in enumerate(groups.slots)]
    after = Compiler(columns, groups.environment, "summarize")
    found: list[Column] = columns[:width]
    sources = [f"r[{place}]" for place in range(width)]
    for name, output in outputs:
        if isinstance(output, tuple):
            place, index, kind = output
            sources.append(f"r[{width + place}][{index}]")
            found.append((name, kind))
        else:
            value = after.compile(output)
            sources.append(value.source)
            found.append((name, value.type))
    return Table(found, _mapped(after, rows, f"({', '.join(sources)},)"))
