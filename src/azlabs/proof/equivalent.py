"""`equivalent.yaml` of a lab: what its author says about changes that no machine can judge.

unasked:            # behaviour that no task asks for: changing it must turn nothing red
  - flow: {from: [VirtualNetwork], to: [nic-web-01, nic-web-02], services: Tcp/443}
    reason: The table leaves HTTPS from inside open.
  - setting: "mystore/tags/*"
    reason: Tags are the learner's own.
  - access: "id-app may */getSecret/action on kv-one"
    reason: A role on the vault is as good as one on the secret.
asked:              # settings as they were at the start that a task wants kept; no step sets them
  - setting: "mystore/supportsHttpsTrafficOnly"
    reason: The second task says that it must stay on.
mutants:            # changes that only a person can see to be equivalent, at most 5 % of all
  - mutant: "snet-web/addressPrefix: 172.20.40.0/24 -> 172.20.40.0/25"
    reason: A /25 has room for the 50 machines that are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from azlabs.errors import AzlabsError

LARGEST_SHARE = 0.05


class BrokenEquivalents(AzlabsError):
    """`equivalent.yaml` cannot be used; the message says what and where."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Flows from any of `sources` but `not_sources` to any of `destinations`, of `services` but `not_services`.

    Ends and services are texts as the network probe takes them.
    """

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    services: str = "*"
    not_sources: tuple[str, ...] = ()
    not_destinations: tuple[str, ...] = ()
    not_services: str = ""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Settings by a pattern of their names, as in `*/tags/*`."""

    setting: str

    def covers(self, row: str) -> bool:
        """Does the pattern match this name? Letter case does not matter."""
        return fnmatchcase(row.lower(), self.setting.lower())


@dataclass(frozen=True, slots=True)
class Unasked:
    """Behaviour that the tasks leave open: flows, or settings and rights by a pattern."""

    reason: str
    flow: Flow | None = None
    setting: str = ""
    access: str = ""

    def covers_setting(self, row: str) -> bool:
        """Does the pattern match this setting?"""
        return bool(self.setting) and Pattern(self.setting).covers(row)

    def covers_access(self, row: str) -> bool:
        """Does the pattern match this right?"""
        return bool(self.access) and Pattern(self.access).covers(row)


@dataclass(frozen=True, slots=True)
class Equivalents:
    """The contents of the file. `mutants`: reasons by the mutants' names."""

    unasked: tuple[Unasked, ...] = ()
    asked: tuple[Pattern, ...] = ()
    mutants: dict[str, str] | None = None

    def reason(self, name: str) -> str | None:
        """Why the mutant of this name is equivalent; None when nobody says so."""
        return (self.mutants or {}).get(name)


def read_equivalents(file: Path) -> Equivalents:
    """The equivalents of a lab; none without a file. Raises BrokenEquivalents."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Equivalents()
    import yaml

    try:
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as problem:
        raise BrokenEquivalents(f"{file} is not YAML: {problem}", action="Correct it.") from problem
    try:
        return Equivalents(
            tuple(_unasked(entry) for entry in data.get("unasked") or ()),
            tuple(_asked(entry) for entry in data.get("asked") or ()),
            {str(entry["mutant"]): _reason(entry) for entry in data.get("mutants") or ()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise BrokenEquivalents(
            f"{file}: {_words(problem)}.", action="Each entry has a reason and a mutant, a flow or a setting."
        ) from problem


def _unasked(entry: dict[str, Any]) -> Unasked:
    known = {"reason", "flow", "setting", "access"}
    if set(entry) - known or not ({"flow", "setting", "access"} & set(entry)):
        raise ValueError(
            f"an entry of `unasked` has a reason and a flow or a setting or an access, not {', '.join(map(str, entry))}"
        )
    flow, setting, access = entry.get("flow"), str(entry.get("setting") or ""), str(entry.get("access") or "")
    return Unasked(_reason(entry), _flow(flow) if flow else None, setting, access)


def _asked(entry: dict[str, Any]) -> Pattern:
    if set(entry) != {"reason", "setting"}:
        raise ValueError("an entry of `asked` has a reason and a setting")
    _reason(entry)
    return Pattern(str(entry["setting"]))


def _flow(entry: dict[str, Any]) -> Flow:
    known = {"from", "not_from", "to", "not_to", "services", "not_services"}
    if unknown := set(entry) - known:
        raise ValueError(f"a flow has no '{', '.join(sorted(map(str, unknown)))}'")
    return Flow(
        _texts(entry["from"]),
        _texts(entry["to"]),
        str(entry.get("services") or "*"),
        _texts(entry.get("not_from")),
        _texts(entry.get("not_to")),
        str(entry.get("not_services") or ""),
    )


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _reason(entry: dict[str, Any]) -> str:
    reason = str(entry.get("reason") or "").strip()
    if not reason:
        raise ValueError("an entry has no reason")
    return reason


def _words(problem: Exception) -> str:
    return f"{problem} is missing" if isinstance(problem, KeyError) else str(problem)
