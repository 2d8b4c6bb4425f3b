"""What principals may do, read from a cloud and decided by the rules of access."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from azlabs.cloud import scratch
from azlabs.cloud.memory import ScratchCloud
from azlabs.probes.access import AccessProbe, name_of
from azlabs.probes.errors import CannotJudge
from azlabs.verify.reads import Reads

ROLES, BUS, COSMOS = "2022-04-01", "2024-01-01", "2024-11-15"
CONTRIBUTOR, READER = "b24988ac-6180-42a0-ab88-20f7382dd24c", "acdd72a7-3385-48ef-bd42-f606fba81ae7"
RECEIVER = "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0"
RECEIVE = "Microsoft.ServiceBus/namespaces/messages/receive/action"
READ_ITEM = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read"
SQL_READER = "00000000-0000-0000-0000-000000000001"
SOMEBODY, GROUP_ID = "0a0a0a0a-1111-4222-8333-444444444444", "0b0b0b0b-1111-4222-8333-444444444444"


class Place:
    """One group with a namespace and an account."""

    def __init__(self, cloud: ScratchCloud) -> None:
        self.cloud = cloud
        self.group = cloud.resource_group("rg")
        self.namespace = f"{self.group}/providers/Microsoft.ServiceBus/namespaces/sb-access"
        self.account = f"{self.group}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos-access"
        cloud.run("PUT", self.namespace, BUS, {"location": "swedencentral", "sku": {"name": "Standard"}})
        for queue in ("one", "two"):
            cloud.run("PUT", f"{self.namespace}/queues/{queue}", BUS, {"properties": {}})

    def assign(self, role: str, scope: str, principal: str = SOMEBODY, **more: Any) -> None:
        definition = f"/subscriptions/{self.cloud.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        properties = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal", **more}
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{role}"
        self.cloud.run("PUT", path, ROLES, {"properties": properties})

    @property
    def access(self) -> AccessProbe:
        class Facts:
            subscription_id = self.cloud.subscription_id
            resource_groups = ("rg",)

        return AccessProbe(Reads(self.cloud.read_only()), Facts())


@pytest.fixture
def place() -> Iterator[Place]:
    with scratch() as cloud:
        yield Place(cloud)


def test_a_role_counts_where_it_is_assigned_and_below(place: Place) -> None:
    place.assign(RECEIVER, f"{place.namespace}/queues/one")
    access = place.access
    found = access.can(SOMEBODY, RECEIVE, f"{place.namespace}/queues/one", data=True)
    assert found and found.decided_by == "the role Azure Service Bus Data Receiver on one (queues)"
    assert not access.can(SOMEBODY, RECEIVE, f"{place.namespace}/queues/two", data=True)
    assert not access.can(SOMEBODY, RECEIVE, place.namespace, data=True)
    assert not access.can(SOMEBODY, RECEIVE, f"{place.namespace}/queues/one")


def test_control_and_data_are_two_things(place: Place) -> None:
    place.assign(CONTRIBUTOR, place.group)
    access = place.access
    assert access.can(SOMEBODY, "Microsoft.ServiceBus/namespaces/queues/write", f"{place.namespace}/queues/one")
    assert not access.can(SOMEBODY, RECEIVE, f"{place.namespace}/queues/one", data=True)
    assert not access.can(SOMEBODY, "Microsoft.Authorization/roleAssignments/write", place.namespace)


def test_what_is_assigned_above_the_group_counts_too(place: Place) -> None:
    place.assign(READER, f"/subscriptions/{place.cloud.subscription_id}")
    found = place.access.can(SOMEBODY, "Microsoft.ServiceBus/namespaces/read", place.namespace)
    assert found and "Reader on the subscription" in found.decided_by


def test_the_first_of_several_that_may_is_told(place: Place) -> None:
    place.assign(RECEIVER, place.namespace)
    access = place.access
    other = "0c0c0c0c-1111-4222-8333-444444444444"
    assert access.any_of([other, SOMEBODY], RECEIVE, f"{place.namespace}/queues/two", data=True)
    assert not access.any_of([other], RECEIVE, f"{place.namespace}/queues/two", data=True)
    assert not access.any_of([], RECEIVE, place.namespace, data=True)


def test_a_condition_cannot_be_judged(place: Place) -> None:
    condition = "@Resource[Microsoft.ServiceBus/namespaces/queues:name] StringEquals 'one'"
    place.assign(RECEIVER, place.namespace, condition=condition, conditionVersion="2.0")
    with pytest.raises(CannotJudge, match="condition"):
        place.access.can(SOMEBODY, RECEIVE, f"{place.namespace}/queues/one", data=True)


def test_accounts_of_cosmos_db_have_roles_of_their_own(place: Place) -> None:
    body = {
        "location": "swedencentral",
        "properties": {
            "databaseAccountOfferType": "Standard",
            "locations": [{"locationName": "swedencentral", "failoverPriority": 0}],
        },
    }
    place.cloud.run("PUT", place.account, COSMOS, body)
    database = f"{place.account}/sqlDatabases/library"
    place.cloud.run("PUT", database, COSMOS, {"properties": {"resource": {"id": "library"}}})
    container = {"id": "passages", "partitionKey": {"paths": ["/id"], "kind": "Hash"}}
    place.cloud.run("PUT", f"{database}/containers/passages", COSMOS, {"properties": {"resource": container}})
    definition = f"{place.account}/sqlRoleDefinitions/{SQL_READER}"
    properties = {
        "principalId": SOMEBODY,
        "roleDefinitionId": definition,
        "scope": f"{place.account}/dbs/library/colls/passages",
    }
    place.cloud.run("PUT", f"{place.account}/sqlRoleAssignments/{SOMEBODY}", COSMOS, {"properties": properties})
    place.assign(CONTRIBUTOR, place.group)
    access = place.access
    found = access.can(SOMEBODY, READ_ITEM, f"{place.account}/dbs/library/colls/passages", data=True)
    assert found and found.decided_by == "the role Cosmos DB Built-in Data Reader on the container passages"
    assert not access.can(SOMEBODY, READ_ITEM, f"{place.account}/dbs/library/colls/loans", data=True)
    assert not access.can(SOMEBODY, READ_ITEM.replace("read", "upsert"), f"{place.account}/dbs/library/colls/passages", data=True)


def test_roles_count_at_once_where_the_cloud_says_so(place: Place) -> None:
    place.assign(RECEIVER, place.namespace)
    assert place.access.settles_in([SOMEBODY]) == 0
    place.cloud.place.access_settles_seconds = 600
    assert 0 < place.access.settles_in([SOMEBODY]) <= 600
    assert place.access.settles_in([GROUP_ID]) == 0


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("/", "everything"),
        ("/subscriptions/s", "the subscription s"),
        ("/subscriptions/s/resourceGroups/g", "the resource group g"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.A/as/a/dbs/d/colls/c", "the container c"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.A/as/a", "a (as)"),
    ],
)
def test_scopes_in_words(scope: str, words: str) -> None:
    assert name_of(scope) == words
