"""Bringing a lab up: look before, write down, make, remember.

The order makes a kill harmless at any moment. The ledger names the sandbox and its groups before the first request
that changes anything; each group carries its mark from the request that makes it; what a template makes outside the
groups is written down before the deployment starts. `up` again goes on with a sandbox that was not finished.
"""

from __future__ import annotations

import importlib.util
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.errors import AzlabsError, ExitCode
from azlabs.progress import Event, Progress, silent
from azlabs.sandbox import tags
from azlabs.sandbox.applying import apply_template
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.room import bodies_to_remember
from azlabs.sandbox.solve import complete_start
from azlabs.sandbox.templates import every_resource, read_template
from azlabs.sandbox.workspace import make as make_workspace
from azlabs.spend import estimate

if TYPE_CHECKING:
    from azlabs.catalog.labs import Lab

GROUPS_API = "2024-11-01"
_PROVIDERS_API = "2021-04-01"
_APP_PACKAGES = ("azure.functions", "azure.servicebus")
_LEAST_HOURS = 4.0
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_READY_STATES = {"registered", "registering"}


class Declined(AzlabsError):
    """The person said no."""

    exit_code = ExitCode.NOT_PASSED


class RegionNotOffered(AzlabsError):
    """The lab is not offered in this region."""


class GroupTaken(AzlabsError):
    """A resource group of the name exists and does not belong to this sandbox."""


@dataclass(frozen=True, slots=True)
class UpPlan:
    """What is about to be made, for a person to say yes to. `resources`: {type: how many}."""

    sandbox: str
    lab: str
    cloud: str
    account: str
    tenant_id: str
    subscription_id: str
    subscription_name: str
    region: str
    resource_groups: tuple[str, ...]
    resources: Mapping[str, int]
    cost_per_hour_usd: float | None
    costs_money: bool
    expires: datetime | None
    resumes: bool


@dataclass(frozen=True, slots=True)
class UpResult:
    """`existing`: the sandbox was up already, nothing was made; `resumed`: an unfinished one was completed."""

    sandbox: Sandbox
    existing: bool = False
    resumed: bool = False


Confirm = Callable[[UpPlan], bool]


def agree(_plan: UpPlan) -> bool:
    """The answer of a caller that does not want to be asked."""
    return True


def up(
    lab: Lab,
    cloud: Cloud,
    *,
    region: str | None = None,
    hours: float | None = None,
    workspace: Path | None = None,
    progress: Progress = silent,
    confirm: Confirm = agree,
    ledger: Ledger | None = None,
    another: bool = False,
    identifier: str = "",
) -> UpResult:
    """A sandbox of the lab on the cloud: the one that is up already, an unfinished one completed, or a new one.

    `hours` until it expires (on a cloud where sandboxes do not expire by themselves: only when given). `another`
    makes a new one beside those that are up; `identifier` is what a new one is called, where it should not be a name of
    chance. Raises AzureError, TemplateProblem, RegionNotOffered, GroupTaken,
    Declined; whatever was made until then stays in the ledger as failed.
    """
    ledger = ledger or Ledger()
    turn = f"up-{lab.id}-{cloud.name}-{cloud.subscription_id}"
    with ledger.locked(turn, f"bringing up {lab.id}"):
        known = None if another else _running(lab, cloud, ledger)
        if known is not None and known.state == "ready":
            return UpResult(known, existing=True)
        template = read_template(lab.start)
        sandbox = known or _new(lab, cloud, region, hours, workspace, ledger, identifier)
        resources = _start_resources(lab, template)
        if sandbox.cost_per_hour_usd is None:
            sandbox.cost_per_hour_usd = estimate(resources).usd_per_hour
        kinds = Counter(kind for kind, _body in resources)
        _preflight(lab, cloud, sandbox, kinds)
        if not confirm(_plan(cloud, sandbox, kinds, resumes=known is not None)):
            raise Declined("Nothing was made.", action="Run the command again when you want it.", code="Declined")
        with ledger.working(sandbox, "up", new=known is None):
            try:
                provision(lab, cloud, sandbox, ledger.save, progress, template)
            except (AzlabsError, OSError, KeyboardInterrupt) as problem:
                sandbox.state = "failed"
                sandbox.problem = problem.message if isinstance(problem, AzlabsError) else "It was interrupted."
                ledger.save(sandbox)
                raise
    return UpResult(sandbox, resumed=known is not None)


