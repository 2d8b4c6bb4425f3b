"""What holds for every resource type that the simulator has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azlabs.simulator import Request, Simulator
from azlabs.simulator.resource_manager import api_versions, registry
from azlabs.simulator.resource_manager.resource_type import ResourceType

from .library import HOST, SUBSCRIPTION, Arm
from .test_malformed import JSON, well_answered

registry.load_all()
TYPES = [kind for kind in registry.TYPES.values() if not kind.type.startswith("Contoso.")]
ADDRESSABLE = sorted((kind for kind in TYPES if kind.addressable), key=lambda kind: kind.type)


def path_of(kind: ResourceType) -> str:
    """Path of a resource of this type in the group `rg`."""
    if kind.key == "microsoft.resources/resourcegroups":
        return f"{SUBSCRIPTION}/resourceGroups/other"
    namespace, *parts = kind.type.split("/")
    scope = f"{SUBSCRIPTION}/resourceGroups/rg"
    return f"{scope}/providers/{namespace}/" + "/".join(f"{part}/n{index}" for index, part in enumerate(parts))


@pytest.mark.parametrize("kind", ADDRESSABLE, ids=lambda kind: kind.type)
def test_a_type_has_versions_and_a_parent_and_documents_itself(kind: ResourceType) -> None:
    assert api_versions.supported(kind)
    parent = kind.key.rpartition("/")[0]
    assert "/" not in parent or kind.part_of is None or parent in registry.TYPES
    namespace = kind.type.partition("/")[0]
    assert namespace[0].isupper() and kind.key == kind.type.lower()


@pytest.mark.parametrize("kind", ADDRESSABLE, ids=lambda kind: kind.type)
def test_a_type_refuses_what_is_not_there(kind: ResourceType) -> None:
    with Simulator() as simulator:
        arm = Arm(simulator)
        arm.group()
        answer = arm("GET", path_of(kind), version=api_versions.supported(kind)[0])
        assert answer.status in (200, 400, 404, 405), answer.body
        if answer.status >= 400:
            assert answer.json()["error"]["code"]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ADDRESSABLE), JSON, st.sampled_from(["PUT", "PATCH"]))
def test_no_type_fails_on_any_document(kind: ResourceType, value: Any, method: str) -> None:
    version = api_versions.supported(kind)[0]
    body = {"location": "westeurope", "properties": value if isinstance(value, dict) else {}}
    for document in (body, value if isinstance(value, dict) else {"properties": value}):
        raw = json.dumps(document).encode()
        headers = {"Authorization": f"Bearer {CLIENT.token}"}
        well_answered(
            CLIENT.simulator.handle(Request(method, f"{HOST}{path_of(kind)}?api-version={version}", headers, raw))
        )


CLIENT = Arm(Simulator())
CLIENT.group()
