"""Nothing above cloud/ knows which cloud it talks to: no decision is taken on a cloud's name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOMS = Path(__file__).resolve().parents[2] / "src" / "azlabs"
NAMES = {"azure", "simulator"}
BELOW = {"cloud", "site", "simulator", "rules", "bicep", "arm"}


def decisions(tree: ast.AST) -> Iterator[int]:
    """Lines on which a value is compared with, or looked up by, the name of a cloud."""
    for node in ast.walk(tree):
        compared: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            compared = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            compared = [node.value]
        elif isinstance(node, ast.Subscript):
            compared = [node.slice]
        for value in compared:
            inner = value.elts if isinstance(value, ast.Tuple | ast.List | ast.Set) else [value]
            if any(isinstance(one, ast.Constant) and one.value in NAMES for one in inner):
                yield getattr(node, "lineno", value.lineno)


def test_the_search_finds_decisions() -> None:
    found = (
        "if c.name == 'azure': pass\nmatch c:\n  case 'simulator': pass\nx = table['azure']\ny = n in ('azure', 'b')"
    )
    assert sorted(decisions(ast.parse(found))) == [1, 3, 4, 5]


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(ROOMS.rglob("*.py")) if path.relative_to(ROOMS).parts[0] not in BELOW],
    ids=lambda path: str(path.relative_to(ROOMS)),
)
def test_no_room_above_decides_by_a_clouds_name(path: Path) -> None:
    assert list(decisions(ast.parse(path.read_text()))) == []
