"""A fresh simulator with a client, and one with a small library in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from azlabs.simulator import Simulator

from .library import Arm


@pytest.fixture
def arm() -> Iterator[Arm]:
    """A fresh simulator in memory."""
    with Simulator() as simulator:
        yield Arm(simulator)


@pytest.fixture
def library(arm: Arm) -> str:
    """Path of the invented provider in a group; a shelf `fiction` with two books stands there."""
    path = f"{arm.group()}/providers/Contoso.Library"
    books = [{"name": name, "properties": {"title": name.title()}} for name in ("emma", "dune")]
    arm.make(f"{path}/shelves/fiction", properties={"books": books, "wood": "oak", "combination": "1234"})
    return path
