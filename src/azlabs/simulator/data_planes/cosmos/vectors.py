"""Vectors of items: one float32 block per embedding path, and the distances of VectorDistance. numpy loads on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.cosmos.query.errors import QueryError
from azlabs.simulator.data_planes.cosmos.query.values import NUMBER, UNDEFINED

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Array = numpy.typing.NDArray[Any]

FUNCTIONS = ("cosine", "dotproduct", "euclidean")
_GROWTH = 8
"""A block grows by one part in this many."""
_LEAST = 64
_IN_PLACE = 64 * 1024 * 1024
"""Bytes from which on the system enlarges a block without copying it."""


class Stub(list[Any]):
    """Stands in a cached item for a vector that is kept in row `row` of its block; its elements are not there."""

    __slots__ = ("row", "size")

    def __init__(self, row: int, size: int) -> None:
        super().__init__()
        self.row, self.size = row, size

    def __len__(self) -> int:
        return self.size


def numpy_module() -> Any:
    """numpy. Raises `QueryError` that says how to get it."""
    try:
        import numpy as module
    except ImportError:
        raise QueryError("Vector search needs numpy: pip install azlabs[vectors].", "NotModelledBySimulator") from None
    return module


def is_vector(value: Any) -> bool:
    """An array of numbers that is not empty."""
    return isinstance(value, list) and len(value) > 0 and set(map(type, value)) <= NUMBER


class Block:
    """The vectors of one path: `data[row]` belongs to item `numbers[row]`; rows of dropped items are used again."""

    def __init__(self, policy: dict[str, Any]) -> None:
        self.dimensions = int(policy["dimensions"])
        self.function = str(policy.get("distanceFunction", "cosine")).lower()
        self.data: Array | None = None
        self.norms: Array | None = None
        self.numbers: list[int] = []
        self.free: list[int] = []

    def clear(self) -> None:
        """Forget all vectors; the memory stays for the next ones."""
        self.numbers, self.free = [], []

    def reserve(self, count: int) -> None:
        """Room for this many vectors. Memory that no vector touches is not taken from the machine."""
        have = 0 if self.data is None else len(self.data)
        if count <= have:
            return
        module = numpy_module()
        size = max(_LEAST, count, have + have // _GROWTH)
        if self.data is None or self.norms is None or self.data.nbytes < _IN_PLACE:
            old, norms, used = self.data, self.norms, len(self.numbers)
            self.data = module.empty((size, self.dimensions), module.float32)
            self.norms = module.zeros(size, module.float32)
            if old is not None and norms is not None:
                self.data[:used], self.norms[:used] = old[:used], norms[:used]
        else:
            self.data.resize((size, self.dimensions), refcheck=False)
            self.norms.resize(size, refcheck=False)

    def fits(self, value: Any) -> bool:
        """Is this a vector of the policy?"""
        return isinstance(value, list) and len(value) == self.dimensions and is_vector(value)

    def put(self, vector: list[Any], number: int, row: int | None = None) -> int:
        """Keep a vector and return its row."""
        module = numpy_module()
        if row is None:
            row = self.free.pop() if self.free else len(self.numbers)
        self.reserve(row + 1)
        assert self.data is not None and self.norms is not None
        if row == len(self.numbers):
            self.numbers.append(number)
        self.numbers[row] = number
        self.data[row] = vector
        norm = float(module.linalg.norm(self.data[row]))
        self.norms[row] = 1.0 / norm if norm else 0.0
        return row

    def drop(self, row: int) -> None:
        """The vector is gone."""
        if self.data is not None:
            self.data[row] = 0
        self.numbers[row] = -1
        self.free.append(row)

    def scores(self, wanted: list[Any], function: str) -> Array:
        """VectorDistance of every row to a vector."""
        module = numpy_module()
        if self.data is None or self.norms is None:
            return module.zeros(0, module.float32)  # type: ignore[no-any-return]
        vector = module.asarray(wanted, module.float32)
        used = len(self.numbers)
        found = self.data[:used] @ vector
        if function == "cosine":
            norm = float(module.linalg.norm(vector))
            found *= self.norms[:used]
            found *= 1.0 / norm if norm else 0.0
        elif function == "euclidean":
            squares = module.einsum("ij,ij->i", self.data[:used], self.data[:used])
            found = module.sqrt(module.maximum(squares - 2 * found + vector @ vector, 0))
        return found  # type: ignore[no-any-return]


def distance(left: Any, right: Any, function: str) -> Any:
    """VectorDistance of two arrays; undefined where they are no vectors of one length."""
    if not is_vector(left) or not is_vector(right) or len(left) != len(right):
        return UNDEFINED
    module = numpy_module()
    one, two = module.asarray(left, module.float64), module.asarray(right, module.float64)
    if function == "euclidean":
        return float(module.linalg.norm(one - two))
    found = float(one @ two)
    if function == "cosine":
        norms = float(module.linalg.norm(one) * module.linalg.norm(two))
        return found / norms if norms else 0.0
    return found
