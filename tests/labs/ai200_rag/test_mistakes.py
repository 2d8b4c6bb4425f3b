"""Wrong configurations that learners come up with: each fails the task that it is about, and says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from azlabs.cloud.errors import AzureError

from .bench import CONFIGURATION, Bench


def without_policies(body: dict[str, Any]) -> None:
    del body["vectorEmbeddingPolicy"]
    body["indexingPolicy"].pop("vectorIndexes")


def without_vector_index(body: dict[str, Any]) -> None:
    body["indexingPolicy"].pop("vectorIndexes")


def misspelt(body: dict[str, Any]) -> None:
    body["indexingPolicy"]["excludedPaths"] = [{"path": "/embeddings/*"}]


def too_many(body: dict[str, Any]) -> None:
    body["vectorEmbeddingPolicy"]["vectorEmbeddings"][0]["dimensions"] = 3072


def expiring(body: dict[str, Any]) -> None:
    body["defaultTtl"] = 86400


MISTAKES: dict[str, tuple[str, Callable[[Bench], None]]] = {
    "detection stays off": ("queue", lambda b: b.queue(requiresDuplicateDetection=False)),
    "ten deliveries": ("queue", lambda b: b.queue(maxDeliveryCount=10)),
    "what expires is dropped": ("queue", lambda b: b.queue(deadLetteringOnMessageExpiration=False)),
    "a window of one minute": ("queue", lambda b: b.queue(duplicateDetectionHistoryTimeWindow="PT1M")),
    "gone after quiet days": ("queue", lambda b: b.queue(autoDeleteOnIdle="P7D")),
    "no policies": ("vector-store", lambda b: b.container(without_policies)),
    "no vector index": ("vector-store", lambda b: b.container(without_vector_index)),
    "excluded path misspelt": ("vector-store", lambda b: b.container(misspelt)),
    "dimensions of the larger model": ("vector-store", lambda b: b.container(too_many)),
    "passages expire": ("vector-store", lambda b: b.container(expiring)),
    "data role on the account": ("keyless", lambda b: b.cosmos_role("")),
    "data role on the database": ("keyless", lambda b: b.cosmos_role("/dbs/library")),
    "receiver on the namespace": ("keyless", lambda b: b.assign("Data Receiver", b["namespaceId"])),
    "data owner": ("keyless", lambda b: b.assign("Data Owner", f"{b['namespaceId']}/queues/documents")),
    "contributor left": ("keyless", lambda b: b.assign("Contributor", b.group)),
    "keys of Service Bus": ("keyless", lambda b: b.patch(b["namespaceId"], "bus", {"disableLocalAuth": False})),
    "keys of Cosmos DB": ("keyless", lambda b: b.patch(b["cosmosId"], "cosmos", {"disableLocalAuth": False})),
    "keys of the models": ("keyless", lambda b: b.patch(b["openAiId"], "models", {"disableLocalAuth": False})),
    "a key under another name": ("keyless", lambda b: b.set(OLD="AccountEndpoint=https://x;AccountKey=abcdefgh==;")),
    "officer of the secret": (
        "keyless",
        lambda b: b.assign("Key Vault Secrets Officer", f"{b['vaultId']}/secrets/search-token"),
    ),
    "no right on the host's storage": ("keyless", lambda b: b.unassign(b["storageId"])),
    "reference without its identity": (
        "secret",
        lambda b: b.patch(b["functionAppId"], "web", {"keyVaultReferenceIdentity": "SystemAssigned"}),
    ),
    "reader of the vault": ("secret", lambda b: reader_of_the_vault(b)),
    "a token in plain text": ("secret", lambda b: plain(b)),
}


def reader_of_the_vault(bench: Bench) -> None:
    bench.unassign(f"{bench['vaultId']}/secrets/search-token")
    bench.assign("Key Vault Reader", bench["vaultId"])
    bench.set(AGAIN="1")


def plain(bench: Bench) -> None:
    bench.secret("search-token", "7c1f0e4b9ad24f31a06fca7788f2da51aa90bb17")
    bench.set(SEARCH_TOKEN="7c1f0e4b9ad24f31a06fca7788f2da51aa90bb17")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_fails_its_task(bench: Bench, name: str) -> None:
    task, make = MISTAKES[name]
    make(bench)
    assert bench.done(task) == []
    failed = [check for check in bench.report.checks if check.task == task and check.status != "pass"]
    assert failed
    assert all(check.status == "fail" and check.found and check.fix for check in failed)


def test_the_right_state_has_all_of_them(bench: Bench) -> None:
    assert bench.done() == list(CONFIGURATION)


def test_an_azure_role_is_no_data_role(bench: Bench) -> None:
    for entry in list(bench.cloud.items(f"{bench['cosmosId']}/sqlRoleAssignments", "2024-11-15")):
        if entry["properties"]["principalId"] == bench["identityPrincipalId"]:
            bench.delete(entry["id"], "cosmos")
    bench.assign("DocumentDB Account Contributor", bench["cosmosId"])
    assert bench.done("keyless") == []


def test_the_old_token_in_the_vault_is_still_the_old_token(bench: Bench) -> None:
    old = bench.checks[0].function.__globals__["Trust"](_View(bench)).old_token
    bench.secret("search-token", old)
    bench.set(AGAIN="1")
    assert bench.done("secret") == []
    assert "old token" in str([check.found for check in bench.report.checks])


def test_detection_cannot_be_switched_on_in_place(bench: Bench) -> None:
    bench.queue(requiresDuplicateDetection=False)
    with pytest.raises(AzureError):
        bench.put(
            f"{bench['namespaceId']}/queues/documents", "bus", {"properties": {"requiresDuplicateDetection": True}}
        )


def test_a_connection_string_that_stayed_is_named_and_never_shown(bench: Bench) -> None:
    path = f"{bench['namespaceId']}/AuthorizationRules/RootManageSharedAccessKey/listKeys"
    text = bench.cloud.request("POST", path, "2024-01-01").json["primaryConnectionString"]
    bench.set(DocumentsBus=text)
    assert bench.done("keyless") == []
    (check,) = [one for one in bench.report.checks if one.id == "no_key_opens_a_service"]
    assert "DocumentsBus" in check.found
    key = text.partition("SharedAccessKey=")[2].partition(";")[0]
    assert len(key) > 20 and key not in str(bench.report.to_json())


class _View:
    """As much of a LabView as the old token takes."""

    def __init__(self, bench: Bench) -> None:
        self.outputs = bench.sandbox.outputs
        self.sandbox = bench.sandbox
