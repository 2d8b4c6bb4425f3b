"""Reading `checks.py`, and the mistakes an author can make in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from azlabs.verify import BrokenChecks, load_checks

GOOD = '''
@check("one", points=6)
def the_door_opens(lab: LabView) -> None:
    """The door opens.

    More words for authors.
    """

@check("one", points=4, negative=True, seconds=5)
def the_window_stays_shut(lab): ...

@guard("*")
def the_house_stands(lab):
    """The house stands."""
'''


def test_checks_come_in_the_order_they_are_written_with_the_docstring_as_title(make_lab: Callable[..., Any]) -> None:
    lab = make_lab(GOOD, one=10)
    checks = load_checks(lab.checks_file, lab.tasks)
    assert [(entry.id, entry.kind, entry.points) for entry in checks] == [
        ("the_door_opens", "positive", 6),
        ("the_window_stays_shut", "negative", 4),
        ("the_house_stands", "guard", 0),
    ]
    assert checks[0].title == "The door opens."
    assert checks[1].title == "the window stays shut"
    assert checks[1].seconds == 5


def test_reading_leaves_nothing_beside_the_file(make_lab: Callable[..., Any]) -> None:
    lab = make_lab(GOOD, one=10)
    load_checks(lab.checks_file, lab.tasks)
    assert not (lab.checks_file.parent / "__pycache__").exists()


def test_two_labs_do_not_share_a_module(make_lab: Callable[..., Any], tmp_path: Any) -> None:
    lab = make_lab(GOOD, one=10)
    other = tmp_path / "other" / "checks.py"
    other.parent.mkdir()
    other.write_text(lab.checks_file.read_text())
    first, second = (load_checks(file, lab.tasks)[0].function for file in (lab.checks_file, other))
    assert first.__module__ != second.__module__
    assert first.__module__ in sys.modules


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def broken(:\n    pass\n", "(2,12): invalid syntax"),
        ("x = 1 / 0\n", "(2): ZeroDivisionError"),
        ("import nowhere_to_be_found\n", "(2): ModuleNotFoundError"),
        ('@check("two", points=10)\ndef a(lab): ...\n', "task 'two', which lab.yaml does not have"),
        ('@check("one", points=9)\ndef a(lab): ...\n', "earn 9 points, lab.yaml says 10"),
        (
            '@check("one", points=5)\ndef a(lab): ...\n@check("one", points=5)\ndef a(lab): ...\n',
            "two checks are called",
        ),
        ('@check("one")\ndef a(lab): ...\n', "(2): ValueError: A check earns points"),
        ('@check("one", points=10, guard=True)\ndef a(lab): ...\n', "A guard earns nothing"),
        ('@check(["one", "two"], points=10)\ndef a(lab): ...\n', "belongs to one task"),
        ('@check("one", points=10, seconds=0)\ndef a(lab): ...\n', "seconds"),
        ('@check("one", points=10, pair="b")\ndef a(lab): ...\n', "Only a negative check is paired"),
        (
            '@check("one", points=6)\ndef b(lab): ...\n'
            '@check("one", points=4, negative=True, pair="c")\ndef a(lab): ...\n',
            "no positive check of its task",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_line(make_lab: Callable[..., Any], source: str, expected: str) -> None:
    lab = make_lab(source, one=10)
    with pytest.raises(BrokenChecks) as caught:
        load_checks(lab.checks_file, lab.tasks)
    assert expected in caught.value.message
    assert str(lab.checks_file) in caught.value.message


def test_a_missing_file_is_said(make_lab: Callable[..., Any]) -> None:
    lab = make_lab(GOOD, one=10)
    lab.checks_file.unlink()
    with pytest.raises(BrokenChecks, match="cannot be read"):
        load_checks(lab.checks_file, lab.tasks)


def test_more_checks_stand_in_files_beside_it_which_share_what_they_need(make_lab: Callable[..., Any]) -> None:
    lab = make_lab(GOOD, one=12)
    folder = lab.checks_file.parent
    (folder / "checks_of_water.py").write_text(
        "from azlabs.verify import check\nfrom .shared import WORTH\n\n"
        '@check("one", points=WORTH)\ndef the_tap_runs(lab):\n    """The tap runs."""\n'
    )
    (folder / "shared.py").write_text("WORTH = 2\n")
    for _ in range(2):
        checks = load_checks(lab.checks_file, lab.tasks)
        assert [entry.id for entry in checks][-1] == "the_tap_runs"
        assert len(checks) == 4
    assert not (folder / "__pycache__").exists()
    (folder / "shared.py").write_text("WORTH = 1 / 0\n")
    with pytest.raises(BrokenChecks, match=r"shared\.py\(1\): ZeroDivisionError"):
        load_checks(lab.checks_file, lab.tasks)
