"""Which labs somebody asks for: by exam, domain, objective, service or level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from azlabs.catalog.index import LabEntry
from azlabs.errors import AzlabsError

LEVELS = ("beginner", "intermediate", "advanced")


class UnknownFilter(AzlabsError):
    """A filter names something that neither a lab nor an exam blueprint has."""


@dataclass(frozen=True, slots=True)
class Practised:
    """An objective of an exam and the ids of the labs that practise it."""

    exam: str
    domain: str
    id: str
    title: str
    labs: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The shape of `azlabs list --objectives --json`."""
        return {"id": self.id, "title": self.title, "exam": self.exam, "domain": self.domain, "labs": list(self.labs)}


def select(
    entries: Iterable[LabEntry],
    *,
    exam: str | None = None,
    domain: str | None = None,
    objective: str | None = None,
    service: str | None = None,
    level: str | None = None,
) -> list[LabEntry]:
    """The entries that match all filters given.

    An exam matches labs made for it and labs that practise one of its objectives; a domain may be written without its
    exam (`network`); a service matches by a part of its name. A value that exists nowhere raises UnknownFilter,
    UnknownExam or UnknownObjective with the nearest names; one that merely has no lab yet gives an empty list.
    """
    chosen = list(entries)
    everything = list(chosen)
    if exam:
        from azlabs.catalog.exams import slug_of

        slug = slug_of(exam)
        prefix = slug.replace("-", "") + "."
        chosen = [lab for lab in chosen if lab.exam == slug or any(name.startswith(prefix) for name in lab.objectives)]
    if domain:
        wanted = domain.lower()
        chosen = [lab for lab in chosen if any(wanted in (name, name.split(".")[1]) for name in lab.domains)]
    if objective:
        chosen = [lab for lab in chosen if objective.lower() in lab.objectives]
    if service:
        chosen = [lab for lab in chosen if any(service.lower() in name.lower() for name in lab.services)]
    if level:
        chosen = [lab for lab in chosen if lab.level == level.lower()]
    if not chosen:
        _question(everything, exam, domain, objective, service, level)
    return chosen


def practised(entries: Iterable[LabEntry], *, exam: str | None = None, domain: str | None = None) -> list[Practised]:
    """All objectives of an exam (of every exam that has a lab, when none is named), in the order of its outline."""
    from azlabs.catalog import exams

    labs = list(entries)
    prefixes = {name.split(".")[0] for lab in labs for name in lab.objectives}
    if exam:
        wanted = [exams.exam(exam)]
    else:
        wanted = [known for known in exams.exams() if domain or known.slug.replace("-", "") in prefixes]
    found = [
        Practised(
            exam=one.slug,
            domain=part.id,
            id=bullet.id,
            title=bullet.title,
            labs=tuple(lab.id for lab in labs if bullet.id in lab.objectives),
        )
        for one in wanted
        for part in one.domains
        if domain is None or domain.lower() in (part.id, part.id.split(".")[1])
        for bullet in part.objectives
    ]
    if not found and domain:
        _question(labs, exam, domain, None, None, None)
    return found


def _question(
    labs: list[LabEntry],
    exam: str | None,
    domain: str | None,
    objective: str | None,
    service: str | None,
    level: str | None,
) -> None:
    """Nothing matched: is one of the values a mistake?"""
    from azlabs.catalog import exams

    if exam:
        exams.exam(exam)
    if objective:
        exams.objective(objective.lower())
    if domain:
        domains = [part.id for known in exams.exams() for part in known.domains]
        if domain.lower() not in {*domains, *(name.split(".")[1] for name in domains)}:
            raise _unknown("domain", domain, domains)
    if level and level.lower() not in LEVELS:
        raise _unknown("level", level, LEVELS)
    if service:
        names = {name for lab in labs for name in lab.services}
        names.update(name for known in exams.exams() for bullet in known.objectives for name in bullet.services)
        if not any(service.lower() in name.lower() for name in names):
            raise _unknown("service", service, names)


def _unknown(kind: str, value: str, known: Iterable[str]) -> UnknownFilter:
    from azlabs.catalog.nearest import did_you_mean

    names = sorted(known)
    listed = did_you_mean(value, names) or (f"Known are {', '.join(names)}." if len(names) < 8 else "")
    return UnknownFilter(f"No {kind} is called '{value}'.", action=listed or "`azlabs list` shows all labs.")
