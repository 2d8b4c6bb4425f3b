"""Loaded by every Python program inside `azlabs shell`: Azure's names lead to the simulator's host process.

Self-contained and quick: it only plants hooks, which act when `socket`, `urllib.request` or `certifi` are imported. It
runs any `sitecustomize` that it stands in front of.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False  # typing itself would cost every program its import
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

RECORD = os.environ.get("AZLABS_HOST_RECORD", "")
HERE = os.path.dirname(os.path.abspath(__file__))


def _record() -> dict[str, Any]:
    """The host's record as it is now; the host is started again when it is gone."""
    import json

    for attempt in (0, 1):
        try:
            with open(RECORD, encoding="utf-8") as file:
                record = json.load(file)
            _check_alive(record["pid"])
        except (OSError, ValueError, KeyError):
            if attempt:
                raise
            _revive()
        else:
            return record  # type: ignore[no-any-return]
    raise OSError("the host process is gone")


def _check_alive(pid: int) -> None:
    """Raises OSError when the process is gone, or only waits to be buried."""
    os.kill(pid, 0)
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            state = file.read().rpartition(")")[2].split()[0]
    except OSError:
        return
    if state == "Z":
        raise ProcessLookupError(pid)


def _revive() -> None:
    import subprocess

    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment["AZLABS_HOME"] = os.path.dirname(os.path.dirname(RECORD))
    python = os.environ.get("AZLABS_PYTHON", sys.executable)
    subprocess.call([python, "-m", "azlabs.cloud.host"], env=environment, stdout=subprocess.DEVNULL)


def _matches(host: str, names: Sequence[str]) -> bool:
    return any(host == name.lstrip(".") or (name[0] == "." and host.endswith(name)) for name in names)


def _door(name: str, port: Any) -> str:
    """Which of the host's ports answers this public name and port."""
    if name == "169.254.169.254" or str(port) in ("80", "http"):
        return "proxy_port"
    if name.endswith(".servicebus.windows.net") and str(port) in ("5671", "5672", "amqps", "amqp"):
        return "amqps_port" if str(port) in ("5671", "amqps") else "amqp_port"
    return "https_port"


def _patch_socket(module: Any) -> None:
    original = module.getaddrinfo
    doors: dict[int, int] = {}

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if not isinstance(name, str) or not name or (name[-1:].isdigit() and name != "169.254.169.254"):
            return original(host, port, *arguments, **options)
        name = name.lower().rstrip(".")
        if "." not in name:
            return original(host, port, *arguments, **options)
        try:
            record = _record()
        except (OSError, ValueError, KeyError):
            raise module.gaierror(module.EAI_AGAIN, "azlabs: the simulator's host process cannot be started") from None
        if _matches(name, record["served"]):
            found = original("127.0.0.1", record[_door(name, port)], *arguments, **options)
            if str(port).isdigit() and int(port):
                doors[int(port)] = found[0][4][1]
            return found
        if _matches(name, record["azure"]):
            text = "azlabs: %s is not served by the simulator, and this shell does not reach the real Azure" % name
            raise module.gaierror(module.EAI_NONAME, text)
        return original(host, port, *arguments, **options)

    def through_doors(connect: Callable[..., Any]) -> Callable[..., Any]:
        """Some programs (anyio) take only the address from the answer and keep the port that they asked for."""

        def connects(self: Any, address: Any) -> Any:
            if isinstance(address, tuple) and address[:1] == ("127.0.0.1",) and address[1] in doors:
                address = ("127.0.0.1", doors[address[1]])
            return connect(self, address)

        return connects

    module.getaddrinfo = getaddrinfo
    for name in ("connect", "connect_ex"):
        setattr(module.socket, name, through_doors(getattr(module.socket, name)))


def _patch_proxies(module: Any) -> None:
    """Python programs need no proxy: names are resolved here. Programs they start still inherit it."""

    def without_ours(original: Callable[[], dict[str, str]]) -> Callable[[], dict[str, str]]:
        def proxies() -> dict[str, str]:
            ours = os.environ.get("AZLABS_PROXY")
            return {scheme: url for scheme, url in original().items() if url != ours}

        return proxies

    for name in ("getproxies", "getproxies_environment"):
        setattr(module, name, without_ours(getattr(module, name)))


def _patch_certifi(module: Any) -> None:
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    if bundle:
        module.where = lambda: bundle


PATCHES = {"socket": _patch_socket, "urllib.request": _patch_proxies, "certifi": _patch_certifi}


class _Loader:
    def __init__(self, loader: Any, patch: Callable[[Any], None]) -> None:
        self._loader, self._patch = loader, patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._patch(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)


class _Finder:
    """Patches a module right after its import."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        patch = PATCHES.get(name)
        if patch is None:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Loader(spec.loader, patch)  # type: ignore[assignment]
        return spec


def _plant() -> None:
    for name, patch in PATCHES.items():
        if name in sys.modules:
            patch(sys.modules[name])
    sys.meta_path.insert(0, _Finder())


def _run_next() -> None:
    """The sitecustomize that would have been loaded without this one."""
    paths = [path for path in sys.path if os.path.abspath(path or ".") != HERE]
    spec = PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        from importlib.util import module_from_spec

        spec.loader.exec_module(module_from_spec(spec))


if RECORD:
    _plant()
_run_next()
