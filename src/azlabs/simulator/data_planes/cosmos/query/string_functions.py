"""Functions of strings; positions count from 0, letters are compared as they are unless a flag says otherwise."""

from __future__ import annotations

import json
import re
import re._parser as _regex_parser  # type: ignore[import-not-found]
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.functions import Function, typed
from azlabs.simulator.data_planes.cosmos.query.values import NUMBER, UNDEFINED, kind, number

_MOST_STEPS = 10**8
_FEW = 3
"""Repetitions up to this often are not counted as such."""
_REGEX_FLAGS = {"m": re.MULTILINE, "s": re.DOTALL, "i": re.IGNORECASE, "x": re.VERBOSE}


@lru_cache(maxsize=256)
def like(pattern: str, escape: str = "") -> re.Pattern[str]:
    """LIKE as a regular expression: % any text, _ one character, [a-c] and [^a-c] sets.

    What stands between two % is found at the first place and stays there (atomic groups), so that no pattern takes long.
    """
    pieces: list[list[str]] = [[]]
    place = 0
    while place < len(pattern):
        char = pattern[place]
        place += 1
        if escape and char == escape and place < len(pattern):
            pieces[-1].append(re.escape(pattern[place]))
            place += 1
        elif char == "%":
            pieces.append([])
        elif char == "_":
            pieces[-1].append(".")
        elif char == "[" and (close := pattern.find("]", place + 1)) > 0:
            inside = pattern[place:close].replace("\\", "\\\\").replace("[", "\\[")
            pieces[-1].append(f"[{inside}]")
            place = close + 1
        else:
            pieces[-1].append(re.escape(char))
    first, *middle = ["".join(piece) for piece in pieces]
    found = first
    if middle:
        last = middle.pop()
        found += "".join(f"(?>.*?{piece})" for piece in middle if piece) + ".*" + last
    try:
        return re.compile(found, re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern), re.DOTALL)


def is_like(value: Any, pattern: Any, escape: Any = "") -> Any:
    """LIKE: undefined unless both sides are strings."""
    if value.__class__ is not str or pattern.__class__ is not str or escape.__class__ is not str:
        return UNDEFINED
    return like(pattern, escape).fullmatch(value) is not None


def concatenation(left: Any, right: Any) -> Any:
    """`||`."""
    return left + right if left.__class__ is str and right.__class__ is str else UNDEFINED


def _comparison(test: Callable[[str, str], bool]) -> Function:
    def run(text: Any, part: Any, ignore_case: Any = False) -> Any:
        if text.__class__ is not str or part.__class__ is not str or ignore_case.__class__ is not bool:
            return UNDEFINED
        return test(text.casefold(), part.casefold()) if ignore_case else test(text, part)

    return Function(run, 2, 3)


def _substring(text: str, start: Any, length: Any) -> str:
    start, length = int(start), int(length)
    if start < 0 or start >= len(text) or length <= 0:
        return ""
    return text[start : start + length]


def _replicate(text: str, times: Any) -> Any:
    if times < 0 or len(text) * times > 10_000:
        return UNDEFINED
    return text * int(times)


def _left(text: str, count: Any) -> str:
    return text[: max(int(count), 0)]


def _right(text: str, count: Any) -> str:
    return text[max(len(text) - int(count), 0) :] if count > 0 else ""


def _index_of(text: str, part: str, start: Any = 0) -> int:
    return text.find(part, int(start)) if start >= 0 else text.find(part)


def _to_string(value: Any) -> Any:
    place = kind(value)
    if place == 0:
        return UNDEFINED
    return value if place == 5 else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _parse(*places: int) -> Function:
    """The value that a JSON text spells, if it is of one of these kinds."""

    def refuse(word: str) -> Any:
        raise ValueError(word)

    def run(text: Any) -> Any:
        if text.__class__ is not str:
            return UNDEFINED
        try:
            value = json.loads(text.strip(), parse_constant=refuse)
        except (ValueError, RecursionError):
            return UNDEFINED
        return value if kind(value) in places else UNDEFINED

    return Function(run, 1, 1)


