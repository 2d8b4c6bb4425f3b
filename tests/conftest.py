"""What all tests share: goldens that `--update` writes again, and a small lab on disk that tests can bend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

LAB = dedent(
    """\
    id: two-doors
    title: Close one of two doors
    summary: Two doors stand open. Close the one at the back.
    exam: az-104
    level: beginner
    minutes: 10
    lab_api: 1
    services: [Azure Virtual Network]
    regions: [swedencentral]
    cost_per_hour_usd: 0.01
    answers:
      which-door:
        door: front or back
    tasks:
      - id: back-door
        title: Nobody comes in through the back
        points: 10
        objectives: [az104.network.nsg-rules]
        hints: [Look at the back., Close it.]
        docs: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
      - id: front-door
        title: Everybody may come in through the front
        points: 5
        objectives: [az104.network.nsg-rules, az104.network.vnets]
        hints: [Leave it alone.]
        docs: https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
    """
)
CHECKS = dedent(
    """\
    from azlabs.verify import check, expect


    @check("back-door", points=10)
    def the_back_door_is_closed(lab):
        expect(True)


    @check("front-door", points=5)
    def the_front_door_is_open(lab):
        expect(True)
    """
)


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


@pytest.fixture
def lab_folder(tmp_path: Path) -> Path:
    """A complete lab on its own: `two-doors`."""
    folder = tmp_path / "two-doors"
    (folder / "bicep" / "solution").mkdir(parents=True)
    (folder / "lab.yaml").write_text(LAB)
    (folder / "guide.md").write_text("# Two doors\n")
    (folder / "checks.py").write_text(CHECKS)
    for name in ("start", "solution/back-door", "solution/front-door"):
        (folder / "bicep" / f"{name}.bicep").write_text("param location string = resourceGroup().location\n")
    for name in ("one", "two", "three"):
        (folder / "alternatives" / name).mkdir(parents=True)
        (folder / "alternatives" / name / "all.bicep").write_text("param location string = 'x'\n")
    return folder
