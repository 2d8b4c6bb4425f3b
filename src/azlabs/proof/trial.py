"""One mutant tried: made through the cloud, judged by the checks that it can touch, compared by behaviour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from azlabs.arm.ids import ResourceId
from azlabs.cloud.errors import AzureError, error_from
from azlabs.proof.asked import Asked
from azlabs.proof.behaviour import Behaviour, Difference, became
from azlabs.proof.code import PUBLISH
from azlabs.proof.equivalent import Equivalents
from azlabs.proof.mutant import Edit, Mutant
from azlabs.proof.state import State, changed, is_link, read_state
from azlabs.verify.declare import Check
from azlabs.verify.lab_view import LabView, SandboxLike
from azlabs.verify.reads import Reads, tracking
from azlabs.verify.runner import judge
from azlabs.verify.score import watches

if TYPE_CHECKING:
    from azlabs.cloud import Cloud
    from azlabs.cloud.memory import ScratchCloud
    from azlabs.proof.code_trial import Code

Result = Literal["caught", "survived", "over-strict", "equivalent", "unasked", "declared", "refused", "idle"]
"""What became of a mutant.

caught: behaviour changed, a task failed. survived: behaviour changed, no task failed. over-strict: no behaviour that a
task asks for changed, a task failed all the same. equivalent: no behaviour changed, no task failed. unasked: only
behaviour that no task asks for changed, no task failed. declared: it survived, and the lab's author says why that is
right. refused: Azure does not accept it. idle: it is no change.
"""

# A mutant's failure is final at once on the simulator; what has to travel (a message, a call) gets this long.
LONGEST_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of one mutant, with the first check that failed and the first difference in behaviour.

    `should`: for a survivor the checks of its task that read what it changed, so that one of them should have failed.
    """

    mutant: Mutant
    result: Result
    check: str = ""
    task: str = ""
    difference: str = ""
    note: str = ""
    should: tuple[str, ...] = ()


@dataclass
class Bench:
    """Everything that trials share. `reads` says for each check what it read of the solved state."""

    cloud: ScratchCloud
    sandbox: SandboxLike
    checks: Sequence[Check]
    equivalents: Equivalents
    snapshot: Any
    solved: State
    behaviour: Behaviour
    asked: Asked
    answers: str
    reads: Mapping[str, set[str]]
    outside: tuple[str, ...] = ()
    code: Code | None = None

    @cached_property
    def reading(self) -> Cloud:
        """The cloud as checks see it."""
        return self.cloud.read_only()

    @cached_property
    def acting(self) -> Cloud:
        """The cloud as checks see it that act. Its connections stay open from one mutant to the next."""
        return self.cloud.read_only(acts=True)


def reads_of(checks: Sequence[Check], sandbox: SandboxLike, cloud: ScratchCloud) -> dict[str, set[str]]:
    """What each check reads; the checks are run for it."""
    reading = cloud.read_only()
    reads = Reads(reading)
    found: dict[str, set[str]] = {}
    for check in checks:
        if check.acts:
            # What a message or a call leads through cannot be told from what the check itself reads.
            found[check.id] = {"client:acts"}
            continue
        with tracking() as tracked:
            judge(check, LabView(sandbox, reading, reads))
        found[check.id] = tracked.reads
    return found


def attempt(bench: Bench, mutant: Mutant) -> Trial:
    """Tries one mutant. Leaves the cloud and the answers file as the mutant made them."""
    if mutant.edit.id.startswith(PUBLISH):
        from azlabs.proof.code_trial import attempt_code

        return attempt_code(bench, mutant, bench.code.folders if bench.code is not None else ())
    bench.cloud.restore(bench.snapshot)
    reads = Reads(bench.reading)
    if mutant.edit.id:
        _write_answers(bench, bench.answers)
        try:
            _apply(bench, mutant)
        except AzureError as problem:
            return Trial(mutant, "refused", note=problem.code)
        state = read_state(reads, bench.sandbox.resource_groups, bench.outside)
        moved = changed(bench.solved, state)
        if not moved:
            return Trial(mutant, "idle")
        touched = touched_by(bench.solved, state, moved)
        after = Behaviour(state)
        found = weightiest(bench.behaviour.differences(after, bench.equivalents.unasked, bench.asked))
    else:
        _write_answers(bench, mutant.edit.body)
        after, touched = bench.behaviour, {"answers"}
        found = became(f"answers.yaml/{'/'.join(mutant.path)}", mutant.before, mutant.after)
    failed, note = _first_failure(bench, mutant, touched, reads)
    return _verdict(bench, mutant, touched, after, found, failed, note)


