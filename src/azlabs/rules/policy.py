"""How Azure Policy decides about a write: definitions, initiatives, parameters, exemptions and effects.

Source: Microsoft's documentation "Azure Policy definition structure" and "Understand Azure Policy effects". Pure: the
caller brings the assignments that it read and a function that evaluates template expressions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azlabs.rules.access import ancestors, scope_key
from azlabs.rules.policy_conditions import Conditions, PolicyError, field_values
from azlabs.rules.policy_fields import apply_operation

Json = dict[str, Any]
Evaluate = Callable[[str, Mapping[str, Callable[..., Any]], Mapping[str, Any]], Any]

# The order in which effects are looked at before a write; those "ifNotExists" come after it succeeded.
BEFORE = ("append", "modify", "addtonetworkgroup", "deny", "audit")
AFTER = ("auditifnotexists", "deployifnotexists")


@dataclass(frozen=True, slots=True)
class Definition:
    """One policy definition: `rule` is {"if": ..., "then": ...}, `parameters` its declarations."""

    id: str
    name: str
    rule: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "All"
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A definition inside an initiative, with the values that the initiative gives it."""

    definition: Definition
    reference_id: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment of one definition (one member without reference) or of an initiative.

    `parameters` are the assigned values {name: value}; `initiative_parameters` the initiative's declarations.
    """

    id: str
    name: str
    scope: str
    members: tuple[Member, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    initiative_id: str = ""
    initiative_parameters: Mapping[str, Any] | None = None
    not_scopes: tuple[str, ...] = ()
    enforced: bool = True
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Exemption:
    """Takes a scope out of an assignment, whole (no references) or some members of its initiative."""

    scope: str
    assignment_id: str
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """The resource that is written or judged, in its REST shape, with what policy functions can see around it."""

    id: str
    type: str
    body: Mapping[str, Any]
    resource_group: Mapping[str, Any] | None = None
    subscription: Mapping[str, Any] | None = None
    api_version: str = ""

    def with_body(self, body: Mapping[str, Any]) -> Target:
        return Target(self.id, self.type, body, self.resource_group, self.subscription, self.api_version)


@dataclass(frozen=True, slots=True)
class Effect:
    """A member whose condition holds, with its effect in lower case and the evaluated details of the effect."""

    effect: str
    assignment: Assignment
    member: Member
    details: Any = None


@dataclass(frozen=True, slots=True)
class State:
    """What one member of an assignment says about one resource: Compliant, NonCompliant, Exempt or Unknown (manual)."""

    compliance: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Outcome:
    """`body` is the request after append and modify. Denials stop the write unless empty; audits only report."""

    body: Json
    denials: tuple[Effect, ...] = ()
    audits: tuple[Effect, ...] = ()
    after: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Policies:
    """The assignments and exemptions that count in one place, and how to evaluate expressions."""

    assignments: Sequence[Assignment]
    evaluate: Evaluate
    exemptions: Sequence[Exemption] = ()
    management_groups: Mapping[str, str] = field(default_factory=dict)

    def write(self, target: Target) -> Outcome:
        """What happens to this write. Raises PolicyError for a definition that cannot be evaluated."""
        changing, denying, reporting, later = [], [], [], []
        for effect in self.effects(target):
            if effect.effect in ("append", "modify") and effect.assignment.enforced:
                changing.append(effect)
        body: Json = copy.deepcopy(dict(target.body)) if changing else dict(target.body)
        conflicts = [effect for effect in changing if not _change(effect, body, target.type)]
        for effect in self.effects(target.with_body(body)):
            if effect.effect == "deny" and effect.assignment.enforced:
                denying.append(effect)
            elif effect.effect in ("audit", "deny"):
                reporting.append(effect)
            elif effect.effect in AFTER:
                later.append(effect)
        return Outcome(body, (*conflicts, *denying), tuple(reporting), tuple(later))

    def delete(self, target: Target) -> tuple[Effect, ...]:
        """The denyAction effects that refuse the delete of this resource."""
        return tuple(
            effect
            for effect in self.effects(target)
            if effect.effect == "denyaction"
            and effect.assignment.enforced
            and "delete" in [str(name).lower() for name in (effect.details or {}).get("actionNames", ())]
        )

    def effects(self, target: Target) -> Iterator[Effect]:
        """Every member that applies to the target and whose condition holds, disabled ones left out."""
        for assignment, member in self.applying(target):
            parameters = parameter_values(member, assignment, self.evaluate)
            conditions = Conditions(target, parameters, self.evaluate)
            then = member.definition.rule.get("then") or {}
            effect = str(conditions.value(then.get("effect", ""))).lower()
            if effect == "disabled" or not effect:
                continue
            if conditions.holds(member.definition.rule.get("if")):
                details = then.get("details")
                yield Effect(effect, assignment, member, conditions.resolve(details) if details else None)

    def states(self, target: Target, related: Callable[[Effect], Iterable[Target]]) -> Iterator[State]:
        """The compliance of a resource, for each member that it is applicable to.

        `related` brings what an "ifNotExists" effect looks for. Source: Microsoft's documentation "What is applicability
        in Azure Policy": "ifNotExists" applies where the whole rule holds, other effects where conditions on type, name
        and kind do not exclude the resource.
        """
        for assignment, member, exempt in self.considered(target):
            parameters = parameter_values(member, assignment, self.evaluate)
            conditions = Conditions(target, parameters, self.evaluate)
            then = member.definition.rule.get("then") or {}
            name = str(conditions.value(then.get("effect", ""))).lower()
            rule = member.definition.rule.get("if")
            if not name or name in ("disabled", "denyaction") or applicable(rule, conditions) is False:
                continue
            holds, details = conditions.holds(rule), then.get("details")
            if name in AFTER and not holds:
                continue
            effect = Effect(name, assignment, member, conditions.resolve(details) if details and holds else None)
            if exempt:
                yield State("Exempt", effect)
            elif name == "manual":
                yield State("Unknown", effect)
            else:
                wrong = holds and (name not in AFTER or self.missing(effect, target, related(effect)))
                yield State("NonCompliant" if wrong else "Compliant", effect)

    def applying(self, target: Target) -> Iterator[tuple[Assignment, Member]]:
        """The members that look at this target at all: scope, notScopes, exemptions and mode."""
        return ((assignment, member) for assignment, member, exempt in self.considered(target) if not exempt)

    def considered(self, target: Target) -> Iterator[tuple[Assignment, Member, bool]]:
        """The members whose scope and mode cover the target, and whether an exemption spares it."""
        scopes = set(ancestors(target.id, self.management_groups))
        for assignment in self.assignments:
            if scope_key(assignment.scope) not in scopes:
                continue
            if any(scope_key(left_out) in scopes for left_out in assignment.not_scopes):
                continue
            exempt = [
                exemption
                for exemption in self.exemptions
                if exemption.assignment_id.lower() == assignment.id.lower() and scope_key(exemption.scope) in scopes
            ]
            for member in assignment.members:
                if member.definition.mode.lower() == "indexed" and not _indexed(target):
                    continue
                spared = any(not e.references or _listed(member.reference_id, e.references) for e in exempt)
                yield assignment, member, spared

    def missing(self, effect: Effect, target: Target, related: Iterable[Target]) -> bool:
        """For the "ifNotExists" effects: is there no related resource that fulfils the existence condition?"""
        details = effect.details or {}
        wanted = str(details.get("type", target.type)).lower()
        name = str(details.get("name", "")).lower()
        parameters = parameter_values(effect.member, effect.assignment, self.evaluate)
        for other in related:
            if other.type.lower() != wanted:
                continue
            if name and other.id.lower().rsplit("/", 1)[-1] != name.rsplit("/", 1)[-1]:
                continue
            condition = (effect.member.definition.rule["then"].get("details") or {}).get("existenceCondition")
            if condition is None or Conditions(other, parameters, self.evaluate).holds(condition):
                return False
        return True


def applicable(rule: Any, conditions: Conditions) -> bool | None:
    """Do conditions on type, name and kind alone decide? False: the resource is none of the rule's business."""
    if not isinstance(rule, Mapping):
        return None
    members = {key.lower(): value for key, value in rule.items()}
    if "allof" in members:
        parts = [applicable(part, conditions) for part in members["allof"]]
        return False if False in parts else None if None in parts else True
    if "anyof" in members:
        parts = [applicable(part, conditions) for part in members["anyof"]]
        return True if True in parts else None if None in parts else False
    if "field" in members and str(conditions.value(members["field"])).lower() in ("type", "name", "kind"):
        return conditions.holds(rule)
    return None


