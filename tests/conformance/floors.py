"""Raise the floors to what the last replay reached: `make floors`. A floor never goes down."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import recordings

EXTRA = 8.0
"""What answers may have beyond the recorded ones, in percent; below that it may move."""


def raised(old: dict[str, dict[str, float]], replayed: dict[str, recordings.Replayed]) -> dict[str, dict[str, float]]:
    """The better of both, figure by figure, in half percents; only for providers that are modelled."""
    new = {provider: dict(figures) for provider, figures in old.items()}
    for provider, got in replayed.items():
        if got.sent < recordings.ENOUGH or not got.modelled:
            continue
        figures = new.setdefault(provider, {})
        for name, share in got.shares.items():
            if share is None:
                continue
            if name == "extra":
                figures[name] = max(EXTRA, min(figures.get(name, 100.0), math.ceil(share * 2) / 2))
            else:
                figures[name] = max(figures.get(name, 0.0), math.floor(share * 2) / 2)
    return dict(sorted(new.items()))


def main() -> int:
    if not recordings.available():
        print(f"There are no recordings at {recordings.RECORDINGS}.", file=sys.stderr)
        return 2
    old = recordings.floors() if recordings.FLOORS.exists() else {}
    new = raised(old, recordings.replay())
    lines = [f" {json.dumps(provider)}: {json.dumps(figures)}" for provider, figures in new.items()]
    recordings.FLOORS.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    changed = [provider for provider in new if new[provider] != old.get(provider)]
    print(f"{len(new)} providers; raised: {', '.join(changed) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
