"""How a note is cut into passages."""

import re

LONGEST = 900
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


def split(text: str) -> list[str]:
    """The passages of a note's text, in order: whole sentences, as many as fit into `LONGEST` characters."""
    passages: list[str] = []
    for sentence in _SENTENCE_END.split(text.strip()):
        longer = f"{passages[-1]} {sentence}" if passages else ""
        if longer and len(longer) <= LONGEST:
            passages[-1] = longer
        else:
            passages.append(sentence)
    return passages
