"""Run every measurement of this folder: each module with a `main`, which may return that a limit was not kept."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

failed = False
for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
    module = import_module(f"bench.{path.stem}")
    if hasattr(module, "main"):
        print(f"\n== {path.stem}", flush=True)
        failed |= bool(module.main())
raise SystemExit(failed)
