"""Types that have one value: `'a'`, `10`, `!true`, `{ size: 'big' }`, `['a', 'b']`."""

from __future__ import annotations

from typing import Any

from azlabs.bicep import syntax as s


def literal(node: s.Node) -> tuple[Any] | None:
    """The value of a literal type, in a tuple since it may be null; None for other types."""
    match node:
        case s.Group():
            return literal(node.inner)
        case s.Text():
            return (node.parts[0],) if not node.holes else None
        case s.Integer() | s.Boolean():
            return (node.value,)
        case s.Null():
            return (None,)
        case s.Unary(operator="!", operand=operand):
            inner = literal(operand)
            return (not inner[0],) if inner and isinstance(inner[0], bool) else None
        case s.Unary(operand=operand):
            inner = literal(operand)
            return (-inner[0],) if inner and type(inner[0]) is int else None
        case s.ObjectType():
            if node.additional is not None:
                return None
            found = {m.key.parts[0]: literal(m.type) for m in node.members if m.key}
            return None if None in found.values() else ({k: v[0] for k, v in found.items() if v},)
        case s.TupleType():
            items = [literal(item.type) for item in node.items]
            return None if None in items else ([v[0] for v in items if v],)
    return None


def printed(node: s.Node) -> str:
    """A literal type as the type system prints it; the order of allowed values follows from this."""
    found = literal(node)
    return _show(found[0]) if found else ""


def _show(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if isinstance(value, list):
        return "[" + ", ".join(_show(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k}: {_show(v)}" for k, v in value.items()) + " }"
    return str(value)


def discriminator_value(node: s.Node, name: Any) -> str | None:
    """The literal that tells one member of a tagged union from the others."""
    if not isinstance(node, s.ObjectType):
        return None
    for member in node.members:
        if member.key is not None and member.key.parts[0] == name:
            found = literal(member.type)
            return found[0] if found and isinstance(found[0], str) else None
    return None
