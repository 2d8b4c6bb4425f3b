"""Which sandbox a command is about."""

from __future__ import annotations

import json
from pathlib import Path

from azlabs.errors import AzlabsError
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox

MARKER = ".azlabs.json"


class SandboxUnclear(AzlabsError):
    """None is up, or several are and nothing says which one is meant."""


def find(sandbox_id: str | None = None, cwd: Path | None = None, ledger: Ledger | None = None) -> Sandbox:
    """The named sandbox; else the one whose workspace `cwd` is in; else the only one.

    A name may be shortened to the lab's id or to any beginning that fits one sandbox only. Raises SandboxUnclear
    (exit code 2) with the list of those that are up.
    """
    ledger = ledger or Ledger()
    known = ledger.all()
    if sandbox_id:
        return _named(sandbox_id, known, ledger)
    here = _of_folder((cwd or Path.cwd()).resolve(), known)
    if here is not None:
        return here
    if len(known) == 1:
        return known[0]
    if not known:
        raise SandboxUnclear("No lab is up.", action="`azlabs up LAB` brings one up; `azlabs list` shows all labs.")
    raise SandboxUnclear(
        "Several labs are up, and none was named.",
        action=f"Name one with --sandbox, or work in its workspace folder: {_listing(known)}.",
    )


def _named(name: str, known: list[Sandbox], ledger: Ledger) -> Sandbox:
    for sandbox in known:
        if sandbox.id == name:
            return sandbox
    fitting = [sandbox for sandbox in known if sandbox.lab == name] or [
        sandbox for sandbox in known if sandbox.id.startswith(name)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise SandboxUnclear(f"'{name}' fits several sandboxes.", action=f"Name one of: {_listing(fitting)}.")
    return ledger.load(name)


def _of_folder(folder: Path, known: list[Sandbox]) -> Sandbox | None:
    """The sandbox whose workspace holds this folder: as the ledger knows it, or as the workspace's own file says."""
    for sandbox in known:
        if folder.is_relative_to(sandbox.workspace.resolve()):
            return sandbox
    by_id = {sandbox.id: sandbox for sandbox in known}
    for place in (folder, *folder.parents):
        try:
            named = json.loads((place / MARKER).read_text(encoding="utf-8")).get("sandbox")
        except (OSError, ValueError, AttributeError):
            continue
        return by_id.get(named)
    return None


def _listing(known: list[Sandbox]) -> str:
    return ", ".join(sandbox.id for sandbox in known)
