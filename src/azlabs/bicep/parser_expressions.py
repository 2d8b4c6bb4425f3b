"""Parsing expressions: precedence climbing over a token list, with limits on depth."""

from __future__ import annotations

from azlabs.bicep import syntax as s
from azlabs.bicep.diagnostics import Rejected
from azlabs.bicep.lexer import Token
from azlabs.bicep.parser_tokens import TokenParser

BINARY = {
    "??": 1, "||": 2, "&&": 3,
    "==": 4, "!=": 4, "=~": 4, "!~": 4,
    "<": 5, "<=": 5, ">": 5, ">=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "%": 7,
}
MAX_INTEGER = 2**63 - 1


class ExpressionParser(TokenParser):
    """Expressions; what statements and types build on."""

    # --- operators ---

    def expression(self) -> s.Node:
        self.enter()
        depth = self.depth
        try:
            node = self.binary(1)
            at = self.at
            self.skip_newlines()
            if self.kind != "?":
                self.at = at
                return node
            self.take()
            self.skip_newlines()
            yes = self.expression()
            self.skip_newlines()
            self.symbol(":")
            self.skip_newlines()
            no = self.expression()
            return s.Ternary(node.start, no.end, node, yes, no)
        finally:
            self.depth = depth - 1

    def binary(self, lowest: int) -> s.Node:
        left = self.unary()
        while True:
            operator = self.kind
            power = BINARY.get(operator)
            if power is None or power < lowest:
                return left
            # A chain of left-associative operators is a tree as deep as the chain is long.
            self.enter()
            self.take()
            self.skip_newlines_after_operator()
            right = self.binary(power + 1)
            left = s.Binary(left.start, right.end, operator, left, right)

    def skip_newlines_after_operator(self) -> None:
        if self.kind == "newline":
            self.reject("BCP009", "Expected a literal value, an array, an object, a parenthesized expression, or a "
                        "function call at this location.")

    def unary(self) -> s.Node:
        if self.kind in ("!", "-", "+"):
            operator = self.take()
            self.enter()
            operand = self.unary()
            if operator.kind == "-" and isinstance(operand, s.Integer) and operand.value >= 0 \
                    and self.tokens[self.at - 1].kind == "integer":
                return s.Integer(operator.start, operand.end, -operand.value)
            if operator.kind == "+":
                raise Rejected("BCP055", 'Unary operator "+" is not supported.', operator.start, operand.end)
            return s.Unary(operator.start, operand.end, operator.kind, operand)
        return self.postfix(self.primary())

    def postfix(self, node: s.Node) -> s.Node:
        while True:
            kind = self.kind
            if kind == "." or kind == ".?":
                self.enter()
                self.take()
                name = self.name("BCP020", "Expected a function or property name at this location.")
                if self.kind == "(" and kind == ".":
                    arguments = self.arguments()
                    node = s.Call(node.start, self.before, node, name, arguments)
                else:
                    node = s.Access(node.start, name.end, node, name, kind == ".?")
            elif kind == "[":
                self.enter()
                self.take()
                safe = self.optional("?")
                from_end = self.optional("^")
                if self.kind == "]":
                    self.reject("BCP117", "An empty indexer is not allowed. Specify a valid expression.")
                self.skip_newlines()
                index = self.expression()
                self.skip_newlines()
                self.symbol("]")
                node = s.Index(node.start, self.before, node, index, safe, from_end)
            elif kind == "::":
                self.enter()
                self.take()
                name = self.name("BCP020", "Expected a resource name at this location.")
                node = s.Nested(node.start, name.end, node, name)
            elif kind == "!":
                self.enter()
                self.take()
                node = s.Assertion(node.start, self.before, node)
            else:
                return node

    def primary(self) -> s.Node:
        token = self.tokens[self.at]
        kind = token.kind
        if kind == "identifier":
            return self.identifier()
        if kind in ("text", "text-start"):
            return self.string()
        if kind == "integer":
            self.take()
            return s.Integer(token.start, token.end, self.integer(token))
        if kind == "{":
            return self.object()
        if kind == "[":
            return self.array()
        if kind == "(":
            return self.parenthesis()
        raise self.rejected("BCP009", "Expected a literal value, an array, an object, a parenthesized expression, or "
                            "a function call at this location.")

    def integer(self, token: Token) -> int:
        # 2**63 is right after a minus sign only.
        negative = self.at > 1 and self.tokens[self.at - 2].kind == "-"
        if len(token.text) > 30 or int(token.text) > MAX_INTEGER + negative:
            raise Rejected("BCP010", "Expected a valid 64-bit signed integer.", token.start, token.end)
        return int(token.text)

    def identifier(self) -> s.Node:
        token = self.take()
        if self.kind == "=>":
            return self.lambda_body(token.start, [s.Name(token.start, token.end, token.text)])
        if self.kind == "(":
            name = s.Name(token.start, token.end, token.text)
            arguments = self.arguments()
            return s.Call(token.start, self.before, None, name, arguments)
        if token.text == "true" or token.text == "false":
            return s.Boolean(token.start, token.end, token.text == "true")
        if token.text == "null":
            return s.Null(token.start, token.end)
        return s.Variable(token.start, token.end, token.text)

    def string(self) -> s.Text:
        token = self.take()
        multiline = token.end - token.start > 5 and "\n" in token.text
        if token.kind == "text":
            return s.Text(token.start, token.end, [token.text], [], multiline)
        parts, holes = [token.text], []
        self.enter()
        while True:
            holes.append(self.expression())
            following = self.tokens[self.at]
            if following.kind not in ("text-middle", "text-end"):
                self.reject("BCP256" if following.kind == "newline" else "BCP018",
                            'Expected the "}" character at this location.')
            self.take()
            parts.append(following.text)
            if following.kind == "text-end":
                break
        self.depth -= 1
        return s.Text(token.start, self.before, parts, holes, multiline)

    def arguments(self) -> list[s.Node]:
        self.take()
        self.enter()
        found: list[s.Node] = []
        self.closers.append(")")
        self.skip_newlines()
        while self.kind != ")":
            found.append(self.expression())
            self.skip_newlines()
            if self.kind != ")":
                if self.kind != ",":
                    self.reject("BCP018" if self.kind == "end" else "BCP236",
                                'Expected a new line or comma character at this location.'
                                if self.kind != "end" else 'Expected the ")" character at this location.')
                self.take()
                self.skip_newlines()
                if self.kind == ")":
                    self.reject("BCP009", "Expected a literal value, an array, an object, a parenthesized "
                                "expression, or a function call at this location.")
        self.take()
        self.closers.pop()
        self.depth -= 1
        return found

    def parenthesis(self) -> s.Node:
        """`(expression)`, or the parameters of a lambda."""
        start = self.take().start
        parameters = self.lambda_parameters()
        if parameters is not None:
            return self.lambda_body(start, parameters)
        self.enter()
        self.skip_newlines()
        if self.kind == ")":
            self.reject("BCP243", "Parentheses must contain exactly one expression.")
        inner = self.expression()
        self.skip_newlines()
        if self.kind == ",":
            self.reject("BCP243", "Parentheses must contain exactly one expression.")
        self.symbol(")")
        self.depth -= 1
        return s.Group(start, self.before, inner)

    def lambda_parameters(self) -> list[s.Name] | None:
        at, names = self.at, []
        self.skip_newlines()
        while self.kind == "identifier":
            token = self.take()
            names.append(s.Name(token.start, token.end, token.text))
            self.skip_newlines()
            if not self.optional(","):
                break
            self.skip_newlines()
        if self.kind == ")" and self.tokens[min(self.at + 1, len(self.tokens) - 1)].kind == "=>":
            self.take()
            return names
        self.at = at
        return None

    def lambda_body(self, start: int, parameters: list[s.Name]) -> s.Node:
        self.take()
        self.skip_newlines()
        body = self.expression()
        return s.Lambda(start, body.end, parameters, body)

    # --- collections ---

    def object(self) -> s.Node:
        start = self.take().start
        self.enter()
        members: list[s.Node] = []
        self.skip_newlines()
        self.closers.append("}")
        while not self.ends("}"):
            members.append(self.guarded(self.member, "}"))
            self.separated("}")
        self.closers.pop()
        self.depth -= 1
        self.symbol("}")
        return s.Object(start, self.before, members)

    def member(self) -> s.Node:
        start = self.here
        if self.kind == "...":
            self.take()
            value = self.expression()
            return s.Spread(start, value.end, value)
        if self.nested_resource and (self.kind == "@" or (self.word() == "resource" and
                                                          self.tokens[self.at + 1].kind == "identifier")):
            return self.nested_resource([])
        key, quoted = self.key()
        self.symbol(":")
        value = self.value()
        return s.Property(start, value.end, key, quoted, value)

    def key(self) -> tuple[s.Text, bool]:
        if self.kind == "identifier":
            token = self.take()
            return s.Text(token.start, token.end, [token.text], []), False
        if self.kind in ("text", "text-start"):
            return self.string(), True
        raise self.rejected("BCP022", "Expected a property name at this location.")

    def value(self) -> s.Node:
        """A property's value: also a loop may stand here."""
        if self.kind == "[" and self.starts_loop():
            return self.loop(allow_condition=False)
        return self.expression()

    def array(self) -> s.Node:
        if self.starts_loop():
            return self.loop(allow_condition=False)
        start = self.take().start
        self.enter()
        items: list[s.Node] = []
        self.skip_newlines()
        self.closers.append("]")
        while not self.ends("]"):
            items.append(self.guarded(self.item, "]"))
            self.separated("]")
        self.closers.pop()
        self.depth -= 1
        self.symbol("]")
        return s.Array(start, self.before, items)

    def item(self) -> s.Node:
        if self.kind == "...":
            start = self.take().start
            value = self.expression()
            return s.Spread(start, value.end, value)
        return self.expression()

    # --- loops ---

    def starts_loop(self) -> bool:
        at = self.at + 1
        while self.tokens[at].kind == "newline":
            at += 1
        token = self.tokens[at]
        return token.kind == "identifier" and token.text == "for" and self.tokens[at + 1].kind in ("identifier", "(")

    def loop(self, allow_condition: bool) -> s.Node:
        start = self.take().start
        self.enter()
        self.skip_newlines()
        self.take()
        index = None
        if self.kind == "(":
            self.take()
            item = self.name("BCP163", "Expected a loop item variable identifier at this location.")
            self.symbol(",")
            index = self.name("BCP163", "Expected a loop index variable identifier at this location.")
            self.symbol(")")
        else:
            item = self.name("BCP162", "Expected a loop item variable identifier or \"(\" at this location.")
        if self.word() != "in":
            self.reject("BCP012", 'Expected the "in" keyword at this location.')
        self.take()
        source = self.expression()
        self.symbol(":")
        self.skip_newlines()
        body = self.conditional() if allow_condition and self.word() == "if" and \
            self.tokens[self.at + 1].kind == "(" else self.expression()
        self.skip_newlines()
        self.symbol("]")
        self.depth -= 1
        return s.For(start, self.before, item, index, source, body)

    def conditional(self) -> s.Node:
        start = self.take().start
        if self.kind != "(":
            self.reject("BCP018", 'Expected the "(" character at this location.')
        condition = self.parenthesis()
        self.skip_newlines()
        if self.kind != "{":
            self.reject("BCP018", 'Expected the "{" character at this location.')
        body = self.object()
        inner = condition.inner if isinstance(condition, s.Group) else condition
        return s.Conditional(start, body.end, inner, body)
