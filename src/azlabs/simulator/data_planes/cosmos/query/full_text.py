"""Full-text search: words of a text, tests for them, and the BM25 score by which FullTextScore ranks."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

from azlabs.simulator.data_planes.cosmos.query.functions import Function
from azlabs.simulator.data_planes.cosmos.query.values import UNDEFINED

K1, B = 1.2, 0.75
"""The usual constants of BM25."""
_WORD = re.compile(r"\w+")
_ENDINGS = ("ingly", "edly", "ies", "ing", "ed", "es", "s", "ly")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A word without its commonest English endings, so that "bicycles" finds "bicycle"."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending) + ("y" if ending == "ies" else "")
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The stems of the words of a text, in lower case."""
    return tuple(map(stem, _WORD.findall(text.lower())))


def _hits(text: str, keyword: str) -> int:
    """How often a word, or a phrase, occurs."""
    words, wanted = tokens(text), tokens(keyword)
    if len(wanted) == 1:
        return words.count(wanted[0])
    return sum(words[place : place + len(wanted)] == wanted for place in range(len(words) - len(wanted) + 1)) if wanted else 0


def _contains(text: Any, keyword: Any) -> Any:
    if text.__class__ is not str or keyword.__class__ is not str:
        return UNDEFINED
    return _hits(text, keyword) > 0


def _contains_all(text: Any, *keywords: Any) -> Any:
    found = [_contains(text, keyword) for keyword in keywords]
    return UNDEFINED if UNDEFINED in found else all(found)


def _contains_any(text: Any, *keywords: Any) -> Any:
    found = [_contains(text, keyword) for keyword in keywords]
    return UNDEFINED if UNDEFINED in found else any(found)


def _word_count(text: Any) -> Any:
    return len(tokens(text)) if text.__class__ is str else UNDEFINED


def _score(text: Any, keywords: Any, documents: Any, words: Any, hits: Any) -> Any:
    """BM25 of one text. `documents`: how many there are, `words` in all of them; `hits`: texts with each keyword."""
    if text.__class__ is not str or not isinstance(keywords, list) or not isinstance(hits, list):
        return UNDEFINED
    average = max(words / documents, 1e-9) if documents else 1.0
    length = len(tokens(text))
    found = 0.0
    for keyword, containing in zip(keywords, hits, strict=False):
        count = _hits(text, keyword)
        rarity = math.log(1 + (documents - containing + 0.5) / (containing + 0.5))
        found += rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length / average))
    return found


FUNCTIONS: dict[str, Function] = {
    "FULLTEXTCONTAINS": Function(_contains, 2, 2),
    "FULLTEXTCONTAINSALL": Function(_contains_all, 2, None),
    "FULLTEXTCONTAINSANY": Function(_contains_any, 2, None),
    "_FULLTEXTWORDCOUNT": Function(_word_count, 1, 1),
    "_FULLTEXTSCORE": Function(_score, 5, 5),
}
