"""Operators and functions over texts."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from azlabs.simulator.kql.errors import KqlError, TooMuch

_WORD = r"[^\W_]"
LONGEST = 1_048_576
_BOUNDLESS = 4


@lru_cache(maxsize=2048)
def _term(text: str, cased: bool, start: bool = True, end: bool = True) -> Callable[[str], Any]:
    """Finds a text that stands between signs that are neither letters nor digits."""
    before = rf"(?<!{_WORD})" if start and text[:1].isalnum() else ""
    after = rf"(?!{_WORD})" if end and text[-1:].isalnum() else ""
    return re.compile(before + re.escape(text) + after, 0 if cased else re.I).search


def has(text: str, term: str) -> bool:
    return _term(term, False)(text) is not None


TESTS: dict[str, Callable[[str, str], bool]] = {
    "has": has,
    "has_cs": lambda text, term: _term(term, True)(text) is not None,
    "hasprefix": lambda text, term: _term(term, False, end=False)(text) is not None,
    "hasprefix_cs": lambda text, term: _term(term, True, end=False)(text) is not None,
    "hassuffix": lambda text, term: _term(term, False, start=False)(text) is not None,
    "hassuffix_cs": lambda text, term: _term(term, True, start=False)(text) is not None,
    "contains": lambda text, part: part.lower() in text.lower(),
    "contains_cs": lambda text, part: part in text,
    "startswith": lambda text, part: text.lower().startswith(part.lower()),
    "startswith_cs": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.lower().endswith(part.lower()),
    "endswith_cs": lambda text, part: text.endswith(part),
    "=~": lambda text, other: text.lower() == other.lower(),
}
"""Operators between two texts."""


# --- regular expressions ---------------------------------------------------------------------------------------------------
def _risk(parsed: Any) -> tuple[int, int]:
    """(how deep repetitions without a bound are nested, how many there are)."""
    depth = count = 0
    for op, value in parsed:
        name = str(op)
        inner: list[Any] = []
        boundless = 0
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            inner, boundless = [value[2]], int(int(value[1]) > 1000)
        elif name == "SUBPATTERN":
            inner = [value[3]]
        elif name == "BRANCH":
            inner = list(value[1])
        elif name in ("ASSERT", "ASSERT_NOT", "GROUPREF", "GROUPREF_EXISTS", "ATOMIC_GROUP"):
            return 99, 99
        found = [_risk(one) for one in inner]
        depth = max([depth, boundless, *(one[0] + boundless for one in found)])
        count += boundless + sum(one[1] for one in found)
    return depth, count


@lru_cache(maxsize=512)
def pattern(text: str) -> re.Pattern[str]:
    """A regular expression in RE2's language. Raises KqlError where it is wrong, or could take Python for ever."""
    import re._parser as sre  # type: ignore[import-not-found]

    try:
        depth, count = _risk(sre.parse(text))
        if depth <= 1 and count <= _BOUNDLESS:
            return re.compile(text)
    except (re.error, RecursionError, OverflowError) as problem:
        raise KqlError("SEM0420", f"Invalid regular expression '{text[:100]}': {problem}") from None
    raise KqlError(
        "NotModelledBySimulator",
        f"The simulator does not model the regular expression '{text[:100]}': references, lookaround, nested repetitions and more "
        f"than {_BOUNDLESS} repetitions without a bound.",
    )


def matches(text: str, expression: str) -> bool:
    return pattern(expression).search(text) is not None


def extract(expression: str, group: int, text: str) -> str:
    found = pattern(expression).search(text)
    if found is None or not 0 <= group <= (found.re.groups or 0):
        return ""
    return found.group(group) or ""


def extract_all(expression: str, text: str) -> list[Any] | None:
    found = pattern(expression)
    if not found.groups:
        return None
    rows: list[Any] = [list(one) if isinstance(one, tuple) else one for one in found.findall(text)]
    return rows or None


def replace_regex(text: str, expression: str, new: str) -> str:
    return str(pattern(expression).sub(re.sub(r"\\(\d)", r"\\g<\1>", re.sub(r"\\(?!\d)", r"\\\\", new)), text))


def trim(expression: str, text: str, start: bool = True, end: bool = True) -> str:
    found = pattern(expression)
    first, last = 0, len(text)
    while start:
        match = found.match(text, first)
        if match is None or match.end() == first:
            break
        first = match.end()
    if end:
        for one in reversed([match.span() for match in found.finditer(text, first)]):
            if one[1] != last or one[0] == last:
                break
            last = one[0]
    return text[first:last]


# --- functions -------------------------------------------------------------------------------------------------------------
def substring(text: str, start: int, length: int | None = None) -> str:
    if start < 0:
        start = max(0, len(text) + start)
    return text[start:] if length is None else text[start : start + max(0, length)]


