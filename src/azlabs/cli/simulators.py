"""`azlabs simulator`: the embedded Azure as a server for other programs, and its state."""

from __future__ import annotations

from typing import Annotated

import typer

from azlabs.cli.call import Call, command

app = typer.Typer(
    name="simulator", add_completion=False, no_args_is_help=True, help="Serve, inspect and empty the simulator."
)


@app.callback()
def _group() -> None:
    """Serve, inspect and empty the simulator."""


@command(app, "serve", epilog="Example: azlabs simulator serve --port 8443")
def serve(
    call: Call,
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="0: a free one.")] = 0,
) -> None:
    """Answer Azure's requests over https on this machine until Ctrl-C."""
    raise NotImplementedError


@command(app, "status")
def status(call: Call) -> None:
    """Show what the simulator holds and whether it is being served."""
    raise NotImplementedError


@command(app, "reset", "yes")
def reset(call: Call) -> None:
    """Empty the simulator. Sandboxes on Azure are not touched."""
    raise NotImplementedError
