"""The paths that loadJsonContent and loadYamlContent take."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.bicep.json_path import select

STORE: dict[str, Any] = {
    "name": "store",
    "products": [{"name": "a", "price": 3}, {"name": "b", "price": 10}, {"name": "c", "price": 30, "sale": True}],
    "odd key": {"name": "deep"},
}


@pytest.mark.parametrize(("path", "expected"), [
    ("$", [STORE]),
    ("name", ["store"]),
    ("$.products[0].name", ["a"]),
    ("products[-1].price", [30]),
    ("products[:2].name", ["a", "b"]),
    ("products[::2].name", ["a", "c"]),
    ("products[*].price", [3, 10, 30]),
    ("['odd key'].name", ["deep"]),
    ("products[?(@.price > 5)].name", ["b", "c"]),
    ("products[?(@.name == 'a')].price", [3]),
    ("products[?(@.sale)].name", ["c"]),
    ("$..name", ["store", "a", "b", "c", "deep"]),
    ("missing.name", []),
])
def test_a_path_names_parts(path: str, expected: list[Any]) -> None:
    assert select(STORE, path) == expected


@pytest.mark.parametrize("path", ["products[", "products[?(price > 3)]", "products[::0]", "$.a b"])
def test_a_path_that_cannot_be_read_is_an_error(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|filter|slice"):
        select(STORE, path)
