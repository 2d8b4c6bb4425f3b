"""What each Microsoft exam measures: domains, weights and objectives, from the blueprints in `exams/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from azlabs.catalog.nearest import did_you_mean
from azlabs.errors import AzlabsError

FOLDER = Path(__file__).with_name("exams")


class UnknownExam(AzlabsError):
    """No blueprint has this code."""


class UnknownObjective(AzlabsError):
    """No blueprint has an objective of this id."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One bullet of an outline; `id` is `<exam>.<domain>.<objective>`."""

    id: str
    title: str
    group: str
    services: tuple[str, ...]
    covers: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        """The id of the domain: `az104.network`."""
        return domain_of(self.id)


@dataclass(frozen=True, slots=True)
class Domain:
    """A part of an exam; the weights are percent of the exam."""

    id: str
    title: str
    weight_min: int
    weight_max: int
    objectives: tuple[Objective, ...]


@dataclass(frozen=True, slots=True)
class Exam:
    """One exam. `status` is active, retired or beta; dates are text, as exact as the source gives them."""

    code: str
    title: str
    certification: str
    level: str
    status: str
    skills_measured_as_of: str | None
    retired_on: str | None
    replaced_by: str | None
    duration_minutes: int | None
    passing_score: int
    max_score: int
    domains: tuple[Domain, ...] = field(repr=False)

    @property
    def slug(self) -> str:
        """The code as labs write it: `az-104`."""
        return self.code.lower()

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """All objectives in the order of the outline."""
        return tuple(objective for domain in self.domains for objective in domain.objectives)


def domain_of(objective_id: str) -> str:
    """`az104.network` of `az104.network.nsg-rules`."""
    return ".".join(objective_id.split(".")[:2])


def slug_of(code: str) -> str:
    """`az-104` for AZ-104, az104 or an objective's first part."""
    letters = code.strip().lower()
    head = letters.rstrip("0123456789")
    return letters if "-" in letters or head == letters else f"{head}-{letters[len(head) :]}"


def codes() -> list[str]:
    """The exams that have a blueprint, as labs write them."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "catalog")


def exams() -> list[Exam]:
    """All exams that have a blueprint."""
    return [exam(code) for code in codes()]


@cache
def exam(code: str) -> Exam:
    """The exam with this code (AZ-104, az-104 or az104); raises UnknownExam with the nearest codes."""
    slug = slug_of(code)
    if slug not in codes():
        raise UnknownExam(
            f"No exam is called '{code}'.",
            action=did_you_mean(slug, codes()) or f"azlabs knows {', '.join(codes())}.",
        )
    return _parse(_read(FOLDER / f"{slug}.yaml"))


@cache
def objective(identifier: str) -> Objective:
    """The objective with this id; raises UnknownObjective with the nearest ids."""
    slug = slug_of(identifier.split(".")[0])
    candidates = [slug] if slug in codes() else codes()
    known = {entry.id: entry for code in candidates for entry in exam(code).objectives}
    if identifier not in known:
        raise UnknownObjective(
            f"No exam blueprint has an objective '{identifier}'.",
            action=did_you_mean(identifier, known) or f"`azlabs list --exam {candidates[0]} --objectives` shows them.",
        )
    return known[identifier]


def _read(path: Path) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    return data


def _parse(data: dict[str, Any]) -> Exam:
    plain = {name: data[name] for name in Exam.__dataclass_fields__ if name != "domains"}
    domains = tuple(
        Domain(
            id=entry["id"],
            title=entry["title"],
            weight_min=entry["weight_min"],
            weight_max=entry["weight_max"],
            objectives=tuple(
                Objective(
                    id=item["id"],
                    title=item["title"],
                    group=item["group"],
                    services=tuple(item["services"]),
                    covers=tuple(item.get("covers", ())),
                )
                for item in entry["objectives"]
            ),
        )
        for entry in data["domains"]
    )
    return Exam(**plain, domains=domains)
