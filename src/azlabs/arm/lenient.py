"""JSON as Azure reads it: comments, trailing commas, single quotes, bare names, line breaks inside strings.

The Azure CLI sends template files as they are, so the body of a deployment need not be valid JSON.
"""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from azlabs.arm.limits import VALUE_DEPTH


class LenientError(ValueError):
    """Text that is no JSON even to a lenient reader; `line` and `column` count from 1."""

    def __init__(self, reason: str, text: str, position: int) -> None:
        self.line = text.count("\n", 0, position) + 1
        self.column = position - (text.rfind("\n", 0, position) + 1) + 1
        self.reason = reason
        super().__init__(f"{reason} Line {self.line}, position {self.column}.")


_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/|\ufeff)*", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.-]*")
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_ESCAPE = {'"': '"', "'": "'", "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\n": ""}
_PLAIN = {'"': re.compile(r'[^"\\]*'), "'": re.compile(r"[^'\\]*")}
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}


def loads(text: str) -> Any:
    """The value of a text: strict JSON first (quick), leniently when that fails; raises LenientError."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        reader = _Reader(text)
        value = reader.value(0)
        reader.space()
        if reader.at < len(text):
            raise reader.wrong("Additional text encountered after finished reading JSON content.") from None
        return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def wrong(self, reason: str) -> LenientError:
        return LenientError(reason, self.text, min(self.at, len(self.text)))

    def space(self) -> str:
        """Skips blanks and comments; the next character, "" at the end."""
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        if depth > VALUE_DEPTH:
            raise self.wrong(f"The reader's MaxDepth of {VALUE_DEPTH} has been exceeded.")
        char = self.space()
        if char == "{":
            return self.object(depth)
        if char == "[":
            return self.array(depth)
        if char in _PLAIN:
            return self.string(char)
        number = _NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
            try:
                return json.loads(number[0])
            except ValueError:
                return float(number[0]) if len(number[0]) < 400 else float("inf")
        word = _WORD.match(self.text, self.at)
        if word and word[0] in _CONSTANTS:
            self.at = word.end()
            return _CONSTANTS[word[0]]
        raise self.wrong(f"Unexpected character encountered while parsing value: {char or 'end of text'}.")

    def object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        result: dict[str, Any] = {}
        while True:
            char = self.space()
            if char == "}":
                self.at += 1
                return result
            name = self.name(char)
            if self.space() != ":":
                raise self.wrong("Invalid character after parsing property name. Expected ':'.")
            self.at += 1
            result[name] = self.item(name, depth + 1)
            self.separator("}")

    def item(self, step: str | int, depth: int) -> Any:
        """A member of an object or an item of an array; `step` is its name or place."""
        del step
        return self.value(depth)

    def name(self, char: str) -> str:
        if char in _PLAIN and char:
            return self.string(char)
        word = _WORD.match(self.text, self.at)
        if word is None:
            raise self.wrong(f"Invalid property identifier character: {char or 'end of text'}.")
        self.at = word.end()
        return word[0]

    def array(self, depth: int) -> list[Any]:
        self.at += 1
        result: list[Any] = []
        while self.space() != "]":
            result.append(self.item(len(result), depth + 1))
            self.separator("]")
        self.at += 1
        return result

    def separator(self, closing: str) -> None:
        char = self.space()
        if char == ",":
            self.at += 1
        elif char != closing:
            raise self.wrong(f"After parsing a value an unexpected character was encountered: {char or 'end of text'}.")

    def string(self, quote: str) -> str:
        self.at += 1
        parts: list[str] = []
        while True:
            plain = _PLAIN[quote].match(self.text, self.at)
            if plain:
                parts.append(plain[0])
                self.at = plain.end()
            char = self.text[self.at : self.at + 1]
            if char == quote:
                self.at += 1
                return "".join(parts)
            if not char:
                raise self.wrong(f"Unterminated string. Expected delimiter: {quote}.")
            parts.append(self.escape())

    def escape(self) -> str:
        mark = self.text[self.at + 1 : self.at + 2]
        if mark == "u":
            code = self.text[self.at + 2 : self.at + 6]
            if not re.fullmatch(r"[0-9A-Fa-f]{4}", code):
                raise self.wrong("Invalid Unicode escape sequence.")
            self.at += 6
            return chr(int(code, 16))
        if mark not in _ESCAPE or not mark:
            raise self.wrong(f"Bad JSON escape sequence: \\{mark}.")
        self.at += 2
        return _ESCAPE[mark]


_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def locate(text: str, path: str) -> tuple[int, int] | None:
    """Line and column (from 1) of the value that "a.b[0].c" leads to, None when it leads nowhere."""
    steps: list[str | int] = [int(index) if index else name for name, index in _STEP.findall(path)]
    if not steps:
        return None
    reader = _Locator(text, steps)
    with contextlib.suppress(LenientError, RecursionError):
        reader.value(0)
    if reader.found is None:
        return None
    at = reader.found
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


class _Locator(_Reader):
    """Reads up to the value at a path and notes where it starts."""

    def __init__(self, text: str, steps: list[str | int]) -> None:
        super().__init__(text)
        self.steps, self.matched = steps, 0
        self.found: int | None = None

    def item(self, step: str | int, depth: int) -> Any:
        if depth - 1 != self.matched or step != self.steps[self.matched]:
            return self.value(depth)
        self.matched += 1
        if self.matched == len(self.steps):
            self.space()
            self.found = self.at
        else:
            self.value(depth)
        raise self.wrong("the way ends here")
