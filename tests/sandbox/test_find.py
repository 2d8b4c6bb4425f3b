"""Which sandbox is meant: the named one, else that of this folder, else the only one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from azlabs.sandbox.find import SandboxUnclear, find
from azlabs.sandbox.ledger import Ledger, UnknownSandbox
from azlabs.sandbox.model import Sandbox

Made = Callable[..., Sandbox]


@pytest.fixture
def two(ledger: Ledger, made: Made) -> Ledger:
    for name in ("net-aaaaa", "net-bbbbb"):
        box = made(name, lab="net")
        box.workspace.mkdir(parents=True)
        (box.workspace / ".azlabs.json").write_text(f'{{"sandbox": "{name}"}}')
        ledger.save(box)
    return ledger


def test_nothing_up_says_how_to_begin(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(SandboxUnclear) as caught:
        find(None, tmp_path, ledger)
    assert caught.value.exit_code == 2 and "azlabs up" in caught.value.action


def test_the_only_one_is_meant_from_anywhere(ledger: Ledger, made: Made, tmp_path: Path) -> None:
    ledger.save(made("net-aaaaa"))
    assert find(None, tmp_path, ledger).id == "net-aaaaa"


def test_several_need_a_name_and_are_listed(two: Ledger, tmp_path: Path) -> None:
    with pytest.raises(SandboxUnclear) as caught:
        find(None, tmp_path, two)
    assert "net-aaaaa, net-bbbbb" in caught.value.action


def test_the_folder_one_works_in_decides(two: Ledger) -> None:
    below = two.load("net-bbbbb").workspace / "app" / "src"
    below.mkdir(parents=True)
    assert find(None, below, two).id == "net-bbbbb"


def test_a_workspace_that_was_moved_is_still_known(two: Ledger, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    two.load("net-bbbbb").workspace.rename(moved)
    assert find(None, moved, two).id == "net-bbbbb"


def test_a_name_wins_over_the_folder_and_may_be_short(two: Ledger) -> None:
    here = two.load("net-bbbbb").workspace
    assert find("net-aaaaa", here, two).id == "net-aaaaa"
    assert find("net-a", here, two).id == "net-aaaaa"
    with pytest.raises(SandboxUnclear):
        find("net", here, two)
    with pytest.raises(UnknownSandbox):
        find("other", here, two)


def test_the_name_of_a_lab_is_enough_when_it_is_up_once(ledger: Ledger, made: Made, tmp_path: Path) -> None:
    ledger.save(made("net-aaaaa", lab="net"))
    ledger.save(made("web-aaaaa", lab="web"))
    assert find("web", tmp_path, ledger).id == "web-aaaaa"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"sandbox": 3}', '{"sandbox": "gone"}'])
def test_a_broken_marker_is_no_marker(two: Ledger, tmp_path: Path, text: str) -> None:
    (tmp_path / ".azlabs.json").write_text(text)
    with pytest.raises(SandboxUnclear):
        find(None, tmp_path, two)