def index_of(text: str, part: str, start: int = 0, length: int = -1, occurrence: int = 1) -> int:
    end = len(text) if length < 0 else start + length
    place = start - 1 if start >= 0 else len(text) + start - 1
    for _ in range(max(1, min(occurrence, len(text) + 1))):
        place = text.find(part, place + 1, end)
        if place < 0:
            return -1
    return place


def split(text: str, separator: str, index: int | None = None) -> list[str]:
    parts = text.split(separator) if separator else list(text)
    if index is None:
        return parts
    return [parts[index]] if -len(parts) <= index < len(parts) else [""]


def repeated(text: str, count: int, between: str = "") -> str:
    count = max(0, count)
    if (len(text) + len(between)) * count > LONGEST:
        raise TooMuch("a text of strrep")
    return between.join([text] * count)


def count_of(text: str, part: str, kind: str = "normal") -> int | None:
    if kind == "regex":
        return len(pattern(part).findall(text))
    if not part:
        return None
    return sum(text.startswith(part, place) for place in range(len(text)))


def replace_string(text: str, old: str, new: str) -> str:
    if not old:
        return text
    if text.count(old) * len(new) > LONGEST:
        raise TooMuch("a text of replace_string")
    return text.replace(old, new)


def parse_url(text: str) -> dict[str, Any]:
    parts = urlsplit(text)
    return {
        "Scheme": parts.scheme, "Host": parts.hostname or "", "Port": str(parts.port or ""), "Path": parts.path,
        "Username": parts.username or "", "Password": parts.password or "",
        "Query Parameters": dict(parse_qsl(parts.query, keep_blank_values=True)), "Fragment": parts.fragment,
    }  # fmt: skip


def joined(items: Any, between: str) -> str | None:
    from azlabs.simulator.kql.values import dynamic_text

    return between.join(dynamic_text(one) for one in items) if isinstance(items, list) else None


def translate(found: str, new: str, text: str) -> str:
    if not new:
        return text
    return text.translate({ord(sign): new[min(place, len(new) - 1)] for place, sign in enumerate(found)})


def _digest(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


# Parameters: s text, a anything as text, l whole number, n number, r real, d datetime, t timespan, j dynamic, v anything as
# dynamic, b bool, g anything; ? from here on optional, * the last one as often as wanted.
FUNCTIONS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "strlen": ("s", "long", len),
    "string_size": ("s", "long", lambda text: len(text.encode("utf-8", "replace"))),
    "toupper": ("s", "string", str.upper),
    "tolower": ("s", "string", str.lower),
    "substring": ("sl?l", "string", substring),
    "indexof": ("ss?lll", "long", index_of),
    "split": ("ss?l", "dynamic", split),
    "strcat": ("a*", "string", lambda *parts: "".join(parts)),
    "strcat_delim": ("sa*", "string", lambda between, *parts: between.join(parts)),
    "strcat_array": ("js", "string", joined),
    "strrep": ("al?s", "string", repeated),
    "strcmp": ("ss", "long", lambda one, two: (one > two) - (one < two)),
    "reverse": ("a", "string", lambda text: text[::-1]),
    "trim": ("ss", "string", trim),
    "trim_start": ("ss", "string", lambda expression, text: trim(expression, text, end=False)),
    "trim_end": ("ss", "string", lambda expression, text: trim(expression, text, start=False)),
    "replace_string": ("sss", "string", replace_string),
    "replace_regex": ("sss", "string", replace_regex),
    "replace": ("sss", "string", lambda expression, new, text: replace_regex(text, expression, new)),
    "extract": ("sls", "string", extract),
    "extract_all": ("ss", "dynamic", extract_all),
    "countof": ("ss?s", "long", count_of),
    "translate": ("sss", "string", translate),
    "parse_url": ("s", "dynamic", parse_url),
    "parse_urlquery": ("s", "dynamic", lambda text: {"Query Parameters": dict(parse_qsl(text, keep_blank_values=True))}),
    "url_encode": ("s", "string", lambda text: quote(text, safe="")),
    "url_encode_component": ("s", "string", lambda text: quote(text, safe="")),
    "url_decode": ("s", "string", unquote),
    "base64_encode_tostring": ("s", "string", lambda text: base64.b64encode(text.encode()).decode()),
    "base64_decode_tostring": ("s", "string", lambda text: base64.b64decode(text, validate=True).decode("utf-8", "replace")),
    "hash_sha256": ("a", "string", _digest("sha256")),
    "hash_sha1": ("a", "string", _digest("sha1")),
    "hash_md5": ("a", "string", _digest("md5")),
    "has_any_index": ("sj", "long", lambda text, terms: next((n for n, term in enumerate(terms) if has(text, str(term))), -1)),
    "isascii": ("s", "bool", str.isascii),
}  # fmt: skip
