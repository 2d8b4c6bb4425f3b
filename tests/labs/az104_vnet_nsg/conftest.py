"""One solved lab for all tests of this folder."""

from __future__ import annotations

import pytest

from .bench import Shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("az104-vnet-nsg"))