def _regex_match(text: str, pattern: str, flags: str = "") -> Any:
    mode = re.NOFLAG
    for flag in flags:
        if flag not in _REGEX_FLAGS:
            return UNDEFINED
        mode |= _REGEX_FLAGS[flag]
    try:
        found, repeats = _regex(pattern, mode)
    except (re.error, OverflowError, RecursionError):
        return UNDEFINED
    if len(text) ** repeats > _MOST_STEPS:
        raise QueryError("A regular expression with so many repetitions over so long a text is not modelled.", "NotModelledBySimulator")
    return found.search(text) is not None


@lru_cache(maxsize=128)
def _regex(pattern: str, mode: re.RegexFlag) -> tuple[re.Pattern[str], int]:
    """(compiled, how many parts repeat without end). Raises `QueryError` for what could take for ever."""
    found = re.compile(pattern, mode)
    return found, _repeats(_regex_parser.parse(pattern, mode), inside=False)


def _repeats(part: Any, *, inside: bool) -> int:
    if isinstance(part, _regex_parser.SubPattern | list):
        return sum(_repeats(one, inside=inside) for one in part)
    if not isinstance(part, tuple):
        return 0
    what = str(part[0])
    repeats = what in ("MAX_REPEAT", "MIN_REPEAT") and part[1][1] > _FEW
    varies = what == "BRANCH" or (repeats and part[1][0] != part[1][1])
    if inside and varies:
        raise QueryError("A regular expression with choices inside a repetition is not modelled.", "NotModelledBySimulator")
    inside = inside or repeats
    count = int(repeats and varies)
    return count + sum(_repeats(one, inside=inside) for one in part[1:])


def _separated(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]


def _joined(values: list[Any], separator: str) -> Any:
    if any(value.__class__ is not str for value in values):
        return UNDEFINED
    return separator.join(values)


def _replace(text: str, old: str, new: str) -> str:
    return text.replace(old, new) if old else text


def _trim(cut: Callable[[str, str | None], str]) -> Function:
    return Function(typed("s")(lambda text, chars=None: cut(text, chars)), 1, 2)


def _compare(left: str, right: str) -> int:
    return (left > right) - (left < right)


def _concat(*values: Any) -> Any:
    return "".join(values) if all(value.__class__ is str for value in values) else UNDEFINED


def _string_number(text: Any) -> Any:
    found = _parse(4).run(text)
    return number(found) if found.__class__ in NUMBER else UNDEFINED


FUNCTIONS: dict[str, Function] = {
    "CONCAT": Function(_concat, 2, None),
    "CONTAINS": _comparison(lambda text, part: part in text),
    "STARTSWITH": _comparison(str.startswith),
    "ENDSWITH": _comparison(str.endswith),
    "STRINGEQUALS": _comparison(str.__eq__),
    "INDEX_OF": Function(typed("s", "s", "i")(_index_of), 2, 3),
    "LEFT": Function(typed("s", "i")(_left), 2, 2),
    "RIGHT": Function(typed("s", "i")(_right), 2, 2),
    "LENGTH": Function(typed("s")(len), 1, 1),
    "LOWER": Function(typed("s")(str.lower), 1, 1),
    "UPPER": Function(typed("s")(str.upper), 1, 1),
    "LTRIM": _trim(str.lstrip),
    "RTRIM": _trim(str.rstrip),
    "TRIM": _trim(str.strip),
    "REPLACE": Function(typed("s")(_replace), 3, 3),
    "REPLICATE": Function(typed("s", "i")(_replicate), 2, 2),
    "REVERSE": Function(typed("s")(lambda text: text[::-1]), 1, 1),
    "SUBSTRING": Function(typed("s", "n", "n")(_substring), 3, 3),
    "STRINGJOIN": Function(typed("a", "s")(_joined), 2, 2),
    "STRINGSPLIT": Function(typed("s")(_separated), 2, 2),
    "STRINGTOARRAY": _parse(6),
    "STRINGTOBOOLEAN": _parse(2),
    "STRINGTONULL": _parse(1),
    "STRINGTONUMBER": Function(_string_number, 1, 1),
    "STRINGTOOBJECT": _parse(7),
    "TOSTRING": Function(_to_string, 1, 1),
    "REGEXMATCH": Function(typed("s")(_regex_match), 2, 3),
    "STRINGCOMPARE": Function(typed("s")(_compare), 2, 2),
}
