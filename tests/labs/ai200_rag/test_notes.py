"""What the probes send keeps the contracts of the lab, and the ways to cut a note keep its sentences whole."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.catalog import content

LAB = content.labs() / "ai200-rag"
SOLUTION = content.bicep() / "ai200-rag" / "solution"


def module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"tried_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = made
    spec.loader.exec_module(made)
    return made


NOTES = module(LAB / "probe_notes.py")


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+", text.strip())


def test_notes_follow_from_their_mark() -> None:
    first, again, other = (NOTES.Notes(mark) for mark in ("abcd1234", "abcd1234", "abcd1235"))
    assert [note.message() for note in first.everything] == [note.message() for note in again.everything]
    assert not {note.id for note in first.everything} & {note.id for note in other.everything}
    assert not {s for n in first.everything for s in n.sentences} & {s for n in other.everything for s in n.sentences}


def test_notes_keep_the_contract_with_the_editors_system() -> None:
    notes = NOTES.Notes("abcd1234")
    for note in notes.everything:
        body = json.loads(note.message())
        assert 0 < len(body["id"]) <= 120
        assert sentences(body["body"]) == list(note.sentences)
        assert all(len(one) <= 200 for one in note.sentences)
    assert len(" ".join(notes.long.sentences)) > 5000
    assert len(notes.facts) == 40 and len(notes.winch.operations) == 12
    assert {len(note.id) for note in notes.awkward} >= {120}


def test_no_sentence_stands_in_two_notes() -> None:
    notes = NOTES.Notes("abcd1234")
    every = [sentence for note in notes.everything for sentence in note.sentences]
    assert len(set(every)) == len(every)


def test_every_unusable_message_is_one_by_the_contract() -> None:
    kinds = {}
    for bad in NOTES.Notes("abcd1234").bad:
        try:
            body = json.loads(bad.body)
        except ValueError:
            kinds[bad.name] = "no JSON"
            continue
        usable = isinstance(body, dict) and isinstance(body.get("id"), str) and isinstance(body.get("body"), str)
        kinds[bad.name] = "usable" if usable and body["body"].strip() else "unusable"
    assert set(kinds.values()) == {"no JSON", "unusable"}
    assert len(kinds) == 7


def test_the_notes_of_the_trust_keep_the_contract_too() -> None:
    files = sorted((LAB / "app" / "documents").glob("*.json"))
    assert len(files) == 8
    bodies = [json.loads(file.read_text("utf-8")) for file in files]
    assert [body["id"] for body in bodies] == [file.stem for file in files]
    assert any(len(body["body"]) > 5000 for body in bodies)
    assert all(len(one) <= 200 for body in bodies for one in sentences(body["body"]))


def _cutters() -> dict[str, Callable[[str], list[str]]]:
    """The function of each solution that cuts a text, run without the packages that the app needs."""
    found: dict[str, Callable[[str], list[str]]] = {}
    places = {"solution": (SOLUTION / "ingest" / "passages.py", "split")}
    for name, file, function in (
        ("bindings", "function_app.py", "cut"), ("diskann", "library.py", "pieces"), ("async", "incoming.py", "windows"),
        ("flat", "function_app.py", "cut"),
    ):  # fmt: skip
        places[name] = (LAB / "alternatives" / name / "app" / file, function)
    for name, (path, function) in places.items():
        tree = ast.parse(path.read_text("utf-8"))
        kept = [
            node
            for node in tree.body
            if (isinstance(node, ast.FunctionDef) and node.name == function)
            or (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.Tuple))
            or (isinstance(node, ast.Assign) and "re.compile" in ast.unparse(node))
        ]
        space: dict[str, Any] = {"re": re, "textwrap": __import__("textwrap")}
        exec(compile(ast.Module(kept, []), str(path), "exec"), space)
        found[name] = space[function]
    return found


@pytest.mark.parametrize(("name", "cut"), _cutters().items())
def test_every_way_to_cut_keeps_sentences_whole(name: str, cut: Callable[[str], list[str]]) -> None:
    notes = NOTES.Notes("abcd1234")
    texts = [" ".join(note.sentences) for note in notes.everything]
    texts += [json.loads(file.read_text("utf-8"))["body"] for file in (LAB / "app" / "documents").glob("*.json")]
    for text in texts:
        passages = cut(text)
        assert all(len(one) <= 1200 for one in passages)
        assert all(any(sentence in one for one in passages) for sentence in sentences(text))


def test_the_skeleton_keeps_the_whole_text_in_one_passage() -> None:
    split = runpy.run_path(str(LAB / "app" / "passages.py"))["split"]
    assert split("One. Two.") == ["One. Two."]
