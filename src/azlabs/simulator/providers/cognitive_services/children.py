"""Deployments of models, projects, connections, commitment plans."""

from __future__ import annotations

import calendar
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from azlabs.simulator.providers.cognitive_services import catalogue
from azlabs.simulator.providers.cognitive_services.accounts import ACCOUNT
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Reader, Write

PROJECT = f"{ACCOUNT}/projects"


def account_of(write: Write) -> Body:
    """The account that something belongs to, as it is stored."""
    return write.find("/".join(write.id.split("/")[:9])) or {}


class Child(ResourceType):
    """Something of an account, there at once."""

    located = tagged = False
    etag = system_data = True
    creates = Announce(201)
    deletes = Announce(200, body=False)
    not_found: ClassVar[tuple[str, str] | None] = ("NotFound", "Specified resource '{id}' cannot be found.")


class Deployments(Child):
    """A model that answers under a name."""

    type = f"{ACCOUNT}/deployments"
    members = frozenset({"sku"})
    name_rule = NameRule(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}", "InvalidResourceName", "The deployment name '{name}' is invalid.")
    defaults = {
        "sku": {"name": "Standard", "capacity": 1},
        "properties": {"versionUpgradeOption": "OnceNewDefaultVersionAvailable", "raiPolicyName": "Microsoft.DefaultV2"},
    }
    required = ("properties.model.name",)
    choices = {
        "sku.name": catalogue.DEPLOYMENT_SKUS,
        "properties.versionUpgradeOption": ("OnceNewDefaultVersionAvailable", "OnceCurrentVersionExpired", "NoAutoUpgrade"),
    }
    choices_code = ("InvalidResourceProperties", "The specified value '{value}' of '{path}' of account deployment is not supported.")
    read_only = ("properties.capabilities", "properties.rateLimits", "properties.currentCapacity")

    def fill(self, write: Write) -> None:
        """The model decides what the deployment can do, the capacity how much of it."""
        mine = write.body["properties"]
        asked = mine["model"]
        if account_of(write).get("kind") not in catalogue.WITH_MODELS:
            refuse("InvalidAccountKind", "Models can only be deployed in accounts of the kinds OpenAI and AIServices.")
        found = catalogue.model(asked.get("name"), asked.get("version"))
        if found is None or str(asked.get("format", "OpenAI")) != found["format"]:
            refuse(
                "DeploymentModelNotSupported",
                f"The model 'Format: {asked.get('format', '')}, Name: {asked.get('name')}, Version: {asked.get('version', '')}' of "
                "account deployment is not supported.",
            )
        mine["model"] = {**asked, "format": found["format"], "version": found["version"]}
        capacity = int(write.body["sku"].get("capacity") or 1)
        write.body["sku"]["capacity"] = mine["currentCapacity"] = capacity
        capabilities = {name: value for name, value in found.get("capabilities", {}).items() if name in SHOWN}
        mine["capabilities"] = {"area": "US", **capabilities} if "agentsV2" in capabilities else capabilities
        mine["rateLimits"] = [
            {"key": "request", "renewalPeriod": 10, "count": capacity},
            {"key": "token", "renewalPeriod": 60, "count": capacity * 1000},
        ]

    def validate(self, write: Write) -> None:
        """A region has so much of a model."""
        model, sku = write.get("properties.model.name"), write.get("sku.name")
        used = 0
        for row in write.store.of_type(self.key):
            same = row.key != write.key and row.body["sku"]["name"] == sku and row.body["properties"]["model"]["name"] == model
            used += row.body["sku"]["capacity"] if same else 0
        wanted = write.get("sku.capacity")
        if used + wanted > QUOTA:
            refuse(
                "InsufficientQuota",
                f"This operation require {wanted} new capacity in quota Tokens Per Minute (thousands) - {model}, which is bigger than "
                f"the current available capacity {QUOTA - used}. The current quota usage is {used} and the quota limit is {QUOTA} for "
                f"quota Tokens Per Minute (thousands) - {model}.",
            )


