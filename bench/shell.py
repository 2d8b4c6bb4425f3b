"""The host process and `azlabs shell`: start, memory, requests a second, and what a shell adds to `az`.

    python -m bench.shell

Named baselines, measured in the same run: a stub that answers every request with a constant through the same kind of
listener (for requests), and `az group list` with a profile of its own against such a stub (for the shell). Without an
Azure CLI on the PATH or in .venv-az that part is left out, and said.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azlabs.simulator import Simulator

ROOT = Path(__file__).resolve().parents[1]
GROUPS = "https://127.0.0.1:{port}/subscriptions/00000000-0000-0000-0000-000000000000"
API = {"group": "2024-11-01", "network": "2024-05-01"}
ROUNDS = 9


def host_figures(home: Path) -> dict[str, float]:
    """Seconds until the host answers, and its resident megabytes when idle."""
    from azlabs.cloud import host

    started = []
    for _ in range(3):
        host.stop(home)
        before = time.perf_counter()
        record = host.ensure(home)
        started.append(time.perf_counter() - before)
    text = Path(f"/proc/{record['pid']}/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS"))
    return {"start s": statistics.median(started), "idle MB": kilobytes / 1024}


def session_rate(port: int, authority: str, token: str, count: int = 300) -> float:
    """Requests a second of one `requests` session that alternates PUT and GET of groups and networks."""
    import requests

    with requests.Session() as session:
        session.trust_env, session.verify = False, authority
        session.headers["Authorization"] = f"Bearer {token}"
        base = GROUPS.format(port=port)
        space = {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}

        def turn(number: int) -> None:
            group = f"{base}/resourceGroups/g{number}"
            network = f"{group}/providers/Microsoft.Network/virtualNetworks/v?api-version={API['network']}"
            group += f"?api-version={API['group']}"
            session.put(group, json={"location": "westeurope"}).raise_for_status()
            session.get(group).raise_for_status()
            session.put(network, json=space).raise_for_status()
            session.get(network).raise_for_status()

        for number in range(20):
            turn(number)
        before = time.perf_counter()
        for number in range(count):
            turn(number)
        return 4 * count / (time.perf_counter() - before)


def stub_answers(simulator: Simulator, port_of: Callable[[], int]) -> Callable[..., object]:
    """A handler that answers sign-in with a token and everything else with an empty list."""

    def answer(request: object) -> object:
        from azlabs.simulator.http import json_answer

        url = str(getattr(request, "url", ""))
        if "/oauth2/" in url or "/.well-known/" in url or "/discovery/" in url:
            path = url.partition("://")[2].partition("/")[2]
            request.url = f"https://login.microsoftonline.com/{path}"  # type: ignore[attr-defined]
            found = simulator.handle(request)  # type: ignore[arg-type]
            found.body = found.body.replace(b"login.microsoftonline.com", f"127.0.0.1:{port_of()}".encode())
            return found
        return json_answer({"value": []})

    return answer


def az_path() -> str | None:
    """Where the Azure CLI is, if anywhere."""
    return shutil.which("az", path=os.pathsep.join([str(ROOT / ".venv-az" / "bin"), os.environ["PATH"]]))


def seconds(commands: dict[str, tuple[list[str], dict[str, str]]]) -> dict[str, float]:
    """Median seconds of each command; they take turns, so that all see the same machine. A first turn is not counted."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS + 1):
        for name, (command, environment) in commands.items():
            before = time.perf_counter()
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            times[name].append(time.perf_counter() - before)
            if done.returncode:
                raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def shell_figures(home: Path, az: str, folder: Path) -> dict[str, float]:
    """Seconds of `az group list` against a stub, and through `azlabs shell` against the simulator."""
    from azlabs.cloud.shell import az as profiles
    from azlabs.cloud.shell import variables
    from azlabs.simulator import Simulator, certificates
    from azlabs.simulator.server import Listener

    ports: list[int] = []
    simulator = Simulator()
    listener = Listener(stub_answers(simulator, lambda: ports[0]), certificates.certificate(folder / "tls"))  # type: ignore[arg-type]
    ports.append(listener.port)
    with listener, simulator:
        owner, secret = simulator.sign_in_secret(simulator.tokens.owner.object_id)
        profile = folder / "profile"
        profiles.write_profile(
            profile, "00000000-0000-0000-0000-000000000000", owner.tenant_id, owner.app_id, "x", "stub"
        )
        (profile / "config").write_text(profiles.CONFIG.format(no_color="false").replace("AzureCloud", "stub"))
        endpoint = f"https://127.0.0.1:{listener.port}"
        (profile / "clouds.config").write_text(
            f"[stub]\nendpoint_resource_manager = {endpoint}\nendpoint_active_directory = {endpoint}\n"
            "endpoint_management = https://management.core.windows.net/\n"
            "endpoint_active_directory_resource_id = https://management.core.windows.net/\n"
            "subscription = 00000000-0000-0000-0000-000000000000\n"
        )
        known = json.loads((profile / "azureProfile.json").read_text())
        known["subscriptions"][0]["environmentName"] = "stub"
        (profile / "azureProfile.json").write_text(json.dumps(known))
        client = json.loads((profile / "service_principal_entries.json").read_text())
        client[0]["client_secret"] = secret
        (profile / "service_principal_entries.json").write_text(json.dumps(client))
        plain = os.environ | {"AZURE_CONFIG_DIR": str(profile), "REQUESTS_CA_BUNDLE": str(listener.authority)}
        own = os.environ | {
            "AZLABS_HOME": str(home),
            "PATH": os.pathsep.join([str(Path(az).parent), os.environ["PATH"]]),
        }
        variables("simulator", home, own)
        azlabs = str(Path(sys.executable).parent / "azlabs")
        return seconds(
            {
                "az and a stub s": ([az, "group", "list"], plain),
                "azlabs shell s": ([azlabs, "shell", "--", "az", "group", "list"], own),
            }
        )


def main() -> bool:
    """Print every figure and the ratios, and tell whether a limit was not kept."""
    from azlabs.cloud import host
    from azlabs.simulator import Simulator, certificates
    from azlabs.simulator.http import json_answer
    from azlabs.simulator.server import Listener

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        home.mkdir()
        try:
            figures = host_figures(home)
            print(
                f"host starts in {figures['start s']:.2f} s (limit 0.5), idles at {figures['idle MB']:.0f} MB (limit 80)"
            )
            record = host.ensure(home)
            with Simulator(home / "simulator" / "state.sqlite") as simulator:
                token = simulator.owner_token()
            rate = session_rate(record["https_port"], record["authority"], token)
            with Listener(lambda _request: json_answer({}), certificates.certificate(folder / "tls")) as stub:
                bare = session_rate(stub.port, str(stub.authority), token)
            print(
                f"one requests session: {rate:.0f} requests/s (limit 1000), {rate / bare:.2f} x a constant stub ({bare:.0f})"
            )
            failed = figures["start s"] > 0.5 or figures["idle MB"] > 80 or rate < 1000
            az = az_path()
            if az is None:
                print("azlabs shell: left out, there is no Azure CLI (make conformance installs one)")
                return failed
            shell = shell_figures(home, az, folder)
            ratio = shell["azlabs shell s"] / shell["az and a stub s"]
            print(
                f"azlabs shell -- az group list: {shell['azlabs shell s']:.2f} s, {ratio:.2f} x az against a stub "
                f"({shell['az and a stub s']:.2f} s; limit 1.25)"
            )
            return failed or ratio > 1.25
        finally:
            host.stop(home)


if __name__ == "__main__":
    raise SystemExit(main())
