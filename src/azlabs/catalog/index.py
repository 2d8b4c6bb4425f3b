"""What `azlabs list` reads: one small JSON file made from all `lab.yaml` files.

A wheel carries it (made by `hatch_build.py`); in a checkout it is made again when a lab file has changed.
This module reads JSON only; YAML is loaded when the index has to be made.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azlabs.catalog import content

FORMAT = 1


@dataclass(frozen=True, slots=True)
class LabEntry:
    """One line of the list. `broken` says why a lab of the checkout cannot be used; its other fields are then empty."""

    id: str
    title: str
    exam: str
    domains: tuple[str, ...]
    objectives: tuple[str, ...]
    services: tuple[str, ...]
    tasks: tuple[str, ...]
    level: str
    minutes: int
    points: int
    cost_per_hour_usd: float | None
    broken: str = ""

    def to_json(self) -> dict[str, Any]:
        """The shape of `azlabs list --json`."""
        return {
            "id": self.id,
            "title": self.title,
            "exam": self.exam,
            "domains": list(self.domains),
            "level": self.level,
            "minutes": self.minutes,
            "points": self.points,
            "cost_per_hour_usd": self.cost_per_hour_usd,
        }


def entries() -> list[LabEntry]:
    """All labs that ship with azlabs, by exam and id."""
    path = content.index_file()
    stored = _read(path)
    if stored is not None and (content.is_installed() or stored["made_from"] == _stamps()):
        return [_entry(item) for item in stored["labs"]]
    made = make(content.lab_folders())
    with suppress(OSError):  # a checkout that may not be written to is indexed again each time
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"format": FORMAT, "made_from": _stamps(), "labs": made}), encoding="utf-8")
    return [_entry(item) for item in made]


def make(folders: list[Path], *, strict: bool = False) -> list[dict[str, Any]]:
    """The index of these lab folders as plain data.

    A broken lab raises ValueError when `strict`; otherwise it is listed with what is wrong with it.
    """
    made = []
    for folder in folders:
        try:
            made.append(_describe(folder))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as problem:
            if strict:
                raise ValueError(f"{folder / 'lab.yaml'} cannot be indexed: {problem}") from problem
            made.append(_broken(folder))
    return sorted(made, key=lambda item: (item["exam"], item["id"]))


def write(path: Path, folders: list[Path]) -> None:
    """Write the index that a wheel carries; a broken lab raises ValueError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"format": FORMAT, "made_from": {}, "labs": make(folders, strict=True)}
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) and data.get("format") == FORMAT else None


def _stamps() -> dict[str, list[int]]:
    """Time and size of each `lab.yaml`: what decides whether the index is still right."""
    stamps = {}
    for folder in content.lab_folders():
        with suppress(OSError):
            stat = (folder / "lab.yaml").stat()
            stamps[folder.name] = [stat.st_mtime_ns, stat.st_size]
    return stamps


def _entry(item: dict[str, Any]) -> LabEntry:
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
    return LabEntry(**plain)


def _describe(folder: Path) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        lab = yaml.load((folder / "lab.yaml").read_text(encoding="utf-8"), Loader=loader)
    except yaml.YAMLError as problem:
        raise ValueError(str(problem)) from problem
    objectives = list(dict.fromkeys(name for task in lab["tasks"] for name in task["objectives"]))
    cost = lab.get("cost_per_hour_usd")
    return {
        "id": folder.name,
        "title": str(lab["title"]).strip(),
        "exam": str(lab["exam"]),
        "domains": list(dict.fromkeys(".".join(name.split(".")[:2]) for name in objectives)),
        "objectives": objectives,
        "services": [str(name) for name in lab["services"]],
        "tasks": [str(task["id"]) for task in lab["tasks"]],
        "level": str(lab["level"]),
        "minutes": int(lab["minutes"]),
        "points": sum(int(task["points"]) for task in lab["tasks"]),
        "cost_per_hour_usd": None if cost is None else float(cost),
    }


def _broken(folder: Path) -> dict[str, Any]:
    """A lab whose file cannot be read; the whole reader says why, since this is not the quick path any more."""
    from azlabs.catalog.labs import read_lab

    problems = read_lab(folder)[1]
    nothing: dict[str, Any] = dict.fromkeys(("title", "exam", "level"), "")
    return {
        "id": folder.name,
        **nothing,
        **dict.fromkeys(("domains", "objectives", "services", "tasks"), ()),
        "minutes": 0,
        "points": 0,
        "cost_per_hour_usd": None,
        "broken": str(problems[0]) if problems else "cannot be read",
    }
