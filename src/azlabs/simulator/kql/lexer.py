"""Words of a query: what is a name, a number, a text or a sign, and where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from azlabs.simulator.kql.errors import KqlSyntaxError

UNITS = {
    "d": 864_000_000_000, "day": 864_000_000_000, "days": 864_000_000_000, "h": 36_000_000_000, "hr": 36_000_000_000,
    "hrs": 36_000_000_000, "hour": 36_000_000_000, "hours": 36_000_000_000, "m": 600_000_000, "min": 600_000_000,
    "minute": 600_000_000, "minutes": 600_000_000, "s": 10_000_000, "sec": 10_000_000, "second": 10_000_000,
    "seconds": 10_000_000, "ms": 10_000, "milli": 10_000, "millis": 10_000, "millisec": 10_000, "millisecond": 10_000,
    "milliseconds": 10_000, "micro": 10, "micros": 10, "microsec": 10, "microsecond": 10, "microseconds": 10, "tick": 1,
    "ticks": 1,
}  # fmt: skip
"""Suffixes of timespan literals, in ticks of 100 nanoseconds."""
_PATTERN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<text>[hH]?(?:@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|```.*?```))
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.\d+|\d+)(?:[eE][+-]?\d+)?)(?P<unit>[A-Za-z_]\w*)?
    |(?P<name>[A-Za-z_$][\w]*)
    |(?P<sign>\.\.|=~|!~|==|!=|<>|<=|>=|=>|<\||[-+*/%<>=|()\[\]{},;:.!?@~\#])""",
    re.X | re.S,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-7]{1,3}|.)", re.S)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}
MAX_LENGTH = 1_000_000


@dataclass(slots=True)
class Token:
    """`kind`: "name", "text", "long", "real", "timespan", "sign", "end". `value`: what literals mean, else the word."""

    kind: str
    value: object
    at: int
    end: int

    @property
    def word(self) -> str:
        return self.value if isinstance(self.value, str) and self.kind in ("name", "sign") else ""


def tokens(text: str) -> list[Token]:
    """All words of a query, an end mark last. Raises KqlSyntaxError."""
    if len(text) > MAX_LENGTH:
        raise KqlSyntaxError(0, text[:20], f"A query has at most {MAX_LENGTH:,} characters.")
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _PATTERN.match(text, place)
        if match is None:
            raise KqlSyntaxError(place, text[place : place + 20], code="SYN0001")
        kind = match.lastgroup
        if kind == "unit":
            kind = "number"
        end = match.end()
        if kind == "text":
            found.append(Token("text", _unquote(match["text"]), place, end))
        elif kind == "number":
            found.append(_number(match, place, end))
        elif kind in ("name", "sign"):
            found.append(Token(kind, match.group(), place, end))
        place = end
    found.append(Token("end", "", len(text), len(text)))
    return found


def _number(match: re.Match[str], at: int, end: int) -> Token:
    text, unit = match["number"], match["unit"]
    if unit is not None:
        ticks = UNITS.get(unit)
        if ticks is None:
            raise KqlSyntaxError(at, match.group(), "A name cannot begin with a digit.", "SYN0002")
        return Token("timespan", bounded(float(text) * ticks if not text.isdigit() else int(text) * ticks), at, end)
    if text[:2].lower() == "0x":
        return Token("long", wrapped(int(text, 16)), at, end)
    if text.isdigit():
        value = int(text) if len(text) < 40 else 1 << 64
        if value > 0x7FFF_FFFF_FFFF_FFFF:
            raise KqlSyntaxError(at, text, "The number does not fit a long.", "SYN0011")
        return Token("long", value, at, end)
    return Token("real", float(text), at, end)


def wrapped(value: int) -> int:
    """A 64-bit integer."""
    return (value + 0x8000_0000_0000_0000) % 0x1_0000_0000_0000_0000 - 0x8000_0000_0000_0000


def bounded(ticks: float) -> int | None:
    """Ticks of a timespan; None where it does not fit."""
    return round(ticks) if abs(ticks) <= 0x7FFF_FFFF_FFFF_FFFF else None


def _unquote(text: str) -> str:
    if text[0] in "hH":
        text = text[1:]
    if text.startswith("```"):
        return text[3:-3]
    if text[0] == "@":
        quote = text[1]
        return text[2:-1].replace(quote * 2, quote)
    body = text[1:-1]
    return _ESCAPE.sub(_escaped, body) if "\\" in body else body


def _escaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] in "uUx" and len(code) > 1:
        number = int(code[1:], 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "�"
    return _ESCAPED.get(code, code)
