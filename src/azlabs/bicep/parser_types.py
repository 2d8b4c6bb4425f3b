"""Parsing types: the small grammar after a parameter's, output's or type's name."""

from __future__ import annotations

from azlabs.bicep import syntax as s
from azlabs.bicep.parser_expressions import ExpressionParser

_EXPECTED = "Expected a type expression at this location."


class TypeParser(ExpressionParser):
    def type(self) -> s.Node:
        """A type, unions included."""
        start, depth = self.here, self.depth
        self.enter()
        try:
            leading = self.optional("|")
            if leading:
                self.skip_newlines()
            members = [self.type_postfix()]
            while True:
                at = self.at
                self.skip_newlines()
                if not self.optional("|"):
                    self.at = at
                    break
                self.skip_newlines()
                members.append(self.type_postfix())
            if len(members) == 1 and not leading:
                return members[0]
            return s.UnionType(start, members[-1].end, members)
        finally:
            self.depth = depth

    def type_postfix(self) -> s.Node:
        node = self.type_primary()
        depth = self.depth
        while True:
            kind = self.kind
            if kind == "[":
                self.enter()
                self.take()
                if self.optional("]"):
                    node = s.ArrayType(node.start, self.before, node)
                    continue
                index = None
                if not self.optional("*"):
                    index = self.integer(self.expect("integer", "BCP279", _EXPECTED))
                self.symbol("]")
                node = s.TypeIndex(node.start, self.before, node, index)
            elif kind == "?":
                self.enter()
                self.take()
                node = s.NullableType(node.start, self.before, node)
            elif kind == "!":
                self.enter()
                self.take()
                node = s.Assertion(node.start, self.before, node)
            elif kind == ".":
                self.enter()
                self.take()
                if self.kind == "*":
                    token = self.take()
                    name = s.Name(token.start, token.end, "*")
                else:
                    name = self.name("BCP020", "Expected a function or property name at this location.")
                node = s.TypeAccess(node.start, name.end, node, name)
            else:
                self.depth = depth
                return node

    def type_primary(self) -> s.Node:
        token = self.tokens[self.at]
        kind = token.kind
        if kind == "identifier":
            self.take()
            if token.text in ("true", "false"):
                return s.Boolean(token.start, token.end, token.text == "true")
            if token.text == "null":
                return s.Null(token.start, token.end)
            if self.kind == "<":
                return self.type_call(s.Name(token.start, token.end, token.text))
            return s.Variable(token.start, token.end, token.text)
        if kind in ("text", "text-start"):
            return self.string()
        if kind in ("integer", "-", "!"):
            return self.unary()
        if kind == "(":
            self.take()
            self.skip_newlines()
            inner = self.type()
            self.skip_newlines()
            self.symbol(")")
            return s.Group(token.start, self.before, inner)
        if kind == "{":
            return self.object_type()
        if kind == "[":
            return self.tuple_type()
        raise self.rejected("BCP279", _EXPECTED)

    def type_call(self, name: s.Name) -> s.Node:
        self.take()
        arguments = [self.type()]
        while self.optional(","):
            arguments.append(self.type())
        self.symbol(">")
        return s.TypeCall(name.start, self.before, name, arguments)

    def decorators(self) -> list[s.Decorator]:
        found: list[s.Decorator] = []
        while self.kind == "@":
            start = self.take().start
            if self.kind != "identifier":
                self.reject("BCP123", "Expected a namespace or decorator name at this location.")
            node = self.postfix(self.identifier())
            if not isinstance(node, s.Call):
                self.reject("BCP152", f'"{getattr(node, "name", "")}" cannot be used as a decorator.', node)
            found.append(s.Decorator(start, node.end, node))
            self.skip_newlines()
        return found

    def object_type(self) -> s.Node:
        start = self.take().start
        members: list[s.TypeMember] = []
        additional: s.TypeMember | None = None
        self.skip_newlines()
        self.closers.append("}")
        while not self.ends("}"):
            member = self.guarded(self.type_member, "}")
            if isinstance(member, s.TypeMember):
                if member.key is None:
                    additional = member
                else:
                    members.append(member)
            self.separated("}")
        self.closers.pop()
        self.symbol("}")
        return s.ObjectType(start, self.before, members, additional)

    def type_member(self) -> s.Node:
        start = self.here
        decorators = self.decorators()
        key: s.Text | None = None
        if not self.optional("*"):
            key, _ = self.key()
        self.symbol(":")
        type_ = self.type()
        return s.TypeMember(start, type_.end, key, type_, decorators)

    def tuple_type(self) -> s.Node:
        start = self.take().start
        items: list[s.TypeMember] = []
        self.skip_newlines()
        self.closers.append("]")
        while not self.ends("]"):
            item = self.guarded(self.tuple_item, "]")
            if isinstance(item, s.TypeMember):
                items.append(item)
            self.separated("]")
        self.closers.pop()
        self.symbol("]")
        return s.TupleType(start, self.before, items)

    def tuple_item(self) -> s.Node:
        start = self.here
        decorators = self.decorators()
        type_ = self.type()
        return s.TypeMember(start, type_.end, None, type_, decorators)