def _verdict(
    bench: Bench,
    mutant: Mutant,
    touched: set[str],
    after: Behaviour,
    found: Difference | None,
    failed: Check | None,
    note: str,
) -> Trial:
    if failed is not None:
        task = mutant.task if watches(failed, mutant.task) or mutant.task in failed.tasks else failed.tasks[0]
        return Trial(mutant, "caught" if found else "over-strict", failed.id, task, note=note)
    if found is None or found.weight != "asked":
        other = found or next(bench.behaviour.differences(after), None)
        return Trial(mutant, "unasked" if other else "equivalent", difference=str(other) if other else "")
    reason = bench.equivalents.reason(mutant.name)
    if reason is not None:
        return Trial(mutant, "declared", difference=str(found), note=reason)
    return Trial(mutant, "survived", difference=str(found), note=note, should=_candidates(bench, mutant, touched))


def _candidates(bench: Bench, mutant: Mutant, touched: set[str]) -> tuple[str, ...]:
    """The earning checks that could have seen a mutant: those of its task, else all."""
    seeing = [check for check in bench.checks if check.kind != "guard" and can_touch(bench.reads[check.id], touched)]
    own = [check for check in seeing if mutant.task in check.tasks]
    return tuple(check.id for check in own or seeing)


def weightiest(found: Iterator[Difference]) -> Difference | None:
    """A difference that a task asks for, without looking for more; else one that may be asked for."""
    perhaps = None
    for difference in found:
        if difference.weight == "asked":
            return difference
        perhaps = perhaps or difference
    return perhaps


def _apply(bench: Bench, mutant: Mutant) -> None:
    for edit in mutant.edits:
        if " https://" in edit.id:
            _send(bench, edit)
            continue
        version = bench.cloud.api_version(ResourceId.parse(edit.id).type)
        if edit.body is None:
            bench.cloud.run("DELETE", edit.id, version)
        else:
            bench.cloud.run("PUT", edit.id, version, edit.body)


def _send(bench: Bench, edit: Edit) -> None:
    """A write to a data plane, as the account that the lab was brought up with."""
    import json

    method, _, url = edit.id.partition(" ")
    host = urlsplit(url).hostname or ""
    audience = f"https://{host.partition('.')[2]}"
    headers = {"content-type": "application/json"}
    said = bench.cloud.send(method, url, headers=headers, content=json.dumps(edit.body).encode(), audience=audience)
    if said.status >= 400:
        raise error_from(said.status, said.content, edit.id)


def _write_answers(bench: Bench, text: str) -> None:
    workspace = bench.sandbox.workspace
    if workspace is None:
        return
    file = Path(workspace) / "answers.yaml"
    if text:
        file.write_text(text, encoding="utf-8")
    else:
        file.unlink(missing_ok=True)


def touched_by(before: State, after: State, moved: set[str]) -> set[str]:
    """The ids that changed, and those that they are or were linked to."""
    ids = set(moved)
    for name in moved:
        for state in (before, after):
            ids |= {link.lower() for link in _links(state.get(name))}
    return ids


def _links(node: Any) -> Iterator[str]:
    if is_link(node):
        yield str(node["id"])
    elif isinstance(node, dict):
        for value in node.values():
            yield from _links(value)
    elif isinstance(node, list):
        for value in node:
            yield from _links(value)


def can_touch(reads: set[str], touched: set[str]) -> bool:
    """Could what was changed show in what was read? When in doubt, yes."""
    for entry in reads:
        path, _, versions = entry.partition("?")
        if entry in touched or entry.startswith("client:"):
            return True
        # A list of what sits on a scope and on everything in it.
        scope, _, kind = path.partition("/providers/microsoft.authorization/")
        if kind and any(name.startswith(f"{scope}/") and f"/{kind}/" in name for name in touched):
            return True
        if versions and any(name.startswith(path) or path.startswith(name) for name in touched):
            return True
    return False


def _first_failure(bench: Bench, mutant: Mutant, touched: set[str], reads: Reads) -> tuple[Check | None, str]:
    """The first check that fails, those of the mutant's own task first; else what could not be judged."""
    unjudged = ""
    for check in sorted(bench.checks, key=lambda check: (mutant.task not in check.tasks, check.acts)):
        if not can_touch(bench.reads[check.id], touched):
            continue
        cloud = bench.acting if check.acts else bench.reading
        outcome = judge(check, LabView(bench.sandbox, cloud, reads, longest_wait=LONGEST_WAIT_SECONDS))
        if outcome.status == "fail":
            return check, outcome.found
        if outcome.status == "error":
            unjudged = f"{check.id} could not be judged: {outcome.found}"
    return None, unjudged