def deployment(effect: Effect, target: Target, evaluate: Evaluate) -> Json | None:
    """What deployIfNotExists deploys, {"properties": {"mode", "template", "parameters"}, "location"?}, for this target."""
    details = (effect.member.definition.rule.get("then") or {}).get("details") or {}
    wanted = details.get("deployment")
    if not isinstance(wanted, Mapping):
        return None
    conditions = Conditions(target, parameter_values(effect.member, effect.assignment, evaluate), evaluate)
    properties = dict(wanted.get("properties") or {})
    properties["parameters"] = conditions.resolve(properties.get("parameters") or {})
    found: Json = {"properties": {"mode": "Incremental", **properties}}
    if wanted.get("location"):
        found["location"] = conditions.value(wanted["location"])
    return found


def changed(effect: Effect, target: Target) -> Json:
    """The body of a resource after the operations of a modify effect."""
    body: Json = copy.deepcopy(dict(target.body))
    _change(effect, body, target.type)
    return body


def parameter_values(member: Member, assignment: Assignment, evaluate: Evaluate) -> dict[str, Any]:
    """The values that a definition sees: assigned, through the initiative where there is one, else defaults."""
    given: dict[str, Any] = {name.lower(): value for name, value in assignment.parameters.items()}
    if assignment.initiative_parameters is not None:
        outer = _with_defaults(assignment.initiative_parameters, given)
        reader = {"parameters": lambda name: _lookup(outer, name)}
        given = {name.lower(): _evaluated(value, reader, evaluate) for name, value in member.parameters.items()}
    return _with_defaults(member.definition.parameters, given)


