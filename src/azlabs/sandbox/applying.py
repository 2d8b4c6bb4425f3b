"""Deploying a template into a sandbox, with everything it makes outside the groups written down first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from azlabs.cloud import Cloud, deployments
from azlabs.cloud.deployments import Deployed
from azlabs.progress import Progress
from azlabs.sandbox import tags
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.templates import fill, reaches_outside

_NAME_LENGTH = 64
# Where the provider's newest version is not the one to use, and what nobody needs to ask for.
_VERSIONS = {
    "microsoft.authorization/locks": "2020-05-01",
    "microsoft.authorization/roleassignments": "2022-04-01",
    "microsoft.authorization/roledefinitions": "2022-04-01",
    "microsoft.consumption/budgets": "2023-05-01",
    "microsoft.resources/deployments": deployments.API_VERSION,
    "microsoft.resources/resourcegroups": "2024-11-01",
}


def deployment_name(sandbox: Sandbox, step: str) -> str:
    """The name of a step's deployment, at most the 64 characters that Azure allows."""
    clean = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in step)
    return f"azlabs-{sandbox.id}-{clean}"[:_NAME_LENGTH].rstrip(".")


def apply_template(
    sandbox: Sandbox,
    cloud: Cloud,
    step: str,
    template: dict[str, Any],
    parameters: dict[str, Any] | None,
    progress: Progress,
    save: Callable[[Sandbox], None],
    file: Path | None = None,
) -> Deployed:
    """Deploy to the sandbox's first group, or to the subscription where the template says so.

    `save` is called before the deployment with the ids that it will make outside the groups and that do not exist yet:
    those, and only those, are the sandbox's to remove.
    """
    values = fill(template, sandbox, parameters, file, lambda: cloud.principal)
    name = deployment_name(sandbox, step)
    group = None if deployments.is_subscription_scoped(template) else sandbox.resource_group
    if reaches_outside(template):
        intended = deployments.validate(cloud, group, name, template, values, location=sandbox.region)
        record_outside(sandbox, cloud, intended)
        if group is None:
            _add(sandbox.outside, deployments.deployment_id(cloud, None, name))
        save(sandbox)
    return deployments.run(
        cloud,
        group,
        name,
        template,
        values,
        progress,
        location=sandbox.region,
        # At the subscription the seal fits the name of the deployment, in a group the group.
        tags={**tags.marks(sandbox, group or tags.of_deployment(name)), **tags.outside_marks(sandbox)},
    )


def record_outside(sandbox: Sandbox, cloud: Cloud, intended: list[str]) -> None:
    """Add to the sandbox's list what lies outside its groups and does not exist before azlabs makes it."""
    inside = tuple(f"{sandbox.group_id(group)}/".lower() for group in sandbox.resource_groups)
    groups = {sandbox.group_id(group).lower() for group in sandbox.resource_groups}
    for identifier in intended:
        if identifier.lower().startswith(inside) or identifier.lower() in groups:
            continue
        if identifier.lower() in {known.lower() for known in sandbox.outside}:
            continue
        if cloud.find(identifier, api_version_of(cloud, identifier)) is None:
            _add(sandbox.outside, identifier)


def api_version_of(cloud: Cloud, identifier: str) -> str:
    """The API version to use for an id."""
    from azlabs.arm.ids import ResourceId

    kind = ResourceId.parse(identifier).type
    return _VERSIONS.get(kind.lower()) or cloud.api_version(kind)


def _add(known: list[str], identifier: str) -> None:
    if identifier.lower() not in {entry.lower() for entry in known}:
        known.append(identifier)
