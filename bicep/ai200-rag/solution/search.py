"""Add the code that answers questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def solve(lab: Any) -> None:
    """The skeleton with the files of this step and of those before it."""
    lab.publish(lab.app, HERE / "ingest", HERE / "search")
