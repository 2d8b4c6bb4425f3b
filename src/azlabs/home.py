"""Where azlabs keeps its state: AZLABS_HOME, else the user's data folder."""

from __future__ import annotations

import os
from pathlib import Path

from azlabs.errors import AzlabsError


def home() -> Path:
    """The folder that holds all state; not created by this call."""
    configured = os.environ.get("AZLABS_HOME")
    if configured:
        return Path(configured).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("azlabs", appauthor=False)


def folder(*parts: str) -> Path:
    """A folder below the home, created 0700 when it is missing; says what to do when it cannot be."""
    return writable_folder(home().joinpath(*parts))


def writable_folder(path: Path) -> Path:
    """The same for any folder of azlabs' state."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise not_writable(path, problem) from problem
    return path


def not_writable(path: Path, problem: OSError) -> AzlabsError:
    """The error for state that cannot be written."""
    return AzlabsError(
        f"azlabs cannot write its state to {path}: {problem.strerror}.",
        action="Set AZLABS_HOME to a folder that you may write to.",
        code="HomeNotWritable",
    )
