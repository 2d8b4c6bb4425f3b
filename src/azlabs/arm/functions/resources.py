"""Functions of resources and scopes: ids, scope objects, and what only a running deployment can answer."""

from __future__ import annotations

import re
from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.evaluator import Context, Deferred
from azlabs.arm.functions import Function, function, invalid
from azlabs.arm.functions.arguments import string
from azlabs.arm.ids import RESOURCE_GROUP_TYPE, join
from azlabs.arm.scopes import Kind

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE)


def _split(name: str, parts: tuple[Any, ...], before: int) -> tuple[list[str], str, tuple[str, ...]]:
    """What stands before the type, the type, and the names; the type is the one argument with slashes."""
    texts = [string(name, part) for part in parts]
    at = next((place for place in range(min(before + 1, len(texts))) if "/" in texts[place]), None)
    if at is None:
        raise invalid(
            name,
            "requires exactly one multi-segmented argument which must be resource type including resource provider "
            f"namespace. Current function arguments '{','.join(texts)[:200]}'.",
        )
    names = texts[at + 1 :]
    kinds = texts[at].strip("/").count("/")
    if kinds != len(names):
        raise invalid(
            name,
            "parameters are invalid: the number of type segments must equal the number of names. The type "
            f"'{texts[at][:200]}' requires '{kinds}' resource name argument(s), got '{len(names)}'.",
        )
    return texts[:at], texts[at].strip("/"), tuple(names)


def _need(context: Context, name: str, *kinds: Kind) -> None:
    if context.scope.kind not in kinds:
        raise ExpressionError(
            f"The template function '{name}' is not expected at this location. Please see "
            "https://aka.ms/arm-functions for usage details."
        )


@function("resourceId", 2, None, context=True)
def _resource_id(context: Context, *parts: Any) -> str:
    before, kind, names = _split("resourceId", parts, 2)
    scope = context.scope
    subscription, group = scope.subscription_id, scope.resource_group
    if len(before) == 2:
        subscription, group = before
    elif len(before) == 1 and _GUID.match(before[0]):
        subscription, group = before[0], ""
    elif before:
        group = before[0]
    if subscription and kind.lower() == RESOURCE_GROUP_TYPE.lower():
        return f"/subscriptions/{subscription}/resourceGroups/{names[0]}"
    if group:
        return join(f"/subscriptions/{subscription}/resourceGroups/{group}", kind, names)
    if subscription:
        return join(f"/subscriptions/{subscription}", kind, names)
    return join(scope.id, kind, names)


@function("subscriptionResourceId", 2, None, context=True)
def _subscription_resource_id(context: Context, *parts: Any) -> str:
    before, kind, names = _split("subscriptionResourceId", parts, 1)
    subscription = before[0] if before else context.scope.subscription_id
    if kind.lower() == RESOURCE_GROUP_TYPE.lower():
        return f"/subscriptions/{subscription}/resourceGroups/{names[0]}"
    return join(f"/subscriptions/{subscription}", kind, names)


@function("managementGroupResourceId", 2, None, context=True)
def _management_group_resource_id(context: Context, *parts: Any) -> str:
    before, kind, names = _split("managementGroupResourceId", parts, 1)
    group = before[0] if before else context.scope.management_group
    return join(f"/providers/Microsoft.Management/managementGroups/{group}", kind, names)


@function("tenantResourceId", 2, None)
def _tenant_resource_id(*parts: Any) -> str:
    _, kind, names = _split("tenantResourceId", parts, 0)
    return join("/", kind, names)


@function("extensionResourceId", 3, None)
def _extension_resource_id(scope: Any, *parts: Any) -> str:
    _, kind, names = _split("extensionResourceId", parts, 0)
    return join(string("extensionResourceId", scope), kind, names)


@function("resourceGroup", 0, 2, context=True)
def _resource_group(context: Context, *parts: Any) -> dict[str, Any]:
    _need(context, "resourceGroup", "resourceGroup")
    if parts:
        raise invalid("resourceGroup", "expects no parameters.")
    scope = context.scope
    answer: dict[str, Any] = {
        "id": scope.id,
        "name": scope.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": scope.group.get("location", ""),
    }
    for name in ("managedBy", "tags"):
        if scope.group.get(name) is not None:
            answer[name] = scope.group[name]
    answer["properties"] = scope.group.get("properties") or {"provisioningState": "Succeeded"}
    return answer


@function("subscription", 0, context=True)
def _subscription(context: Context) -> dict[str, Any]:
    _need(context, "subscription", "resourceGroup", "subscription")
    scope = context.scope
    return {
        "id": f"/subscriptions/{scope.subscription_id}",
        "subscriptionId": scope.subscription_id,
        "tenantId": scope.tenant_id,
        "displayName": scope.subscription.get("displayName", ""),
    }


