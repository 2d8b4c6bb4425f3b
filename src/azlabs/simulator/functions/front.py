"""Requests to function apps: who answers them, the host's own endpoints, and Azure's answers for apps that do not run."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from azlabs.simulator.functions import keys, reported
from azlabs.simulator.functions.app import FAILED, RUNNING, App
from azlabs.simulator.functions.inputs import is_running
from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.triggers.http import HttpTrigger
from azlabs.simulator.http import Answer, CaseInsensitive, Request, json_answer, parse_query, split_url
from azlabs.simulator.providers.web.base import is_function

if TYPE_CHECKING:
    from azlabs.simulator.functions.host import FunctionsHost

SCM = ".scm.azurewebsites.net"
VERSION = "4.1041.200.25360"
PROBLEM = "X-Azlabs-Problem"
"""A header of the simulator's own: why an app does not answer, in one sentence."""
HOMEPAGE = b"<!DOCTYPE html><html><body><h1>Your Azure Function App is up and running.</h1></body></html>"
_HTML = {"Content-Type": "text/html; charset=utf-8"}


def answer(host: FunctionsHost, request: Request, path: str, query: str) -> Answer:
    """A request to an app's host name, or to its deployment engine's."""
    name = split_url(request.url)[0]
    if name.endswith(SCM):
        from azlabs.simulator.functions.publishing import scm

        return scm.handle(host, request, path, query)
    site = host.site_of(name)
    if site is None:
        return Answer(404, dict(_HTML), b"<h2>404 Web Site not found.</h2>")
    if not is_function(site.body):
        message = f"Web apps are not run by the simulator; '{name}' is not a function app."
        return json_answer({"error": {"code": "NotModelledBySimulator", "message": message, "target": name}}, 501)
    if not is_running(site):
        return Answer(403, dict(_HTML), b"<h1>Error 403 - This web app is stopped.</h1>")
    if str((site.body.get("properties") or {}).get("publicNetworkAccess") or "").lower() == "disabled":
        return Answer(
            403, {**_HTML, PROBLEM: "The app's public network access is disabled."}, b"<h1>Error 403 - Forbidden</h1>"
        )
    app = host.ready(site.id)
    if app is None:
        return _without_package(path)
    return _answer(app, request, path, query)


def _without_package(path: str) -> Answer:
    if path == "/":
        return Answer(200, dict(_HTML), HOMEPAGE)
    return Answer(404, {PROBLEM: "No package has been deployed to the app."})


def _answer(app: App, request: Request, path: str, query: str) -> Answer:
    first = path.strip("/").partition("/")[0].lower()
    if first == "admin":
        return _admin(app, request, [part for part in path.split("/") if part][1:], query)
    if app.state == FAILED:
        # Azure's host runs without functions when the worker could not load them, and not at all when it cannot start itself.
        status, body = (404, b"") if app.load_failed else (503, b"Function host is not running.")
        return Answer(status, {PROBLEM: _plain(app.problem)}, body)
    if first == "runtime":
        return _hook(app, request, path, query)
    found = sorted(
        ((one.route.order, name, one, values) for name, one in list(app.triggers.items())
         if isinstance(one, HttpTrigger) and (values := one.takes(request.method, path.strip("/"))) is not None),
        key=lambda entry: entry[:2],
    )  # fmt: skip
    if found:
        _, _, trigger, values = found[0]
        answered = trigger.answer(request, path, query, values)
        more = app.host_json.section("extensions", "http", "customHeaders")
        answered.headers.update({name: str(value) for name, value in more.items() if name not in answered.headers})
        return answered
    if path == "/":
        off = app.settings.get("AzureWebJobsDisableHomepage", "").lower() in ("1", "true")
        return Answer(204) if off else Answer(200, dict(_HTML), HOMEPAGE)
    problem = next(iter(app.problems.values()), "")
    return Answer(404, {PROBLEM: _plain(problem)} if problem else {})


