"""Remediations, and what deployIfNotExists does on its own after a write.

Everything is done as the assignment's identity, through the same gates as any request: without its role it is refused.
Source: recorded Azure traffic, Microsoft's documentation "Remediate non-compliant resources with Azure Policy".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from azlabs.rules.policy import Effect, Target, changed, deployment
from azlabs.rules.policy_conditions import PolicyError
from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.identity import TENANT_ID
from azlabs.simulator.providers.authorization.roles import ANYWHERE
from azlabs.simulator.providers.policy_insights import compliance
from azlabs.simulator.resource_manager import api_versions, operations, policy_gate, registry
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, ResourceType, action
from azlabs.simulator.tokens import Principal

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Write
    from azlabs.simulator.store import Store

DEPLOYMENTS = "2021-04-01"
MODES = ("ExistingNonCompliant", "ReEvaluateCompliance")
WORKER = "microsoft.policyinsights"


def lowered(call: Call) -> str:
    """Policy Insights keeps ids in lower case but for the name."""
    return f"{call.path().rpartition('/')[0].lower()}/{call.name}"


def known_assignment(write: Write) -> Body:
    """The stored assignment that a remediation or attestation names; its id in lower case in the document."""
    id = str(write.get("properties.policyAssignmentId")).lower()
    row = write.store.get(id)
    if row is None or row.type != policy_gate.ASSIGNMENTS:
        write.refuse(
            "PolicyAssignmentNotFound", f"The policy assignment '{id.rpartition('/')[2]}' could not be found.", 404
        )
    write.put("properties.policyAssignmentId", id)
    return row.body


class Remediations(ResourceType):
    """{"properties": {"policyAssignmentId", "policyDefinitionReferenceId"?, "resourceDiscoveryMode"?, "filters"?, ...}}"""

    type = "Microsoft.PolicyInsights/remediations"
    api_versions = ("2024-10-01", "2021-10-01", "2019-07-01")
    scopes = ANYWHERE
    located = tagged = False
    state = None
    system_data = True
    patch = "none"
    required = ("properties.policyAssignmentId",)
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"properties.resourceDiscoveryMode": MODES}
    read_only = ("properties.provisioningState", "properties.deploymentStatus", "properties.correlationId")
    creates = Announce(201)
    deletes = Announce(200, body=True)
    not_found = ("RemediationNotFound", "The remediation '{name}' could not be found.")

    def canonical_id(self, call: Call) -> str | None:
        return lowered(call)

    def fill(self, write: Write) -> None:
        """What is to be done is found out now, and done with the next look at it."""
        assignment = known_assignment(write)
        properties = write.body["properties"]
        reference = str(properties.get("policyDefinitionReferenceId") or "")
        if "policySetDefinitions" in str(assignment["properties"]["policyDefinitionId"]) and not reference:
            write.refuse(
                "InvalidCreateRemediationRequest", "A policy definition reference id is needed for the assignment of an initiative.",
            )  # fmt: skip
        again = properties.get("resourceDiscoveryMode") == MODES[1]
        found = _wanting(write.store, _scope(write), properties["policyAssignmentId"], reference)
        write.hidden["work"] = [target.id.lower() for target, _effect in found]
        write.hidden["again"] = again
        now = stamp(write.now)
        write.body["properties"] = {
            **properties,
            "provisioningState": "Accepted" if found or again else "Succeeded",
            "createdOn": write.old("properties.createdOn", now),
            "lastUpdatedOn": now,
            "deploymentStatus": {"totalDeployments": 0, "successfulDeployments": 0, "failedDeployments": 0},
            "resourceDiscoveryMode": properties.get("resourceDiscoveryMode") or MODES[0],
            "correlationId": write.old("properties.correlationId") or write.guid(),
        }

    def written(self, write: Write) -> None:
        """The work waits for whoever asks next."""
        if write.hidden.get("work") or write.hidden.get("again"):
            operations.start(write.call, self, write.key, Announce(), worker=WORKER, data={"remediation": write.id})

    def deleting(self, write: Write) -> None:
        """Only what is over can go."""
        if write.get("properties.provisioningState") in ("Accepted", "Evaluating", "Running", "Cancelling"):
            write.refuse("InvalidDeleteRemediationRequest", "A remediation that is not finished cannot be deleted.")

    @action("cancel")
    def cancel(self, call: Call, body: Body) -> Body:
        """Stops what has not been done."""
        if body["properties"]["provisioningState"] not in ("Accepted", "Evaluating", "Running"):
            raise Refused(
                400, "InvalidCancelRemediationRequest", "The remediation is finished and cannot be cancelled."
            )
        row = call.store.get(call.key)
        return body if row is None else _stopped(call, row)

    @action("listDeployments")
    def list_deployments(self, call: Call, body: Body) -> Body:
        """What was done for which resource."""
        row = call.store.get(str(body["id"]).lower())
        return {"value": row.hidden.get("deployments") or [] if row is not None else []}


def _stopped(call: Call, row: Resource) -> Body:
    body = row.copy()
    body["properties"].update(provisioningState="Canceled", lastUpdatedOn=stamp(call.now))
    row.body, row.hidden_text = body, dumps({"deployments": row.hidden.get("deployments") or []})
    call.store.update(row)
    shown: Body = {**body, "properties": {**body["properties"], "provisioningState": "Cancelling"}}
    return shown


def _scope(write: Write) -> str:
    return write.id[: write.key.rindex("/providers/microsoft.policyinsights/")] or "/"


def _wanting(store: Store, scope: str, assignment: str, reference: str) -> list[tuple[Target, Effect]]:
    """What deployIfNotExists and modify of an assignment would put right at a scope and below."""
    return [
        (target, state.effect)
        for target, state in compliance.states(store, scope)
        if state.compliance == "NonCompliant"
        and state.effect.effect in ("deployifnotexists", "modify")
        and state.effect.assignment.id.lower() == assignment.lower()
        and (not reference or state.effect.member.reference_id.lower() == reference.lower())
    ]


def put_right(call: Call, target: Target, effect: Effect) -> Body:
    """Deploy, or modify, as the assignment's identity; {"status", "deploymentId"?, "error"?}."""
    row = call.store.get(effect.assignment.id.lower())
    identity: Body = (row.body.get("identity") if row is not None else None) or {}
    others = (identity.get("userAssignedIdentities") or {}).values()
    ids = [identity.get("principalId"), *((one or {}).get("principalId") for one in others)]
    principal_id = next((str(id) for id in ids if id), "")
    if not principal_id:
        return {"status": "Failed", "error": {"code": "MissingIdentity", "message": "The assignment has no identity."}}
    principal = Principal(principal_id, TENANT_ID, name=effect.assignment.name)
    if effect.effect == "modify":
        return _modify(call, principal, target, effect)
    return _deploy(call, principal, target, effect)


