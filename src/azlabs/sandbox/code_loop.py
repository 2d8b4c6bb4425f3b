"""The code loop: the app of a workspace runs in place of the deployed one, and starts again when a file changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from azlabs.errors import AzlabsError
from azlabs.sandbox.apps import FunctionApp
from azlabs.sandbox.publishing import PublishingFailed, files_of

if TYPE_CHECKING:
    from azlabs.cloud import Cloud

LOOK_SECONDS = 0.3
SAY_SECONDS = 2.0
"""How often the host is told that the loop goes on; it gives the deployed app back after ten seconds of silence."""
_AUDIENCE = "https://management.azure.com"


@dataclass
class CodeLoop:
    """`with CodeLoop(cloud, app, folder) as loop: for changed in loop.changes(): ...`; leaving it gives the deployed app back."""

    cloud: Cloud
    app: FunctionApp
    folder: Path
    debugger: int = 0
    _stamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    _digest: str = ""
    _said: float = 0.0

    def __enter__(self) -> CodeLoop:
        if self.cloud.costs_money:
            raise AzlabsError(
                "`azlabs run` serves an app on the simulator only.",
                action="On Azure publish it with `azlabs deploy`, and read `azlabs logs -f`.",
                code="RunsOnSimulatorOnly",
            )
        if not (self.folder / "host.json").is_file():
            raise PublishingFailed(
                f"{self.folder} holds no host.json, so it is no function app.",
                action="Run it in the workspace of a lab with an app, or name the folder.",
                code="NotAFunctionApp",
            )
        self._look()
        self._say()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(AzlabsError):
            self.cloud.send("DELETE", self._url, audience=_AUDIENCE)

    def changes(self) -> Iterator[list[str]]:
        """Look again and again: the names of the files that have changed, [] for a look that found none."""
        while True:
            time.sleep(LOOK_SECONDS)
            changed = self._look()
            if changed or time.monotonic() - self._said > SAY_SECONDS:
                self._say()
            yield changed

    @property
    def _url(self) -> str:
        return f"https://{self.app.engine}/api/azlabs/loop"

    def _look(self) -> list[str]:
        """Names of the files that differ from the last look."""
        files = dict(files_of(self.folder))
        stamps = {}
        for name, path in files.items():
            with contextlib.suppress(OSError):
                found = path.stat()
                stamps[name] = (found.st_mtime_ns, found.st_size)
        changed = sorted(name for name in stamps.keys() | self._stamps.keys() if stamps.get(name) != self._stamps.get(name))
        if changed:
            self._stamps = stamps
            before, self._digest = self._digest, _digest(files)
            if self._digest == before:
                return []
        return changed

    def _say(self) -> None:
        body = {"folder": str(self.folder.resolve()), "digest": self._digest, "debugger": self.debugger}
        said = self.cloud.send("PUT", self._url, content=json.dumps(body).encode(), audience=_AUDIENCE)
        self._said = time.monotonic()
        if said.status >= 300:
            raise PublishingFailed(said.text or f"The simulator refused the code loop ({said.status}).", code="RunRefused")


def _digest(files: dict[str, Path]) -> str:
    found = hashlib.sha256()
    for name in sorted(files):
        with contextlib.suppress(OSError):
            found.update(f"{name}\0".encode())
            found.update(hashlib.sha256(files[name].read_bytes()).digest())
    return found.hexdigest()[:24]

