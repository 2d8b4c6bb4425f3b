"""A small replayer for scenarios of our own, in the format of the recordings: every expected leaf has to be there.

A scenario is {"scenario", "exchanges": [{"request": {method, path, query?, api_version?, headers?, body?},
"response": {status, headers?, body?}}]}. In expected bodies "*" stands for any value, and members that are not named
may be there. In expected headers only the presence counts; a later request for the path of such a header is sent to the
URL that the simulator announced.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from azlabs.simulator import Request, Simulator

Json = Any
BASE = "https://management.azure.com"


def replay(scenario: Json) -> list[str]:
    """Everything in which a fresh simulator differs, one sentence each."""
    simulator = Simulator()
    token, announced, found = simulator.owner_token(), dict[str, str](), list[str]()
    try:
        for number, exchange in enumerate(scenario["exchanges"], 1):
            asked, expected = exchange["request"], exchange["response"]
            query = {**(asked.get("query") or {})}
            if asked.get("api_version"):
                query.setdefault("api-version", asked["api_version"])
            url = announced.get(asked["path"].lower()) or f"{BASE}{asked['path']}?{urlencode(query)}"
            body = None if asked.get("body") is None else json.dumps(asked["body"]).encode()
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                **asked.get("headers", {}),
            }
            answer = simulator.handle(Request(asked["method"], url, headers, body))
            got = {name.lower(): value for name, value in answer.headers.items()}
            where = f"{number}. {asked['method']} {asked['path']}"
            for name, value in (expected.get("headers") or {}).items():
                if name.lower() not in got:
                    found.append(f"{where}: no header {name}")
                else:
                    announced[urlsplit(value).path.lower()] = got[name.lower()]
            parsed = json.loads(answer.body) if answer.body else None
            if answer.status != expected["status"]:
                found.append(f"{where}: {answer.status}, not {expected['status']}: {parsed}")
                continue
            if "body" in expected:
                found.extend(f"{where}: {difference}" for difference in differences(expected["body"], parsed))
    finally:
        simulator.close()
    return found


def differences(expected: Json, got: Json, path: str = "$") -> Iterator[str]:
    """Where `got` lacks something of `expected` or has something else in its place."""
    if expected == "*":
        if got is None:
            yield f"{path} is missing"
    elif isinstance(expected, dict):
        if not isinstance(got, dict):
            yield f"{path} is {got!r}, not an object"
            return
        for name, value in expected.items():
            if name in got or value is None:
                yield from differences(value, got.get(name), f"{path}.{name}")
            else:
                yield f"{path}.{name} is missing"
    elif isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            yield f"{path} is {got!r}, not a list of {len(expected)}"
            return
        for index, value in enumerate(expected):
            yield from differences(value, got[index], f"{path}[{index}]")
    elif expected != got:
        yield f"{path} is {got!r}, not {expected!r}"
