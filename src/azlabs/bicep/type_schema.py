"""Types: Bicep's type expressions to the schema members of ARM's parameters, outputs and definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.bicep import syntax as s
from azlabs.bicep.bind_files import JsonTemplate
from azlabs.bicep.symbols import ImportedSymbol, Symbol, TypeSymbol, WildcardSymbol
from azlabs.bicep.type_literals import discriminator_value, literal, printed

if TYPE_CHECKING:
    from azlabs.bicep.expressions import Expressions

Schema = dict[str, Any]
_PRIMITIVES = {"string", "int", "bool", "object", "array"}
_SECURE = {"string": "securestring", "object": "secureObject"}
_CONSTRAINTS = ("minLength", "maxLength", "minValue", "maxValue")
# Types of the members that most resources share; of others only the path is known here.
_RESOURCE_MEMBERS = {"id": "string", "name": "string", "type": "string", "apiVersion": "string", "location": "string",
                     "kind": "string", "etag": "string", "zones": "array"}
MAX_ALIASES = 60


class TypeSchemas:
    """Schemas of the types of one file."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions

    # --- with decorators ---

    def declaration(self, node: s.TypeDeclaration) -> Schema:
        found = self.decorated(node.type, node.decorators)
        if any(d.call.name.text == "export" for d in node.decorators):
            found.setdefault("metadata", {})["__bicep_export!"] = True
        return found

    def decorated(self, node: s.Node, decorators: list[s.Decorator]) -> Schema:
        """The schema of a type with what its decorators add."""
        names = {d.call.name.text: d.call for d in decorators}
        if "discriminator" in names and names["discriminator"].arguments:
            found = self.discriminated(node, self.expressions.value(names["discriminator"].arguments[0], {}))
        else:
            found = self.type(node)
        if "secure" in names and found.get("type") in _SECURE:
            found["type"] = _SECURE[found["type"]]
        if "sealed" in names:
            found["additionalProperties"] = False
        if "allowed" in names and names["allowed"].arguments:
            found["allowedValues"] = self.expressions.value(names["allowed"].arguments[0], {})
        for name in _CONSTRAINTS:
            if name in names and names[name].arguments:
                found[name] = self.expressions.value(names[name].arguments[0], {})
        metadata = self.metadata(decorators)
        if metadata or "metadata" in names:
            found["metadata"] = {**found.get("metadata", {}), **metadata}
        return found

    def metadata(self, decorators: list[s.Decorator]) -> Schema:
        found: Schema = {}
        names = {d.call.name.text: d.call for d in decorators if d.call.arguments}
        if "metadata" in names:
            value = self.expressions.value(names["metadata"].arguments[0], {})
            found |= value if isinstance(value, dict) else {}
        if "description" in names:
            found["description"] = self.expressions.value(names["description"].arguments[0], {})
        return found

    # --- types ---

    def type(self, node: s.Node) -> Schema:
        self.expressions.count()
        match node:
            case s.Group():
                return self.type(node.inner)
            case s.NullableType():
                return {**self.type(node.base), "nullable": True}
            case s.Assertion():
                return {**self.type(node.base), "nullable": False}
            case s.ArrayType():
                return self.array(node)
            case s.ObjectType():
                return self.object(node)
            case s.TupleType():
                return {"type": "array", "prefixItems": [self.decorated(i.type, i.decorators) for i in node.items],
                        "items": False}
            case s.UnionType():
                return self.union(node)
            case s.Variable() | s.TypeAccess() | s.TypeIndex() | s.TypeCall():
                return self.reference(node)
        value = literal(node)
        return {"type": _type_of(value[0]), "allowedValues": [value[0]]} if value else {}

    def array(self, node: s.ArrayType) -> Schema:
        item = node.item
        while isinstance(item, s.Group):
            item = item.inner
        if isinstance(item, s.UnionType):
            members = self.expand(item)
            if all(literal(m) for m in members):
                return {"type": "array", "allowedValues": _values(members)}
        return {"type": "array", "items": self.type(item)}

    def object(self, node: s.ObjectType) -> Schema:
        found: Schema = {"type": "object"}
        if not node.members and node.additional is None:
            return found
        found["properties"] = {m.key.parts[0]: self.decorated(m.type, m.decorators)
                               for m in node.members if m.key is not None}
        if node.additional is not None:
            found["additionalProperties"] = self.decorated(node.additional.type, node.additional.decorators)
        return found

    # --- unions ---

    def expand(self, node: s.Node, seen: set[s.Node] | None = None) -> list[s.Node]:
        """The members of a union, aliases of unions and of literals resolved; the nearest name stays.

        `seen` holds the aliases that are part of the union already: naming one twice adds nothing.
        """
        seen = set() if seen is None else seen
        bare = _ungroup(node)
        if isinstance(bare, s.UnionType):
            return [m for member in bare.members for m in self.expand(member, seen)]
        if isinstance(bare, s.NullableType):
            return [*self.expand(bare.base, seen), s.Null(bare.start, bare.end)]
        if isinstance(bare, s.Assertion):
            return [m for m in self.expand(bare.base, seen) if not isinstance(m, s.Null)]
        target = self.alias(bare)
        if target is not None:
            inner = _ungroup(target)
            if isinstance(inner, s.UnionType | s.NullableType | s.Variable | s.Assertion) or literal(inner):
                if inner in seen:
                    return []
                seen.add(inner)
                return self.expand(inner, seen)
        return [bare]

    def alias(self, node: s.Node) -> s.Node | None:
        """The type that a name stands for, when the name is one of a Bicep file."""
        symbol: Any = node.symbol if isinstance(node, s.Variable) else None
        if isinstance(node, s.TypeAccess) and isinstance(node.base, s.Variable) \
                and isinstance(node.base.symbol, WildcardSymbol):
            symbol = node.base.symbol.members.get(node.name.text)
        if isinstance(symbol, ImportedSymbol) and not isinstance(symbol.origin, JsonTemplate):
            symbol = symbol.origin.types.get(symbol.exported)
        return symbol.node.type if isinstance(symbol, TypeSymbol) else None

    def union(self, node: s.UnionType) -> Schema:
        members = self.expand(node)
        nullable = any(isinstance(m, s.Null) for m in members)
        members = [m for m in members if not isinstance(m, s.Null)]
        values = [v for m in members if (v := literal(m))]
        found: Schema = {}
        kinds = {_type_of(v[0]) for v in values}
        if len(kinds) == 1:
            found["type"] = kinds.pop()
        if values:
            found["allowedValues"] = _values(members)
        return {**found, "nullable": True} if nullable else found

    def discriminated(self, node: s.Node, property_name: Any) -> Schema:
        bare = _ungroup(node)
        if isinstance(bare, s.NullableType):
            return {**self.discriminated(bare.base, property_name), "nullable": True}
        if isinstance(bare, s.Assertion):
            return {**self.discriminated(bare.base, property_name), "nullable": False}
        if not isinstance(bare, s.UnionType):
            return self.type(bare)
        mapping: Schema = {}
        for member in self.expand(bare):
            shape = member
            for _ in range(MAX_ALIASES):
                target = self.alias(shape)
                if target is None:
                    break
                shape = _ungroup(target)
            value = discriminator_value(shape, property_name)
            if value is not None:
                mapping[value] = self.type(member)
        return {"type": "object", "discriminator": {"propertyName": property_name, "mapping": mapping}}

    # --- references ---

    def reference(self, node: s.Node) -> Schema:
        if isinstance(node, s.Variable) and node.symbol is None:
            return {"type": node.name} if node.name in _PRIMITIVES else {}
        if isinstance(node, s.TypeAccess) and isinstance(node.base, s.Variable) and node.base.symbol is None \
                and node.base.name == "sys":
            return {"type": node.name.text} if node.name.text in _PRIMITIVES else {}
        derived = _derived(node)
        if derived is not None:
            return derived
        found = self.locate(node)
        if found is None:
            return {}
        path, target = found
        return {"$ref": path} if path else self.type(target) if target is not None else {}

    def locate(self, node: s.Node, depth: int = 0) -> tuple[str, s.Node | None] | None:
        """Where a type stands in the definitions ("" for one without a name), and its own expression."""
        node = _ungroup(node)
        if depth > MAX_ALIASES:
            return None
        if isinstance(node, s.Variable):
            return self.definition(node.symbol, self.alias(node))
        if isinstance(node, s.TypeAccess) and isinstance(node.base, s.Variable) \
                and isinstance(node.base.symbol, WildcardSymbol):
            return self.definition(node.base.symbol.members.get(node.name.text), self.alias(node))
        if not isinstance(node, s.TypeAccess | s.TypeIndex):
            return "", node
        base = self.locate(node.base, depth + 1)
        while base is not None and base[1] is not None and isinstance(
                _strip(base[1]), s.Variable | s.TypeAccess | s.TypeIndex) and depth < MAX_ALIASES:
            depth += 1
            base = self.locate(_strip(base[1]), depth)
        return _part(node, base[0], _strip(base[1])) if base is not None and base[1] is not None else None

    def definition(self, symbol: Symbol | None, target: s.Node | None) -> tuple[str, s.Node | None] | None:
        if isinstance(symbol, TypeSymbol | ImportedSymbol):
            return f"#/definitions/{self.expressions.name_of(symbol)}", target
        return None


