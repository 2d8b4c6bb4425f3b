"""What belongs to a sandbox. The one place that decides what azlabs may delete.

A resource group is a sandbox's own when ledger and tags agree: the ledger names the group, and the group's tags (or,
when a learner changed them, the record of the start deployment inside the group) carry a mark whose seal fits this one
group and names this sandbox. Tags alone, as after a lost ledger, have to be confirmed by that record, unless the group is
empty; so tags that were copied to another group, or to a group that was made again under the name, own nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from azlabs.sandbox import tags
from azlabs.sandbox.model import Sandbox

Tags = Mapping[str, str]


def owns_group(sandbox: Sandbox, name: str, group_tags: Tags, record_tags: Tags | None) -> bool:
    """Whether ledger and tags agree on a group. `record_tags`: of the start deployment's record, None: there is none."""
    if name.lower() not in {known.lower() for known in sandbox.resource_groups}:
        return False
    mark = tags.read_mark(sandbox.subscription_id, name, dict(group_tags))
    if mark is None and record_tags is not None:
        mark = tags.read_mark(sandbox.subscription_id, name, dict(record_tags))
    return mark is not None and (mark.sandbox, mark.lab) == (sandbox.id, sandbox.lab)


def is_sandbox_without_ledger(
    subscription_id: str, name: str, group_tags: Tags, record_tags: Tags | None, *, is_empty: bool
) -> bool:
    """Whether tags alone show that a group is a sandbox's."""
    mark = tags.read_mark(subscription_id, name, dict(group_tags))
    if mark is None:
        return False
    if record_tags is None:
        return is_empty
    record = tags.read_mark(subscription_id, name, dict(record_tags))
    return record is not None and record.sandbox == mark.sandbox


def owns_deployment(sandbox: Sandbox, name: str, record_tags: Tags) -> bool:
    """Whether a deployment at the subscription is one of the sandbox's: its seal fits its name."""
    mark = tags.read_mark(sandbox.subscription_id, tags.of_deployment(name), dict(record_tags))
    return mark is not None and mark.sandbox == sandbox.id


def owns_role(sandbox: Sandbox, definition: Mapping[str, Any], groups: Collection[str]) -> bool:
    """Whether a custom role can be assigned in the sandbox's groups only, so that it has no use without them."""
    properties = definition.get("properties") or {}
    scopes = [str(scope).lower() for scope in properties.get("assignableScopes") or []]
    if str(properties.get("type", "")).lower() != "customrole" or not scopes:
        return False
    return all(_lies_in(sandbox, scope, groups) for scope in scopes)


def owns_budget(budget: Mapping[str, Any], groups: Collection[str]) -> bool:
    """Whether a budget watches the sandbox's groups and nothing else. `groups`: names."""
    properties = budget.get("properties") or {}
    watched = _watched((properties.get("filter") or {}), (properties.get("filters") or {}))
    return bool(watched) and watched <= {name.lower() for name in groups}


def _lies_in(sandbox: Sandbox, scope: str, groups: Collection[str]) -> bool:
    inside = [sandbox.group_id(name).lower() for name in groups]
    return any(scope == group or scope.startswith(f"{group}/") for group in inside)


def _watched(filter_: Mapping[str, Any], older: Mapping[str, Any]) -> set[str]:
    """The names of the groups to which a budget is narrowed; none when it watches more."""
    for part in [filter_, *(filter_.get("and") or [])]:
        dimension = part.get("dimensions") or {}
        if str(dimension.get("name", "")).lower() in {"resourcegroup", "resourcegroupname"}:
            return {str(value).lower() for value in dimension.get("values") or []}
    return {str(value).rpartition("/")[2].lower() for value in older.get("resourceGroups") or []}
