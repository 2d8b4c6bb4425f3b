"""What a deployment would change: the state as it is against the state as the template describes it.

Only what the template says is compared; what a provider adds by itself is no change. Lists are compared item by item,
by name where items have one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.arm.planned import PlannedResource, has_expression
from azlabs.simulator.providers.deployments import complete
from azlabs.simulator.providers.deployments.deployments import validated
from azlabs.simulator.providers.deployments.request import correlation
from azlabs.simulator.providers.deployments.runtime import StoreRuntime, newest
from azlabs.simulator.resource_manager import paths, registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azlabs.simulator.resource_manager.calls import Body, Call
    from azlabs.simulator.resource_manager.resource_type import ResourceType

# Members that the service keeps; never part of a comparison.
_KEPT = ("etag", "systemData", "provisioningState", "resourceGuid")


def changes(call: Call, body: Body) -> Body:
    """{"status", "properties": {"correlationId", "changes"}} as the operation of a what-if ends."""
    checked, properties = validated(call, body, StoreRuntime(call, call.principal))
    settings = body["properties"].get("whatIfSettings")
    short = isinstance(settings, dict) and str(settings.get("resultFormat", "")).lower() == "resourceidonly"
    found = [_change(call, resource, short) for resource in checked.everything if not resource.is_deployment]
    found += _rest(call, checked.plan, properties["mode"], short, {str(item["resourceId"]).lower() for item in found})
    return {
        "status": "Succeeded",
        "properties": {
            "correlationId": correlation(call),
            "changes": sorted(found, key=lambda item: str(item["resourceId"]).lower()),
        },
    }


def _rest(call: Call, plan: Any, mode: str, short: bool, known: set[str]) -> list[Body]:
    """What lies in the group beside the template: left alone, or deleted in complete mode."""
    if plan.scope.kind != "resourceGroup":
        return []
    word = "Delete" if mode == "Complete" else "Ignore"
    listed = []
    for found in complete.others(call, plan):
        if found.lower() in known:
            continue
        change: Body = {"resourceId": found, "changeType": word}
        before = current(call, found, "")
        if before is not None and not short:
            change["before"] = before
        listed.append(change)
    return listed


def _change(call: Call, resource: PlannedResource, short: bool) -> Body:
    before = current(call, resource.id, resource.api_version)
    after = _after(resource)
    change: Body = {"resourceId": resource.id}
    if short:
        return {**change, "changeType": "Deploy"}
    if before is None:
        return {**change, "changeType": "Create", "after": after}
    delta = differences(before, after, top=True)
    merged = overlay(before, after)
    if not delta:
        return {**change, "changeType": "NoChange", "before": before, "after": merged}
    return {**change, "changeType": "Modify", "before": before, "after": merged, "delta": delta}


def current(call: Call, resource_id: str, version: str) -> Body | None:
    """A resource as it is, without what the service keeps; None when it does not exist."""
    from azlabs.arm.ids import ResourceId

    api_version = version or newest(ResourceId.parse(resource_id))
    answer = call.internal("GET", resource_id, api_version)
    if answer.status >= 400:
        return None
    found: Body = {"apiVersion": api_version, **cleaned(answer.json(), ResourceId.parse(resource_id).type.lower())}
    return {name: found[name] for name in sorted(found, key=str.lower)}


def cleaned(body: Body, type_key: str) -> Body:
    """A document without the members that its type computes itself."""
    kind = registry.find(type_key)
    for path in computed_paths(kind) if kind is not None else ():
        paths.drop(body, path)
    cleaned_body: Body = _without(body, top=True)
    return cleaned_body


def computed_paths(kind: ResourceType, prefix: str = "") -> Iterator[str]:
    """What a type and the types of its parts compute on their own."""
    for path in (*kind.read_only, *(back.path for back in kind.back_references)):
        yield prefix + path
    for part in registry.parts_of(kind.key):
        yield from computed_paths(part, f"{prefix}{part.part_of}[*].")


def _without(value: Any, *, top: bool = False) -> Any:
    if isinstance(value, dict):
        dropped = _KEPT if top or "name" not in value else (*_KEPT, "type")
        return {name: _without(item) for name, item in value.items() if name not in dropped}
    return [_without(item) for item in value] if isinstance(value, list) else value


def _after(resource: PlannedResource) -> Body:
    head = {
        "apiVersion": resource.api_version, "id": resource.id, "name": resource.id.rpartition("/")[2],
        "type": resource.type,
    }  # fmt: skip
    return {**head, **resource.folded}


def differences(before: Body, after: Body, *, top: bool = False) -> list[Body]:
    """The changes of properties that lead from one document to another."""
    found: list[Body] = []
    for name, value in after.items():
        if top and name in ("id", "name", "type", "apiVersion"):
            continue
        old = _member(before, name)
        if value is None or (isinstance(value, str) and has_expression(value)):
            continue
        found += _compare(name, old, value, whole=top and name == "tags")
    return found


def _member(value: Body, name: str) -> Any:
    if name in value:
        return value[name]
    return next((item for key, item in value.items() if key.lower() == name.lower()), None)


def _compare(path: str, old: Any, new: Any, *, whole: bool = False) -> list[Body]:
    if old is None:
        return [{"path": path, "propertyChangeType": "Create", "after": new}]
    if isinstance(old, dict) and isinstance(new, dict):
        inner = differences(old, new)
        if whole:
            inner += [
                {"path": name, "propertyChangeType": "Delete", "before": item}
                for name, item in old.items()
                if _member(new, name) is None
            ]
        return [{**change, "path": f"{path}.{change['path']}"} for change in inner]
    if isinstance(old, list) and isinstance(new, list):
        children = _compare_lists(old, new)
        if not children:
            return []
        return [{"path": path, "propertyChangeType": "Array", "children": children}]
    if same(path, old, new):
        return []
    return [{"path": path, "propertyChangeType": "Modify", "before": old, "after": new}]


def same(path: str, old: Any, new: Any) -> bool:
    """Equality as providers have it: words, ids and regions without regard to case."""
    if isinstance(old, str) and isinstance(new, str):
        if path.rpartition(".")[2].lower() == "location":
            return "".join(old.split()).lower() == "".join(new.split()).lower()
        return old.lower() == new.lower()
    return type(old) is type(new) and bool(old == new)


def _compare_lists(old: list[Any], new: list[Any]) -> list[Body]:
    children: list[Body] = []
    pairs = _pairs(old, new)
    for place, (left, right) in enumerate(pairs):
        label = str(place)
        if left is None:
            children.append({"path": label, "propertyChangeType": "Create", "after": right})
        elif right is None:
            children.append({"path": label, "propertyChangeType": "Delete", "before": left})
        elif isinstance(left, dict) and isinstance(right, dict):
            inner = differences(left, right)
            if inner:
                children.append({"path": label, "propertyChangeType": "Modify", "children": inner})
        else:
            changed = _compare(label, left, right) if not has_expression(right) else []
            children += changed
    return children


def _pairs(old: list[Any], new: list[Any]) -> list[tuple[Any, Any]]:
    """Items that belong together: by name, by id, by value, else by place."""
    left = {_label(item): item for item in old}
    right = {_label(item): item for item in new}
    if None in left or None in right or len(left) < len(old) or len(right) < len(new):
        longest = max(len(old), len(new))
        return [(old[at] if at < len(old) else None, new[at] if at < len(new) else None) for at in range(longest)]
    return [(left.get(label), item) for label, item in right.items()] + [
        (item, None) for label, item in left.items() if label not in right
    ]


def _label(item: Any) -> str | None:
    if isinstance(item, dict):
        found = item.get("name") or item.get("id")
        return str(found).lower() if found else None
    return str(item).lower() if isinstance(item, (str, int, float)) else None


def overlay(before: Any, after: Any) -> Any:
    """The document as it will be: what the template says over what is."""
    if isinstance(before, dict) and isinstance(after, dict):
        merged = dict(before)
        for name, item in after.items():
            known = next((key for key in merged if key.lower() == name.lower()), name)
            if isinstance(item, str) and has_expression(item) and known in merged:
                continue
            merged[known] = overlay(merged.get(known), item) if name != "tags" else item
        return merged
    return after
