"""`azlabs shell`: the real az and SDK programs, pointed at the sandbox's cloud."""

from __future__ import annotations

from typing import Annotated

import typer

from azlabs.cli.call import Call, command

app = typer.Typer()


@command(
    app,
    "shell",
    "sandbox",
    "cloud",
    epilog="Examples: azlabs shell · azlabs shell -- az group list · azlabs shell -- python app.py",
)
def shell(
    call: Call,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND...]", help="Run this instead of a shell.", show_default=False),
    ] = None,
    sign_in_as: Annotated[
        str, typer.Option("--as", metavar="PRINCIPAL", help="Sign in as this user or service principal.")
    ] = "",
    program: Annotated[str, typer.Option("--shell", metavar="NAME", help="bash, zsh, fish or pwsh.")] = "",
    install_az: Annotated[
        bool, typer.Option("--install-az", help="Put the Azure CLI into an environment of its own.")
    ] = False,
) -> None:
    """Open a shell, or run a command, in which az and the Azure SDKs talk to the sandbox's cloud.

    On the simulator nothing in it reaches the real Azure, and your own az profile stays untouched.
    """
    if install_az:
        _install(call)
        return
    from azlabs.sandbox.shell import current, prepare

    found = current(call.sandbox or None)
    start = prepare(words or (), sandbox=found, cloud=call.cloud, principal=sign_in_as or None, shell=program or None)
    if not words:
        call.say(f"This is a shell of {start.label}. `exit` leaves it.")
    start.execute()


def _install(call: Call) -> None:
    from azlabs.cloud.shell import az
    from azlabs.home import home

    with call.progress("Installing the Azure CLI") as progress:
        folder = az.install(home(), progress)
    call.say(f"The Azure CLI is in {folder}. `azlabs shell` finds it there.")
