"""What an attempt reads from the cloud: each thing once, from any thread, and known for each check."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar, cast

from azlabs.verify.redact import remember_secrets

Loaded = TypeVar("Loaded")


TOGETHER = "together:"
"""How keys begin of what the checks of an attempt make together."""


class ReadableCloud(Protocol):
    """The part of a Cloud that checks read through."""

    @property
    def name(self) -> str: ...
    @property
    def subscription_id(self) -> str: ...
    @property
    def access_settles_seconds(self) -> float: ...
    def get(self, path: str, api_version: str) -> Any: ...
    def request(self, method: str, path: str, api_version: str, body: Any = None) -> Any: ...
    @property
    def send(self) -> Callable[..., Any]: ...
    def api_version(self, resource_type: str) -> str: ...
    def client(self, kind: type[Any], **arguments: Any) -> Any: ...
    def close(self) -> None: ...


class Cancelled(BaseException):
    """The attempt is over; whoever still reads for it stops. Not an Exception, so that checks do not swallow it."""


_tracked: ContextVar[set[str] | None] = ContextVar("azlabs_tracked_reads", default=None)


class Reads:
    """A memory of one attempt, safe for threads: whoever asks first loads, the others wait for that answer.

    Errors are remembered too, so that every check sees the same sandbox.
    """

    def __init__(self, cloud: ReadableCloud) -> None:
        self.cloud = cloud
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Future[Any], set[str]]] = {}
        self._cancelled = threading.Event()

    def get(self, path: str, api_version: str) -> dict[str, Any]:
        """The JSON at `path`; raises AzureError."""
        return self.remember(f"{path.lower()}?{api_version}", lambda: self._read(path, api_version))

    def secrets(self, path: str, api_version: str) -> dict[str, Any]:
        """The answer of a POST that reads, such as `listKeys`; every value in it is kept out of reports."""

        def ask() -> dict[str, Any]:
            answer = self.cloud.request("POST", path, api_version).json or {}
            remember_secrets(answer, all_values=True)
            return cast(dict[str, Any], answer)

        return self.remember(f"{path.lower()}?{api_version}", ask)

    def entries(self, path: str, api_version: str) -> list[dict[str, Any]]:
        """All entries of a list, over all its pages; raises AzureError."""
        return self.remember(f"{path.lower()}?{api_version}*", lambda: self._pages(path, api_version))

    def api_version(self, type_name: str) -> str:
        """The newest API version of a type that its provider lists; raises AzureError."""
        return self.remember(f"api-version:{type_name.lower()}", lambda: self.cloud.api_version(type_name))

    def remember(self, key: str, load: Callable[[], Loaded]) -> Loaded:
        """What `load` gave when it was first asked for under `key`; the reads inside count for whoever asks again."""
        self.stop_if_cancelled()
        with self._lock:
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = (Future(), set())
                first = True
            else:
                first = False
        answer, inside = known
        outer = _tracked.get()
        if first:
            token = _tracked.set(inside)
            try:
                answer.set_result(load())
            except BaseException as problem:
                if isinstance(problem, Cancelled):
                    self._forget(key)
                answer.set_exception(problem)
            finally:
                _tracked.reset(token)
        try:
            return cast(Loaded, self._wait(answer))
        finally:
            if outer is not None:
                outer |= inside
                outer.add(key)

    def note(self, key: str) -> None:
        """Counts something as read that does not go through this memory."""
        outer = _tracked.get()
        if outer is not None:
            outer.add(key)

    def fresh(self) -> None:
        """Forgets everything that was read: the next read asks the cloud again. What checks made together stays."""
        with self._lock:
            self._known = {key: known for key, known in self._known.items() if key.startswith(TOGETHER)}

    def cancel(self) -> None:
        """Makes every further read of this attempt raise Cancelled."""
        self._cancelled.set()

    def stop_if_cancelled(self) -> None:
        """Raises Cancelled once the attempt is over."""
        if self._cancelled.is_set():
            raise Cancelled

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the attempt."""
        self._cancelled.wait(seconds)
        self.stop_if_cancelled()

    def _forget(self, key: str) -> None:
        with self._lock:
            self._known.pop(key, None)

    def _wait(self, answer: Future[Any]) -> Any:
        while True:
            try:
                return answer.result(timeout=0.5)
            except TimeoutError:
                if answer.done():
                    raise
                self.stop_if_cancelled()

    def _read(self, path: str, api_version: str) -> dict[str, Any]:
        answer = self.cloud.get(path, api_version)
        remember_secrets(answer)
        return cast(dict[str, Any], answer)

    def _pages(self, path: str, api_version: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        next_page: str | None = path
        while next_page:
            self.stop_if_cancelled()
            page = self._read(next_page, api_version)
            found.extend(page.get("value", []))
            next_page = page.get("nextLink")
        return found


class tracking:
    """Collects in `reads` the keys of everything that the code inside reads."""

    def __init__(self) -> None:
        self.reads: set[str] = set()

    def __enter__(self) -> tracking:
        self._token = _tracked.set(self.reads)
        return self

    def __exit__(self, *_details: object) -> None:
        _tracked.reset(self._token)
