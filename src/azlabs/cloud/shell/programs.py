"""Which program a shell starts, and how its prompt says where one is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from azlabs.errors import AzlabsError

# The user's start files come first. Afterwards the variables that lead to the cloud have the values of before (a proxy that
# a start file exports would lead past it), and the PATH of before stands in front of theirs: the shell was opened with it,
# perhaps in an activated environment, while pyenv and its like put themselves first whenever a start file is read.
POSIX = """azlabs_kept=$({declare} {kept} 2>/dev/null)
{start}
eval "$azlabs_kept"
unset azlabs_kept {removed}
PATH="$AZLABS_PATH:$PATH"
unset AZLABS_PATH
"""
BASH = "[ -f ~/.bashrc ] && . ~/.bashrc"
ZSH = '[ -f "$AZLABS_ZDOTDIR/.zshrc" ] && ZDOTDIR="$AZLABS_ZDOTDIR" . "$AZLABS_ZDOTDIR/.zshrc"'
FISH = (
    "set -gx PATH (string split : $AZLABS_PATH) $PATH; set -e AZLABS_PATH;"
    "functions -c fish_prompt azlabs_prompt; function fish_prompt; echo -n '({label}) '; azlabs_prompt; end"
)
POWERSHELL = (
    "$env:PATH = $env:AZLABS_PATH + [IO.Path]::PathSeparator + $env:PATH; Remove-Item Env:AZLABS_PATH;"
    "$azlabsPrompt = $function:prompt; function prompt {{ '({label}) ' + (& $azlabsPrompt) }}"
)


@dataclass(frozen=True, slots=True)
class Program:
    """What to execute, with variables of its own."""

    arguments: list[str]
    variables: dict[str, str]


def interactive(
    folder: Path,
    label: str,
    environment: Mapping[str, str],
    name: str | None = None,
    *,
    kept: Iterable[str] = (),
    removed: Iterable[str] = (),
) -> Program:
    """The user's shell (or the named one), whose prompt begins with the label. `folder` keeps its start files.

    bash and zsh give the variables `kept` their value again, and take those `removed` out again, after the user's start
    files; every shell looks for programs on the PATH of `environment` first.
    """
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
    names = {"kept": " ".join(sorted({*kept} - {"PATH"})) or "HOME", "removed": " ".join(sorted(removed))}
    found = make(path, folder, label, environment, names)
    return Program(found.arguments, found.variables | {"AZLABS_PATH": environment.get("PATH", os.defpath)})


def _bash(path: str, folder: Path, label: str, _environment: Mapping[str, str], names: Mapping[str, str]) -> Program:
    start = folder / "bashrc"
    prompt = f'PS1="({label}) $PS1"\n'
    start.write_text(POSIX.format(declare="declare -p", start=BASH, **names) + prompt, "utf-8")
    return Program([path, "--rcfile", str(start), "-i"], {})


def _zsh(path: str, folder: Path, label: str, environment: Mapping[str, str], names: Mapping[str, str]) -> Program:
    prompt = f'PROMPT="({label}) $PROMPT"\n'
    (folder / ".zshrc").write_text(POSIX.format(declare="typeset -p", start=ZSH, **names) + prompt, "utf-8")
    original = environment.get("ZDOTDIR") or environment.get("HOME", str(Path.home()))
    return Program([path, "-i"], {"ZDOTDIR": str(folder), "AZLABS_ZDOTDIR": original})


def _fish(path: str, _folder: Path, label: str, _environment: Mapping[str, str], _names: Mapping[str, str]) -> Program:
    return Program([path, "--init-command", FISH.format(label=label)], {})


def _powershell(
    path: str, _folder: Path, label: str, _environment: Mapping[str, str], _names: Mapping[str, str]
) -> Program:
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
