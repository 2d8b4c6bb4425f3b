"""`down`, step by step: look, show, ask, remove, report."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from azlabs.catalog.topology import word_for
from azlabs.cli.places import cloud_meant, sandbox_meant
from azlabs.cli.screen import table
from azlabs.errors import AzlabsError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azlabs.cli.call import Call
    from azlabs.cloud import Cloud
    from azlabs.progress import Progress
    from azlabs.sandbox.down import DownReport
    from azlabs.sandbox.down_model import DownPlan, Survivor
    from azlabs.sandbox.model import Sandbox
    from azlabs.sandbox.status import StatusRow

WHOSE = {"lab": "the lab", "you": "you", "azlabs": "azlabs", "identity": "an identity of the lab"}
SHOWN = 15
Planned = tuple["DownPlan", "Cloud"]


def remove(call: Call, *, everything: bool, dry_run: bool, groups: list[str], wait: bool = True) -> int:
    """Remove one sandbox, or all; the exit code."""
    sandboxes = _all(call) if everything else [_one(call)]
    if everything and not sandboxes:
        call.say("Nothing is up.")
    failures: list[tuple[Sandbox, AzlabsError]] = []
    with ExitStack() as clouds:
        plans: list[Planned] = []
        for sandbox in sandboxes:
            try:
                plans.append(_look(call, clouds, sandbox, groups))
            except AzlabsError as problem:
                if not everything:
                    raise
                failures.append((sandbox, problem))
        for plan, _cloud in plans:
            show_plan(call, plan)
        if dry_run:
            done = [_plan_json(plan) for plan, _cloud in plans]
        else:
            done = _carry_out(call, plans, wait, failures) if plans else []
    done += [{"sandbox": failed.id, **why.to_json()} for failed, why in failures]
    for failed, why in failures:
        call.say(f"{failed.id}: {why.message} {why.action}")
    if call.json:
        call.give_json({"sandboxes": done} if everything else done[0])
    if any(result.get("survivors") for result in done) and not dry_run:
        return ExitCode.SURVIVORS
    return ExitCode.UNREACHABLE if failures else ExitCode.DONE


def _one(call: Call) -> Sandbox:
    """The sandbox that is meant; one that this computer does not know is looked for by its tags."""
    from azlabs.sandbox.find import SandboxUnclear
    from azlabs.sandbox.ledger import Ledger, UnknownSandbox

    try:
        return sandbox_meant(call)
    except (UnknownSandbox, SandboxUnclear) as problem:
        if isinstance(problem, SandboxUnclear) and Ledger().all():
            raise
        if not recovered(call, Ledger()):
            raise
        return sandbox_meant(call)


def _all(call: Call) -> list[Sandbox]:
    """Every sandbox of this computer, and those that the tags tell of on the cloud that is meant."""
    from azlabs.sandbox.ledger import Ledger

    ledger = Ledger()
    recovered(call, ledger)
    found = [sandbox for sandbox in ledger.all() if not call.cloud or sandbox.cloud == call.cloud]
    for notice in ledger.notices:
        call.say(notice)
    return found


def recovered(call: Call, ledger: Any) -> list[Sandbox]:
    """Sandboxes of this account that the ledger has lost, written into it again."""
    from azlabs.sandbox.recover import recover

    with cloud_meant(call) as cloud:
        found = recover(cloud, ledger)
    for sandbox in found:
        call.say(f"Found again by its tags: {sandbox.id}.")
    return found


def settle(call: Call, ledger: Any, rows: list[StatusRow]) -> list[StatusRow]:
    """Ask the clouds about what was being removed with nobody waiting: what is over leaves the ledger."""
    from azlabs.sandbox.status import settled, status

    told: dict[str, str] = {}
    for row in rows:
        if not row.is_being_removed:
            continue
        sandbox = row.sandbox
        try:
            with cloud_meant(call, sandbox) as cloud:
                word = settled(sandbox, cloud, ledger)
        except AzlabsError as problem:
            told[sandbox.id] = f"Whether it is over is not known: {problem.message}"
            continue
        if word:
            told[sandbox.id] = word
        else:
            call.say(f"{sandbox.id} is gone: nothing of it is left.")
    return status(ledger, details=told)


def _look(call: Call, clouds: ExitStack, sandbox: Sandbox, groups: list[str]) -> Planned:
    from azlabs.sandbox.down_plan import plan_down

    cloud = clouds.enter_context(cloud_meant(call, sandbox))
    return plan_down(sandbox, cloud, include=groups), cloud


def _carry_out(
    call: Call, plans: list[Planned], wait: bool, failures: list[tuple[Sandbox, AzlabsError]]
) -> list[dict[str, Any]]:
    names = [plan.sandbox.id for plan, _cloud in plans]
    if len(names) == 1:
        call.must_agree(f"Remove {names[0]} with everything in it?")
    else:
        call.must_agree(f"Remove these {len(names)} sandboxes with everything in them: {', '.join(names)}?")
    title = f"Removing {names[0]}" if len(names) == 1 else f"Removing {len(names)} sandboxes"
    reports: list[tuple[Sandbox, DownReport]] = []
    with call.progress(title) as progress:
        for (plan, _cloud), outcome in zip(plans, remove_all(plans, progress, wait=wait), strict=True):
            if isinstance(outcome, AzlabsError):
                failures.append((plan.sandbox, outcome))
            else:
                reports.append((plan.sandbox, outcome))
    if failures and len(plans) == 1:
        raise failures[0][1]
    if not call.json:
        for sandbox, report in reports:
            show_report(call, sandbox, report)
    return [report.to_json() for _sandbox, report in reports]


def remove_all(
    plans: Sequence[Planned], progress: Progress, *, wait: bool = True
) -> list[DownReport | AzlabsError]:
    """Carry several plans out, side by side; what one of them fails with does not stop the others."""
    from azlabs.sandbox import background
    from azlabs.sandbox.down import down

    def work(planned: Planned) -> DownReport | AzlabsError:
        try:
            return down(planned[0], planned[1], progress, wait=wait)
        except AzlabsError as problem:
            return problem

    if len(plans) == 1:
        return [work(plans[0])]
    return background.each(work, plans)


def _plan_json(plan: DownPlan) -> dict[str, Any]:
    """The shape of `azlabs down --dry-run --json`."""
    survivors = [survivor.to_json() for survivor in (*plan.refused, *plan.unseen)]
    would_purge = [entry.id for entry in plan.kept]
    return {"sandbox": plan.sandbox.id, "would_delete": plan.ids, "would_purge": would_purge, "survivors": survivors}


def show_plan(call: Call, plan: DownPlan) -> None:
    """What is about to be removed."""
    items = [*plan.inside, *plan.outside]
    if plan.is_empty:
        call.say(f"{plan.sandbox.id}: nothing of it is left on the {plan.sandbox.cloud}.")
    if items and (call.can_ask or not call.json):
        shown = table("to be removed", "type", "made by")
        for item in items[:SHOWN]:
            shown.add_row(item.id.rpartition("/")[2], word_for(item.type), WHOSE[item.origin])
        if len(items) > SHOWN:
            shown.add_row(f"and {len(items) - SHOWN} more", "", "")
        call.notes.print(shown)
    for identifier in plan.groups:
        call.say(f"Resource group {identifier.rpartition('/')[2]}, with everything in it.")
    for identifier in plan.locks:
        call.say(f"Locked, and will be unlocked: {identifier}")
    for vault in plan.vaults:
        for protected in vault.items:
            kept = " (deleted already, and kept)" if protected.is_kept else ""
            call.say(f"Backups, and will be deleted with their data: {protected.name}{kept}")
    for deleted in plan.kept:
        call.say(f"Deleted already, but holds its name{', for good' if deleted.is_protected else ''}: {deleted.name}")
    for survivor in (*plan.refused, *plan.unseen):
        call.say(f"Stays: {survivor.id}: {survivor.reason}")


def show_report(call: Call, sandbox: Sandbox, report: DownReport) -> None:
    """What has gone, what stays and why, and what would remove it."""
    out = call.out
    purged = f", {len(report.purged)} purged" if report.purged else ""
    out.print(escape(f"{sandbox.id}: {len(report.deleted)} removed{purged}, {len(report.survivors)} left."))
    for survivor in report.survivors:
        _show_survivor(call, survivor)
    if report.pending:
        names = ", ".join(identifier.rpartition("/")[2] for identifier in report.pending)
        call.say(f"Azure is deleting {names}; `azlabs status` tells when it is over.")
    elif not report.survivors:
        call.say("Looked again: nothing is left.")
    call.say(f"Your folder stays: {sandbox.workspace}")


def _show_survivor(call: Call, survivor: Survivor) -> None:
    call.out.print(escape(f"  left: {survivor.id}"), soft_wrap=True)
    call.out.print(escape(f"        {survivor.reason}"))
    if survivor.command and survivor.command not in survivor.reason:
        call.out.print(escape(f"        to remove it: {survivor.command}"), soft_wrap=True)
