"""How verdicts become points."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.verify.declare import Check
from azlabs.verify.outcome import Outcome
from azlabs.verify.score import Score, score, thousandths


@dataclass(frozen=True)
class Task:
    id: str
    points: int
    objectives: tuple[str, ...] = ("az104.network.vnets",)


def a_check(name: str, task: str | tuple[str, ...], points: int = 0, kind: str = "positive", pair: str = "") -> Check:
    tasks = (task,) if isinstance(task, str) else task
    return Check(name, tasks, kind, points, pair, False, 60.0, name, lambda _lab: None, "checks.py", 1)  # type: ignore[arg-type]


def scored(tasks: list[Task], checks: list[Check], **verdicts: str) -> Score:
    return score(tasks, checks, {name: Outcome(status) for name, status in verdicts.items()})  # type: ignore[arg-type]


ONE = [Task("one", 10)]
PAIR = [a_check("works", "one", 6), a_check("nothing_else", "one", 4, "negative")]


def test_everything_green_is_a_thousand() -> None:
    result = scored(ONE, PAIR, works="pass", nothing_else="pass")
    assert (result.score, result.passed) == (1000, True)
    assert result.tasks[0].done


def test_part_of_a_task_earns_part_of_its_points() -> None:
    result = scored(ONE, PAIR, works="pass", nothing_else="fail")
    assert (result.score, result.passed) == (600, False)
    assert not result.tasks[0].done


def test_a_negative_check_alone_earns_nothing() -> None:
    assert scored(ONE, PAIR, works="fail", nothing_else="pass").score == 0


def test_a_negative_check_needs_every_positive_check_of_its_task() -> None:
    checks = [a_check("a", "one", 3), a_check("b", "one", 3), a_check("closed", "one", 4, "negative")]
    assert scored(ONE, checks, a="pass", b="fail", closed="pass").score == 300


def test_a_named_pair_needs_only_its_partner() -> None:
    checks = [a_check("a", "one", 3), a_check("b", "one", 3), a_check("closed", "one", 4, "negative", pair="a")]
    assert scored(ONE, checks, a="pass", b="fail", closed="pass").score == 700


def test_a_negative_check_does_not_wait_for_other_tasks() -> None:
    tasks = [Task("one", 10), Task("two", 10)]
    checks = [*PAIR, a_check("other", "two", 10)]
    assert scored(tasks, checks, works="pass", nothing_else="pass", other="fail").score == 500


def test_a_broken_guard_takes_all_points_of_its_task_and_no_others() -> None:
    tasks = [Task("one", 10), Task("two", 10)]
    checks = [*PAIR, a_check("other", "two", 10), a_check("still_there", "one", kind="guard")]
    result = scored(tasks, checks, works="pass", nothing_else="pass", other="pass", still_there="fail")
    assert [task.earned for task in result.tasks] == [0, 10]


def test_a_guard_that_holds_earns_nothing() -> None:
    checks = [*PAIR, a_check("still_there", "one", kind="guard")]
    assert scored(ONE, checks, works="fail", nothing_else="fail", still_there="pass").score == 0


def test_a_guard_of_every_task_takes_everything_when_it_breaks() -> None:
    tasks = [Task("one", 10), Task("two", 10)]
    checks = [*PAIR, a_check("other", "two", 10), a_check("same", ("*",), kind="guard")]
    assert scored(tasks, checks, works="pass", nothing_else="pass", other="pass", same="fail").score == 0


def test_a_guard_of_several_tasks_watches_exactly_those() -> None:
    tasks = [Task("one", 10), Task("two", 10), Task("three", 10)]
    checks = [
        a_check("a", "one", 10),
        a_check("b", "two", 10),
        a_check("c", "three", 10),
        a_check("same", ("one", "three"), kind="guard"),
    ]
    result = scored(tasks, checks, a="pass", b="pass", c="pass", same="fail")
    assert [task.earned for task in result.tasks] == [0, 10, 0]


def test_what_could_not_be_judged_is_not_counted() -> None:
    tasks = [Task("one", 10), Task("two", 10)]
    checks = [*PAIR, a_check("other", "two", 10)]
    result = scored(tasks, checks, works="pass", nothing_else="pass", other="error")
    assert (result.score, result.passed) == (1000, None)


def test_passed_is_decided_when_errors_cannot_change_it() -> None:
    tasks = [Task("big", 70), Task("small", 30)]
    checks = [a_check("a", "big", 70), a_check("b", "small", 30)]
    assert scored(tasks, checks, a="pass", b="error").passed is True
    assert scored(tasks, checks, a="fail", b="error").passed is False
    assert scored(tasks, checks, a="error", b="pass").passed is None


def test_one_point_under_the_mark_is_not_passed() -> None:
    tasks = [Task("most", 699), Task("rest", 301)]
    checks = [a_check("a", "most", 699), a_check("b", "rest", 301)]
    result = scored(tasks, checks, a="pass", b="fail")
    assert (result.score, result.passed) == (699, False)


def test_an_unjudged_guard_leaves_the_points_open_but_not_what_failed_anyway() -> None:
    checks = [*PAIR, a_check("still_there", "one", kind="guard")]
    result = scored(ONE, checks, works="pass", nothing_else="fail", still_there="error")
    assert (result.tasks[0].earned, result.tasks[0].open) == (0, 6)
    assert result.passed is False


def test_a_broken_guard_settles_a_check_that_could_not_be_judged() -> None:
    checks = [*PAIR, a_check("still_there", "one", kind="guard")]
    result = scored(ONE, checks, works="error", nothing_else="error", still_there="fail")
    assert (result.tasks[0].open, result.passed) == (0, False)


def test_checks_that_were_not_run_leave_their_points_open() -> None:
    tasks = [Task("one", 10), Task("two", 10)]
    checks = [*PAIR, a_check("other", "two", 10)]
    result = scored(tasks, checks, works="pass", nothing_else="fail")
    assert (result.score, result.passed) == (600, None)


def test_nothing_judged_is_no_score_and_no_verdict() -> None:
    result = scored(ONE, PAIR, works="error", nothing_else="error")
    assert (result.score, result.passed) == (0, None)


def test_a_task_with_two_objectives_gives_each_half() -> None:
    tasks = [Task("one", 15, ("az104.network.vnets", "az104.identity.rbac")), Task("two", 10)]
    checks = [a_check("a", "one", 15), a_check("b", "two", 10)]
    result = scored(tasks, checks, a="pass", b="fail")
    assert {entry.id: (entry.points, entry.earned) for entry in result.objectives} == {
        "az104.network.vnets": (Fraction(35, 2), Fraction(15, 2)),
        "az104.identity.rbac": (Fraction(15, 2), Fraction(15, 2)),
    }
    assert {entry.id: entry.points for entry in result.domains} == {
        "az104.network": Fraction(35, 2),
        "az104.identity": Fraction(15, 2),
    }


@pytest.mark.parametrize(("earned", "judged", "expected"), [(1, 3, 333), (2, 3, 667), (1, 16, 63), (0, 7, 0)])
def test_the_score_is_rounded_once_and_halves_go_up(earned: int, judged: int, expected: int) -> None:
    assert thousandths(Fraction(earned), Fraction(judged)) == expected


STATUS = st.sampled_from(["pass", "fail", "error"])


@given(
    verdicts=st.lists(STATUS, min_size=6, max_size=6),
    improved=st.integers(0, 5),
)
def test_a_better_verdict_never_lowers_what_is_earned(verdicts: list[str], improved: int) -> None:
    tasks = [Task("one", 10), Task("two", 20)]
    checks = [
        a_check("a", "one", 6),
        a_check("b", "one", 4, "negative"),
        a_check("c", "two", 12),
        a_check("d", "two", 8, "negative"),
        a_check("g", "one", kind="guard"),
        a_check("h", ("*",), kind="guard"),
    ]
    before = dict(zip("abcdgh", verdicts, strict=True))
    after = before | {"abcdgh"[improved]: "pass"}
    low, high = (scored(tasks, checks, **entry) for entry in (before, after))
    assert sum(task.earned for task in low.tasks) <= sum(task.earned for task in high.tasks)
    for result in (low, high):
        assert 0 <= result.score <= 1000
        certain = sum(task.earned for task in result.tasks)
        possible = certain + sum(task.open for task in result.tasks)
        assert result.passed is (None if certain < 21 <= possible else certain >= 21)


def test_what_could_still_reach_exactly_the_mark_is_undecided() -> None:
    tasks = [Task("sure", 60), Task("open", 10), Task("lost", 30)]
    checks = [a_check("a", "sure", 60), a_check("b", "open", 10), a_check("c", "lost", 30)]
    assert scored(tasks, checks, a="pass", b="error", c="fail").passed is None
    assert scored(tasks, checks, a="pass", b="pass", c="fail").passed is True


def test_the_worth_of_each_earning_check_is_told() -> None:
    checks = [*PAIR, a_check("still_there", "one", kind="guard")]
    assert scored(ONE, checks, works="fail", nothing_else="pass", still_there="pass").worth == {
        "works": "fail",
        "nothing_else": "fail",
    }
    assert scored(ONE, checks, works="pass", nothing_else="pass", still_there="error").worth == {
        "works": "error",
        "nothing_else": "error",
    }
