"""Run every measurement of this folder: each module with a `main`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    module = import_module(f"bench.{path.stem}")
    if hasattr(module, "main"):
        print(f"\n== {path.stem}", flush=True)
        module.main()
