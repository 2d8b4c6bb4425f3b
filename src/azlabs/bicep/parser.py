"""Parsing files: statements of Bicep files and of parameter files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from azlabs.bicep import syntax as s
from azlabs.bicep.diagnostics import Rejected
from azlabs.bicep.lexer import Lexed, lex
from azlabs.bicep.parser_types import TypeParser

# A file larger than this is no template: Azure takes 4 MB of compiled JSON.
MAX_SOURCE = 8 * 1024 * 1024
_UNSUPPORTED = {
    "provider": "Extensions", "extension": "Extensions", "assert": "Asserts (an experimental feature)",
    "test": "Tests (an experimental feature)",
}


@dataclass(slots=True)
class Parsed:
    program: s.Program
    lexed: Lexed
    problems: list[Rejected]


def parse(source: str) -> Parsed:
    """The tree of `source` and what is wrong with it. Never raises: what cannot be parsed is skipped."""
    if len(source) > MAX_SOURCE:
        problem = Rejected("size-limit", f"The file is larger than {MAX_SOURCE // 1024 // 1024} MB.", 0, 0)
        return Parsed(s.Program(0, 0, []), Lexed(), [problem])
    lexed = lex(source)
    parser = Parser(lexed)
    program = parser.program()
    return Parsed(program, lexed, parser.problems)


class Parser(TypeParser):
    def __init__(self, lexed: Lexed) -> None:
        super().__init__(lexed)
        self.nested_resource = self.nested
        self.keywords: dict[str, Callable[[int, list[s.Decorator]], s.Statement]] = {
            "targetScope": self.target_scope,
            "metadata": self.metadata,
            "param": self.param,
            "var": self.var,
            "output": self.output,
            "resource": self.resource,
            "module": self.module,
            "type": self.type_declaration,
            "func": self.function,
            "import": self.import_,
            "using": self.using,
            "extends": self.extends,
        }

    def program(self) -> s.Program:
        statements: list[s.Statement] = []
        self.skip_newlines()
        while self.kind != "end":
            at = self.at
            try:
                statement = self.statement()
                statements.append(statement)
                if self.kind not in ("newline", "end"):
                    self.reject("BCP019", "Expected a new line character at this location.")
            except Rejected as problem:
                self.problems.append(problem)
                self.depth = 0
                self.closers.clear()
                self.recover_statement(at)
            self.skip_newlines()
        return s.Program(0, self.here, statements)

    def recover_statement(self, at: int) -> None:
        """Go on at the first line after the fault that is not inside brackets of this statement."""
        fault, brackets = self.at, 0
        if fault > at and self.at_statement():
            return
        self.at = at
        while self.kind != "end":
            kind = self.kind
            if kind in ("(", "[", "{"):
                brackets += 1
            elif kind in (")", "]", "}"):
                brackets = max(0, brackets - 1)
            elif kind == "newline" and self.at >= fault and (brackets == 0 or self.looks_like_statement()):
                return
            self.take()

    def looks_like_statement(self) -> bool:
        """After an unclosed bracket: a line that starts as only a statement can."""
        tokens, at = self.tokens, self.at + 1
        if at + 1 >= len(tokens):
            return False
        first, second = tokens[at], tokens[at + 1]
        line_start = tokens[self.at].end == first.start
        return line_start and first.kind == "identifier" and first.text in self.keywords and \
            second.kind == "identifier"

    def statement(self) -> s.Statement:
        start = self.here
        decorators = self.decorators()
        word = self.word()
        if word in self.keywords:
            return self.keywords[word](start, decorators)
        if word in _UNSUPPORTED:
            self.reject("unsupported-feature", f'{_UNSUPPORTED[word]} are not supported: "{word}".')
        if decorators:
            self.reject("BCP292", "Expected a declaration after the decorator.")
        raise self.rejected("BCP007", "This declaration type is not recognized. Specify a metadata, parameter, variable, "
                            "resource, or output declaration.")

    def assignment(self) -> None:
        self.symbol("=")

    def target_scope(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        self.assignment()
        value = self.expression()
        return s.TargetScope(start, value.end, decorators, value)

    def metadata(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        name = self.name("BCP253", "Expected a metadata identifier at this location.")
        self.assignment()
        value = self.expression()
        return s.Metadata(start, value.end, decorators, name, value)

    def param(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        name = self.name("BCP013", "Expected a parameter identifier at this location.")
        if self.optional("="):
            value = self.expression()
            return s.Param(start, value.end, decorators, name, None, value)
        if self.kind in ("newline", "end"):
            self.reject("BCP014", "Expected a parameter type at this location.")
        type_ = self.type_or_resource()
        default = self.expression() if self.optional("=") else None
        return s.Param(start, self.before, decorators, name, type_, default)

    def type_or_resource(self) -> s.Node:
        if self.word() == "resource" and self.tokens[self.at + 1].kind == "text":
            self.reject("unsupported-feature", "Resource-typed parameters and outputs (an experimental feature) "
                        "are not supported.")
        return self.type()

    def var(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        name = self.name("BCP015", "Expected a variable identifier at this location.")
        type_ = None if self.kind == "=" else self.type() if self.kind not in ("newline", "end") else None
        self.assignment()
        value = self.expression()
        return s.Var(start, value.end, decorators, name, type_, value)

    def output(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        name = self.name("BCP016", "Expected an output identifier at this location.")
        if self.kind in ("newline", "end", "="):
            self.reject("BCP146", "Expected an output type at this location.")
        type_ = self.type_or_resource()
        self.assignment()
        value = self.expression()
        return s.Output(start, value.end, decorators, name, type_, value)

    def nested(self, _: list[s.Decorator]) -> s.Node:
        start = self.here
        decorators = self.decorators()
        if self.word() != "resource":
            self.reject("BCP007", "Expected a nested resource declaration at this location.")
        return self.resource(start, decorators)

    def resource(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        name = self.name("BCP017", "Expected a resource identifier at this location.")
        type_ = self.plain_text("BCP068", "Expected a resource type string. Specify a valid resource type of format "
                                '"<type-name>@<apiVersion>".')
        existing = self.word() == "existing"
        if existing:
            self.take()
        self.assignment()
        value = self.declaration_body()
        return s.Resource(start, value.end, decorators, name, type_, existing, value)

    def module(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        name = self.name("BCP096", "Expected a module identifier at this location.")
        path = self.plain_text("BCP097", "Expected a module path string. This should be a relative path to another "
                               "bicep file, e.g. 'myModule.bicep' or '../parent/myModule.bicep'")
        self.assignment()
        value = self.declaration_body()
        return s.Module(start, value.end, decorators, name, path, value)

    def plain_text(self, code: str, message: str) -> s.Text:
        if self.kind not in ("text", "text-start"):
            self.reject(code, message)
        text = self.string()
        if text.holes:
            self.reject("BCP032", "The value must be a compile-time constant.", text)
        return text

    def declaration_body(self) -> s.Node:
        self.skip_newlines()
        if self.word() == "if":
            return self.conditional()
        if self.kind == "[" and self.starts_loop():
            return self.loop(allow_condition=True)
        if self.kind == "{":
            return self.expression()
        raise self.rejected("BCP118", 'Expected the "{" character, the "[" character, or the "if" keyword at this '
                            "location.")

    def type_declaration(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        name = self.name("BCP283", "Expected a type identifier at this location.")
        self.assignment()
        type_ = self.type()
        return s.TypeDeclaration(start, type_.end, decorators, name, type_)

    def function(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        name = self.name("BCP334", "Expected a function identifier at this location.")
        self.symbol("(")
        self.skip_newlines()
        parameters: list[s.FunctionParameter] = []
        while self.kind != ")":
            parameter = self.name("BCP013", "Expected a parameter identifier at this location.")
            type_ = self.type()
            parameters.append(s.FunctionParameter(parameter.start, type_.end, parameter, type_))
            self.skip_newlines()
            if not self.optional(","):
                break
            self.skip_newlines()
        self.symbol(")")
        result = self.type()
        self.symbol("=>")
        self.skip_newlines()
        body = self.expression()
        return s.Function(start, body.end, decorators, name, parameters, result, body)

    def import_(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        wildcard: s.Name | None = None
        items: list[s.ImportItem] | None = None
        if self.optional("*"):
            if self.word() != "as":
                self.reject("BCP012", 'Expected the "as" keyword at this location.')
            self.take()
            wildcard = self.name("BCP355", "Expected an identifier at this location.")
        elif self.kind == "{":
            items = self.import_items()
        else:
            self.reject("unsupported-feature", "Extensions are not supported. Use `import {name} from 'file.bicep'`.")
        if self.word() != "from":
            self.reject("BCP012", 'Expected the "from" keyword at this location.')
        self.take()
        path = self.plain_text("BCP097", "Expected a path to a local file at this location.")
        return s.Import(start, path.end, decorators, items, wildcard, path)

    def import_items(self) -> list[s.ImportItem]:
        self.take()
        items: list[s.ImportItem] = []
        self.skip_newlines()
        while self.kind not in ("}", "end"):
            name, _ = self.key()
            alias = None
            if self.word() == "as":
                self.take()
                alias = self.name("BCP355", "Expected an identifier at this location.")
            items.append(s.ImportItem(name.start, self.before, name, alias))
            self.separated("}")
        self.symbol("}")
        return items

    def using(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        if self.word() == "none":
            self.take()
            return s.Using(start, self.before, decorators, None)
        path = self.plain_text("BCP257", "Expected a Bicep file path string. This should be a relative path to "
                               "another bicep file, e.g. 'myModule.bicep' or '../parent/myModule.bicep'")
        return s.Using(start, path.end, decorators, path)

    def extends(self, start: int, decorators: list[s.Decorator]) -> s.Statement:
        self.take()
        path = self.plain_text("BCP257", "Expected a path to a parameter file at this location.")
        return s.Extends(start, path.end, decorators, path)
