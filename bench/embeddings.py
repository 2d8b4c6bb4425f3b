"""How well the simulator's embeddings put texts of one subject near each other, and how fast they are made.

    python bench/embeddings.py [model] [dimensions]

Prints the rank of the right text among all of `embeddings.json`, the similarities of pairs and of strangers, the lab's question
about one of forty facts, and milliseconds for eight texts.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from azlabs.simulator.data_planes.openai import language
from azlabs.simulator.data_planes.openai.vectors import Space

SIZES = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
THINGS = ("capstan", "fender", "ladder", "bollard", "lantern", "windlass", "gangway", "pump", "hawser", "beacon")
SYLLABLES = ("bra", "dor", "fen", "gul", "hesk", "jorn", "kel", "lum", "mev", "nur", "osk", "pell", "quin", "rast", "sorv", "tam", "vik")


def ranks(space: Space, dimensions: int) -> dict[str, float]:
    """Rank of the right text for every question of the file."""
    pairs = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))["pairs"]
    stored = space.embed([language.features(text) for text, _ in pairs], dimensions)
    asked = space.embed([language.features(text) for _, text in pairs], dimensions)
    scores = asked @ stored.T
    found = [int((row > row[number]).sum()) + 1 for number, row in enumerate(scores)]
    right = [float(scores[number, number]) for number in range(len(pairs))]
    others = [float(scores[a, b]) for a in range(len(pairs)) for b in range(len(pairs)) if a != b]
    return {
        "pairs": len(pairs), "first": sum(one == 1 for one in found), "among_three": sum(one <= 3 for one in found),
        "among_five": sum(one <= 5 for one in found), "reciprocal_rank": sum(1 / one for one in found) / len(found),
        "similarity_right": sum(right) / len(right), "similarity_others": sum(others) / len(others),
    }  # fmt: skip


def facts(seed: int, count: int = 40) -> list[tuple[str, str]]:
    """Facts about invented places, and the question that each answers."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        place, crew = ("".join(draw.choices(SYLLABLES, k=3)).capitalize() for _ in range(2))
        thing, days = draw.choice(THINGS), draw.randint(3, 90)
        found.append((
            f"At {place} landing the {thing} is inspected every {days} days by the crew of the {crew}, and the entry goes into "
            "the harbour ledger.",
            f"How often does the crew of the {crew} inspect the {thing} at {place} landing?",
        ))  # fmt: skip
    return found


def packed(sentences: list[str], size: int) -> list[str]:
    """Sentences put together to passages of at most `size` characters."""
    found = [""]
    for one in sentences:
        if found[-1] and len(found[-1]) + len(one) + 1 > size:
            found.append("")
        found[-1] = f"{found[-1]} {one}".strip()
    return found


def cut(text: str, size: int, overlap: int = 0) -> list[str]:
    """A text in pieces of `size` characters."""
    return [text[at : at + size] for at in range(0, len(text), size - overlap)]


def missed(space: Space, dimensions: int, seed: int, how: str, size: int, k: int = 5) -> int:
    """How many of forty facts do not stand whole in one of the k nearest passages."""
    known = facts(seed)
    sentences = [fact for fact, _ in known]
    whole = " ".join(sentences)
    passages = {"sentences": lambda: packed(sentences, size), "cut": lambda: cut(whole, size),
                "windows": lambda: cut(whole, size, 200)}[how]()  # fmt: skip
    for other in range(6):
        passages += packed([fact for fact, _ in facts(seed * 100 + other + 1, 8)], 900)
    stored = space.embed([language.features(text) for text in passages], dimensions)
    asked = space.embed([language.features(text) for _, text in known], dimensions)
    nearest = (-(asked @ stored.T)).argsort(axis=1)[:, :k]
    return sum(all(fact not in passages[one] for one in row) for (fact, _), row in zip(known, nearest, strict=True))


def milliseconds(model: str, size: int) -> tuple[float, float]:
    """For eight passages of about 900 characters: the first time, and once their words are known."""
    texts = packed([fact for fact, _ in facts(7, 56)], 940)[:8]
    first = again = 1e9
    for _ in range(5):
        space = Space(model, size)
        language.word.cache_clear()
        times = []
        for _ in range(2):
            start = time.perf_counter()
            space.embed([language.features(text) for text in texts], size)
            times.append((time.perf_counter() - start) * 1000)
        first, again = min(first, times[0]), min(again, times[1])
    return first, again


def main(arguments: Sequence[str] = ()) -> None:
    """Print the figures."""
    model = arguments[0] if arguments else "text-embedding-3-small"
    dimensions = int(arguments[1]) if len(arguments) > 1 else SIZES[model]
    space = Space(model, SIZES[model])
    report: dict[str, Any] = {"model": model, "dimensions": dimensions, **ranks(space, dimensions)}
    for how, size in (("sentences", 600), ("sentences", 900), ("windows", 1000), ("cut", 500), ("cut", 700), ("cut", 1000)):
        report[f"missed_of_40_{how}_{size}"] = [missed(space, dimensions, seed, how, size) for seed in range(1, 6)]
    report["ms_first"], report["ms_again"] = milliseconds(model, SIZES[model])
    for name, value in report.items():
        print(f"{name:28} {value if not isinstance(value, float) else round(value, 3)}")


if __name__ == "__main__":
    main(sys.argv[1:])