def provision(
    lab: Lab,
    cloud: Cloud,
    sandbox: Sandbox,
    save: Callable[[Sandbox], None],
    progress: Progress = silent,
    template: dict[str, Any] | None = None,
) -> None:
    """Make the groups, deploy the start state, write the workspace. `save` is called before and after each step.

    Doing it again on a half-made sandbox completes it.
    """
    template = template if template is not None else read_template(lab.start)
    sandbox.state, sandbox.problem = "provisioning", ""
    save(sandbox)
    for group in sandbox.resource_groups:
        _make_group(cloud, sandbox, group, progress)
    deployed = apply_template(sandbox, cloud, "start", template, None, progress, save, lab.start)
    sandbox.outputs = deployed.outputs
    sandbox.start = [found for found in deployed.resources if _is_inside(sandbox, found)]
    sandbox.start_bodies = bodies_to_remember(cloud, sandbox.start)
    save(sandbox)
    make_workspace(sandbox, lab)
    complete_start(sandbox, lab, cloud, progress)
    sandbox.state = "ready"
    save(sandbox)


def new_sandbox(
    lab: Lab, cloud: Cloud, *, region: str | None = None, folder: Path, identifier: str = ""
) -> Sandbox:
    """A sandbox that nothing has been made of yet. `folder`: where its workspace goes, below a folder of its name."""
    identifier = identifier or f"{lab.id}-{''.join(secrets.choice(_LETTERS) for _ in range(5))}"
    chosen = region or (
        cloud.region_default if cloud.region_default in lab.regions or not lab.regions else lab.regions[0]
    )
    if lab.regions and chosen not in lab.regions:
        raise RegionNotOffered(
            f"The lab {lab.id} is not offered in {chosen}.", action=f"Choose one of: {', '.join(lab.regions)}."
        )
    return Sandbox(
        id=identifier,
        lab=lab.id,
        lab_folder=lab.folder if lab.is_outside else None,
        cloud=cloud.name,
        subscription_id=cloud.subscription_id,
        tenant_id=cloud.tenant_id,
        account=cloud.account,
        region=chosen,
        resource_groups=[f"azlabs-{identifier}"],
        workspace=folder / identifier,
        created=datetime.now(UTC).replace(microsecond=0),
        cost_per_hour_usd=lab.cost_per_hour_usd,
        costs_money=cloud.costs_money,
    )


def _new(
    lab: Lab,
    cloud: Cloud,
    region: str | None,
    hours: float | None,
    folder: Path | None,
    ledger: Ledger,
    identifier: str,
) -> Sandbox:
    sandbox = new_sandbox(lab, cloud, region=region, folder=ledger.home / "workspaces", identifier=identifier)
    if folder is not None:
        sandbox.workspace = folder.expanduser().absolute()
    if hours is None and cloud.sandboxes_expire:
        hours = max(_LEAST_HOURS, 2 * lab.minutes / 60)
    if hours is not None:
        sandbox.expires = sandbox.created + timedelta(hours=hours)
    return sandbox


def _running(lab: Lab, cloud: Cloud, ledger: Ledger) -> Sandbox | None:
    """The sandbox of this lab here, newest first. One whose groups are gone is forgotten and said."""
    for sandbox in reversed(ledger.all()):
        if (sandbox.lab, sandbox.cloud, sandbox.subscription_id) != (lab.id, cloud.name, cloud.subscription_id):
            continue
        if sandbox.state == "removing":
            continue
        if sandbox.state == "ready" and all(_group(cloud, sandbox, name) is None for name in sandbox.resource_groups):
            ledger.forget(sandbox.id)
            ledger.notices.append(f"The sandbox {sandbox.id} is no longer there: its resource group does not exist.")
            continue
        return sandbox
    return None


