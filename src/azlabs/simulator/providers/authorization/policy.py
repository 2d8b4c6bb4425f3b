"""Policy definitions, initiatives, assignments and exemptions.

Source: recorded Azure traffic, and Microsoft's documentation of Azure Policy for the refusals.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.rules.access import ancestors, scope_key
from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.authorization.roles import ANYWHERE, GUID
from azlabs.simulator.resource_manager import filters
from azlabs.simulator.resource_manager.errors import not_modelled
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, ResourceType, ScopeKind

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write
    from azlabs.simulator.store import Store

BUILT_IN = re.compile(rf"/providers/microsoft\.authorization/policy(?:set)?definitions/{GUID}", re.IGNORECASE)
EFFECTS = frozenset(
    {"deny", "audit", "append", "modify", "deployifnotexists", "auditifnotexists", "disabled", "denyaction", "manual"}
)


@functools.cache
def builtin_definitions() -> dict[str, Body]:
    """Built-in policy definitions by lower-case id, as ARM shows them."""
    text = (
        resources.files("azlabs.simulator.providers.authorization").joinpath("builtin_policies.json").read_text("utf-8")
    )
    return {str(body["id"]).lower(): body for body in json.loads(text)}


def refuse_built_in(id: str) -> None:
    """Definitions of the tenant itself are Microsoft's: one that is not in the table is refused by name."""
    if BUILT_IN.fullmatch(id):
        kind = "initiative" if "policysetdefinitions" in id.lower() else "policy definition"
        raise not_modelled(f"the built-in {kind} '{id.rpartition('/')[2]}'")


class PolicyType(ResourceType):
    """What the policy types share: they sit at a scope, carry audit metadata and answer a delete with what went."""

    scopes: ClassVar[tuple[ScopeKind, ...]] = ("tenant", "managementGroup", "subscription")
    located = tagged = False
    state = None
    patch = "none"
    system_data = True
    members_since: ClassVar[Mapping[str, str]] = {"systemData": "2021-06-01"}
    updates = Announce(201)
    deletes = Announce(200, body=True)
    name_rule = NameRule(
        r"[^<>%&:\\?/#*+\x00-\x1f]{1,128}", "InvalidPolicyName", "The policy name '{name}' is invalid."
    )
    custom = False

    def fill(self, write: Write) -> None:
        """Who made and changed it stands in the metadata."""
        properties = write.body.setdefault("properties", {})
        before = write.old("properties.metadata", {}) or {}
        mine = write.principal.object_id
        metadata = {key: value for key, value in (properties.get("metadata") or {}).items() if key not in AUDIT}
        changed: Body = {"updatedBy": None, "updatedOn": None}
        if write.before is not None:
            changed = {"updatedBy": mine, "updatedOn": stamp(write.now)}
        properties["metadata"] = {
            **metadata,
            "createdBy": before.get("createdBy", mine),
            "createdOn": before.get("createdOn", stamp(write.now)),
            **changed,
        }
        if self.custom:
            properties["policyType"] = "Custom"

    def handle(self, call: Call) -> Answer | None:
        """Built-in definitions are shown at the tenant and in lists of every scope."""
        if call.method not in ("GET", "HEAD"):
            return None
        found = {id: body for id, body in builtin_definitions().items() if str(body["type"]).lower() == self.key}
        if call.route.names:
            hit = found.get(call.path().lower())
            if hit is None:
                refuse_built_in(call.path())
            return json_answer(hit) if hit is not None else None
        above = set(ancestors(call.route.scope or "/", _management_groups(call.store)))
        own = [row.body for row in call.store.of_type(self.key) if row.scope in above or scope_key(row.scope) in above]
        shown = [*own, *found.values()]
        text = call.query.get("$filter", "")
        if text and not text.lower().startswith("atexactscope()"):
            keep = filters.parse(text, lambda body, name: body["properties"].get(name))
            shown = [body for body in shown if keep(body)]
        return json_answer({"value": shown})


AUDIT = ("createdBy", "createdOn", "updatedBy", "updatedOn")


