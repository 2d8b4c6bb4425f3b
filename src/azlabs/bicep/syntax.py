"""The syntax tree. Nodes know where they stand (`start`, `end`: offsets) and compare by identity;
`shape` gives what two trees have in common when only positions differ."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True, eq=False)
class Node:
    start: int
    end: int


@dataclass(slots=True, eq=False)
class Name(Node):
    text: str


# --- expressions ---------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Skipped(Node):
    """What could not be parsed; later phases pass over it."""


@dataclass(slots=True, eq=False)
class Text(Node):
    """A string: `parts` has one entry more than `holes`."""

    parts: list[str]
    holes: list[Node]
    multiline: bool = False

    @property
    def value(self) -> str | None:
        """The value of a string without holes."""
        return None if self.holes else self.parts[0]


@dataclass(slots=True, eq=False)
class Integer(Node):
    value: int


@dataclass(slots=True, eq=False)
class Boolean(Node):
    value: bool


@dataclass(slots=True, eq=False)
class Null(Node):
    pass


@dataclass(slots=True, eq=False)
class Property(Node):
    key: Text
    quoted: bool
    value: Node


@dataclass(slots=True, eq=False)
class Spread(Node):
    value: Node


@dataclass(slots=True, eq=False)
class Object(Node):
    """`members`: Property, Spread and, in a resource's body, nested Resource."""

    members: list[Node]

    def find(self, name: str) -> Property | None:
        for member in self.members:
            if isinstance(member, Property) and member.key.value == name:
                return member
        return None


@dataclass(slots=True, eq=False)
class Array(Node):
    items: list[Node]


@dataclass(slots=True, eq=False)
class Variable(Node):
    """A symbol by its name; `symbol` is set by the binder."""

    name: str
    symbol: Any = None


@dataclass(slots=True, eq=False)
class Access(Node):
    """`base.name`, `base.?name`."""

    base: Node
    name: Name
    safe: bool


@dataclass(slots=True, eq=False)
class Index(Node):
    """`base[index]`, `base[?index]`, `base[^index]`, `base[?^index]`."""

    base: Node
    index: Node
    safe: bool
    from_end: bool


@dataclass(slots=True, eq=False)
class Nested(Node):
    """`base::name`, a nested resource."""

    base: Node
    name: Name
    symbol: Any = None


@dataclass(slots=True, eq=False)
class Call(Node):
    """`name(...)` or `base.name(...)`; `symbol` is set by the binder."""

    base: Node | None
    name: Name
    arguments: list[Node]
    symbol: Any = None


@dataclass(slots=True, eq=False)
class Unary(Node):
    operator: str
    operand: Node


@dataclass(slots=True, eq=False)
class Binary(Node):
    operator: str
    left: Node
    right: Node


@dataclass(slots=True, eq=False)
class Ternary(Node):
    condition: Node
    yes: Node
    no: Node


@dataclass(slots=True, eq=False)
class Assertion(Node):
    """`base!`."""

    base: Node


@dataclass(slots=True, eq=False)
class Group(Node):
    """`(inner)`."""

    inner: Node


@dataclass(slots=True, eq=False)
class Lambda(Node):
    parameters: list[Name]
    body: Node
    symbols: list[Any] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class For(Node):
    item: Name
    index: Name | None
    source: Node
    body: Node
    symbols: list[Any] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Conditional(Node):
    """`if (condition) {...}`, the body of a resource or module."""

    condition: Node
    body: Node


# --- types; literals and Text, Integer, Boolean, Null, Unary, Group, Variable serve here too ---------


@dataclass(slots=True, eq=False)
class TypeMember(Node):
    """A property of an object type or, without key, an item of a tuple. Key None in an object: `*`."""

    key: Text | None
    type: Node
    decorators: list[Decorator]


@dataclass(slots=True, eq=False)
class ObjectType(Node):
    members: list[TypeMember]
    additional: TypeMember | None


@dataclass(slots=True, eq=False)
class TupleType(Node):
    items: list[TypeMember]


@dataclass(slots=True, eq=False)
class ArrayType(Node):
    item: Node


@dataclass(slots=True, eq=False)
class NullableType(Node):
    base: Node


