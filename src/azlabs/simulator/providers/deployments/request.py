"""What a deployment request says: its body, leniently read, its scope, and the plan that follows from it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azlabs.arm.errors import TemplateError
from azlabs.arm.ids import key
from azlabs.arm.scopes import Scope
from azlabs.arm.template import Plan, prepare
from azlabs.simulator.http import dumps
from azlabs.simulator.identity import TENANT_ID
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Body, Call

MODES = {"incremental": "Incremental", "complete": "Complete"}
_UNREADABLE = "The request content was invalid and could not be deserialized: '{0}'."


def read_body(call: Call) -> Body:
    """The request's body. The Azure CLI sends templates as they are in the file, comments and all."""
    if call.raw is not None:
        from azlabs.arm.lenient import LenientError, loads

        try:
            value = loads(call.raw.decode("utf-8-sig"))
        except (LenientError, UnicodeDecodeError, RecursionError) as problem:
            raise Refused(400, "InvalidRequestContent", _UNREADABLE.format(problem)) from None
        if not isinstance(value, dict):
            raise Refused(400, "InvalidRequestContent", _UNREADABLE.format("The content is not a JSON object."))
        call.set_json(value)
    body = call.json()
    if not isinstance(body.get("properties"), dict):
        raise Refused(
            400, "InvalidRequestContent", "The request content is not valid and could not be deserialized: the required"
            " property 'properties' is missing.",
        )  # fmt: skip
    return body


def scope_of(call: Call, scope_id: str, name: str, body: Mapping[str, Any]) -> Scope:
    """The scope of a deployment at `scope_id` ("" or "/" for the tenant), with what the store knows of it."""
    properties = body.get("properties") or {}
    base = Scope(
        tenant_id=TENANT_ID,
        deployment_name=name,
        location=normal_location(body.get("location")),
        tenant={"displayName": "azlabs", "countryCode": "US"},
        deployment={
            "template": properties.get("template"), "parameters": properties.get("parameters") or {},
            "mode": MODES.get(str(properties.get("mode", "")).lower(), "Incremental"), "provisioningState": "Accepted",
        },
        deployer={"objectId": call.principal.object_id, "tenantId": call.principal.tenant_id},
    )  # fmt: skip
    scope = base.at(scope_id or "/")
    found = call.find(scope.id) if scope.subscription_id else None
    subscription = call.find(f"/subscriptions/{scope.subscription_id}") if scope.subscription_id else None
    from dataclasses import replace

    return replace(scope, group=found or {} if scope.kind == "resourceGroup" else {}, subscription=subscription or {})


def normal_location(value: Any) -> str:
    """The name of a region from any spelling, "" for none."""
    from azlabs.simulator.resource_manager.locations import normalized

    return normalized(value) if isinstance(value, str) else ""


def template_of(call: Call, properties: Mapping[str, Any]) -> Body:
    """The template that a request holds or links to."""
    template, link = properties.get("template"), properties.get("templateLink")
    if template is not None and link is not None:
        raise Refused(
            400, "InvalidDeployment", "The request must not specify both 'template' and 'templateLink'."
        )  # fmt: skip
    if isinstance(link, dict):
        return _linked(call, link, "template")
    if not isinstance(template, dict):
        raise Refused(
            400, "InvalidRequestContent", "The request content was invalid: a deployment needs a 'template' or a"
            " 'templateLink'.",
        )  # fmt: skip
    return template


def _linked(call: Call, link: Mapping[str, Any], what: str) -> Body:
    """A template spec by id; a URL cannot be reached from here, and Azure says of those what is said here."""
    found = link.get("id")
    if isinstance(found, str) and what == "template":
        version = call.find(found)
        if version is None:
            raise Refused(
                404, "TemplateSpecVersionNotFound", f"The template spec version '{found}' could not be found."
            )  # fmt: skip
        properties = version.get("properties") or {}
        main = properties.get("mainTemplate")
        if isinstance(main, dict):
            linked = {
                _path(str(item.get("path"))): item.get("template") for item in properties.get("linkedTemplates") or []
            }
            whole: Body = _with_linked(main, linked)
            return whole
    raise Refused(
        400, "InvalidContentLink",
        f"Unable to download deployment content from '{str(link.get('uri'))[:300]}'. The tracking Id is '{correlation(call)}'. "
        "Please see https://aka.ms/arm-deploy for usage details.",
    )  # fmt: skip


def _path(text: str) -> str:
    return text.replace("\\", "/").removeprefix("./").lower()


