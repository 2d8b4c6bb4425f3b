"""Jobs: containers that run to an end, and their executions."""

from __future__ import annotations

import secrets as random
import uuid
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.container_apps import base
from azlabs.simulator.providers.container_apps.base import ENVIRONMENT, JOB, OUTBOUND, AppType, Part, merged, region
from azlabs.simulator.records import Resource
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, Body, NameRule, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

EXECUTION = f"{JOB}/executions"
_CONFIGURATION: Body = {
    "secrets": None, "triggerType": "Manual", "replicaTimeout": 1800, "replicaRetryLimit": 0, "manualTriggerConfig": None,
    "scheduleTriggerConfig": None, "eventTriggerConfig": None, "registries": None, "dapr": None,
}  # fmt: skip
_TRIGGERS = {"Manual": "manualTriggerConfig", "Schedule": "scheduleTriggerConfig", "Event": "eventTriggerConfig"}
STARTED = Announce(202, headers=("location",), body=False)


class Jobs(AppType):
    """A job that somebody, a schedule or an event starts."""

    type = JOB
    members = frozenset({"identity", "extendedLocation"})
    name_rule = NameRule(r"[a-z](?:[a-z0-9]|-(?!-)){0,30}[a-z0-9]", "ContainerAppJobInvalidName", "Invalid job name '{name}'.")
    patched = Announce(202, headers=("location",), body=False, polls=1)
    operation_paths = ("containerappsjobOperationStatuses", "containerappsjobOperationResults")
    read_only = ("properties.outboundIpAddresses", "properties.eventStreamEndpoint")
    choices = {"properties.configuration.triggerType": tuple(_TRIGGERS)}
    references = (Reference("properties.environmentId", ENVIRONMENT, must_exist=False),)

    def fill(self, write: Write) -> None:
        """Environment, secrets, containers."""
        base.environment_of(write)
        mine = write.body["properties"]
        base.secrets(write, "ContainerAppJob")
        base.containers(write, "ContainerAppJob")
        configuration = mine["configuration"] = merged(_CONFIGURATION, mine["configuration"])
        member = _TRIGGERS[configuration["triggerType"]]
        if configuration["triggerType"] == "Manual":
            configuration[member] = {"replicaCompletionCount": 1, "parallelism": 1, **(configuration[member] or {})}
        mine["template"] = {"initContainers": None, "volumes": None, **mine["template"]}

    def validate(self, write: Write) -> None:
        """A schedule says when, an event job says what for."""
        configuration = write.get("properties.configuration")
        member = _TRIGGERS[configuration["triggerType"]]
        if not configuration[member]:
            refuse("ContainerAppJobInvalidTrigger", f"'{member}' is required for jobs with the trigger '{configuration['triggerType']}'.")
        if configuration["triggerType"] == "Schedule" and len(str(configuration[member].get("cronExpression", "")).split()) != 5:
            refuse("ContainerAppJobInvalidCronExpression", "The cron expression of a job has five fields.")

    def shown(self, body: Body, reader: Reader) -> Body:  # noqa: ARG002
        """Complete."""
        body["properties"]["outboundIpAddresses"] = list(OUTBOUND)
        body["properties"]["eventStreamEndpoint"] = base.events(body["id"], body["location"], "containerApps")
        body["location"] = region(body["location"])
        body.setdefault("identity", {"type": "None"})
        return body

    @action("listSecrets")
    def list_secrets(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Secrets with their values."""
        return base.list_secrets(call)

    @action("start")
    def start(self, call: Call, body: Body) -> Body:
        """One more execution; it ends at once, since no container runs."""
        name = f"{body['name']}-{random.token_hex(4)[:7]}"
        id = f"{body['id']}/executions/{name}"
        row = Resource(
            0, id.lower(), id, EXECUTION.lower(), call.key, call.route.subscription, "", str(uuid.uuid4()), call.api_version,
            call.now, call.now, None, None, None,
        )  # fmt: skip
        template = {name: value for name, value in body["properties"]["template"].items() if name != "volumes"}
        if call.raw and call.raw.strip() not in (b"", b"null"):
            template = {**template, **call.json()}
        times = {"startTime": stamp(call.now), "endTime": stamp(call.now)}
        row.body = {"id": id, "name": name, "type": EXECUTION, "properties": {"status": "Succeeded", **times, "template": template}}
        call.store.insert(row)
        return {"name": name, "id": id}

    @action("stop", announce=STARTED)
    def stop(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Stop what runs: nothing does."""
        return {"value": []}


class Executions(Part):
    """One run of a job."""

    type = EXECUTION
    system_data = False
    methods = frozenset({"GET"})

    @action("stop", announce=STARTED)
    def stop(self, call: Call, body: Body) -> None:  # noqa: ARG002
        """It is over already."""
        if body["properties"]["status"] != "Running":
            refuse("JobExecutionNotRunning", f"The execution '{body['name']}' is not running.")
