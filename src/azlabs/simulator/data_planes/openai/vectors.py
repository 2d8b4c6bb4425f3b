"""Features as vectors of unit length: every feature has a few places with signs, drawn from its name.

A feature has one place in each of `STRATA` equal parts of the vector, so that the first numbers of a vector are an embedding of
their own: asking for fewer dimensions takes those and scales them, as the models do whose names begin with text-embedding-3.
numpy comes with the extra `apps`; it is loaded with the first request.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from typing import Any

from azlabs.simulator.data_planes.openai import language
from azlabs.simulator.data_planes.openai.language import Features

STRATA = 32
REMEMBERED = 3000
"""Words whose vectors are kept, of each model."""
_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class Space:
    """The vectors of one model. `size` numbers each, a multiple of `STRATA`; `name` decides where features lie."""

    def __init__(self, name: str, size: int) -> None:
        import numpy

        self._numpy, self.size = numpy, size
        self._seed = zlib.crc32(name.encode()) * _GOLDEN & 0xFFFFFFFFFFFFFFFF
        self._words: dict[str, Any] = {}
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[Features], dimensions: int) -> Any:
        """An array of float32, a row of `dimensions` numbers and of length 1 for each text."""
        numpy = self._numpy
        with self._lock:
            self._learn({name for text in texts for name, _ in text.words})
            found = numpy.zeros((len(texts), self.size), numpy.float32)
            for row, text in zip(found, texts, strict=True):
                if text.words:
                    weights = numpy.array([weight for _, weight in text.words], numpy.float32)
                    row += weights @ numpy.stack([self._words[name] for name, _ in text.words])
        names = [(name, weight, number) for number, text in enumerate(texts) for name, weight in text.pairs]
        if names:
            found += self._spread(names, len(texts))
        found = found[:, :dimensions]
        lengths = numpy.linalg.norm(found, axis=1, keepdims=True)
        found[lengths[:, 0] < 1e-9, 0] = 1.0
        lengths[lengths < 1e-9] = 1.0
        return found / lengths

    def _learn(self, names: set[str]) -> None:
        """Keep the vectors of these words at hand."""
        unknown = sorted(names - self._words.keys())
        if not unknown:
            return
        if len(self._words) + len(unknown) > REMEMBERED:
            self._words = {name: self._words[name] for name in names & self._words.keys()}
        rows = [(name, share, number) for number, text in enumerate(unknown) for name, share in language.word(text).features]
        self._words.update(zip(unknown, self._spread(rows, len(unknown)), strict=True))

    def _spread(self, rows: list[tuple[str, float, int]], count: int) -> Any:
        """The sums of features (name, weight, number of the sum), as an array of `count` rows."""
        numpy = self._numpy
        made = numpy.zeros(count * self.size, numpy.float32)
        width = self.size // STRATA
        for start in range(0, len(rows), 16_384):
            part = rows[start : start + 16_384]
            names = numpy.array([zlib.crc32(name.encode("utf-8", "surrogatepass")) for name, _, _ in part], numpy.uint64)
            steps = numpy.arange(1, STRATA + 1, dtype=numpy.uint64) * numpy.uint64(_GOLDEN)
            drawn = (names * numpy.uint64(_FIRST) ^ numpy.uint64(self._seed))[:, None] + steps
            drawn = (drawn ^ (drawn >> numpy.uint64(30))) * numpy.uint64(_FIRST)
            drawn = (drawn ^ (drawn >> numpy.uint64(27))) * numpy.uint64(_SECOND)
            drawn ^= drawn >> numpy.uint64(31)
            sums = numpy.array([number for _, _, number in part], numpy.int64)
            weights = numpy.array([weight for _, weight, _ in part], numpy.float32)
            places = ((drawn >> numpy.uint64(8)) % numpy.uint64(width)).astype(numpy.int64)
            places += numpy.arange(STRATA) * width + (sums * self.size)[:, None]
            signs = numpy.where(drawn & numpy.uint64(1), weights[:, None], -weights[:, None])
            made += numpy.bincount(places.ravel(), signs.ravel(), minlength=made.size).astype(numpy.float32)
        return made.reshape(count, self.size)
