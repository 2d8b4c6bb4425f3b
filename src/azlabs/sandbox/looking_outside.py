"""What a sandbox led to outside its groups: assignments, roles, deployments, budgets, objects in the directory."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from azlabs.cloud import Cloud, deployments
from azlabs.cloud.errors import AzureError
from azlabs.sandbox import directory, ownership, tags
from azlabs.sandbox.applying import api_version_of
from azlabs.sandbox.background import start
from azlabs.sandbox.contents import read
from azlabs.sandbox.down_model import DownPlan, Item, Origin, Survivor
from azlabs.sandbox.model import Sandbox

ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
ROLE = "Microsoft.Authorization/roleDefinitions"
BUDGET = "Microsoft.Consumption/budgets"
DEPLOYMENT = "Microsoft.Resources/deployments"
# What is listed at the subscription, once for everything: {type: (path below the scope, API version)}
_LISTS = {
    ASSIGNMENT: (f"/providers/{ASSIGNMENT}", "2022-04-01"),
    ROLE: (f"/providers/{ROLE}?$filter=type%20eq%20'CustomRole'", "2022-04-01"),
    BUDGET: (f"/providers/{BUDGET}", "2023-05-01"),
    DEPLOYMENT: (f"/providers/{DEPLOYMENT}", deployments.API_VERSION),
}
_FORBIDDEN = (401, 403)
_OPTIONAL = {BUDGET}  # reading budgets needs rights that subscriptions of schools do not give


class Outside:
    """What there is outside, asked for side by side when it is made; `sort_out` tells what of it is the sandbox's."""

    def __init__(self, sandbox: Sandbox, cloud: Cloud) -> None:
        self._sandbox = sandbox
        self._problems: dict[str, AzureError] = {}
        scope = f"/subscriptions/{sandbox.subscription_id}"
        begun = {
            kind: start(lambda of: read(lambda at: list(cloud.items(f"{scope}{at[0]}", at[1])), of), of)
            for kind, of in _LISTS.items()
        }
        tagged = start(lambda box: list(directory.made_for(cloud, box)) if box.directory else [], sandbox)
        self._lists = {kind: self._take(f"{scope}/providers/{kind}", look) for kind, look in begun.items()}
        recorded = [identifier for identifier in sandbox.outside if directory.is_of_directory(identifier)]
        self.applications = list(dict.fromkeys([*recorded, *self._take(directory.ROOT, tagged)]))
        """Ids of the sandbox's applications."""

    def _take(self, what: str, look: Future[list[Any]]) -> list[Any]:
        try:
            return look.result()
        except AzureError as problem:
            optional = what.endswith(tuple(_OPTIONAL)) and problem.status in (*_FORBIDDEN, 400)
            if not (problem.not_found or problem.not_modelled or optional):
                self._problems[what] = problem
            return []

    def sort_out(self, plan: DownPlan, principals: set[str], there: set[str]) -> None:
        """Put into the plan what is the sandbox's. `principals`: object ids that go with it; `there`: the ids of the
        sandbox's own list that exist."""
        found: dict[str, Item] = {}

        def add(identifier: str, kind: str, origin: Origin) -> None:
            if not plan.holds(identifier) and identifier.lower() not in groups:
                found.setdefault(identifier.lower(), Item(identifier, kind, origin))

        groups = {group.lower() for group in plan.groups} | {survivor.id.lower() for survivor in plan.refused}
        names = [group.rpartition("/")[2] for group in plan.own_groups]
        for identifier in [known for known in self._sandbox.outside if known in there]:
            add(identifier, type_of(identifier), "azlabs")
        for identifier in [known for known in self.applications if known in there or known not in self._sandbox.outside]:
            add(identifier, directory.APPLICATION, "azlabs")
        roles = [entry for entry in self._lists[ROLE] if ownership.owns_role(self._sandbox, entry, names)]
        for entry in roles:
            add(str(entry["id"]), ROLE, "you")
        self._assignments(plan, principals, {str(role["id"]).rpartition("/")[2].lower() for role in roles}, add)
        for entry in self._lists[BUDGET]:
            if ownership.owns_budget(entry, names):
                add(str(entry["id"]), BUDGET, "you")
        for entry in self._lists[DEPLOYMENT]:
            if ownership.owns_deployment(self._sandbox, str(entry.get("name", "")), tags.tags_of(entry)):
                add(str(entry["id"]), DEPLOYMENT, "azlabs")
        plan.outside += found.values()
        for what, problem in self._problems.items():
            plan.unseen.append(Survivor(what, f"It could not be looked at: {problem.message} ({problem.code})"))

    def _assignments(self, plan: DownPlan, principals: set[str], roles: set[str], add: Any) -> None:
        """Those of principals that go, wherever they are; those that keep a role of the sandbox alive."""
        gone = {principal.lower() for principal in principals}
        for entry in self._lists[ASSIGNMENT]:
            properties = entry.get("properties") or {}
            role = str(properties.get("roleDefinitionId", "")).rpartition("/")[2].lower()
            if role in roles and plan.holds(str(entry["id"])):
                plan.assignments.append(str(entry["id"]))
            elif role in roles or str(properties.get("principalId", "")).lower() in gone:
                add(str(entry["id"]), ASSIGNMENT, "identity")


def find(cloud: Cloud, identifier: str) -> dict[str, Any] | None:
    """The body of anything that a sandbox may lead to; None when it does not exist. Raises AzureError."""
    if directory.is_of_directory(identifier):
        return directory.find(cloud, identifier)
    return cloud.find(identifier, api_version_of(cloud, identifier))


def type_of(identifier: str) -> str:
    """The resource type of an id, of a directory object as well."""
    if directory.is_of_directory(identifier):
        return directory.APPLICATION
    from azlabs.arm.ids import ResourceId

    return ResourceId.parse(identifier).type
