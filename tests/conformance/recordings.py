"""The replay of recorded Azure traffic: where it is, how it is scored, what it has to reach at least.

Recordings and the scoring tool live in a folder `shared` beside this repository. Without them nothing is replayed.
"""

from __future__ import annotations

import collections
import importlib.util
import json
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared"
TOOL = SHARED / "tools" / "replay_recordings.py"
RECORDINGS = SHARED / "recordings"
FLOORS = Path(__file__).with_name("floors.json")
ENOUGH = 20
"""A provider with fewer exchanges says little, and gets no floor."""
FIGURES = {"status": "sent", "error": "errors", "paths": "bodies", "values": "fixed", "extra": "answered"}
"""Each figure with what it is a share of."""


@dataclass(frozen=True)
class Replayed:
    """How alike the answers for one provider are; shares in percent, None where nothing was recorded to compare."""

    provider: str
    sent: int
    refused: int
    shares: dict[str, float | None]

    @property
    def modelled(self) -> bool:
        """Is less than half of it refused by name?"""
        return self.refused < self.sent / 2


def available() -> bool:
    return TOOL.is_file() and RECORDINGS.is_dir()


def tool() -> ModuleType:
    """The scoring tool, imported from its file."""
    spec = importlib.util.spec_from_file_location("replay_recordings", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def replay() -> dict[str, Replayed]:
    """Every recording against a fresh simulator each; figures by provider, in lower case."""
    scorer = tool()
    totals: dict[str, Any] = collections.defaultdict(collections.Counter)
    target = scorer.InProcess()
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        for file in sorted(RECORDINGS.glob("*/*.json")):
            scorer.replay(json.loads(file.read_text("utf-8")), target, totals, [])
    finally:
        logging.disable(before)
    return {provider: _figures(provider, row) for provider, row in sorted(totals.items())}


def _figures(provider: str, row: dict[str, float]) -> Replayed:
    shares = {name: 100 * row[name] / row[whole] if row[whole] else None for name, whole in FIGURES.items()}
    return Replayed(provider, int(row["sent"]), int(row["refused"]), shares)


def floors() -> dict[str, dict[str, float]]:
    """What each provider has to reach: {provider: {figure: percent}}; `extra` is a ceiling."""
    found: dict[str, dict[str, float]] = json.loads(FLOORS.read_text("utf-8"))
    return found


def shortfalls(floor: dict[str, float], got: Replayed) -> list[str]:
    """The figures that are worse than they have been, in words."""
    found = []
    for name, least in floor.items():
        share = got.shares.get(name)
        if share is not None and (share > least + 0.05 if name == "extra" else share < least - 0.05):
            found.append(f"{got.provider}: {name} {share:.1f} %, was {least:.1f} %")
    return found
