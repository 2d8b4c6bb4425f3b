"""`azlabs simulator`: the embedded Azure as a server for other programs, and its state."""

from __future__ import annotations

import sys
import threading
from typing import Annotated

import typer

from azlabs.cli import simulator_faults
from azlabs.cli.call import Call, command

app = typer.Typer(
    name="simulator", add_completion=False, no_args_is_help=True, help="Serve, inspect and empty the simulator."
)


@app.callback()
def _group() -> None:
    """Serve, inspect and empty the simulator."""


app.add_typer(simulator_faults.app)


@command(app, "serve", epilog="Example: azlabs simulator serve --port 8443")
def serve(
    call: Call,
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0: a free one.")] = 0,
) -> None:
    """Answer Azure's requests over https on this machine until Ctrl-C."""
    import signal

    from azlabs.cloud.simulator_host import serve as serving

    with serving(port) as served:
        for notice in served.notices:
            call.say(notice)
        if call.json:
            call.give_json({"url": served.url, "authority": str(served.authority), "pid": served.pid})
        else:
            call.out.print(f"Azure Resource Manager: {served.url}", markup=False, soft_wrap=True)
            call.out.print(f"Trust this authority:   {served.authority}", markup=False, soft_wrap=True)
            call.say("Ctrl-C ends it.")
        sys.stdout.flush()
        stopped = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stopped.set())
        stopped.wait()


@command(app, "status", epilog="Example: azlabs simulator status --json")
def status(call: Call) -> None:
    """Show what the simulator holds and whether it is being served."""
    from azlabs.cli.screen import facts
    from azlabs.cloud.simulator_host import status as look

    found = look()
    for notice in found.notices:
        call.say(notice)
    served = found.served
    if call.json:
        call.give_json(
            {
                "state": str(found.state),
                "size_bytes": found.size_bytes,
                "resource_groups": list(found.resource_groups),
                "resources": found.resources,
                "served": {"url": served.url, "pid": served.pid} if served else None,
            }
        )
        return
    rows = [
        ("state", str(found.state)),
        ("size", f"{found.size_bytes / 1e6:.1f} MB"),
        ("resource groups", ", ".join(found.resource_groups) or "none"),
        ("resources", str(found.resources)),
        ("served", f"{served.url}, process {served.pid}" if served else "no"),
    ]
    call.out.print(facts(rows))


@command(app, "reset", "yes", epilog="Example: azlabs simulator reset --yes")
def reset(call: Call) -> None:
    """Empty the simulator. Sandboxes on Azure are not touched."""
    from azlabs.cloud.simulator_host import reset as empty

    call.must_agree("Delete everything in the simulator?")
    existed = empty()
    if call.json:
        call.give_json({"existed": existed})
    else:
        call.out.print("The simulator is empty." if existed else "The simulator was empty already.")
