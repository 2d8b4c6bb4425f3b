"""The order of the rooms: each may import what is below it, and nothing above."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "azlabs"
# From top to bottom. A room may import the rooms after it.
ROOMS = [
    "cli",
    "classroom",
    "proof",
    "sandbox",
    "verify",
    "spend",
    "probes",
    "catalog",
    "cloud",
    "simulator",
    "rules",
    "bicep",
    "arm",
]
# Rooms that stand beside each other, or that import nothing of ours.
ONLY = {"rules": set(), "arm": set(), "bicep": {"arm"}}
LEAVES = {"errors", "files", "progress", "home", "surroundings", "site"}
TOP = {"pytest_plugin", "__main__", "__init__"}
# A program of its own, loaded under another name in the workers of function apps: it imports nothing but itself.
PROGRAM = PACKAGE / "simulator" / "functions" / "program"


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """The modules of azlabs that a file imports anywhere in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level == 1 and path.parent == PROGRAM:
                continue
            assert not node.level, f"{path}({node.lineno}): a relative import hides the room it reaches"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "azlabs":
                yield node.lineno, name


def allowed(room: str) -> set[str]:
    if room in ONLY:
        return {room} | ONLY[room]
    if room in LEAVES:
        return LEAVES
    if room in TOP:
        return {*ROOMS, *LEAVES}
    below = set(ROOMS[ROOMS.index(room) :])
    return (below if room == "cloud" else below - {"simulator"}) | {room} | LEAVES


@pytest.mark.parametrize("room", sorted({room_of(path) for path in modules()}))
def test_a_room_imports_only_what_is_below_it(room):
    assert room in (*ROOMS, *LEAVES, *TOP), f"{room} has no place in the order of the rooms"
    wrong = []
    for path in modules():
        if room_of(path) != room:
            continue
        for line, name in imported(path):
            target = name.split(".")[1] if "." in name else ""
            if target not in {*allowed(room), "__version__", ""}:
                wrong.append(f"{path.relative_to(ROOT)}({line}) imports {name}")
    assert not wrong, "\n".join(wrong)


def test_only_the_cloud_and_the_pytest_plugin_know_the_simulator():
    wrong = [
        f"{path.relative_to(ROOT)}({line})"
        for path in modules()
        if room_of(path) not in ("simulator", "cloud", "pytest_plugin")
        for line, name in imported(path)
        if name.startswith("azlabs.simulator")
    ]
    assert not wrong


def test_the_catalog_never_runs_code_of_a_lab():
    forbidden = re.compile(r"importlib|runpy|\bexec\(|\beval\(|__import__")
    wrong = [str(path) for path in (PACKAGE / "catalog").rglob("*.py") if forbidden.search(path.read_text())]
    assert not wrong


def test_no_code_knows_a_lab_by_its_name():
    labs = [path.name for path in (ROOT / "labs").glob("*") if path.is_dir()]
    wrong = [f"{path.relative_to(ROOT)}: {lab}" for path in modules() for lab in labs if lab in path.read_text("utf-8")]
    assert not wrong


def test_quick_commands_load_nothing_heavy():
    """What `list` imports before it knows what to do: no models, no YAML, no SDK."""
    import subprocess
    import sys

    heavy = ["azure", "pydantic", "yaml", "cryptography", "numpy", "requests", "rich.markdown", "sqlite3", "msal"]
    code = (
        "import sys; from azlabs.cli import main; main(['list', '--json']); "
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    subprocess.run([sys.executable, "-m", "azlabs", "list", "--json"], check=True, capture_output=True)
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stderr.strip() == "[]"


def test_the_program_of_workers_imports_nothing_of_azlabs() -> None:
    assert [name for path in PROGRAM.glob("*.py") for _, name in imported(path)] == []
