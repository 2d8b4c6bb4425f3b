"""Timers fire on the simulator's clock, and know when they are late."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azlabs.simulator.functions import schedule
from azlabs.simulator.functions.model import FunctionProblem

from .running import Packages, code
from .scene import Scene, eventually


def after(text: str, moment: str) -> str:
    found = schedule.read(text, spans=True).next(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    return datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("text", "moment", "expected"),
    [  # the examples of Microsoft's page, and corners of the calendar
        ("0 */5 * * * *", "2026-01-01T00:00:00", "2026-01-01 00:05:00"),
        ("0 0 * * * *", "2026-01-01T00:30:00", "2026-01-01 01:00:00"),
        ("0 0 */2 * * *", "2026-01-01T00:30:00", "2026-01-01 02:00:00"),
        ("0 0 9-17 * * *", "2026-01-01T18:00:00", "2026-01-02 09:00:00"),
        ("0 30 9 * * *", "2026-01-01T09:30:00", "2026-01-02 09:30:00"),
        ("0 30 9 * * 1-5", "2026-01-02T10:00:00", "2026-01-05 09:30:00"),
        ("0 30 9 * Jan Mon", "2026-01-31T10:00:00", "2027-01-04 09:30:00"),
        ("0 0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29 00:00:00"),
        ("*/10 * * * * *", "2026-12-31T23:59:55", "2027-01-01 00:00:00"),
        ("30 8 * * *", "2026-01-01T00:00:00", "2026-01-01 08:30:00"),
        ("0 0 12 1,15 * *", "2026-01-02T00:00:00", "2026-01-15 12:00:00"),
        ("01:00:00", "2026-01-01T00:00:10", "2026-01-01 01:00:10"),
    ],
)
def test_the_next_time_of_a_schedule(text: str, moment: str, expected: str) -> None:
    assert after(text, moment) == expected


@pytest.mark.parametrize(
    "text", ["", "* * *", "0 60 * * * *", "0 0 24 * * *", "0 0 0 30 2 *", "a b c d e f", "0 5-1 * * * *", "0 */0 * * * *"]
)
def test_what_is_no_schedule_is_refused_by_name(text: str) -> None:
    with pytest.raises(FunctionProblem):
        schedule.read(text, spans=True)


def test_serverless_plans_take_no_time_spans() -> None:
    with pytest.raises(FunctionProblem, match="App Service plan"):
        schedule.read("00:05:00", spans=False)


@given(st.integers(0, 4_000_000_000), st.integers(1, 59), st.integers(0, 23))
def test_the_next_time_fits_every_field_and_none_between_does(now: int, minute: int, hour: int) -> None:
    found = schedule.read(f"0 {minute} {hour} * * *", spans=False).next(now)
    moment = datetime.fromtimestamp(found, UTC)
    assert (moment.second, moment.minute, moment.hour) == (0, minute, hour)
    assert 0 < found - now <= 86400


TIMERS = code(
    "seen = []\n\n@app.route('seen')\ndef show(req: func.HttpRequest) -> str:\n    return json.dumps(seen)\n\n"
    "@app.timer_trigger(arg_name='timer', schedule='0 0 */1 * * *', run_on_startup=False)\n"
    "def hourly(timer: func.TimerRequest) -> None:\n    seen.append(['hourly', timer.past_due, timer.schedule_status])\n\n"
    "@app.timer_trigger(arg_name='timer', schedule='%WHEN%', run_on_startup=True, use_monitor=False)\n"
    "def first(timer: func.TimerRequest) -> None:\n    seen.append(['first', timer.past_due, {}])\n\n"
    "@app.timer_trigger(arg_name='timer', schedule='sometimes')\n"
    "def never(timer: func.TimerRequest) -> None:\n    seen.append(['never', False, {}])\n"
)


def seen(scene: Scene, app: str) -> list[list[object]]:
    return list(scene.call(app, "/api/seen").json())


def test_timers_fire_when_the_clock_says_so(scene: Scene, packages: Packages) -> None:
    site = scene.dedicated("func-t", {"WHEN": "0 0 0 1 1 *"})
    packages.put(site, {"function_app.py": TIMERS})
    eventually(lambda: [one[0] for one in seen(scene, "func-t")] == ["first"])
    assert "sometimes" in packages.app(site).problems["never"]
    scene.simulator.clock.advance(3600)
    eventually(lambda: len(seen(scene, "func-t")) == 2)
    name, late, status = seen(scene, "func-t")[1]
    assert name == "hourly"
    assert set(status) == {"Last", "LastUpdated", "Next"}  # type: ignore[call-overload]
    assert isinstance(late, bool)


def test_a_timer_whose_time_came_while_the_app_was_stopped_fires_at_the_start_and_is_past_due(scene: Scene, packages: Packages) -> None:
    site = scene.dedicated("func-t", {"WHEN": "0 0 0 1 1 *"})
    packages.put(site, {"function_app.py": TIMERS})
    eventually(lambda: [one[0] for one in seen(scene, "func-t")] == ["first"])
    scene.simulator.clock.advance(3600)
    eventually(lambda: len(seen(scene, "func-t")) == 2)
    scene.arm("POST", f"{site}/stop", "2024-04-01")
    scene.simulator.clock.advance(3 * 3600)
    assert scene.call("func-t", "/api/seen").status == 403
    scene.arm("POST", f"{site}/start", "2024-04-01")
    eventually(lambda: ["hourly", True] in [one[:2] for one in seen(scene, "func-t")])


def test_a_timer_needs_the_storage_account_of_the_host(scene: Scene, packages: Packages) -> None:
    site = scene.dedicated("func-t", {"WHEN": "0 0 0 1 1 *"})
    scene.settings(site, AzureWebJobsStorage=None)
    packages.put(site, {"function_app.py": TIMERS})
    assert "AzureWebJobsStorage" in packages.app(site).problems["hourly"]


def test_an_administrator_runs_any_function_by_hand(scene: Scene, packages: Packages) -> None:
    site = scene.dedicated("func-t", {"WHEN": "0 0 0 1 1 *"})
    packages.put(site, {"function_app.py": TIMERS})
    packages.app(site)
    key = scene.arm("POST", f"{site}/host/default/listkeys", "2024-04-01")["masterKey"]
    body = json.dumps({"input": "x"}).encode()
    assert scene.call("func-t", "/admin/functions/hourly", "POST", body).status == 401
    assert scene.call("func-t", "/admin/functions/hourly", "POST", body, x_functions_key=key).status == 202
    eventually(lambda: ["hourly", False] in [one[:2] for one in seen(scene, "func-t")])
    assert scene.call("func-t", "/admin/host/status", x_functions_key=key).json()["state"] == "Running"
    assert scene.call("func-t", "/admin/functions/never/status", x_functions_key=key).json()["errors"]
