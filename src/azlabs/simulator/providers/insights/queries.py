"""Queries below management.azure.com: of a workspace, of a component, and of the logs of a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.resource_manager.resource_type import Endpoint
from azlabs.simulator.tokens import EVERY_AUDIENCE

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.log_analytics.answering import Asked, Asker
    from azlabs.simulator.data_planes.log_analytics.places import Place
    from azlabs.simulator.resource_manager.calls import Call

_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers"
_WORKSPACE = f"{_GROUP}/Microsoft.OperationalInsights/workspaces/{{name}}"
_COMPONENT = f"{_GROUP}/Microsoft.Insights/components/{{name}}"
_RESOURCE = f"{_GROUP}/{{namespace}}/{{type}}/{{name}}/providers/Microsoft.Insights/logs"
_VERSIONS = ("2025-07-01", "2023-09-01", "2022-10-01", "2020-08-01", "2017-10-01", "2017-04-26-preview", "2017-01-01-preview")
_COMPONENT_VERSIONS = ("2020-02-02", "2018-04-20", "2015-05-01")
_LOGS_VERSIONS = ("2018-08-01-preview", "2018-03-01-preview")


def _workspace(asker: Asker, call: Call, asked: Asked) -> Place:
    from azlabs.simulator.data_planes.log_analytics.answering import in_workspace

    return in_workspace(asker, call.path().rpartition("/")[0], asked)


def _component(asker: Asker, call: Call, asked: Asked) -> Place:
    from azlabs.simulator.data_planes.log_analytics.answering import in_component
    from azlabs.simulator.data_planes.telemetry.components import known

    return in_component(asker, known(asker.simulator).apps.get(call.path().rpartition("/")[0].lower()), asked)


def _resource(asker: Asker, call: Call, asked: Asked) -> Place:
    from azlabs.simulator.data_planes.log_analytics.answering import in_resource

    return in_resource(asker, call.path()[: -len("/providers/Microsoft.Insights/logs")], asked)


def _queries(find: Callable[[Asker, Call, Asked], Place]) -> Callable[[Call], Any]:
    def run(call: Call) -> Answer | dict[str, Any]:
        from azlabs.simulator.data_planes.log_analytics.answering import Asked, Asker, QueryRefused, answer

        manager: Any = call.manager
        everything = manager.tokens.audience(call.headers.get("authorization", "")) == EVERY_AUDIENCE
        asker = Asker(manager, call.principal, everything)
        try:
            given = call.json() if call.method == "POST" else dict(call.query)
            asked = Asked(given, call.headers, call.now)
            return answer(asker, find(asker, call, asked), asked)
        except QueryRefused as problem:
            return json_answer(problem.body(), problem.status)

    return run


ENDPOINTS = [
    Endpoint(method, path, _queries(find), versions)
    for path, find, versions in (
        (f"{_WORKSPACE}/query", _workspace, _VERSIONS),
        (f"{_COMPONENT}/query", _component, _COMPONENT_VERSIONS),
        (_RESOURCE, _resource, _LOGS_VERSIONS),
    )
    for method in ("GET", "POST")
]
