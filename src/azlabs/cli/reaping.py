"""`reap`: everything that has expired in a subscription, listed first."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from azlabs.cli.call import Call, command
from azlabs.errors import AzlabsError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azlabs.cloud import Cloud
    from azlabs.sandbox.reap import Found

app = typer.Typer()
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@command(app, "reap", "yes", "cloud", epilog="Example: azlabs reap --dry-run, then azlabs reap --grace 1h")
def reap(
    call: Call,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
    grace: Annotated[
        str, typer.Option(metavar="TIME", help="How long after its end a sandbox is left alone: 30m, 2h, 1d.")
    ] = "0h",
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TAG[=VALUE]", help="Leave groups with this tag alone, as with azlabs-keep.", show_default=False
        ),
    ] = None,
    time_zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Where ends without an offset are meant, and times are shown.")
    ] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only what this account made.")] = False,
    subscription: Annotated[str, typer.Option(metavar="NAME", help="Which subscription, on Azure.")] = "",
) -> int:
    """Take away every sandbox of a subscription whose time is over, whoever brought it up from whatever computer.

    It goes by the tags on the resource groups alone. It lists first, asks, removes, and looks again. The exit code is 4
    when something stayed.
    """
    from azlabs.cli.places import cloud_meant
    from azlabs.sandbox.ledger import Ledger
    from azlabs.sandbox.reap import look

    zone, patience = _zone(time_zone), _duration(grace)
    ledger = Ledger()
    with cloud_meant(call, subscription=subscription) as cloud:
        now = datetime.now(UTC)
        found = look(
            cloud, ledger, now=now, grace=patience, zone=zone or UTC, exclude=exclude or [], of_anyone=not mine
        )
        over = [entry for entry in found if not entry.kept]
        kept = [entry for entry in found if entry.kept]
        _show(call, over, kept, zone)
        told: dict[str, Any] = {
            "cloud": cloud.name,
            "subscription": cloud.subscription_id,
            "time": now.isoformat(timespec="seconds"),
            "kept": [entry.to_json() for entry in kept],
        }
        if dry_run:
            done, code = [entry.to_json() for entry in over], ExitCode.DONE
        elif over:
            call.must_agree(f"Remove {', '.join(entry.sandbox.id for entry in over)} with everything in them?")
            done, code = _remove(call, cloud, ledger, over)
        else:
            done, code = [], ExitCode.DONE
    if call.json:
        call.give_json({**told, "would_remove" if dry_run else "sandboxes": done})
    return int(code)


def _remove(call: Call, cloud: Cloud, ledger: Any, over: Sequence[Found]) -> tuple[list[dict[str, Any]], ExitCode]:
    from azlabs.cli.removing import remove_all, show_report
    from azlabs.sandbox.down_plan import plan_down
    from azlabs.sandbox.reap import adopt

    plans, done, failed = [], [], False

    def note(name: str, problem: AzlabsError) -> None:
        done.append({"sandbox": name, **problem.to_json()})
        call.say(f"{name}: {problem.message} {problem.action}")

    for entry in over:
        try:
            plans.append((plan_down(adopt(cloud, ledger, entry.sandbox), cloud), cloud))
        except AzlabsError as problem:
            failed = True
            note(entry.sandbox.id, problem)
    with call.progress(f"Removing {len(plans)} {'sandbox' if len(plans) == 1 else 'sandboxes'}") as progress:
        outcomes = remove_all(plans, progress)
    survived = False
    for (plan, _cloud), outcome in zip(plans, outcomes, strict=True):
        if isinstance(outcome, AzlabsError):
            failed = True
            note(plan.sandbox.id, outcome)
            continue
        survived = survived or bool(outcome.survivors)
        done.append(outcome.to_json())
        if not call.json:
            show_report(call, plan.sandbox, outcome)
    return done, ExitCode.SURVIVORS if survived else ExitCode.UNREACHABLE if failed else ExitCode.DONE


def _show(call: Call, over: Sequence[Found], kept: Sequence[Found], zone: tzinfo | None) -> None:
    from azlabs.cli.screen import table

    if not over:
        call.say("Nothing has expired.")
    if over and (call.can_ask or not call.json):
        shown = table("sandbox", "lab", "ended", "resource groups")
        for entry in over:
            box = entry.sandbox
            shown.add_row(box.id, box.lab, _moment(box.expires, zone), ", ".join(box.resource_groups))
        call.notes.print(shown)
    for entry in kept:
        ends = f" (ends {_moment(entry.sandbox.expires, zone)})" if entry.sandbox.expires else ""
        call.say(f"Stays: {entry.sandbox.id}{ends}: {entry.kept}")


def _moment(when: datetime | None, zone: tzinfo | None) -> str:
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if when else "never"


def _zone(name: str) -> tzinfo | None:
    """The zone of this name; None, for this computer's own, without one."""
    if not name:
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as problem:
        raise AzlabsError(
            f"'{name}' is not the name of a time zone.", action="Use one such as Europe/Stockholm or UTC.", code="TimeZone"
        ) from problem


def _duration(text: str) -> timedelta:
    """`90m`, `2h`, `1.5d`; a number alone is hours."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([mhd]?)\s*", text.lower())
    if found is None:
        raise AzlabsError(f"'{text}' is not a time.", action="Write it as 30m, 2h or 1d.", code="GracePeriod")
    try:
        return timedelta(**{_UNITS[found[2] or "h"]: float(found[1])})
    except OverflowError as problem:
        raise AzlabsError(f"'{text}' is too long.", action="Write it as 30m, 2h or 1d.", code="GracePeriod") from problem
