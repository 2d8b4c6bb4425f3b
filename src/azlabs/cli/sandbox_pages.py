"""What is shown of sandboxes: before they are made, while they exist, and when they are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.catalog.topology import word_for
from azlabs.cli.screen import dollars, facts, table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from azlabs.cli.call import Call
    from azlabs.sandbox.status import StatusRow
    from azlabs.sandbox.up import UpPlan, UpResult


def show_plan(call: Call, plan: UpPlan) -> None:
    """What is about to be made, and where."""
    where = f"{plan.subscription_name} ({plan.subscription_id})" if plan.subscription_name else plan.subscription_id
    rows = [("lab", plan.lab), ("cloud", plan.cloud)]
    if plan.costs_money:
        rows += [("account", plan.account), ("tenant", plan.tenant_id), ("subscription", where)]
    rows += [
        ("region", plan.region),
        ("resource groups", ", ".join(plan.resource_groups)),
        ("resources", ", ".join(_counted(kind, count) for kind, count in plan.resources.items())),
        ("price", _price(plan)),
        ("ends by itself", moment(plan.expires) if plan.expires else "no"),
    ]
    call.notes.print(facts(rows))
    if plan.resumes:
        call.say("An unfinished sandbox of this lab exists; it will be completed.")


def _counted(kind: str, count: int) -> str:
    """`8 interfaces`, `1 public address`."""
    word = word_for(kind)
    plural = f"{word}es" if word.endswith(("s", "x")) else f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{count} {word if count == 1 else plural}"


def _price(plan: UpPlan) -> str:
    if not plan.costs_money:
        return "free"
    known = plan.cost_per_hour_usd is not None
    return f"{dollars(plan.cost_per_hour_usd)} USD an hour" if known else "not known"


def up_json(result: UpResult) -> dict[str, Any]:
    """The shape of `azlabs up --json`."""
    sandbox = result.sandbox
    return {
        "sandbox": sandbox.id,
        "lab": sandbox.lab,
        "cloud": sandbox.cloud,
        "subscription": sandbox.subscription_id,
        "resource_groups": list(sandbox.resource_groups),
        "expires": sandbox.expires.isoformat() if sandbox.expires else None,
        "workspace": str(sandbox.workspace),
        "cost_per_hour_usd": sandbox.cost_per_hour_usd,
        "existing": result.existing,
    }


def show_up(call: Call, result: UpResult) -> None:
    """Where it is, and what to do next."""
    sandbox = result.sandbox
    word = "is up already" if result.existing else "is up"
    call.out.print(f"{sandbox.lab} {word}: sandbox {sandbox.id} on the {sandbox.cloud}.", style="bold")
    rows = [("resource group", ", ".join(sandbox.resource_groups)), ("your folder", str(sandbox.workspace))]
    if sandbox.expires:
        rows.append(("ends by itself", moment(sandbox.expires)))
    call.out.print(facts(rows))
    call.say("Next: azlabs guide (what to do), azlabs verify (how far you are), azlabs down (when you are done).")


def moment(when: datetime) -> str:
    """A time as the person's clock shows it."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M")


def show_status(call: Call, rows: Sequence[StatusRow]) -> None:
    """One line for each sandbox, and what was interrupted."""
    if not rows:
        call.say("Nothing is up. `azlabs list` shows the labs, `azlabs up LAB` brings one up.")
        return
    shown = table("sandbox", "!cloud", "!state", "!ends", ">!spent USD", ">!on Azure")
    for row in rows:
        box = row.sandbox
        ends = moment(box.expires)[len("2026-") :] if box.expires else "never"
        shown.add_row(box.id, box.cloud, row.state, ends, dollars(row.spent_usd), dollars(row.would_cost_usd))
    call.out.print(shown)
    for row in rows:
        if row.detail:
            call.say(f"{row.sandbox.id}: {row.detail}")
    call.say("`on Azure` is what the same time costs, or would cost, on a subscription.")
