"""What all tests share: goldens that `--update` writes again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write goldens again instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` compares text with a file in `goldens/` beside the test, or writes it with --update."""

    def compare(name: str, text: str) -> None:
        path = Path(str(request.path)).parent / "goldens" / name
        if request.config.getoption("--update"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing; run pytest with --update to write it"
        assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; pytest --update writes it again"

    return compare
