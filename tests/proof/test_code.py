"""Mutants of code: the usual slips by rule, and mistakes that a lab's author knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from azlabs.proof.code import PUBLISH, BrokenCodeMutants, code_mutants, slips

APP = '''"""An app."""
import logging

LIMIT = 5


def kept(rows, floor=None):
    """Rows that stay."""
    logging.info("looking at %s rows", len(rows) + 1)
    if not rows or floor is None:
        raise ValueError(f"at least {LIMIT + 1}")
    found = [{"name": row, "größe": 1} for row in rows if 1 <= row < LIMIT]
    found.sort(key=len)
    return found
'''


def texts(operator: str, source: str = APP) -> list[tuple[str, str]]:
    return [(slip.before, slip.after) for slip in slips(source) if slip.operator == operator]


def test_conditions_are_turned_round() -> None:
    assert texts("condition") == [
        ("not rows or floor is None", "not (not rows or floor is None)"),
        ("1 <= row < LIMIT", "not (1 <= row < LIMIT)"),
    ]
    assert texts("condition", "if not ready:\n    go()\n") == [("not ready", "ready")]


def test_each_boundary_moves_by_itself() -> None:
    assert ("1 <= row < LIMIT", "1 < row < LIMIT") in texts("comparison")
    assert ("1 <= row < LIMIT", "1 <= row <= LIMIT") in texts("comparison")
    assert ("floor is None", "floor is not None") in texts("comparison")


def test_and_becomes_or() -> None:
    assert texts("boolean") == [("not rows or floor is None", "(not rows) and (floor is None)")]


def test_statements_numbers_and_names_of_fields_change() -> None:
    assert texts("statement") == [("found.sort(key=len)", "pass")]
    assert texts("number") == [("5", "6"), ("1", "2"), ("1", "2")]
    assert texts("field") == [('"name"', "'name_'"), ('"größe"', "'größe_'")]


def test_what_only_tells_of_something_stays() -> None:
    assert not any("logging" in slip.before or slip.line == 9 or "at least" in slip.before for slip in slips(APP))


def test_every_change_is_python_and_has_a_name_of_its_own() -> None:
    made = code_mutants("func", {"app.py": APP, "host.json": "{}"}, Path("nowhere"))
    assert len({mutant.name for mutant in made}) == len(made) > 10
    for mutant in made:
        assert mutant.edit.id == f"{PUBLISH}func"
        (text,) = mutant.edit.body.values()
        ast.parse(text)
        assert text != APP


NAMED = """
- name: nothing is kept
  file: app.py
  fails: [search, ingest]
  find: |
    found.sort(key=len)
    return found
  replace: |
    if found:
        return []
    return found
"""


def test_a_known_mistake_replaces_lines_at_their_depth(tmp_path: Path) -> None:
    (tmp_path / "named.yaml").write_text(NAMED)
    mistake = code_mutants("func", {"app.py": APP}, tmp_path / "named.yaml")[0]
    assert (mistake.operator, mistake.task, mistake.after) == ("mistake", "search", "search, ingest")
    assert mistake.edit.body["app.py"].endswith("    if found:\n        return []\n    return found\n")


@pytest.mark.parametrize("find", ["return nothing", "rows", ""])
def test_a_mistake_that_does_not_fit_the_code_is_refused(tmp_path: Path, find: str) -> None:
    (tmp_path / "named.yaml").write_text(f"- {{name: a, file: app.py, fails: [b], find: '{find}', replace: x}}\n")
    with pytest.raises(BrokenCodeMutants, match="does not fit the solution"):
        code_mutants("func", {"app.py": APP}, tmp_path / "named.yaml")


def test_an_entry_without_tasks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "named.yaml").write_text("- {name: a, file: app.py, find: LIMIT = 5, replace: LIMIT = 6}\n")
    with pytest.raises(BrokenCodeMutants, match="fails"):
        code_mutants("func", {"app.py": APP}, tmp_path / "named.yaml")
