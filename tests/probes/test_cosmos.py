"""How containers are set up, as far as checks have to know it."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.probes.cosmos import Container, CosmosProbe, Vector

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.DocumentDB/databaseAccounts/a"


def container(included: list[str], excluded: list[str], **policy: Any) -> Container:
    resource = {
        "id": "c",
        "partitionKey": {"paths": ["/k"]},
        "vectorEmbeddingPolicy": {
            "vectorEmbeddings": [
                {"path": "/deep/v", "dataType": "Float32", "dimensions": 8, "distanceFunction": "Cosine"}
            ]
        },
        "indexingPolicy": {
            "includedPaths": [{"path": path} for path in included],
            "excludedPaths": [{"path": path} for path in excluded],
            "vectorIndexes": [{"path": "/deep/v", "type": "flat"}],
            **policy,
        },
    }

    class Lists:
        def entries(self, path: str, _version: str) -> list[dict[str, Any]]:
            if path.endswith("/sqlDatabases"):
                return [{"id": f"{ACCOUNT}/sqlDatabases/d", "name": "d"}]
            return [{"id": f"{path}/c", "properties": {"resource": resource}}]

        def api_version(self, _type: str) -> str:
            return "1"

    (found,) = CosmosProbe(Lists(), object()).containers(ACCOUNT)  # type: ignore[arg-type]
    return found


def test_a_container_is_read_with_its_vectors() -> None:
    found = container(["/*"], [])
    assert found.vectors == (Vector("/deep/v", "float32", 8, "cosine"),)
    assert (found.vector_index("/deep/v"), found.vector_index("/v")) == ("flat", "")
    assert found.scope == f"{ACCOUNT}/dbs/d/colls/c"
    assert found.time_to_live is None


@pytest.mark.parametrize(
    ("included", "excluded", "path", "indexed"),
    [
        (["/*"], [], "/a", True),
        (["/*"], ["/a/*"], "/a", False),
        (["/*"], ["/a/*"], "/a/[]", False),
        (["/*"], ["/a/?"], "/a", False),
        (["/*"], ["/a/?"], "/a/[]", True),
        (["/*"], ["/as/*"], "/a/[]", True),
        (["/*"], ['/"_etag"/?'], "/a", True),
        (["/a/?"], ["/*"], "/a", True),
        (["/a/?"], ["/*"], "/b", False),
        (["/a/b/*"], ["/a/*"], "/a/b", True),
        (["/*"], ["/deep/v/*"], "/deep/v/[]", False),
        ([], [], "/a", False),
    ],
)
def test_the_longest_path_decides_what_is_indexed(
    included: list[str], excluded: list[str], path: str, indexed: bool
) -> None:
    assert container(included, excluded).indexes(path) is indexed


@pytest.mark.parametrize("policy", [{"indexingMode": "none"}, {"automatic": False}])
def test_without_an_index_nothing_is_indexed(policy: dict[str, Any]) -> None:
    assert not container(["/*"], [], **policy).indexes("/a")


@pytest.mark.parametrize(
    ("item", "vector"),
    [
        ({"deep": {"v": [1, 0.5]}}, [1, 0.5]),
        ({"deep": {"v": []}}, None),
        ({"deep": {"v": ["a"]}}, None),
        ({"deep": 3}, None),
        ({"v": [1]}, None),
    ],
)
def test_the_vector_of_an_item(item: dict[str, Any], vector: list[float] | None) -> None:
    assert Vector("/deep/v", "float32", 2, "cosine").of(item) == vector
