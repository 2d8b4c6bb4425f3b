"""The template engine: a template, its parameters and a scope become a plan of resources and outputs.

`prepare` does everything that Azure does before it makes anything: it checks the template and its parameters,
expands loops, evaluates names, conditions and what else does not need a running deployment, and finds the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from azlabs.arm.dependencies import link, order
from azlabs.arm.errors import ExpressionError, TemplateError, validation_failed
from azlabs.arm.evaluator import (
    Context,
    Deferred,
    Runtime,
    UserFunction,
    copy_count,
    evaluate_json,
    expand,
    fold_json,
)
from azlabs.arm.expansion import Expansion
from azlabs.arm.inputs import Parameters, Secret, Variables
from azlabs.arm.limits import TEMPLATE_WORK
from azlabs.arm.planned import PlannedResource, has_expression
from azlabs.arm.schema import Types
from azlabs.arm.scopes import Scope
from azlabs.arm.structure import check_expressions, check_structure
from azlabs.arm.syntax import as_node, unparse
from azlabs.arm.values import Budget

__all__ = ["Plan", "PlannedResource", "Scope", "TemplateError", "prepare"]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a deployment will do.

    `resources` stand in the order of the template; `levels` holds them in groups that may be made side by side, each
    after all it depends on; `order` one after the other.
    """

    template: Mapping[str, Any]
    scope: Scope
    resources: list[PlannedResource]
    levels: list[list[PlannedResource]]
    order: list[PlannedResource]
    parameters: Parameters
    types: Types
    context: Context

    def by_key(self) -> dict[str, PlannedResource]:
        """The resources by what `depends_on` holds."""
        return {resource.key: resource for resource in self.resources}

    def shown_parameters(self) -> dict[str, dict[str, Any]]:
        """The parameters as a deployment answers them."""
        return self.parameters.shown()

    def outputs(self, runtime: Runtime) -> dict[str, dict[str, Any]]:
        """The outputs, {name: {"type", "value"}}, secure ones with their values.

        Raises TemplateError (DeploymentOutputEvaluationFailed) with a detail for each output that has no value.
        """
        context = replace(self.context, runtime=runtime)
        answer: dict[str, dict[str, Any]] = {}
        failures: list[TemplateError] = []
        for name, declared in (self.template.get("outputs") or {}).items():
            try:
                if not evaluate_json(declared.get("condition", True), context):
                    continue
                value = _output(declared, context)
                self.types.check(declared, value, name)
                answer[name] = {"type": self.types.shown_type(declared), "value": value}
            except Deferred as deferred:
                failures.append(_output_failure(name, f"The template function '{deferred}' is not expected here."))
            except ExpressionError as problem:
                failures.append(_output_failure(name, problem.message))
        if failures:
            listed = ",".join(failure.target for failure in failures)
            raise TemplateError(
                f"Unable to evaluate template outputs: '{listed}'. Please see error details and deployment operations. "
                "Please see https://aka.ms/arm-common-errors for usage details.",
                code="DeploymentOutputEvaluationFailed",
                details=[failure.to_json() for failure in failures],
            )
        return answer

    def predicted_outputs(self) -> dict[str, Any]:
        """Values of the outputs as far as they are known before the deployment runs; the rest as expressions."""
        answer: dict[str, Any] = {}
        for name, declared in (self.template.get("outputs") or {}).items():
            try:
                if isinstance(declared.get("copy"), Mapping):
                    loop = {"name": name, **declared["copy"]}
                    value: Any = expand(loop, self.context, fold_json)
                else:
                    value = fold_json(declared.get("value"), self.context)
                answer[name] = (
                    f"[{unparse(as_node(value))}]" if has_expression(value) else evaluate_json(value, self.context)
                )
            except (ExpressionError, Deferred) as problem:
                raise _output_failure(name, str(problem)) from problem
        return answer


def _output_failure(name: str, reason: str) -> TemplateError:
    message = f"The template output '{name}' is not valid: {reason}."
    return TemplateError(message, code="DeploymentOutputEvaluationFailed", target=name)


def _output(declared: Mapping[str, Any], context: Context) -> Any:
    loop = declared.get("copy")
    if isinstance(loop, Mapping):
        count = copy_count(loop.get("count"), context)
        value: Any = [evaluate_json(loop.get("input"), context.with_copy("", at)) for at in range(count)]
    else:
        value = evaluate_json(declared.get("value"), context)
    return context.budget.measure(value)


def prepare(
    template: Mapping[str, Any],
    parameters: Mapping[str, Any] | None,
    scope: Scope,
    *,
    secret: Secret | None = None,
) -> Plan:
    """Plans a deployment; raises TemplateError with Azure's code and words for all that Azure refuses at once.

    `parameters` as a deployment's body has them, {name: {"value": ...}} or {name: {"reference": ...}}; `secret`
    reads what such a reference names.
    """
    try:
        return _prepare(template, parameters or {}, scope, secret)
    except ExpressionError as problem:
        raise validation_failed(problem.message) from problem
    except RecursionError:
        raise validation_failed("The template is nested too deeply.") from None


def _prepare(template: Mapping[str, Any], given: Mapping[str, Any], scope: Scope, secret: Secret | None) -> Plan:
    check_structure(template, given)
    check_expressions(template, scope.kind)
    types = Types(template.get("definitions"))
    parameters = Parameters(template.get("parameters") or {}, given, types, secret)
    variables = Variables(template.get("variables") or {})
    context = Context(
        scope=scope,
        parameters=parameters,
        variables=variables,
        functions=_functions(template),
        budget=Budget(TEMPLATE_WORK),
        check=types.check,
    )
    parameters.context = context
    variables.context = context
    parameters.evaluate_all()
    expansion = Expansion(template, context)
    context = replace(context, names=expansion)
    resources = expansion.resources(context)
    for resource in resources:
        if resource.condition and not resource.existing:
            resource.fold()
    levels = link(resources, expansion)
    return Plan(template, scope, resources, levels, order(resources), parameters, types, context)


def _functions(template: Mapping[str, Any]) -> dict[str, UserFunction]:
    found: dict[str, UserFunction] = {}
    for space in template.get("functions") or []:
        if not isinstance(space, Mapping) or not isinstance(space.get("members", {}), Mapping):
            raise validation_failed("The template functions are not valid: each must be an object.", path="functions")
        namespace = str(space.get("namespace", ""))
        for name, member in space.get("members", {}).items():
            if not isinstance(member, Mapping) or not isinstance(member.get("output"), Mapping):
                raise validation_failed(
                    f"The template function '{namespace}.{name}' is not valid: it has no output.", path="functions"
                )
            parameters = tuple(item for item in _list(member.get("parameters")) if isinstance(item, Mapping))
            output = member["output"]
            found[f"{namespace}.{name}".lower()] = UserFunction(
                f"{namespace}.{name}", parameters, output, output.get("value")
            )
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def snapshot(plan: Plan) -> dict[str, Any]:
    """The predicted resources and outputs of a plan, values that are not known yet as expressions."""
    made = [resource.predicted() for resource in plan.resources if resource.condition and not resource.existing]
    return {"predictedResources": made, "diagnostics": [], "outputs": plan.predicted_outputs()}
