"""A sandbox as data: what azlabs knows of one lab that was brought up, and its shape in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

State = Literal["provisioning", "ready", "failed", "removing"]
FORMAT = 1
_TIMES = ("created", "expires")
_PATHS = ("workspace", "lab_folder")


@dataclass
class Sandbox:
    """One lab brought up for one learner. Everything in it may be written to disk: no secret belongs here.

    `resource_groups` holds names, written down before they are asked for. `start` holds the ids of the start state's
    resources, `start_bodies` the bodies of those whose place must be found again by a reset. `outside` holds ids that
    azlabs made outside the groups, `purges` what is soft-deleted once the groups are gone; both are intents, written
    before the act. `directory`: objects were made in the directory. `doing` names the command at work, '' when none is;
    after a kill it tells what was interrupted.
    """

    id: str
    lab: str
    cloud: str
    subscription_id: str
    region: str
    resource_groups: list[str]
    workspace: Path
    state: State = "provisioning"
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    expires: datetime | None = None
    tenant_id: str = ""
    account: str = ""
    lab_folder: Path | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    cost_per_hour_usd: float | None = None
    costs_money: bool = False
    start: list[str] = field(default_factory=list)
    start_bodies: dict[str, Any] = field(default_factory=dict)
    solved: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    purges: list[dict[str, str]] = field(default_factory=list)
    directory: bool = False
    doing: str = ""
    problem: str = ""

    @property
    def resource_group(self) -> str:
        """The name of the first group, where files are deployed to."""
        return self.resource_groups[0]

    @property
    def lab_name(self) -> str | Path:
        """What `load_lab` takes for this sandbox's lab."""
        return self.lab_folder or self.lab

    @property
    def answers_file(self) -> Path:
        """Where the learner writes answers."""
        return self.workspace / "answers.yaml"

    def group_id(self, name: str) -> str:
        """The id of one of its resource groups."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{name}"

    def is_expired(self, now: datetime | None = None) -> bool:
        """Whether its time is over; a sandbox without an end never is."""
        return self.expires is not None and self.expires <= (now or datetime.now(UTC))

    def to_json(self) -> dict[str, Any]:
        """The shape in the ledger."""
        data: dict[str, Any] = {"format": FORMAT}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in _TIMES and value is not None:
                value = value.astimezone(UTC).isoformat(timespec="seconds")
            elif entry.name in _PATHS and value is not None:
                value = str(value)
            data[entry.name] = value
        return data

    @classmethod
    def from_json(cls, data: Any) -> Sandbox:
        """The sandbox of a ledger file; raises ValueError for anything that is not one."""
        if not isinstance(data, dict):
            raise ValueError("not an object")
        if data.get("format") != FORMAT:
            raise ValueError(f"format {data.get('format')!r} is not known")
        known = {entry.name: entry for entry in fields(cls)}
        values = {name: value for name, value in data.items() if name in known}
        for name in ("id", "lab", "cloud", "subscription_id", "region", "workspace"):
            if not isinstance(values.get(name), str) or not values[name]:
                raise ValueError(f"{name} is missing")
        groups = values.get("resource_groups")
        if not isinstance(groups, list) or not groups or not all(isinstance(group, str) for group in groups):
            raise ValueError("resource_groups is missing")
        if values.get("state") not in get_args(State):
            raise ValueError(f"state {values.get('state')!r} is not known")
        for name in _TIMES:
            if values.get(name) is not None:
                values[name] = _time(values[name])
        for name in _PATHS:
            if values.get(name) is not None:
                values[name] = Path(values[name])
        for name, kind in (("outputs", dict), ("start", list), ("outside", list), ("purges", list), ("solved", list)):
            if name in values and not isinstance(values[name], kind):
                raise ValueError(f"{name} has the wrong shape")
        return cls(**values)


def _time(text: Any) -> datetime:
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
