"""Deploying ARM templates, with what Azure reports about each resource while it happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from azlabs.cloud.base import Cloud
from azlabs.cloud.errors import AzureError, error_from, translated
from azlabs.progress import Event, Progress, State, silent

API_VERSION = "2025-04-01"
_TYPE = "Microsoft.Resources/deployments"
_STATES: dict[str, State] = {"succeeded": "done", "failed": "failed", "canceled": "failed", "notspecified": "waiting"}
_AT_SUBSCRIPTION = "subscriptiondeploymenttemplate.json"
_SECURE = {"securestring", "secureobject"}


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment led to: plain outputs by name (secure ones left out), the ids Azure lists as its resources,
    and the ids of the deployments nested in it."""

    id: str
    outputs: dict[str, Any] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()


def is_subscription_scoped(template: dict[str, Any]) -> bool:
    """Whether a template's schema says that it goes to a subscription rather than to a resource group."""
    return _AT_SUBSCRIPTION in str(template.get("$schema", "")).lower().rstrip("#")


def deployment_id(cloud: Cloud, group: str | None, name: str) -> str:
    """The id of a deployment in a group, or at the subscription when `group` is None."""
    scope = f"/subscriptions/{cloud.subscription_id}" + (f"/resourceGroups/{group}" if group else "")
    return f"{scope}/providers/{_TYPE}/{name}"


