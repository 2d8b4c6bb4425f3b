"""Text as weighted features: words, their stems, pieces of words, pairs of neighbours, subjects.

A feature counts for more the rarer it is: words without meaning of their own nearly nothing, common words half, all others fully.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from azlabs.simulator.data_planes.openai import words as known

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_VOWELS = frozenset("aeiouy")
EXACT, SUBJECT, PIECES, PAIR = 0.3, 0.85, 0.45, 0.25
"""Weights beside a stem's own, which is 1: the word as written, each subject it belongs to, all pieces of it together, a pair."""
FUNCTION, VERY_COMMON, COMMON, NUMBER, OTHER = 0.06, 0.3, 0.5, 0.7, 1.0
"""Weights of words by how common they are."""
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its weight; `features` are names with weights, of which 1.0 is the stem's."""

    stem: str
    weight: float
    features: tuple[tuple[str, float], ...]


def _lists() -> tuple[dict[str, float], dict[str, tuple[int, ...]]]:
    weights: dict[str, float] = {}
    for text, weight in ((known.COMMON, COMMON), (known.VERY_COMMON, VERY_COMMON), (known.FUNCTION, FUNCTION)):
        weights.update({form: weight for word in text.split() for form in (word, stem(word))})
    subjects: dict[str, tuple[int, ...]] = {}
    for number, line in enumerate(known.SUBJECTS.strip().splitlines()):
        for name in {stem(word) for word in line.split()}:
            subjects[name] = (*subjects.get(name, ()), number)
    return weights, subjects


@functools.cache
def _tables() -> tuple[dict[str, float], dict[str, tuple[int, ...]]]:
    return _lists()


_ENDINGS = (
    ("ational", "ate"), ("ization", "ize"), ("isation", "ize"), ("fulness", "ful"), ("ousness", "ous"), ("iveness", "ive"),
    ("ements", ""), ("ement", ""), ("ations", ""), ("ation", ""), ("nesses", ""), ("ness", ""), ("ments", ""), ("ment", ""),
    ("ingly", ""), ("edly", ""), ("ities", ""), ("ity", ""), ("ions", ""), ("ion", ""), ("ings", ""), ("ing", ""), ("ically", "ic"),
    ("ally", "al"), ("ied", "y"), ("ies", "y"), ("ers", ""), ("er", ""), ("ors", ""), ("or", ""), ("ed", ""), ("ly", ""), ("es", ""),
    ("s", ""), ("al", ""), ("e", ""),
)  # fmt: skip


@functools.lru_cache(maxsize=REMEMBERED)
def stem(word: str) -> str:
    """The part that the forms of a word share: "inspected", "inspection", "inspects" -> "inspect"."""
    word = known.IRREGULAR.get(word, word)
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    for ending, instead in _ENDINGS:
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= 3 and any(letter in _VOWELS for letter in rest):
            if ending == "s" and rest[-1] in "su":
                continue
            word = rest + instead
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeioulsz":
        word = word[:-1]
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    return word[:-1] + "i" if len(word) > 3 and word[-1] == "y" else word


@functools.lru_cache(maxsize=REMEMBERED)
def word(text: str) -> Word:
    """What is known of a word in lower case."""
    weights, subjects = _tables()
    root = stem(text)
    weight = weights.get(text, weights.get(root, NUMBER if text.isdigit() else OTHER))
    found = [(f"s:{root}", 1.0)]
    if weight > FUNCTION:
        found.append((f"w:{text}", EXACT))
        found += [(f"t:{number}", SUBJECT) for number in subjects.get(root, ())]
        framed = f"<{text}>"
        pieces = [framed[at : at + size] for size in (3, 4) for at in range(len(framed) - size + 1)]
        if len(text) > 3 and pieces:
            share = PIECES / len(pieces) ** 0.5
            found += [(f"p:{piece}", share) for piece in pieces]
    return Word(root, weight, tuple(found))


def is_known(text: str) -> bool:
    """Is a word in lower case on one of the lists?"""
    weights, subjects = _tables()
    root = stem(text)
    return text in weights or root in weights or root in subjects


@dataclass(frozen=True, slots=True)
class Features:
    """A text: its words with the weight of each, and pairs of neighbours."""

    words: tuple[tuple[str, float], ...]
    pairs: tuple[tuple[str, float], ...]


def features(text: str) -> Features:
    """A text in features. The weight of a word grows with the square root of how often it stands there."""
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)) if not plain.isascii() else plain
    order = [found.replace("’", "'").removesuffix("'s") for found in _WORD.findall(plain)]
    words = tuple((one, word(one).weight * count**0.5) for one, count in Counter(order).items())
    meaning = [one for one in map(word, order) if one.weight > FUNCTION]
    pairs = Counter(
        (f"b:{left.stem} {right.stem}", PAIR * (left.weight * right.weight) ** 0.5)
        for left, right in itertools.pairwise(meaning)
    )
    return Features(words, tuple((name, weight * count**0.5) for (name, weight), count in pairs.items()))


def token_features(tokens: list[int]) -> Features:
    """The same of tokens, whose text is not known here: they are near to texts with the same tokens only."""
    counts = Counter(tokens)
    pairs = Counter(itertools.pairwise(tokens))
    return Features(
        (),
        (
            *((f"n:{token}", count**0.5) for token, count in counts.items()),
            *((f"n:{left},{right}", PAIR * count**0.5) for (left, right), count in pairs.items()),
        ),
    )
