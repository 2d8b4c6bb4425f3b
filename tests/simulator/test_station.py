"""A station attends a simulator in whichever process it is opened."""

from __future__ import annotations

import json
import os
import ssl
import urllib.request

from azlabs.cloud import scratch
from azlabs.simulator import Request, Simulator


def test_a_scratch_cloud_opens_a_station_that_answers_over_https_under_public_names() -> None:
    with scratch() as cloud:
        record = json.loads((cloud.home / "run" / "host.json").read_text())
        url = f"https://127.0.0.1:{record['https_port']}/subscriptions?api-version=2022-12-01"
        token = cloud.simulator.owner_token()
        asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}", "Host": "management.azure.com"})
        context = ssl.create_default_context(cafile=record["authority"])
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler({}))
        with opener.open(asked, timeout=10) as answer:
            found = json.load(answer)["value"]
        assert [one["subscriptionId"] for one in found] == [cloud.subscription_id]
        assert record["pid"] == os.getpid()


def test_closing_the_cloud_ends_its_station_and_leaves_no_folder() -> None:
    cloud = scratch()
    home = cloud.home
    assert home.is_dir()
    cloud.close()
    assert not home.exists()


def test_a_simulator_that_nobody_attends_says_so_for_apps() -> None:
    with Simulator() as simulator:
        answer = simulator.handle(Request("GET", "https://any.azurewebsites.net/api/health", {}, None))
        assert answer.status == 503
        assert answer.json()["error"]["code"] == "SimulatorNotAttended"
