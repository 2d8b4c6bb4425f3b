"""Which settings the tasks ask for."""

from __future__ import annotations

from typing import Any

import pytest

from azlabs.proof.asked import Asked
from azlabs.proof.behaviour import Behaviour
from azlabs.proof.equivalent import Pattern


def weights(start: dict[str, Any], solved: dict[str, Any], changed: dict[str, Any], *patterns: str) -> dict[str, str]:
    asked = Asked(start, solved, [Pattern(pattern) for pattern in patterns])
    found = Behaviour(solved).differences(Behaviour(changed), (), asked)
    return {difference.row: difference.weight for difference in found}


def gate(build: Any, minutes: int, zone: str = "1", **tags: str) -> dict[str, Any]:
    made = build.resource("natGateways", "gate", idleTimeoutInMinutes=minutes, zone=zone)
    return build.state({**made, "tags": tags} if tags else made)


def test_what_a_step_set_is_asked_for_and_what_was_there_is_not(build: Any) -> None:
    found = weights(gate(build, 4), gate(build, 10), gate(build, 11, zone="2"))
    assert found == {"gate/idleTimeoutInMinutes": "asked"}


def test_what_the_author_names_is_asked_for_too(build: Any) -> None:
    found = weights(gate(build, 4), gate(build, 10), gate(build, 10, zone="2"), "*/ZONE")
    assert found == {"gate/zone": "asked"}


def test_settings_of_a_type_without_a_model_count_when_a_step_made_it(build: Any) -> None:
    assert weights({}, gate(build, 4), gate(build, 5)) == {"gate/idleTimeoutInMinutes": "asked"}


def test_settings_beside_the_model_may_be_defaults_when_a_step_made_what_they_stand_in(build: Any) -> None:
    def net(ddos: bool, policies: str, **tags: str) -> dict[str, Any]:
        made = build.vnet(s=("10.0.0.0/24", ""))
        made["properties"]["enableDdosProtection"] = ddos
        made["properties"]["subnets"][0]["properties"]["privateEndpointNetworkPolicies"] = policies
        return build.state({**made, "tags": tags})

    whole = weights({}, net(False, "Disabled", owner="ada"), net(True, "Disabled", owner="eve"))
    assert whole == {"net/enableDdosProtection": "perhaps", "net/tags/owner": "asked"}
    bare = build.vnet()
    bare["properties"]["enableDdosProtection"] = False
    subnet = weights(build.state(bare), net(False, "Disabled"), net(True, "Enabled"))
    assert subnet == {"net/subnets/s/privateEndpointNetworkPolicies": "perhaps"}


@pytest.mark.parametrize(("before", "expected"), [("ada", {}), ("eve", {"gate/tags/owner": "asked"})])
def test_tags_are_asked_for_when_a_step_wrote_them(build: Any, before: str, expected: dict[str, str]) -> None:
    start, solved = gate(build, 4, owner=before), gate(build, 4, owner="ada")
    assert weights(start, solved, gate(build, 4, owner="bob")) == expected