def _plain(text: str) -> str:
    return " ".join(text.split()).encode("ascii", "replace").decode()[:1000]


def _key(request: Request, query: str) -> str:
    return CaseInsensitive(request.headers).get(keys.HEADER) or parse_query(query).get(keys.QUERY, "")


def _hook(app: App, request: Request, path: str, query: str) -> Answer:
    """The address of an extension: /runtime/webhooks/<extension>?functionName=...&code=<its system key>."""
    parts = [part for part in path.split("/") if part]
    asked = parse_query(query)
    name = parts[2].lower() if len(parts) > 2 and parts[1].lower() == "webhooks" else ""
    wanted = asked.get("functionname", "").lower().removeprefix("host.functions.")
    trigger = next((one for key, one in app.triggers.items() if key.lower() == wanted), None)
    hook = getattr(trigger, "hook", None)
    if hook is None or getattr(trigger, "webhook", None) != name:
        return Answer(404)
    if not keys.opens(app.simulator, app.site_key, keys.SYSTEM, _key(request, query), system=f"{name}_extension"):
        return Answer(401)
    answered: Answer = hook(request, asked)
    return answered


# --- the host's own endpoints -----------------------------------------------------------------------------------------------
def _admin(app: App, request: Request, parts: list[str], query: str) -> Answer:
    """https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http"""
    lowered, method = [part.lower() for part in parts], request.method.upper()
    if lowered in (["warmup"], ["host", "ping"]):
        return Answer(200)
    if not keys.opens(app.simulator, app.site_key, keys.ADMIN, _key(request, query)):
        return Answer(401)
    match method, lowered:
        case "GET", ["host", "status"]:
            return json_answer(_status(app))
        case "POST", ["host", "synctriggers"]:
            reported.write(app)
            return json_answer({"status": "success"})
        case "GET", ["functions"]:
            return json_answer([_function(app, name) for name in sorted(app.functions)])
        case _, ["functions", name, *rest]:
            found = next((one for one in app.functions if one.lower() == name), None)
            if found is not None and method == "GET" and rest in ([], ["status"]):
                problems = [app.problems[found]] if found in app.problems else None
                return json_answer({"errors": problems} if rest else _function(app, found))
            if found is not None and method == "POST" and not rest:
                return _by_hand(app, found, request)
    return Answer(404)


def _status(app: App) -> dict[str, Any]:
    errors = [app.problem] if app.problem else []
    return {
        "id": app.name.lower(), "state": app.state if app.state in (RUNNING, FAILED) else "Starting", "version": VERSION,
        "versionDetails": VERSION, "platformVersion": "", "instanceId": app.instance, "computerName": app.name,
        "processUptime": int((time.time() - app.began) * 1000), "errors": errors,
    }  # fmt: skip


def _function(app: App, name: str) -> dict[str, Any]:
    with app.simulator.store.lock:
        row = app.simulator.store.get(f"{app.site_key}/functions/{name.lower()}")
    return {} if row is None else dict(row.body["properties"])


def _by_hand(app: App, name: str, request: Request) -> Answer:
    """Run a function with an input, and say only that it was accepted."""
    import threading

    try:
        document = json.loads(request.body or b"{}")
        text = document.get("input") if isinstance(document, dict) else None
    except ValueError:
        return Answer(400)
    trigger = app.triggers.get(name)
    if trigger is None:
        return Answer(404, {PROBLEM: _plain(app.problems.get(name, "The function is disabled."))})
    try:
        event = trigger.by_hand(text if isinstance(text, str) or text is None else json.dumps(text))
    except FunctionProblem as problem:
        return json_answer({"error": {"code": "BadRequest", "message": str(problem)}}, 400)
    threading.Thread(target=app.invoke, args=(app.functions[name], event), name="azlabs-by-hand", daemon=True).start()
    return Answer(202)


def keep_reported(app: App) -> None:
    """A state that was put back may lack the functions that the running app declares."""
    if app.state == RUNNING:
        reported.write(app)