@function("managementGroup", 0, context=True)
def _management_group(context: Context) -> dict[str, Any]:
    _need(context, "managementGroup", "managementGroup")
    scope = context.scope
    return {
        "id": scope.id,
        "name": scope.management_group,
        "properties": {"tenantId": scope.tenant_id, "displayName": scope.management_group},
        "type": "/providers/Microsoft.Management/managementGroups",
    }


@function("tenant", 0, context=True)
def _tenant(context: Context) -> dict[str, Any]:
    scope = context.scope
    answer = {"id": f"/tenants/{scope.tenant_id}", "tenantId": scope.tenant_id, "countryCode": "US", "displayName": ""}
    return {**answer, **scope.tenant}


def _target(context: Context, name: str, given: Any, api_version: Any) -> tuple[str, str | None]:
    """Id and API version of what a run-time function names."""
    text = string(name, given)
    found = context.names.resolve(text, context) if context.names else None
    version = string(name, api_version) if api_version is not None else None
    if found is not None:
        return found[0], version or found[1]
    if not text.startswith("/"):
        raise ExpressionError(
            f"The template reference '{text[:200]}' is not valid: could not find template resource or resource "
            "copy with this name. Please see https://aka.ms/arm-function-reference for usage details."
        )
    return text, version


@function("reference", 1, 3, context=True)
def _reference(context: Context, given: Any, api_version: Any = None, full: Any = None) -> Any:
    # reference('symbol', 'Full') is not valid in Azure: the version comes second.
    wants_full = isinstance(full, str) and full.lower() == "full"
    if full is not None and not wants_full:
        raise invalid("reference", "expects 'Full' as its third parameter.")
    resource_id, version = _target(context, "reference", given, api_version)
    if context.runtime is None:
        raise Deferred("reference")
    return context.runtime.reference(resource_id, version, wants_full)


@function("references", 1, 2, context=True)
def _references(context: Context, name: Any, full: Any = None) -> Any:
    loop = context.names.loop(string("references", name), context) if context.names else None
    if loop is None:
        raise ExpressionError(
            f"The template reference '{str(name)[:200]}' is not valid: could not find template resource or resource "
            "copy with this name. Please see https://aka.ms/arm-function-reference for usage details."
        )
    if context.runtime is None:
        raise Deferred("references")
    wants_full = isinstance(full, str) and full.lower() == "full"
    return [context.runtime.reference(resource_id, version, wants_full) for resource_id, version in loop]


def list_function(name: str) -> Function:
    """The function of a list action: listKeys, listSecrets, list..."""

    def code(context: Context, given: Any, api_version: Any = None, body: Any = None) -> Any:
        resource_id, version = _target(context, name, given, api_version)
        if context.runtime is None:
            raise Deferred(name)
        return context.runtime.list(name, resource_id, version, body)

    return Function(name, code, 1, 3, lazy=False, needs_context=True, builds=True)


@function("providers", 1, 2, context=True)
def _providers(context: Context, namespace: Any, kind: Any = None) -> Any:
    # Deprecated, but templates of tools still ask it for the newest API version.
    names = string("providers", namespace), None if kind is None else string("providers", kind)
    if context.runtime is None:
        raise Deferred("providers")
    found = context.runtime.providers(*names)
    if found is None:
        raise invalid("providers", f"knows no resource type '{namespace}/{kind}'.")
    return found


@function("pickZones", 3, 5)
def _pick_zones(provider: Any, kind: Any, _location: Any, count: Any = 1, offset: Any = 0) -> list[str]:
    string("pickZones", provider), string("pickZones", kind)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 3 or not isinstance(offset, int):
        raise invalid("pickZones", "expects 1 to 3 zones.")
    return [str((offset + place) % 3 + 1) for place in range(count)]


@function("toLogicalZone", 3)
def _to_logical_zone(_subscription_id: Any, location: Any, zone: Any) -> str:
    return string("toLogicalZone", zone).removeprefix(f"{location}-az")


@function("toPhysicalZone", 3)
def _to_physical_zone(_subscription_id: Any, location: Any, zone: Any) -> str:
    return f"{string('toPhysicalZone', location)}-az{string('toPhysicalZone', zone)}"


@function("toLogicalZones", 3)
def _to_logical_zones(subscription_id: Any, location: Any, zones: Any) -> list[str]:
    return [_to_logical_zone(subscription_id, location, zone) for zone in zones]


@function("toPhysicalZones", 3)
def _to_physical_zones(subscription_id: Any, location: Any, zones: Any) -> list[str]:
    return [_to_physical_zone(subscription_id, location, zone) for zone in zones]
