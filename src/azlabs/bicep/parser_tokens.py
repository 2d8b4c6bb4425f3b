"""The parser's view of the tokens: taking, expecting, recovering, and limits on depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from azlabs.bicep import syntax as s
from azlabs.bicep.diagnostics import Rejected
from azlabs.bicep.lexer import Lexed, Token

# Nesting that no person writes is refused, so that no later phase can run out of stack.
MAX_DEPTH = 120
_OPENING = ("(", "[", "{")
STATEMENT_WORDS = {"metadata", "module", "output", "param", "targetScope", "type", "var"}


class TokenParser:
    """What statements and types build on. `problems` collects what was rejected and skipped."""

    def __init__(self, lexed: Lexed) -> None:
        self.tokens = lexed.tokens
        self.at = 0
        self.depth = 0
        # The brackets that are open here, by what closes them.
        self.closers: list[str] = []
        self.problems: list[Rejected] = list(lexed.problems)
        self.nested_resource: Callable[[list[s.Decorator]], s.Node] | None = None

    # --- tokens ---

    @property
    def kind(self) -> str:
        return self.tokens[self.at].kind

    @property
    def text(self) -> str:
        return self.tokens[self.at].text

    @property
    def here(self) -> int:
        return self.tokens[self.at].start

    @property
    def before(self) -> int:
        """Where the token before this one ends."""
        return self.tokens[self.at - 1].end if self.at else 0

    def take(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def skip_newlines(self) -> bool:
        found = False
        while self.tokens[self.at].kind == "newline":
            self.at += 1
            found = True
        return found

    def expect(self, kind: str, code: str, message: str) -> Token:
        token = self.tokens[self.at]
        if token.kind != kind:
            self.reject(code, message)
        self.at += 1
        return token

    def symbol(self, text: str) -> Token:
        codes = {"=": "BCP018", ":": "BCP018", ")": "BCP018", "]": "BCP018", "}": "BCP018"}
        return self.expect(text, codes.get(text, "BCP018"), f'Expected the "{text}" character at this location.')

    def rejected(self, code: str, message: str, node: s.Node | None = None) -> Rejected:
        token = self.tokens[self.at]
        start, end = (node.start, node.end) if node else (token.start, token.end)
        return Rejected(code, message, start, max(end, start))

    def reject(self, code: str, message: str, node: s.Node | None = None) -> NoReturn:
        raise self.rejected(code, message, node)

    def word(self) -> str:
        return self.text if self.kind == "identifier" else ""

    def name(self, code: str, message: str) -> s.Name:
        token = self.expect("identifier", code, message)
        return s.Name(token.start, token.end, token.text)

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.reject("nesting-limit", f"The code is nested more than {MAX_DEPTH} levels deep.")

    def recover(self, closing: str) -> None:
        """Skip to the next line or to the bracket that closes the list we are in."""
        open_brackets = 0
        while self.kind != "end":
            kind = self.kind
            if open_brackets == 0 and (kind == "newline" or kind == closing):
                return
            if kind in _OPENING:
                open_brackets += 1
            elif kind in (")", "]", "}"):
                if open_brackets == 0 and kind in self.closers:
                    return
                open_brackets = max(0, open_brackets - 1)
            self.take()

    def at_statement(self) -> bool:
        """After an unclosed bracket: two words that start a statement and cannot stand in a list."""
        token = self.tokens[self.at]
        return token.kind == "identifier" and token.text in STATEMENT_WORDS \
            and self.tokens[self.at + 1].kind == "identifier" and self.tokens[self.at - 1].kind == "newline"

    def ends(self, closing: str) -> bool:
        """Whether a list ends here, as it should or because something else does."""
        kind = self.kind
        return kind == closing or kind == "end" or kind in self.closers or self.at_statement()

    def optional(self, kind: str) -> bool:
        if self.kind == kind:
            self.take()
            return True
        return False

    # --- primaries ---

    # --- lists ---

    def separated(self, closing: str) -> None:
        """Between two members: line breaks or one comma."""
        if self.kind == closing or self.skip_newlines():
            return
        if self.kind == ",":
            self.take()
            if self.kind == "newline":
                self.problem("BCP238", "Unexpected new line character after a comma.")
                self.skip_newlines()
            elif self.kind == closing:
                self.problem("BCP009" if closing == "]" else "BCP022",
                             "Expected another member after the comma at this location.")
            return
        if self.kind != "end":
            self.problem("BCP236", "Expected a new line or comma character at this location.")
            self.recover(closing)
            self.skip_newlines()

    def problem(self, code: str, message: str) -> None:
        token = self.tokens[self.at]
        self.problems.append(Rejected(code, message, token.start, token.end))

    def guarded(self, read: Callable[[], s.Node], closing: str) -> s.Node:
        """Read one member; what is wrong with it stays its own affair."""
        start, depth, at, open_brackets = self.here, self.depth, self.at, len(self.closers)
        try:
            return read()
        except Rejected as problem:
            if problem.code == "nesting-limit":
                raise
            self.problems.append(problem)
            self.depth = depth
            del self.closers[open_brackets:]
            self.recover(closing)
            if self.at == at and self.kind not in ("end", closing, "newline"):
                self.take()
            return s.Skipped(start, self.before)