class PolicyDefinitions(PolicyType):
    type = "Microsoft.Authorization/policyDefinitions"
    custom = True
    not_found = ("PolicyDefinitionNotFound", "The policy definition '{name}' could not be found.")
    defaults: ClassVar[Mapping[str, Any]] = {"properties": {"mode": "Indexed"}}

    def validate(self, write: Write) -> None:
        """The rule has an if and a then whose effect is known; every parameter that it reads is declared."""
        rule = write.get("properties.policyRule")
        if (
            not isinstance(rule, dict)
            or "if" not in {key.lower() for key in rule}
            or "then" not in {key.lower() for key in rule}
        ):
            write.refuse(
                "InvalidPolicyRule",
                f"The policy definition '{write.name}' rule is invalid. 'if' and 'then' are required.",
            )
        effect = str((rule.get("then") or {}).get("effect", ""))
        if effect.lower() not in EFFECTS and not effect.startswith("["):
            write.refuse(
                "InvalidPolicyRuleEffect",
                f"The policy definition '{write.name}' rule is invalid. The effect '{effect}' is unknown.",
            )
        declared = {name.lower() for name in write.get("properties.parameters") or {}}
        unknown = sorted(name for name in _parameters_read(rule) if name.lower() not in declared)
        if unknown:
            write.refuse(
                "InvalidPolicyParameters",
                f"The policy definition '{write.name}' has parameters used in the policy rule that are not defined in the policy "
                f"parameters: '{', '.join(unknown)}'.",
            )

    def deleting(self, write: Write) -> None:
        """A definition that is assigned or in an initiative stays."""
        for user in (*write.store.of_type(PolicySetDefinitions.key), *write.store.of_type(PolicyAssignments.key)):
            properties = user.body["properties"]
            used = [
                properties.get("policyDefinitionId"),
                *(m.get("policyDefinitionId") for m in properties.get("policyDefinitions") or ()),
            ]
            if write.key in (str(id).lower() for id in used):
                write.refuse(
                    "PolicyDefinitionInUse",
                    f"The policy definition '{write.name}' cannot be deleted because it is referenced by '{user.id}'.",
                    409,
                )


class PolicySetDefinitions(PolicyType):
    type = "Microsoft.Authorization/policySetDefinitions"
    custom = True
    required = ("properties.policyDefinitions",)
    not_found = ("PolicySetDefinitionNotFound", "The policy set definition '{name}' could not be found.")
    deleting = PolicyDefinitions.deleting

    def fill(self, write: Write) -> None:
        """Members get a reference id of their own when they have none."""
        super().fill(write)
        for number, member in enumerate(write.get("properties.policyDefinitions") or ()):
            member.setdefault("policyDefinitionReferenceId", str(number))

    def validate(self, write: Write) -> None:
        """Every member exists, and reference ids are unique."""
        members = write.get("properties.policyDefinitions")
        if not isinstance(members, list) or not members:
            write.refuse(
                "InvalidPolicySetDefinition", f"The policy set definition '{write.name}' needs policy definitions."
            )
        for member in members:
            if definition(write.store, str(member.get("policyDefinitionId"))) is None:
                refuse_built_in(str(member.get("policyDefinitionId")))
                name = str(member.get("policyDefinitionId")).rpartition("/")[2]
                write.refuse("PolicyDefinitionNotFound", f"The policy definition '{name}' could not be found.", 404)
        references = [str(member["policyDefinitionReferenceId"]).lower() for member in members]
        if len(set(references)) != len(references):
            write.refuse(
                "InvalidPolicySetDefinition", f"The policy set definition '{write.name}' has duplicate reference ids."
            )


SKU_GONE = "2020-09-01"


class PolicyAssignments(PolicyType):
    type = "Microsoft.Authorization/policyAssignments"
    scopes = ANYWHERE
    members = frozenset({"identity", "sku"})
    default_location = None
    required = ("properties.policyDefinitionId",)
    not_found = ("PolicyAssignmentNotFound", "The policy assignment '{name}' is not found.")
    defaults: ClassVar[Mapping[str, Any]] = {"properties": {"enforcementMode": "Default"}}

    def handle(self, call: Call) -> Answer | None:
        """A list shows what counts at the scope: from above, and with `below` from below too."""
        if call.method != "GET" or call.route.names:
            return None
        scope = call.route.scope or "/"
        above = set(ancestors(scope, _management_groups(call.store)))
        below = scope_key(scope).rstrip("/") + "/"
        text = call.query.get("$filter", "")
        exactly = text.lower().startswith("atscope()") or text.lower().startswith("atexactscope()")
        shown = []
        for row in call.store.of_type(self.key):
            at = scope_key(row.body["properties"]["scope"])
            if at in above or (not exactly and at.startswith(below)):
                shown.append(row.body)
        if text and not exactly:
            keep = filters.parse(text, lambda body, name: body["properties"].get(name))
            shown = [body for body in shown if keep(body)]
        return json_answer({"value": shown})

    def shown(self, body: Body, reader: Reader) -> Body:
        """Until 2020 every assignment had a sku."""
        if reader.api_version < SKU_GONE:
            body = {"sku": body.get("sku") or {"name": "A0", "tier": "Free"}, **body}
        return body

    def fill(self, write: Write) -> None:
        """The scope that it counts at."""
        super().fill(write)
        marker = "/providers/microsoft.authorization/policyassignments/"
        write.put("properties.scope", write.id[: write.key.rindex(marker)] or "/")

    def validate(self, write: Write) -> None:
        """The definition exists and gets every parameter that it needs, of the values it allows."""
        id = str(write.get("properties.policyDefinitionId"))
        assigned = definition(write.store, id)
        if assigned is None:
            refuse_built_in(id)
            kind = "set definition" if "policysetdefinitions" in id.lower() else "definition"
            code = "PolicySetDefinitionNotFound" if "policysetdefinitions" in id.lower() else "PolicyDefinitionNotFound"
            write.refuse(code, f"The policy {kind} '{id.rpartition('/')[2]}' could not be found.", 404)
        declared = {
            name.lower(): (name, spec) for name, spec in (assigned["properties"].get("parameters") or {}).items()
        }
        given = {name.lower(): value for name, value in (write.get("properties.parameters") or {}).items()}
        missing = [name for key, (name, spec) in declared.items() if key not in given and "defaultValue" not in spec]
        if missing:
            write.refuse(
                "MissingPolicyParameter",
                f"The policy assignment '{write.name}' is missing the parameter(s) '{', '.join(missing)}' as defined in the policy "
                f"definition '{id.rpartition('/')[2]}'.",
            )
        unknown = [name for name in given if name not in declared]
        if unknown:
            write.refuse(
                "UndefinedPolicyParameter",
                f"The policy assignment '{write.name}' has defined parameters '{', '.join(unknown)}' which are not present in the policy "
                f"definition '{id.rpartition('/')[2]}'.",
            )
        for name, value in given.items():
            _check_allowed(write, declared[name], value.get("value") if isinstance(value, dict) else value)
        if needs_identity(write.store, assigned) and not write.get("identity"):
            write.refuse(
                "ResourceIdentityRequired",
                "The policy assignment '"
                + write.name
                + "' policy definition requires a managed identity, because its effect is "
                "'deployIfNotExists' or 'modify'.",
            )


