"""policyStates: queries and summaries of compliance at any scope, and evaluation on demand.

Source: Microsoft's REST reference of Policy Insights, version 2019-10-01.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.rules.access import scope_key
from azlabs.rules.policy import State, Target
from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.authorization.roles import ANYWHERE
from azlabs.simulator.providers.policy_insights import compliance
from azlabs.simulator.resource_manager import filters, operations, writes
from azlabs.simulator.resource_manager.errors import Refused, not_modelled
from azlabs.simulator.resource_manager.resource_type import Announce, Body, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

VERSIONS = ("2024-10-01", "2019-10-01", "2018-07-01-preview", "2018-04-04")
CONTEXT = "https://management.azure.com/subscriptions/{subscription}/providers/Microsoft.PolicyInsights/policyStates/$metadata#latest"
ASSIGNMENT = "/providers/microsoft.authorization/policyassignments/"


class Query(ResourceType):
    """What the requests below policyStates share: POST only, at any scope, about the latest states."""

    scopes = ANYWHERE
    located = tagged = False
    api_versions = VERSIONS
    methods = frozenset({"POST"})

    def handle(self, call: Call) -> Answer | None:
        """Answer the POST; everything else is refused."""
        if call.method != "POST" or len(call.route.names) >= len(call.route.types):
            raise writes.method_not_allowed(call)
        view = call.route.names[0].lower()
        if view not in ("latest", "default"):
            raise Refused(400, "InvalidPolicyStatesResource", f"The policy states resource '{view}' is not valid.")
        if call.query.get("$apply"):
            raise not_modelled("$apply in queries of policy states")
        return self.answer(call)

    def answer(self, call: Call) -> Answer:
        raise NotImplementedError


class QueryResults(Query):
    type = "Microsoft.PolicyInsights/policyStates/queryResults"

    def answer(self, call: Call) -> Answer:
        """One record for each resource and definition that is applicable to it."""
        context = CONTEXT.format(subscription=call.route.subscription)
        records = [_record(call, target, state, context) for target, state in _states(call)]
        text = call.query.get("$filter", "")
        if text:
            keep = filters.parse(text, lambda body, name: body.get(name))
            records = [record for record in records if keep(record)]
        order = call.query.get("$orderby", "").split()
        if order:
            records.sort(key=lambda record: str(record.get(order[0], "")), reverse=order[-1].lower() == "desc")
        top = call.query.get("$top", "")
        records = records[: int(top)] if top.isdigit() else records
        chosen = [name.strip() for name in call.query.get("$select", "").split(",") if name.strip()]
        if chosen:
            records = [
                {name: record.get(name) for name in ("@odata.id", "@odata.context", *chosen)} for record in records
            ]
        return json_answer({"@odata.context": context, "@odata.count": len(records), "value": records})


class Summarize(Query):
    type = "Microsoft.PolicyInsights/policyStates/summarize"

    def answer(self, call: Call) -> Answer:
        """How many resources and definitions are not compliant, in all and by assignment."""
        found = list(_states(call))
        context = CONTEXT.format(subscription=call.route.subscription)
        uri = f"{call.base}{call.path().rpartition('/')[0]}/queryResults?api-version={call.api_version}"
        assignments: dict[str, list[tuple[Target, State]]] = {}
        for target, state in found:
            assignments.setdefault(state.effect.assignment.id, []).append((target, state))
        shown = [_assignment(id, rows, uri) for id, rows in assignments.items()]
        summary = {
            "@odata.id": None,
            "@odata.context": context + "/$entity",
            "results": _results(found, uri),
            "policyAssignments": shown,
        }
        return json_answer({"@odata.context": context, "@odata.count": 1, "value": [summary]})


class TriggerEvaluation(Query):
    """Azure works for minutes; here states are computed when they are asked for, and the operation is done at once."""

    type = "Microsoft.PolicyInsights/policyStates/triggerEvaluation"
    operation_paths = (
        "operations",
        "/subscriptions/{subscription}/providers/{namespace}/asyncOperationResults/{id}",
    )

    def answer(self, call: Call) -> Answer:
        """202 with a Location that answers 200."""
        if not call.route.subscription:
            raise Refused(400, "InvalidScope", "An evaluation is triggered for a subscription or a resource group.")
        call.manager.require_group(call)
        announce = Announce(202, headers=("location",))
        with call.store.writing():
            return Answer(202, operations.start(call, self, scope_key(call.route.scope), announce))


def _states(call: Call) -> list[tuple[Target, State]]:
    """The states at the scope of the request; of one assignment when the scope is one."""
    scope = call.route.scope or "/"
    lowered = scope.lower()
    if ASSIGNMENT in lowered:
        if call.store.get(lowered) is None:
            name = scope.rpartition("/")[2]
            raise Refused(404, "PolicyAssignmentNotFound", f"The policy assignment '{name}' is not found.")
        rows = compliance.states(call.store, scope[: lowered.index(ASSIGNMENT)] or "/")
        return [(target, state) for target, state in rows if state.effect.assignment.id.lower() == lowered]
    call.manager.require_group(call)
    return list(compliance.states(call.store, scope))


def _record(call: Call, target: Target, state: State, context: str) -> Body:
    assignment, member, effect = state.effect.assignment, state.effect.member, state.effect.effect
    segments = target.id.strip("/").split("/")
    tags = target.body.get("tags")
    return {
        "@odata.id": None,
        "@odata.context": context + "/$entity",
        "timestamp": stamp(call.now),
        "resourceId": target.id,
        "policyAssignmentId": assignment.id,
        "policyDefinitionId": member.definition.id,
        "effectiveParameters": "",
        "isCompliant": state.compliance in ("Compliant", "Exempt"),
        "complianceState": state.compliance,
        "subscriptionId": segments[1] if len(segments) > 1 else "",
        "resourceType": target.type,
        "resourceLocation": target.body.get("location") or "",
        "resourceGroup": segments[3] if len(segments) > 3 else "",
        "resourceTags": str(tags) if tags else "tbd",
        "policyAssignmentName": assignment.name,
        "policyAssignmentOwner": "tbd",
        "policyAssignmentParameters": "",
        "policyAssignmentScope": assignment.scope,
        "policyDefinitionName": member.definition.name,
        "policyDefinitionAction": effect,
        "policyDefinitionCategory": "tbd",
        "policySetDefinitionId": assignment.initiative_id,
        "policySetDefinitionName": assignment.initiative_id.rpartition("/")[2],
        "policySetDefinitionOwner": "",
        "policySetDefinitionCategory": "",
        "policySetDefinitionParameters": "",
        "managementGroupIds": "",
        "policyDefinitionReferenceId": member.reference_id,
    }


def _results(rows: list[tuple[Target, State]], uri: str) -> Body:
    wrong = [(target, state) for target, state in rows if state.compliance == "NonCompliant"]
    return {
        "queryResultsUri": uri,
        "nonCompliantResources": len({target.id.lower() for target, _ in wrong}),
        "nonCompliantPolicies": len({_policy(state) for _, state in wrong}),
        "resourceDetails": _counts({(target.id.lower(), state.compliance) for target, state in rows}),
        "policyDetails": _counts({(str(_policy(state)), state.compliance) for _, state in rows}),
    }


def _policy(state: State) -> tuple[str, str, str]:
    effect = state.effect
    return effect.assignment.id.lower(), effect.member.definition.id.lower(), effect.member.reference_id.lower()


def _counts(pairs: set[tuple[str, str]]) -> list[Body]:
    """How many subjects are in which state; one with anything wrong is not compliant."""
    worst: dict[str, str] = {}
    for subject, compliance_state in sorted(pairs):
        if worst.get(subject) != "NonCompliant":
            worst[subject] = compliance_state
    found = sorted(set(worst.values()))
    return [{"complianceState": word.lower(), "count": list(worst.values()).count(word)} for word in found]


def _assignment(id: str, rows: list[tuple[Target, State]], uri: str) -> Body:
    definitions: dict[tuple[str, str, str], list[tuple[Target, State]]] = {}
    for target, state in rows:
        definitions.setdefault(_policy(state), []).append((target, state))
    members: list[dict[str, Any]] = [
        {
            "policyDefinitionId": members_rows[0][1].effect.member.definition.id,
            "policyDefinitionReferenceId": members_rows[0][1].effect.member.reference_id,
            "effect": members_rows[0][1].effect.effect,
            "results": _results(members_rows, uri),
        }
        for members_rows in definitions.values()
    ]
    return {
        "policyAssignmentId": id,
        "policySetDefinitionId": rows[0][1].effect.assignment.initiative_id,
        "results": _results(rows, uri),
        "policyDefinitions": members,
    }