def _with_linked(template: Any, linked: Mapping[str, Any], depth: int = 0) -> Any:
    """A template whose links to other templates of its spec are replaced by those templates."""
    if isinstance(template, list):
        return [_with_linked(item, linked, depth) for item in template]
    if not isinstance(template, dict):
        return template
    properties = template.get("properties")
    link = properties.get("templateLink") if isinstance(properties, dict) else None
    if str(template.get("type", "")).lower() == "microsoft.resources/deployments" and isinstance(link, dict):
        inner = linked.get(_path(str(link.get("relativePath"))))
        if isinstance(inner, dict) and isinstance(properties, dict) and depth < 10:
            rest = {name: item for name, item in properties.items() if name != "templateLink"}
            options = {"expressionEvaluationOptions": {"scope": "inner"}}
            return {**template, "properties": {**rest, **options, "template": _with_linked(inner, linked, depth + 1)}}
    return {name: _with_linked(item, linked, depth) for name, item in template.items()}


def parameters_of(call: Call, properties: Mapping[str, Any]) -> Body:
    """The parameters of a request, {name: {"value" or "reference"}}."""
    given = properties.get("parameters")
    if given is None and isinstance(properties.get("parametersLink"), dict):
        return _linked(call, properties["parametersLink"], "parameters")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Refused(400, "InvalidRequestContent", "The request content was invalid: 'parameters' is not an object.")
    # A whole parameters file is taken as well.
    inner = given.get("parameters")
    return inner if "$schema" in given and isinstance(inner, dict) else given


def mode_of(properties: Mapping[str, Any], scope: Scope, *, required: bool = True) -> str:
    """ "Incremental" or "Complete"; complete only for a resource group."""
    given = properties.get("mode")
    mode = MODES.get(str(given).lower())
    if given is None and not required:
        mode = "Incremental"
    if mode is None:
        raise Refused(
            400, "InvalidRequestContent", "The request content was invalid and could not be deserialized: the required "
            "property 'mode' is missing or is neither 'Incremental' nor 'Complete'.",
        )  # fmt: skip
    if mode == "Complete" and scope.kind != "resourceGroup":
        raise Refused(
            400, "InvalidDeploymentMode", f"The deployment mode 'Complete' is not supported at the scope '{scope.id}'."
            " Please use 'Incremental'.",
        )  # fmt: skip
    return mode


def check_location(scope: Scope, body: Mapping[str, Any]) -> None:
    """Deployments to a resource group have no location, all others need one."""
    usage = "Please see https://aka.ms/deploy-to-subscription for usage details."
    given = body.get("location")
    if scope.kind == "resourceGroup" and given:
        raise Refused(
            400, "InvalidDeployment", f"The 'location' property is not allowed for '{scope.deployment_name}'. {usage}"
        )
    if scope.kind != "resourceGroup" and not given:
        raise Refused(
            400,
            "InvalidDeployment",
            f"The 'location' property must be specified for '{scope.deployment_name}'. {usage}",
        )
    if given:
        from azlabs.simulator.resource_manager.locations import regions

        if normal_location(given) not in regions():
            raise Refused(
                400, "LocationNotAvailableForDeployment", f"The provided location '{given}' is not available for deployment."
                f" List of available regions is '{','.join(sorted(regions()))}'.",
            )  # fmt: skip


def plan_of(call: Call, template: Body, parameters: Body, scope: Scope) -> Plan:
    """The plan, or a refusal in Azure's words."""
    from azlabs.simulator.providers.deployments.secrets import read

    try:
        return prepare(template, parameters, scope, secret=lambda reference: read(call, reference))
    except TemplateError as problem:
        raise refusal(call, problem) from None


def refusal(call: Call, problem: TemplateError, status: int = 400) -> Refused:
    """A template error as an answer; the place is found again in the text that was sent."""
    error = problem.to_json()
    extra = {"additionalInfo": error["additionalInfo"]} if "additionalInfo" in error else {}
    message = problem.message
    if extra and problem.path and call.raw is not None:
        from azlabs.arm.lenient import locate

        place = locate(call.raw.decode("utf-8-sig", "replace"), f"properties.template.{problem.path}")
        if place is not None:
            line, column = place
            message = message.replace("at line '1' and column '1'", f"at line '{line}' and column '{column}'")
            extra["additionalInfo"][0]["info"].update(lineNumber=line, linePosition=column)
    return Refused(
        status, problem.code, message, target=problem.target or None, details=problem.details or None, extra=extra
    )


def correlation(call: Call) -> str:
    """The correlation id of a request, a new one when it names none."""
    if not call.correlation:
        call.correlation = call.headers.get("x-ms-correlation-request-id") or str(uuid.uuid4())
    return call.correlation


def template_hash(template: Any) -> str:
    """A decimal hash of a template that does not depend on the order of members."""
    from azlabs.arm.functions.hashes import hash64

    return str(hash64(dumps(_ordered(template)).encode("utf-8", "surrogatepass")))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def group_exists(call: Call, scope: Scope) -> bool:
    """Does the resource group of a scope exist? True for other scopes."""
    return scope.kind != "resourceGroup" or call.store.exists(key(scope.id))