@dataclass(slots=True, eq=False)
class UnionType(Node):
    members: list[Node]


@dataclass(slots=True, eq=False)
class TypeAccess(Node):
    """`base.name`; `name` "*" stands for `.*`."""

    base: Node
    name: Name


@dataclass(slots=True, eq=False)
class TypeIndex(Node):
    """`base[index]`, or `base[*]` (index None)."""

    base: Node
    index: int | None


@dataclass(slots=True, eq=False)
class TypeCall(Node):
    """`name<...>`."""

    name: Name
    arguments: list[Node]


# --- statements ------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Decorator(Node):
    call: Call


@dataclass(slots=True, eq=False)
class Statement(Node):
    decorators: list[Decorator]


@dataclass(slots=True, eq=False)
class TargetScope(Statement):
    value: Node


@dataclass(slots=True, eq=False)
class Metadata(Statement):
    name: Name
    value: Node


@dataclass(slots=True, eq=False)
class Param(Statement):
    """`type` is None in a parameter file, where `default` is the value assigned."""

    name: Name
    type: Node | None
    default: Node | None


@dataclass(slots=True, eq=False)
class Var(Statement):
    name: Name
    type: Node | None
    value: Node


@dataclass(slots=True, eq=False)
class Output(Statement):
    name: Name
    type: Node
    value: Node


@dataclass(slots=True, eq=False)
class Resource(Statement):
    """`type` is the text of 'Rp/type@version'; of a nested resource its own segment."""

    name: Name
    type: Text
    existing: bool
    value: Node


@dataclass(slots=True, eq=False)
class Module(Statement):
    name: Name
    path: Text
    value: Node


@dataclass(slots=True, eq=False)
class TypeDeclaration(Statement):
    name: Name
    type: Node


@dataclass(slots=True, eq=False)
class FunctionParameter(Node):
    name: Name
    type: Node


@dataclass(slots=True, eq=False)
class Function(Statement):
    name: Name
    parameters: list[FunctionParameter]
    type: Node
    body: Node
    symbols: list[Any] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ImportItem(Node):
    name: Text
    alias: Name | None


@dataclass(slots=True, eq=False)
class Import(Statement):
    """`items` None: `* as wildcard`."""

    items: list[ImportItem] | None
    wildcard: Name | None
    path: Text


@dataclass(slots=True, eq=False)
class Using(Statement):
    """`path` None: `using none`."""

    path: Text | None


@dataclass(slots=True, eq=False)
class Extends(Statement):
    path: Text


@dataclass(slots=True, eq=False)
class Program(Node):
    statements: list[Statement]


_UNCOMPARED = {"start", "end", "symbol", "symbols", "multiline"}


def shape(node: Any) -> Any:
    """The tree as nested tuples, without positions and bindings: equal for equal trees."""
    if isinstance(node, Node):
        kept = [shape(getattr(node, f.name)) for f in fields(node) if f.name not in _UNCOMPARED]
        return (type(node).__name__, *kept)
    if isinstance(node, list):
        return tuple(shape(item) for item in node)
    return node


def _child_fields(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the fields that hold a node, and of those that hold lists of nodes. Names are no children."""
    single, many = [], []
    for f in fields(kind):
        annotation = str(f.type).replace(" | None", "")
        if annotation in ("Node", "Text", "Call", "TypeMember"):
            single.append(f.name)
        elif annotation.startswith("list[") and annotation[5:-1] not in ("str", "Any", "Name"):
            many.append(f.name)
    return tuple(single), tuple(many)


_CHILDREN: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {}


def children(node: Node) -> list[Node]:
    """The nodes directly below `node`."""
    kind = type(node)
    names = _CHILDREN.get(kind)
    if names is None:
        names = _CHILDREN[kind] = _child_fields(kind)
    found: list[Node] = []
    for name in names[0]:
        value = getattr(node, name)
        if value is not None:
            found.append(value)
    for name in names[1]:
        found += getattr(node, name) or ()
    return found


def bare(node: Node) -> Node:
    """The node without parentheses and `!` round it."""
    while isinstance(node, Group | Assertion):
        node = node.inner if isinstance(node, Group) else node.base
    return node