class PolicyExemptions(PolicyType):
    type = "Microsoft.Authorization/policyExemptions"
    scopes = ANYWHERE
    required = ("properties.policyAssignmentId", "properties.exemptionCategory")
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"properties.exemptionCategory": ("Waiver", "Mitigated")}
    not_found = ("PolicyExemptionNotFound", "The policy exemption '{name}' is not found.")
    deletes = Announce(200, body=False)
    members_since: ClassVar[Mapping[str, str]] = {}

    def fill(self, write: Write) -> None:
        """Exemptions carry no audit metadata of their own."""

    def validate(self, write: Write) -> None:
        """The assignment exists and counts where the exemption sits."""
        id = str(write.get("properties.policyAssignmentId"))
        if write.store.get(id.lower()) is None:
            write.refuse(
                "PolicyAssignmentNotFound", f"The policy assignment '{id.rpartition('/')[2]}' is not found.", 404
            )


def definition(store: Store, id: str) -> Body | None:
    """A policy definition or initiative by id, built in or custom."""
    found = builtin_definitions().get(id.lower())
    if found is not None:
        return found
    row = store.get(id.lower())
    return row.body if row is not None and "policy" in row.type else None


def members_of(store: Store, assigned: Body) -> list[tuple[Body, Body]]:
    """(member, definition) of an initiative; for a single definition that alone, with an empty member."""
    if str(assigned["type"]).lower() == PolicyDefinitions.key:
        return [({}, assigned)]
    pairs = [
        (member, definition(store, member["policyDefinitionId"]))
        for member in assigned["properties"]["policyDefinitions"]
    ]
    return [(member, found) for member, found in pairs if found is not None]


def needs_identity(store: Store, assigned: Body) -> bool:
    """Does any member say, in so many words, that it deploys or modifies?"""
    for _member, found in members_of(store, assigned):
        effect = str((found["properties"]["policyRule"].get("then") or {}).get("effect", "")).lower()
        if effect in ("deployifnotexists", "modify"):
            return True
    return False


def _check_allowed(write: Write, declared: tuple[str, Body], value: Any) -> None:
    name, spec = declared
    allowed = spec.get("allowedValues")
    if allowed and value not in allowed and str(value).lower() not in [str(item).lower() for item in allowed]:
        write.refuse(
            "PolicyParameterValueNotAllowed",
            f"The value '{value}' of the parameter '{name}' in the policy assignment '{write.name}' is not one of the allowed values "
            f"'{', '.join(map(str, allowed))}'.",
        )


def _parameters_read(node: Any) -> set[str]:
    """Names in parameters('...') anywhere in a rule; templates inside `deployment` read their own."""
    if isinstance(node, str):
        if not node.startswith("[") or node.startswith("[["):
            return set()
        return set(re.findall(r"parameters\(\s*'([^']+)'\s*\)", node, re.IGNORECASE))
    if isinstance(node, Mapping):
        return {name for key, item in node.items() if key != "template" for name in _parameters_read(item)}
    if isinstance(node, list):
        return {name for item in node for name in _parameters_read(item)}
    return set()


def _management_groups(store: Store) -> dict[str, str]:
    from azlabs.simulator.providers.authorization.table import management_groups

    return management_groups(store)