def _part(node: s.TypeAccess | s.TypeIndex, path: str, target: s.Node) -> tuple[str, s.Node | None] | None:
    """The part of a type that `.name`, `.*`, `[*]` or `[n]` takes."""
    member: s.Node | None = None
    step = ""
    if isinstance(node, s.TypeAccess) and isinstance(target, s.ObjectType):
        if node.name.text == "*":
            step, member = "additionalProperties", target.additional.type if target.additional else None
        else:
            step = f"properties/{node.name.text}"
            member = next((m.type for m in target.members if m.key and m.key.parts[0] == node.name.text), None)
    elif isinstance(node, s.TypeIndex) and node.index is None and isinstance(target, s.ArrayType):
        step, member = "items", target.item
    elif isinstance(node, s.TypeIndex) and node.index is not None and isinstance(target, s.TupleType) \
            and node.index < len(target.items):
        step, member = f"prefixItems/{node.index}", target.items[node.index].type
    if member is None:
        return None
    return (f"{path}/{step}" if path else ""), member


def _derived(node: s.Node) -> Schema | None:
    """`resourceInput<'Rp/type@version'>.path`: a type that Azure's own schema defines."""
    path: list[str] = []
    while isinstance(node, s.TypeAccess | s.TypeIndex):
        if isinstance(node, s.TypeAccess):
            path.append("additionalProperties" if node.name.text == "*" else f"properties/{node.name.text}")
        else:
            path.append("items" if node.index is None else f"prefixItems/{node.index}")
        node = node.base
    if not isinstance(node, s.TypeCall):
        return None
    argument = node.arguments[0] if node.arguments else None
    source = argument.parts[0] if isinstance(argument, s.Text) else ""
    path.reverse()
    found: Schema = {"type": "object"}
    if path:
        last = path[-1].removeprefix("properties/")
        found = {"type": _RESOURCE_MEMBERS.get(last, "object") if len(path) == 1 else "object"}
        source += "#" + "/".join(path)
    key = "output" if node.name.text == "resourceOutput" else "input"
    detail: Schema = {"source": source}
    if key == "output":
        detail["output"] = True
    found["metadata"] = {"__bicep_resource_derived_type!": detail}
    return found


def _ungroup(node: s.Node) -> s.Node:
    while isinstance(node, s.Group):
        node = node.inner
    return node


def _strip(node: s.Node) -> s.Node:
    """Without parentheses, `?` and `!`."""
    while isinstance(node, s.Group | s.NullableType | s.Assertion):
        node = node.inner if isinstance(node, s.Group) else node.base
    return node


def _values(members: list[s.Node]) -> list[Any]:
    """The values of literal types, in the order of their printed form."""
    found = {printed(m): v[0] for m in members if (v := literal(m))}
    return [found[key] for key in sorted(found)]


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return {int: "int", str: "string", list: "array", dict: "object"}.get(type(value), "object")
