"""The same code, request by request, against a subscription and against the simulator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from azlabs.catalog.labs import Lab
from azlabs.cloud import azure, scratch
from azlabs.cloud.azure import Door
from azlabs.cloud.base import Cloud
from azlabs.cloud.memory import ScratchCloud
from azlabs.cloud.transport import AsyncInProcessTransport, InProcessTransport
from azlabs.errors import AzlabsError
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.reset import reset
from azlabs.sandbox.solve import solve
from azlabs.sandbox.up import UpPlan, up

Asked = list[tuple[str, str]]


def azure_over(backend: ScratchCloud, asked: Asked, home: Path) -> Cloud:
    """The azure branch, with its own sign-in and choice of subscription, over answers that come from elsewhere."""
    from azlabs.simulator import Request

    def handler(
        method: str, url: str, headers: dict[str, str], body: bytes | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        asked.append((method, url.split("?", 1)[0].removeprefix("https://management.azure.com")))
        headers = {**headers, "Authorization": f"Bearer {backend.simulator.owner_token()}"}
        answer = backend.simulator.handle(Request(method=method, url=url, headers=headers, body=body))
        return answer.status, answer.headers, answer.body or b""

    door = Door(
        credential=lambda: backend.credential,
        async_credential=lambda: None,
        transport=lambda: InProcessTransport(handler),
        async_transport=lambda: AsyncInProcessTransport(handler),
        sleep=lambda _seconds: None,
        poll_seconds=0.5,
    )
    return azure.connect(home, door=door)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_SUBSCRIPTION_ID", "AZLABS_ALLOWED_SUBSCRIPTIONS", "AZLABS_REGION"):
        monkeypatch.delenv(name, raising=False)


def life(lab: Lab, cloud: Cloud, ledger: Ledger) -> dict[str, Any]:
    """A sandbox from beginning to end; everything that a caller sees, with its own name taken out."""
    plans: list[UpPlan] = []
    box = up(lab, cloud, ledger=ledger, confirm=lambda plan: plans.append(plan) is None).sandbox
    solved = solve(box, lab, cloud, ledger=ledger)
    removed = reset(box, lab, cloud, ledger=ledger).removed
    report = down(plan_down(box, cloud), cloud, ledger=ledger).to_json()
    seen = {"outputs": box.outputs, "resources": dict(plans[0].resources), "solved": solved, "removed": removed}
    text = json.dumps({**seen, "down": {**report, "deleted": sorted(report["deleted"])}})
    return dict(json.loads(text.replace(box.id, "BOX")))


def test_both_clouds_show_a_caller_the_same(lab: Lab, cloud: ScratchCloud, ledger: Ledger, tmp_path: Path) -> None:
    asked: Asked = []
    with azure_over(scratch(), asked, tmp_path) as subscription:
        assert subscription.name != cloud.name
        there = life(lab, subscription, Ledger(tmp_path / "azure"))
    assert there == life(lab, cloud, ledger)
    assert len(asked) > 30


def test_on_a_subscription_a_sandbox_costs_money_and_ends(lab: Lab, ledger: Ledger, tmp_path: Path) -> None:
    with azure_over(scratch(), [], tmp_path) as subscription:
        plans: list[UpPlan] = []
        box = up(lab, subscription, ledger=ledger, confirm=lambda plan: plans.append(plan) is None).sandbox
        assert box.costs_money and box.expires is not None
        assert plans[0].costs_money and plans[0].expires == box.expires


def test_services_that_are_not_registered_are_named_before_anything_is_made(
    lab: Lab, ledger: Ledger, tmp_path: Path
) -> None:
    asked: Asked = []
    with azure_over(scratch(), asked, tmp_path) as subscription:
        get = subscription.get

        def unregistered(path: str, api_version: str) -> dict[str, Any]:
            found = get(path, api_version)
            return {**found, "registrationState": "NotRegistered"} if path.endswith("Microsoft.Network") else found

        subscription.get = unregistered  # type: ignore[method-assign]
        with pytest.raises(AzlabsError, match=r"Microsoft\.Network") as caught:
            up(lab, subscription, ledger=ledger)
    assert "az provider register --namespace Microsoft.Network" in caught.value.action
    assert not [method for method, _path in asked if method != "GET"]
    assert ledger.all() == []
