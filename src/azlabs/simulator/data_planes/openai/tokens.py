"""How many tokens a text has, roughly.

The real models count with a vocabulary of 100,000 pieces (cl100k_base), which is not part of this package. This counts by rule: a
common word is one token, others about one for every four letters, numbers one for every three digits, each run of signs one for every
two; other scripts are counted by their bytes. Nothing here was compared with the real counts.
"""

from __future__ import annotations

import re

from azlabs.simulator.data_planes.openai import language

_PART = re.compile(r" ?[A-Za-z]+(?:'[a-z]{1,2})?| ?\d{1,3}| ?[^\sA-Za-z\d]+|\s+")


def count(text: str) -> int:
    """Tokens of a text; at least 1."""
    found = 0
    for part in _PART.findall(text):
        body = part.strip()
        if not body:
            found += 1 if part != " " else 0
        elif body[0].isdigit():
            found += 1
        elif body[0].isalpha() and body.isascii():
            found += _of_word(body)
        elif body.isascii():
            found += -(-len(body) // 2)
        else:
            found += max(1, round(len(body.encode("utf-8", "surrogatepass")) / 2.5))
    return max(found, 1)


def _of_word(word: str) -> int:
    lower = word.lower().partition("'")[0]
    more = 1 if "'" in word else 0
    if len(lower) <= 4 or language.is_known(lower):
        return 1 + more
    return more + max(1, round(len(lower) / 4.5))