def _modify(call: Call, principal: Principal, target: Target, effect: Effect) -> Body:
    kind = registry.find(target.type.lower().replace("/subscriptions/resourcegroups", "/resourcegroups"))
    if kind is None:
        return {"status": "Failed", "error": {"code": "NotModelledBySimulator", "message": target.type}}
    body, version = changed(effect, target), api_versions.supported(kind)[0]
    tags_only = {name: value for name, value in body.items() if target.body.get(name) != value}.keys() <= {"tags"}
    method, sent = ("PATCH", {"tags": body.get("tags") or {}}) if tags_only else ("PUT", body)
    return _outcome(call.manager.perform(principal, method, target.id, version, sent, base=call.base))


def _deploy(call: Call, principal: Principal, target: Target, effect: Effect) -> Body:
    wanted = deployment(effect, target, policy_gate.evaluate)
    if wanted is None:
        return {"status": "Failed", "error": {"code": "InvalidPolicyRule", "message": "There is nothing to deploy."}}
    details = effect.details or {}
    segments = target.id.split("/")
    scope = "/".join(segments[:5])
    if str(details.get("deploymentScope", "")).lower() == "subscription":
        scope = "/".join(segments[:3])
    elif details.get("resourceGroupName"):
        scope = "/".join([*segments[:3], "resourceGroups", str(details["resourceGroupName"])])
    mark = hashlib.sha256(f"{effect.assignment.id}{target.id}".lower().encode()).hexdigest()[:20]
    id = f"{scope}/providers/Microsoft.Resources/deployments/PolicyDeployment_{int(mark, 16) % 10**20}"
    answer = call.manager.perform(principal, "PUT", id, DEPLOYMENTS, wanted, base=call.base)
    return {"deploymentId": id, **_outcome(answer)}


def _outcome(answer: Answer) -> Body:
    if answer.status < 400:
        return {"status": "Succeeded"}
    return {"status": "Failed", "error": (answer.json() or {}).get("error")}


def work(call: Call, operation: operations.Operation) -> str:
    """The worker: a remediation's resources, or the one resource that was written under deployIfNotExists."""
    if "remediation" in operation.data:
        return _remediate(call, str(operation.data["remediation"]))
    rules = policy_gate.policies(call.store)
    for target, state in compliance.states(call.store, operation.key, rules):
        wanted = state.compliance == "NonCompliant" and state.effect.effect == "deployifnotexists"
        if wanted and target.id.lower() == operation.key:
            put_right(call, target, state.effect)
    return "Succeeded"


def _remediate(call: Call, id: str) -> str:
    row = call.store.get(id.lower())
    hidden = row.hidden if row is not None else {}
    if row is None or not (hidden.get("work") or hidden.get("again")):
        return "Succeeded"
    properties = row.body["properties"]
    reference = str(properties.get("policyDefinitionReferenceId") or "")
    listed, done = set(hidden["work"]), list[Body]()
    scope = id[: row.key.rindex("/providers/microsoft.policyinsights/")] or "/"
    for target, effect in _wanting(call.store, scope, properties["policyAssignmentId"], reference):
        if target.id.lower() not in listed and not hidden.get("again"):
            continue
        try:
            outcome = put_right(call, target, effect)
        except PolicyError as problem:
            outcome = {"status": "Failed", "error": {"code": "InvalidPolicyRule", "message": str(problem)}}
        times = {"createdOn": stamp(call.now), "lastUpdatedOn": stamp(call.now)}
        location = str(target.body.get("location") or "")
        done.append({"remediatedResourceId": target.id, **outcome, "resourceLocation": location, **times})
    good = sum(item["status"] == "Succeeded" for item in done)
    body = row.copy()
    body["properties"].update(
        provisioningState="Succeeded" if good == len(done) else "Failed",
        lastUpdatedOn=stamp(call.now),
        deploymentStatus={
            "totalDeployments": len(done), "successfulDeployments": good, "failedDeployments": len(done) - good,
        },
    )  # fmt: skip
    row.body, row.hidden_text = body, dumps({"deployments": done})
    call.store.update(row)
    return "Succeeded"


operations.WORKERS[WORKER] = work
