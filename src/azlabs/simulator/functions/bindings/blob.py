"""Blobs: the content of one as input, a new or replaced one as output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions.bindings import storage, values
from azlabs.simulator.functions.model import Datum, Function, FunctionProblem

if TYPE_CHECKING:
    from azlabs.simulator.functions.app import App

Binding = Mapping[str, Any]
DEFAULT = "AzureWebJobsStorage"


def read(app: App, function: Function, binding: Binding, given: Mapping[str, Any]) -> Datum | None:  # noqa: ARG001
    """The content; None when there is no such blob."""
    path = app.expand(str(binding["path"]), given).strip("/")
    answer = service(app, binding).request("GET", path)
    if answer.status == 404:
        return None
    if answer.status >= 300:
        raise FunctionProblem(f"The blob '{path}' of the binding '{binding['name']}' cannot be read: {storage.said(answer)}")
    if str(binding.get("dataType", "")).lower() == "string":
        return Datum("string", answer.body.decode("utf-8", "replace"))
    return Datum("bytes", answer.body)


def write(app: App, function: Function, binding: Binding, datum: Datum, given: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Put the content; a container that is missing is made."""
    path = app.expand(str(binding["path"]), given).strip("/")
    content = datum.value if datum.kind == "bytes" else values.raw(datum.value)
    put(service(app, binding), path, content)


def put(place: storage.Service, path: str, content: bytes) -> None:
    """Write a blob; a container that is missing is made. Raises `FunctionProblem`."""
    headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
    answer = place.request("PUT", path, None, headers, content)
    if answer.status == 404:
        storage.create(place, "PUT", path.partition("/")[0], {"restype": "container"})
        answer = place.request("PUT", path, None, headers, content)
    if answer.status >= 300:
        raise FunctionProblem(f"The blob '{path}' in '{place.account}' cannot be written: {storage.said(answer)}")


def check(app: App, function: Function, binding: Binding) -> None:
    """Raise `FunctionProblem` when the binding cannot work."""
    path = str(binding.get("path", "")).strip("/")
    if "/" not in path and not path.startswith("%"):
        raise FunctionProblem(f"The path '{path}' of function '{function.name}' has to be container/blob.")
    service(app, binding)


def service(app: App, binding: Binding) -> storage.Service:
    """The blob service that a binding means."""
    name = str(binding.get("connection") or DEFAULT)
    return storage.from_connection(app.connection(name), app.simulator.handle, "blob", name)
