"""The host process of a home as the attendant of a simulator that runs in another process."""

from __future__ import annotations

import http.client
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azlabs.cloud import host
from azlabs.errors import AzlabsError

if TYPE_CHECKING:
    from azlabs.simulator import Answer, Request

ANSWER_SECONDS = 240.0
"""As long as Azure's front end waits for an app."""
_HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}


class HostProcess:
    """Passes requests on to the host process over https, starting it when it does not run."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._starting: threading.Thread | None = None
        self._context: ssl.SSLContext | None = None

    def answer(self, request: Request, path: str, query: str) -> Answer:
        """What the host process answers; 503 when there is none and none can be started."""
        from azlabs.simulator.attendant import unattended
        from azlabs.simulator.fault_answers import FORWARDED
        from azlabs.simulator.http import Answer, split_url

        name = split_url(request.url)[0]
        try:
            record = host.ensure(self._home)
            connection = http.client.HTTPSConnection(
                "127.0.0.1", record["https_port"], timeout=ANSWER_SECONDS, context=self._trust(record)
            )
            headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP_BY_HOP}
            target = path + (f"?{query}" if query else "")
            try:
                connection.request(request.method, target, request.body, headers | {"Host": name, FORWARDED: "1"})
                found = connection.getresponse()
                body = found.read()
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, AzlabsError):
            return unattended(name)
        kept = {key: value for key, value in found.getheaders() if key.lower() not in _HOP_BY_HOP}
        return Answer(found.status, kept, body)

    def needed(self) -> None:
        """Start the host process in the background; it sees the rest for itself."""
        with self._lock:
            if self._starting is None or not self._starting.is_alive():
                self._starting = threading.Thread(target=self._start, name="azlabs-host-start", daemon=True)
                self._starting.start()

    def _start(self) -> None:
        import contextlib

        # Whoever needs an answer of it tries again, and is told why there is none.
        with contextlib.suppress(AzlabsError, OSError):
            host.ensure(self._home)

    def rest(self) -> None:
        """End the host process."""
        with self._lock:
            starting = self._starting
        if starting is not None:
            starting.join()
        host.stop(self._home)

    def _trust(self, record: dict[str, Any]) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context(cafile=record["authority"])
        return self._context
