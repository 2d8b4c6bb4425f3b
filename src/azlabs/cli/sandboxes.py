"""`up`, `status`, `extend`, `reset`, `down`: a lab's sandbox from beginning to end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from azlabs.cli import completion
from azlabs.cli.call import Call, command
from azlabs.errors import AzlabsError

if TYPE_CHECKING:
    from azlabs.sandbox.up import UpPlan

app = typer.Typer()


@command(app, "up", "yes", "cloud", epilog="Example: azlabs up LAB --yes")
def up(
    call: Call,
    lab: Annotated[
        str,
        typer.Argument(metavar="LAB", help="Its id or folder.", autocompletion=completion.lab_ids, show_default=False),
    ],
    region: Annotated[str, typer.Option(metavar="REGION", help="An Azure region; else the lab's own.")] = "",
    hours: Annotated[
        float, typer.Option(metavar="HOURS", min=0, help="When it ends by itself.", show_default=False)
    ] = 0,
    workspace: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Your folder for this lab.", show_default=False)
    ] = None,
    subscription: Annotated[str, typer.Option(metavar="NAME", help="Which subscription, on Azure.")] = "",
    another: Annotated[bool, typer.Option("--another", help="One more, when this lab is up already.")] = False,
) -> None:
    """Bring a lab up: its resources, a folder to work in, its tasks.

    On Azure it shows first where, what and for how much. The same lab again returns the one that is up.
    """
    from azlabs.cli.places import cloud_meant, lab_named
    from azlabs.cli.sandbox_pages import show_plan, show_up, up_json
    from azlabs.sandbox.ledger import Ledger
    from azlabs.sandbox.up import up as bring_up

    chosen = lab_named(call, lab)
    ledger = Ledger()

    def confirm(plan: UpPlan) -> bool:
        show_plan(call, plan)
        return call.confirm(f"Bring up {plan.lab}?", default=not plan.costs_money)

    before = {sandbox.id for sandbox in ledger.all() if sandbox.state == "failed"}
    try:
        with cloud_meant(call, subscription=subscription) as cloud, call.progress(f"Bringing up {chosen.id}") as progress:
            result = bring_up(
                chosen,
                cloud,
                region=region or None,
                hours=hours or None,
                workspace=workspace,
                progress=progress,
                confirm=confirm,
                ledger=ledger,
                another=another,
            )
    except (AzlabsError, KeyboardInterrupt):
        for sandbox in ledger.all():
            if sandbox.lab == chosen.id and sandbox.state == "failed" and sandbox.id not in before:
                call.say(f"{sandbox.id} is half made: the same command goes on with it, `azlabs down` takes it back.")
        raise
    for notice in ledger.notices:
        call.say(notice)
    if call.json:
        call.give_json(up_json(result))
    else:
        show_up(call, result)


@command(app, "reset", "sandbox", "cloud", "yes", epilog="Example: azlabs reset allow-https")
def reset(
    call: Call,
    task: Annotated[str, typer.Argument(metavar="TASK", autocompletion=completion.task_ids, show_default=False)] = "",
) -> None:
    """Put the lab, or one task of it, back to its start.

    Resources of the start are kept and set right; what was added is removed. With TASK the other tasks that were done
    are done again in the way of the reference solution.
    """
    from azlabs.cli.places import cloud_meant, lab_named, sandbox_meant
    from azlabs.sandbox.reset import reset as put_back

    sandbox = sandbox_meant(call)
    lab = lab_named(call, sandbox.lab_name)
    if call.can_ask:
        call.must_agree(f"Undo your work on {task or 'the whole lab'}?")
    with cloud_meant(call, sandbox) as cloud:
        done = None
        if task:
            from azlabs.verify import run

            done = [entry.id for entry in run(lab, sandbox, cloud).tasks if entry.done]
        with call.progress("Resetting") as progress:
            report = put_back(sandbox, lab, cloud, task or None, done=done, progress=progress)
    if call.json:
        left_out = [{"task": name, "reason": reason} for name, reason in report.left_out]
        data = {"removed": report.removed, "reapplied": report.reapplied, "left_out": left_out}
        call.give_json({"sandbox": sandbox.id, "task": task or None, **data})
        return
    call.out.print(f"{task or lab.id} is back at its start; {len(report.removed)} added resources were removed.")
    if report.reapplied:
        call.out.print(f"Done again in the way of the reference: {', '.join(report.reapplied)}.")
    for name, reason in report.left_out:
        call.out.print(f"Left out: {name} ({reason})", markup=False)
    if lab.app.is_dir():
        call.say(f"The code in {sandbox.workspace / 'app'} stays yours; `azlabs deploy` publishes it again.")


@command(app, "status", "cloud", epilog="Example: azlabs status --json")
def status(
    call: Call,
    find: Annotated[
        bool, typer.Option("--find", help="Look on the cloud for sandboxes that this computer does not know.")
    ] = False,
) -> None:
    """Show what is up, until when, and what it costs."""
    from azlabs.cli.places import cloud_meant
    from azlabs.cli.sandbox_pages import show_status
    from azlabs.sandbox.ledger import Ledger
    from azlabs.sandbox.status import status as rows_of

    ledger = Ledger()
    rows = rows_of(ledger)
    if find or ledger.damaged:
        from azlabs.cli.removing import recovered

        recovered(call, ledger)
        rows = rows_of(ledger)
    # Where asking costs neither time nor a sign-in, what is said to be up is looked at.
    said = [row for row in rows if row.state in ("ready", "expired") and not row.at_work]
    asked = [row for row in said if find or not row.sandbox.costs_money]
    for name in {row.sandbox.cloud: row for row in asked}:
        from azlabs.sandbox.recover import forget_vanished

        here = [row.sandbox for row in asked if row.sandbox.cloud == name]
        with cloud_meant(call, here[0]) as cloud:
            for gone in forget_vanished(cloud, ledger, {sandbox.id for sandbox in here}):
                call.say(f"{gone} is no longer there: its resource group does not exist.")
        rows = rows_of(ledger)
    if any(row.is_being_removed for row in rows):
        from azlabs.cli.removing import settle

        rows = settle(call, ledger, rows)
    for notice in ledger.notices:
        call.say(notice)
    if call.json:
        call.give_json({"sandboxes": [row.to_json() for row in rows]})
    else:
        show_status(call, rows)


@command(app, "extend", "sandbox", "cloud", epilog="Example: azlabs extend --hours 2")
def extend(
    call: Call,
    hours: Annotated[float, typer.Option("--hours", metavar="HOURS", min=0.1, help="How much longer.")] = 2.0,
) -> None:
    """Move the time at which a sandbox ends by itself."""
    from azlabs.cli.places import cloud_meant, sandbox_meant
    from azlabs.cli.sandbox_pages import moment
    from azlabs.sandbox.status import extend as move

    sandbox = sandbox_meant(call)
    with cloud_meant(call, sandbox) as cloud:
        moved = move(sandbox, cloud, hours)
    if call.json:
        call.give_json({"sandbox": moved.id, "expires": moved.expires.isoformat() if moved.expires else None})
    elif moved.expires:
        call.out.print(f"{moved.id} now ends at {moment(moved.expires)}.")


@command(app, "down", "sandbox", "cloud", "yes", epilog="Example: azlabs down --dry-run, then azlabs down")
def down(
    call: Call,
    everything: Annotated[bool, typer.Option("--all", help="All sandboxes.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Return while Azure deletes; `azlabs status` tells when it is over.")
    ] = False,
    group: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Remove this group of the sandbox although its tags were changed.", show_default=False
        ),
    ] = None,
) -> int:
    """Take a sandbox away, with everything you made in it; your folder stays.

    It looks first, shows what it found, asks, removes, and looks again. The exit code is 4 when something stayed.
    """
    from azlabs.cli.removing import remove

    return remove(call, everything=everything, dry_run=dry_run, groups=group or [], wait=not no_wait)
