"""Words of a query: names, numbers, strings, parameters and signs, with their places."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from azlabs.simulator.data_planes.cosmos.query.errors import QueryError, syntax

LONGEST = 512 * 1024
"""Characters that a query may have (service limit: 512 KB)."""

_KEYWORD_TEXT = """
AND ARRAY AS ASC BETWEEN BY CASE CAST CONVERT CROSS DESC DISTINCT ELSE END ESCAPE EXISTS FALSE FOR FROM GROUP HAVING IN INNER INSERT
INTO IS JOIN LEFT LIKE LIMIT NOT NULL OFFSET ON OR ORDER OUTER OVER RIGHT SELECT SET THEN TOP TRUE UDF UNDEFINED UPDATE VALUE WHEN
WHERE WITH
"""
KEYWORDS = frozenset(_KEYWORD_TEXT.split())
"""Words that cannot be names. VALUE, ASC, LIMIT and some others may be names of properties behind a dot."""

_WORDS = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<parameter>@[A-Za-z_][A-Za-z0-9_]*)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>>>>|<>|<=|>=|!=|<<|>>|\?\?|\|\||[-+*/%&|^~=<>?:(){}\[\],.])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: name, keyword, number, string, parameter, sign or end. `text`: keywords in upper case."""

    kind: str
    text: str
    value: Any
    start: int
    end: int
    raw: str


def words(query: str) -> list[Token]:
    """All tokens of a query, the last one of kind "end". Raises `QueryError` SC1001 at the first that is none."""
    if len(query) > LONGEST:
        raise QueryError("The SQL query text exceeded the maximum limit of 524288 characters.", "SC3013")
    found: list[Token] = []
    place = 0
    while place < len(query):
        match = _WORDS.match(query, place)
        if match is None:
            raise syntax(query[place : place + 1], place, place + 1)
        kind, text, start, place = match.lastgroup or "", match.group(), place, match.end()
        if kind == "space":
            continue
        value: Any = None
        raw = text
        if kind == "number":
            value = _number(text)
        elif kind == "string":
            value = _string(text, start)
        elif kind == "name" and text.upper() in KEYWORDS:
            kind, text = "keyword", text.upper()
        found.append(Token(kind, text, value, start, place, raw))
    found.append(Token("end", "<EOF>", None, len(query), len(query), "<EOF>"))
    return found


def _number(text: str) -> int | float:
    if text[:2] in ("0x", "0X"):
        return int(text, 16)
    return int(text) if text.isdecimal() else float(text)


def _string(text: str, start: int) -> str:
    inside = text[1:-1]
    if "\\" not in inside:
        return inside
    try:
        return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", _unescape, inside, flags=re.DOTALL)
    except (ValueError, json.JSONDecodeError):
        raise syntax(text, start, start + len(text)) from None


def _unescape(match: re.Match[str]) -> str:
    if match.group(1):
        return chr(int(match.group(1), 16))
    return _ESCAPES.get(match.group(2), match.group(2))
