"""Services of an account: machines of its own beside the data, such as the dedicated gateway with its cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.document_db.base import ACCOUNT, Body, CosmosType, account_of, bad
from azlabs.simulator.resource_manager.resource_type import NameRule

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

KINDS = ("SqlDedicatedGateway", "DataTransfer", "GraphAPICompute", "MaterializedViewsBuilder")
SIZES = ("Cosmos.D4s", "Cosmos.D8s", "Cosmos.D16s")
MOST_INSTANCES = 5


class Services(CosmosType):
    """A service is named by its kind; there is one of each."""

    type = f"{ACCOUNT}/services"
    name_rule = NameRule("|".join(KINDS), "BadRequest", f"The service '{{name}}' is not one of {', '.join(KINDS)}.")
    required = ("properties.serviceType",)
    required_code = ("BadRequest", "The required property '{path}' is missing in '{name}'.")
    choices = {"properties.serviceType": KINDS, "properties.instanceSize": SIZES}
    choices_code = ("BadRequest", "The value '{value}' of '{path}' is not one of {allowed}.")
    defaults = {"properties": {"instanceSize": SIZES[0], "instanceCount": 1}}

    def fill(self, write: Write) -> None:
        """Where it runs, and since when."""
        super().fill(write)
        mine = write.body["properties"]
        if mine["serviceType"] != write.name:
            bad(f"The serviceType '{mine['serviceType']}' has to be the name of the service, '{write.name}'.")
        count = str(mine["instanceCount"])
        mine["instanceCount"] = int(count) if count.isdecimal() else 0  # the Azure CLI sends it as text
        if not 1 <= mine["instanceCount"] <= MOST_INSTANCES:
            bad(f"The instanceCount of a service has to be between 1 and {MOST_INSTANCES}.")
        account = account_of(write, write.key)
        places: list[Body] = account.body["properties"]["locations"] if account is not None else []
        mine["creationTime"] = write.old("properties.creationTime") or stamp(write.now)
        mine["status"] = "Running"
        mine["locations"] = [
            {"name": f"{one['id']}-{write.name}", "location": one["locationName"], "status": "Running"}
            for one in places
        ]
        if write.name == "SqlDedicatedGateway" and account is not None:
            mine["sqlDedicatedGatewayEndpoint"] = f"https://{account.name}.sqlx.cosmos.azure.com/"
