"""Reading `equivalent.yaml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from azlabs.proof.equivalent import BrokenEquivalents, Flow, read_equivalents


def test_a_lab_without_the_file_declares_nothing(tmp_path: Path) -> None:
    found = read_equivalents(tmp_path / "equivalent.yaml")
    assert found.unasked == ()
    assert found.reason("anything") is None


def test_flows_settings_and_mutants_are_read_with_their_reasons(tmp_path: Path) -> None:
    file = tmp_path / "equivalent.yaml"
    file.write_text(
        "unasked:\n"
        "  - flow: {from: VirtualNetwork, not_from: jump, to: [a, b], services: Tcp/22, not_services: Tcp/443}\n"
        "    reason: Open.\n"
        "  - setting: '*/Tags/*'\n"
        "    reason: Free.\n"
        "mutants:\n"
        "  - mutant: 'a/b: 1 -> 2'\n"
        "    reason: Still enough.\n"
    )
    found = read_equivalents(file)
    assert found.unasked[0].flow == Flow(("VirtualNetwork",), ("a", "b"), "Tcp/22", ("jump",), (), "Tcp/443")
    assert found.unasked[1].covers_setting("nsg/tags/owner")
    assert not found.unasked[0].covers_setting("nsg/tags/owner")
    assert found.reason("a/b: 1 -> 2") == "Still enough."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("unasked: [{flow: {from: a, to: b}}]", "no reason"),
        ("unasked: [{reason: x}]", "a flow or a setting"),
        ("unasked: [{reason: x, flow: {from: a}}]", "'to' is missing"),
        ("unasked: [{reason: x, flow: {from: a, to: b, port: 1}}]", "no 'port'"),
        ("unasked: [{reason: x, flows: {}}]", "a flow or a setting"),
        ("mutants: [{reason: x}]", "'mutant' is missing"),
        ("mutants: [just text]", ""),
        ("[", "is not YAML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "equivalent.yaml"
    file.write_text(text)
    with pytest.raises(BrokenEquivalents) as caught:
        read_equivalents(file)
    assert words in caught.value.message
    assert str(file) in caught.value.message
