"""What `down` is going to do, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from azlabs.sandbox.backups import ProtectingVault
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.soft_delete import Purge

Origin = Literal["lab", "you", "azlabs", "identity"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to remove. `origin`: the lab's start made it, you did (or Azure on your behalf), azlabs outside the
    groups, or it is an assignment that an identity of the lab holds. `has_identity`: a principal goes with it."""

    id: str
    type: str
    origin: Origin
    location: str = ""
    has_identity: bool = False


@dataclass(frozen=True, slots=True)
class Survivor:
    """Something that stays, why, and the command that would remove it ('' when none would)."""

    id: str
    reason: str
    command: str = ""

    def to_json(self) -> dict[str, str]:
        return {"id": self.id, "reason": self.reason, "command": self.command}


@dataclass
class DownPlan:
    """What is to be removed.

    `groups`: ids of the sandbox's groups that exist and are azlabs' own; `inside` what they hold; `outside` what lies
    elsewhere; `locks` what has to be unlocked first; `vaults` those with protected items; `assignments` role assignments
    inside that hold a role of the sandbox; `kept` names of what was deleted earlier; `refused` what azlabs will not
    touch; `unseen` what could not be looked at, so that nothing is claimed about it.
    """

    sandbox: Sandbox
    groups: list[str] = field(default_factory=list)
    inside: list[Item] = field(default_factory=list)
    outside: list[Item] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    vaults: list[ProtectingVault] = field(default_factory=list)
    assignments: list[str] = field(default_factory=list)
    kept: list[Purge] = field(default_factory=list)
    refused: list[Survivor] = field(default_factory=list)
    unseen: list[Survivor] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Nothing is there to be removed."""
        return not (self.groups or self.outside or self.kept)

    @property
    def ids(self) -> list[str]:
        """Everything that will be gone: contents, groups, what lies outside."""
        return [*(item.id for item in self.inside), *self.groups, *(item.id for item in self.outside)]

    def holds(self, identifier: str) -> bool:
        """Whether an id lies in one of the groups that go."""
        return identifier.lower().startswith(tuple(f"{group.lower()}/" for group in self.groups))

    @property
    def own_groups(self) -> list[str]:
        """The ids of the sandbox's groups but those that are refused: what they held is the sandbox's."""
        refused = {survivor.id.lower() for survivor in self.refused}
        every = [self.sandbox.group_id(name) for name in self.sandbox.resource_groups]
        return [group for group in every if group.lower() not in refused]

    @property
    def origins(self) -> list[str]:
        """Where names come from that are the sandbox's although their resource is deleted: its groups, and single
        resources that a template of azlabs made elsewhere."""
        alone = [identifier for identifier in self.sandbox.outside if "/providers/" in identifier]
        return [*dict.fromkeys([*self.own_groups, *self.groups]), *alone]
