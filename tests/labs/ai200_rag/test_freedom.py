"""What the tasks leave open must turn nothing red."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .bench import CONFIGURATION, Bench


def other_index(kind: str, dimensions: int, distance: str) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        vector = body["vectorEmbeddingPolicy"]["vectorEmbeddings"][0]
        vector |= {"path": "/numbers/here", "dimensions": dimensions, "distanceFunction": distance}
        policy = body["indexingPolicy"]
        policy["vectorIndexes"] = [{"path": "/numbers/here", "type": kind}]
        policy["excludedPaths"] = [{"path": "/numbers/*"}]
        body["partitionKey"]["paths"] = ["/note"]

    return change


def few_paths(body: dict[str, Any]) -> None:
    body["indexingPolicy"]["includedPaths"] = [{"path": "/documentId/?"}, {"path": "/category/?"}]
    body["indexingPolicy"]["excludedPaths"] = [{"path": "/*"}]


def system_identity(bench: Bench) -> None:
    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {bench["identityId"]: {}}}
    bench.cloud.run("PATCH", bench["functionAppId"], "2024-04-01", {"identity": both})


def own_database(bench: Bench) -> None:
    bench.container(other_index("diskANN", 1024, "dotproduct"), "stuecke", "rag")
    bench.cosmos_role("/dbs/rag")


def role_on_the_vault(bench: Bench) -> None:
    bench.unassign(f"{bench['vaultId']}/secrets/search-token")
    bench.assign("Key Vault Secrets User", bench["vaultId"])


def another_secret(bench: Bench) -> None:
    bench.secret("door", "e6b5d1c07a8f49d2b3a40c9b21d7f3aa0d55")
    bench.assign("Key Vault Secrets User", bench["vaultId"])
    bench.set(SEARCH_TOKEN=f"@Microsoft.KeyVault(SecretUri={bench['vaultUri']}secrets/door)")


FREE: dict[str, Callable[[Bench], None]] = {
    "an hour's window": lambda b: b.queue(duplicateDetectionHistoryTimeWindow="PT1H"),
    "longer locks": lambda b: b.queue(lockDuration="PT5M", enableBatchedOperations=False),
    "the week in hours": lambda b: b.queue(defaultMessageTimeToLive="PT168H"),
    "flat with few dimensions": lambda b: b.container(other_index("flat", 505, "euclidean")),
    "only what is filtered on": lambda b: b.container(few_paths),
    "a database of one's own": own_database,
    "time to live per item": lambda b: b.container(lambda body: body.update(defaultTtl=-1)),
    "reader of the group": lambda b: b.assign("Reader", b.group),
    "an identity of the system besides": system_identity,
    "a role on the vault": role_on_the_vault,
    "another secret": another_secret,
    "the learner's own rights": lambda b: b.assign("Contributor", b.group, b.cloud.principal.object_id),
    "Application Insights": lambda b: b.set(
        APPLICATIONINSIGHTS_CONNECTION_STRING="InstrumentationKey=11111111-2222-3333-4444-555555555555;"
        "IngestionEndpoint=https://swedencentral-0.in.applicationinsights.azure.com/"
    ),
}


@pytest.mark.parametrize("name", FREE)
def test_what_is_free_costs_nothing(bench: Bench, name: str) -> None:
    FREE[name](bench)
    assert bench.done() == list(CONFIGURATION), [
        (check.id, check.found) for check in bench.report.checks if check.status != "pass" and check.task in CONFIGURATION
    ]