def _with_defaults(declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(given)
    for name, declaration in declared.items():
        if name.lower() not in values and isinstance(declaration, Mapping) and "defaultValue" in declaration:
            values[name.lower()] = declaration["defaultValue"]
    return values


def _evaluated(value: Any, functions: Mapping[str, Callable[..., Any]], evaluate: Evaluate) -> Any:
    if isinstance(value, str) and value.startswith("[") and not value.startswith("[["):
        return evaluate(value, functions, {})
    return value


def _lookup(values: Mapping[str, Any], name: str) -> Any:
    if name.lower() not in values:
        raise PolicyError(f"The policy parameter '{name}' has no value.")
    return values[name.lower()]


def _listed(reference: str, references: Sequence[str]) -> bool:
    return reference.lower() in [listed.lower() for listed in references]


def _indexed(target: Target) -> bool:
    """Mode Indexed looks only at what has a location or tags; resource groups are not looked at."""
    if target.type.lower().endswith("/resourcegroups"):
        return False
    return "location" in target.body or "tags" in target.body


def _change(effect: Effect, body: Json, resource_type: str) -> bool:
    """Applies append or modify to the body; False where append would overwrite, which Azure refuses as a denial."""
    details = effect.details or {}
    if effect.effect == "append":
        rows = details if isinstance(details, list) else [details]
        clashes = sum(not _append(row, body, resource_type) for row in rows)
        return clashes == 0
    for operation in details.get("operations", ()):
        if operation.get("condition") is False:
            continue
        apply_operation(operation["operation"], operation["field"], operation.get("value"), body, resource_type)
    return True


def _append(row: Mapping[str, Any], body: Json, resource_type: str) -> bool:
    name, value = row["field"], row.get("value")
    if name.endswith("[*]"):
        apply_operation("addToArray", name, value, body, resource_type)
        return True
    present = field_values(name, body, resource_type)
    if present and present[0] is not None:
        return bool(present[0] == value)
    apply_operation("add", name, value, body, resource_type)
    return True


def denial(target_name: str, effects: Sequence[Effect]) -> Json:
    """Azure's error object for the code RequestDisallowedByPolicy."""
    identifiers, details = [], []
    for effect in effects:
        assignment, definition = effect.assignment, effect.member.definition
        shown: Json = {"policyAssignment": {"name": assignment.display_name or assignment.name, "id": assignment.id}}
        shown["policyDefinition"] = {"name": definition.display_name or definition.name, "id": definition.id}
        info: Json = {
            "policyDefinitionId": definition.id,
            "policyDefinitionName": definition.name,
            "policyDefinitionDisplayName": definition.display_name or definition.name,
            "policyDefinitionEffect": effect.effect,
            "policyAssignmentId": assignment.id,
            "policyAssignmentName": assignment.name,
            "policyAssignmentDisplayName": assignment.display_name or assignment.name,
            "policyAssignmentScope": assignment.scope,
            "policyAssignmentParameters": {name: {"value": value} for name, value in assignment.parameters.items()},
        }
        if assignment.initiative_id:
            shown["policySetDefinition"] = {"id": assignment.initiative_id}
            info["policySetDefinitionId"] = assignment.initiative_id
            info["policyDefinitionReferenceId"] = effect.member.reference_id
        identifiers.append(shown)
        details.append({"type": "PolicyViolation", "info": info})
    return {
        "code": "RequestDisallowedByPolicy",
        "target": target_name,
        "message": f"Resource '{target_name}' was disallowed by policy. Policy identifiers: '{_compact(identifiers)}'.",
        "additionalInfo": details,
    }


def _compact(value: Any) -> str:
    import json

    return json.dumps(value, separators=(",", ":"))
