"""The page of truth claims nothing that the simulator does not model."""

from __future__ import annotations

import re

import recordings
import truth

from azlabs.simulator.resource_manager import registry


def test_every_type_on_the_page_is_modelled() -> None:
    registry.load_all()
    namespace, claimed = "", []
    for line in truth.PAGE.read_text("utf-8").splitlines():
        heading = re.fullmatch(r"### (\S+)", line)
        if line.startswith("## "):
            namespace = ""
        namespace = heading[1] if heading else namespace
        item = re.fullmatch(r"- ([\w/.$-]+)(?: \(.*\))?", line)
        if namespace and item:
            claimed.append(f"{namespace}/{item[1]}".lower())
    assert len(claimed) > 100
    assert [claim for claim in claimed if claim not in registry.TYPES] == []


def test_the_page_lists_types_actions_refusals_and_figures() -> None:
    got = recordings.Replayed(
        "microsoft.network", 40, 1, {"status": 96.25, "error": None, "paths": 1, "values": 2, "extra": 3}
    )
    few = recordings.Replayed("microsoft.few", 3, 0, dict.fromkeys(recordings.FIGURES, 100.0))
    text = truth.page({"microsoft.network": got, "microsoft.few": few})
    assert "### Microsoft.Network" in text and "- virtualNetworks/subnets" in text
    assert "| microsoft.network | 40 | 96.2 |  | 1.0 | 2.0 | 3.0 | 1 |" in text and "microsoft.few" not in text
    assert "NotModelledBySimulator" in text and "built-in roles" in text
