"""`down`, step by step: look, show, ask, remove, report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.markup import escape

from azlabs.catalog.topology import word_for
from azlabs.cli.places import cloud_meant, sandbox_meant
from azlabs.cli.screen import table
from azlabs.errors import ExitCode

if TYPE_CHECKING:
    from azlabs.cli.call import Call
    from azlabs.sandbox.down import DownReport
    from azlabs.sandbox.down_plan import DownPlan
    from azlabs.sandbox.model import Sandbox

WHOSE = {"lab": "the lab", "you": "you", "azlabs": "azlabs", "identity": "an identity of the lab"}
SHOWN = 15


def remove(call: Call, *, everything: bool, dry_run: bool, groups: list[str]) -> int:
    """Remove one sandbox, or all; the exit code."""
    sandboxes = _all(call) if everything else [sandbox_meant(call)]
    if everything and not sandboxes:
        call.say("Nothing is up.")
    done = [_remove(call, sandbox, dry_run, groups) for sandbox in sandboxes]
    if call.json:
        call.give_json({"sandboxes": done} if everything else done[0])
    survived = any(result["survivors"] for result in done)
    return ExitCode.SURVIVORS if survived and not dry_run else ExitCode.DONE


def _all(call: Call) -> list[Sandbox]:
    from azlabs.sandbox.ledger import Ledger

    ledger = Ledger()
    found = ledger.all()
    for notice in ledger.notices:
        call.say(notice)
    return found


def _remove(call: Call, sandbox: Sandbox, dry_run: bool, groups: list[str]) -> dict[str, Any]:
    """What `--json` tells of one sandbox."""
    from azlabs.sandbox.down import down
    from azlabs.sandbox.down_plan import plan_down

    with cloud_meant(call, sandbox) as cloud:
        plan = plan_down(sandbox, cloud, include=groups)
        _show_plan(call, plan)
        if dry_run:
            return _plan_json(plan)
        call.must_agree(f"Remove {sandbox.id} with everything in it?")
        with call.progress(f"Removing {sandbox.id}") as progress:
            report = down(plan, cloud, progress)
    if not call.json:
        _show_report(call, sandbox, report)
    return report.to_json()


def _plan_json(plan: DownPlan) -> dict[str, Any]:
    """The shape of `azlabs down --dry-run --json`."""
    survivors = [survivor.to_json() for survivor in (*plan.refused, *plan.unseen)]
    return {"sandbox": plan.sandbox.id, "would_delete": plan.ids, "survivors": survivors}


def _show_plan(call: Call, plan: DownPlan) -> None:
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
    for survivor in (*plan.refused, *plan.unseen):
        call.say(f"Stays: {survivor.id}: {survivor.reason}")


def _show_report(call: Call, sandbox: Sandbox, report: DownReport) -> None:
    out = call.out
    purged = f", {len(report.purged)} purged" if report.purged else ""
    out.print(escape(f"{sandbox.id}: {len(report.deleted)} removed{purged}, {len(report.survivors)} left."))
    for survivor in report.survivors:
        out.print(escape(f"  left: {survivor.id}"), soft_wrap=True)
        out.print(escape(f"        {survivor.reason}"))
    if not report.survivors:
        call.say("Looked again: nothing is left.")
    call.say(f"Your folder stays: {sandbox.workspace}")
