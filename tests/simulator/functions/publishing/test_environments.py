"""What an app may import besides its own files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from azlabs.simulator.functions.publishing import environments, requirements
from azlabs.simulator.functions.publishing.environments import BUILT, Environment, build, environment_for


def app(folder: Path, text: str | None, *, built: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    if text is not None:
        (folder / "requirements.txt").write_text(text)
    if built:
        (folder / BUILT).touch()
    return folder


def run(environment: Environment, code: str) -> str:
    """What a program prints whose path is the environment's alone."""
    start = f"import sys; sys.path[:0] = {[str(path) for path in environment.paths]}\n"
    done = subprocess.run([environment.python, "-I", "-S", "-c", start + code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


def test_what_is_asked_for_can_be_imported_and_nothing_else(tmp_path: Path) -> None:
    found = environment_for(app(tmp_path / "app", "azure-identity>=1.20 # to sign in\nazure-cosmos\n"), tmp_path)
    assert found.problem is None
    assert run(found, "import azure.identity, azure.cosmos, azure.functions; print('ok')") == "ok"
    for name in ("azure.servicebus", "azlabs", "pytest", "yaml"):
        assert "No module named" in run(found, f"import {name}"), name


def test_metadata_of_what_is_there_can_be_read(tmp_path: Path) -> None:
    found = environment_for(app(tmp_path / "app", "opentelemetry-sdk"), tmp_path)
    group = "opentelemetry_tracer_provider"
    code = f"import importlib.metadata as m\nprint(bool(m.entry_points(group='{group}')), len(list(m.distributions())))"
    known, _, count = run(found, code).partition(" ")
    assert known == "True"
    assert int(count) < 15


def test_the_same_content_is_made_once(tmp_path: Path) -> None:
    first = environment_for(app(tmp_path / "one", "azure-identity\n"), tmp_path)
    second = environment_for(app(tmp_path / "two", "# comments do not count\nazure-identity\n\n"), tmp_path)
    other = environment_for(app(tmp_path / "three", "azure-cosmos\n"), tmp_path)
    assert first == second
    assert first.digest != other.digest


def test_a_package_that_was_not_built_has_the_workers_library_and_what_it_carries(tmp_path: Path) -> None:
    folder = app(tmp_path / "app", "azure-identity\n", built=False)
    carried = folder / ".python_packages" / "lib" / "site-packages"
    carried.mkdir(parents=True)
    (carried / "harbour.py").write_text("name = 'Skerrybank'\n")
    found = environment_for(folder, tmp_path)
    assert found.problem is None
    assert run(found, "import azure.functions, harbour; print(harbour.name)") == "Skerrybank"
    assert "No module named" in run(found, "import azure.identity")


def test_what_cannot_be_had_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "_pip", lambda *_: (1, ["WARNING: NewConnectionError: Network is unreachable"]))
    found = environment_for(app(tmp_path / "app", "azure-identity\nwinch-control>=2\n"), tmp_path)
    assert found.problem is not None
    assert "winch-control>=2" in found.problem
    assert "azure-identity" not in found.problem


def test_a_version_that_is_not_the_installed_one_is_named_with_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "_pip", lambda *_: (1, ["ERROR: No matching distribution found for azure-identity==0.1"]))
    found = environment_for(app(tmp_path / "app", "azure-identity==0.1\n"), tmp_path)
    assert found.problem == "pip could not install requirements.txt: No matching distribution found for azure-identity==0.1."


def test_pip_installs_what_azlabs_does_not_bring_along(tmp_path: Path) -> None:
    wheel = tmp_path / "source"
    wheel.mkdir()
    project = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "skerry"\nversion = "1"\n'
    (wheel / "pyproject.toml").write_text(project)
    (wheel / "skerry.py").write_text("depth = 12\n")
    subprocess.run(
        ["python", "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-q", "-w", str(tmp_path), str(wheel)],
        check=True, env={"PATH": str(Path(environments.sys.executable).parent)},
    )  # fmt: skip
    lines: list[str] = []
    folder = app(tmp_path / "app", f"{next(tmp_path.glob('*.whl'))}\n")
    made = build(folder, tmp_path, progress=lambda event: lines.append(event.detail))
    assert made.environment.problem is None
    assert run(made.environment, "import azure.functions, skerry; print(skerry.depth)") == "12"
    assert build(folder, tmp_path).environment == made.environment


def test_a_line_that_is_no_requirement_is_shown_with_its_place(tmp_path: Path) -> None:
    found = environment_for(app(tmp_path / "app", "azure-identity\nimport openai\n"), tmp_path)
    assert found.problem is not None
    assert "requirements.txt line 2: 'import openai'" in found.problem


def test_requirements_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("-r requirements.txt\nnumpy\n")
    (tmp_path / "requirements.txt").write_text(
        "azure-identity \\\n  >=1.20 ; python_version >= '3.9'\nold ; python_version < '3'\n-r more.txt\n"
        "openai --hash=sha256:00\n--index-url https://example.org/simple\nskerry @ https://example.org/s.whl\n-r ../../etc/passwd\n"
    )
    found = requirements.read(tmp_path / "requirements.txt")
    assert [one.name for one in found.wanted] == ["azure-identity", "numpy", "openai"]
    assert found.special == ["--index-url https://example.org/simple", "skerry @ https://example.org/s.whl"]
    assert found.broken == ""
