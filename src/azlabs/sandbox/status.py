"""What is up, what it costs, and what was interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from azlabs.cloud import Cloud
from azlabs.errors import AzlabsError
from azlabs.sandbox import tags
from azlabs.sandbox.down import forget
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox

ShownState = Literal["provisioning", "ready", "failed", "expired", "removing"]
_GROUPS_API = "2024-11-01"
_SHOWN = 3
_GOING = {"deleting", "deprovisioning"}


class NothingToExtend(AzlabsError):
    """The sandbox has no end that could be moved."""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One sandbox. Money in USD, None: not known. `spent_usd` since it was made; `would_cost_usd` what the same time
    would have cost where nothing is charged. `detail` tells what was interrupted or failed; `at_work`: a command is busy
    with it."""

    sandbox: Sandbox
    state: ShownState
    detail: str
    spent_usd: float | None
    would_cost_usd: float | None
    at_work: bool = False

    @property
    def is_being_removed(self) -> bool:
        """It is going away and no command waits for that: only its cloud knows whether it is over."""
        return self.state == "removing" and not self.at_work

    def to_json(self) -> dict[str, Any]:
        """The shape of one entry of `azlabs status --json`."""
        box = self.sandbox
        return {
            "sandbox": box.id,
            "lab": box.lab,
            "cloud": box.cloud,
            "state": self.state,
            "expires": box.expires.isoformat(timespec="seconds") if box.expires else None,
            "spent_usd": self.spent_usd,
            "would_cost_usd": self.would_cost_usd,
        }


def status(
    ledger: Ledger | None = None, now: datetime | None = None, *, details: Mapping[str, str] | None = None
) -> list[StatusRow]:
    """A row for every sandbox in the ledger, from what is written there; the clouds are not asked.

    `details`: what a caller who has asked them knows better, by sandbox.
    """
    ledger = ledger or Ledger()
    rows = [_row(ledger, sandbox, now or datetime.now(UTC)) for sandbox in ledger.all()]
    return [replace(row, detail=(details or {}).get(row.sandbox.id, row.detail)) for row in rows]


def settled(sandbox: Sandbox, cloud: Cloud, ledger: Ledger) -> str:
    """Look whether a sandbox that nobody waits for is gone; then it leaves the ledger and '' is the answer.

    Else a sentence that tells what is still there. Raises AzureError.
    """
    with ledger.working(sandbox, "status"):
        plan = plan_down(sandbox, cloud)
        left = [*plan.groups, *(item.id for item in plan.outside), *(entry.id for entry in plan.kept)]
        left += [survivor.id for survivor in (*plan.refused, *plan.unseen)]
        if not left:
            forget(sandbox, cloud, ledger)
            return ""
        on_its_way = any(_is_deleting(cloud, group) for group in plan.groups)
    names = ", ".join(identifier.rpartition("/")[2] for identifier in left[:_SHOWN])
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    rest = "Azure is deleting it." if on_its_way else "`azlabs down` goes on with it."
    return f"{names}{more} {'is' if len(left) == 1 else 'are'} still there. {rest}"


def _is_deleting(cloud: Cloud, group: str) -> bool:
    body = cloud.find(group, _GROUPS_API) or {}
    state = str((body.get("properties") or {}).get("provisioningState", ""))
    return state.lower() in _GOING


def extend(
    sandbox: Sandbox, cloud: Cloud, hours: float, ledger: Ledger | None = None, now: datetime | None = None
) -> Sandbox:
    """Move the end by `hours` (from now when it is over already), in the ledger and in the groups' tags."""
    ledger = ledger or Ledger()
    if sandbox.expires is None:
        raise NothingToExtend(
            f"The sandbox {sandbox.id} does not expire by itself.", action="`azlabs down` removes it when you are done."
        )
    with ledger.working(sandbox, "extend"):
        start = max(sandbox.expires, now or datetime.now(UTC))
        sandbox.expires = (start + timedelta(hours=hours)).replace(microsecond=0)
        ledger.save(sandbox)
        for name in sandbox.resource_groups:
            body = cloud.get(sandbox.group_id(name), _GROUPS_API)
            marked = {**tags.tags_of(body), **tags.marks(sandbox, name)}
            cloud.request("PATCH", sandbox.group_id(name), _GROUPS_API, {"tags": marked})
    return sandbox


def _row(ledger: Ledger, sandbox: Sandbox, now: datetime) -> StatusRow:
    state, detail = _state(ledger, sandbox, now)
    hours = max(0.0, (now - sandbox.created).total_seconds() / 3600)
    rate = sandbox.cost_per_hour_usd
    cost = None if rate is None else round(rate * hours, 4)
    return StatusRow(
        sandbox,
        state,
        detail,
        spent_usd=cost if sandbox.costs_money else 0.0,
        would_cost_usd=cost,
        at_work=ledger.is_locked(sandbox.id),
    )


def _state(ledger: Ledger, sandbox: Sandbox, now: datetime) -> tuple[ShownState, str]:
    at_work = bool(sandbox.doing) and ledger.is_locked(sandbox.id)
    if sandbox.doing and not at_work:
        again = "up" if sandbox.doing == "up" else sandbox.doing
        detail = f"`azlabs {sandbox.doing}` was interrupted; run `azlabs {again}` again, or `azlabs down`."
        if sandbox.state == "provisioning":
            return "failed", detail
        if sandbox.state == "removing":
            return "removing", detail
        return ("expired" if sandbox.is_expired(now) else sandbox.state), detail
    if at_work:
        return sandbox.state, f"`azlabs {sandbox.doing}` is at work."
    if sandbox.state == "provisioning":
        return "failed", "`azlabs up` was interrupted; run it again, or `azlabs down`."
    if sandbox.state == "ready" and sandbox.is_expired(now):
        return "expired", "Its time is over; `azlabs down` removes it."
    return sandbox.state, sandbox.problem
