"""Build hook: the wheel carries the index that `azlabs list` reads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class IndexHook(BuildHookInterface):  # type: ignore[type-arg, misc]
    """Makes the index from the labs of the checkout; a lab that cannot be indexed fails the build."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the index to a standard wheel; an editable install reads the checkout and makes its own."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root / "src"))
        try:
            from azlabs.catalog import index
        finally:
            sys.path.pop(0)
        made = root / "build" / "wheel-index.json"
        index.write(made, sorted(path.parent for path in (root / "labs").glob("*/lab.yaml")))
        build_data["force_include"][str(made)] = "azlabs/content/index.json"
