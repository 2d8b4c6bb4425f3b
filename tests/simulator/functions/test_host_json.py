"""host.json decides where Azure lets it; what is wrong in it is said by name."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage

from azlabs.simulator.functions import expressions, host_json
from azlabs.simulator.functions.model import FunctionProblem

from .running import Packages, code
from .scene import Scene, eventually
from .test_service_bus_trigger import LISTENER, Harbour


def read(folder: Path, tier: str = "FlexConsumption", settings: dict[str, str] | None = None, **document: Any) -> host_json.HostJson:
    (folder / "host.json").write_text(json.dumps({"version": "2.0", **document}))
    return host_json.read(folder, tier, settings or {})


@pytest.mark.parametrize(
    ("tier", "given", "seconds"),
    [
        ("Dynamic", None, 300), ("Dynamic", "00:10:00", 600), ("FlexConsumption", None, 1800), ("FlexConsumption", "-1", None),
        ("ElasticPremium", None, 1800), ("Basic", "-1", None), ("Basic", "01:00:00", 3600), ("Standard", "1.00:00:00", 86400),
    ],
)  # fmt: skip
def test_the_time_that_a_function_may_take_depends_on_the_plan(tmp_path: Path, tier: str, given: str | None, seconds: float | None) -> None:
    assert read(tmp_path, tier, **({"functionTimeout": given} if given else {})).timeout == seconds


@pytest.mark.parametrize(("tier", "given"), [("Dynamic", "00:11:00"), ("Dynamic", "-1"), ("Basic", "soon"), ("Basic", 5)])
def test_a_time_that_the_plan_does_not_allow_is_refused(tmp_path: Path, tier: str, given: Any) -> None:
    with pytest.raises(FunctionProblem, match="functionTimeout"):
        read(tmp_path, tier, functionTimeout=given)


def test_settings_stand_in_for_values_of_host_json(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        settings={
            "AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls": "3",
            "AzureFunctionsJobHost__telemetryMode": "OpenTelemetry",
            "AzureFunctionsJobHost__logging__logLevel__default": "Warning",
        },
        extensions={"serviceBus": {"maxConcurrentCalls": 16, "prefetchCount": 4}},
    )
    assert found.number("extensions", "serviceBus", "maxConcurrentCalls", default=9) == 3
    assert found.number("extensions", "serviceBus", "prefetchCount", default=0, least=0) == 4
    assert found.open_telemetry
    assert not found.logs("Function.a.User", "Information")


def test_the_longest_category_decides_what_is_logged(tmp_path: Path) -> None:
    levels = {"default": "Error", "Function": "Information", "Function.a": "Debug", "Function.a.User": "None"}
    found = read(tmp_path, logging={"logLevel": levels})
    assert [found.logs("Host", level) for level in ("Warning", "Error")] == [False, True]
    assert (found.logs("Function.b", "Information"), found.logs("Function.b", "Debug")) == (True, False)
    assert (found.logs("Function.a", "Debug"), found.logs("Function.a.User", "Critical")) == (True, False)


def test_names_are_compared_without_case_and_nonsense_is_refused(tmp_path: Path) -> None:
    found = read(tmp_path, extensions={"serviceBus": {"maxconcurrentcalls": 2, "autoCompleteMessages": "yes", "maxBatchWaitTime": "1 min"}})
    assert found.number("Extensions", "ServiceBus", "maxConcurrentCalls", default=16) == 2
    with pytest.raises(FunctionProblem, match="autoCompleteMessages"):
        found.flag("extensions", "serviceBus", "autoCompleteMessages", default=True)
    with pytest.raises(FunctionProblem, match="maxBatchWaitTime"):
        found.seconds("extensions", "serviceBus", "maxBatchWaitTime", default=1.0)


VALUES = {"id": "a/b", "Inner": {"name": "x", "list": [1, 2]}, "number": 7, "yes": True, "DeliveryCount": 2}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"), ("{id}", "a/b"), ("{ID}-{deliverycount}", "a/b-2"), ("{inner.name}.json", "x.json"), ("{number}", "7"),
        ("{yes}", "True"), ("{inner.list}", "[1, 2]"), ("{datetime:yyyy-MM-dd}", "2026-01-02"), ("{sys.utcnow}", "2026-01-02T03-04-05Z"),
    ],
)  # fmt: skip
def test_binding_expressions_take_values_from_what_started_the_function(text: str, expected: str) -> None:
    assert expressions.expand(text, VALUES, 1767323045.0) == expected


@pytest.mark.parametrize("text", ["{missing}", "{inner.missing}", "{id.more}", "{rand}"])
def test_an_expression_without_a_value_is_named(text: str) -> None:
    with pytest.raises(FunctionProblem, match=r"missing|more|rand"):
        expressions.expand(text, VALUES, 0.0)


def test_settings_between_percent_signs_have_to_be_there() -> None:
    assert expressions.settings("a-%QUEUE%", {"queue": "q"}, "x") == "a-q"
    with pytest.raises(FunctionProblem, match="'%OTHER%' of the trigger does not resolve"):
        expressions.settings("%OTHER%", {}, "the trigger")


@pytest.fixture
def harbour(scene: Scene, packages: Packages) -> Harbour:
    return Harbour(scene, packages)


def test_so_many_messages_at_once_as_host_json_says(harbour: Harbour) -> None:
    text = code(
        "import threading\nlock = threading.Lock()\nnow = [0, 0]\n\n"
        '@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")\n'
        "def listen(msg: func.ServiceBusMessage) -> None:\n    with lock:\n        now[0] += 1\n        now[1] = max(now)\n"
        '    time.sleep(0.05)\n    with lock:\n        now[0] -= 1\n    print("most", now[1])\n'
    )
    site = harbour.scene.dedicated("func-two", {"Bus": harbour.key()})
    host = '{"version": "2.0", "extensions": {"serviceBus": {"maxConcurrentCalls": 2}}}'
    harbour.packages.put(site, {"host.json": host, "function_app.py": text})
    harbour.send("documents", *(ServiceBusMessage(str(number)) for number in range(8)))

    def said() -> list[str]:
        return [line for line in harbour.packages.lines(site, function="listen") if line.startswith("most")]

    eventually(lambda: len(said()) == 8)
    assert max(said()) == "most 2"


def test_messages_stay_locked_when_the_host_is_told_not_to_complete_them(harbour: Harbour) -> None:
    site = harbour.scene.dedicated("func-keep", {"Bus": harbour.key()})
    host = '{"version": "2.0", "extensions": {"serviceBus": {"autoCompleteMessages": false}}}'
    harbour.packages.put(site, {"host.json": host, "function_app.py": LISTENER})
    harbour.send("documents", ServiceBusMessage("one"))
    eventually(lambda: harbour.seen("func-keep", "listen"))
    assert harbour.active() == 1
    harbour.scene.simulator.clock.advance(61)
    eventually(lambda: len(harbour.seen("func-keep", "listen")) == 2)


def test_a_retry_policy_counts_for_timers_and_has_no_effect_on_messages(harbour: Harbour) -> None:
    text = code(
        "tries = []\n\n@app.route('tries')\ndef show(req: func.HttpRequest) -> str:\n    return json.dumps(tries)\n\n"
        "@app.timer_trigger(arg_name='timer', schedule='0 0 0 1 1 *', run_on_startup=True)\n"
        "@app.retry(strategy='fixed_delay', max_retry_count='2', delay_interval='00:00:00.05')\n"
        "def later(timer: func.TimerRequest, context: func.Context) -> None:\n"
        "    retry = context.retry_context\n"
        "    tries.append(['timer', retry.retry_count, retry.max_retry_count])\n    raise ValueError('no')\n\n"
        '@app.service_bus_queue_trigger(arg_name="msg", queue_name="documents", connection="Bus")\n'
        "@app.retry(strategy='fixed_delay', max_retry_count='2', delay_interval='00:00:00.05')\n"
        "def listen(msg: func.ServiceBusMessage) -> None:\n    tries.append(['bus', msg.delivery_count, 0])\n    raise ValueError('no')\n"
    )
    site = harbour.scene.dedicated("func-retry", {"Bus": harbour.key()})
    harbour.packages.put(site, {"function_app.py": text})
    harbour.send("documents", ServiceBusMessage("x"))
    eventually(harbour.dead)
    found = eventually(lambda: seen if len(seen := harbour.scene.call("func-retry", "/api/tries").json()) == 6 else None)
    assert [one for one in found if one[0] == "timer"] == [["timer", 0, 0], ["timer", 1, 2], ["timer", 2, 2]]
    assert [one for one in found if one[0] == "bus"] == [["bus", 1, 0], ["bus", 2, 0], ["bus", 3, 0]]
    assert any("has no effect" in line for line in harbour.packages.lines(site, level="Warning"))


def test_requests_beyond_the_limits_of_host_json_wait_or_are_turned_away(scene: Scene, packages: Packages) -> None:
    site = scene.dedicated("func-full")
    limits = {"maxConcurrentRequests": 1, "maxOutstandingRequests": 2}
    text = code('@app.route("slow")\ndef slow(req: func.HttpRequest) -> str:\n    time.sleep(0.4)\n    return "done"\n')
    packages.put(site, {"host.json": json.dumps({"version": "2.0", "extensions": {"http": limits}}), "function_app.py": text})
    packages.app(site)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(scene.call("func-full", "/api/slow").status)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 200, 429]
