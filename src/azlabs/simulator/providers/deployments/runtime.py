"""What the resources of a running deployment answer: `reference` and the list functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.ids import ResourceId
from azlabs.simulator.http import Answer
from azlabs.simulator.identity import SUBSCRIPTION_ID
from azlabs.simulator.resource_manager import api_versions, registry

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call
    from azlabs.simulator.tokens import Principal

DEPLOYMENTS = "microsoft.resources/deployments"


class StoreRuntime:
    """Reads through the resource manager, as the principal that deploys."""

    def __init__(self, call: Call, principal: Principal) -> None:
        self.call, self.principal = call, principal

    def reference(self, resource_id: str, api_version: str | None, full: bool) -> Any:
        """The properties of a resource, or all of it; raises ExpressionError with Azure's code."""
        parsed = _parse(resource_id)
        version = api_version or newest(parsed)
        body = _checked(self._send("GET", resource_id, version, None)).json() or {}
        properties = body.get("properties", {})
        if parsed.type.lower() == DEPLOYMENTS:
            properties = {**properties, "outputs": self._outputs(parsed, properties)}
        if not full:
            return properties
        extra = {
            "apiVersion": version, "resourceId": resource_id, "subscriptionId": parsed.subscription or "",
            "resourceGroupName": parsed.resource_group or "", "scope": "",
        }  # fmt: skip
        return {**body, "properties": properties, **extra}

    def _outputs(self, parsed: ResourceId, properties: dict[str, Any]) -> Any:
        """Outputs with secure values, which a deployment may hand on but never shows."""
        row = self.call.store.get(parsed.key)
        return row.hidden.get("outputs", {}) if row is not None else properties.get("outputs", {})

    def list(self, function: str, resource_id: str, api_version: str | None, body: Any) -> Any:
        """The answer of a list action; raises ExpressionError with Azure's code."""
        parsed = _parse(resource_id)
        payload = body if isinstance(body, dict) else None
        answer = self._send("POST", f"{resource_id}/{function}", api_version or newest(parsed), payload)
        return _checked(answer).json()

    def providers(self, namespace: str, kind: str | None) -> Any:
        """What the provider offers, as its own document says."""
        path = f"/subscriptions/{self.call.route.subscription or SUBSCRIPTION_ID}/providers/{namespace}"
        types = (_checked(self._send("GET", path, "2021-04-01", None)).json() or {}).get("resourceTypes", [])
        if kind is None:
            return {"namespace": namespace, "resourceTypes": types}
        found = next((one for one in types if one["resourceType"].lower() == kind.lower()), None)
        return found and {name: found[name] for name in ("resourceType", "locations", "apiVersions")}

    def _send(self, method: str, path: str, version: str, body: dict[str, Any] | None) -> Answer:
        return self.call.manager.perform(self.principal, method, path, version, body, base=self.call.base)


def newest(parsed: ResourceId) -> str:
    """The newest stable version of a resource's type."""
    kind = registry.find(parsed.type.lower())
    versions = api_versions.supported(kind) if kind is not None else ()
    stable = [version for version in versions if "preview" not in version]
    return next(iter(stable or versions), "2021-04-01")


def _parse(resource_id: str) -> ResourceId:
    try:
        return ResourceId.parse(resource_id)
    except ValueError as problem:
        raise ExpressionError(f"The resource id '{resource_id[:300]}' is not valid: {problem}") from problem


def _checked(answer: Answer) -> Answer:
    if answer.status < 400:
        return answer
    error = (answer.json() or {}).get("error") or {}
    raise ExpressionError(str(error.get("message", "")), code=str(error.get("code", "BadRequest")))
