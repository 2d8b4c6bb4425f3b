"""Which program a shell starts, and how its prompt says where one is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from azlabs.errors import AzlabsError

BASH = """[ -f ~/.bashrc ] && . ~/.bashrc
PS1="({label}) $PS1"
"""
ZSH = """[ -f "$AZLABS_ZDOTDIR/.zshrc" ] && ZDOTDIR="$AZLABS_ZDOTDIR" . "$AZLABS_ZDOTDIR/.zshrc"
PROMPT="({label}) $PROMPT"
"""
FISH = "functions -c fish_prompt azlabs_prompt; function fish_prompt; echo -n '({label}) '; azlabs_prompt; end"
POWERSHELL = "$azlabsPrompt = $function:prompt; function prompt {{ '({label}) ' + (& $azlabsPrompt) }}"


@dataclass(frozen=True, slots=True)
class Program:
    """What to execute, with variables of its own."""

    arguments: list[str]
    variables: dict[str, str]


def interactive(folder: Path, label: str, environment: Mapping[str, str], name: str | None = None) -> Program:
    """The user's shell (or the named one), whose prompt begins with the label. `folder` keeps its start files."""
    wanted = name or Path(environment.get("SHELL", "/bin/bash")).name
    make = SHELLS.get(wanted)
    path = shutil.which(wanted, path=environment.get("PATH"))
    if make is None or path is None:
        raise AzlabsError(
            f"The shell '{wanted}' is not known or not installed.",
            action=f"Use one of: {', '.join(SHELLS)}; or run one command with `azlabs shell -- COMMAND`.",
            code="UnknownShell",
        )
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return make(path, folder, label, environment)


def _bash(path: str, folder: Path, label: str, _environment: Mapping[str, str]) -> Program:
    start = folder / "bashrc"
    start.write_text(BASH.format(label=label), "utf-8")
    return Program([path, "--rcfile", str(start), "-i"], {})


def _zsh(path: str, folder: Path, label: str, environment: Mapping[str, str]) -> Program:
    (folder / ".zshrc").write_text(ZSH.format(label=label), "utf-8")
    original = environment.get("ZDOTDIR") or environment.get("HOME", str(Path.home()))
    return Program([path, "-i"], {"ZDOTDIR": str(folder), "AZLABS_ZDOTDIR": original})


def _fish(path: str, _folder: Path, label: str, _environment: Mapping[str, str]) -> Program:
    return Program([path, "--init-command", FISH.format(label=label)], {})


def _powershell(path: str, _folder: Path, label: str, _environment: Mapping[str, str]) -> Program:
    return Program([path, "-NoLogo", "-NoExit", "-Command", POWERSHELL.format(label=label)], {})


SHELLS = {"bash": _bash, "zsh": _zsh, "fish": _fish, "pwsh": _powershell}


def find(command: str, environment: Mapping[str, str]) -> str:
    """The path of a command; says how to get `az` when that is what is missing."""
    path = shutil.which(command, path=environment.get("PATH"))
    if path is not None:
        return path
    action = "Look at its spelling and at your PATH."
    if command == "az":
        action = "Install it with `azlabs shell --install-az` (about 750 MB, in an environment of its own)."
    raise AzlabsError(f"The command '{command}' was not found.", action=action, code="CommandNotFound")
