"""No secret leaves the simulator: not in what commands write, not in what azlabs keeps.

Every key, password, token and setting that the simulator has given out is looked for, with more that are planted, in the
output of every command, the ledger, the attempts, the workspace, the report and the logs.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LAB = "ai200-rag"
CANARY = "canary-7Qx2Lm9Zk4Wv8Rt1"
# The simulator's own state and key, the apps' code, and the record by which shells find the host, which nobody else may read.
OWN = ("simulator", "tls", "run/host.json", "functions/_environments", "functions/_packages")
SECRET_NAME = re.compile(r"key|secret|password|token|connection", re.IGNORECASE)
TOKEN = re.compile(rb"eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}")
SIGNATURE = re.compile(rb"[?&]sig=[\w%+/-]{20,}|SharedAccessSignature sr=|AccountKey=|SharedAccessKey=[^;\s]{20,}")


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, path)
    elif isinstance(value, str):
        yield path, value


def given_out(home: Path) -> dict[str, str]:
    """Every secret in the state of the simulator: {value: where it was}."""
    found: dict[str, str] = {}
    with contextlib.closing(sqlite3.connect(home / "simulator" / "state.sqlite")) as connection:
        for key, kind, hidden in connection.execute("SELECT key, type, hidden FROM resources WHERE hidden IS NOT NULL"):
            if kind == "microsoft.resources/deployments":
                continue
            for path, value in strings(json.loads(hidden)):
                if SECRET_NAME.search(path) and len(value) >= 20 and not value.startswith(("/", "2026-", "http")):
                    found[value] = f"{key}{path}"
        for (value,) in connection.execute("SELECT value FROM meta WHERE name='token-key'"):
            found[value] = "the key that signs tokens"
    return found


def plant(home: Path, sandbox: dict[str, Any]) -> dict[str, str]:
    """Secrets of every kind that a person may make; where each one is."""
    from azlabs.cloud import connect

    outputs = sandbox["outputs"]
    site = outputs.get("functionAppId", "")
    planted = {}
    with connect("simulator", home=home) as cloud:
        group = f"/subscriptions/{cloud.subscription_id}/resourceGroups/{sandbox['resource_groups'][0]}"
        site = site or next(
            entry["id"] for entry in cloud.items(f"{group}/resources", "2021-04-01") if entry["type"].lower() == "microsoft.web/sites"
        )
        settings = cloud.run("POST", f"{site}/config/appsettings/list", "2024-04-01").json["properties"]
        for name, value in settings.items():
            if SECRET_NAME.search(name) and len(value) >= 16 and not value.startswith("@"):
                planted[value] = f"the setting {name}"
        named = {name: f"{CANARY}-{name}" for name in ("SOME_PASSWORD", "Some__accountKey", "PLAIN")}
        cloud.run("PUT", f"{site}/config/appsettings", "2024-04-01", {"properties": {**settings, **named}})
        planted |= {value: f"the setting {name}" for name, value in named.items()}
        for inner in (f"{site}/host/default/listKeys",):
            for path, value in strings(cloud.run("POST", inner, "2024-04-01").json):
                if len(value) >= 20:
                    planted[value] = f"function keys{path}"
        vault = outputs["vaultId"]
        secret = {"properties": {"value": f"{CANARY}-vault"}}
        cloud.run("PUT", f"{vault}/secrets/canary", "2023-07-01", secret)
        planted[f"{CANARY}-vault"] = "a secret of the vault"
        graph = "https://graph.microsoft.com/v1.0/applications"
        made = cloud.graph.send("POST", graph, "", {"displayName": "canary"}).json
        password = cloud.graph.send("POST", f"{graph}/{made['id']}/addPassword", "", {"passwordCredential": {}}).json
        planted[password["secretText"]] = "a client secret"
    return planted


def leaks(text: bytes, secrets: dict[str, str]) -> list[str]:
    found = [where for value, where in secrets.items() if value.encode() in text or json.dumps(value)[1:-1].encode() in text]
    found += [f"a token: {match[0][:40]!r}" for match in TOKEN.finditer(text)]
    return found + [f"a signature or a key: {match[0][:60]!r}" for match in SIGNATURE.finditer(text)]


@pytest.fixture
def of_home(tmp_path: Path) -> Iterator[Path]:
    from azlabs.cloud import host

    home = tmp_path / "home"
    yield home
    host.stop(home)


def test_no_secret_is_in_any_output_or_file(azlabs, of_home: Path, monkeypatch, tmp_path: Path) -> None:
    from azlabs.simulator.tokens import Tokens

    issued: dict[str, str] = {}
    issue = Tokens.issue

    def noted(self: Tokens, *arguments: Any, **more: Any) -> str:
        token = issue(self, *arguments, **more)
        issued[token] = "a token"
        return token

    monkeypatch.setattr(Tokens, "issue", noted)
    said: dict[str, bytes] = {}

    def run(*arguments: str) -> None:
        ran = azlabs(*arguments)
        said[" ".join(arguments)] = f"{ran.out}\n{ran.err}".encode()

    report = tmp_path / "report.xml"
    run("up", LAB, "--cloud", "simulator", "--yes", "--json")
    (entry,) = (of_home / "sandboxes").glob("*.json")
    sandbox = json.loads(entry.read_text())
    secrets = {**given_out(of_home), **plant(of_home, sandbox)}
    for arguments in (("status",), ("guide",), ("hint", "keyless"), ("solve", "--show"), ("cost", LAB), ("down", "--dry-run"), ("logs",)):
        run(*arguments, "--json")
        run(*arguments)
    run("verify", "--junit", str(report), "--json")
    run("solve", "--yes", "--json")
    for arguments in (("verify",), ("logs", "--json"), ("deploy", "--json"), ("extend", "--debug"), ("reset", "--yes", "--json")):
        run(*arguments)
    ledger = entry.read_bytes()
    secrets |= given_out(of_home) | issued
    kinds = {where.partition("/providers/")[2].partition("/")[0] for where in secrets.values()} - {""}
    assert len(secrets) > 25 and len(kinds) >= 6, kinds
    run("down", "--yes", "--json")
    files = {
        path.relative_to(of_home).as_posix(): path.read_bytes()
        for path in of_home.rglob("*")
        if path.is_file() and not path.relative_to(of_home).as_posix().startswith(OWN)
    }
    said |= files | {"the ledger": ledger, "the report": report.read_bytes()}
    assert any(name.startswith("workspaces/") for name in files) and any("attempts" in name for name in files)
    assert {name: found for name, text in said.items() if (found := leaks(text, secrets))} == {}
