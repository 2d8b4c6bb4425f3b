"""Texts on one subject are near each other: the floors of `bench/embeddings.py`."""

from __future__ import annotations

import pytest
from bench import embeddings

from azlabs.simulator.data_planes.openai import language, tokens
from azlabs.simulator.data_planes.openai.vectors import Space

SMALL = Space("text-embedding-3-small", 1536)


def similarity(left: str, right: str, dimensions: int = 1536) -> float:
    a, b = SMALL.embed([language.features(left), language.features(right)], dimensions)
    return float(a @ b)


def test_other_words_for_the_same_matter_are_found() -> None:
    found = embeddings.ranks(SMALL, 1536)
    assert found["first"] >= 34 and found["among_three"] >= 48 and found["reciprocal_rank"] >= 0.7
    assert found["similarity_right"] > 0.15 > 0.03 > abs(found["similarity_others"])


@pytest.mark.parametrize(("how", "size", "dimensions"), [
    ("sentences", 600, 1536), ("sentences", 900, 1536), ("windows", 1000, 1536), ("sentences", 900, 512), ("sentences", 600, 256),
])  # fmt: skip
def test_a_fact_is_found_where_sentences_stay_whole(how: str, size: int, dimensions: int) -> None:
    assert all(embeddings.missed(SMALL, dimensions, seed, how, size) <= 1 for seed in range(1, 4))


@pytest.mark.parametrize("size", [500, 700, 1000])
def test_facts_that_were_cut_through_are_missed(size: int) -> None:
    assert all(embeddings.missed(SMALL, 1536, seed, "cut", size) >= 5 for seed in range(1, 4))


def test_what_is_rare_decides() -> None:
    question = "Who inspects the fender at Dorfenlum?"
    right, wrong = "The fender at Dorfenlum is in good order.", "Who inspects the fender at Bragulmev?"
    assert similarity(question, right) > 0.4
    assert similarity(question, wrong) < similarity(question, question)


@pytest.mark.parametrize(("forms", "stem"), [
    (("inspect", "inspects", "inspected", "inspecting", "inspection"), "inspect"), (("run", "runs", "running", "ran"), "run"),
    (("city", "cities"), "citi"), (("freeze", "frozen", "freezing"), "freez"), (("moor", "moored", "mooring"), "moor"),
])  # fmt: skip
def test_forms_of_a_word_share_a_stem(forms: tuple[str, ...], stem: str) -> None:
    assert {language.stem(form) for form in forms} == {stem}


def test_order_and_accents_matter_little() -> None:
    assert 0.9 < similarity("dog bites man", "man bites dog") < 1
    assert similarity("Überholung der Fähre", "uberholung der fahre") == pytest.approx(1)
    assert similarity("misspelled harbour", "misspeled harbor") > 0.2


def test_signs_alone_have_a_vector_too() -> None:
    assert similarity("!!!", "?") == pytest.approx(1)


@pytest.mark.parametrize(("text", "count"), [("Hello world", 2), ("1234567", 3), ("don't", 2), ("a" * 45, 10), ("\n\n", 1)])
def test_tokens_are_counted_by_rule(text: str, count: int) -> None:
    assert tokens.count(text) == count
