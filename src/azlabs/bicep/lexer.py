"""The lexer: text to tokens. Comments and directives are kept beside the tokens, for the printer and the linter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from azlabs.bicep.diagnostics import Rejected


class Token(NamedTuple):
    """`kind` is "identifier", "integer", "newline", "end", "text" (a string without holes), "text-start",
    "text-middle", "text-end" (the pieces round `${...}`), "skipped", or the symbol itself.
    `text` is the source text, for strings the value after unescaping."""

    kind: str
    text: str
    start: int
    end: int


class Comment(NamedTuple):
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Lexed:
    tokens: list[Token] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    directives: list[Comment] = field(default_factory=list)
    problems: list[Rejected] = field(default_factory=list)


_PIECES = re.compile(
    r"(?P<space>[ \t\f\v\ufeff\u00a0]+)"
    r"|(?P<newline>(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))*)"
    r"|(?P<comment>//[^\r\n]*|/\*.*?\*/)"
    r"|(?P<open_comment>/\*)"
    r"|(?P<directive>\#[^\r\n]*)"
    r"|(?P<identifier>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<integer>[0-9]+)"
    r"|(?P<multiline>\$*''')"
    r"|(?P<quote>')"
    r"|(?P<symbol>\.\.\.|\?\?|\.\?|::|=>|==|!=|=~|!~|<=|>=|&&|\|\||[-+*/%<>=!?:.,(){}\[\]@|^;&~$])",
    re.DOTALL,
)
_TEXT = re.compile(r"[^'\\$\r\n]+|\$(?!\{)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", "$": "$"}
_UNICODE = re.compile(r"u\{([0-9A-Fa-f]{1,8})\}")
_QUOTES = re.compile(r"'{3,}")
MAX_INTERPOLATION = 64


def lex(source: str) -> Lexed:
    """Split `source` into tokens; problems are collected, never raised."""
    return _Lexer(source).run()


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.lexed = Lexed()
        self.tokens = self.lexed.tokens
        # One entry for each open `${`: the depth of braces inside it, and how its string goes on
        # (number of dollar signs; -1: a string in single quotes).
        self.holes: list[list[int]] = []

    def run(self) -> Lexed:
        position, end, match = 0, len(self.source), _PIECES.match
        while position < end:
            piece = match(self.source, position)
            if piece is None:
                position = self.unknown(position)
                continue
            kind = piece.lastgroup
            position = piece.end()
            if kind == "space":
                continue
            if kind == "symbol":
                text = piece.group()
                if self.holes and text in "{}":
                    hole = self.holes[-1]
                    if text == "{":
                        hole[0] += 1
                    elif hole[0] == 0:
                        self.holes.pop()
                        position = self.string(piece.start(), position, hole[1], "text-middle", "text-end")
                        continue
                    else:
                        hole[0] -= 1
                self.tokens.append(Token(text, text, piece.start(), position))
            elif kind == "identifier" or kind == "integer":
                self.tokens.append(Token(kind, piece.group(), piece.start(), position))
            elif kind == "newline":
                self.holes.clear()
                self.tokens.append(Token("newline", "\n", piece.start(), position))
            else:
                position = self.other(kind or "", piece.start(), position, piece.group())
        self.tokens.append(Token("end", "", end, end))
        return self.lexed

    def other(self, kind: str, start: int, end: int, text: str) -> int:
        if kind == "comment":
            self.lexed.comments.append(Comment(text, start, end))
        elif kind == "directive":
            self.lexed.directives.append(Comment(text, start, end))
        elif kind == "open_comment":
            self.problem("BCP002", "The multi-line comment at this location is not terminated. "
                         "Terminate it with the */ character sequence.", start, end)
            return len(self.source)
        elif kind == "quote":
            return self.string(start, end, -1, "text-start", "text")
        else:
            dollars = len(text) - 3
            return self.multiline(start, end, dollars, "text-start", "text")
        return end

    def problem(self, code: str, message: str, start: int, end: int) -> None:
        self.lexed.problems.append(Rejected(code, message, start, end))

    def unknown(self, position: int) -> int:
        character = self.source[position]
        if character == '"':
            self.problem("BCP103", 'The following token is not recognized: """. Strings are defined using single '
                         "quotes in bicep.", position, position + 1)
        else:
            self.problem("BCP001", f'The following token is not recognized: "{character}".', position, position + 1)
        self.tokens.append(Token("skipped", character, position, position + 1))
        return position + 1

    def open_hole(self, style: int, start: int, end: int) -> None:
        if len(self.holes) >= MAX_INTERPOLATION:
            self.problem("nesting-limit", "Strings are nested too deeply.", start, end)
            self.holes.clear()
            return
        self.holes.append([0, style])

    def string(self, start: int, position: int, style: int, at_hole: str, at_quote: str) -> int:
        """Read on inside a string; `start` is where the token begins, `position` where its text does."""
        if style >= 0:
            return self.multiline(start, position, style, at_hole, at_quote)
        parts: list[str] = []
        source, size = self.source, len(self.source)
        while position < size:
            run = _TEXT.match(source, position)
            if run:
                parts.append(run.group())
                position = run.end()
                continue
            character = source[position]
            if character == "'":
                self.tokens.append(Token(at_quote, "".join(parts), start, position + 1))
                return position + 1
            if character == "$":
                self.tokens.append(Token(at_hole, "".join(parts), start, position + 2))
                self.open_hole(-1, start, position)
                return position + 2
            if character != "\\":
                break
            position = self.escape(position, parts)
        self.problem("BCP004", "The string at this location is not terminated due to an unexpected new line "
                     "character." if position < size else "The string at this location is not terminated. "
                     "Terminate the string with a single quote character.", start, position)
        self.tokens.append(Token(at_quote, "".join(parts), start, position))
        return position

    def escape(self, position: int, parts: list[str]) -> int:
        following = self.source[position + 1:position + 2]
        if following in _ESCAPES and following:
            parts.append(_ESCAPES[following])
            return position + 2
        unicode = _UNICODE.match(self.source, position + 1)
        if unicode and int(unicode.group(1), 16) <= 0x10FFFF:
            parts.append(chr(int(unicode.group(1), 16)))
            return unicode.end()
        self.problem("BCP006", "The specified escape sequence is not recognized. Only the following escape sequences "
                     "are allowed: \"\\$\", \"\\'\", \"\\\\\", \"\\n\", \"\\r\", \"\\t\", \"\\u{...}\".",
                     position, position + 2)
        return position + 1 if following in "\r\n" else position + 2

    def multiline(self, start: int, position: int, dollars: int, at_hole: str, at_quote: str) -> int:
        """Read on inside a string in triple quotes; nothing is unescaped, `dollars` signs and `{` open a hole."""
        source = self.source
        if at_hole == "text-start":
            position += 2 if source.startswith("\r\n", position) else 1 if source.startswith("\n", position) else 0
        closing = _QUOTES.search(source, position)
        hole = source.find("$" * dollars + "{", position, closing.start() if closing else None) if dollars else -1
        if hole >= 0:
            # Of a longer run of dollar signs the last ones belong to the hole.
            begin = source.index("{", hole) - dollars
            self.tokens.append(Token(at_hole, source[position:begin], start, begin + dollars + 1))
            self.open_hole(dollars, start, begin)
            return begin + dollars + 1
        if closing is None:
            self.problem("BCP140", "The multi-line string at this location is not terminated. Terminate it with ''' ",
                         start, len(source))
            self.tokens.append(Token(at_quote, source[position:], start, len(source)))
            return len(source)
        self.tokens.append(Token(at_quote, source[position:closing.end() - 3], start, closing.end()))
        return closing.end()