def deploy(
    cloud: Cloud,
    group: str | None,
    name: str,
    template: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    progress: Progress = silent,
    *,
    location: str = "",
    tags: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Deploy a template and answer its outputs. `parameters`: {name: value} or {name: {"value" or "reference"}}.

    Incremental mode. Goes to the subscription when `group` is None (`location` is then where Azure keeps its record).
    Raises AzureError with the innermost details of what failed.
    """
    return run(cloud, group, name, template, parameters, progress, location=location, tags=tags).outputs


def run(
    cloud: Cloud,
    group: str | None,
    name: str,
    template: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    progress: Progress = silent,
    *,
    location: str = "",
    tags: dict[str, str] | None = None,
) -> Deployed:
    """As `deploy`, answering everything that Azure tells about the deployment."""
    from azure.mgmt.resource.deployments import DeploymentsMgmtClient

    client: Any = cloud.client(DeploymentsMgmtClient)
    body = _body(template, parameters, tags)
    progress(Event("deployment", name, "running"))
    watch = _Watch(cloud, deployment_id(cloud, group, name), progress)
    try:
        with translated():
            if group is None:
                body["location"] = location or cloud.region_default
                poller = client.deployments.begin_create_or_update_at_subscription_scope(
                    name, body, polling_interval=cloud.place.poll_seconds
                )
            else:
                poller = client.deployments.begin_create_or_update(
                    group, name, body, polling_interval=cloud.place.poll_seconds
                )
            watch.look()
            while not poller.done():
                poller.wait(cloud.place.poll_seconds)
                watch.look()
            record = poller.result()
    except AzureError as problem:
        watch.look()
        progress(Event("deployment", name, "failed", problem.message))
        raise _as_recorded(cloud, watch.id, problem) from problem
    watch.look()
    progress(Event("deployment", name, "done"))
    return _told(cloud, watch.id, record.as_dict())


def read(cloud: Cloud, identifier: str) -> Deployed:
    """What Azure has recorded of a finished deployment; raises AzureError for one that failed."""
    return _told(cloud, identifier, cloud.get(identifier, API_VERSION))


def _told(cloud: Cloud, identifier: str, record: dict[str, Any]) -> Deployed:
    """A deployment's record with what only its operations tell."""
    properties = record.get("properties") or {}
    if str(properties.get("provisioningState", "")).lower() == "failed":
        raise error_from(400, {"error": properties.get("error") or {"code": "DeploymentFailed", "message": ""}})
    outputs = {
        str(name): output.get("value")
        for name, output in (properties.get("outputs") or {}).items()
        if str(output.get("type", "")).lower() not in _SECURE
    }
    listed = [str(entry["id"]) for entry in properties.get("outputResources") or [] if entry.get("id")]
    nested: list[str] = []
    resources = {found.lower(): found for found in listed}
    for operation in operations(cloud, identifier):
        target = operation.get("targetResource") or {}
        found = str(target.get("id") or "")
        if found and str(target.get("resourceType", "")).lower() == _TYPE.lower():
            nested.append(found)
        elif found and _is_made(operation):
            resources.setdefault(found.lower(), found)
    for inner in nested:
        for found in read(cloud, inner).resources:
            resources.setdefault(found.lower(), found)
    return Deployed(identifier, outputs, tuple(resources.values()), tuple(nested))


def operations(cloud: Cloud, identifier: str) -> Iterator[dict[str, Any]]:
    """The properties of each operation of a deployment, in Azure's order."""
    for operation in cloud.items(f"{identifier}/operations", API_VERSION):
        yield operation.get("properties") or {}


def validate(
    cloud: Cloud,
    group: str | None,
    name: str,
    template: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    *,
    location: str = "",
) -> list[str]:
    """Ask Azure whether it would accept a template; the ids of what it would make. Raises AzureError when not."""
    body = _body(template, parameters, None)
    if group is None:
        body["location"] = location or cloud.region_default
    reply = cloud.run("POST", f"{deployment_id(cloud, group, name)}/validate", API_VERSION, body)
    answer = reply.json if isinstance(reply.json, dict) else {}
    if isinstance(answer.get("error"), dict):
        raise error_from(reply.status, answer)
    listed = (answer.get("properties") or {}).get("validatedResources") or []
    return [str(entry["id"]) for entry in listed if entry.get("id")]


def parameter_values(parameters: dict[str, Any] | None) -> dict[str, Any]:
    """Parameters as ARM wants them: each a {"value": ...} or a {"reference": ...}."""
    return {
        name: value if isinstance(value, dict) and set(value) & {"value", "reference"} else {"value": value}
        for name, value in (parameters or {}).items()
    }


def _body(template: dict[str, Any], parameters: dict[str, Any] | None, tags: dict[str, str] | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "properties": {"mode": "Incremental", "template": template, "parameters": parameter_values(parameters)}
    }
    if tags:
        body["tags"] = dict(tags)
    return body


def _is_made(operation: dict[str, Any]) -> bool:
    return str(operation.get("provisioningOperation", "")).lower() == "create"


def _as_recorded(cloud: Cloud, identifier: str, problem: AzureError) -> AzureError:
    """The error of a failed deployment with the details that only its operations tell, when the answer has none."""
    if problem.code.lower() != "deploymentfailed":
        return problem
    try:
        failed = [
            (operation.get("statusMessage") or {}).get("error")
            for operation in operations(cloud, identifier)
            if str(operation.get("provisioningState", "")).lower() == "failed"
            and isinstance(operation.get("statusMessage"), dict)
        ]
    except AzureError:
        return problem
    inner = [error for error in failed if isinstance(error, dict)]
    if not inner:
        return problem
    return error_from(problem.status, {"error": {"code": "DeploymentFailed", "message": "", "details": inner}})


class _Watch:
    """Turns the operations of a deployment and of those nested in it into one event per change."""

    def __init__(self, cloud: Cloud, identifier: str, progress: Progress) -> None:
        self.id = identifier
        self._cloud = cloud
        self._progress = progress
        self._told: dict[str, State] = {}

    def look(self) -> None:
        """Read the operations once. Trouble with reading them is no trouble of the deployment: it is let pass."""
        if self._progress is silent:
            return
        try:
            self._look(self.id)
        except AzureError:
            return

    def _look(self, identifier: str) -> None:
        for operation in operations(self._cloud, identifier):
            target = operation.get("targetResource") or {}
            found = str(target.get("id") or "")
            kind = str(target.get("resourceType") or "")
            if not found:
                continue
            if kind.lower() == _TYPE.lower():
                self._look(found)
                continue
            state = _STATES.get(str(operation.get("provisioningState", "")).lower(), "running")
            if self._told.get(found) != state:
                self._told[found] = state
                self._progress(Event(kind, str(target.get("resourceName") or found), state, _why(operation)))


def _why(operation: dict[str, Any]) -> str:
    message = operation.get("statusMessage")
    error = message.get("error") if isinstance(message, dict) else None
    return str(error.get("message", "")) if isinstance(error, dict) else ""
