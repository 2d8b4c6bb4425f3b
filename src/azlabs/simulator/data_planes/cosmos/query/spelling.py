"""Parsed queries back as text, for the queries that a query plan hands out."""

from __future__ import annotations

import json
from typing import Any

from azlabs.simulator.data_planes.cosmos.query import syntax as s
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED


def spell(node: Any) -> str:
    """The text of an expression."""
    match node:
        case s.Constant():
            return "undefined" if node.value is UNDEFINED else json.dumps(node.value, ensure_ascii=False)
        case s.Parameter() | s.Name():
            return str(node.name)
        case s.Member():
            name = node.name
            plain = isinstance(name, s.Constant) and isinstance(name.value, str) and name.value.isidentifier() and name.value.isascii()
            return f"{spell(node.value)}.{name.value}" if plain else f"{spell(node.value)}[{spell(name)}]"  # type: ignore[union-attr]
        case s.Unary():
            return f"({node.sign} {spell(node.value)})"
        case s.Binary():
            return f"({spell(node.left)} {node.sign} {spell(node.right)})"
        case s.Conditional():
            return f"({spell(node.test)} ? {spell(node.yes)} : {spell(node.no)})"
        case s.In():
            return f"({spell(node.value)} IN ({', '.join(map(spell, node.choices))}))"
        case s.Like():
            escape = f" ESCAPE {spell(node.escape)}" if node.escape is not None else ""
            return f"({spell(node.value)} LIKE {spell(node.pattern)}{escape})"
        case s.Call():
            return f"{node.raw or node.name}({', '.join(map(spell, node.arguments))})"
        case s.MakeArray():
            return f"[{', '.join(map(spell, node.items))}]"
        case s.MakeObject():
            return "{" + ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {spell(value)}" for name, value in node.members) + "}"
        case s.Subquery():
            return f"{'' if node.form == 'scalar' else node.form}({query(node.query)})"
    raise TypeError(node)


def source(one: s.Source) -> str:
    """One part of FROM."""
    value = f"({query(one.value.query)})" if isinstance(one.value, s.Subquery) else spell(one.value)
    if one.iterates:
        return f"{one.alias} IN {value}"
    named = f" AS {one.alias}" if one.alias and value != one.alias else ""
    return value + named


def tail(found: s.Query) -> str:
    """FROM and WHERE."""
    text = f" FROM {' JOIN '.join(map(source, found.sources))}" if found.sources else ""
    return text + (f" WHERE {spell(found.where)}" if found.where is not None else "")


def columns(found: s.Query) -> str:
    """What stands behind SELECT."""
    if found.form == "*":
        return "*"
    if found.form == "value":
        return f"VALUE {spell(found.columns[0].value)}"
    return ", ".join(f"{spell(one.value)} AS {json.dumps(one.name, ensure_ascii=False)}" for one in found.columns)


def ordering(found: s.Query) -> str:
    """ORDER BY."""
    keys = ", ".join(f"{spell(one.value)} {'DESC' if one.descending else 'ASC'}" for one in found.order)
    return f" ORDER BY {keys}" if keys else ""


def query(found: s.Query) -> str:
    """The text of a query."""
    text = "SELECT " + ("DISTINCT " if found.distinct else "")
    if found.top is not None:
        text += f"TOP {spell(found.top)} "
    text += columns(found) + tail(found)
    if found.group:
        text += f" GROUP BY {', '.join(map(spell, found.group))}"
    text += ordering(found)
    if found.rank is not None:
        text += f" ORDER BY RANK {spell(found.rank)}"
    if found.offset is not None and found.limit is not None:
        text += f" OFFSET {spell(found.offset)} LIMIT {spell(found.limit)}"
    return text
