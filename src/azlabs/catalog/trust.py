"""Which labs from outside the package the person has agreed to run: such a lab is code."""

from __future__ import annotations

import json

from azlabs import home
from azlabs.catalog.labs import Lab

NAME = "trusted-labs.json"


def is_trusted(lab: Lab) -> bool:
    """True for a lab that shipped with azlabs and for one that was agreed to before, in this folder."""
    return not lab.is_outside or str(lab.folder.resolve()) in _agreed()


def trust(lab: Lab) -> None:
    """Remember that the person agreed to run the code in this lab's folder."""
    path = home.folder() / NAME
    agreed = sorted({*_agreed(), str(lab.folder.resolve())})
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(agreed, indent=1), encoding="utf-8")
    aside.replace(path)


def _agreed() -> set[str]:
    try:
        data = json.loads((home.home() / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {entry for entry in data if isinstance(entry, str)} if isinstance(data, list) else set()
