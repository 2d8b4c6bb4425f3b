"""A worker: loads one app and calls its functions, sync ones in a pool of threads, async ones on the loop of the main thread."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import faulthandler
import importlib
import logging
import os
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import context, declared, lines, values
from .frames import Broken, Channel

TRUE = ("1", "true", "yes")
CUT_OFF = 71
"""Exit code of a worker that cannot speak to its host any more."""


def run(end: socket.socket) -> int:
    """Serve the host at the other end until it closes; the exit code."""
    channel = Channel(end)
    try:
        config = channel.receive()
    except Broken:
        return 0
    return Worker(channel, config).run()


class Worker:
    """One app in one process."""

    def __init__(self, channel: Channel, config: dict[str, Any]) -> None:
        self._channel, self._config = channel, config
        self._settings: dict[str, str] = config["variables"]
        self._lines = lines.Lines(self._say)
        self._functions: dict[str, declared.Declared] = {}
        self._loop = asyncio.new_event_loop()
        self._pool: ThreadPoolExecutor | None = None
        self._traced = False
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self) -> int:
        """Load, then serve."""
        self._settle_in()
        try:
            problem = context.start_telemetry(self._settings)
            if problem:
                self._lines.put("Error", problem)
            self._traced = any(
                self._settings.get(name, "").lower() in TRUE
                for name in ("PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", "PYTHON_ENABLE_OPENTELEMETRY")
            )
            self._functions = declared.functions_of(self._config["script"])
            self._context, self._out = context.context_class(), context.out_class()
        except BaseException as problem:
            self._say(
                {
                    "op": "failed",
                    "error": _sentence(problem) + _place(problem, self._config["folder"]),
                    "type": type(problem).__name__,
                    "stack": self._stack(problem),
                }
            )
            return 1
        self._bound_memory()
        count = self._settings.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
        workers = int(count) if count.isdigit() and int(count) > 0 else None
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="function")
        self._say({"op": "loaded", "functions": [one.wire for one in self._functions.values()], "traced": self._traced})
        threading.Thread(target=self._read, name="host", daemon=True).start()
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        return 0

    def _settle_in(self) -> None:
        """The app's own variables, folder, path and output."""
        os.environ.clear()
        os.environ.update(self._settings)
        hooks: Any = sys.modules.get("sitecustomize")
        if hooks is not None and hasattr(hooks, "RECORD"):
            hooks.RECORD = self._settings.get("AZLABS_HOST_RECORD", "")
        folder = self._config["folder"]
        os.chdir(folder)
        sys.path[:0] = [folder]
        sys.path.extend(one for one in self._config["paths"] if one not in sys.path)
        sys.path_importer_cache.clear()
        sys.argv[:] = ["worker"]
        sys.dont_write_bytecode = True
        faulthandler.enable(2)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdout = lines.Console(self._lines, "Information", 1)
        sys.stderr = lines.Console(self._lines, "Warning", 2)
        root = logging.getLogger()
        root.handlers[:] = [lines.Handler(self._lines)]
        root.setLevel(
            logging.DEBUG if self._settings.get("PYTHON_ENABLE_DEBUG_LOGGING", "").lower() in TRUE else logging.INFO
        )
        if self._config.get("debugger"):
            os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
            with contextlib.suppress(ImportError):
                debugger: Any = importlib.import_module("debugpy")
                debugger.configure(subProcess=False)
                debugger.listen(("127.0.0.1", int(self._config["debugger"])), in_process_debug_adapter=True)
                debugger.wait_for_client()

    def _bound_memory(self) -> None:
        """From here on the app may take so much memory; beyond it Python raises MemoryError."""
        more = self._config.get("memory")
        if not more or sys.platform != "linux":
            return
        import resource

        with contextlib.suppress(OSError, ValueError):
            with open("/proc/self/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
                used = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmData:"))
            resource.setrlimit(resource.RLIMIT_DATA, (used + more, resource.RLIM_INFINITY))

    # --- talking to the host ----------------------------------------------------------------------------------------------
    def _say(self, message: dict[str, Any]) -> None:
        try:
            self._channel.send(message)
        except Broken:
            os._exit(CUT_OFF)

    def _read(self) -> None:
        while True:
            try:
                message = self._channel.receive()
            except Broken:
                os._exit(0)
            if message["op"] == "invoke":
                self._dispatch(message)
            elif message["op"] == "end":
                threading.Thread(target=self._end, daemon=True).start()

    def _end(self) -> None:
        # Exporters log what they send, and send what is logged: without this they would never be done.
        logging.disable(logging.CRITICAL)
        context.flush_telemetry()
        os._exit(0)

    # --- invocations ------------------------------------------------------------------------------------------------------
    def _dispatch(self, message: dict[str, Any]) -> None:
        """Sync functions go to the pool at once: an async one that blocks the loop does not block them."""
        function = self._functions[message["function"]]
        if function.is_async:
            self._loop.call_soon_threadsafe(self._begin, message, function)
        else:
            assert self._pool is not None
            self._pool.submit(self._run_sync, message, function)

    def _begin(self, message: dict[str, Any], function: declared.Declared) -> None:
        task = self._loop.create_task(self._run_async(message, function))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _run_sync(self, message: dict[str, Any], function: declared.Declared) -> None:
        with self._answering(message) as answer:
            arguments, outs, scope = self._prepared(message, function)
            result = scope.run(self._sync, function.call, arguments, message["id"])
            answer.update(_given(function, outs, result))

    async def _run_async(self, message: dict[str, Any], function: declared.Declared) -> None:
        with self._answering(message) as answer:
            arguments, outs, scope = self._prepared(message, function)
            result = await self._loop.create_task(_as_task(function.call, arguments), context=scope)
            answer.update(_given(function, outs, result))

    @contextlib.contextmanager
    def _answering(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Says that the invocation has begun, and in the end what became of it."""
        invocation = message["id"]
        account = self._lines.accounts[invocation] = lines.Account(invocation, message["function"])
        self._say({"op": "began", "id": invocation})
        answer: dict[str, Any] = {}
        try:
            yield answer
        except BaseException as problem:
            answer = {"error": _sentence(problem), "type": type(problem).__name__, "stack": self._stack(problem)}
        self._lines.dropped(account)
        self._lines.accounts.pop(invocation, None)
        self._say({"op": "done", "id": invocation, **answer})

    def _prepared(
        self, message: dict[str, Any], function: declared.Declared
    ) -> tuple[dict[str, Any], dict[str, Any], contextvars.Context]:
        """The arguments of a call, its outputs among them, and the context variables that it runs in."""
        metadata, given = message["metadata"], message["inputs"]
        arguments = {name: values.decoded(kind, given.get(name), metadata) for name, kind in function.inputs.items()}
        outs = {name: self._out() for name in function.outputs}
        arguments.update(outs)
        if function.wants_context:
            arguments["context"] = self._context(
                function.name, message["id"], self._config["folder"], message["trace"], message.get("retry")
            )
        scope = contextvars.copy_context()
        scope.run(lines.running.set, self._lines.accounts[message["id"]])
        if self._traced:
            scope.run(context.attach_trace, message["trace"].get("parent", ""))
        return arguments, outs, scope

    def _sync(self, call: Any, arguments: dict[str, Any], invocation: str) -> Any:
        lines.local.invocation_id = invocation
        try:
            return call(**arguments)
        finally:
            lines.local.invocation_id = None
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()

    def _stack(self, problem: BaseException) -> str:
        """The traceback without the frames of this program."""
        try:
            trace = problem.__traceback__
            here = str(Path(__file__).parent)
            while trace is not None and (
                trace.tb_frame.f_code.co_filename.startswith((here, "<frozen importlib"))
                or f"{os.sep}importlib{os.sep}" in trace.tb_frame.f_code.co_filename
                or f"{os.sep}concurrent{os.sep}futures{os.sep}" in trace.tb_frame.f_code.co_filename
            ):
                trace = trace.tb_next
            return "".join(traceback.format_exception(type(problem), problem, trace))[-16_000:]
        except BaseException:
            return ""


def _given(function: declared.Declared, outs: dict[str, Any], result: Any) -> dict[str, Any]:
    """What a call gave, for the host."""
    outputs = {
        name: values.encoded(kind, outs[name].value, function.types.get(name))
        for name, kind in function.outputs.items()
        if outs[name].value is not None
    }
    returned = None
    if function.returned is not None and (result is not None or function.returned == "http"):
        returned = values.encoded(function.returned, result, function.types.get("$return"))
    return {"outputs": outputs, "returned": returned}


class _Left(Exception):
    """The function asked Python to end."""


async def _as_task(call: Any, arguments: dict[str, Any]) -> Any:
    try:
        return await call(**arguments)
    except (SystemExit, KeyboardInterrupt) as problem:
        # These would end the loop, and every other invocation with it.
        raise _Left(f"{type(problem).__name__}: {problem}") from problem
    finally:
        sys.stdout.flush()


def _sentence(problem: BaseException) -> str:
    """An exception in one line."""
    if isinstance(problem, declared.LoadError):
        return str(problem)
    if isinstance(problem, SyntaxError):
        return f"SyntaxError: {problem.msg} ({Path(problem.filename or '?').name}, line {problem.lineno})"
    try:
        text = str(problem).strip()
    except Exception:
        text = ""
    name = type(problem).__name__
    return f"{name}: {text}"[:4000] if text else name


def _place(problem: BaseException, folder: str) -> str:
    """Where in the app an exception came from: " (file, line n)"; "" when the exception says so itself, or came from elsewhere."""
    if isinstance(problem, (SyntaxError, declared.LoadError)):
        return ""
    own = [one for one in traceback.extract_tb(problem.__traceback__) if one.filename.startswith(folder + os.sep)]
    return f" ({os.path.relpath(own[-1].filename, folder)}, line {own[-1].lineno})" if own else ""
