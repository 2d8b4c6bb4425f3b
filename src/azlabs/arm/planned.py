"""One resource of a template, planned: where it goes, when, and with what body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from azlabs.arm.errors import ExpressionError, TemplateError, validation_failed
from azlabs.arm.evaluator import Context, Deferred, Runtime, evaluate_json, fold_json
from azlabs.arm.ids import ResourceId
from azlabs.arm.inputs import not_expected
from azlabs.arm.syntax import Access, Call, Node, is_expression, parse

DEPLOYMENTS = "microsoft.resources/deployments"

# What the engine reads itself; everything else of a resource is its body.
ENGINE_MEMBERS = frozenset(
    ("type", "apiversion", "name", "condition", "copy", "dependson", "existing", "scope", "resources", "comments",
     "metadata", "@options", "asserts", "import", "extension")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loop:
    """The copy loop that a resource came from: `mode` "parallel" or "serial", `index` from 0."""

    name: str
    index: int
    mode: str = "parallel"
    batch_size: int = 1


@dataclass(eq=False)
class PlannedResource:
    """A resource as the plan of a deployment has it.

    `key` identifies it in the plan and is what `depends_on` of others holds; `symbol` its symbolic name, if any;
    `scope` the id of what it sits on; `source` the resource as the template spells it, `folded` its body with
    everything evaluated that does not need the running deployment.
    """

    key: str
    id: str
    type: str
    api_version: str
    name: str
    scope: str
    condition: bool
    existing: bool
    source: Mapping[str, Any]
    context: Context
    symbol: str | None = None
    loop: Loop | None = None
    path: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    depends_on: set[str] = field(default_factory=set)
    folded: dict[str, Any] = field(default_factory=dict)

    @property
    def is_deployment(self) -> bool:
        """Is it a nested or linked deployment?"""
        return self.type.lower() == DEPLOYMENTS

    @property
    def location(self) -> str | None:
        """The location when it is known before the deployment runs."""
        location = self.folded.get("location")
        return location if isinstance(location, str) and not is_expression(location) else None

    @property
    def short_id(self) -> str:
        """Type and names as Azure's messages print them: "Microsoft.Network/virtualNetworks/vnet"."""
        try:
            parsed = ResourceId.parse(self.id)
        except ValueError:
            return self.id
        return f"{parsed.type}/{parsed.full_name}"

    def fold(self) -> None:
        """Evaluates what can be evaluated of the body; raises TemplateError in Azure's words."""
        try:
            raw = {name: item for name, item in self.source.items() if self._is_body(name)}
            if self.is_deployment:
                self.folded = self._fold_deployment(raw)
            else:
                self.folded = self._object(fold_json(raw, self.context))
            self.context.budget.measure(self.folded)
        except (ExpressionError, Deferred) as found:
            # The count of a loop and the name of a member have to be known now.
            problem = not_expected(str(found)) if isinstance(found, Deferred) else found
            name = self.source.get("name")
            raise validation_failed(
                f"The template resource '{name}' at line '1' and column '1' is not valid: {problem.message}. "
                "Please see https://aka.ms/arm-functions for usage details.",
                path=self.path,
            ) from found

    def _is_body(self, name: str) -> bool:
        lowered = name.lower()
        if self.is_deployment and lowered in ("subscriptionid", "resourcegroup"):
            return False
        return lowered not in ENGINE_MEMBERS

    def _object(self, value: Any) -> dict[str, Any]:
        return value if isinstance(value, dict) else {}

    def _fold_deployment(self, raw: dict[str, Any]) -> dict[str, Any]:
        """Inner templates stay as they are; outer ones get what this template's parameters and variables give."""
        properties = raw.get("properties")
        if not isinstance(properties, dict):
            return self._object(fold_json(raw, self.context))
        template = properties.get("template")
        rest = {name: item for name, item in properties.items() if name != "template"}
        folded = self._object(fold_json({**raw, "properties": rest}, self.context))
        if template is not None:
            if self.evaluates_inside:
                folded["properties"]["template"] = template
            else:
                outer = replace(self.context, defer_copies=True)
                folded["properties"]["template"] = fold_json(template, outer)
        return folded

    @property
    def evaluates_inside(self) -> bool:
        """Does a nested template see its own parameters (scope "inner"), or those of this template ("outer")?"""
        properties = self.source.get("properties")
        options = properties.get("expressionEvaluationOptions") if isinstance(properties, dict) else None
        return isinstance(options, dict) and str(options.get("scope", "")).lower() == "inner"

    def body(self, runtime: Runtime) -> dict[str, Any]:
        """The body of the request, run-time functions answered by `runtime`; raises TemplateError.

        A nested template comes as text of a template again, ready for its own `prepare`.
        """
        context = replace(self.context, runtime=runtime)
        try:
            if not self.is_deployment or not isinstance(self.folded.get("properties"), dict):
                return self._object(context.budget.measure(evaluate_json(self.folded, context)))
            properties = dict(self.folded["properties"])
            template = properties.pop("template", None)
            body = self._object(evaluate_json({**self.folded, "properties": properties}, context))
            if template is not None:
                if not self.evaluates_inside:
                    template = fold_json(template, replace(context, defer_copies=True))
                body["properties"]["template"] = template
            return body
        except ExpressionError as problem:
            raise self.failure(problem) from problem
        except Deferred as deferred:
            raise self.failure(
                ExpressionError(f"The template function '{deferred}' is not expected at this location.")
            ) from None

    def failure(self, problem: ExpressionError) -> TemplateError:
        """An error of an expression of this resource, in the frame that Azure puts around it."""
        if problem.code != "InvalidTemplate":
            return TemplateError(problem.message, code=problem.code, target=self.id)
        return TemplateError(
            f"Unable to process template language expressions for resource '{self.id}' at line '1' and column '1'."
            f" '{problem.message}'",
            path=self.path,
        )

    def predicted(self) -> dict[str, Any]:
        """What will be made, as far as it is known before the deployment runs."""
        head = {"id": self.id, "type": self.type, "name": self.name, "apiVersion": self.api_version}
        return {**head, **self.folded}


def has_expression(value: Any) -> bool:
    """Does a folded value hold anything that only the running deployment knows?"""
    if isinstance(value, dict):
        return any(is_expression(name) or has_expression(item) for name, item in value.items())
    if isinstance(value, list):
        return any(map(has_expression, value))
    return isinstance(value, str) and is_expression(value)


def runtime_targets(value: Any) -> list[tuple[Call, Node]]:
    """The calls of run-time functions left in a folded value, each with its first argument."""
    found: list[tuple[Call, Node]] = []
    waiting: list[Any] = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
            waiting.extend(name for name in item if is_expression(name))
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str) and is_expression(item):
            nodes: list[Node] = [parse(item)]
            while nodes:
                node = nodes.pop()
                if isinstance(node, Access):
                    nodes += (node.base, node.index)
                elif isinstance(node, Call):
                    nodes += node.arguments
                    if node.arguments and (node.key in ("reference", "references") or node.key.startswith("list")):
                        found.append((node, node.arguments[0]))
    return found
