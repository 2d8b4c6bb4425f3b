"""The documents: every command in them exists, every link leads somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from azlabs.cli.app import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Commands are written as code: in backquotes, or at the beginning of an indented or quoted line.
COMMAND = re.compile(r"(?:`|^(?: {4}|\$ ))azlabs ([a-z]+)", re.MULTILINE)
OPTION = re.compile(r"--[a-z][a-z-]+")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_exists(document):
    named = set(COMMAND.findall(document.read_text(encoding="utf-8")))
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document):
    for target in LINK.findall(document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_the_reference_names_every_command_and_every_option(capsys):
    from azlabs.cli import main

    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    pages = [[name] for name in COMMANDS if name not in ("lab", "bicep", "simulator")]
    pages += [["lab", name] for name in ("new", "validate", "test")]
    pages += [["bicep", name] for name in ("build", "lint")] + [["simulator", "serve"]]
    for page in pages:
        assert " ".join(page) in text
        main([*page, "--help"])
        options = set(OPTION.findall(capsys.readouterr().out)) - {"--help"}
        missing = {option for option in options if option not in text}
        assert not missing, f"{' '.join(page)}: {missing}"


def test_every_dependency_is_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=\[; ]", entry)[0] for entry in wanted}
    assert not {name for name in names if name.lower() not in text.lower()}


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "images").glob("*.svg")), ids=lambda path: path.stem)
def test_pictures_are_those_of_the_labs(picture, capsys):
    from azlabs.cli import main

    assert main(["show", picture.stem, "--svg"]) == 0
    drawn = capsys.readouterr().out
    assert picture.read_text(encoding="utf-8") == drawn, f"azlabs show {picture.stem} --svg > {picture}"
