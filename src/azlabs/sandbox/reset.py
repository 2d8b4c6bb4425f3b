"""Back to the start: the whole lab, or one task of it.

The whole lab: what the start state does not have is deleted, subnets and interfaces return to their place, the start
state is deployed again, and its data and code are put in. Resources of the start state are kept, not recreated, so
their ids and addresses stay; what cannot be changed back (`room.py` says what) is made anew. Secrets of a vault stay.

One task: tasks share their resources, so a task's part cannot be cut out of them. The lab goes back to its start, and
the reference steps of the other tasks that were done are applied again, in the order of the tasks. What the learner
did in another way than the reference is replaced by the reference; a step that needs the task that was reset, or whose
code contains that task's, is left out and named. The learner's folder stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azlabs.cloud import Cloud
from azlabs.errors import AzlabsError, ExitCode
from azlabs.progress import Progress, silent
from azlabs.sandbox.applying import apply_template
from azlabs.sandbox.contents import (
    LOCKS,
    POLICY_ASSIGNMENTS,
    ROLE_ASSIGNMENTS,
    beside,
    delete_in_rounds,
    is_inside,
    resources,
)
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.room import bodies_to_remember, clear, make_room
from azlabs.sandbox.solve import apply_steps, complete_start
from azlabs.sandbox.templates import read_template
from azlabs.sandbox.workspace import reset_answers

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab


class ResetIncomplete(AzlabsError):
    """Something that the start state does not have could not be removed."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class ResetReport:
    """`removed`: ids that are gone; `reapplied`: tasks whose reference step was applied again; `left_out`: tasks whose
    step could not be, with the reason."""

    removed: list[str]
    reapplied: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def reset(
    sandbox: Sandbox,
    lab: Lab,
    cloud: Cloud,
    task: str | None = None,
    *,
    done: Collection[str] | None = None,
    progress: Progress = silent,
    ledger: Ledger | None = None,
) -> ResetReport:
    """Reset the lab, or `task`. `done`: the tasks that are solved now, for the caller who has judged them; without it
    those that `solve` applied. Raises AzureError, ResetIncomplete."""
    ledger = ledger or Ledger()
    wanted = lab.task(task).id if task else None
    solved = set(sandbox.solved if done is None else done)
    with ledger.working(sandbox, "reset"):
        removed = back_to_start(sandbox, lab, cloud, progress, ledger.save)
        if wanted is None:
            reset_answers(sandbox, lab)
            return ResetReport(removed)
        reapplied, left_out = [], []
        for name, path in lab.steps:
            if name == wanted or name not in solved:
                continue
            try:
                reapplied += apply_steps(sandbox, cloud, [(name, path)], progress, ledger.save, without=wanted)
            except AzlabsError as problem:
                left_out.append((name, problem.message))
        return ResetReport(removed, reapplied, left_out)


def back_to_start(
    sandbox: Sandbox, lab: Lab, cloud: Cloud, progress: Progress, save: Callable[[Sandbox], None]
) -> list[str]:
    """Bring the sandbox's groups to the start state; the ids that were removed."""
    template = read_template(lab.start)
    added = _added(sandbox, cloud)
    # What is still used by the start state's resources stays for the second round, after they have let go of it.
    delete_in_rounds(cloud, added, progress)
    make_room(cloud, sandbox.start_bodies, progress)
    clear(cloud, sandbox.start)
    deployed = apply_template(sandbox, cloud, "start", template, None, progress, save, lab.start)
    sandbox.outputs = deployed.outputs
    sandbox.start = [found for found in deployed.resources if is_inside(sandbox, found)]
    sandbox.start_bodies = bodies_to_remember(cloud, sandbox.start)
    sandbox.solved = []
    save(sandbox)
    complete_start(sandbox, lab, cloud, progress)
    left = delete_in_rounds(cloud, _added(sandbox, cloud), progress)
    if left:
        identifier, reason = next(iter(left.items()))
        raise ResetIncomplete(
            f"{len(left)} of what was added could not be removed, {identifier} for one: {reason.message}",
            action="Remove what holds it and run `azlabs reset` again, or start anew: `azlabs down`, `azlabs up`.",
            code=reason.code,
        )
    return added


def _added(sandbox: Sandbox, cloud: Cloud) -> list[str]:
    """What is in the groups and not in the start state: locks first, then resources, then assignments."""
    start = {identifier.lower() for identifier in sandbox.start}
    found: list[str] = []
    for group in map(sandbox.group_id, sandbox.resource_groups):
        listed = [str(entry["id"]) for entry in resources(cloud, group)]
        # A child that the list shows beside its parent goes with the parent.
        whole = {identifier.lower() for identifier in listed}
        found += beside(cloud, group, LOCKS)
        found += [identifier for identifier in listed if not _parents(identifier) & (whole - start)]
        for kind in (ROLE_ASSIGNMENTS, POLICY_ASSIGNMENTS):
            found += beside(cloud, group, kind)
    return [identifier for identifier in dict.fromkeys(found) if identifier.lower() not in start]


def _parents(identifier: str) -> set[str]:
    from azlabs.arm.ids import ResourceId

    parents = set()
    above = ResourceId.parse(identifier).parent
    while above is not None:
        parents.add(above.key)
        above = above.parent
    return parents
