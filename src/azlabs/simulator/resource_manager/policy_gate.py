"""The policy gate: deny refuses, append and modify change the write, "ifNotExists" effects follow what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from azlabs.rules.policy import Assignment, Definition, Exemption, Member, Outcome, Policies, Target, denial
from azlabs.rules.policy_conditions import PolicyError
from azlabs.simulator.resource_manager import operations
from azlabs.simulator.resource_manager.calls import Call
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Write
    from azlabs.simulator.store import Store
    from azlabs.simulator.tokens import Principal

ASSIGNMENTS = "microsoft.authorization/policyassignments"
EXEMPTIONS = "microsoft.authorization/policyexemptions"
# Policy does not look at what governs policy itself.
EXCLUDED = ("microsoft.authorization/", "microsoft.resources/deployments", "microsoft.policyinsights/")
POLICY_TYPES = {"microsoft.resources/resourcegroups": "Microsoft.Resources/subscriptions/resourceGroups"}
"""Types that policy calls by another name."""
EXEMPTION_SUFFIX = "/providers/microsoft.authorization/policyexemptions/"


def evaluate(text: str, functions: Mapping[str, Callable[..., Any]], context: Mapping[str, Any]) -> Any:
    """An expression of a policy, with policy's own functions. Raises PolicyError."""
    from azlabs.arm import evaluate as evaluate_expression
    from azlabs.arm.errors import ExpressionError

    try:
        return evaluate_expression(text, {**context, "functions": functions})
    except ExpressionError as problem:
        raise PolicyError(str(problem)) from None


def policies(store: Store) -> Policies:
    """The assignments and exemptions of a store as the rules take them."""
    from azlabs.simulator.providers.authorization.table import management_groups

    assignments = [_assignment(store, row) for row in store.of_type(ASSIGNMENTS)]
    exemptions = [_exemption(row) for row in store.of_type(EXEMPTIONS)]
    return Policies(
        [found for found in assignments if found is not None], evaluate, exemptions, management_groups(store)
    )


def check(store: Store, _principal: Principal, subject: Call | Write) -> None:
    """Raise 403 RequestDisallowedByPolicy, or change the body of the write."""
    if isinstance(subject, Call) or subject.kind.key.startswith(EXCLUDED):
        return
    write = subject
    rules, target = policies(store), target_of(store, write.id, write.kind.type, write.body, write.api_version)
    try:
        if write.call.method == "DELETE":
            denials = rules.delete(target)
            if denials:
                raise Refused(403, "RequestDisallowedByPolicy", **_error(write.name, denials))
            return
        outcome: Outcome = rules.write(target)
    except PolicyError as problem:
        raise Refused(
            400, "InvalidPolicyRule", f"A policy that applies to '{write.name}' cannot be evaluated: {problem}"
        ) from None
    if outcome.denials:
        raise Refused(403, "RequestDisallowedByPolicy", **_error(write.name, outcome.denials))
    if outcome.body != write.body:
        write.body.clear()
        write.body.update(outcome.body)
    if any(effect.effect == "deployifnotexists" and effect.assignment.enforced for effect in outcome.after):
        operations.start(write.call, write.kind, write.key, Announce(), method="PUT", worker="microsoft.policyinsights")


def _error(name: str, effects: Any) -> dict[str, Any]:
    error = denial(name, effects)
    return {"message": error["message"], "target": name, "extra": {"additionalInfo": error["additionalInfo"]}}


def target_of(store: Store, id: str, type: str, body: Mapping[str, Any], api_version: str = "") -> Target:
    """A resource with its group and subscription, as policy functions see them."""
    segments = id.lower().strip("/").split("/")
    group = store.get("/" + "/".join(segments[:4])) if segments[2:3] == ["resourcegroups"] else None
    subscription: dict[str, Any] | None = None
    if segments[0] == "subscriptions" and len(segments) > 1:
        row = store.get("/" + "/".join(segments[:2]))
        known = row.body if row is not None else {}
        named: dict[str, Any] = {name: value for name, value in known.items() if name in ("displayName", "tags")}
        subscription = {"id": "/" + "/".join(segments[:2]), "subscriptionId": segments[1], **named}
    type = POLICY_TYPES.get(type.lower(), type)
    return Target(id, type, body, group.body if group is not None else None, subscription, api_version)


def _assignment(store: Store, row: Resource) -> Assignment | None:
    from azlabs.simulator.providers.authorization.policy import PolicySetDefinitions, definition, members_of

    properties = row.body["properties"]
    assigned = definition(store, str(properties["policyDefinitionId"]))
    if assigned is None:
        return None
    initiative = str(assigned["type"]).lower() == PolicySetDefinitions.key
    return Assignment(
        id=row.id,
        name=row.name,
        scope=properties["scope"],
        members=tuple(_member(member, found) for member, found in members_of(store, assigned)),
        parameters=_values(properties.get("parameters")),
        initiative_id=assigned["id"] if initiative else "",
        initiative_parameters=assigned["properties"].get("parameters") or {} if initiative else None,
        not_scopes=tuple(properties.get("notScopes") or ()),
        enforced=str(properties.get("enforcementMode", "Default")).lower() != "donotenforce",
        display_name=properties.get("displayName") or "",
    )


def _member(member: Mapping[str, Any], found: Mapping[str, Any]) -> Member:
    properties = found["properties"]
    definition = Definition(
        id=found["id"],
        name=found["name"],
        rule=properties["policyRule"],
        parameters=properties.get("parameters") or {},
        mode=properties.get("mode") or "All",
        display_name=properties.get("displayName") or "",
    )
    return Member(definition, member.get("policyDefinitionReferenceId", ""), _values(member.get("parameters")))


def _values(parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in (parameters or {}).items()
    }


def _exemption(row: Resource) -> Exemption:
    properties = row.body["properties"]
    scope = row.id[: row.key.rindex(EXEMPTION_SUFFIX)]
    references = tuple(properties.get("policyDefinitionReferenceIds") or ())
    return Exemption(scope, properties["policyAssignmentId"], references)
