"""The printer: a tree back to text, in the usual layout. Comments stay before what they stood before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azlabs.bicep import syntax as s
from azlabs.bicep.lexer import Comment
from azlabs.bicep.parser import Parsed
from azlabs.bicep.parser_expressions import BINARY

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def print_program(parsed: Parsed) -> str:
    """The text of a file without syntax errors; parsing it gives the same tree."""
    marks = sorted([*parsed.lexed.comments, *parsed.lexed.directives], key=lambda c: c.start)
    return _Printer(marks).program(parsed.program)


class _Printer:
    def __init__(self, comments: list[Comment]) -> None:
        self.comments = comments
        self.next = 0
        self.level = 0
        # Members that are the `*` of an object type, and not items of a tuple.
        self.rests: set[s.TypeMember] = set()
        self.writers: dict[type, Callable[[Any], str]] = {
            s.Text: self.text, s.Integer: lambda n: str(n.value), s.Boolean: lambda n: str(n.value).lower(),
            s.Null: lambda _: "null", s.Object: self.object, s.Array: self.array, s.Variable: lambda n: n.name,
            s.Access: lambda n: f"{self.write(n.base)}{'.?' if n.safe else '.'}{n.name.text}", s.Index: self.index,
            s.Nested: lambda n: f"{self.write(n.base)}::{n.name.text}", s.Call: self.call,
            s.Unary: lambda n: n.operator + self.write(n.operand), s.Binary: self.binary, s.Ternary: self.ternary,
            s.Assertion: lambda n: self.write(n.base) + "!", s.Group: lambda n: f"({self.write(self.inside(n))})",
            s.Lambda: self.lambda_, s.For: self.loop, s.Conditional: self.conditional,
            s.Spread: lambda n: "..." + self.write(n.value), s.Property: self.property,
            s.ArrayType: lambda n: self.write(n.item) + "[]", s.NullableType: lambda n: self.write(n.base) + "?",
            s.UnionType: self.union, s.ObjectType: self.object_type, s.TupleType: self.tuple_type,
            s.TypeAccess: lambda n: f"{self.write(n.base)}.{n.name.text}",
            s.TypeIndex: lambda n: f"{self.write(n.base)}[{'*' if n.index is None else n.index}]",
            s.TypeCall: lambda n: f"{n.name.text}<{', '.join(map(self.write, n.arguments))}>",
            s.TypeMember: self.type_member, s.Resource: self.resource, s.Module: self.module, s.Param: self.param,
            s.Var: lambda n: f"var {n.name.text}{' ' + self.write(n.type) if n.type else ''} = {self.write(n.value)}",
            s.Output: lambda n: f"output {n.name.text} {self.write(n.type)} = {self.write(n.value)}",
            s.Metadata: lambda n: f"metadata {n.name.text} = {self.write(n.value)}",
            s.TargetScope: lambda n: f"targetScope = {self.write(n.value)}",
            s.TypeDeclaration: lambda n: f"type {n.name.text} = {self.write(n.type)}", s.Function: self.function,
            s.Import: self.import_, s.Using: lambda n: f"using {self.write(n.path) if n.path else 'none'}",
            s.Extends: lambda n: f"extends {self.write(n.path)}",
        }

    def write(self, node: s.Node) -> str:
        return self.writers[type(node)](node)

    @staticmethod
    def inside(node: s.Group) -> s.Node:
        return node.inner

    # --- layout ---

    @property
    def indent(self) -> str:
        return "  " * self.level

    def leading(self, start: int) -> list[str]:
        """Comments not yet written that stand before `start`, each on a line of its own."""
        lines: list[str] = []
        while self.next < len(self.comments) and self.comments[self.next].start < start:
            lines.append(self.indent + self.comments[self.next].text)
            self.next += 1
        return lines

    def program(self, program: s.Program) -> str:
        blocks: list[str] = []
        previous: type | None = None
        for statement in program.statements:
            lines = self.leading(statement.start)
            lines += self.decorators(statement.decorators)
            lines.append(self.write(statement))
            block = "\n".join(lines)
            if previous is not None and (previous is not type(statement) or "\n" in block or "\n" in blocks[-1]):
                blocks.append("")
            blocks.append(block)
            previous = type(statement)
        blocks += self.leading(program.end + 1)
        return "\n".join(blocks) + "\n" if blocks else ""

    def decorators(self, decorators: list[s.Decorator]) -> list[str]:
        return [f"{self.indent}@{self.write(d.call)}" for d in decorators]

    def block(self, opening: str, members: list[Any], closing: str, end: int) -> str:
        """Members between brackets, one on each line."""
        self.level += 1
        lines: list[str] = []
        for member in members:
            lines += self.leading(member.start)
            if isinstance(member, s.Resource | s.TypeMember):
                lines += self.decorators(member.decorators)
            lines.append(self.indent + self.write(member))
        lines += self.leading(end)
        self.level -= 1
        if not lines:
            return opening + closing
        return "\n".join([opening, *lines, self.indent + closing])

    # --- expressions ---

    def text(self, node: s.Text) -> str:
        pieces = [_escaped(node.parts[0])]
        for hole, part in zip(node.holes, node.parts[1:], strict=True):
            pieces.append("${" + _one_line(self, hole) + "}")
            pieces.append(_escaped(part))
        return "'" + "".join(pieces) + "'"

    def property(self, node: s.Property) -> str:
        key = self.text(node.key) if node.quoted else node.key.parts[0]
        return f"{key}: {self.write(node.value)}"

    def object(self, node: s.Object) -> str:
        return self.block("{", node.members, "}", node.end)

    def array(self, node: s.Array) -> str:
        return self.block("[", node.items, "]", node.end)

    def index(self, node: s.Index) -> str:
        marks = ("?" if node.safe else "") + ("^" if node.from_end else "")
        return f"{self.write(node.base)}[{marks}{self.write(node.index)}]"

    def call(self, node: s.Call) -> str:
        owner = self.write(node.base) + "." if node.base is not None else ""
        return f"{owner}{node.name.text}({', '.join(map(self.write, node.arguments))})"

    def binary(self, node: s.Binary) -> str:
        assert node.operator in BINARY
        return f"{self.write(node.left)} {node.operator} {self.write(node.right)}"

    def ternary(self, node: s.Ternary) -> str:
        return f"{self.write(node.condition)} ? {self.write(node.yes)} : {self.write(node.no)}"

    def lambda_(self, node: s.Lambda) -> str:
        names = ", ".join(p.text for p in node.parameters)
        return f"{names if len(node.parameters) == 1 else f'({names})'} => {self.write(node.body)}"

    def loop(self, node: s.For) -> str:
        item = f"({node.item.text}, {node.index.text})" if node.index else node.item.text
        return f"[for {item} in {self.write(node.source)}: {self.write(node.body)}]"

    def conditional(self, node: s.Conditional) -> str:
        return f"if ({self.write(node.condition)}) {self.write(node.body)}"

    # --- types ---

    def union(self, node: s.UnionType) -> str:
        joined = " | ".join(map(self.write, node.members))
        return "| " + joined if len(node.members) == 1 else joined

    def object_type(self, node: s.ObjectType) -> str:
        members = list(node.members)
        if node.additional is not None:
            self.rests.add(node.additional)
            members.append(node.additional)
        return self.block("{", sorted(members, key=lambda m: m.start), "}", node.end)

    def tuple_type(self, node: s.TupleType) -> str:
        return self.block("[", node.items, "]", node.end)

    def type_member(self, node: s.TypeMember) -> str:
        if node.key is None:
            return f"*: {self.write(node.type)}" if node in self.rests else self.write(node.type)
        plain = node.key.parts[0].isidentifier() and node.key.parts[0].isascii() and not node.key.holes
        return f"{node.key.parts[0] if plain else self.text(node.key)}: {self.write(node.type)}"

    # --- statements ---

    def resource(self, node: s.Resource) -> str:
        existing = " existing" if node.existing else ""
        return f"resource {node.name.text} {self.text(node.type)}{existing} = {self.write(node.value)}"

    def module(self, node: s.Module) -> str:
        return f"module {node.name.text} {self.text(node.path)} = {self.write(node.value)}"

    def param(self, node: s.Param) -> str:
        type_ = " " + self.write(node.type) if node.type is not None else ""
        default = f" = {self.write(node.default)}" if node.default is not None else ""
        return f"param {node.name.text}{type_}{default}"

    def function(self, node: s.Function) -> str:
        parameters = ", ".join(f"{p.name.text} {self.write(p.type)}" for p in node.parameters)
        return f"func {node.name.text}({parameters}) {self.write(node.type)} => {self.write(node.body)}"

    def import_(self, node: s.Import) -> str:
        if node.items is None:
            what = f"* as {node.wildcard.text if node.wildcard else ''}"
        else:
            what = "{" + ", ".join(_import_item(self, item) for item in node.items) + "}"
        return f"import {what} from {self.text(node.path)}"


def _import_item(printer: _Printer, item: s.ImportItem) -> str:
    name = item.name.parts[0]
    shown = name if name.isidentifier() and name.isascii() else printer.text(item.name)
    return f"{shown} as {item.alias.text}" if item.alias else shown


def _escaped(text: str) -> str:
    found = "".join(_ESCAPES.get(character, character) for character in text)
    return found.replace("${", "\\${")


def _one_line(printer: _Printer, node: s.Node) -> str:
    """An expression inside `${}`, where no line may break."""
    flat = _Flat(printer.comments)
    flat.next = len(flat.comments)
    return flat.write(node)


class _Flat(_Printer):
    def block(self, opening: str, members: list[Any], closing: str, end: int) -> str:  # noqa: ARG002
        inner = ", ".join(self.write(member) for member in members)
        return f"{opening} {inner} {closing}" if inner else opening + closing