def _group(cloud: Cloud, sandbox: Sandbox, name: str) -> dict[str, Any] | None:
    return cloud.find(sandbox.group_id(name), GROUPS_API)


def _start_resources(lab: Lab, template: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What the start state will make, as (type, body); straight from the template where it cannot be worked out."""
    from azlabs.catalog.start_state import BrokenTemplate, start_resources

    try:
        return [(kind, body) for _id, kind, body in start_resources(lab)]
    except BrokenTemplate:
        return [(str(resource.get("type", "")), resource) for resource in every_resource(template)]


def _preflight(lab: Lab, cloud: Cloud, sandbox: Sandbox, kinds: Iterable[str]) -> None:
    """What can be known to fail before anything is made: missing packages, foreign groups of the name, services not
    switched on."""
    if lab.function_app is not None and not all(map(_is_installed, _APP_PACKAGES)):
        raise AzlabsError(
            f"The lab {lab.id} has a function app, and the packages that apps use are not installed.",
            action="Install azlabs with them: pip install 'azlabs[apps]'.",
            code="PackageMissing",
        )
    for name in sandbox.resource_groups:
        group = _group(cloud, sandbox, name)
        mark = tags.read_mark(sandbox.subscription_id, name, tags.tags_of(group)) if group else None
        if group is not None and (mark is None or mark.sandbox != sandbox.id):
            raise GroupTaken(
                f"The resource group {name} exists and is not this sandbox's.",
                action="azlabs does not touch it. Run the command again: the next sandbox gets another name.",
            )
    missing = []
    for namespace in sorted({kind.partition("/")[0] for kind in kinds}):
        provider = cloud.get(f"/subscriptions/{cloud.subscription_id}/providers/{namespace}", _PROVIDERS_API)
        if str(provider.get("registrationState", "Registered")).lower() not in _READY_STATES:
            missing.append(namespace)
    if missing:
        commands = "; ".join(f"az provider register --namespace {namespace}" for namespace in missing)
        raise AzlabsError(
            f"The lab {lab.id} needs services that this subscription has not registered: {', '.join(missing)}.",
            action=f"Register them, which may take some minutes: {commands}.",
            code="MissingSubscriptionRegistration",
        )


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _plan(cloud: Cloud, sandbox: Sandbox, kinds: Mapping[str, int], *, resumes: bool) -> UpPlan:
    return UpPlan(
        sandbox=sandbox.id,
        lab=sandbox.lab,
        cloud=cloud.name,
        account=cloud.account,
        tenant_id=cloud.tenant_id,
        subscription_id=cloud.subscription_id,
        subscription_name=cloud.subscription_name,
        region=sandbox.region,
        resource_groups=tuple(sandbox.resource_groups),
        resources=dict(kinds),
        cost_per_hour_usd=sandbox.cost_per_hour_usd,
        costs_money=cloud.costs_money,
        expires=sandbox.expires,
        resumes=resumes,
    )


def _make_group(cloud: Cloud, sandbox: Sandbox, name: str, progress: Progress) -> None:
    progress(Event("Microsoft.Resources/resourceGroups", name, "running"))
    body = {"location": sandbox.region, "tags": tags.marks(sandbox, name)}
    try:
        cloud.request("PUT", sandbox.group_id(name), GROUPS_API, body)
    except AzureError as problem:
        progress(Event("Microsoft.Resources/resourceGroups", name, "failed", problem.message))
        raise
    progress(Event("Microsoft.Resources/resourceGroups", name, "done"))


def _is_inside(sandbox: Sandbox, identifier: str) -> bool:
    return any(identifier.lower().startswith(f"{sandbox.group_id(name)}/".lower()) for name in sandbox.resource_groups)
