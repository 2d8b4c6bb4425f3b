"""Sandboxes that the ledger has lost, found again by the marks on their resource groups."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from azlabs.cloud import Cloud, deployments
from azlabs.cloud.errors import AzureError
from azlabs.sandbox import background, tags
from azlabs.sandbox.applying import deployment_name
from azlabs.sandbox.contents import is_inside, resources
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.ownership import is_sandbox_without_ledger
from azlabs.sandbox.records import start_record_tags
from azlabs.sandbox.room import bodies_to_remember
from azlabs.sandbox.soft_delete import KEPT

_GROUPS_API = "2024-11-01"


def recover(cloud: Cloud, ledger: Ledger, *, of_anyone: bool = False) -> list[Sandbox]:
    """Write sandboxes into the ledger that it does not know; those it gained.

    Only groups whose seal fits count, and only those that this account made, unless `of_anyone`. What the start state
    made is read from the record of its deployment, which lives in the group; without it a group that is not empty is
    nobody's, since its tags may have been copied.
    """
    known = {sandbox.id for sandbox in ledger.all()}
    found = [sandbox for sandbox in marked(cloud, ledger.home, of_anyone=of_anyone) if sandbox.id not in known]
    for sandbox in found:
        complete(cloud, sandbox)
        ledger.save(sandbox)
    return found


def marked(cloud: Cloud, home: Path, *, of_anyone: bool = False, zone: tzinfo = UTC) -> list[Sandbox]:
    """The sandboxes of a subscription as the tags alone tell them; nothing is written.

    A sandbox of several groups ends with the latest of them. `problem` tells of an end that cannot be read.
    """
    own = tags.account_mark(cloud.account, cloud.tenant_id)
    found: dict[str, Sandbox] = {}
    for group in cloud.items(f"/subscriptions/{cloud.subscription_id}/resourcegroups", _GROUPS_API):
        name = str(group["name"])
        mark = tags.read_mark(cloud.subscription_id, name, tags.tags_of(group), zone)
        if mark is None or not (of_anyone or mark.account == own):
            continue
        sandbox = found.get(mark.sandbox)
        if sandbox is not None:
            sandbox.resource_groups.append(name)
            sandbox.expires = _later(sandbox.expires, mark.expires)
        else:
            sandbox = found[mark.sandbox] = _rebuilt(cloud, home, group, mark)
        if mark.expires_as_written:
            sandbox.problem = f"Its end cannot be read: {mark.expires_as_written}"
        sandbox.directory = sandbox.directory or tags.has(tags.tags_of(group), tags.DIRECTORY) is not None
    confirmed = background.each(lambda sandbox: _is_confirmed(cloud, sandbox), list(found.values()))
    return [sandbox for sandbox, is_one in zip(found.values(), confirmed, strict=True) if is_one]


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later end; None, for never, when one of them is."""
    return max(one, other) if one is not None and other is not None else None


def _is_confirmed(cloud: Cloud, sandbox: Sandbox) -> bool:
    """Whether the records in the groups agree with the tags; one group with a record speaks for all of a sandbox."""
    empty = []
    for name in sandbox.resource_groups:
        body = cloud.find(sandbox.group_id(name), _GROUPS_API)
        record = start_record_tags(cloud, sandbox, name)
        is_empty = record is None and not resources(cloud, sandbox.group_id(name))
        own = tags.tags_of(body)
        if not is_sandbox_without_ledger(cloud.subscription_id, name, own, record, is_empty=is_empty):
            continue
        if record is not None:
            return True
        empty.append(name)
    return len(empty) == len(sandbox.resource_groups)


def complete(cloud: Cloud, sandbox: Sandbox) -> None:
    """Read what the groups' own records tell of a sandbox."""
    _read_start(cloud, sandbox)
    _read_outside(cloud, sandbox)


def forget_vanished(cloud: Cloud, ledger: Ledger, only: Collection[str] | None = None) -> list[str]:
    """Drop the sandboxes of this cloud (those named in `only`, when given) of which no group exists any more, as after
    `simulator reset`; their ids."""
    gone = []
    for sandbox in ledger.all():
        if only is not None and sandbox.id not in only:
            continue
        if (sandbox.cloud, sandbox.subscription_id) != (cloud.name, cloud.subscription_id):
            continue
        # What lies outside the groups, or keeps its name after deletion, is for `down` to look at.
        if sandbox.outside or sandbox.purges or ledger.is_locked(sandbox.id):
            continue
        if all(cloud.find(sandbox.group_id(name), _GROUPS_API) is None for name in sandbox.resource_groups):
            ledger.forget(sandbox.id)
            gone.append(sandbox.id)
    return gone


def _rebuilt(cloud: Cloud, home: Path, group: dict[str, Any], mark: tags.Mark) -> Sandbox:
    return Sandbox(
        id=mark.sandbox,
        lab=mark.lab,
        cloud=cloud.name,
        subscription_id=cloud.subscription_id,
        tenant_id=cloud.tenant_id,
        account=cloud.account,
        region=str(group.get("location", "")),
        resource_groups=[str(group["name"])],
        workspace=home / "workspaces" / mark.sandbox,
        created=mark.created,
        expires=mark.expires,
        costs_money=cloud.costs_money,
        # What was in it before is not known, so every kind that keeps its name after deletion is looked for.
        purges=[{"type": kind.type} for kind in KEPT],
    )


def _read_start(cloud: Cloud, sandbox: Sandbox) -> None:
    record = deployments.deployment_id(cloud, sandbox.resource_group, deployment_name(sandbox, "start"))
    try:
        deployed = deployments.read(cloud, record)
        sandbox.outputs = deployed.outputs
        sandbox.start = [found for found in deployed.resources if is_inside(sandbox, found)]
        sandbox.start_bodies = bodies_to_remember(cloud, sandbox.start)
    except AzureError as problem:
        sandbox.state, sandbox.problem = "failed", f"Its start state is not complete: {problem.message}"
        return
    sandbox.state = "ready"


def _read_outside(cloud: Cloud, sandbox: Sandbox) -> None:
    """What the records of azlabs' deployments in the groups say was made elsewhere."""
    for name in sandbox.resource_groups:
        records = f"{sandbox.group_id(name)}/providers/Microsoft.Resources/deployments"
        for record in cloud.items(records, deployments.API_VERSION):
            for identifier in tags.read_outside_marks(cloud.subscription_id, sandbox.id, tags.tags_of(record)):
                if identifier not in sandbox.outside:
                    sandbox.outside.append(identifier)
