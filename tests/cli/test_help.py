"""The help texts, as goldens: `pytest --update` writes them again."""

from __future__ import annotations

import pytest
import typer

from azlabs.cli.app import COMMANDS

GROUPS = {
    "lab": ["new", "validate", "test"],
    "simulator": ["serve", "status", "reset", "faults"],
    "simulator faults": ["add", "list", "clear"],
    "bicep": ["build", "lint"],
}
PAGES = [[], *([name] for name in COMMANDS), *([*group.split(), name] for group, names in GROUPS.items() for name in names)]
# The words are ours; the frames around them are those of this Typer.
FRAMES = "0.29."
# Words for people who build azlabs, not for people who learn with it.
INSIDE_WORDS = ("residue", "ledger", "probe", "mutant")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: " ".join(page) or "azlabs")
def test_help(azlabs, golden, page):
    ran = azlabs(*page, "--help")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 80
    if not typer.__version__.startswith(FRAMES):
        pytest.skip(f"the goldens are framed by Typer {FRAMES}; this is {typer.__version__}")
    golden(f"help-{'-'.join(page) or 'azlabs'}.txt", "\n".join(line.rstrip() for line in lines).strip() + "\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: " ".join(page) or "azlabs")
def test_help_uses_plain_words(azlabs, page):
    if page[:1] == ["lab"]:
        pytest.skip("written for authors of labs")
    text = azlabs(*page, "--help").out.lower()
    assert not [word for word in INSIDE_WORDS if word in text]