QUOTA = 1000
"""Thousands of tokens per minute that a subscription has of a model and SKU."""
SHOWN = frozenset({
    "chatCompletion", "completion", "assistants", "jsonSchemaResponse", "responses", "agentsV2", "embeddings", "embeddingsMaxInputs",
    "imageGenerations", "search",
})  # fmt: skip
"""Capabilities of a model that its deployment shows."""


class Projects(Child):
    """A project of Azure AI Foundry in an account."""

    type = PROJECT
    located = tagged = True
    members = frozenset({"identity", "kind"})
    not_found = None
    read_only = ("properties.endpoints", "properties.isDefault", "properties.internalId")

    def fill(self, write: Write) -> None:
        """The first project is the account's default."""
        account = account_of(write)
        if not (account.get("properties") or {}).get("allowProjectManagement"):
            refuse("ProjectManagementNotAllowed", "Projects need an account with allowProjectManagement.")
        mine = write.body.setdefault("properties", {})
        domain = account["properties"].get("customSubDomainName") or account["name"]
        mine["endpoints"] = {"AI Foundry API": f"https://{domain}.services.ai.azure.com/api/projects/{write.name}"}
        others = [row for row in write.store.at_scope(account["id"].lower(), self.key) if row.key != write.key]
        mine["isDefault"] = write.old("properties.isDefault", not others)
        mine["internalId"] = write.old("properties.internalId") or secrets.token_hex(16)
        write.body["kind"] = account["kind"]

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """Named with its account."""
        return {**body, "name": f"{body['id'].split('/')[8]}/{body['name']}"}


class Link(Child):
    """A connection to another service, with its credentials."""

    etag = False
    state = None
    creates = Announce(200)
    secret = ("properties.credentials",)
    required = ("properties.category",)
    defaults = {"properties": {"authType": "None", "isSharedToAll": False, "sharedUserList": [], "useWorkspaceManagedIdentity": False}}
    not_found = None


class AccountConnections(Link):
    """A connection that all projects of an account share."""

    type = f"{ACCOUNT}/connections"


class ProjectConnections(Link):
    """A connection of one project."""

    type = f"{PROJECT}/connections"


class CommitmentPlans(Child):
    """Usage that is paid in advance, month by month."""

    type = f"{ACCOUNT}/commitmentplans"
    state = None
    required = ("properties.planType", "properties.hostingModel", "properties.current.tier")
    not_found = ("ResourceNotFound", "The commitment plan {name} was not found.")

    def fill(self, write: Write) -> None:
        """What the tiers include; the first month is paid in part."""
        mine = write.body["properties"]
        today = datetime.fromtimestamp(write.now, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        days = calendar.monthrange(today.year, today.month)[1]
        turn = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = (turn + timedelta(days=32)).replace(day=1)
        mine.setdefault("autoRenew", False)
        share = (turn - today).days / days
        for name, start, stop, part in (("current", today, turn, share), ("next", turn, end, 1.0)):
            period = mine.get(name)
            if isinstance(period, dict):
                mine[name] = {**period, "startDate": _day(start), "endDate": _day(stop), "quota": _quota(write, period, part)}


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _quota(write: Write, period: Body, share: float) -> Body:
    kind, mine = account_of(write).get("kind"), write.body["properties"]
    wanted = (kind, mine["hostingModel"], mine["planType"], period.get("tier"))
    tiers = catalogue.table("commitmentTiers")
    found = next((one for one in tiers if tuple(one[word] for word in ("kind", "hostingModel", "planType", "tier")) == wanted), None)
    if found is None:
        refuse("InvalidCommitmentPlan", f"The tier '{period.get('tier')}' of the plan '{mine['planType']}' is not available for {kind}.")
    return {"quantity": int(found["quota"]["quantity"] * share), "unit": found["quota"]["unit"]}


class RaiPolicies(Child):
    """What a deployment's answers are filtered for."""

    type = f"{ACCOUNT}/raiPolicies"
    state = None
    defaults = {"properties": {"mode": "Default", "type": "UserManaged"}}
