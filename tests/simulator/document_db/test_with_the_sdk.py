"""The real azure-mgmt-cosmosdb works through accounts, containers and throughput."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from ..clients import client
from ..library import Arm


@pytest.fixture
def sdk(arm: Arm) -> Any:
    from azure.mgmt.cosmosdb import CosmosDBManagementClient

    arm.group()
    return client(CosmosDBManagementClient, arm.simulator)


def test_from_the_account_to_the_throughput_of_a_container(sdk: Any) -> None:
    account = {
        "location": "westeurope",
        "properties": {"locations": [{"locationName": "westeurope", "failoverPriority": 0}]},
    }
    made = sdk.database_accounts.begin_create_or_update("rg", "shop", account).result()
    assert made.document_endpoint == "https://shop.documents.azure.com:443/"
    assert sdk.database_accounts.list_keys("rg", "shop").primary_master_key
    database = {"properties": {"resource": {"id": "db"}, "options": {}}}
    sdk.sql_resources.begin_create_update_sql_database("rg", "shop", "db", database).result()
    resource = {"id": "items", "partitionKey": {"paths": ["/pk"], "kind": "Hash"}}
    container = {"properties": {"resource": resource, "options": {"throughput": 500}}}
    found = sdk.sql_resources.begin_create_update_sql_container("rg", "shop", "db", "items", container).result()
    assert found.resource.partition_key.paths == ["/pk"]
    offer = sdk.sql_resources.begin_migrate_sql_container_to_autoscale("rg", "shop", "db", "items").result()
    assert offer.resource.autoscale_settings.max_throughput == 1000
    sdk.sql_resources.begin_delete_sql_container("rg", "shop", "db", "items").result()
    with pytest.raises(HttpResponseError) as refused:
        sdk.sql_resources.get_sql_container("rg", "shop", "db", "items")
    assert refused.value.status_code == 404
    sdk.database_accounts.begin_delete("rg", "shop").result()
    assert list(sdk.database_accounts.list()) == []
